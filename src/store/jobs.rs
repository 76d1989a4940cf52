//! Jobs: what may be out of step (DESIGN §4). One row per (instance, kind, subject), however often it is asked for.
//! How a job is run is `sync`'s; which rows may run now is decided here, by the instance they belong to.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rusqlite::{OptionalExtension, params};

use super::{Rx, StoreError, Topic, Tx};
use crate::model::job::priority;
use crate::model::{InstanceId, Job, JobKind, Time};

/// Priorities, most urgent first: each is its own range of the index `jobs_due`.
const PRIORITIES: [i64; 5] = [
    priority::IMPORT,
    priority::LEAVER,
    priority::USER,
    priority::GROUP,
    priority::LATER,
];

/// Jobs of one instance, counted for people. Import, Verify and Reconcile count in none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JobCounts {
    /// Due, running or to be tried again.
    pub pending: u64,
    /// Those of `pending` that failed before.
    pub retrying: u64,
    /// Refused by the app: a person has to look.
    pub rejected: u64,
    /// Those of `rejected` that would end somebody's access; tried again hourly.
    pub leavers: u64,
    /// Waiting for Allow or Reject.
    pub held: u64,
}

/// Where a resource's push stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JobView {
    /// Row of the resource.
    pub subject: i64,
    /// waiting, retrying, rejected or held.
    pub state: String,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// Failed tries.
    pub attempts: u32,
    /// The next try; none: when it changes or is tried again by hand.
    pub due_at: Option<Time>,
}

/// Says that `subject` may be out of step. A row that sleeps (rejected, held) wakes; one that is running runs again.
///
/// # Errors
/// Those of SQLite.
pub fn enqueue(
    tx: &Tx<'_>,
    instance: InstanceId,
    kind: JobKind,
    subject: i64,
    priority: i64,
    due: Option<Time>,
) -> Result<(), StoreError> {
    let due = due.unwrap_or(tx.now()).0;
    tx.conn
        .prepare_cached(
            "INSERT INTO jobs(instance, kind, subject, priority, due_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET wanted = wanted + 1, priority = min(priority, excluded.priority),
               due_at = min(coalesce(due_at, excluded.due_at), excluded.due_at), attempts = 0, state = 'waiting'",
        )?
        .execute(params![instance.0, kind.code(), subject, priority, due])?;
    tx.tell(instance, Topic::Jobs);
    Ok(())
}

/// Forgets a job, running or not.
///
/// # Errors
/// Those of SQLite.
pub fn drop_job(tx: &Tx<'_>, instance: InstanceId, kind: JobKind, subject: i64) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("DELETE FROM jobs WHERE instance = ?1 AND kind = ?2 AND subject = ?3")?
        .execute(params![instance.0, kind.code(), subject])?;
    Ok(())
}

/// Which instances may run something: enabled, not paused, with a target, not backing off, not parked.
const READY: &str =
    "enabled = 1 AND paused = 0 AND deleted_at IS NULL AND target IS NOT NULL AND parked_since IS NULL";

/// Leases up to `limit` due jobs, the instances in turn beginning after `after`. `room` caps single instances,
/// `each` those that are not in it. Before its first import an instance runs nothing else.
///
/// # Errors
/// Those of SQLite.
pub fn claim(
    tx: &Tx<'_>,
    boot: &str,
    limit: usize,
    after: InstanceId,
    room: &BTreeMap<InstanceId, usize>,
    each: usize,
) -> Result<Vec<Job>, StoreError> {
    let mut lines = Vec::new();
    for (instance, imported) in ready(tx, tx.now())? {
        let cap = room.get(&instance).copied().unwrap_or(each).min(limit);
        let line = due_of(tx, instance, imported, cap)?;
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines.sort_by_key(|line| line.front().map(|j| (j.instance <= after, j.instance)));
    let mut taken = Vec::new();
    while taken.len() < limit && !lines.is_empty() {
        for line in &mut lines {
            if taken.len() < limit
                && let Some(job) = line.pop_front()
            {
                taken.push(job);
            }
        }
        lines.retain(|line| !line.is_empty());
    }
    let mut lease = tx.conn.prepare_cached(
        "UPDATE jobs SET leased_by = ?4 WHERE instance = ?1 AND kind = ?2 AND subject = ?3",
    )?;
    for job in &taken {
        lease.execute(params![job.instance.0, job.kind.code(), job.subject, boot])?;
    }
    Ok(taken)
}

fn ready(rx: &Rx<'_>, now: Time) -> Result<Vec<(InstanceId, bool)>, StoreError> {
    let sql = format!(
        "SELECT id, imported_at IS NOT NULL FROM instances WHERE {READY} AND coalesce(retry_at, 0) <= ?1 ORDER BY id"
    );
    let mut rows = rx.conn.prepare_cached(&sql)?;
    let found = rows.query_map([now.0], |r| Ok((InstanceId(r.get(0)?), r.get(1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

fn due_of(
    rx: &Rx<'_>,
    instance: InstanceId,
    imported: bool,
    cap: usize,
) -> Result<VecDeque<Job>, StoreError> {
    let mut found = VecDeque::new();
    // One range of the index per priority: rows that are due later cost nothing, however many.
    let mut rows = rx.conn.prepare_cached(
        "SELECT kind, subject, wanted, attempts, due_at FROM jobs INDEXED BY jobs_due
         WHERE instance = ?1 AND priority = ?2 AND due_at <= ?3 AND due_at IS NOT NULL AND leased_by IS NULL
         ORDER BY due_at LIMIT ?4",
    )?;
    let known = if imported {
        &PRIORITIES[..]
    } else {
        &PRIORITIES[..1]
    };
    for priority in known {
        let room = cap.saturating_sub(found.len());
        if room == 0 {
            break;
        }
        let mut query = rows.query(params![instance.0, priority, rx.now().0, room as i64])?;
        while let Some(r) = query.next()? {
            let kind = JobKind::from_code(r.get(0)?).ok_or(StoreError::Damaged("kind of job"))?;
            if imported || kind == JobKind::Import {
                found.push_back(Job {
                    instance,
                    kind,
                    subject: r.get(1)?,
                    wanted: r.get(2)?,
                    attempts: r.get(3)?,
                    due_at: Time(r.get(4)?),
                });
            }
        }
    }
    Ok(found)
}

/// Ends a job that has converged. False: somebody asked again meanwhile, so it stays and is due now.
///
/// # Errors
/// Those of SQLite.
pub fn finish(tx: &Tx<'_>, job: &Job) -> Result<bool, StoreError> {
    let gone = tx
        .conn
        .prepare_cached("DELETE FROM jobs WHERE instance = ?1 AND kind = ?2 AND subject = ?3 AND wanted = ?4 AND leased_by IS NOT NULL")?
        .execute(params![job.instance.0, job.kind.code(), job.subject, job.wanted])?;
    if gone == 0 {
        release(tx, job)?;
    }
    Ok(gone > 0)
}

/// Gives a job back untouched, due now.
///
/// # Errors
/// Those of SQLite.
pub fn release(tx: &Tx<'_>, job: &Job) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("UPDATE jobs SET leased_by = NULL, due_at = min(coalesce(due_at, ?4), ?4) WHERE instance = ?1 AND kind = ?2 AND subject = ?3")?
        .execute(params![job.instance.0, job.kind.code(), job.subject, tx.now().0])?;
    tx.tell(job.instance, Topic::Jobs);
    Ok(())
}

/// To be tried again at `due_at`.
///
/// # Errors
/// Those of SQLite.
pub fn retry(tx: &Tx<'_>, job: &Job, due_at: Time, error: &str) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached(
            "UPDATE jobs SET leased_by = NULL, attempts = attempts + 1, due_at = ?4, last_error = ?5, state = 'retrying'
             WHERE instance = ?1 AND kind = ?2 AND subject = ?3",
        )?
        .execute(params![job.instance.0, job.kind.code(), job.subject, due_at.0, error])?;
    tx.tell(job.instance, Topic::Jobs);
    Ok(())
}

/// The app refused: it sleeps until it changes or somebody tries again; `again_at`, a removal of access, also until then.
/// A change that came meanwhile runs at once instead.
///
/// # Errors
/// Those of SQLite.
pub fn reject(tx: &Tx<'_>, job: &Job, error: &str, again_at: Option<Time>) -> Result<(), StoreError> {
    sleep(tx, job, "rejected", Some(error), again_at)
}

/// What is left of it waits for Allow or Reject.
///
/// # Errors
/// Those of SQLite.
pub fn hold(tx: &Tx<'_>, job: &Job, why: &str) -> Result<(), StoreError> {
    sleep(tx, job, "held", Some(why), None)
}

fn sleep(
    tx: &Tx<'_>,
    job: &Job,
    state: &str,
    error: Option<&str>,
    again_at: Option<Time>,
) -> Result<(), StoreError> {
    let asleep = tx
        .conn
        .prepare_cached(
            "UPDATE jobs SET leased_by = NULL, attempts = attempts + 1, due_at = ?5, last_error = ?6, state = ?7
             WHERE instance = ?1 AND kind = ?2 AND subject = ?3 AND wanted = ?4",
        )?
        .execute(params![job.instance.0, job.kind.code(), job.subject, job.wanted, again_at.map(|t| t.0), error, state])?;
    if asleep == 0 {
        release(tx, job)?;
    }
    tx.tell(job.instance, Topic::Health);
    Ok(())
}

/// Wakes a resource's push that sleeps or waits for its next try. False: there is none.
///
/// # Errors
/// Those of SQLite.
pub fn try_again(tx: &Tx<'_>, instance: InstanceId, subject: i64) -> Result<bool, StoreError> {
    let woken = tx
        .conn
        .prepare_cached(
            "UPDATE jobs SET due_at = ?3, state = 'waiting', attempts = 0, wanted = wanted + 1
             WHERE instance = ?1 AND kind = 1 AND subject = ?2",
        )?
        .execute(params![instance.0, subject, tx.now().0])?;
    tx.tell(instance, Topic::Jobs);
    Ok(woken > 0)
}

/// Wakes all rejected pushes of an instance and says how many.
///
/// # Errors
/// Those of SQLite.
pub fn try_all_again(tx: &Tx<'_>, instance: InstanceId) -> Result<usize, StoreError> {
    let woken = tx
        .conn
        .prepare_cached(
            "UPDATE jobs SET due_at = ?2, state = 'waiting', attempts = 0, wanted = wanted + 1
             WHERE instance = ?1 AND state IN ('rejected', 'held') AND state = 'rejected'",
        )?
        .execute(params![instance.0, tx.now().0])?;
    tx.tell(instance, Topic::Jobs);
    Ok(woken)
}

/// After a start: leases of other boots are free, for one process holds the data directory.
///
/// # Errors
/// Those of SQLite.
pub fn release_foreign_leases(tx: &Tx<'_>, boot: &str) -> Result<usize, StoreError> {
    Ok(tx.conn.execute(
        "UPDATE jobs SET leased_by = NULL WHERE leased_by IS NOT NULL AND leased_by <> ?1",
        [boot],
    )?)
}

/// Before a stop: what this boot still holds is free.
///
/// # Errors
/// Those of SQLite.
pub fn release_own_leases(tx: &Tx<'_>, boot: &str) -> Result<usize, StoreError> {
    Ok(tx
        .conn
        .execute("UPDATE jobs SET leased_by = NULL WHERE leased_by = ?1", [boot])?)
}

/// Whether this resource's push is running now.
///
/// # Errors
/// Those of SQLite.
pub fn push_stands(rx: &Rx<'_>, instance: InstanceId, row: i64) -> Result<Standing, StoreError> {
    let leased: Option<bool> = rx
        .conn
        .prepare_cached(
            "SELECT leased_by IS NOT NULL FROM jobs WHERE instance = ?1 AND kind = 1 AND subject = ?2",
        )?
        .query_row([instance.0, row], |r| r.get(0))
        .optional()?;
    Ok(match leased {
        None => Standing::None,
        Some(true) => Standing::Running,
        Some(false) => Standing::Waiting,
    })
}

/// Where a push stands, as an observation has to know it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// No job: both sides agree as far as we know.
    None,
    /// To be run, asleep or held.
    Waiting,
    /// A worker is talking to the app.
    Running,
}

/// When the next job can run of an instance that is not in `busy`; a time that has passed means now. Leased rows do not
/// count.
///
/// # Errors
/// Those of SQLite.
pub fn next_due(rx: &Rx<'_>, busy: &BTreeSet<InstanceId>) -> Result<Option<Time>, StoreError> {
    let sql =
        format!("SELECT id, imported_at IS NOT NULL, coalesce(retry_at, 0) FROM instances WHERE {READY}");
    let mut instances = rx.conn.prepare_cached(&sql)?;
    let mut first = rx.conn.prepare_cached(
        "SELECT min(due_at) FROM jobs INDEXED BY jobs_due
         WHERE instance = ?1 AND priority = ?2 AND due_at IS NOT NULL AND leased_by IS NULL",
    )?;
    let mut next: Option<i64> = None;
    let mut rows = instances.query([])?;
    while let Some(r) = rows.next()? {
        let (id, imported, retry_at): (i64, bool, i64) = (r.get(0)?, r.get(1)?, r.get(2)?);
        if busy.contains(&InstanceId(id)) {
            continue;
        }
        for priority in if imported {
            &PRIORITIES[..]
        } else {
            &PRIORITIES[..1]
        } {
            let due: Option<i64> = first.query_row([id, *priority], |r| r.get(0))?;
            next = [next, due.map(|d| d.max(retry_at))].into_iter().flatten().min();
        }
    }
    Ok(next.map(Time))
}

/// Which instances wait for a check of their credentials.
const PARKED: &str =
    "enabled = 1 AND paused = 0 AND deleted_at IS NULL AND target IS NOT NULL AND parked_since IS NOT NULL";

/// When the next check of a parked instance is due.
///
/// # Errors
/// Those of SQLite.
pub fn next_check(rx: &Rx<'_>) -> Result<Option<Time>, StoreError> {
    let sql = format!("SELECT min(coalesce(retry_at, 0)) FROM instances WHERE {PARKED}");
    let next: Option<i64> = rx.conn.prepare_cached(&sql)?.query_row([], |r| r.get(0))?;
    Ok(next.map(Time))
}

/// Parked instances whose next check is due.
///
/// # Errors
/// Those of SQLite.
pub fn parked_due(rx: &Rx) -> Result<Vec<InstanceId>, StoreError> {
    let mut rows = rx.conn.prepare_cached(&format!(
        "SELECT id FROM instances WHERE {PARKED} AND coalesce(retry_at, 0) <= ?1"
    ))?;
    let found = rows.query_map([rx.now().0], |r| Ok(InstanceId(r.get(0)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Jobs of an instance, for people.
///
/// # Errors
/// Those of SQLite.
pub fn counts(rx: &Rx<'_>, instance: InstanceId) -> Result<JobCounts, StoreError> {
    let stuck = stuck(rx, instance)?;
    let mut all = rx.conn.prepare_cached(
        "SELECT count(*), coalesce(sum(state = 'retrying'), 0) FROM jobs WHERE instance = ?1 AND kind = 1",
    )?;
    let (all, retrying) = all.query_row([instance.0], |r| {
        Ok((r.get::<_, u32>(0)?.into(), r.get::<_, u32>(1)?.into()))
    })?;
    Ok(JobCounts {
        pending: u64::saturating_sub(all, stuck.rejected + stuck.held),
        retrying,
        ..stuck
    })
}

/// Only what sleeps (`rejected`, `leavers`, `held`): costs as much as there is of it.
///
/// # Errors
/// Those of SQLite.
pub fn stuck(rx: &Rx<'_>, instance: InstanceId) -> Result<JobCounts, StoreError> {
    let mut rows = rx.conn.prepare_cached(
        "SELECT state = 'held', due_at IS NOT NULL, count(*) FROM jobs INDEXED BY jobs_stuck
         WHERE instance = ?1 AND kind = 1 AND state IN ('rejected', 'held') GROUP BY 1, 2",
    )?;
    let mut counts = JobCounts::default();
    let mut rows = rows.query([instance.0])?;
    while let Some(r) = rows.next()? {
        let n = u64::from(r.get::<_, u32>(2)?);
        match (r.get(0)?, r.get(1)?) {
            (true, _) => counts.held += n,
            (false, access) => {
                counts.rejected += n;
                counts.leavers += if access { n } else { 0 };
            }
        }
    }
    Ok(counts)
}

const VIEW: &str = "SELECT subject, state, last_error, attempts, due_at FROM jobs";

fn view(r: &rusqlite::Row<'_>) -> rusqlite::Result<JobView> {
    let due: Option<i64> = r.get(4)?;
    Ok(JobView {
        subject: r.get(0)?,
        state: r.get(1)?,
        last_error: r.get(2)?,
        attempts: r.get(3)?,
        due_at: due.map(Time),
    })
}

/// The push of one resource, if it is out of step.
///
/// # Errors
/// Those of SQLite.
pub fn of_resource(rx: &Rx<'_>, instance: InstanceId, row: i64) -> Result<Option<JobView>, StoreError> {
    let mut found = rx.conn.prepare_cached(&format!(
        "{VIEW} WHERE instance = ?1 AND kind = 1 AND subject = ?2"
    ))?;
    Ok(found.query_row([instance.0, row], view).optional()?)
}

/// The pushes that sleep, rejected or held, for the page that lists them.
///
/// # Errors
/// Those of SQLite.
pub fn asleep(rx: &Rx<'_>, instance: InstanceId, limit: usize) -> Result<Vec<JobView>, StoreError> {
    let sql = format!(
        "{VIEW} INDEXED BY jobs_stuck WHERE instance = ?1 AND kind = 1 AND state IN ('rejected', 'held') LIMIT ?2"
    );
    let mut rows = rx.conn.prepare_cached(&sql)?;
    let found = rows.query_map(params![instance.0, limit as i64], view)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Where a long job goes on.
///
/// # Errors
/// Those of SQLite.
pub fn cursor(rx: &Rx<'_>, job: &Job) -> Result<Option<String>, StoreError> {
    let mut found = rx
        .conn
        .prepare_cached("SELECT cursor FROM jobs WHERE instance = ?1 AND kind = ?2 AND subject = ?3")?;
    Ok(found
        .query_row(params![job.instance.0, job.kind.code(), job.subject], |r| {
            r.get(0)
        })
        .optional()?
        .flatten())
}

/// Keeps where a long job goes on.
///
/// # Errors
/// Those of SQLite.
pub fn set_cursor(tx: &Tx<'_>, job: &Job, cursor: &str) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("UPDATE jobs SET cursor = ?4 WHERE instance = ?1 AND kind = ?2 AND subject = ?3")?
        .execute(params![job.instance.0, job.kind.code(), job.subject, cursor])?;
    Ok(())
}

/// After the clock jumped back: no due time lies further ahead than `latest`.
///
/// # Errors
/// Those of SQLite.
pub fn clamp(tx: &Tx<'_>, latest: Time) -> Result<(), StoreError> {
    tx.conn
        .execute("UPDATE jobs SET due_at = ?1 WHERE due_at > ?1", [latest.0])?;
    tx.conn.execute(
        "UPDATE instances SET retry_at = ?1 WHERE retry_at > ?1",
        [latest.0],
    )?;
    Ok(())
}
