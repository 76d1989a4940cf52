//! The removal limit (DESIGN §5): who may lose access, a group or a membership without a person looking at it.
//!
//! A push *reserves* before it calls, in one unit of work, so parallel workers cannot overshoot. Only removals wait.

mod losses;

use std::time::Duration;

pub(super) use losses::Losses;

use super::{health, protected};
use crate::model::job::priority;
use crate::model::policies::Limit;
use crate::model::{
    Actor, EventDraft, Instance, InstanceId, JobKind, Outcome, Removal, RemovalClass, RemovalState, Time,
};
use crate::scim::schema::ResourceType;
use crate::store::{Rx, StoreError, Tx, events, jobs, links, members, removals};

/// Pushes count against the limit for so long.
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// Whether one more removal is too many. `base`: how many there were when the window began; `counted`: removals in the
/// window, this one included; `left`: how many will have access after it and all others that may still happen.
#[must_use]
pub fn is_over(class: RemovalClass, limit: Limit, base: u64, counted: u64, left: u64) -> bool {
    let many = counted > u64::from(limit.floor)
        && counted.saturating_mul(100) > u64::from(limit.percent).saturating_mul(base);
    match class {
        RemovalClass::Membership => many,
        RemovalClass::Account | RemovalClass::Group => {
            many || (base >= 3 && counted.saturating_mul(2) > base) || left == 0
        }
    }
}

/// How many removals out of `base` pass, one after the other, before one is held.
#[must_use]
pub fn most(class: RemovalClass, limit: Limit, base: u64) -> u64 {
    let share = u64::from(limit.percent).saturating_mul(base) / 100;
    let most = share.max(limit.floor.into());
    match class {
        RemovalClass::Membership => most,
        RemovalClass::Account | RemovalClass::Group if base >= 3 => most.min(base / 2),
        RemovalClass::Account | RemovalClass::Group => most.min(base.saturating_sub(1)),
    }
}

/// The same for an instance as it is now.
///
/// # Errors
/// When the database fails.
pub fn most_now(rx: &Rx<'_>, instance: &Instance, class: RemovalClass) -> Result<u64, StoreError> {
    let used = removals::used(rx, instance.id, class, rx.now().before(WINDOW), 0)?;
    let p = &instance.policies;
    let all = i64::MAX.unsigned_abs();
    let (limit, there) = match class {
        RemovalClass::Account => (
            p.accounts,
            links::with_access(rx, instance.id, ResourceType::User, all)?,
        ),
        RemovalClass::Group => (
            p.groups,
            links::with_access(rx, instance.id, ResourceType::Group, all)?,
        ),
        RemovalClass::Membership => (
            p.memberships,
            members::count_held(rx, instance.id)?.unsigned_abs(),
        ),
    };
    Ok(most(class, limit, there + used.done))
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Which counter.
    pub class: RemovalClass,
    /// Row of the person or group.
    pub subject: i64,
    /// For a membership: the member's row; else 0.
    pub member: i64,
    /// What a person calls it.
    pub label: String,
    /// Why.
    pub reason: &'static str,
    /// The sync whose read it is born of; 0: a push.
    pub run: i64,
    /// It has access now: an account that is off already leaves nobody behind without one.
    pub has_access: bool,
}

/// The answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Permit {
    /// Go on; the removal's row, to be marked as done.
    Granted(i64),
    /// A person has to allow it.
    Held,
    /// A person said no.
    Rejected,
}

/// Asks for one removal, and counts it if it is granted.
///
/// # Errors
/// When the database fails.
pub fn reserve(tx: &Tx<'_>, instance: &Instance, ask: &Ask) -> Result<Permit, StoreError> {
    if is_protected(tx, instance, ask)? {
        return keep(tx, instance, ask);
    }
    if let Some(open) = removals::open_of(tx, instance.id, ask.class, ask.subject, ask.member)? {
        return Ok(match open.state {
            RemovalState::Held => Permit::Held,
            RemovalState::Rejected => Permit::Rejected,
            RemovalState::Reserved | RemovalState::Allowed | RemovalState::Done => Permit::Granted(open.id),
        });
    }
    let over = would_be_over(tx, instance, ask)?;
    let permit = open(tx, instance, ask, over)?;
    if over {
        health::look_at_held(tx, instance.id)?;
    }
    Ok(permit)
}

/// Writes a new removal: reserved, or held if it is one too many.
fn open(tx: &Tx<'_>, instance: &Instance, ask: &Ask, over: bool) -> Result<Permit, StoreError> {
    let state = if over {
        RemovalState::Held
    } else {
        RemovalState::Reserved
    };
    let new = Removal {
        id: 0,
        instance: instance.id,
        class: ask.class,
        subject: ask.subject,
        member: ask.member,
        label: ask.label.clone(),
        state,
        reason: ask.reason.to_owned(),
        at: tx.now(),
    };
    let id = removals::insert(tx, &new, ask.run)?;
    if !over {
        return Ok(Permit::Granted(id));
    }
    record(
        tx,
        &new,
        "removal.held",
        Outcome::Held,
        &Actor::Hub,
        "Past the removal limit: it waits for Allow or Reject.",
    )?;
    Ok(Permit::Held)
}

/// What a sync found gone is gone without us; all else is asked of whom it would hit.
fn is_protected(rx: &Rx<'_>, instance: &Instance, ask: &Ask) -> Result<bool, StoreError> {
    let whom = match ask.class {
        RemovalClass::Membership => ask.member,
        RemovalClass::Account | RemovalClass::Group => ask.subject,
    };
    Ok(ask.run == 0 && protected::covers_row(rx, instance, whom)?)
}

/// Nothing is taken from who is protected: as if an admin had rejected it, until our side changes. The attempt is told.
fn keep(tx: &Tx<'_>, instance: &Instance, ask: &Ask) -> Result<Permit, StoreError> {
    let open = removals::open_of(tx, instance.id, ask.class, ask.subject, ask.member)?;
    if open.is_some_and(|open| open.state == RemovalState::Rejected) {
        return Ok(Permit::Rejected);
    }
    removals::withdraw(tx, instance.id, ask.class, ask.subject, ask.member)?;
    let kept = Removal {
        id: 0,
        instance: instance.id,
        class: ask.class,
        subject: ask.subject,
        member: ask.member,
        label: ask.label.clone(),
        state: RemovalState::Rejected,
        reason: protected::REASON.to_owned(),
        at: tx.now(),
    };
    removals::insert(tx, &kept, ask.run)?;
    let text = match ask.class {
        RemovalClass::Group => {
            "A protected account is in it: the app keeps the group, whatever was changed here."
        }
        _ => "It is protected: the app keeps it as it is, whatever was changed here.",
    };
    record(
        tx,
        &kept,
        "removal.protected",
        Outcome::Skipped,
        &Actor::Hub,
        text,
    )?;
    health::look_at_held(tx, instance.id)?;
    Ok(Permit::Rejected)
}

/// The list of protected accounts changed: what was kept because of the old one is asked for anew.
///
/// # Errors
/// When the database fails.
pub fn protection_changed(tx: &Tx<'_>, instance: InstanceId) -> Result<(), StoreError> {
    for kept in removals::rejected_for(tx, instance, protected::REASON)? {
        removals::withdraw(tx, instance, kept.class, kept.subject, kept.member)?;
        if kept.class == RemovalClass::Membership {
            members::set_kept(tx, kept.subject, kept.member, false)?;
        }
        wake(tx, &kept, 0)?;
    }
    Ok(())
}

fn would_be_over(rx: &Rx<'_>, instance: &Instance, ask: &Ask) -> Result<bool, StoreError> {
    let used = removals::used(rx, instance.id, ask.class, rx.now().before(WINDOW), ask.run)?;
    let counted = used.counted + 1;
    let p = &instance.policies;
    let (limit, kind) = match ask.class {
        RemovalClass::Account => (p.accounts, ResourceType::User),
        RemovalClass::Group => (p.groups, ResourceType::Group),
        RemovalClass::Membership => {
            if counted <= u64::from(p.memberships.floor) {
                return Ok(false);
            }
            let held = members::count_held(rx, instance.id)?.unsigned_abs();
            return Ok(is_over(ask.class, p.memberships, held + used.done, counted, 1));
        }
    };
    // Only as many are counted as can make a difference: the cost grows with the removals, not with the directory.
    let most = counted * 100 / u64::from(limit.percent.max(1)) + 2 * counted + used.outstanding + 3;
    let there = links::with_access(rx, instance.id, kind, most)?;
    let left = if ask.has_access {
        there.saturating_sub(used.outstanding + 1)
    } else {
        1
    };
    Ok(is_over(ask.class, limit, there + used.done, counted, left))
}

/// How many of `asked` removals would be done without a person, were they asked for now; the others would be held.
///
/// # Errors
/// When the database fails.
pub fn would_pass(
    rx: &Rx<'_>,
    instance: &Instance,
    class: RemovalClass,
    asked: u64,
) -> Result<u64, StoreError> {
    let used = removals::used(rx, instance.id, class, rx.now().before(WINDOW), 0)?;
    let p = &instance.policies;
    let (limit, kind) = match class {
        RemovalClass::Account => (p.accounts, ResourceType::User),
        RemovalClass::Group => (p.groups, ResourceType::Group),
        RemovalClass::Membership => return Ok(asked),
    };
    let there = links::with_access(rx, instance.id, kind, u64::MAX)?;
    let passes = |n: &u64| {
        let left = there.saturating_sub(used.outstanding + n);
        !is_over(class, limit, there + used.done, used.counted + n, left)
    };
    Ok((1..=asked).take_while(passes).count() as u64)
}

/// An admin frees exactly these; those that are not held any more are passed over. How many were freed.
///
/// # Errors
/// When the database fails.
pub fn allow(tx: &Tx<'_>, instance: InstanceId, ids: &[i64], actor: &Actor) -> Result<usize, StoreError> {
    decide(tx, instance, ids, actor, RemovalState::Allowed)
}

/// An admin keeps exactly these in the app, until our side changes. How many were kept.
///
/// # Errors
/// When the database fails.
pub fn reject(tx: &Tx<'_>, instance: InstanceId, ids: &[i64], actor: &Actor) -> Result<usize, StoreError> {
    decide(tx, instance, ids, actor, RemovalState::Rejected)
}

fn decide(
    tx: &Tx<'_>,
    instance: InstanceId,
    ids: &[i64],
    actor: &Actor,
    state: RemovalState,
) -> Result<usize, StoreError> {
    let mut decided = 0;
    for id in ids {
        let Some((removal, run)) = removals::by_id(tx, instance, *id)? else {
            continue;
        };
        if !removals::decide(tx, &removal, state)? {
            continue;
        }
        decided += 1;
        let (action, outcome, text) = match state {
            RemovalState::Allowed => ("removal.allowed", Outcome::Done, "Allowed."),
            _ => (
                "removal.rejected",
                Outcome::Skipped,
                "Rejected: it stays in the app until something changes here.",
            ),
        };
        record(tx, &removal, action, outcome, actor, text)?;
        if removal.class == RemovalClass::Membership && run == 0 {
            members::set_kept(
                tx,
                removal.subject,
                removal.member,
                state != RemovalState::Allowed,
            )?;
        }
        wake(tx, &removal, run)?;
    }
    health::look_at_held(tx, instance)?;
    Ok(decided)
}

/// Whoever waited for the decision runs again.
fn wake(tx: &Tx<'_>, removal: &Removal, run: i64) -> Result<(), StoreError> {
    if run == 0 {
        let kind = match removal.class {
            RemovalClass::Account => ResourceType::User,
            RemovalClass::Group | RemovalClass::Membership => ResourceType::Group,
        };
        let priority = priority::of_push(kind, true);
        let (instance, subject) = (removal.instance, removal.subject);
        return jobs::enqueue(tx, instance, JobKind::Push, subject, priority, None);
    }
    if removal.class == RemovalClass::Membership {
        // The app may show it again by now.
        return jobs::enqueue(tx, removal.instance, JobKind::Import, 0, priority::IMPORT, None);
    }
    match links::by_resource(tx, removal.subject)? {
        Some(link) => jobs::enqueue(
            tx,
            removal.instance,
            JobKind::Verify,
            link.id,
            priority::LATER,
            None,
        ),
        None => Ok(()),
    }
}

fn record(
    tx: &Tx<'_>,
    removal: &Removal,
    action: &'static str,
    outcome: Outcome,
    actor: &Actor,
    text: &str,
) -> Result<(), StoreError> {
    let id = events::record(
        tx,
        EventDraft {
            instance: Some(removal.instance),
            resource: Some(removal.subject),
            subject: removal.label.clone(),
            actor: actor.clone(),
            action,
            outcome,
            detail: text.to_owned(),
            changes: Vec::new(),
        },
    )?;
    if removal.class == RemovalClass::Membership {
        events::also_about(tx, id, &[removal.member])
    } else {
        Ok(())
    }
}

/// Forgets what no window counts any more.
///
/// # Errors
/// When the database fails.
pub fn purge(tx: &Tx<'_>, now: Time) -> Result<(), StoreError> {
    removals::purge(tx, now.before(WINDOW * 24)).map(drop)
}

#[cfg(test)]
mod tests;
