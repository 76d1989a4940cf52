//! What the catalog knows of an app's endpoint, in words. Three answers are kept apart: yes, no, and not known to us.

use crate::connector::catalog::{App, AuthKind, Verbs};

/// What is known and what is not.
pub struct Known {
    /// Label and value.
    pub rows: Vec<(&'static str, String)>,
    /// What nobody has seen, in words.
    pub unknown: Vec<String>,
}

/// What the catalog knows of an app; none of one of which it knows nothing at all.
#[must_use]
pub fn known(app: &App) -> Option<Known> {
    let mut known = Known {
        rows: Vec::new(),
        unknown: Vec::new(),
    };
    known.verbs("Users", "users", &app.facts.users, true);
    known.verbs("Groups", "groups", &app.facts.groups, false);
    let (facts, limits) = (&app.facts, &app.limits);
    let ways = [("PATCH", facts.patch), ("PUT", facts.put)];
    let of = |wanted: bool| -> Vec<&str> {
        let ways = ways.iter().filter(|(_, answer)| *answer == Some(wanted));
        ways.map(|(name, _)| *name).collect()
    };
    known.row("Changed by", said(&or(&of(true)), &or(&of(false))));
    for (name, answer) in ways {
        if answer.is_none() {
            known.unknown.push(format!("whether it takes {name}"));
        }
    }
    known.fact("Filter", facts.filter.clone(), "which filters it takes");
    known.fact(
        "Largest page",
        limits.page_max.map(|n| n.to_string()),
        "its largest page",
    );
    known.row("Members in one change", most(limits.member_chunk));
    known.fact(
        "How often",
        facts.rate_limit.clone(),
        "how often it may be called",
    );
    known.row("Writes a minute", most(limits.writes_per_minute));
    known.row("Requests a minute", most(limits.requests_per_minute));
    let way = match app.auth.kind {
        AuthKind::Bearer => Some("Authorization: Bearer".to_owned()),
        AuthKind::Header => app.auth.header.as_ref().map(|name| format!("header {name}")),
        AuthKind::Basic => Some("Authorization: Basic".to_owned()),
        AuthKind::Oauth => Some("OAuth 2.0".to_owned()),
        AuthKind::Unknown => None,
    };
    known.fact("Token sent as", way, "how the token is sent");
    if app.base_urls.is_empty() {
        known.unknown.push("the form of its base URL".into());
    }
    (!known.rows.is_empty()).then_some(known)
}

impl Known {
    fn row(&mut self, label: &'static str, value: Option<String>) {
        self.rows.extend(value.map(|value| (label, value)));
    }

    fn fact(&mut self, label: &'static str, value: Option<String>, unknown: &str) {
        if value.is_none() {
            self.unknown.push(unknown.into());
        }
        self.row(label, value);
    }

    /// A group cannot be deactivated in SCIM: it is not asked.
    fn verbs(&mut self, label: &'static str, plural: &str, verbs: &Verbs, deactivate: bool) {
        let all = [
            ("create", verbs.create),
            ("change", verbs.update),
            ("deactivate", verbs.deactivate),
            ("delete", verbs.delete),
            ("list", verbs.list),
        ];
        let of = |wanted: Option<bool>| -> Vec<&str> {
            let verbs = all.iter().filter(|(verb, _)| deactivate || *verb != "deactivate");
            let verbs = verbs.filter(|(_, answer)| *answer == wanted);
            verbs.map(|(verb, _)| *verb).collect()
        };
        self.row(label, said(&of(Some(true)).join(", "), &or(&of(Some(false)))));
        let unknown = of(None);
        if !unknown.is_empty() {
            self.unknown
                .push(format!("whether it can {} {plural}", or(&unknown)));
        }
    }
}

fn most(number: Option<u32>) -> Option<String> {
    number.map(|number| format!("at most {}", super::words::number(number.into())))
}

/// `create, change; not delete`; none where nothing is known.
fn said(can: &str, cannot: &str) -> Option<String> {
    match (can, cannot) {
        ("", "") => None,
        (can, "") => Some(can.to_owned()),
        ("", cannot) => Some(format!("not {cannot}")),
        (can, cannot) => Some(format!("{can}; not {cannot}")),
    }
}

/// `create, change or delete`.
fn or(words: &[&str]) -> String {
    match words {
        [all @ .., last] if !all.is_empty() => format!("{} or {last}", all.join(", ")),
        words => words.concat(),
    }
}

#[cfg(test)]
mod tests;
