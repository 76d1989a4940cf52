//! Events as lines of a log: what each action is called in a sentence that goes on from its subject.

use super::parts::{self, ChangeRow, EventRow, When};
use super::values::{self, AttributePath};
use crate::model::{Event, Outcome, Time};

/// Changes shown of one event.
const CHANGES: usize = 20;

/// Action, and how a sentence goes on from its subject; `{n}`: as many members as the event counts.
const ACTIONS: &[(&str, &str)] = &[
    ("user.created", "was created"),
    ("user.updated", "changed"),
    ("user.activated", "was activated"),
    ("user.deactivated", "was deactivated"),
    ("user.deleted", "was deleted"),
    ("user.adopted", "is managed from here on"),
    ("user.restored", "came back"),
    ("user.imported", "was found in the app"),
    ("user.changed_in_app", "changed in the app"),
    ("user.gone_from_app", "is gone from the app"),
    ("group.created", "was created"),
    ("group.updated", "changed"),
    ("group.deleted", "was deleted"),
    ("group.adopted", "is managed from here on"),
    ("group.imported", "was found in the app"),
    ("group.changed_in_app", "changed in the app"),
    ("group.gone_from_app", "is gone from the app"),
    ("group.drift", "differs in the app"),
    ("group.members_added", "gained {n}"),
    ("group.members_removed", "lost {n}"),
    ("group.members_unknown", "was sent members that nobody knows"),
    ("push.created", "was created in the app"),
    ("push.linked", "was found in the app and linked"),
    ("push.updated", "was updated in the app"),
    ("push.activated", "was activated in the app"),
    ("push.deactivated", "was deactivated in the app"),
    ("push.deleted", "was deleted in the app"),
    ("push.left_behind", "was left behind in the app"),
    ("push.members_added", "gained {n} in the app"),
    ("push.members_removed", "lost {n} in the app"),
    ("push.rejected", "was refused"),
    ("push.unmapped", "was not sent"),
    ("push.no_account", "has no account in the app"),
    ("push.not_made", "cannot be made in the app"),
    ("push.not_taken", "is kept otherwise by the app"),
    ("drift.seen", "differs in the app"),
    ("drift.enforced", "was changed in the app and set right"),
    ("drift.fought", "keeps being changed in the app"),
    ("app.gone", "was deleted in the app"),
    ("app.returned", "is in the app again"),
    ("app.reactivated", "was activated in the app"),
    ("app.made_anew", "was made anew in the app"),
    ("import.broken", "could not be read from the app"),
    ("removal.held", "waits: past the removal limit"),
    ("removal.allowed", "may be removed"),
    ("removal.rejected", "stays in the app"),
    ("removal.protected", "was not taken away in the app"),
    ("adoption.proposed", "may be in the app already"),
    ("adoption.ambiguous", "may be one of several"),
    ("adoption.same", "was found in the app and linked"),
    ("adoption.apart", "was told apart"),
    ("sync.requested", "A sync was asked for"),
    ("sync.finished", "Sync finished"),
    ("sync.cancelled", "The sync was cancelled"),
    ("instance.created", "The instance was made"),
    ("instance.edited", "The settings were changed"),
    ("instance.enabled", "The instance was enabled"),
    ("instance.disabled", "The instance was disabled"),
    ("instance.paused", "The instance was paused"),
    ("instance.resumed", "The instance was resumed"),
    ("instance.deleted", "The instance was deleted"),
    ("instance.probed", "A check of what the app can do was asked for"),
    ("instance.learnt", "The app turned out to work otherwise"),
    ("instance.failing", "The app cannot be used"),
    ("instance.recovered", "The app answers again"),
    ("token.ends", "A reminder"),
    ("token.replaced", "The token was replaced"),
    ("token.fell_back", "The new token was refused"),
    ("attribute.declared", "An attribute was declared"),
    ("attribute.undeclared", "An attribute is declared no more"),
    ("key.created", "A key was made"),
    ("key.revoked", "A key was revoked"),
    ("admin.created", "was made an admin"),
];

/// A setting as events keep it, and as pages call it.
const SETTINGS: &[(&str, &str)] = &[
    ("accounts", "removal limit of accounts"),
    ("base_url", "SCIM base URL"),
    ("carry_group_names", "groups by name"),
    ("carry_groups", "groups that match"),
    ("carry_users", "people that match"),
    ("drift", "when the app holds another value"),
    ("drift_of", "otherwise for single attributes"),
    ("groups", "removal limit of groups"),
    ("leaver", "when somebody leaves"),
    ("mapping", "mapping"),
    ("memberships", "removal limit of memberships"),
    ("name", "name"),
    ("protected", "protected accounts"),
    ("sync_every_s", "seconds between syncs"),
    ("user_writes", "writes of users"),
];

/// What a group's event means to a person it is about: before the group's name, and after it.
const OF_MEMBERS: [(&str, &str, &str); 4] = [
    ("group.members_added", "joined", ""),
    ("group.members_removed", "left", ""),
    ("push.members_added", "added to", "in the app"),
    ("push.members_removed", "removed from", "in the app"),
];

/// A line of an instance's log.
#[must_use]
pub fn row(event: Event, slug: &str, app: &str, now: Time) -> EventRow {
    let about_all = ["instance.", "sync.", "key.", "attribute.", "token."]
        .iter()
        .any(|start| event.action.starts_with(start));
    let of_members = OF_MEMBERS.iter().any(|(action, ..)| *action == event.action);
    let place = if of_members || event.action.starts_with("group.") {
        "groups"
    } else {
        "users"
    };
    let href = event
        .resource_id
        .as_ref()
        .map(|id| format!("/instances/{slug}/{place}/{id}"));
    let (sent, of_settings) = (
        event.action.starts_with("push."),
        event.action == "instance.edited",
    );
    let changes = event.changes.iter().take(CHANGES).map(|change| ChangeRow {
        path: AttributePath(match SETTINGS.iter().find(|(name, _)| *name == change.path) {
            Some((_, word)) if of_settings => (*word).into(),
            _ => change.path.clone(),
        }),
        sent,
        before: values::text(&change.before),
        after: values::text(&change.after),
    });
    EventRow {
        at: at(event.at, now),
        outcome: event.outcome,
        lead: "",
        href,
        text: sentence(&event.action, event.outcome, &event.detail),
        actor: parts::actor(&event.actor, app),
        changes: changes.collect(),
        subject: if about_all { String::new() } else { event.subject },
    }
}

/// Lines of an instance's log.
#[must_use]
pub fn rows(events: Vec<Event>, slug: &str, app: &str, now: Time) -> Vec<EventRow> {
    events
        .into_iter()
        .map(|event| row(event, slug, app, now))
        .collect()
}

/// Lines of the log on a person's page: what became of a group is said as what became of them.
#[must_use]
pub fn rows_of_person(events: Vec<Event>, slug: &str, app: &str, now: Time) -> Vec<EventRow> {
    let told = events.into_iter().map(|event| {
        let of_members = OF_MEMBERS.iter().find(|(action, ..)| *action == event.action);
        let row = row(event, slug, app, now);
        match of_members {
            Some((_, lead, text)) => EventRow {
                lead,
                text: (*text).into(),
                ..row
            },
            None => row,
        }
    });
    told.collect()
}

/// Today to the second, before that with the day.
#[must_use]
pub fn at(at: Time, now: Time) -> When {
    const DAY: i64 = 24 * 3600 * 1000;
    let today = at.0.div_euclid(DAY) == now.0.div_euclid(DAY);
    When::formatted(at, if today { "%H:%M:%S" } else { "%-d %b %H:%M" })
}

fn sentence(action: &str, outcome: Outcome, detail: &str) -> String {
    let said = ACTIONS
        .iter()
        .find(|(word, _)| *word == action)
        .map_or(action, |(_, said)| said);
    let detail = detail.trim_end_matches('.');
    if said.contains("{n}") {
        return said.replace("{n}", &members(detail));
    }
    match (detail, outcome) {
        ("", _) => said.into(),
        // The words of the action say it all.
        _ if action == "removal.held" => said.into(),
        // Why it was refused is the news.
        (detail, Outcome::Rejected | Outcome::Retried) => format!("{said}: {detail}"),
        (detail, _) => format!("{said}. {detail}"),
    }
}

/// `3 members joined` → `3 members`.
fn members(detail: &str) -> String {
    let mut words = detail.split_whitespace();
    match (words.next(), words.next()) {
        (Some(n), Some(noun)) if n.bytes().all(|b| b.is_ascii_digit()) => format!("{n} {noun}"),
        _ => "members".into(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::fs;
    use std::path::Path;

    use super::*;

    fn collect(dir: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let words = text.split('"').skip(1).step_by(1).filter(|w| {
                    w.split_once('.').is_some_and(|(noun, verb)| {
                        [
                            "user", "group", "push", "drift", "app", "import", "removal", "adoption", "sync",
                            "instance", "key", "admin",
                        ]
                        .contains(&noun)
                            && !verb.is_empty()
                            && verb.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
                    })
                });
                found.extend(words.map(str::to_owned));
            }
        }
    }

    #[test]
    fn every_action_is_said() {
        let mut found = Vec::new();
        for layer in ["directory", "sync", "web/ui"] {
            collect(
                &Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(layer),
                &mut found,
            );
        }
        assert!(found.len() > 30);
        for action in found
            .iter()
            .filter(|a| !a.ends_with(".html") && !a.ends_with(".example"))
        {
            assert!(ACTIONS.iter().any(|(word, _)| word == action), "{action}");
        }
    }

    #[test]
    fn members_are_counted() {
        let said = |action, detail| sentence(action, Outcome::Done, detail);
        assert_eq!(
            said("group.members_added", "3 members joined."),
            "gained 3 members"
        );
        assert_eq!(
            said("push.members_removed", "1 member removed in the app."),
            "lost 1 member in the app"
        );
        assert_eq!(said("group.members_added", ""), "gained members");
    }

    #[test]
    fn an_unknown_action_is_still_told() {
        assert_eq!(
            sentence("new.action", Outcome::Done, "It did."),
            "new.action. It did"
        );
        assert_eq!(sentence("user.created", Outcome::Done, ""), "was created");
    }
}
