//! A target for tests: answers each request with the next line of a script, and tells what it was asked.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One scripted answer.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    bytes: Vec<u8>,
    wait: Duration,
    drips: bool,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &str) -> Self {
        Self::of(status, "application/scim+json;charset=utf-8", body)
    }

    pub(crate) fn html(status: u16) -> Self {
        Self::of(status, "text/html", "<html><body>Sign in</body></html>")
    }

    pub(crate) fn of(status: u16, content_type: &str, body: &str) -> Self {
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        Self {
            bytes: format!("{head}{body}").into_bytes(),
            wait: Duration::ZERO,
            drips: false,
        }
    }

    /// JSON that says it is packed by gzip.
    pub(crate) fn packed(body: &[u8]) -> Self {
        let head = format!(
            "HTTP/1.1 200 X\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        Self {
            bytes: [head.as_bytes(), body].concat(),
            wait: Duration::ZERO,
            drips: false,
        }
    }

    pub(crate) fn header(mut self, line: &str) -> Self {
        let text = String::from_utf8(self.bytes).unwrap();
        self.bytes = text.replacen("\r\n", &format!("\r\n{line}\r\n"), 1).into_bytes();
        self
    }

    /// Loses its last `bytes`.
    pub(crate) fn cut(mut self, bytes: usize) -> Self {
        self.bytes.truncate(self.bytes.len() - bytes);
        self
    }

    /// Reads the request and closes.
    pub(crate) fn silence() -> Self {
        Self {
            bytes: Vec::new(),
            wait: Duration::ZERO,
            drips: false,
        }
    }

    /// Reads the request and keeps the line open.
    pub(crate) fn stalls() -> Self {
        Self {
            bytes: Vec::new(),
            wait: Duration::from_secs(20),
            drips: false,
        }
    }

    /// A list that comes a byte at a time and never ends.
    pub(crate) fn drips() -> Self {
        Self {
            bytes: b"HTTP/1.1 200 X\r\nContent-Type: application/json\r\n\r\n".to_vec(),
            wait: Duration::ZERO,
            drips: true,
        }
    }
}

/// One request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Method and target.
    pub(crate) line: String,
    /// The whole head.
    pub(crate) head: String,
    /// The body; null when there was none.
    pub(crate) body: Value,
    /// The same as text.
    pub(crate) text: String,
}

/// A running target; it ends with the test.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    /// Answers with `script` in turn; afterwards 599.
    pub(crate) async fn start(script: impl IntoIterator<Item = Answer>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            seen: Arc::default(),
        };
        let mut script: VecDeque<Answer> = script.into_iter().collect();
        let seen = Arc::clone(&server.seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Some(request) = serve(stream, &mut script).await {
                    seen.lock().unwrap().push(request);
                }
            }
        });
        server
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Methods and targets so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|s| s.line).collect()
    }
}

/// The head of a request, and its body; none: it broke off, or was no HTTP.
pub(crate) async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::with_capacity(16 * 1024);
    let head_end = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 || bytes.first() == Some(&0x16) {
            // A TLS hello: answer as a web server would.
            stream.write_all(b"HTTP/1.1 400 X\r\n\r\n").await.ok()?;
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_end].to_vec()).unwrap();
    let length = head
        .lines()
        .find_map(|l| {
            l.to_ascii_lowercase()
                .strip_prefix("content-length:")
                .map(|n| n.trim().parse().unwrap())
        })
        .unwrap_or(0);
    while bytes.len() < head_end + length {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = bytes.split_off(head_end);
    Some((head, body))
}

async fn serve(mut stream: TcpStream, script: &mut VecDeque<Answer>) -> Option<Seen> {
    let (head, bytes) = request(&mut stream).await?;
    let line = head
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches(" HTTP/1.1")
        .to_owned();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let answer = script
        .pop_front()
        .unwrap_or_else(|| Answer::of(599, "text/plain", "the script has ended"));
    tokio::spawn(async move {
        tokio::time::sleep(answer.wait).await;
        let _ = stream.write_all(&answer.bytes).await;
        while answer.drips && stream.write_all(b" ").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let _ = stream.shutdown().await;
    });
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Some(Seen {
        line,
        head,
        body,
        text,
    })
}
