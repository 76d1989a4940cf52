//! An app as large as a test wants it, that only shows itself: every page is made when it is asked for, so it is far faster
//! than any real one and keeps nothing in memory. It counts what it is asked.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpResponse, HttpServer, web};
use serde::Deserialize;
use serde_json::json;

/// Most resources in one page.
pub const PAGE: usize = 100;

#[derive(Clone, Copy)]
pub struct Size {
    pub users: usize,
    pub groups: usize,
    /// Of each group.
    pub members: usize,
    /// A list of groups leaves their members out.
    pub unlisted: bool,
}

pub struct Mock {
    address: SocketAddr,
    calls: Arc<AtomicUsize>,
    handle: ServerHandle,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Query {
    start_index: Option<usize>,
    count: Option<usize>,
}

fn user(n: usize) -> String {
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"id":"user-{n}","externalId":"ext-{n}","userName":"person{n}@example.com","name":{{"givenName":"Given{n}","familyName":"Family{n}"}},"displayName":"Given{n} Family{n}","title":"Engineer {n}","active":true,"emails":[{{"value":"person{n}@example.com","type":"work","primary":true}}],"meta":{{"resourceType":"User","created":"2026-01-01T00:00:00Z","lastModified":"2026-01-01T00:00:00Z"}}}}"#
    )
}

fn group(n: usize, size: Size, in_list: bool) -> String {
    let mut members = String::new();
    if in_list && size.unlisted {
        return format!(
            r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"group-{n}","displayName":"Group {n}"}}"#
        );
    }
    for m in 0..size.members {
        let comma = if m == 0 { "" } else { "," };
        let who = (n * size.members + m) % size.users;
        let _ = write!(members, r#"{comma}{{"value":"user-{who}"}}"#);
    }
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:Group"],"id":"group-{n}","displayName":"Group {n}","members":[{members}]}}"#
    )
}

fn list(query: &Query, total: usize, one: impl Fn(usize) -> String) -> HttpResponse {
    let start = query.start_index.unwrap_or(1).max(1);
    let end = (start - 1 + query.count.unwrap_or(PAGE).min(PAGE)).min(total);
    let resources: Vec<String> = (start - 1..end).map(one).collect();
    let text = format!(
        r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"totalResults":{total},"startIndex":{start},"itemsPerPage":{},"Resources":[{}]}}"#,
        resources.len(),
        resources.join(",")
    );
    HttpResponse::Ok()
        .content_type("application/scim+json")
        .body(text)
}

/// The number in `user-7`, if there is such a one.
fn number(id: &str, total: usize) -> Option<usize> {
    id.split_once('-')?.1.parse().ok().filter(|n| *n < total)
}

fn one(found: Option<String>) -> HttpResponse {
    match found {
        Some(text) => HttpResponse::Ok()
            .content_type("application/scim+json")
            .body(text),
        None => HttpResponse::NotFound()
            .json(json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404"})),
    }
}

impl Mock {
    pub fn start(size: Size) -> Self {
        let calls = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&calls);
        let server = HttpServer::new(move || {
            let counter = Arc::clone(&counter);
            let count = move || counter.fetch_add(1, Ordering::SeqCst);
            let (users, groups, user_one, group_one, config) =
                (count.clone(), count.clone(), count.clone(), count.clone(), count);
            App::new()
                .route("/ServiceProviderConfig", web::get().to(move || {
                    config();
                    async { one(Some(json!({"patch": {"supported": true}, "filter": {"supported": true, "maxResults": PAGE}}).to_string())) }
                }))
                .route("/Users", web::get().to(move |query: web::Query<Query>| {
                    users();
                    async move { list(&query, size.users, user) }
                }))
                .route("/Groups", web::get().to(move |query: web::Query<Query>| {
                    groups();
                    async move { list(&query, size.groups, |n| group(n, size, true)) }
                }))
                .route("/Users/{id}", web::get().to(move |id: web::Path<String>| {
                    user_one();
                    async move { one(number(&id, size.users).map(user)) }
                }))
                .route("/Groups/{id}", web::get().to(move |id: web::Path<String>| {
                    group_one();
                    async move { one(number(&id, size.groups).map(|n| group(n, size, false))) }
                }))
        })
        .workers(1)
        .disable_signals()
        .bind(("127.0.0.1", 0))
        .unwrap();
        let address = server.addrs()[0];
        let running = server.run();
        let handle = running.handle();
        tokio::spawn(running);
        Self {
            address,
            calls,
            handle,
        }
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Requests since this was last asked.
    pub fn calls(&self) -> usize {
        self.calls.swap(0, Ordering::SeqCst)
    }

    pub async fn stop(self) {
        self.handle.stop(false).await;
    }
}
