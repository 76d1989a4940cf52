//! Probes: the profile of each instance's app, and when the next one is due. What a probe is stands in `connector`, when
//! one runs in `sync`.

use rusqlite::{OptionalExtension, params};

use super::{Rx, StoreError, Topic, Tx};
use crate::model::{InstanceId, Profile, Time};

/// Where an instance stands with its probes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Probe {
    /// What the last one found.
    pub profile: Option<Profile>,
    /// One waits for its turn or is under way.
    pub running: bool,
}

/// Instances that can be asked.
const READY: &str = "i.enabled = 1 AND i.paused = 0 AND i.deleted_at IS NULL AND i.target IS NOT NULL";

/// The last profile and whether another is on its way.
///
/// # Errors
/// When the database fails.
pub fn of(rx: &Rx<'_>, instance: InstanceId) -> Result<Probe, StoreError> {
    let mut find = rx.conn.prepare_cached(
        "SELECT profile, due_at <= ?2 OR began_at IS NOT NULL FROM probes WHERE instance = ?1",
    )?;
    let found: Option<(Option<String>, bool)> = find
        .query_row([instance.0, rx.now().0], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((profile, running)) = found else {
        return Ok(Probe::default());
    };
    Ok(Probe {
        // What another version wrote is tried anew rather than guessed at.
        profile: profile.and_then(|text| serde_json::from_str(&text).ok()),
        running,
    })
}

/// Whether a probe that writes was asked for and has not begun.
///
/// # Errors
/// When the database fails.
pub fn is_to_write(rx: &Rx<'_>, instance: InstanceId) -> Result<bool, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT writes FROM probes WHERE instance = ?1")?;
    Ok(find
        .query_row([instance.0], |r| r.get(0))
        .optional()?
        .unwrap_or(false))
}

/// The next probe is due at `at`; it writes only if `writes`.
///
/// # Errors
/// When the database fails.
pub fn ask(tx: &Tx<'_>, instance: InstanceId, at: Time, writes: bool) -> Result<(), StoreError> {
    let sql = "INSERT INTO probes(instance, due_at, writes) VALUES(?1, ?2, ?3)
               ON CONFLICT(instance) DO UPDATE SET due_at = excluded.due_at, writes = excluded.writes";
    tx.conn
        .prepare_cached(sql)?
        .execute(params![instance.0, at.0, writes])?;
    tx.tell(instance, Topic::Jobs);
    Ok(())
}

/// When the next probe is due of an instance that can be asked.
///
/// # Errors
/// When the database fails.
pub fn next_due(rx: &Rx<'_>) -> Result<Option<Time>, StoreError> {
    let sql =
        format!("SELECT min(p.due_at) FROM probes p JOIN instances i ON i.id = p.instance WHERE {READY}");
    let next: Option<i64> = rx.conn.prepare_cached(&sql)?.query_row([], |r| r.get(0))?;
    Ok(next.map(Time))
}

/// Takes the instance whose probe is longest due, and whether it may write. Unless it is finished before, it is due again
/// at `again`: then without writes, for nobody asked for those twice.
///
/// # Errors
/// When the database fails.
pub fn begin(tx: &Tx<'_>, again: Time) -> Result<Option<(InstanceId, bool)>, StoreError> {
    let sql = format!(
        "SELECT p.instance, p.writes FROM probes p JOIN instances i ON i.id = p.instance
         WHERE p.due_at <= ?1 AND {READY} ORDER BY p.due_at LIMIT 1"
    );
    let due: Option<(i64, bool)> = tx
        .conn
        .prepare_cached(&sql)?
        .query_row([tx.now().0], |r| Ok((r.get(0)?, r.get(1)?)))
        .optional()?;
    let Some((instance, writes)) = due else {
        return Ok(None);
    };
    tx.conn
        .prepare_cached("UPDATE probes SET due_at = ?2, writes = 0, began_at = ?3 WHERE instance = ?1")?
        .execute([instance, again.0, tx.now().0])?;
    Ok(Some((InstanceId(instance), writes)))
}

/// A probe has ended, with what it found if it got that far; the next is due at `next`, unless an earlier one was asked
/// for meanwhile.
///
/// # Errors
/// When the database fails.
pub fn finish(
    tx: &Tx<'_>,
    instance: InstanceId,
    profile: Option<&Profile>,
    next: Time,
) -> Result<(), StoreError> {
    let text = profile
        .map(serde_json::to_string)
        .transpose()
        .map_err(|_| StoreError::Damaged("profile of an app"))?;
    let sql = "INSERT INTO probes(instance, due_at, profile) VALUES(?1, ?2, ?3)
               ON CONFLICT(instance) DO UPDATE SET began_at = NULL, profile = coalesce(excluded.profile, profile),
               due_at = CASE WHEN due_at <= ?4 THEN due_at ELSE excluded.due_at END";
    tx.conn
        .prepare_cached(sql)?
        .execute(params![instance.0, next.0, text, tx.now().0])?;
    tx.tell(instance, Topic::Health);
    Ok(())
}

/// After the clock jumped back: no probe is due later than `latest`.
///
/// # Errors
/// When the database fails.
pub fn clamp(tx: &Tx<'_>, latest: Time) -> Result<(), StoreError> {
    tx.conn
        .execute("UPDATE probes SET due_at = ?1 WHERE due_at > ?1", [latest.0])?;
    Ok(())
}

/// After a start: none is under way.
///
/// # Errors
/// When the database fails.
pub fn forget_begun(tx: &Tx<'_>) -> Result<(), StoreError> {
    tx.conn
        .execute("UPDATE probes SET began_at = NULL WHERE began_at IS NOT NULL", [])?;
    Ok(())
}
