//! Searches (RFC 7644 §3.4.2.2) for somebody who was seen in the list, and for nobody. A server that ignores a filter
//! answers 200 like one that obeys it: who comes is what counts.

use super::Prober;
use super::seen::{self, Listed};
use crate::scim::Attributes;
use crate::scim::filter::Filter;
use crate::scim::schema::ResourceType;

const LOST: &str = "Who exists already is found by reading the whole list. If the app then refuses a name as taken, a person \
                    has to look. Ask whoever makes the app for filters.";
const LESS: &str =
    "Nothing has to be done: accounts are recognised by userName, or by reading the whole list.";

/// One search.
struct Search<'s> {
    /// Of the check.
    id: &'static str,
    kind: ResourceType,
    path: &'s str,
    value: String,
    /// The id of who should be found.
    wanted: String,
    /// Whether somebody is meant by the filter.
    meant: &'s (dyn Fn(&Attributes) -> bool + Send + Sync),
    advice: &'static str,
}

impl Prober<'_> {
    pub(super) async fn filters(&mut self) {
        let ignored = self.nobody().await;
        let by_name = self
            .users
            .iter()
            .find_map(|user| Some((seen::id(user)?, seen::text(user, "userName")?.to_owned())));
        let by_external = self
            .users
            .iter()
            .find_map(|user| Some((seen::id(user)?, seen::text(user, "externalId")?.to_owned())));
        let by_mail = self
            .users
            .iter()
            .find_map(|user| Some((seen::id(user)?, seen::email(user)?.to_owned())));
        let by_display = self
            .groups
            .iter()
            .find_map(|group| Some((seen::id(group)?, seen::text(group, "displayName")?.to_owned())));

        let none = "There was no user with a userName to search for.";
        self.found.filters.user_name = match by_name.clone() {
            Some(of) => {
                self.by_text(
                    ("filter.userName", ResourceType::User, "userName", LOST),
                    of,
                    ignored,
                )
                .await
            }
            None => self.nobody_has("filter.userName", none),
        };
        self.letter_case(by_name).await;
        self.found.filters.external_id = match by_external {
            Some(of) => {
                self.by_text(
                    ("filter.externalId", ResourceType::User, "externalId", LESS),
                    of,
                    None,
                )
                .await
            }
            None => self.nobody_has(
                "filter.externalId",
                "No user in the list has an externalId to search for.",
            ),
        };
        self.found.filters.emails = match by_mail {
            Some((wanted, value)) => {
                let like = value.clone();
                let meant = move |item: &Attributes| seen::emails(item).any(|mail| seen::same(mail, &like));
                let search = Search {
                    id: "filter.emails",
                    kind: ResourceType::User,
                    path: "emails.value",
                    value,
                    wanted,
                    meant: &meant,
                    advice: LESS,
                };
                self.search(search, None).await
            }
            None => self.nobody_has(
                "filter.emails",
                "No user in the list has an e-mail address to search for.",
            ),
        };
        // Without groups it was said already.
        if self.plan.scope.carries(ResourceType::Group) && self.found.groups {
            self.found.filters.display_name = match by_display {
                Some(of) => {
                    self.by_text(
                        ("filter.displayName", ResourceType::Group, "displayName", LESS),
                        of,
                        None,
                    )
                    .await
                }
                None => self.nobody_has("filter.displayName", "There was no group to search for."),
            };
        }
    }

    fn nobody_has(&mut self, id: &str, why: &str) -> Option<bool> {
        self.unknown(id, why, "Check again when there is one.");
        None
    }

    async fn by_text(
        &mut self,
        (id, kind, path, advice): (&'static str, ResourceType, &str, &'static str),
        (wanted, value): (String, String),
        ignored: Option<bool>,
    ) -> Option<bool> {
        let (like, name) = (value.clone(), path.to_owned());
        let meant =
            move |item: &Attributes| seen::text(item, &name).is_some_and(|held| seen::same(held, &like));
        let search = Search {
            id,
            kind,
            path,
            value,
            wanted,
            meant: &meant,
            advice,
        };
        self.search(search, ignored).await
    }

    async fn asked(&mut self, kind: ResourceType, path: &str, value: &str) -> Listed {
        let filter = Filter::eq(path, value).to_string();
        let count = self.found.page_size.max(1).to_string();
        let query = [
            ("filter", filter.as_str()),
            ("startIndex", "1"),
            ("count", &count),
        ];
        let asked = self.get(kind.endpoint(), &query).await;
        seen::list(self.app, &asked)
    }

    /// Whether filters on userName are ignored; none: not known.
    async fn nobody(&mut self) -> Option<bool> {
        let id = "filter.nobody";
        match self.asked(ResourceType::User, "userName", self.plan.tag).await {
            Listed::List(list) if list.items.is_empty() && list.total.is_none_or(|total| total == 0) => {
                self.ok(id, "A name that nobody has gives an empty list.");
                Some(false)
            }
            Listed::List(list) if list.items.is_empty() => {
                self.puzzled(
                    id,
                    "A name that nobody has gives an empty list, but says that there is somebody.",
                );
                None
            }
            Listed::List(list) => {
                let said = format!(
                    "A name that nobody has gives {} users: the filter is ignored.",
                    list.items.len()
                );
                self.bad(id, said, LOST);
                Some(true)
            }
            Listed::Refused(404, words) => {
                self.warn(
                    id,
                    words,
                    "An empty list is what the RFC asks for. Searches work all the same.",
                );
                Some(false)
            }
            Listed::Refused(_, words) => {
                self.warn(id, words, LOST);
                None
            }
            Listed::Odd(words) => {
                self.puzzled(id, words);
                None
            }
        }
    }

    /// Whether the filter works; `ignored` as it is known of this attribute.
    async fn search(&mut self, search: Search<'_>, ignored: Option<bool>) -> Option<bool> {
        let Search { id, path, advice, .. } = search;
        let list = match self.asked(search.kind, path, &search.value).await {
            Listed::List(list) => list,
            Listed::Refused(404, _) => {
                self.bad(
                    id,
                    format!("Somebody in the list is not found by {path}."),
                    advice,
                );
                return Some(false);
            }
            Listed::Refused(_, words) => {
                self.warn(id, words, advice);
                return Some(false);
            }
            Listed::Odd(words) => {
                self.puzzled(id, words);
                return None;
            }
        };
        let there = match search.kind {
            ResourceType::User => self.users.len(),
            ResourceType::Group => self.groups.len(),
        };
        if list.items.is_empty() {
            self.bad(
                id,
                format!("Somebody in the list is not found by {path}."),
                advice,
            );
            Some(false)
        } else if ignored == Some(true) || !list.items.iter().all(|item| (search.meant)(item)) {
            self.bad(
                id,
                format!("A search by {path} gives others as well: the filter is ignored."),
                advice,
            );
            Some(false)
        } else if !list.ids().contains(&search.wanted) {
            self.puzzled(
                id,
                format!("A search by {path} finds somebody else of the same value."),
            );
            None
        } else if list.items.len() >= there && ignored.is_none() {
            self.unknown(
                id,
                format!("A search by {path} gives all there are: whether it searches cannot be told."),
                "Check again when the app has more.",
            );
            None
        } else {
            self.ok(id, format!("Who has that {path} is found, and nobody else."));
            Some(true)
        }
    }

    async fn letter_case(&mut self, by_name: Option<(String, String)>) {
        let id = "filter.case";
        let (Some((wanted, value)), Some(true)) = (by_name, self.found.filters.user_name) else {
            self.skip(id, "Not tried: users are not found by userName as it is written.");
            return;
        };
        let swapped: String = value
            .chars()
            .map(|c| {
                if c.is_ascii_lowercase() {
                    c.to_ascii_uppercase()
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .collect();
        if swapped == value {
            self.unknown(id, "The userName that was searched for has no letters.", "");
            return;
        }
        match self.asked(ResourceType::User, "userName", &swapped).await {
            Listed::List(list) if list.items.is_empty() => self.case_matters(id),
            Listed::Refused(404, _) => self.case_matters(id),
            Listed::List(list) if list.ids() == [wanted] => {
                self.found.filters.folds_case = Some(true);
                self.ok(id, "A name in other letter case finds the same user.");
            }
            Listed::List(_) => self.puzzled(id, "A name in other letter case finds somebody else."),
            Listed::Refused(_, words) | Listed::Odd(words) => self.puzzled(id, words),
        }
    }

    fn case_matters(&mut self, id: &str) {
        self.found.filters.folds_case = Some(false);
        self.warn(
            id,
            "A name in other letter case finds nobody.",
            "Names are sent as they came. Where the app holds a name in other letter case, a sync recognises it and a search does not.",
        );
    }
}
