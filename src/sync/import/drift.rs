//! Drift: the app holds another value than right after our push (DESIGN §1). Policy says report, enforce or adopt.

use std::time::Duration;

use serde_json::Value;

use crate::connector::Remote;
use crate::directory::import;
use crate::mapping::{self, Carried, Onward};
use crate::model::job::priority;
use crate::model::policies::Drift;
use crate::model::{Actor, Change, EventDraft, Instance, JobKind, Link, Outcome, Resource, Time};
use crate::scim::{Attributes, resource};
use crate::store::links::Enforced;
use crate::store::{StoreError, Tx, events, jobs, links};
use crate::sync::present::declared;

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
    let mut paths = mapping::drifted(&link.pushed, &link.base, &now.seen);
    if paths.is_empty() {
        return Ok(());
    }
    let custom = declared(tx, instance.id, &instance.policies)?;
    let onward = Onward::new(&instance.policies, &custom);
    let wanted = onward.of(ours);
    let is_carried = onward.carries(ours) == Carried::In;
    // What is to be sent anyway is no drift; of those out of scope nothing matters but that they stay out.
    let ahead = mapping::differing(&wanted.desired, &link.pushed);
    paths.retain(|p| {
        let matters = if is_carried {
            !ahead.contains(p)
        } else {
            p == "active"
        };
        matters && !wanted.is_silent(p)
    });
    let side = Side {
        tx,
        ours,
        wanted: &wanted.document,
        remote,
    };
    let policy = |path: &String| match instance.policies.drift_at(path) {
        Drift::Adopt if !is_carried || !may_adopt(&onward, ours, remote, path) => Drift::Report,
        policy => policy,
    };
    let of = |wished| {
        paths
            .iter()
            .filter(|p| policy(p) == wished)
            .cloned()
            .collect::<Vec<_>>()
    };
    let news = |paths: &[String]| -> Vec<String> {
        let news = paths.iter().filter(|p| link.seen.get(*p) != now.seen.get(*p));
        news.cloned().collect()
    };
    let (reported, enforced) = (news(&of(Drift::Report)), of(Drift::Enforce));
    let fresh = news(&enforced);
    if !reported.is_empty() {
        let text = "The app holds another value; it is left so.";
        side.tell(&reported, "drift.seen", Outcome::Skipped, text)?;
    }
    adopt(&side, instance, now, &of(Drift::Adopt))?;
    if enforced.is_empty() {
        return Ok(());
    }
    enforce(&side, now, &enforced, &fresh)
}

/// No template leads back. What a list leaves out may be there all the same. And who has access is said on our side: an app
/// that shows a leaver as active brings nobody back, and one that shows everybody as inactive removes nobody.
fn may_adopt(onward: &Onward<'_>, ours: &Resource, remote: &Remote, path: &str) -> bool {
    path != "active" && !onward.has(ours.kind, path) && resource::get(&remote.attributes, path).is_some()
}

/// Both sides of a difference.
struct Side<'a> {
    tx: &'a Tx<'a>,
    ours: &'a Resource,
    /// What the app shall hold.
    wanted: &'a Attributes,
    remote: &'a Remote,
}

fn adopt(side: &Side<'_>, instance: &Instance, now: &mut Link, paths: &[String]) -> Result<(), StoreError> {
    for path in paths {
        let theirs = resource::get(&side.remote.attributes, path).cloned();
        import::adopt_value(side.tx, instance, side.ours.row, path, theirs)?;
        for print in [&mut now.base, &mut now.pushed] {
            print.extend(
                now.seen
                    .get_key_value(path)
                    .map(|(p, hash)| (p.clone(), hash.clone())),
            );
        }
    }
    Ok(())
}

fn enforce(side: &Side<'_>, now: &mut Link, paths: &[String], news: &[String]) -> Result<(), StoreError> {
    let (tx, ours) = (side.tx, side.ours);
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
        let priority = priority::of_push(ours.kind, !ours.active);
        jobs::enqueue(tx, ours.instance, JobKind::Push, ours.row, priority, None)?;
        let text = "The app held another value; ours is sent again.";
        side.tell(&push, "drift.enforced", Outcome::Done, text)?;
    }
    let fought: Vec<String> = fought.into_iter().filter(|p| news.contains(p)).collect();
    if fought.is_empty() {
        return Ok(());
    }
    let text = "Changed in the app again and again within a day; ours is not sent any more until it changes here. Does another system write there?";
    side.tell(&fought, "drift.fought", Outcome::Held, text)
}

/// Counts one more push of `path` if fewer than the most were made in the last day.
pub(super) fn may_push(enforced: &mut Enforced, path: &str, now: Time) -> bool {
    let times = enforced.entry(path.to_owned()).or_default();
    times.retain(|t| *t > now.before(DAY));
    if times.len() >= MOST {
        return false;
    }
    times.push(now);
    true
}

impl Side<'_> {
    fn tell(
        &self,
        paths: &[String],
        action: &'static str,
        outcome: Outcome,
        text: &str,
    ) -> Result<(), StoreError> {
        let at = |attributes, path: &str| resource::get(attributes, path).cloned().unwrap_or(Value::Null);
        let changes = paths.iter().take(50).map(|path| Change {
            path: path.clone(),
            before: at(self.wanted, path),
            after: at(&self.remote.attributes, path),
        });
        let draft = EventDraft {
            instance: Some(self.ours.instance),
            resource: Some(self.ours.row),
            subject: self.ours.display.clone(),
            actor: Actor::Target,
            action,
            outcome,
            detail: text.to_owned(),
            changes: changes.collect(),
        };
        events::record(self.tx, draft).map(drop)
    }
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
