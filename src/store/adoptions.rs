//! Adoptions that wait for a person, and pairs that were told apart. A pair waits only while both sides are as they were:
//! ours managed and without an account, theirs managed by nobody. Whatever ends that, ends the waiting.

use rusqlite::{OptionalExtension, Row, params};

use super::resources::{kind_code, kind_of};
use super::{Rx, StoreError, Topic, Tx};
use crate::model::adoption::{Likeness, Matching, Pair, Side};
use crate::model::{InstanceId, Time};
use crate::scim::schema::ResourceType;

/// Columns of a pair that waits; further conditions follow.
const WAITING: &str = "SELECT a.id, a.kind, o.row, o.id, o.display, o.name, t.row, t.id, t.display, t.name, a.remote_id, a.why, a.at
     FROM adoptions a
     JOIN resources o ON o.row = a.ours AND o.managed = 1 AND o.deleted_at IS NULL
     JOIN links l ON l.instance = a.instance AND l.kind = a.kind AND l.remote_id = a.remote_id AND l.state = 'linked'
     JOIN resources t ON t.row = l.resource AND t.managed = 0 AND t.deleted_at IS NULL
     WHERE a.apart = 0 AND NOT EXISTS (SELECT 1 FROM links x WHERE x.resource = a.ours)";

fn read(r: &Row<'_>) -> rusqlite::Result<Option<Pair>> {
    let side = |at: usize| -> rusqlite::Result<Side> {
        Ok(Side {
            row: r.get(at)?,
            id: r.get(at + 1)?,
            display: r.get(at + 2)?,
            name: r.get(at + 3)?,
        })
    };
    let Some(why) = Likeness::parse(r.get_ref(11)?.as_str()?) else {
        return Ok(None);
    };
    Ok(Some(Pair {
        id: r.get(0)?,
        kind: kind_of(r.get(1)?),
        ours: side(2)?,
        theirs: side(6)?,
        remote_id: r.get(10)?,
        why,
        at: Time(r.get(12)?),
    }))
}

fn pairs(rx: &Rx<'_>, and: &str, values: impl rusqlite::Params) -> Result<Vec<Pair>, StoreError> {
    let mut find = rx.conn.prepare_cached(&format!("{WAITING} {and}"))?;
    let found = find
        .query_map(values, read)?
        .collect::<Result<Option<Vec<_>>, _>>()?;
    found.ok_or(StoreError::Damaged("adoption"))
}

/// Notes that these two may be the same. False: that was known, or they were told apart.
///
/// # Errors
/// When the database fails.
pub fn propose(
    tx: &Tx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    ours: i64,
    remote_id: &str,
    why: Likeness,
) -> Result<bool, StoreError> {
    let made = tx
        .conn
        .prepare_cached(
            "INSERT OR IGNORE INTO adoptions(instance, kind, ours, remote_id, why, at) VALUES(?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            instance.0,
            kind_code(kind),
            ours,
            remote_id,
            why.as_str(),
            tx.now().0
        ])?;
    tx.tell(instance, Topic::Health);
    Ok(made > 0)
}

/// The pairs that wait, in the order in which ours were made; at most `limit`.
///
/// # Errors
/// When the database fails.
pub fn waiting(rx: &Rx<'_>, instance: InstanceId, limit: usize) -> Result<Vec<Pair>, StoreError> {
    pairs(
        rx,
        "AND a.instance = ?1 ORDER BY a.ours, a.id LIMIT ?2",
        params![instance.0, limit as i64],
    )
}

/// How many pairs wait; counting ends at `most`.
///
/// # Errors
/// When the database fails.
pub fn count_waiting(rx: &Rx<'_>, instance: InstanceId, most: u64) -> Result<u64, StoreError> {
    let sql = format!("SELECT count(*) FROM ({WAITING} AND a.instance = ?1 LIMIT ?2)");
    let mut count = rx.conn.prepare_cached(&sql)?;
    let limit = i64::try_from(most).unwrap_or(i64::MAX);
    let found: i64 = count.query_row([instance.0, limit], |r| r.get(0))?;
    Ok(found.unsigned_abs())
}

/// The pairs of one of ours that wait.
///
/// # Errors
/// When the database fails.
pub fn of_ours(rx: &Rx<'_>, ours: i64) -> Result<Vec<Pair>, StoreError> {
    pairs(rx, "AND a.ours = ?1 ORDER BY a.id", [ours])
}

/// One pair, if it still waits.
///
/// # Errors
/// When the database fails.
pub fn by_id(rx: &Rx<'_>, instance: InstanceId, id: i64) -> Result<Option<Pair>, StoreError> {
    Ok(pairs(rx, "AND a.instance = ?1 AND a.id = ?2", [instance.0, id])?.pop())
}

/// Rows of ours after `after` for which pairs were noted, whether they still wait or not.
///
/// # Errors
/// When the database fails.
pub fn noted(rx: &Rx<'_>, instance: InstanceId, after: i64, limit: usize) -> Result<Vec<i64>, StoreError> {
    let mut find = rx.conn.prepare_cached(
        "SELECT DISTINCT ours FROM adoptions WHERE instance = ?1 AND apart = 0 AND ours > ?2 ORDER BY ours LIMIT ?3",
    )?;
    let rows = find.query_map(params![instance.0, after, limit as i64], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Rows of ours for which this account was noted and not told apart.
///
/// # Errors
/// When the database fails.
pub fn like(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    remote_id: &str,
) -> Result<Vec<i64>, StoreError> {
    let mut find = rx.conn.prepare_cached(
        "SELECT ours FROM adoptions WHERE instance = ?1 AND kind = ?2 AND remote_id = ?3 AND apart = 0",
    )?;
    let rows = find.query_map(params![instance.0, kind_code(kind), remote_id], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether somebody said that these two are not the same.
///
/// # Errors
/// When the database fails.
pub fn told_apart(rx: &Rx<'_>, ours: i64, remote_id: &str) -> Result<bool, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT apart FROM adoptions WHERE ours = ?1 AND remote_id = ?2")?;
    let apart: Option<bool> = find
        .query_row(params![ours, remote_id], |r| r.get(0))
        .optional()?;
    Ok(apart == Some(true))
}

/// Somebody said that these two are not the same: it is never asked again.
///
/// # Errors
/// When the database fails.
pub fn tell_apart(tx: &Tx<'_>, instance: InstanceId, id: i64) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("UPDATE adoptions SET apart = 1, at = ?2 WHERE id = ?1")?
        .execute([id, tx.now().0])?;
    tx.tell(instance, Topic::Health);
    Ok(())
}

/// Nothing of one of ours waits any more.
///
/// # Errors
/// When the database fails.
pub fn forget(tx: &Tx<'_>, instance: InstanceId, ours: i64) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("DELETE FROM adoptions WHERE ours = ?1 AND apart = 0")?
        .execute([ours])?;
    tx.tell(instance, Topic::Health);
    Ok(())
}

/// The instance points at another app, whose ids mean others.
///
/// # Errors
/// When the database fails.
pub fn drop_all(tx: &Tx<'_>, instance: InstanceId) -> Result<(), StoreError> {
    tx.conn
        .execute("DELETE FROM adoptions WHERE instance = ?1", [instance.0])?;
    Ok(())
}

/// Of the next `limit` resources after row `after`, how many stand on both sides, only here, only in the app; and the last
/// of them, none after the last. Those that wait count as what they are until then: only here, and only there.
///
/// # Errors
/// When the database fails.
pub fn matching(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    after: i64,
    limit: usize,
) -> Result<(Matching, Option<i64>), StoreError> {
    let sql = "SELECT coalesce(sum(r.managed = 1 AND l.id IS NOT NULL), 0), coalesce(sum(r.managed = 1 AND l.id IS NULL), 0),
         coalesce(sum(r.managed = 0 AND l.id IS NOT NULL), 0), max(r.row)
       FROM (SELECT row, managed FROM resources INDEXED BY resources_list
             WHERE instance = ?1 AND kind = ?2 AND deleted_at IS NULL AND row > ?3 ORDER BY row LIMIT ?4) r
       LEFT JOIN links l ON l.resource = r.row AND l.state = 'linked'";
    let mut count = rx.conn.prepare_cached(sql)?;
    Ok(
        count.query_row(params![instance.0, kind_code(kind), after, limit as i64], |r| {
            let matching = Matching {
                matched: r.get::<_, u32>(0)?.into(),
                only_here: r.get::<_, u32>(1)?.into(),
                only_there: r.get::<_, u32>(2)?.into(),
            };
            Ok((matching, r.get(3)?))
        })?,
    )
}
