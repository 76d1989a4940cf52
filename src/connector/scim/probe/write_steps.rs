//! Changes to the throw-away user and group, each read back: an answer of 2xx says that the server understood, only what
//! it holds afterwards says that it did it (RFC 7644 §3.5).

use serde_json::{Value, json};

use super::super::check::supported;
use super::super::parse;
use super::Prober;
use super::seen::{self, Done, Shown};
use crate::connector::net::Method;
use crate::scim::filter::Filter;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, urn};

const DROPS: &str = "Nothing has to be done: what the app does not keep is told once and not sent again.";
const OTHER_WAY: &str = "Nothing has to be done if the other way (PATCH or PUT) works: that is used then.";
const TELL: &str = "What is sent may not arrive. Tell whoever makes the app.";

/// How a change ended.
#[derive(Clone, Copy, PartialEq)]
enum Ended {
    Held,
    NotHeld,
    Refused,
    Unsure,
}

impl Prober<'_> {
    /// PATCH and PUT of single values. True: PATCH works.
    pub(super) async fn change_user(&mut self, id: &str) -> bool {
        let kind = ResourceType::User;
        let text = |name: &'static str, value: &'static str| {
            move |user: &Attributes| seen::text(user, name) == Some(value)
        };
        let operation = json!({ "op": "replace", "path": "displayName", "value": "Rollcall Replaced" });
        let holds = text("displayName", "Rollcall Replaced");
        let replaced = self.patched("write.replace", (kind, id), operation, &holds).await;
        let refused = replaced == Ended::Refused;
        if refused {
            self.skip("write.remove", "Not tried: PATCH is refused.");
            self.skip("write.add", "Not tried: PATCH is refused.");
        } else {
            let gone = |user: &Attributes| seen::text(user, "title").is_none();
            let operation = json!({ "op": "remove", "path": "title" });
            self.patched("write.remove", (kind, id), operation, &gone).await;
            let operation = json!({ "op": "add", "path": "title", "value": "Added" });
            self.patched("write.add", (kind, id), operation, &text("title", "Added"))
                .await;
        }
        let put = self.put(id).await;
        if refused && put == Ended::Held {
            self.found.patch = false;
            self.found.note_put_only(kind, true);
        } else if replaced == Ended::Held {
            self.found.patch = true;
            self.found.note_put_only(kind, false);
        }
        !refused
    }

    async fn patched(
        &mut self,
        line: &str,
        (kind, id): (ResourceType, &str),
        operation: Value,
        holds: &(dyn Fn(&Attributes) -> bool + Send + Sync),
    ) -> Ended {
        let body = json!({ "schemas": [urn::PATCH_OP], "Operations": [operation] });
        let (ended, words) = self.change(Method::PATCH, (kind, id), body, holds).await;
        self.judge(line, ended, words);
        ended
    }

    /// PATCH stands in the announcement.
    fn announces_patch(&self) -> bool {
        self.config.as_ref().and_then(|config| supported(config, "patch")) == Some(true)
    }

    async fn put(&mut self, id: &str) -> Ended {
        let (line, kind) = ("write.put", ResourceType::User);
        let Some(asked) = self.one(kind, id).await else {
            self.puzzled(line, "The id of the user cannot be called.");
            return Ended::Unsure;
        };
        let mut user = match seen::object(self.app, &asked) {
            Shown::Object(user) => user,
            Shown::Refused(_, words) | Shown::Odd(words) => {
                self.puzzled(line, words);
                return Ended::Unsure;
            }
        };
        for own in ["meta", "groups", "displayName"] {
            parse::take(&mut user, own);
        }
        user.insert("displayName".into(), "Rollcall Written".into());
        let holds = |user: &Attributes| seen::text(user, "displayName") == Some("Rollcall Written");
        let (ended, words) = self
            .change(Method::PUT, (kind, id), Value::Object(user), &holds)
            .await;
        self.judge(line, ended, words);
        ended
    }

    /// Sends a change and reads what is held then.
    async fn change(
        &mut self,
        method: Method,
        (kind, id): (ResourceType, &str),
        body: Value,
        holds: &(dyn Fn(&Attributes) -> bool + Send + Sync),
    ) -> (Ended, String) {
        let Ok(url) = self.app.resource(kind, id) else {
            return (Ended::Unsure, "Its id cannot be called.".into());
        };
        let name = method.to_string();
        let asked = self.ask(method, url.clone(), Some(body)).await;
        let status = match seen::done(self.app, &asked) {
            Done::Yes(status) => status,
            Done::Refused(_, words) => return (Ended::Refused, words),
            Done::Odd(words) => return (Ended::Unsure, words),
        };
        let asked = self.ask(Method::GET, url, None).await;
        match seen::object(self.app, &asked) {
            Shown::Object(now) if holds(&now) => (
                Ended::Held,
                format!("{name} was answered {status}, and the app holds what was sent."),
            ),
            Shown::Object(_) => (
                Ended::NotHeld,
                format!("{name} was answered {status}, but the app does not hold what was sent."),
            ),
            Shown::Refused(_, words) | Shown::Odd(words) => (Ended::Unsure, words),
        }
    }

    fn judge(&mut self, line: &str, ended: Ended, words: String) {
        match ended {
            Ended::Held => self.ok(line, words),
            Ended::NotHeld => self.bad(line, words, TELL),
            Ended::Refused if line != "write.put" && self.announces_patch() => {
                self.bad(
                    line,
                    format!("PATCH is announced, but refused: {words}"),
                    OTHER_WAY,
                );
            }
            Ended::Refused => self.warn(line, words, OTHER_WAY),
            Ended::Unsure => self.puzzled(line, words),
        }
    }

    pub(super) async fn change_members(&mut self, group: &str, user: &str) {
        let kind = ResourceType::Group;
        let shown = |group: &Attributes| parse::peek(group, "members").is_some_and(Value::is_array);
        let within = |group: &Attributes| {
            let members = parse::peek(group, "members").and_then(Value::as_array);
            members.into_iter().flatten().any(|m| {
                m.as_object()
                    .and_then(|m| parse::peek(m, "value").cloned())
                    .and_then(parse::id)
                    .as_deref()
                    == Some(user)
            })
        };
        let join = json!({ "op": "add", "path": "members", "value": [{ "value": user }] });
        let joined = self
            .patched_members("write.join", (kind, group), join, &within)
            .await;
        match joined {
            Ended::Held => {
                self.found.members_shown = Some(true);
                self.found.note_put_only(kind, false);
            }
            // PUT works for users at least.
            Ended::Refused if self.found.put_only.contains(&ResourceType::User) => {
                self.found.note_put_only(kind, true);
            }
            Ended::NotHeld | Ended::Refused | Ended::Unsure => {}
        }
        if joined != Ended::Held {
            self.skip("write.leave", "Not tried: nobody was taken in.");
            return;
        }
        let leave = json!({ "op": "remove", "path": format!("members[{}]", Filter::eq("value", user)) });
        // A list that is not shown any more is empty.
        let without = |group: &Attributes| !shown(group) || !within(group);
        self.patched_members("write.leave", (kind, group), leave, &without)
            .await;
    }

    async fn patched_members(
        &mut self,
        line: &str,
        at: (ResourceType, &str),
        operation: Value,
        holds: &(dyn Fn(&Attributes) -> bool + Send + Sync),
    ) -> Ended {
        let body = json!({ "schemas": [urn::PATCH_OP], "Operations": [operation] });
        let (ended, words) = self.change(Method::PATCH, at, body, holds).await;
        match ended {
            Ended::NotHeld if self.found.members_listed.is_none() => {
                self.found.members_shown = Some(false);
                self.unknown(line, format!("{words} It may not show members at all."), DROPS);
            }
            ended => self.judge(line, ended, words),
        }
        ended
    }

    pub(super) async fn deactivate(&mut self, id: &str, patches: bool) {
        let (line, kind) = ("write.deactivate", ResourceType::User);
        let off = |user: &Attributes| parse::peek(user, "active") == Some(&Value::Bool(false));
        let (method, body) = if patches {
            let operation = json!({ "op": "replace", "path": "active", "value": false });
            (
                Method::PATCH,
                json!({ "schemas": [urn::PATCH_OP], "Operations": [operation] }),
            )
        } else {
            let Some(Ok(answer)) = self.one(kind, id).await else {
                self.puzzled(line, "The user could not be read before.");
                return;
            };
            let Ok(mut user) = serde_json::from_slice::<Attributes>(&answer.body) else {
                self.puzzled(line, "The user could not be read before.");
                return;
            };
            for own in ["meta", "groups", "active"] {
                parse::take(&mut user, own);
            }
            user.insert("active".into(), false.into());
            (Method::PUT, Value::Object(user))
        };
        let (ended, words) = self.change(method, (kind, id), body, &off).await;
        match ended {
            Ended::Unsure if words.contains(" answered 404") => self.warn(
                line,
                "Whoever is deactivated cannot be read any more: the app takes it for a deletion.",
                "Know that deactivating is final in this app, or let leavers be left alone (settings).",
            ),
            Ended::NotHeld => self.bad(line, words, "Leavers keep their access: let them be deleted instead (settings), or tell whoever makes the app."),
            ended => self.judge(line, ended, words),
        }
    }
}
