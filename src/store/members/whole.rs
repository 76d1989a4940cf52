//! What happens to all memberships of somebody, of a group or of an instance at once.

use crate::model::InstanceId;
use crate::store::{StoreError, Tx};

/// A user or group is not in the app any more, and is kept here: it holds none of its memberships there, and what was left
/// alone about them is void.
///
/// # Errors
/// When the database fails.
pub fn none_held(tx: &Tx<'_>, row: i64) -> Result<(), StoreError> {
    for sql in [
        "UPDATE members SET held = 0, keep = 0 WHERE grp = ?1",
        "UPDATE members SET held = 0, keep = 0 WHERE member = ?1",
        "DELETE FROM members WHERE grp = ?1 AND wanted = 0 AND held = 0",
        "DELETE FROM members WHERE member = ?1 AND wanted = 0 AND held = 0",
    ] {
        tx.conn.prepare_cached(sql)?.execute([row])?;
    }
    Ok(())
}

/// The app itself made a user or group anew: what was decided here of its memberships is not there and is to be sent
/// again; the others follow what the app shows from now on.
///
/// # Errors
/// When the database fails.
pub fn made_anew(tx: &Tx<'_>, row: i64) -> Result<(), StoreError> {
    for sql in [
        "UPDATE members SET held = 0, keep = 0 WHERE grp = ?1 AND owned = 1",
        "UPDATE members SET held = 0, keep = 0 WHERE member = ?1 AND owned = 1",
        "DELETE FROM members WHERE grp = ?1 AND wanted = 0 AND held = 0",
        "DELETE FROM members WHERE member = ?1 AND wanted = 0 AND held = 0",
    ] {
        tx.conn.prepare_cached(sql)?.execute([row])?;
    }
    Ok(())
}

/// From now on the instance has a target that holds none of its memberships yet, as far as is known: all that is wanted is
/// to be pushed, and nothing is to be taken away.
///
/// # Errors
/// When the database fails.
pub fn start_tracking(tx: &Tx<'_>, instance: InstanceId) -> Result<(), StoreError> {
    let of = "grp IN (SELECT row FROM resources WHERE instance = ?1 AND kind = 2)";
    for sql in [
        format!("DELETE FROM members WHERE wanted = 0 AND {of}"),
        format!("UPDATE members SET held = 0, keep = 0 WHERE {of}"),
    ] {
        tx.conn.execute(&sql, [instance.0])?;
    }
    Ok(())
}

/// Of a group of ours only what was decided here stays; what the app holds of it is not known any more.
///
/// # Errors
/// When the database fails.
pub fn forget_held(tx: &Tx<'_>, group: i64) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM members WHERE grp = ?1 AND (owned = 0 OR wanted = 0)",
        "UPDATE members SET held = 0, keep = 0 WHERE grp = ?1",
    ] {
        tx.conn.prepare_cached(sql)?.execute([group])?;
    }
    Ok(())
}

/// What the app holds under one account, and what is on its way to it, belongs to another resource from now on; what was
/// to be left alone, too, is looked at anew. What somebody decided about either stands.
///
/// # Errors
/// When the database fails.
pub fn move_to(tx: &Tx<'_>, from: i64, to: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO members(grp, member, wanted, held, keep, owned) \
               SELECT grp, ?2, wanted, held, 0, owned FROM members WHERE member = ?1 \
               ON CONFLICT(grp, member) DO UPDATE SET held = excluded.held, \
                 wanted = max(wanted, excluded.wanted AND excluded.owned), owned = max(owned, excluded.owned)";
    tx.conn.prepare_cached(sql)?.execute([from, to])?;
    tx.conn
        .prepare_cached("DELETE FROM members WHERE member = ?1")?
        .execute([from])?;
    Ok(())
}

/// Whom the app holds in a group that was deleted here belongs to the one that takes its place there, and is wanted in it
/// only if somebody says so.
///
/// # Errors
/// When the database fails.
pub fn inherit(tx: &Tx<'_>, from: i64, to: i64) -> Result<(), StoreError> {
    let sql = "INSERT INTO members(grp, member, wanted, held, keep, owned) \
               SELECT ?2, member, 0, held, 0, 1 FROM members WHERE grp = ?1 AND held <> 0";
    tx.conn.prepare_cached(sql)?.execute([from, to])?;
    Ok(())
}
