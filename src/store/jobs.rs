//! Jobs: what may be out of step (DESIGN §4). One row per (instance, kind, subject), however often it is asked for.
//! How a job is run is `sync`'s; which rows may run now is decided here, by the instance they belong to.

mod claim;
mod view;

use rusqlite::{OptionalExtension, params};

use super::{Rx, StoreError, Topic, Tx};
use crate::model::{InstanceId, Job, JobKind, Time};

pub use claim::{claim, clamp, next_check, next_due, parked_due, release_foreign_leases, release_own_leases};
pub use view::{JobCounts, JobView, Pushed, asleep, counts, is_busy, of_resource, pushed_since, stuck};

/// Says that `subject` may be out of step. A row that sleeps (rejected, held) wakes; one that is running runs again, and
/// a long one from its beginning: what it has passed may be what changed.
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
             ON CONFLICT DO UPDATE SET wanted = wanted + 1, cursor = NULL, priority = min(priority, excluded.priority),
               due_at = min(coalesce(due_at, excluded.due_at), excluded.due_at), attempts = 0, state = 'waiting'",
        )?
        .execute(params![instance.0, kind.code(), subject, priority, due])?;
    tx.tell(instance, Topic::Jobs);
    Ok(())
}

/// Says the same of what can wait until `due`, however often it is asked for until then. One that runs does so again.
///
/// # Errors
/// Those of SQLite.
pub fn enqueue_later(
    tx: &Tx<'_>,
    instance: InstanceId,
    kind: JobKind,
    subject: i64,
    priority: i64,
    due: Time,
) -> Result<(), StoreError> {
    let new = tx
        .conn
        .prepare_cached(
            "INSERT INTO jobs(instance, kind, subject, priority, due_at) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT DO UPDATE SET wanted = wanted + 1, cursor = NULL WHERE leased_by IS NOT NULL",
        )?
        .execute(params![instance.0, kind.code(), subject, priority, due.0])?;
    if new > 0 {
        tx.tell(instance, Topic::Jobs);
    }
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

/// Takes back a job that nobody runs now. False: there is none, or it runs.
///
/// # Errors
/// Those of SQLite.
pub fn withdraw(tx: &Tx<'_>, instance: InstanceId, kind: JobKind, subject: i64) -> Result<bool, StoreError> {
    let gone = tx
        .conn
        .prepare_cached(
            "DELETE FROM jobs WHERE instance = ?1 AND kind = ?2 AND subject = ?3 AND leased_by IS NULL",
        )?
        .execute(params![instance.0, kind.code(), subject])?;
    Ok(gone > 0)
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

/// As `finish`; if somebody asked again meanwhile, it is due at `next`.
///
/// # Errors
/// Those of SQLite.
pub fn finish_for_now(tx: &Tx<'_>, job: &Job, next: Time) -> Result<(), StoreError> {
    if !finish(tx, job)? {
        tx.conn
            .prepare_cached("UPDATE jobs SET due_at = ?4 WHERE instance = ?1 AND kind = ?2 AND subject = ?3")?
            .execute(params![job.instance.0, job.kind.code(), job.subject, next.0])?;
    }
    Ok(())
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
    // The first word on `state` is that of the index `jobs_stuck`, which is not used without it.
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

/// Keeps where a long job goes on, unless it was asked for anew since it was claimed.
///
/// # Errors
/// Those of SQLite.
pub fn set_cursor(tx: &Tx<'_>, job: &Job, cursor: &str) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached(
            "UPDATE jobs SET cursor = ?4 WHERE instance = ?1 AND kind = ?2 AND subject = ?3 AND wanted = ?5",
        )?
        .execute(params![
            job.instance.0,
            job.kind.code(),
            job.subject,
            cursor,
            job.wanted
        ])?;
    Ok(())
}
