//! Drift: the app holds another value than right after our push (DESIGN §1). Policy says report, enforce or adopt.

use std::time::Duration;

use serde_json::Value;

use crate::connector::Remote;
use crate::directory::import;
use crate::mapping;
use crate::model::job::priority;
use crate::model::policies::Drift;
use crate::model::{Actor, Change, EventDraft, Instance, JobKind, Link, Outcome, Resource, Time};
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::store::links::Enforced;
use crate::store::{StoreError, Tx, events, jobs, links};

/// Pushes of one attribute against changes in the app in one day. More means that two sides fight.
const MOST: usize = 3;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Judges what differs in `now` (the observation) from `link` (what was known before it).
pub(super) fn judge(
    tx: &Tx<'_>,
    instance: &Instance,
    ours: &Resource,
    link: &Link,
    now: &mut Link,
    remote: &Remote,
) -> Result<(), StoreError> {
    let paths = mapping::drifted(&link.pushed, &link.base, &now.seen);
    if paths.is_empty() {
        return Ok(());
    }
    let news: Vec<String> = paths
        .iter()
        .filter(|p| link.seen.get(*p) != now.seen.get(*p))
        .cloned()
        .collect();
    match instance.policies.drift {
        Drift::Report if news.is_empty() => Ok(()),
        Drift::Report => tell(
            tx,
            ours,
            remote,
            &news,
            "drift.seen",
            Outcome::Skipped,
            "The app holds another value; it is left so.",
        ),
        Drift::Adopt => {
            for path in &paths {
                import::adopt_value(
                    tx,
                    instance,
                    ours.row,
                    path,
                    resource::get(&remote.attributes, path).cloned(),
                )?;
                for print in [&mut now.base, &mut now.pushed] {
                    match now.seen.get(path) {
                        Some(hash) => print.insert(path.clone(), hash.clone()),
                        None => print.remove(path),
                    };
                }
            }
            Ok(())
        }
        Drift::Enforce => enforce(tx, ours, now, remote, &paths, &news),
    }
}

fn enforce(
    tx: &Tx<'_>,
    ours: &Resource,
    now: &mut Link,
    remote: &Remote,
    paths: &[String],
    news: &[String],
) -> Result<(), StoreError> {
    let mut enforced = links::enforced(tx, now.id)?;
    let (push, fought): (Vec<String>, Vec<String>) = paths
        .iter()
        .cloned()
        .partition(|p| may_push(&mut enforced, p, tx.now()));
    if !push.is_empty() {
        for path in &push {
            // What was accepted is forgotten, so that the plan sends it again.
            now.pushed.remove(path);
        }
        links::set_enforced(tx, now.id, &enforced)?;
        let ends = ours.kind == ResourceType::User && !ours.active;
        let user = if ends { priority::LEAVER } else { priority::USER };
        let priority = if ours.kind == ResourceType::Group {
            priority::GROUP
        } else {
            user
        };
        jobs::enqueue(tx, ours.instance, JobKind::Push, ours.row, priority, None)?;
        tell(
            tx,
            ours,
            remote,
            &push,
            "drift.enforced",
            Outcome::Done,
            "The app held another value; ours is sent again.",
        )?;
    }
    let fought: Vec<String> = fought.into_iter().filter(|p| news.contains(p)).collect();
    if fought.is_empty() {
        return Ok(());
    }
    let text = "Changed in the app again and again within a day; ours is not sent any more until it changes here. Does another system write there?";
    tell(tx, ours, remote, &fought, "drift.fought", Outcome::Held, text)
}

/// Counts one more push of `path` if fewer than the most were made in the last day.
fn may_push(enforced: &mut Enforced, path: &str, now: Time) -> bool {
    let times = enforced.entry(path.to_owned()).or_default();
    times.retain(|t| *t > now.before(DAY));
    if times.len() >= MOST {
        return false;
    }
    times.push(now);
    true
}

fn tell(
    tx: &Tx<'_>,
    ours: &Resource,
    remote: &Remote,
    paths: &[String],
    action: &'static str,
    outcome: Outcome,
    text: &str,
) -> Result<(), StoreError> {
    let at = |attributes, path: &str| resource::get(attributes, path).cloned().unwrap_or(Value::Null);
    let changes = paths.iter().take(50).map(|path| Change {
        path: path.clone(),
        before: at(&ours.attributes, path),
        after: at(&remote.attributes, path),
    });
    let draft = EventDraft {
        instance: Some(ours.instance),
        resource: Some(ours.row),
        subject: ours.display.clone(),
        actor: Actor::Target,
        action,
        outcome,
        detail: text.to_owned(),
        changes: changes.collect(),
    };
    events::record(tx, draft).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_pushes_a_day_and_not_a_fourth() {
        let mut enforced = Enforced::new();
        let hour = 3_600_000;
        let said: Vec<bool> = (0..5)
            .map(|n| may_push(&mut enforced, "title", Time(n * hour)))
            .collect();
        assert_eq!(said, [true, true, true, false, false]);
        assert!(may_push(&mut enforced, "userName", Time(0)));
        assert!(may_push(&mut enforced, "title", Time(24 * hour + 1)));
        assert!(!may_push(&mut enforced, "title", Time(24 * hour + 2)));
    }
}
