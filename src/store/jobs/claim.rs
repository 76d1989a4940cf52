//! Which jobs may run now: in turn over the instances that are ready, most urgent first, each by its own range of the
//! index. A lease belongs to one boot; one of another boot is free.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rusqlite::params;

use crate::model::job::priority;
use crate::model::{InstanceId, Job, JobKind, Time};
use crate::store::{Rx, StoreError, Tx};

/// Priorities, most urgent first: each is its own range of the index `jobs_due`.
const PRIORITIES: [i64; 5] = [
    priority::IMPORT,
    priority::LEAVER,
    priority::USER,
    priority::GROUP,
    priority::LATER,
];

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
