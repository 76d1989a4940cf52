//! A SCIM app with a switch for every defect, for the tests of the prober. In order it is a small but whole server.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::{Map, Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::connector::fake::request;
use crate::scim::{fold, urn};

/// What can be wrong.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Defect {
    NoDiscovery,
    HtmlErrors,
    ShowsAnybody,
    NoReadById,
    BrokenUser,
    NoGroups,
    MembersUnlisted,
    SizeIgnored,
    StartIgnored,
    CursorOnly,
    TotalOfPage,
    TotalTooHigh,
    TotalMissing,
    EndRepeats,
    FiltersRefused,
    FiltersIgnored,
    NamesNotFound,
    CaseMatters,
    NobodyIs404,
    ExternalIdRefused,
    ExternalIdIgnored,
    EmailsRefused,
    EtagMissing,
    PatchDenied,
    Slow,
    CreateWithoutId,
    CreateSays200,
    PatchRefused,
    PatchIgnored,
    PutRefused,
    GroupsReadOnly,
    DeactivatingDeletes,
    DeleteRefused,
    DeleteKeeps,
    /// POST makes it, and shows somebody who was there before.
    CreateShowsOther,
    /// The first DELETEs are turned away: 429, then 503.
    DeleteBusy,
}

/// An answer instead of the right one: status and body.
pub(super) type Garbage = (u16, &'static str);

#[derive(Default)]
struct State {
    users: Vec<Value>,
    groups: Vec<Value>,
    made: usize,
    turned_away: usize,
}

pub(super) struct Mock {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// Requests so far.
    pub(super) asked: Arc<AtomicUsize>,
    /// Milliseconds that its answers took, as the test's clock has it.
    pub(super) took: Arc<AtomicU64>,
}

struct Rules {
    defects: BTreeSet<Defect>,
    garble: Option<(usize, Garbage)>,
}

impl Mock {
    pub(super) async fn start(defects: &[Defect], garble: Option<(usize, Garbage)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let rules = Rules {
            defects: defects.iter().copied().collect(),
            garble,
        };
        let mock = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::new(Mutex::new(State::filled(&rules))),
            asked: Arc::default(),
            took: Arc::default(),
        };
        let (state, asked, took) = (
            Arc::clone(&mock.state),
            Arc::clone(&mock.asked),
            Arc::clone(&mock.took),
        );
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let n = asked.fetch_add(1, Ordering::SeqCst);
                let each = if rules.has(Defect::Slow) { 1200 } else { 3 };
                took.fetch_add(each, Ordering::SeqCst);
                serve(stream, &state, &rules, n).await;
            }
        });
        mock
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/scim/v2", self.address)
    }

    pub(super) fn add(&self, name: &str) {
        let mut state = self.state.lock().unwrap();
        let id = format!("left{}", state.users.len());
        let user = json!({ "schemas": [urn::USER], "id": id, "userName": name, "active": true });
        state.users.push(user);
    }

    pub(super) fn users(&self) -> Vec<Value> {
        self.state.lock().unwrap().users.clone()
    }

    /// Users and groups that it holds.
    pub(super) fn held(&self) -> (usize, usize) {
        let state = self.state.lock().unwrap();
        (state.users.len(), state.groups.len())
    }
}

impl Rules {
    fn has(&self, defect: Defect) -> bool {
        self.defects.contains(&defect)
    }
}

impl State {
    fn filled(rules: &Rules) -> Self {
        let user = |n: usize| {
            let name = format!("person{n}@example.org");
            json!({
                "schemas": [urn::USER], "id": format!("u{n}"), "externalId": format!("x{n}"), "userName": name,
                "displayName": format!("Person {n}"), "emails": [{ "value": name, "primary": true }], "active": true,
            })
        };
        let group = |n: usize| {
            json!({
                "schemas": [urn::GROUP], "id": format!("g{n}"), "displayName": format!("Group {n}"),
                "members": [{ "value": format!("u{n}") }],
            })
        };
        let mut users: Vec<Value> = (1..=7).map(user).collect();
        if rules.has(Defect::BrokenUser) {
            users[6]["name"] = json!([1]);
        }
        Self {
            users,
            groups: (1..=3).map(group).collect(),
            made: 0,
            turned_away: 0,
        }
    }
}

struct Reply {
    status: u16,
    body: Value,
}

fn reply(status: u16, body: Value) -> Reply {
    Reply { status, body }
}

fn error(status: u16) -> Reply {
    reply(
        status,
        json!({ "schemas": [urn::ERROR], "status": status.to_string(), "detail": "no" }),
    )
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>, rules: &Rules, n: usize) {
    let Some((head, bytes)) = request(&mut stream).await else {
        return;
    };
    let line: Vec<&str> = head.lines().next().unwrap_or_default().split(' ').collect();
    let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    let answer = answer(&mut state.lock().unwrap(), rules, line[0], line[1], &body);
    let (status, kind, text) = match rules.garble {
        Some((at, (status, text))) if at == n => (status, "application/scim+json", text.to_owned()),
        _ if answer.status >= 400 && rules.has(Defect::HtmlErrors) => (
            answer.status,
            "text/html",
            "<html><body>Oh no</body></html>".to_owned(),
        ),
        _ if answer.body.is_null() => (answer.status, "application/scim+json", String::new()),
        _ => (answer.status, "application/scim+json", answer.body.to_string()),
    };
    let etag = if rules.has(Defect::EtagMissing) {
        ""
    } else {
        "ETag: W/\"1\"\r\n"
    };
    let busy = if status == 429 { "Retry-After: 30\r\n" } else { "" };
    let said = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n{etag}{busy}RateLimit-Limit: 100\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    let _ = stream.write_all(said.as_bytes()).await;
    let _ = stream.shutdown().await;
}

fn answer(state: &mut State, rules: &Rules, method: &str, target: &str, body: &Value) -> Reply {
    let url = url::Url::parse(&format!("http://x{target}")).unwrap();
    let parts: Vec<&str> = url.path().split('/').skip(3).collect();
    let query: Map<String, Value> = url
        .query_pairs()
        .map(|(k, v)| (k.into_owned(), v.into_owned().into()))
        .collect();
    match (method, parts.as_slice()) {
        ("GET", ["ServiceProviderConfig" | "Schemas" | "ResourceTypes"])
            if rules.has(Defect::NoDiscovery) =>
        {
            error(404)
        }
        ("GET", ["ServiceProviderConfig"]) => config(rules),
        ("GET", ["Schemas"]) => list(vec![json!({ "id": urn::USER }), json!({ "id": urn::GROUP })]),
        ("GET", ["ResourceTypes"]) => list(vec![
            json!({ "endpoint": "/Users" }),
            json!({ "endpoint": "/Groups" }),
        ]),
        (_, ["Groups", ..]) if rules.has(Defect::NoGroups) => error(404),
        ("POST" | "PATCH" | "PUT" | "DELETE", ["Groups", ..]) if rules.has(Defect::GroupsReadOnly) => {
            error(403)
        }
        ("GET", [kind]) => many(state, rules, kind, &query),
        ("POST", [kind]) => create(state, rules, kind, body),
        (_, [kind, id]) => one(state, rules, (method, kind, id), body),
        _ => error(404),
    }
}

fn list(items: Vec<Value>) -> Reply {
    reply(
        200,
        json!({ "schemas": [urn::LIST_RESPONSE], "totalResults": items.len(), "Resources": items }),
    )
}

fn config(rules: &Rules) -> Reply {
    let is = |yes: bool| json!({ "supported": yes });
    reply(
        200,
        json!({
            "patch": is(!rules.has(Defect::PatchDenied)), "filter": { "supported": true, "maxResults": 200 },
            "etag": is(true), "bulk": is(false), "sort": is(false),
        }),
    )
}

fn all<'s>(state: &'s mut State, kind: &str) -> &'s mut Vec<Value> {
    if kind == "Users" {
        &mut state.users
    } else {
        &mut state.groups
    }
}

fn many(state: &mut State, rules: &Rules, kind: &str, query: &Map<String, Value>) -> Reply {
    let text = |name: &str| query.get(name).and_then(Value::as_str);
    let mut items = all(state, kind).clone();
    if kind == "Groups" && rules.has(Defect::MembersUnlisted) {
        for item in &mut items {
            item.as_object_mut().unwrap().remove("members");
        }
    }
    if let Some(filter) = text("filter") {
        return search(items, rules, filter);
    }
    let number = |name: &str| text(name).and_then(|n| n.parse::<usize>().ok());
    let total = items.len();
    let cursor = text("cursor")
        .and_then(|c| c.strip_prefix('c'))
        .and_then(|c| c.parse().ok());
    let start = match (rules.has(Defect::StartIgnored), rules.has(Defect::CursorOnly)) {
        (true, _) => 0,
        (_, true) => cursor.unwrap_or(0),
        _ => number("startIndex").unwrap_or(1).max(1) - 1,
    };
    let count = match number("count") {
        Some(count) if !rules.has(Defect::SizeIgnored) => count,
        _ => usize::MAX,
    };
    let start = if rules.has(Defect::EndRepeats) {
        start.min(total.saturating_sub(1))
    } else {
        start
    };
    let page: Vec<Value> = items.into_iter().skip(start).take(count).collect();
    let after = start + page.len();
    let mut body = json!({ "schemas": [urn::LIST_RESPONSE], "totalResults": total, "startIndex": start + 1 });
    if rules.has(Defect::TotalOfPage) {
        body["totalResults"] = page.len().into();
    }
    if rules.has(Defect::TotalTooHigh) {
        body["totalResults"] = (total + 5).into();
    }
    if rules.has(Defect::TotalMissing) {
        body.as_object_mut().unwrap().remove("totalResults");
    }
    if rules.has(Defect::CursorOnly) && after < total {
        body["nextCursor"] = format!("c{after}").into();
    }
    body["Resources"] = page.into();
    reply(200, body)
}

fn search(items: Vec<Value>, rules: &Rules, filter: &str) -> Reply {
    let words: Vec<&str> = filter.splitn(3, ' ').collect();
    let (attribute, begins) = (words[0], words[1] == "sw");
    let value: String = serde_json::from_str(words[2]).unwrap();
    let refused = rules.has(Defect::FiltersRefused)
        || (attribute == "externalId" && rules.has(Defect::ExternalIdRefused))
        || (attribute == "emails.value" && rules.has(Defect::EmailsRefused));
    if refused {
        return error(400);
    }
    if rules.has(Defect::FiltersIgnored)
        || (attribute == "externalId" && rules.has(Defect::ExternalIdIgnored))
    {
        return list(items);
    }
    let found: Vec<Value> = items
        .into_iter()
        .filter(|item| {
            let held = if attribute == "emails.value" {
                &item["emails"][0]["value"]
            } else {
                &item[attribute]
            };
            let held = held.as_str().unwrap_or_default();
            match attribute {
                _ if begins => fold(held).starts_with(&fold(&value)),
                "userName" if rules.has(Defect::NamesNotFound) => false,
                "userName" if rules.has(Defect::CaseMatters) => held == value,
                "externalId" => held == value,
                _ => fold(held) == fold(&value),
            }
        })
        .collect();
    if found.is_empty() && attribute == "userName" && rules.has(Defect::NobodyIs404) {
        return error(404);
    }
    list(found)
}

fn create(state: &mut State, rules: &Rules, kind: &str, body: &Value) -> Reply {
    state.made += 1;
    let mut made = body.clone();
    made["id"] = format!("made{}", state.made).into();
    all(state, kind).push(made.clone());
    if rules.has(Defect::CreateShowsOther) {
        return reply(201, all(state, kind)[0].clone());
    }
    match (
        rules.has(Defect::CreateWithoutId),
        rules.has(Defect::CreateSays200),
    ) {
        (true, _) => reply(201, Value::Null),
        (_, true) => reply(200, made),
        _ => reply(201, made),
    }
}

fn one(state: &mut State, rules: &Rules, (method, kind, id): (&str, &str, &str), body: &Value) -> Reply {
    if method == "GET" && kind == "Users" && rules.has(Defect::NoReadById) {
        return error(405);
    }
    if method == "DELETE" && rules.has(Defect::DeleteBusy) && state.turned_away < 2 {
        state.turned_away += 1;
        return error(if state.turned_away == 1 { 429 } else { 503 });
    }
    let items = all(state, kind);
    let Some(at) = items.iter().position(|item| item["id"] == *id) else {
        return if method == "GET" && kind == "Users" && rules.has(Defect::ShowsAnybody) {
            reply(200, items[0].clone())
        } else {
            error(404)
        };
    };
    match method {
        "GET" => reply(200, items[at].clone()),
        "DELETE" if rules.has(Defect::DeleteRefused) => error(405),
        "DELETE" if rules.has(Defect::DeleteKeeps) => reply(204, Value::Null),
        "DELETE" => {
            items.remove(at);
            reply(204, Value::Null)
        }
        "PATCH" if rules.has(Defect::PatchRefused) => error(501),
        "PATCH" if rules.has(Defect::PatchIgnored) => reply(204, Value::Null),
        "PUT" if rules.has(Defect::PutRefused) => error(405),
        _ => {
            if method == "PUT" {
                items[at] = body.clone();
                items[at]["id"] = id.into();
            } else {
                change(&mut items[at], &body["Operations"][0]);
            }
            let now = items[at].clone();
            if now["active"] == false && rules.has(Defect::DeactivatingDeletes) {
                items.remove(at);
            }
            reply(200, now)
        }
    }
}

fn change(item: &mut Value, operation: &Value) {
    let (path, item) = (operation["path"].as_str().unwrap(), item.as_object_mut().unwrap());
    if path.starts_with("members[") {
        item.insert("members".into(), json!([]));
    } else if operation["op"] == "remove" {
        item.remove(path);
    } else {
        item.insert(path.into(), operation["value"].clone());
    }
}
