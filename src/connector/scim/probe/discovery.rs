//! What the server says of itself (RFC 7644 §4). Its absence is no failure: everything is found out by trying as well.

use serde_json::Value;

use super::super::check::supported;
use super::super::parse;
use super::seen::{self, Listed, Shown};
use super::{Asked, Prober};
use crate::scim::urn;

const ABSENT: &str = "Nothing has to be done: what the app can do is found out by trying.";
const FEATURES: [&str; 5] = ["patch", "filter", "bulk", "sort", "etag"];

impl Prober<'_> {
    /// `/ServiceProviderConfig`.
    pub(super) fn config(&mut self, asked: &Asked) {
        let id = "discovery.config";
        let config = match seen::object(self.app, asked) {
            Shown::Object(config) => config,
            Shown::Refused(status, words) => {
                self.found.discovery = false;
                self.absent(id, status, words);
                return;
            }
            Shown::Odd(words) => {
                self.puzzled(id, words);
                return;
            }
        };
        let features = FEATURES.map(|name| (name, supported(&config, name)));
        let named = |wanted: bool| -> Vec<&str> {
            let of = features.iter().filter(|(_, is)| *is == Some(wanted));
            of.map(|(name, _)| *name).collect()
        };
        let (yes, no) = (named(true), named(false));
        self.found.discovery =
            supported(&config, "patch").is_some() || supported(&config, "filter").is_some();
        if !self.found.discovery {
            self.puzzled(id, "The answer says nothing of PATCH and filters.");
            return;
        }
        self.found.filter = supported(&config, "filter").unwrap_or(self.found.filter);
        // What was found wanting once is not believed again because it is announced.
        self.found.patch &= supported(&config, "patch").unwrap_or(true);
        let most = parse::peek(&config, "filter").and_then(|f| f.get("maxResults")?.as_u64());
        if let Some(most) = most.and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0) {
            self.found.page_size = self.found.page_size.min(most);
        }
        let list = |all: Vec<&str>| {
            if all.is_empty() {
                "nothing".into()
            } else {
                all.join(", ")
            }
        };
        let most = most.map_or(String::new(), |n| {
            format!(" At most {n} resources in one answer.")
        });
        self.ok(
            id,
            format!("Announced: {}. Denied: {}.{most}", list(yes), list(no)),
        );
        self.config = Some(config);
    }

    fn absent(&mut self, id: &str, status: u16, words: String) {
        match status {
            404 | 405 | 501 | 403 => self.warn(id, words, ABSENT),
            _ => self.puzzled(id, words),
        }
    }

    /// `/Schemas` and `/ResourceTypes`, which come as lists or, with some, as bare arrays.
    pub(super) async fn discovery(&mut self) {
        let asked = self.get("Schemas", &[]).await;
        let wanted = |text: &str| text.eq_ignore_ascii_case(urn::USER);
        self.described("discovery.schemas", &asked, "id", &wanted, "the schema of users");
        let asked = self.get("ResourceTypes", &[]).await;
        let wanted =
            |text: &str| text.trim_matches('/').eq_ignore_ascii_case("users") || text.ends_with("/Users");
        self.described(
            "discovery.types",
            &asked,
            "endpoint",
            &wanted,
            "an endpoint of users",
        );
    }

    fn described(&mut self, id: &str, asked: &Asked, field: &str, wanted: &dyn Fn(&str) -> bool, what: &str) {
        let items = match seen::list(self.app, asked) {
            Listed::List(list) => list.items,
            Listed::Refused(status, words) => {
                self.absent(id, status, words);
                return;
            }
            Listed::Odd(words) => match bare(asked) {
                Some(items) => items,
                None => {
                    self.puzzled(id, words);
                    return;
                }
            },
        };
        if items
            .iter()
            .filter_map(|item| seen::text(item, field))
            .any(wanted)
        {
            self.ok(id, format!("{} described.", items.len()));
        } else {
            self.puzzled(id, format!("{} described, but not {what}.", items.len()));
        }
    }

    /// What is said of PATCH and of versions, beside what was seen.
    pub(super) fn etags(&mut self) {
        let announced = |name| self.config.as_ref().and_then(|config| supported(config, name));
        let (patch, etag) = (announced("patch"), announced("etag"));
        match patch {
            Some(true) => self.ok("patch", "PATCH is announced. Only a check with writes tries it."),
            Some(false) => self.warn(
                "patch",
                "The app says that it has no PATCH.",
                "Nothing has to be done: whole resources are read, changed and written back (PUT).",
            ),
            None => self.unknown(
                "patch",
                "Nothing is said of PATCH.",
                "Check with writes to know. Until then PATCH is tried, and PUT where it is refused.",
            ),
        }
        self.found.etag = self.etag;
        match (self.etag, etag) {
            (Some(true), _) => self.ok("etag", "A user that was read bears a version."),
            (None, _) => self.unknown("etag", "There was no user to look at.", super::lists::NOBODY),
            (Some(false), Some(true)) => self.warn(
                "etag",
                "Versions are announced, but a user that was read bore none.",
                "Nothing has to be done: changes are sent without them.",
            ),
            (Some(false), _) => self.ok("etag", "Versions are not offered: changes are sent without them."),
        }
    }
}

/// The objects of a bare JSON array in a 200.
fn bare(asked: &Asked) -> Option<Vec<crate::scim::Attributes>> {
    let answer = asked.as_ref().ok().filter(|answer| answer.status == 200)?;
    let Ok(Value::Array(items)) = serde_json::from_slice(&answer.body) else {
        return None;
    };
    let objects = items.into_iter().map(|item| match item {
        Value::Object(object) => Some(object),
        _ => None,
    });
    objects.collect()
}
