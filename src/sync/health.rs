//! Health: which conditions are open, and the one word and reason they come to (DESIGN §6). A condition opens and ends in
//! the unit of work of what caused it; nothing polls.

use super::credential;
use crate::mapping::Onward;
use crate::model::job::priority;
use crate::model::{
    Actor, Condition, ConditionKind, EventDraft, Health, Instance, InstanceId, JobKind, Outcome,
    RemovalClass, Time,
};
use crate::secret::KeyState;
use crate::store::jobs::JobCounts;
use crate::store::{StoreError, Tx, conditions, events, instances, jobs, removals};

/// The word for an instance's state and why, from what is open.
#[must_use]
pub fn health(instance: &Instance, open: &[Condition], counts: &JobCounts) -> (Health, String) {
    if !instance.enabled {
        return (Health::Disabled, "switched off by an admin".into());
    }
    if instance.target.is_none() {
        return (Health::Healthy, "receives only".into());
    }
    let worst = open
        .iter()
        .filter(|c| c.until.is_none())
        // Whoever was rejected may have been deleted here since; then nothing is left to look at.
        .filter(|c| !matches!(c.kind, ConditionKind::Rejected | ConditionKind::Leavers) || counts.rejected > 0)
        .max_by_key(|c| (word_of(c.kind), std::cmp::Reverse(c.since)));
    if let Some(condition) =
        worst.filter(|c| word_of(c.kind) == Health::Failing || instance.imported_at.is_some())
    {
        return (word_of(condition.kind), condition.reason.clone());
    }
    if instance.imported_at.is_none() && instance.paused {
        return (
            Health::Connecting,
            "paused before the first sync; it runs once the instance is resumed".into(),
        );
    }
    if instance.imported_at.is_none() {
        return (Health::Connecting, "the first sync is running".into());
    }
    if instance.paused {
        return (
            Health::Healthy,
            format!("paused; {} wait", people(counts.pending, "change", "changes")),
        );
    }
    if counts.retrying > 0 {
        return (
            Health::Degraded,
            format!(
                "{} being tried again",
                people(counts.retrying, "change is", "changes are")
            ),
        );
    }
    (Health::Healthy, String::new())
}

/// What an open condition makes of an instance.
#[must_use]
pub fn word_of(kind: ConditionKind) -> Health {
    match kind {
        ConditionKind::Credentials
        | ConditionKind::Unreachable
        | ConditionKind::Sealed
        | ConditionKind::Leavers => Health::Failing,
        ConditionKind::Held => Health::Held,
        ConditionKind::Rejected
        | ConditionKind::Scope
        | ConditionKind::TokenEnds
        | ConditionKind::TokenRefused => Health::Degraded,
    }
}

fn people(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// What can be wrong with a target as a whole.
const WHOLE: [ConditionKind; 3] = [
    ConditionKind::Credentials,
    ConditionKind::Unreachable,
    ConditionKind::Sealed,
];

/// Looks whether the stored tokens open, so that a lost key file shows before a job needs it. Call it at start and after
/// a change of the key; nothing else can change the answer but a token that is typed.
///
/// # Errors
/// When the database fails.
pub fn look_at_tokens(tx: &Tx<'_>, keys: &KeyState) -> Result<(), StoreError> {
    for instance in instances::list(tx)?.iter().filter(|i| i.target.is_some()) {
        match credential::stored(tx, keys, instance.id)? {
            Err(why) => {
                only(tx, instance.id, ConditionKind::Sealed)?;
                fail(tx, instance, ConditionKind::Sealed, &why.to_string(), None)?;
            }
            Ok(_) => {
                let open = conditions::open_of(tx, instance.id)?;
                if open.iter().any(|c| c.kind == ConditionKind::Sealed) {
                    recover(tx, instance.id, true)?;
                    jobs::enqueue(tx, instance.id, JobKind::Import, 0, priority::IMPORT, None)?;
                }
            }
        }
    }
    Ok(())
}

/// What is wrong with the target as a whole is one thing at a time, the latest that was seen.
///
/// # Errors
/// When the database fails.
pub(super) fn only(tx: &Tx<'_>, id: InstanceId, kind: ConditionKind) -> Result<(), StoreError> {
    for other in WHOLE {
        if other != kind {
            conditions::close(tx, id, other)?;
        }
    }
    Ok(())
}

/// Opens a condition of the target as a whole, with an event when it is new.
///
/// # Errors
/// When the database fails.
pub(super) fn fail(
    tx: &Tx<'_>,
    instance: &Instance,
    kind: ConditionKind,
    reason: &str,
    next: Option<Time>,
) -> Result<(), StoreError> {
    if conditions::open(tx, instance.id, kind, reason, next)? {
        tell(
            tx,
            instance,
            "instance.failing",
            Outcome::Retried,
            reason.to_owned(),
        )?;
        tracing::warn!(instance = %instance.slug, reason, "an instance is failing");
    }
    Ok(())
}

/// The target answers as it should: no backoff, and what was wrong with it as a whole has ended. While a backoff lasts,
/// only `sure` ends it: an answer to a request that was under way before proves nothing.
///
/// # Errors
/// When the database fails.
pub(super) fn recover(tx: &Tx<'_>, id: InstanceId, sure: bool) -> Result<(), StoreError> {
    let Some(instance) = instances::by_id(tx, id)? else {
        return Ok(());
    };
    let lasts = instance.parked_since.is_some() || instance.retry_at.is_some_and(|t| t > tx.now());
    let quiet = instance.retry_at.is_none() && instance.retry_count == 0;
    if !sure && (quiet || lasts) {
        return Ok(());
    }
    instances::set_backoff(tx, id, None, 0, None)?;
    let mut healed = false;
    for kind in WHOLE {
        healed |= conditions::close(tx, id, kind)?;
    }
    if healed {
        tell(tx, &instance, "instance.recovered", Outcome::Done, String::new())?;
        tracing::info!(instance = %instance.slug, "an instance answers again");
    }
    Ok(())
}

fn tell(
    tx: &Tx<'_>,
    instance: &Instance,
    action: &'static str,
    outcome: Outcome,
    detail: String,
) -> Result<(), StoreError> {
    let draft = EventDraft {
        instance: Some(instance.id),
        resource: None,
        subject: instance.name.clone(),
        actor: Actor::Hub,
        action,
        outcome,
        detail,
        changes: Vec::new(),
    };
    events::record(tx, draft).map(drop)
}

/// A push ended well: what follows from rejected ones, or from removals that waited, may have ended with it.
///
/// # Errors
/// When the database fails.
pub(super) fn after_push(tx: &Tx<'_>, instance: InstanceId) -> Result<(), StoreError> {
    let open = conditions::open_of(tx, instance)?;
    let concerned = |c: &Condition| matches!(c.kind, ConditionKind::Rejected | ConditionKind::Leavers);
    if open.iter().any(concerned) {
        look_at_rejected(tx, instance)?;
    }
    if open.iter().any(|c| c.kind == ConditionKind::Held) {
        look_at_held(tx, instance)?;
    }
    Ok(())
}

/// Opens or ends what follows from rejected pushes. Costs as much as there are of them.
///
/// # Errors
/// When the database fails.
pub(super) fn look_at_rejected(tx: &Tx<'_>, instance: InstanceId) -> Result<(), StoreError> {
    let stuck = jobs::stuck(tx, instance)?;
    let leavers = format!(
        "{} access in the app",
        people(stuck.leavers, "leaver still has", "leavers still have")
    );
    set(tx, instance, ConditionKind::Leavers, stuck.leavers, &leavers)?;
    let others = stuck.rejected - stuck.leavers;
    let refused = others.saturating_sub(stuck.unmapped);
    let parts = [
        (refused, "refused by the app"),
        (stuck.unmapped, "not sent: our mapping gives nothing that can be"),
    ];
    let said: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| {
            format!(
                "{} {what}",
                people(*n, "user or group was", "users and groups were")
            )
        })
        .collect();
    set(tx, instance, ConditionKind::Rejected, others, &said.join("; "))
}

/// Opens or ends what follows from a scope filter that cannot be read. When it can be read again, everything is looked at.
///
/// # Errors
/// When the database fails.
pub(super) fn look_at_scope(tx: &Tx<'_>, id: InstanceId) -> Result<(), StoreError> {
    let Some(instance) = instances::by_id(tx, id)?.filter(|i| i.target.is_some()) else {
        return Ok(());
    };
    let custom = super::present::declared(tx, id, &instance.policies)?;
    match Onward::new(&instance.policies, &custom).flaw() {
        Some(why) => {
            let text = format!("{why} Nobody new is carried and nobody is removed until it is mended");
            if conditions::open(tx, id, ConditionKind::Scope, &text, None)? {
                tell(tx, &instance, "scope.unreadable", Outcome::Skipped, text)?;
            }
        }
        None => {
            if conditions::close(tx, id, ConditionKind::Scope)? {
                super::connect::reconsider(tx, id)?;
            }
        }
    }
    Ok(())
}

/// Opens or ends what follows from held removals.
///
/// # Errors
/// When the database fails.
pub(super) fn look_at_held(tx: &Tx<'_>, instance: InstanceId) -> Result<(), StoreError> {
    let held = removals::count_held(tx, instance)?;
    let parts: Vec<String> = held
        .iter()
        .map(|(class, n)| match class {
            RemovalClass::Account => people(*n, "account", "accounts"),
            RemovalClass::Group => people(*n, "group", "groups"),
            RemovalClass::Membership => people(*n, "membership", "memberships"),
        })
        .collect();
    let total = held.iter().map(|(_, n)| n).sum();
    set(
        tx,
        instance,
        ConditionKind::Held,
        total,
        &format!("removal of {} waits for Allow or Reject", parts.join(", ")),
    )
}

fn set(
    tx: &Tx<'_>,
    instance: InstanceId,
    kind: ConditionKind,
    n: u64,
    reason: &str,
) -> Result<(), StoreError> {
    if n > 0 {
        conditions::open(tx, instance, kind, reason, None).map(drop)
    } else {
        conditions::close(tx, instance, kind).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Capabilities, Policies, Scope, Target};

    fn instance() -> Instance {
        Instance {
            id: InstanceId(1),
            slug: "a".into(),
            name: "A".into(),
            app: "scim".into(),
            scope: Scope::UsersAndGroups,
            enabled: true,
            paused: false,
            target: Some(Target::Scim {
                base_url: "https://a.example/scim".into(),
                access: Default::default(),
                capabilities: Capabilities::default(),
            }),
            policies: Policies::default(),
            sync_every_s: 3600,
            next_sync_at: None,
            last_sync_at: None,
            imported_at: Some(Time(1)),
            retry_at: None,
            retry_count: 0,
            parked_since: None,
            secret_set_at: None,
            secret_ends_at: None,
            created: Time(0),
        }
    }

    fn open(kind: ConditionKind, since: i64, until: Option<i64>) -> Condition {
        let reason = format!("{} {since}", kind.as_str());
        Condition {
            instance: InstanceId(1),
            kind,
            reason,
            since: Time(since),
            until: until.map(Time),
            next_try: None,
        }
    }

    fn word(instance: &Instance, open: &[Condition], counts: JobCounts) -> (Health, String) {
        health(instance, open, &counts)
    }

    #[test]
    fn without_trouble() {
        let none = JobCounts::default();
        assert_eq!(word(&instance(), &[], none), (Health::Healthy, String::new()));
        let receiver = Instance {
            target: None,
            imported_at: None,
            ..instance()
        };
        assert_eq!(
            word(&receiver, &[], none),
            (Health::Healthy, "receives only".into())
        );
        let new = Instance {
            imported_at: None,
            ..instance()
        };
        assert_eq!(word(&new, &[], none).0, Health::Connecting);
        let off = Instance {
            enabled: false,
            ..instance()
        };
        assert_eq!(
            word(&off, &[open(ConditionKind::Held, 1, None)], none).0,
            Health::Disabled
        );
        let busy = JobCounts { pending: 7, ..none };
        assert_eq!(word(&instance(), &[], busy).0, Health::Healthy);
        let paused = Instance {
            paused: true,
            ..instance()
        };
        assert_eq!(
            word(&paused, &[], busy),
            (Health::Healthy, "paused; 7 changes wait".into())
        );
    }

    #[test]
    fn the_worst_open_condition_speaks() {
        let all = [
            open(ConditionKind::Rejected, 1, None),
            open(ConditionKind::Unreachable, 3, None),
            open(ConditionKind::Held, 2, None),
        ];
        assert_eq!(
            word(&instance(), &all, JobCounts::default()),
            (Health::Failing, "unreachable 3".into())
        );
        let rejected = JobCounts {
            rejected: 1,
            ..JobCounts::default()
        };
        assert_eq!(word(&instance(), &all[..1], rejected).0, Health::Degraded);
        let deleted_since = word(&instance(), &all[..1], JobCounts::default()).0;
        assert_eq!(deleted_since, Health::Healthy);
        let ended = [
            open(ConditionKind::Unreachable, 1, Some(2)),
            open(ConditionKind::Held, 1, None),
        ];
        assert_eq!(word(&instance(), &ended, JobCounts::default()).0, Health::Held);
        let older = [
            open(ConditionKind::Unreachable, 5, None),
            open(ConditionKind::Credentials, 3, None),
        ];
        assert_eq!(word(&instance(), &older, JobCounts::default()).1, "credentials 3");
    }

    #[test]
    fn a_first_sync_that_cannot_begin_is_failing() {
        let new = Instance {
            imported_at: None,
            ..instance()
        };
        assert_eq!(
            word(
                &new,
                &[open(ConditionKind::Unreachable, 1, None)],
                JobCounts::default()
            )
            .0,
            Health::Failing
        );
        assert_eq!(
            word(
                &new,
                &[open(ConditionKind::Rejected, 1, None)],
                JobCounts::default()
            )
            .0,
            Health::Connecting
        );
    }

    #[test]
    fn retries_show() {
        let counts = JobCounts {
            pending: 2,
            retrying: 1,
            ..JobCounts::default()
        };
        assert_eq!(
            word(&instance(), &[], counts),
            (Health::Degraded, "1 change is being tried again".into())
        );
    }
}
