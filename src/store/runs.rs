//! Runs: one row for each sync, with where it stands and what it counted.

use rusqlite::types::ValueRef;
use rusqlite::{OptionalExtension, Row, params};

use super::{Rx, StoreError, Topic, Tx};
use crate::model::run::RunCounts;
use crate::model::{InstanceId, Run, RunPhase, Time};

/// Runs kept per instance.
const KEPT: i64 = 200;

const COLUMNS: &str = "id, instance, phase, started, ended, expected, counts, error";

fn read(r: &Row<'_>) -> rusqlite::Result<Run> {
    let counts: RunCounts = serde_json::from_str(r.get_ref(6)?.as_str()?).unwrap_or_default();
    Ok(Run {
        id: r.get(0)?,
        instance: InstanceId(r.get(1)?),
        phase: RunPhase::parse(r.get_ref(2)?.as_str()?),
        started: Time(r.get(3)?),
        ended: r.get::<_, Option<i64>>(4)?.map(Time),
        expected: r.get::<_, Option<i64>>(5)?.map(i64::unsigned_abs),
        counts,
        error: r.get(7)?,
    })
}

/// Begins a run.
///
/// # Errors
/// When the database fails.
pub fn start(tx: &Tx<'_>, instance: InstanceId) -> Result<Run, StoreError> {
    tx.conn
        .prepare_cached("INSERT INTO runs(instance, phase, started) VALUES (?1, 'users', ?2)")?
        .execute(params![instance.0, tx.now().0])?;
    let id = tx.conn.last_insert_rowid();
    tx.conn
        .prepare_cached("DELETE FROM runs WHERE instance = ?1 AND id <= (SELECT id FROM runs WHERE instance = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)")?
        .execute([instance.0, KEPT])?;
    tx.tell(instance, Topic::Health);
    Ok(Run {
        id,
        instance,
        phase: RunPhase::Users,
        started: tx.now(),
        ended: None,
        expected: None,
        counts: RunCounts::default(),
        error: None,
    })
}

/// Writes where a run stands; `cursor` is the place to read next in its phase, as text.
///
/// # Errors
/// When the database fails.
pub fn save(tx: &Tx<'_>, run: &Run, cursor: &str) -> Result<(), StoreError> {
    let counts = serde_json::to_string(&run.counts).map_err(|_| StoreError::Damaged("run"))?;
    tx.conn
        .prepare_cached("UPDATE runs SET phase = ?2, ended = ?3, expected = ?4, cursor = ?5, counts = ?6, error = ?7 WHERE id = ?1")?
        .execute(params![run.id, run.phase.as_str(), run.ended.map(|t| t.0), run.expected.map(|n| i64::try_from(n).unwrap_or(i64::MAX)), cursor, counts, run.error])?;
    tx.tell(run.instance, Topic::Health);
    Ok(())
}

/// The run that has not ended, and the text of its cursor.
///
/// # Errors
/// When the database fails.
pub fn open(rx: &Rx<'_>, instance: InstanceId) -> Result<Option<(Run, String)>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS}, cursor FROM runs WHERE instance = ?1 AND ended IS NULL ORDER BY id DESC LIMIT 1"
    );
    let mut found = rx.conn.prepare_cached(&sql)?;
    Ok(found
        .query_row([instance.0], |r| {
            // The column is of an older time, when a place was always a number; SQLite keeps both.
            let cursor = match r.get_ref(8)? {
                ValueRef::Integer(start) => start.to_string(),
                other => other.as_str()?.to_owned(),
            };
            Ok((read(r)?, cursor))
        })
        .optional()?)
}

/// A run by its row.
///
/// # Errors
/// When the database fails.
pub fn by_id(rx: &Rx<'_>, id: i64) -> Result<Option<Run>, StoreError> {
    let mut found = rx
        .conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"))?;
    Ok(found.query_row([id], read).optional()?)
}

/// The newest runs, newest first.
///
/// # Errors
/// When the database fails.
pub fn latest(rx: &Rx<'_>, instance: InstanceId, limit: usize) -> Result<Vec<Run>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM runs WHERE instance = ?1 ORDER BY id DESC LIMIT ?2");
    let mut rows = rx.conn.prepare_cached(&sql)?;
    let found = rows.query_map(params![instance.0, limit as i64], read)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The newest run that read everything: what it did not see is being looked for, or was.
///
/// # Errors
/// When the database fails.
pub fn latest_complete(rx: &Rx<'_>, instance: InstanceId) -> Result<Option<i64>, StoreError> {
    let mut found = rx
        .conn
        .prepare_cached("SELECT max(id) FROM runs WHERE instance = ?1 AND phase IN ('verify', 'done')")?;
    Ok(found.query_row([instance.0], |r| r.get(0))?)
}
