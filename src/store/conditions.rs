//! Conditions: why an instance is not healthy, since when, until when. Open ones make the badge, all of them the
//! timeline. When one opens or ends is `sync::health`'s.

use rusqlite::{Row, params};

use super::{Rx, StoreError, Topic, Tx};
use crate::model::{Condition, ConditionKind, InstanceId, Time};

fn read(r: &Row<'_>) -> rusqlite::Result<Option<Condition>> {
    let Some(kind) = ConditionKind::parse(r.get_ref(1)?.as_str()?) else {
        return Ok(None);
    };
    let time = |i: usize| r.get::<_, Option<i64>>(i).map(|t| t.map(Time));
    Ok(Some(Condition {
        instance: InstanceId(r.get(0)?),
        kind,
        reason: r.get(2)?,
        since: Time(r.get(3)?),
        until: time(4)?,
        next_try: time(5)?,
    }))
}

const COLUMNS: &str = "instance, kind, reason, since, until, next_try";

/// Opens a condition, or says anew why an open one is. True: it was not open before.
///
/// # Errors
/// When the database fails.
pub fn open(
    tx: &Tx<'_>,
    instance: InstanceId,
    kind: ConditionKind,
    reason: &str,
    next_try: Option<Time>,
) -> Result<bool, StoreError> {
    let next = next_try.map(|t| t.0);
    let known = tx
        .conn
        .prepare_cached("UPDATE conditions SET reason = ?3, next_try = ?4 WHERE instance = ?1 AND kind = ?2 AND until IS NULL")?
        .execute(params![instance.0, kind.as_str(), reason, next])?;
    if known == 0 {
        tx.conn
            .prepare_cached(
                "INSERT INTO conditions(instance, kind, reason, since, next_try) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![instance.0, kind.as_str(), reason, tx.now().0, next])?;
    }
    tx.tell(instance, Topic::Health);
    Ok(known == 0)
}

/// Ends a condition. True: it was open.
///
/// # Errors
/// When the database fails.
pub fn close(tx: &Tx<'_>, instance: InstanceId, kind: ConditionKind) -> Result<bool, StoreError> {
    let ended = tx
        .conn
        .prepare_cached("UPDATE conditions SET until = ?3, next_try = NULL WHERE instance = ?1 AND kind = ?2 AND until IS NULL")?
        .execute(params![instance.0, kind.as_str(), tx.now().0])?;
    if ended > 0 {
        tx.tell(instance, Topic::Health);
    }
    Ok(ended > 0)
}

/// What is open now.
///
/// # Errors
/// When the database fails.
pub fn open_of(rx: &Rx<'_>, instance: InstanceId) -> Result<Vec<Condition>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM conditions WHERE instance = ?1 AND until IS NULL ORDER BY since");
    let mut rows = rx.conn.prepare_cached(&sql)?;
    let found = rows.query_map([instance.0], read)?;
    Ok(found
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// What was open at or after `since`, oldest first.
///
/// # Errors
/// When the database fails.
pub fn timeline(
    rx: &Rx<'_>,
    instance: InstanceId,
    since: Time,
    limit: usize,
) -> Result<Vec<Condition>, StoreError> {
    let sql = format!(
        "SELECT * FROM (SELECT {COLUMNS} FROM conditions WHERE instance = ?1 AND coalesce(until, ?2) >= ?2
         ORDER BY since DESC LIMIT ?3) ORDER BY since"
    );
    let mut rows = rx.conn.prepare_cached(&sql)?;
    let found = rows.query_map(params![instance.0, since.0, limit as i64], read)?;
    Ok(found
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}
