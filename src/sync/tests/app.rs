//! A small SCIM app on a socket of this machine, with faults on demand. It keeps a log of what was written to it.

mod socket;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

use crate::scim::resource;
use crate::scim::schema::ResourceType;

/// What goes wrong with one request.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// It answers this status and does nothing.
    Status(u16),
    /// It does it, and the answer is lost.
    Lost,
    /// The same, and then it is down: `always` is 503.
    LostThenDown,
}

/// How the app pages.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) enum Lists {
    /// By index.
    #[default]
    Index,
    /// By cursor; an index is refused.
    Cursor,
    /// It always shows the beginning.
    Stuck,
    /// It always shows the beginning, by cursors of which each is new.
    Spinning,
    /// All in one answer, whatever is asked.
    Whole,
    /// By cursor, and it forgets to go on after the first page.
    BreaksOff,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) users: BTreeMap<String, Value>,
    pub(super) groups: BTreeMap<String, Value>,
    /// Writes as `POST Users`, in order.
    pub(super) log: Vec<String>,
    /// Requests of any kind.
    pub(super) requests: usize,
    /// For the next writes.
    pub(super) faults: VecDeque<Fault>,
    /// For all requests until it is taken away.
    pub(super) always: Option<u16>,
    /// So often a list is answered with this status at a place, by endpoint and the index or cursor asked for.
    pub(super) bad_places: BTreeMap<(&'static str, usize), (u16, usize)>,
    /// The places of lists that were asked for.
    pub(super) places: Vec<(String, usize)>,
    /// Users that lists count and do not show.
    pub(super) hidden: usize,
    /// Lists show nobody.
    pub(super) empty_lists: bool,
    /// Lists show so many members of these groups; whoever asks for one alone is shown all.
    pub(super) cut_short: BTreeMap<String, usize>,
    /// Nothing is shown alone but this status.
    pub(super) alone: Option<u16>,
    /// Until it is notified, `/ServiceProviderConfig` is not answered.
    pub(super) gate: Option<Arc<Notify>>,
    /// Requests that wait there.
    pub(super) waiting: usize,
    /// Members that are refused with 400.
    pub(super) bad_members: Vec<String>,
    /// PATCH is refused with this status; PUT is there.
    pub(super) no_patch: Option<u16>,
    /// New groups are refused with this status.
    pub(super) no_new_groups: Option<u16>,
    /// DELETE is refused with this status.
    pub(super) no_delete: Option<u16>,
    /// No read shows the members of a group.
    pub(super) hides_members: bool,
    /// Lists leave the members of groups out.
    pub(super) lists_no_members: bool,
    /// Filters are not looked at.
    pub(super) ignores_filters: bool,
    /// PATCHes that were refused so.
    pub(super) refused_patches: usize,
    /// How lists go on.
    pub(super) lists: Lists,
    /// Requests that may still be made, as each answer says; the rest of them in a minute.
    pub(super) quota: Option<usize>,
    /// Whoever is switched off is not shown any more.
    pub(super) hides_inactive: bool,
    /// A PATCH of `active` is answered with 200 and not done.
    pub(super) keeps_active: bool,
    /// A PATCH is done, and answered with what was before it.
    pub(super) answers_before: bool,
    /// The list of groups is refused with 403.
    pub(super) refuses_groups: bool,
    /// This attribute is not shown in lists.
    pub(super) lists_omit: Option<&'static str>,
    /// This attribute is taken and never shown.
    pub(super) never_shows: Option<&'static str>,
    /// Until it is notified, nobody is shown the groups.
    pub(super) groups_gate: Option<Arc<Notify>>,
    /// Until it is notified, no write is answered nor done.
    pub(super) write_gate: Option<Arc<Notify>>,
    next: usize,
}

#[derive(Clone)]
pub(super) struct App {
    state: Arc<Mutex<State>>,
    pub(super) base_url: String,
}

impl App {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
        let app = Self {
            state: Arc::default(),
            base_url,
        };
        let state = Arc::clone(&app.state);
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(socket::serve(socket, Arc::clone(&state)));
            }
        });
        app
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(super) fn add_user(&self, name: &str) -> String {
        self.state()
            .make("Users", json!({ "userName": name, "active": true }))
    }

    pub(super) fn add_group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<Value> = members.iter().map(|m| json!({ "value": m })).collect();
        self.state()
            .make("Groups", json!({ "displayName": name, "members": members }))
    }

    pub(super) fn user(&self, name: &str) -> Option<Value> {
        self.state()
            .users
            .values()
            .find(|u| u["userName"] == name)
            .cloned()
    }

    pub(super) fn members(&self, group: &str) -> Vec<String> {
        let state = self.state();
        let found = state.groups.values().find(|g| g["displayName"] == group);
        let members = found
            .and_then(|g| g["members"].as_array().cloned())
            .unwrap_or_default();
        let name = |m: &Value| {
            state.users[m["value"].as_str().unwrap()]["userName"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let mut names: Vec<String> = members.iter().map(name).collect();
        names.sort();
        names
    }

    /// Writes wait from here on; the gate opens with `open`.
    pub(super) fn hold_writes(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        let mut state = self.state();
        state.waiting = 0;
        state.write_gate = Some(Arc::clone(&gate));
        gate
    }

    /// Syncs wait at the list of groups from here on; the gate opens with `open`.
    pub(super) fn hold_groups(&self) -> Arc<Notify> {
        let gate = Arc::new(Notify::new());
        let mut state = self.state();
        state.waiting = 0;
        state.groups_gate = Some(Arc::clone(&gate));
        gate
    }

    /// Until somebody waits at a gate.
    pub(super) async fn somebody_waits(&self) {
        while self.state().waiting == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// Nobody waits any more.
    pub(super) fn open(&self, gate: &Notify) {
        let mut state = self.state();
        (state.write_gate, state.gate, state.waiting) = (None, None, 0);
        state.groups_gate = None;
        drop(state);
        gate.notify_waiters();
    }

    /// What was written since the last call.
    pub(super) fn writes(&self) -> Vec<String> {
        std::mem::take(&mut self.state().log)
    }
}

impl State {
    fn table(&mut self, endpoint: &str) -> &mut BTreeMap<String, Value> {
        if endpoint == "Groups" {
            &mut self.groups
        } else {
            &mut self.users
        }
    }

    fn make(&mut self, endpoint: &str, mut body: Value) -> String {
        self.next += 1;
        let id = format!("{}{}", &endpoint[..1], self.next);
        body["id"] = id.clone().into();
        self.table(endpoint).insert(id.clone(), body);
        id
    }

    fn answer(
        &mut self,
        method: &str,
        path: &str,
        query: &BTreeMap<String, String>,
        body: Value,
    ) -> (u16, Value) {
        self.requests += 1;
        if let Some(status) = self.always {
            return (status, json!({ "detail": "by order of the test" }));
        }
        let mut parts = path.trim_start_matches("/scim/v2/").split('/');
        let (endpoint, id) = (parts.next().unwrap_or_default(), parts.next().map(str::to_owned));
        if !matches!(endpoint, "Users" | "Groups") {
            return (404, json!({}));
        }
        match (method, id) {
            ("GET", None) if endpoint == "Groups" && self.refuses_groups => (403, json!({})),
            ("GET", None) => self
                .bad_place(endpoint, query)
                .unwrap_or_else(|| self.list(endpoint, query)),
            ("GET", Some(_)) if self.alone.is_some() => (self.alone.unwrap_or(500), json!({})),
            ("GET", Some(id)) => match self.table(endpoint).get(&id) {
                Some(found) => {
                    let mut shown = found.clone();
                    if self.hides_members {
                        shown.as_object_mut().unwrap().shift_remove("members");
                    }
                    (200, shown)
                }
                None => (404, json!({ "detail": "unknown" })),
            },
            ("POST", None) if endpoint == "Groups" && self.no_new_groups.is_some() => {
                self.log.push("POST Groups refused".to_owned());
                (
                    self.no_new_groups.unwrap_or(405),
                    json!({ "detail": "no new groups" }),
                )
            }
            ("POST", None) => {
                let name = if endpoint == "Users" {
                    "userName"
                } else {
                    "displayName"
                };
                if endpoint == "Users" && self.users.values().any(|u| u[name] == body[name]) {
                    return (409, json!({ "detail": "taken", "scimType": "uniqueness" }));
                }
                let id = self.make(endpoint, body);
                (201, self.table(endpoint)[&id].clone())
            }
            ("PATCH", Some(_)) if self.no_patch.is_some() => {
                self.refused_patches += 1;
                (
                    self.no_patch.unwrap_or(405),
                    json!({ "detail": "PATCH is not supported" }),
                )
            }
            ("PATCH", Some(id)) => {
                let answer = self.patch(endpoint, &id, &body);
                if self.hides_inactive {
                    self.users.retain(|_, user| user["active"] != false);
                }
                answer
            }
            ("PUT", Some(id)) if self.no_patch.is_some() => {
                let mut body = body;
                body["id"] = id.clone().into();
                self.table(endpoint).insert(id, body.clone());
                (200, body)
            }
            ("DELETE", Some(_)) if self.no_delete.is_some() => {
                self.log.push(format!("DELETE {endpoint} refused"));
                (
                    self.no_delete.unwrap_or(405),
                    json!({ "detail": "no DELETE here" }),
                )
            }
            ("DELETE", Some(id)) => match self.table(endpoint).remove(&id) {
                Some(_) => (204, Value::Null),
                None => (404, json!({})),
            },
            _ => (405, json!({})),
        }
    }

    fn bad_place(&mut self, endpoint: &str, query: &BTreeMap<String, String>) -> Option<(u16, Value)> {
        let place = query.get("cursor").or_else(|| query.get("startIndex"));
        let place = place.and_then(|n| n.parse().ok()).unwrap_or(0);
        if query.get("count").is_none_or(|count| count != "1") {
            self.places.push((endpoint.to_owned(), place));
        }
        let bad = |((of, at), _): &(&(&str, usize), &mut (u16, usize))| *of == endpoint && *at == place;
        let (_, (status, left)) = self.bad_places.iter_mut().find(bad)?;
        *left = left.checked_sub(1)?;
        Some((*status, json!({ "detail": "not now" })))
    }

    fn list(&mut self, endpoint: &str, query: &BTreeMap<String, String>) -> (u16, Value) {
        let empty = self.empty_lists;
        let mut all: Vec<Value> = self
            .table(endpoint)
            .values()
            .filter(|_| !empty)
            .cloned()
            .collect();
        if self.hides_members || self.lists_no_members {
            for one in &mut all {
                one.as_object_mut().unwrap().shift_remove("members");
            }
        }
        let unfiltered = self.ignores_filters;
        if let Some(filter) = query.get("filter").filter(|_| !unfiltered) {
            let Some((attribute, value)) = filter.split_once(" eq ") else {
                return (400, json!({ "scimType": "invalidFilter", "detail": "only eq" }));
            };
            let value: String = serde_json::from_str(value).unwrap();
            all.retain(|r| {
                r[attribute]
                    .as_str()
                    .is_some_and(|v| v.eq_ignore_ascii_case(&value))
            });
        }
        let number = |key: &str, other: usize| query.get(key).and_then(|n| n.parse().ok()).unwrap_or(other);
        let total = all.len();
        let lists = if query.contains_key("filter") {
            Lists::Index
        } else {
            self.lists
        };
        let by_cursor = matches!(lists, Lists::Cursor | Lists::Spinning | Lists::BreaksOff);
        if by_cursor && query.contains_key("startIndex") {
            return (
                400,
                json!({ "scimType": "invalidValue", "detail": "no startIndex" }),
            );
        }
        let (skip, take) = match lists {
            Lists::Index => (number("startIndex", 1) - 1, number("count", 100).min(7)),
            Lists::Cursor | Lists::BreaksOff => (number("cursor", 0), 7),
            Lists::Stuck | Lists::Spinning => (0, 7),
            Lists::Whole => (0, total),
        };
        let mut page: Vec<Value> = all.into_iter().skip(skip).take(take).collect();
        for group in &mut page {
            let most = group["displayName"]
                .as_str()
                .and_then(|name| self.cut_short.get(name));
            if let (Some(most), Some(members)) = (most, group["members"].as_array_mut()) {
                members.truncate(*most);
            }
        }
        let next = match lists {
            Lists::Cursor => (skip + page.len() < total).then(|| (skip + page.len()).to_string()),
            Lists::Spinning => Some((number("cursor", 0) + 1).to_string()),
            _ => None,
        };
        let schemas = ["urn:ietf:params:scim:api:messages:2.0:ListResponse"];
        let whole = endpoint == "Users" && !query.contains_key("filter");
        let hidden = if whole { self.hidden } else { 0 };
        let mut body = json!({ "schemas": schemas, "totalResults": total + hidden, "Resources": page });
        if let Some(next) = next {
            body["nextCursor"] = next.into();
        }
        (200, body)
    }

    fn patch(&mut self, endpoint: &str, id: &str, body: &Value) -> (u16, Value) {
        let bad = self.bad_members.clone();
        let (keeps_active, before_it) = (self.keeps_active, self.answers_before);
        let others = self.users.iter().filter(|(other, _)| *other != id);
        let taken: Vec<Value> = others.map(|(_, user)| user["userName"].clone()).collect();
        let Some(found) = self.table(endpoint).get_mut(id) else {
            return (404, json!({ "detail": "unknown" }));
        };
        let mut attributes = found.as_object().cloned().unwrap();
        for operation in body["Operations"].as_array().unwrap() {
            let (op, path) = (
                operation["op"].as_str().unwrap(),
                operation["path"].as_str().unwrap(),
            );
            if path.starts_with("members") {
                let mut members = attributes
                    .get("members")
                    .and_then(Value::as_array)
                    .cloned()
                    .unwrap_or_default();
                if op == "add" {
                    for member in operation["value"].as_array().unwrap() {
                        if bad.iter().any(|b| member["value"] == b.as_str()) {
                            return (400, json!({ "detail": "no such member" }));
                        }
                        members.retain(|m| m["value"] != member["value"]);
                        members.push(member.clone());
                    }
                } else {
                    let gone = path.split('"').nth(1).unwrap();
                    members.retain(|m| m["value"] != gone);
                }
                attributes.insert("members".into(), members.into());
                continue;
            }
            if path == "active" && keeps_active {
                continue;
            }
            if taken.contains(&operation["value"]) && path == "userName" {
                return (409, json!({ "detail": "taken", "scimType": "uniqueness" }));
            }
            let members = attributes.shift_remove("members");
            resource::set(&mut attributes, path, operation.get("value").cloned());
            attributes.extend(members.map(|m| ("members".to_owned(), m)));
        }
        attributes.insert("id".into(), id.into());
        let before = std::mem::replace(found, Value::Object(attributes));
        (200, if before_it { before } else { found.clone() })
    }
}

/// Takes an attribute out of a resource, or of all in a list.
fn hide(answer: &mut Value, attribute: &str) {
    if let Some(all) = answer.get_mut("Resources").and_then(Value::as_array_mut) {
        all.iter_mut().for_each(|one| hide(one, attribute));
    }
    if let Some(one) = answer.as_object_mut() {
        one.remove(attribute);
    }
}

/// The kinds as the app names them, so that a test reads well.
pub(super) const USER: ResourceType = ResourceType::User;
pub(super) const GROUP: ResourceType = ResourceType::Group;
