//! Writes, tried with a user and a group that are made for it and deleted afterwards (RFC 7644 §3.3, §3.6). Nothing else
//! in the app is touched: an id counts only where what the app holds under it bears our name.

use serde_json::{Value, json};

use super::clean::{Made, is_named, name_of};
use super::seen::{self, Done, Listed, Shown};
use super::{Prober, checks};
use crate::connector::net::Method;
use crate::model::Verb;
use crate::model::profile::{PROBE_DOMAIN, PROBE_PREFIX};
use crate::scim::Attributes;
use crate::scim::filter::Filter;
use crate::scim::schema::ResourceType;

impl Prober<'_> {
    /// A probe that reads says so.
    pub(super) fn no_writes(&mut self) {
        for id in checks::writing() {
            self.skip(id, "Only a check with writes tries this.");
        }
    }

    pub(super) async fn writes(&mut self) {
        self.halted = "Not tried: what it needs was not there.";
        let old = self.leftovers().await;
        let mut left = self.clear(old).await;
        let name = format!("{PROBE_PREFIX}{}{PROBE_DOMAIN}", self.plan.tag);
        let body = json!({
            "schemas": [ResourceType::User.schema()],
            "userName": name,
            "externalId": self.plan.tag,
            "name": { "givenName": "Rollcall", "familyName": "Probe" },
            "displayName": "Rollcall Probe",
            "title": "Throw-away",
            "emails": [{ "value": name, "type": "work", "primary": true }],
            "active": true,
        });
        let user = self.make("write.user", ResourceType::User, &name, body).await;
        let mut group = None;
        if let Some(id) = user.as_ref().and_then(|made| made.id.clone()) {
            let patches = self.change_user(&id).await;
            if self.plan.scope.carries(ResourceType::Group) && self.found.groups {
                let name = format!("{PROBE_PREFIX}{}", self.plan.tag);
                let body = json!({ "schemas": [ResourceType::Group.schema()], "displayName": name });
                group = self.make("write.group", ResourceType::Group, &name, body).await;
                if let Some(group) = group.as_ref().and_then(|made| made.id.clone()) {
                    self.change_members(&group, &id).await;
                }
            }
            self.deactivate(&id, patches).await;
        }
        // The group first: it may hold the user.
        left.extend(self.clear([group, user].into_iter().flatten().collect()).await);
        self.say_left(&left);
    }

    /// None: certainly nothing was made.
    async fn make(&mut self, id: &str, kind: ResourceType, name: &str, body: Value) -> Option<Made> {
        let url = self.app.endpoint(kind.endpoint(), &[]).ok()?;
        let asked = self.ask(Method::POST, url, Some(body)).await;
        let shown = asked
            .as_ref()
            .ok()
            .and_then(|answer| serde_json::from_slice::<Attributes>(&answer.body).ok());
        // Some answer with something else than what was made.
        let said = shown.filter(|shown| is_named(kind, shown, name));
        let said = said.as_ref().and_then(seen::id);
        let mut made = Made {
            kind,
            name: name.to_owned(),
            id: None,
            earlier: false,
        };
        let what = match kind {
            ResourceType::User => "user",
            ResourceType::Group => "group",
        };
        let done = seen::done(self.app, &asked);
        match done {
            Done::Yes(_) => self.found.note(kind, Verb::Create, false),
            Done::Refused(405 | 501, _) => self.found.note(kind, Verb::Create, true),
            Done::Refused(..) | Done::Odd(_) => {}
        }
        if let Done::Yes(_) = done {
            made.id = match &said {
                Some(id) if self.holds(kind, id, name).await => said.clone(),
                _ => self.look_for(kind, name).await,
            };
        }
        match done {
            Done::Yes(_) if said.is_none() => {
                let advice = "What is made is searched for afterwards, which takes longer. Tell whoever makes the app.";
                self.warn(
                    id,
                    format!("A {what} was made, but the answer does not say its id."),
                    advice,
                );
            }
            Done::Yes(_) if made.id.is_none() => self.warn(
                id,
                format!("A {what} was made, but can neither be read by its id nor found by its name."),
                "Nothing else was tried with it. Tell whoever makes the app.",
            ),
            Done::Yes(201) => self.ok(id, format!("A {what} was made: 201, with its id.")),
            Done::Yes(status) => {
                self.warn(
                    id,
                    format!("A {what} was made, but answered {status} rather than 201."),
                    "Nothing has to be done.",
                );
            }
            Done::Refused(_, words) => {
                let advice = match kind {
                    ResourceType::User => {
                        "Check that the token may write, and whether the app takes addresses of verified domains only: the probe uses example.com."
                    }
                    ResourceType::Group => "Check that the token may write groups; else carry users only.",
                };
                self.bad(id, words, advice);
                return None;
            }
            Done::Odd(words) => {
                self.puzzled(id, words);
                // It may have been made: 5xx, or an answer that got lost.
                made.id = self.look_for(kind, name).await;
            }
        }
        Some(made)
    }

    /// Whether the app shows something of this name under this id.
    async fn holds(&mut self, kind: ResourceType, id: &str, name: &str) -> bool {
        let Some(asked) = self.one(kind, id).await else {
            return false;
        };
        match seen::object(self.app, &asked) {
            Shown::Object(held) => seen::id(&held).as_deref() == Some(id) && is_named(kind, &held, name),
            Shown::Refused(..) | Shown::Odd(_) => false,
        }
    }

    async fn look_for(&mut self, kind: ResourceType, name: &str) -> Option<String> {
        let filter = Filter::eq(name_of(kind), name).to_string();
        let url = self.app.endpoint(kind.endpoint(), &[("filter", &filter)]).ok()?;
        let asked = self.insist(Method::GET, &url).await;
        match seen::list(self.app, &asked) {
            Listed::List(list) => list
                .items
                .iter()
                .find(|item| is_named(kind, item, name))
                .and_then(seen::id),
            Listed::Refused(..) | Listed::Odd(_) => None,
        }
    }
}
