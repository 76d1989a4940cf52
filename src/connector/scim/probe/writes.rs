//! Writes, tried with a user and a group that are made for it and deleted afterwards (RFC 7644 §3.3, §3.6). Nothing else
//! in the app is touched. What was made is deleted in any case, also when requests or time are used up.

use serde_json::{Value, json};

use super::seen::{self, Done, Listed, Shown};
use super::{Prober, checks};
use crate::connector::net::Method;
use crate::model::profile::PROBE_PREFIX;
use crate::model::{LineState, Verb};
use crate::scim::Attributes;
use crate::scim::filter::Filter;
use crate::scim::schema::ResourceType;

/// Something that was made.
pub(super) struct Made {
    pub(super) kind: ResourceType,
    pub(super) name: String,
    /// None: it may exist, but which it is is not known.
    pub(super) id: Option<String>,
}

/// How a thing is after it was deleted.
#[derive(PartialEq)]
enum Left {
    Gone,
    Inactive,
    There,
    Unsure,
}

impl Prober<'_> {
    /// A probe that reads says so.
    pub(super) fn no_writes(&mut self) {
        for id in checks::writing() {
            self.skip(id, "Only a check with writes tries this.");
        }
    }

    pub(super) async fn writes(&mut self) {
        self.halted = "Not tried: what it needs was not there.";
        let name = format!("{PROBE_PREFIX}{}@example.com", self.plan.tag);
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
        let user = self
            .make("write.user", ResourceType::User, ("userName", &name), body)
            .await;
        let mut group = None;
        if let Some(id) = user.as_ref().and_then(|made| made.id.clone()) {
            let patches = self.change_user(&id).await;
            if self.plan.scope.carries(ResourceType::Group) && self.found.groups {
                let name = format!("{PROBE_PREFIX}{}", self.plan.tag);
                let body = json!({ "schemas": [ResourceType::Group.schema()], "displayName": name });
                group = self
                    .make("write.group", ResourceType::Group, ("displayName", &name), body)
                    .await;
                if let Some(group) = group.as_ref().and_then(|made| made.id.clone()) {
                    self.change_members(&group, &id).await;
                }
            }
            self.deactivate(&id, patches).await;
        }
        self.clean_up([group, user].into_iter().flatten().collect()).await;
    }

    /// None: certainly nothing was made.
    async fn make(
        &mut self,
        id: &str,
        kind: ResourceType,
        (attribute, name): (&str, &str),
        body: Value,
    ) -> Option<Made> {
        let url = self.app.endpoint(kind.endpoint(), &[]).ok()?;
        let asked = self.ask(Method::POST, url, Some(body)).await;
        let shown = asked
            .as_ref()
            .ok()
            .and_then(|answer| serde_json::from_slice::<Attributes>(&answer.body).ok());
        let mut made = Made {
            kind,
            name: name.to_owned(),
            id: shown.as_ref().and_then(seen::id),
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
        match done {
            Done::Yes(_) if made.id.is_none() => {
                made.id = self.look_for(kind, attribute, name).await;
                let advice = "What is made is searched for afterwards, which takes longer. Tell whoever makes the app.";
                self.warn(
                    id,
                    format!("A {what} was made, but the answer does not say its id."),
                    advice,
                );
            }
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
                made.id = self.look_for(kind, attribute, name).await;
            }
        }
        Some(made)
    }

    async fn look_for(&mut self, kind: ResourceType, attribute: &str, name: &str) -> Option<String> {
        let filter = Filter::eq(attribute, name).to_string();
        let url = self.app.endpoint(kind.endpoint(), &[("filter", &filter)]).ok()?;
        let asked = self.send(Method::GET, url, None).await;
        match seen::list(self.app, &asked) {
            Listed::List(list) => list
                .items
                .iter()
                .find(|item| seen::text(item, attribute).is_some_and(|held| seen::same(held, name)))
                .and_then(seen::id),
            Listed::Refused(..) | Listed::Odd(_) => None,
        }
    }

    /// Deletes what was made, members' group first, and looks whether it is gone.
    async fn clean_up(&mut self, all: Vec<Made>) {
        let (delete, clean) = ("write.delete", "write.clean");
        if all.is_empty() {
            self.ok(clean, "Nothing was made.");
            return;
        }
        let mut left = Vec::new();
        for made in all {
            let Some(id) = made.id.clone() else {
                left.push((made, Left::Unsure));
                continue;
            };
            let Ok(url) = self.app.resource(made.kind, &id) else {
                left.push((made, Left::Unsure));
                continue;
            };
            let asked = self.send(Method::DELETE, url.clone(), None).await;
            let done = seen::done(self.app, &asked);
            let asked = self.send(Method::GET, url, None).await;
            let after = match seen::object(self.app, &asked) {
                Shown::Refused(404, _) => Left::Gone,
                Shown::Object(other) if seen::id(&other).as_ref() != Some(&id) => Left::Unsure,
                Shown::Object(user)
                    if super::super::parse::peek(&user, "active") == Some(&Value::Bool(false)) =>
                {
                    Left::Inactive
                }
                Shown::Object(_) => Left::There,
                Shown::Refused(..) | Shown::Odd(_) => Left::Unsure,
            };
            match (&done, &after) {
                (Done::Yes(_), Left::Gone) => self.found.note(made.kind, Verb::Delete, false),
                (Done::Yes(_), Left::Inactive) | (Done::Refused(405 | 501, _), _) => {
                    self.found.note(made.kind, Verb::Delete, true);
                }
                _ => {}
            }
            match (done, &after) {
                (Done::Yes(_) | Done::Refused(404, _), Left::Gone) => {
                    self.ok(delete, "What was made was deleted, and is gone.");
                }
                (Done::Yes(_), Left::Inactive) => self.warn(
                    delete,
                    "DELETE only deactivates: the account can still be read.",
                    "Nothing has to be done; accounts that are deleted here stay in the app, deactivated.",
                ),
                (Done::Yes(_), Left::There) => self.bad(
                    delete,
                    "DELETE was answered as done, but it is still there.",
                    "Let accounts be deactivated instead (settings, leavers). Tell whoever makes the app.",
                ),
                (Done::Refused(_, words), _) => self.warn(
                    delete,
                    words,
                    "Let accounts be deactivated instead (settings, leavers).",
                ),
                (Done::Yes(_) | Done::Odd(_), _) => {
                    self.puzzled(delete, "Whether it was deleted is not known.");
                }
            }
            left.push((made, after));
        }
        self.say_left(clean, &left);
    }

    fn say_left(&mut self, id: &str, left: &[(Made, Left)]) {
        let named = |state: &[Left]| -> Vec<&str> {
            let of = left.iter().filter(|(_, is)| state.contains(is));
            of.map(|(made, _)| made.name.as_str()).collect()
        };
        let (there, unsure) = (named(&[Left::There, Left::Inactive]), named(&[Left::Unsure]));
        if !there.is_empty() {
            let said = format!("Still in the app: {}.", there.join(", "));
            self.say(id, LineState::Bad, said, "Delete it by hand in the app.");
        } else if !unsure.is_empty() {
            let said = format!(
                "It is not known whether the app still holds {}.",
                unsure.join(", ")
            );
            self.unknown(id, said, "Look for it in the app, and delete it by hand.");
        } else {
            self.ok(id, "What was made for this check is gone.");
        }
    }
}
