//! HTTP/1.1, as much as the app needs.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

pub(super) async fn serve(mut socket: TcpStream, state: Arc<Mutex<State>>) {
    let Some((method, target, body)) = read(&mut socket).await else {
        return;
    };
    let url = url::Url::parse(&format!("http://app{target}")).unwrap();
    let query = url
        .query_pairs()
        .map(|(k, v)| (k.into_owned(), v.into_owned()))
        .collect();
    let gate = {
        let state = state.lock().unwrap();
        let asked = url.path().ends_with("/ServiceProviderConfig");
        let gate = state.gate.clone().filter(|_| asked);
        let groups = method == "GET" && url.path().ends_with("/Groups");
        gate.or_else(|| state.write_gate.clone().filter(|_| method != "GET"))
            .or_else(|| state.groups_gate.clone().filter(|_| groups))
    };
    if let Some(gate) = gate {
        let opened = gate.notified();
        state.lock().unwrap().waiting += 1;
        opened.await;
    }
    let (status, answer, lost, quota) = {
        let mut state = state.lock().unwrap();
        if let Some(quota) = &mut state.quota {
            *quota = quota.saturating_sub(1);
        }
        let quota = state.quota;
        let fault = if method == "GET" {
            None
        } else {
            state.faults.pop_front()
        };
        let (status, answer) = match fault {
            Some(Fault::Status(status)) => (status, json!({ "detail": "by order of the test" })),
            _ => state.answer(&method, url.path(), &query, body),
        };
        let mut answer = answer;
        if let Some(hidden) = state.never_shows {
            hide(&mut answer, hidden);
        }
        if let Some(hidden) = state.lists_omit {
            let list = answer.get_mut("Resources").and_then(Value::as_array_mut);
            list.into_iter().flatten().for_each(|one| hide(one, hidden));
        }
        if method != "GET" && (200..300).contains(&status) {
            let endpoint = url
                .path()
                .trim_start_matches("/scim/v2/")
                .split('/')
                .next()
                .unwrap()
                .to_owned();
            state.log.push(format!("{method} {endpoint}"));
        }
        if matches!(fault, Some(Fault::LostThenDown)) {
            state.always = Some(503);
        }
        (
            status,
            answer,
            matches!(fault, Some(Fault::Lost | Fault::LostThenDown)),
            quota,
        )
    };
    if lost {
        return;
    }
    let text = if answer.is_null() {
        String::new()
    } else {
        answer.to_string()
    };
    let limit = quota.map_or_else(String::new, |left| {
        format!("RateLimit-Remaining: {left}\r\nRateLimit-Reset: 60\r\n")
    });
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/scim+json\r\nContent-Length: {}\r\n{limit}Connection: close\r\n\r\n",
        text.len()
    );
    let _ = socket.write_all(format!("{head}{text}").as_bytes()).await;
}

async fn read(socket: &mut TcpStream) -> Option<(String, String, Value)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let n = socket.read(&mut chunk).await.ok().filter(|n| *n > 0)?;
        bytes.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head.lines().find_map(|l| {
            l.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(str::trim)
                .map(str::to_owned)
        });
        let length: usize = length.and_then(|l| l.parse().ok()).unwrap_or(0);
        if body.len() < length {
            continue;
        }
        let mut words = head.split(' ');
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        return Some((method, target, serde_json::from_str(body).unwrap_or(Value::Null)));
    }
}
