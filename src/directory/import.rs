//! What an import saw in the app, brought in. It never changes an owned attribute and never echoes back: owned
//! differences are drift, which `sync` judges. One bad object never stops a page.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Door;
use super::delete::leave_groups;
use super::door::{changes, word};
use crate::model::job::priority;
use crate::model::policies::Drift;
use crate::model::{Actor, Change, Instance, JobKind, Resource};
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, resource};
use crate::store::jobs::Standing;
use crate::store::members::{Learnt, Stored};
use crate::store::{StoreError, Tx, jobs, members, resources};

const ACTOR: Actor = Actor::Target;

fn door<'a>(tx: &'a Tx<'a>, instance: &'a Instance) -> Door<'a> {
    Door {
        tx,
        instance,
        actor: &ACTOR,
    }
}

/// An account or group that only the app has: it appears here, unmanaged. Its row.
///
/// # Errors
/// When the database fails.
pub fn create(
    tx: &Tx<'_>,
    instance: &Instance,
    kind: ResourceType,
    attributes: &Attributes,
) -> Result<i64, StoreError> {
    let (row, display) = resources::appear(tx, instance.id, kind, attributes)?;
    let action = word(kind, "user.imported", "group.imported");
    door(tx, instance).tell_of((row, kind, display), action, String::new(), Vec::new())?;
    Ok(row)
}

/// What nobody here owns follows the app; what changed by that.
///
/// # Errors
/// When the database fails.
pub fn refresh(
    tx: &Tx<'_>,
    instance: &Instance,
    row: i64,
    seen: &Attributes,
) -> Result<Vec<Change>, StoreError> {
    let Some(before) = resources::load(tx, row)?.filter(|r| r.deleted_at.is_none()) else {
        return Ok(Vec::new());
    };
    let mut paths: BTreeSet<String> = resource::paths(before.kind, seen).into_iter().collect();
    paths.extend(resource::paths(before.kind, &before.attributes));
    let mut attributes = before.attributes.clone();
    for path in paths
        .iter()
        .filter(|p| *p != "schemas" && !before.owned.contains(*p))
    {
        resource::set(&mut attributes, path, resource::get(seen, path).cloned());
    }
    take(tx, instance, &before, attributes)
}

/// Under policy *adopt* the app's value becomes ours.
///
/// # Errors
/// When the database fails.
pub fn adopt_value(
    tx: &Tx<'_>,
    instance: &Instance,
    row: i64,
    path: &str,
    value: Option<Value>,
) -> Result<(), StoreError> {
    let Some(before) = resources::load(tx, row)?.filter(|r| r.deleted_at.is_none()) else {
        return Ok(());
    };
    let mut attributes = before.attributes.clone();
    resource::set(&mut attributes, path, value);
    take(tx, instance, &before, attributes)?;
    Ok(())
}

fn take(
    tx: &Tx<'_>,
    instance: &Instance,
    before: &Resource,
    attributes: Attributes,
) -> Result<Vec<Change>, StoreError> {
    let differs = changes(before.kind, &before.attributes, &attributes);
    if differs.is_empty() {
        return Ok(differs);
    }
    let now = resources::update(tx, before, attributes, before.owned.clone(), true)?;
    let action = word(now.kind, "user.changed_in_app", "group.changed_in_app");
    door(tx, instance).tell(&now, action, "", differs.clone())?;
    Ok(differs)
}

/// What the app's group holds. Memberships that nobody here decided follow the app; on the others `policy` speaks.
/// Accounts unknown here are not in `held`. Before anybody stops being a member here, `may_go` is asked about the row; who
/// may not stays as it is. True: what was decided here is pushed against the app.
///
/// # Errors
/// When the database fails.
pub fn members(
    tx: &Tx<'_>,
    instance: &Instance,
    group_row: i64,
    held: &[i64],
    policy: Drift,
    mut may_go: impl FnMut(i64) -> Result<bool, StoreError>,
) -> Result<bool, StoreError> {
    let Some(group) = resources::load(tx, group_row)?.filter(|r| r.deleted_at.is_none()) else {
        return Ok(false);
    };
    let stored: BTreeMap<i64, Stored> = members::stored(tx, group_row)?
        .into_iter()
        .map(|s| (s.member, s))
        .collect();
    let held: BTreeSet<i64> = held.iter().copied().collect();
    let ours = group.owned.contains("members");
    let (mut shown_differently, mut drifted, mut push) = (0, 0, false);
    for row in stored.keys().chain(&held).collect::<BTreeSet<_>>() {
        let was = stored.get(row);
        let Some(now) = judge(was, held.contains(row), ours, policy) else {
            continue;
        };
        if was.is_some_and(|w| w.wanted) && !now.wanted && !may_go(*row)? {
            continue;
        }
        shown_differently += usize::from(was.is_some_and(|w| w.wanted) != now.wanted);
        let differs = now.wanted != now.held;
        drifted += usize::from(differs);
        push |= differs && !now.keep;
        members::learn(tx, group_row, *row, now)?;
        if !now.wanted && !now.held {
            wake_departed(tx, instance, *row)?;
        }
    }
    if shown_differently > 0 {
        let now = resources::touch(tx, &group)?;
        let text = format!("{shown_differently} memberships follow the app.");
        door(tx, instance).tell(&now, "group.changed_in_app", text, Vec::new())?;
    }
    if drifted > 0 {
        let text = match policy {
            Drift::Enforce => format!("{drifted} memberships were changed in the app; they are set right."),
            Drift::Report | Drift::Adopt => {
                format!("{drifted} memberships were changed in the app; they are left so.")
            }
        };
        door(tx, instance).tell(&group, "group.drift", text, Vec::new())?;
    }
    // A push that did not trust what the app showed can go on by what is known now.
    let learnt = shown_differently > 0 || drifted > 0;
    if push || (learnt && jobs::push_stands(tx, instance.id, group_row)? == Standing::Waiting) {
        jobs::enqueue(tx, instance.id, JobKind::Push, group_row, priority::GROUP, None)?;
    }
    Ok(push)
}

/// A deleted user who waits for being out of all groups in the app may be done.
fn wake_departed(tx: &Tx<'_>, instance: &Instance, row: i64) -> Result<(), StoreError> {
    if resources::load(tx, row)?.is_some_and(|r| r.deleted_at.is_some()) {
        jobs::enqueue(tx, instance.id, JobKind::Push, row, priority::LEAVER, None)?;
    }
    Ok(())
}

/// What becomes of one membership; `None`: it stays as it is. One that only the app has, and nobody here decided, is judged
/// as at first sight, so that it follows a new policy; so is one that was only reported as gone.
fn judge(was: Option<&Stored>, held: bool, ours: bool, policy: Drift) -> Option<Learnt> {
    let keep = policy == Drift::Report;
    let learnt = |wanted, held, keep| Learnt { wanted, held, keep };
    let now = match (was.filter(|w| w.wanted || w.owned), held) {
        // Only the app has it.
        (None, true) if !ours || policy == Drift::Adopt => learnt(true, true, false),
        (None, true) => learnt(false, true, keep),
        // Both sides agree, or a push of ours arrived.
        (Some(w), true) if w.wanted && !w.held => learnt(true, true, false),
        // It is gone from the app: as we wanted, or against it.
        (None, false) => learnt(false, false, false),
        (Some(w), false) if !w.wanted => learnt(false, false, false),
        (Some(w), false) if (w.held && !w.owned) || ((w.held || w.keep) && policy == Drift::Adopt) => {
            learnt(false, false, false)
        }
        (Some(w), false) if w.held || w.keep => learnt(true, false, keep),
        _ => return None,
    };
    let same = was.is_some_and(|w| learnt(w.wanted, w.held, w.keep) == now);
    (!same).then_some(now)
}

/// What appeared here unmanaged is one of ours: its memberships are that one's, and the copy goes.
///
/// # Errors
/// When the database fails.
pub fn merge(tx: &Tx<'_>, instance: &Instance, copy: i64, ours: i64) -> Result<(), StoreError> {
    let shown_in = members::group_rows(tx, copy)?;
    members::move_to(tx, copy, ours)?;
    for row in shown_in {
        if let Some(group) = resources::load(tx, row)? {
            resources::touch(tx, &group)?;
        }
    }
    jobs::drop_job(tx, instance.id, JobKind::Push, copy)?;
    resources::bury(tx, copy, instance.id)?;
    resources::forget_tombstone(tx, copy)
}

/// What was linked with one of ours may be another's: that one is as it was before, and what the app holds appears beside
/// it, managed by nobody. Its row.
///
/// # Errors
/// When the database fails.
pub fn part(tx: &Tx<'_>, instance: &Instance, ours: &Resource, seen: &Attributes) -> Result<i64, StoreError> {
    if ours.kind == ResourceType::Group {
        members::forget_held(tx, ours.row)?;
    }
    create(tx, instance, ours.kind, seen)
}

/// Verified as gone from the app, and nobody here manages it: it goes here too.
///
/// # Errors
/// When the database fails.
pub fn vanish(tx: &Tx<'_>, instance: &Instance, row: i64) -> Result<(), StoreError> {
    let Some(gone) = resources::load(tx, row)?.filter(|r| r.deleted_at.is_none()) else {
        return Ok(());
    };
    let door = door(tx, instance);
    let text = "The app answers that it no longer exists.";
    door.tell(
        &gone,
        word(gone.kind, "user.gone_from_app", "group.gone_from_app"),
        text,
        Vec::new(),
    )?;
    leave_groups(door, &gone)?;
    jobs::drop_job(tx, instance.id, JobKind::Push, row)?;
    resources::bury(tx, row, instance.id)?;
    let departed = members::departed(tx, instance.id, row)?;
    resources::forget_tombstone(tx, row)?;
    for member in departed {
        wake_departed(tx, instance, member)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stored(wanted: bool, held: bool, owned: bool) -> Stored {
        Stored {
            member: 1,
            wanted,
            held,
            keep: false,
            owned,
        }
    }

    #[test]
    fn an_unowned_membership_follows_the_app() {
        for policy in [Drift::Report, Drift::Enforce, Drift::Adopt] {
            assert_eq!(
                judge(None, true, false, policy),
                Some(Learnt {
                    wanted: true,
                    held: true,
                    keep: false
                })
            );
            let gone = judge(Some(&stored(true, true, false)), false, false, policy);
            assert_eq!(
                gone,
                Some(Learnt {
                    wanted: false,
                    held: false,
                    keep: false
                })
            );
        }
    }

    #[test]
    fn an_owned_membership_is_reported_enforced_or_given_up() {
        let was = stored(true, true, true);
        let judged = |policy| judge(Some(&was), false, true, policy);
        assert_eq!(
            judged(Drift::Report),
            Some(Learnt {
                wanted: true,
                held: false,
                keep: true
            })
        );
        assert_eq!(
            judged(Drift::Enforce),
            Some(Learnt {
                wanted: true,
                held: false,
                keep: false
            })
        );
        assert_eq!(
            judged(Drift::Adopt),
            Some(Learnt {
                wanted: false,
                held: false,
                keep: false
            })
        );
    }

    #[test]
    fn a_second_look_at_the_same_difference_says_nothing() {
        assert_eq!(
            judge(Some(&stored(true, false, true)), false, true, Drift::Report),
            None
        );
        assert_eq!(
            judge(Some(&stored(false, true, true)), true, true, Drift::Report),
            None
        );
        assert_eq!(
            judge(Some(&stored(true, true, true)), true, true, Drift::Report),
            None
        );
    }

    #[test]
    fn what_was_only_reported_follows_a_new_policy() {
        let reported = |wanted, owned| Stored {
            keep: true,
            ..stored(wanted, !wanted, owned)
        };
        let (stranger, lost) = (reported(false, false), reported(true, true));
        let judged = |policy| {
            let now = [
                judge(Some(&stranger), true, true, policy),
                judge(Some(&lost), false, true, policy),
            ];
            now.map(|l| l.map(|l| (l.wanted, l.held, l.keep)))
        };
        assert_eq!(judged(Drift::Report), [None, None]);
        assert_eq!(
            judged(Drift::Enforce),
            [Some((false, true, false)), Some((true, false, false))]
        );
        assert_eq!(
            judged(Drift::Adopt),
            [Some((true, true, false)), Some((false, false, false))]
        );
        // A removal that waits is nobody's report.
        let waits = reported(false, true);
        assert_eq!(judge(Some(&waits), true, true, Drift::Adopt), None);
    }

    #[test]
    fn a_removal_that_the_app_did_itself_needs_no_push() {
        let gone = judge(Some(&stored(false, true, true)), false, true, Drift::Enforce);
        assert_eq!(
            gone,
            Some(Learnt {
                wanted: false,
                held: false,
                keep: false
            })
        );
    }
}
