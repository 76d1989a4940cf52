//! Jobs as people see them: how many wait, which one sleeps and why.

use rusqlite::{OptionalExtension, params};

use crate::model::job::OUR_MAPPING;
use crate::model::{InstanceId, Time};
use crate::store::{Rx, StoreError};

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
    /// Those of `rejected` that the app was never asked about: our own mapping gives nothing that can be sent.
    pub unmapped: u64,
    /// Waiting for Allow or Reject.
    pub held: u64,
}

/// What was pushed of late.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pushed {
    /// Resources of which the app took something.
    pub resources: u64,
    /// When the first of these pushes ended.
    pub first: Time,
    /// When the last did.
    pub last: Time,
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

/// Only what sleeps (`rejected`, `leavers`, `unmapped`, `held`): costs as much as there is of it.
///
/// # Errors
/// Those of SQLite.
pub fn stuck(rx: &Rx<'_>, instance: InstanceId) -> Result<JobCounts, StoreError> {
    let mut rows = rx.conn.prepare_cached(
        "SELECT state = 'held', due_at IS NOT NULL, count(*), coalesce(substr(last_error, 1, length(?2)) = ?2, 0)
         FROM jobs INDEXED BY jobs_stuck
         WHERE instance = ?1 AND kind = 1 AND state IN ('rejected', 'held') GROUP BY 1, 2, 4",
    )?;
    let mut counts = JobCounts::default();
    let mut rows = rows.query(params![instance.0, OUR_MAPPING])?;
    while let Some(r) = rows.next()? {
        let n = u64::from(r.get::<_, u32>(2)?);
        match (r.get(0)?, r.get(1)?) {
            (true, _) => counts.held += n,
            (false, access) => {
                counts.rejected += n;
                counts.leavers += if access { n } else { 0 };
                counts.unmapped += if r.get(3)? { n } else { 0 };
            }
        }
    }
    Ok(counts)
}

/// Events looked at to tell how fast pushes go.
const LATEST: u32 = 2000;

/// What was pushed since, as far as the newest events of the instance tell; none: nothing was.
///
/// # Errors
/// Those of SQLite.
pub fn pushed_since(rx: &Rx<'_>, instance: InstanceId, since: Time) -> Result<Option<Pushed>, StoreError> {
    let mut found = rx.conn.prepare_cached(
        "SELECT count(DISTINCT resource), min(at), max(at) FROM
           (SELECT resource, at, action, outcome FROM events WHERE instance = ?1 ORDER BY id DESC LIMIT ?3)
         WHERE at >= ?2 AND substr(action, 1, 5) = 'push.' AND outcome = 'done'",
    )?;
    Ok(found.query_row(params![instance.0, since.0, LATEST], |r| {
        let (first, last) = (r.get::<_, Option<i64>>(1)?, r.get::<_, Option<i64>>(2)?);
        let resources = r.get::<_, u32>(0)?.into();
        Ok(first.zip(last).map(|(first, last)| Pushed {
            resources,
            first: Time(first),
            last: Time(last),
        }))
    })?)
}

/// Whether something of an instance runs or is due now; what sleeps or waits for a later try does not count.
///
/// # Errors
/// Those of SQLite.
pub fn is_busy(rx: &Rx<'_>, instance: InstanceId) -> Result<bool, StoreError> {
    let mut found = rx.conn.prepare_cached(
        "SELECT 1 FROM jobs WHERE instance = ?1 AND (leased_by IS NOT NULL OR due_at <= ?2)",
    )?;
    Ok(found.exists([instance.0, rx.now().0])?)
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
