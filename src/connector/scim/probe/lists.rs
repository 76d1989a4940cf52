//! Users and groups as lists and alone. The first list of users is the real test of the address and the credentials.

use serde_json::Value;

use super::super::parse;
use super::seen::{self, Listed, Shown};
use super::{Asked, Prober};
use crate::connector::net::Response;
use crate::model::Scope;
use crate::scim::Attributes;
use crate::scim::schema::ResourceType;

pub(super) const NOBODY: &str = "Check again when the app has users.";
const NO_GROUP: &str = "Check again when the app has groups.";
const TOKEN: &str = "Copy a valid token from the app, and check that it may read users.";
const PATH: &str = "Check the path of the SCIM Base URL.";

impl Prober<'_> {
    /// The first page of users. False: it did not come, so nothing else can be looked at.
    pub(super) async fn first_users(&mut self) -> bool {
        let count = self.found.page_size.max(1).to_string();
        let mut asked = self.get("Users", &[("startIndex", "1"), ("count", &count)]).await;
        if asked.as_ref().is_ok_and(|answer| answer.status == 400) {
            // Servers that know cursors only may refuse startIndex.
            asked = self.get("Users", &[("count", &count)]).await;
        }
        let (credentials, scim) = ("reach.credentials", "reach.scim");
        match seen::list(self.app, &asked) {
            Listed::List(list) => {
                self.usable = true;
                self.total = list.total;
                self.cursor = list.cursor;
                self.users = list.items;
                self.ok(credentials, "A list of users was given.");
                self.ok(scim, "It answered a list as SCIM 2.0 has it.");
            }
            Listed::Refused(403, words) => {
                self.bad(credentials, words, TOKEN);
                self.unknown(scim, "Not known: the list of users was refused.", "");
            }
            Listed::Refused(_, words) => {
                self.unknown(credentials, "Not known: no list of users was found.", "");
                self.bad(scim, words, PATH);
            }
            Listed::Odd(words) => self.no_list(&asked, words),
        }
        self.usable
    }

    fn no_list(&mut self, asked: &Asked, words: String) {
        let (credentials, scim) = ("reach.credentials", "reach.scim");
        match asked {
            Ok(Response { status: 401, .. }) => {
                self.bad(credentials, words, TOKEN);
                self.unknown(scim, "Not known: the credentials were refused.", "");
            }
            Ok(Response {
                status: 200..=299, ..
            }) => {
                self.unknown(credentials, "Not known: no list of users was given.", "");
                self.bad(scim, words, PATH);
            }
            _ => {
                self.unknown(credentials, "Not known: no list of users was given.", "");
                self.unknown(
                    scim,
                    words,
                    "The app is not working properly, or something else stands there. Check again later.",
                );
            }
        }
    }

    /// What the list holds, one of it alone, and one that does not exist.
    pub(super) async fn users(&mut self) {
        self.readable();
        self.one_user().await;
        let id = "users.absent";
        let Some(asked) = self.one(ResourceType::User, self.plan.tag).await else {
            return;
        };
        let json = asked
            .as_ref()
            .is_ok_and(|answer| serde_json::from_slice::<Attributes>(&answer.body).is_ok());
        match seen::object(self.app, &asked) {
            Shown::Refused(404, _) if json => self.ok(id, "An id that nobody has is answered 404, in JSON."),
            Shown::Refused(404, _) => self.warn(
                id,
                "An id that nobody has is answered 404, but not in JSON: it may come from something in front of the app.",
                "Whoever is deleted in the app is not noticed. Ask whoever makes the app for SCIM errors (RFC 7644 §3.12).",
            ),
            Shown::Object(_) => self.bad(
                id,
                "An id that nobody has is answered as if somebody had it.",
                "Whoever is deleted in the app is not noticed. Tell whoever makes the app.",
            ),
            Shown::Refused(_, words) | Shown::Odd(words) => self.puzzled(id, words),
        }
    }

    fn readable(&mut self) {
        let id = "users.list";
        let (read, total) = (self.users.len(), self.total);
        let announced = total.map_or("how many there are is not said".into(), |n| {
            format!("{n} announced")
        });
        let broken: Vec<String> = self
            .users
            .iter()
            .filter_map(|user| {
                self.app
                    .remote(ResourceType::User, Value::Object(user.clone()))
                    .broken
            })
            .collect();
        match broken.first() {
            _ if read == 0 && total.is_some_and(|n| n > 0) => self.bad(
                id,
                format!("The list is empty, but {announced}."),
                "A sync would stop here rather than take them for gone. Tell whoever makes the app.",
            ),
            _ if read == 0 => self.unknown(id, "There is no user yet.", NOBODY),
            Some(why) => self.warn(
                id,
                format!(
                    "{} of {read} users on the first page cannot be understood: {why}",
                    broken.len()
                ),
                "The others are carried. Tell whoever makes the app.",
            ),
            None => self.ok(id, format!("{read} users on the first page; {announced}.")),
        }
    }

    async fn one_user(&mut self) {
        let id = "users.one";
        let Some((user, wanted)) = self
            .users
            .iter()
            .find_map(|user| Some((user.clone(), seen::id(user)?)))
        else {
            self.unknown(id, "There was no user with an id to read.", NOBODY);
            return;
        };
        let Some(asked) = self.one(ResourceType::User, &wanted).await else {
            self.puzzled(id, "The id of a user cannot be called.");
            return;
        };
        let tagged = asked.as_ref().is_ok_and(|answer| answer.observed.etag);
        match seen::object(self.app, &asked) {
            Shown::Object(found) if seen::id(&found).as_ref() != Some(&wanted) => {
                self.puzzled(id, "Another object came than the user with this id.");
            }
            Shown::Object(found) => {
                self.etag = Some(tagged || version(&found));
                if seen::text(&found, "userName") == seen::text(&user, "userName") {
                    self.ok(id, "A user of the list was read by id.");
                } else {
                    self.puzzled(id, "A user that was read alone has another userName than in the list.");
                }
            }
            Shown::Refused(_, words) => self.bad(
                id,
                words,
                "Who was deleted in the app cannot be told from who was not listed. Tell whoever makes the app.",
            ),
            Shown::Odd(words) => self.puzzled(id, words),
        }
    }

    pub(super) async fn groups(&mut self) {
        let (id, members) = ("groups.list", "groups.members");
        if !self.plan.scope.carries(ResourceType::Group) {
            self.skip(id, "Groups are not carried here.");
            self.skip(members, "Groups are not carried here.");
            self.skip("filter.displayName", "Groups are not carried here.");
            return;
        }
        let count = self.found.page_size.max(1).to_string();
        let asked = self
            .get("Groups", &[("startIndex", "1"), ("count", &count)])
            .await;
        let list = match seen::list(self.app, &asked) {
            Listed::List(list) => list,
            Listed::Refused(status @ (403 | 404 | 405 | 501), words) => {
                self.found.groups = false;
                let advice = if status == 403 {
                    "The token may not read groups. Give it access to them, or carry users only."
                } else {
                    "The app seems to have no groups: carry users only."
                };
                if self.plan.scope == Scope::Groups {
                    self.bad(id, words, advice);
                } else {
                    self.warn(id, words, advice);
                }
                self.skip(members, "There are no groups.");
                self.skip("filter.displayName", "There are no groups.");
                return;
            }
            Listed::Refused(_, words) | Listed::Odd(words) => {
                self.puzzled(id, words);
                self.unknown(members, "Groups could not be listed.", "");
                self.unknown("filter.displayName", "Groups could not be listed.", "");
                return;
            }
        };
        self.found.groups = true;
        let broken = list.items.iter().find_map(|group| {
            self.app
                .remote(ResourceType::Group, Value::Object(group.clone()))
                .broken
        });
        match broken {
            Some(why) => self.warn(
                id,
                format!("A group cannot be understood: {why}"),
                "The others are carried. Tell whoever makes the app.",
            ),
            None => self.ok(id, format!("{} groups on the first page.", list.items.len())),
        }
        self.groups = list.items;
        self.members_shown().await;
    }

    async fn members_shown(&mut self) {
        let id = "groups.members";
        let held = |group: &Attributes| {
            let members = parse::peek(group, "members").and_then(Value::as_array);
            members.map_or(0, Vec::len)
        };
        if self.groups.iter().any(|group| held(group) > 0) {
            self.found.members_listed = Some(true);
            self.found.members_shown = Some(true);
            self.ok(id, "Groups in a list come with their members.");
            return;
        }
        let Some(one) = self.groups.iter().find_map(seen::id) else {
            self.unknown(id, "There was no group to look at.", NO_GROUP);
            return;
        };
        let Some(asked) = self.one(ResourceType::Group, &one).await else {
            self.puzzled(id, "The id of a group cannot be called.");
            return;
        };
        match seen::object(self.app, &asked) {
            Shown::Object(group) if seen::id(&group).as_ref() == Some(&one) && held(&group) > 0 => {
                self.found.members_listed = Some(false);
                self.found.members_shown = Some(true);
                self.warn(
                    id,
                    "Lists leave members out; a group that is read alone shows them.",
                    "Nothing has to be done. Each sync reads every group alone, which takes longer.",
                );
            }
            Shown::Object(group) if seen::id(&group).as_ref() == Some(&one) => {
                self.unknown(
                    id,
                    "No member was seen, neither in the list nor in a group alone: there may be none.",
                    "Check again when a group has members.",
                );
            }
            Shown::Object(_) => self.puzzled(id, "Another object came than the group with this id."),
            Shown::Refused(_, words) | Shown::Odd(words) => self.puzzled(id, words),
        }
    }
}

/// Whether `meta.version` says something.
fn version(user: &Attributes) -> bool {
    let meta = parse::peek(user, "meta").and_then(Value::as_object);
    meta.is_some_and(|meta| seen::text(meta, "version").is_some())
}
