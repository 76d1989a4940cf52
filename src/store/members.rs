//! Memberships. A row is the difference between what is wanted (SCIM shows it) and what the app holds; a row that is
//! neither goes. In an instance without target both are the same. Costs grow with the change, never with the group.
//!
//! `held` is 0, 1, or 2: a change is under way, or its answer was lost. 2 differs from either side, so the row stays to be
//! pushed, and stays at all, until the app has accepted one.
//!
//! `keep` takes a row out of what is pushed, though both sides differ: its removal was rejected, or is held; a difference
//! that the app made is only reported; or a deleted member's account in the app is to end first. It goes when our side
//! changes, when the removal is allowed, and with that account.

mod whole;

use std::hash::{DefaultHasher, Hash, Hasher};

use rusqlite::{OptionalExtension, params};

use super::resources::kind_of;
use super::{Rx, StoreError, Tx};
use crate::model::InstanceId;
use crate::scim::schema::ResourceType;

pub use whole::{forget_held, inherit, made_anew, move_to, none_held, start_tracking};

/// A member as an answer shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Row of the member.
    pub row: i64,
    /// Its public id.
    pub id: String,
    /// What a person calls it.
    pub display: String,
    /// User or Group.
    pub kind: ResourceType,
}

/// What a user's groups look like, in one number. It need not be the same in another version of the program: a client
/// then reads once more.
#[must_use]
pub fn fingerprint(groups: &[Member]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for group in groups {
        (&group.id, &group.display).hash(&mut hasher);
    }
    hasher.finish()
}

/// One membership that the app holds otherwise than wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// Row of the member.
    pub member: i64,
    /// SCIM shows it.
    pub wanted: bool,
    /// The app is believed to have it.
    pub held: bool,
    /// User or Group.
    pub kind: ResourceType,
    /// The member was deleted here.
    pub deleted: bool,
    /// What a person calls it.
    pub display: String,
}

/// Adds members on our side; those that were not members before.
///
/// # Errors
/// When the database fails.
pub fn add(tx: &Tx<'_>, group: i64, members: &[i64], has_target: bool) -> Result<Vec<i64>, StoreError> {
    let sql = "INSERT INTO members(grp, member, wanted, held, owned) VALUES(?1, ?2, 1, ?3, 1) \
               ON CONFLICT(grp, member) DO UPDATE SET wanted = 1, keep = 0, owned = 1 WHERE wanted = 0";
    let mut put = tx.conn.prepare_cached(sql)?;
    let mut added = Vec::new();
    for member in members {
        if put.execute(params![group, member, !has_target])? == 1 {
            added.push(*member);
        }
    }
    Ok(added)
}

/// Somebody named those who are members already: from now on they were decided here.
///
/// # Errors
/// When the database fails.
pub fn own(tx: &Tx<'_>, group: i64, members: &[i64]) -> Result<(), StoreError> {
    let mut own = tx
        .conn
        .prepare_cached("UPDATE members SET owned = 1 WHERE grp = ?1 AND member = ?2 AND owned = 0")?;
    for member in members {
        own.execute([group, *member])?;
    }
    Ok(())
}

/// Takes members out on our side; those that were members before.
///
/// # Errors
/// When the database fails.
pub fn remove(tx: &Tx<'_>, group: i64, members: &[i64], has_target: bool) -> Result<Vec<i64>, StoreError> {
    let sql = if has_target {
        "UPDATE members SET wanted = 0, keep = 0, owned = 1 WHERE grp = ?1 AND member = ?2 AND wanted = 1"
    } else {
        "DELETE FROM members WHERE grp = ?1 AND member = ?2"
    };
    let mut take = tx.conn.prepare_cached(sql)?;
    let mut gone = tx
        .conn
        .prepare_cached("DELETE FROM members WHERE grp = ?1 AND member = ?2 AND wanted = 0 AND held = 0")?;
    let mut removed = Vec::new();
    for member in members {
        if take.execute([group, *member])? == 1 {
            removed.push(*member);
            if has_target {
                gone.execute([group, *member])?;
            }
        }
    }
    Ok(removed)
}

/// What an import learnt of one membership: the app holds it or not, and what follows for our side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Learnt {
    /// SCIM shows it from now on.
    pub wanted: bool,
    /// The app holds it.
    pub held: bool,
    /// Left alone: see above.
    pub keep: bool,
}

/// Stores what an import learnt; ownership stays as it is.
///
/// # Errors
/// When the database fails.
pub fn learn(tx: &Tx<'_>, group: i64, member: i64, now: Learnt) -> Result<(), StoreError> {
    if !now.wanted && !now.held {
        tx.conn
            .prepare_cached("DELETE FROM members WHERE grp = ?1 AND member = ?2")?
            .execute([group, member])?;
        return Ok(());
    }
    let sql = "INSERT INTO members(grp, member, wanted, held, keep) VALUES(?1, ?2, ?3, ?4, ?5) \
               ON CONFLICT(grp, member) DO UPDATE SET wanted = ?3, held = ?4, keep = ?5";
    tx.conn
        .prepare_cached(sql)?
        .execute(params![group, member, now.wanted, now.held, now.keep])?;
    Ok(())
}

/// One row as it is stored: member, wanted, held, keep, owned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Row of the member.
    pub member: i64,
    /// SCIM shows it.
    pub wanted: bool,
    /// The app is believed to have it; not while that is in doubt.
    pub held: bool,
    /// Left alone: see above.
    pub keep: bool,
    /// An IdP or admin decided it.
    pub owned: bool,
}

/// All rows of a group: for an import, which reads the whole group anyway.
///
/// # Errors
/// When the database fails.
pub fn stored(rx: &Rx<'_>, group: i64) -> Result<Vec<Stored>, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT member, wanted, held = 1, keep, owned FROM members WHERE grp = ?1")?;
    let rows = find.query_map([group], |r| {
        Ok(Stored {
            member: r.get(0)?,
            wanted: r.get(1)?,
            held: r.get(2)?,
            keep: r.get(3)?,
            owned: r.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A chunk is about to be sent, of members and whether each is wanted: until its answer, nobody knows what the app holds.
/// Those of which that still stands, and whether it was known before what the app holds; what changed meanwhile is left out.
///
/// # Errors
/// When the database fails.
pub fn set_in_doubt(tx: &Tx<'_>, group: i64, chunk: &[(i64, bool)]) -> Result<Vec<(i64, bool)>, StoreError> {
    let mut find = tx
        .conn
        .prepare_cached("SELECT held FROM members WHERE grp = ?1 AND member = ?2 AND wanted = ?3")?;
    let mut set = tx
        .conn
        .prepare_cached("UPDATE members SET held = 2 WHERE grp = ?1 AND member = ?2")?;
    let mut standing = Vec::with_capacity(chunk.len());
    for (member, wanted) in chunk {
        let held: Option<i64> = find
            .query_row(params![group, member, wanted], |r| r.get(0))
            .optional()?;
        if let Some(held) = held {
            set.execute([group, *member])?;
            standing.push((*member, held != 2));
        }
    }
    Ok(standing)
}

/// The app accepted a chunk: it holds these now, or no longer.
///
/// # Errors
/// When the database fails.
pub fn set_held(tx: &Tx<'_>, group: i64, members: &[i64], held: bool) -> Result<(), StoreError> {
    let mut set = tx
        .conn
        .prepare_cached("UPDATE members SET held = ?3 WHERE grp = ?1 AND member = ?2")?;
    let mut gone = tx
        .conn
        .prepare_cached("DELETE FROM members WHERE grp = ?1 AND member = ?2 AND wanted = 0 AND held = 0")?;
    for member in members {
        set.execute(params![group, member, held])?;
        gone.execute([group, *member])?;
    }
    Ok(())
}

/// Takes a membership out of what is pushed (see above), or puts it back.
///
/// # Errors
/// When the database fails.
pub fn set_kept(tx: &Tx<'_>, group: i64, member: i64, keep: bool) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("UPDATE members SET keep = ?3 WHERE grp = ?1 AND member = ?2")?
        .execute(params![group, member, keep])?;
    Ok(())
}

/// The account of a deleted member has lost its access: what was put aside until then is pushed. The groups of which
/// something was.
///
/// # Errors
/// When the database fails.
pub fn set_free(tx: &Tx<'_>, member: i64) -> Result<Vec<i64>, StoreError> {
    let put_aside = "SELECT grp FROM members WHERE member = ?1 AND wanted = 0 AND held <> 0 AND keep = 1";
    let groups = rows(tx, put_aside, member)?;
    tx.conn
        .prepare_cached("UPDATE members SET keep = 0 WHERE member = ?1 AND wanted = 0")?
        .execute([member])?;
    Ok(groups)
}

/// What of a group's members is still to be pushed.
///
/// # Errors
/// When the database fails.
pub fn delta(rx: &Rx<'_>, group: i64, limit: usize) -> Result<Vec<Delta>, StoreError> {
    // Named: without the partial index this costs the whole group (11 ms instead of 0.008 at 100,000 members).
    let sql = "SELECT m.member, m.wanted, m.held, r.kind, r.deleted_at IS NOT NULL, r.display \
               FROM members m INDEXED BY members_delta JOIN resources r ON r.row = m.member \
               WHERE m.grp = ?1 AND m.wanted <> m.held AND m.keep = 0 LIMIT ?2";
    let mut find = rx.conn.prepare_cached(sql)?;
    let rows = find.query_map(params![group, limit as i64], |r| {
        Ok(Delta {
            member: r.get(0)?,
            wanted: r.get(1)?,
            held: r.get(2)?,
            kind: kind_of(r.get(3)?),
            deleted: r.get(4)?,
            display: r.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The groups of a member that still have something to push.
///
/// # Errors
/// When the database fails.
pub fn groups_with_delta(rx: &Rx<'_>, member: i64) -> Result<Vec<i64>, StoreError> {
    rows(
        rx,
        "SELECT grp FROM members WHERE member = ?1 AND wanted <> held AND keep = 0",
        member,
    )
}

/// The groups that the app is believed to list a member in, although ours show them no more.
///
/// # Errors
/// When the database fails.
pub fn groups_holding(rx: &Rx<'_>, member: i64) -> Result<Vec<i64>, StoreError> {
    rows(
        rx,
        "SELECT grp FROM members WHERE member = ?1 AND wanted = 0 AND held <> 0",
        member,
    )
}

/// The deleted members whom the app is believed to list in a group still. Costs as much as there are tombstones, however
/// much of the group waits to be pushed.
///
/// # Errors
/// When the database fails.
pub fn departed(rx: &Rx<'_>, instance: InstanceId, group: i64) -> Result<Vec<i64>, StoreError> {
    let sql = "SELECT m.member FROM resources r INDEXED BY resources_tombs \
               CROSS JOIN members m ON m.grp = ?2 AND m.member = r.row \
               WHERE r.instance = ?1 AND r.deleted_at IS NOT NULL AND m.wanted = 0 AND m.held <> 0";
    let mut find = rx.conn.prepare_cached(sql)?;
    let rows = find.query_map([instance.0, group], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Rows of all groups that show this member.
///
/// # Errors
/// When the database fails.
pub fn group_rows(rx: &Rx<'_>, member: i64) -> Result<Vec<i64>, StoreError> {
    rows(
        rx,
        "SELECT grp FROM members WHERE member = ?1 AND wanted = 1",
        member,
    )
}

/// Rows of all members that a group shows.
///
/// # Errors
/// When the database fails.
pub fn member_rows(rx: &Rx<'_>, group: i64) -> Result<Vec<i64>, StoreError> {
    rows(
        rx,
        "SELECT member FROM members WHERE grp = ?1 AND wanted = 1",
        group,
    )
}

fn rows(rx: &Rx<'_>, sql: &str, row: i64) -> Result<Vec<i64>, StoreError> {
    let mut find = rx.conn.prepare_cached(sql)?;
    let rows = find.query_map([row], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The members that a group shows, from `after` (a row) on.
///
/// # Errors
/// When the database fails.
pub fn list(rx: &Rx<'_>, group: i64, after: i64, limit: usize) -> Result<Vec<Member>, StoreError> {
    let sql = "SELECT r.row, r.id, r.display, r.kind FROM members m JOIN resources r ON r.row = m.member \
               WHERE m.grp = ?1 AND m.member > ?2 AND m.wanted = 1 AND r.deleted_at IS NULL ORDER BY m.member LIMIT ?3";
    seen(
        rx,
        sql,
        params![group, after, i64::try_from(limit).unwrap_or(i64::MAX)],
    )
}

/// The groups that show this member.
///
/// # Errors
/// When the database fails.
pub fn groups_of(rx: &Rx<'_>, member: i64) -> Result<Vec<Member>, StoreError> {
    let sql = "SELECT r.row, r.id, r.display, r.kind FROM members m JOIN resources r ON r.row = m.grp \
               WHERE m.member = ?1 AND m.wanted = 1 AND r.deleted_at IS NULL ORDER BY m.grp";
    seen(rx, sql, params![member])
}

fn seen(rx: &Rx<'_>, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Member>, StoreError> {
    let mut find = rx.conn.prepare_cached(sql)?;
    let rows = find.query_map(values, |r| {
        Ok(Member {
            row: r.get(0)?,
            id: r.get(1)?,
            display: r.get(2)?,
            kind: kind_of(r.get(3)?),
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether a group shows this member.
///
/// # Errors
/// When the database fails.
pub fn is_member(rx: &Rx<'_>, group: i64, member: i64) -> Result<bool, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT 1 FROM members WHERE grp = ?1 AND member = ?2 AND wanted = 1")?;
    Ok(find.exists([group, member])?)
}

/// Whether somebody on our side decided that a member is in a group; none: it is not.
///
/// # Errors
/// When the database fails.
pub fn is_decided(rx: &Rx<'_>, group: i64, member: i64) -> Result<Option<bool>, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT owned FROM members WHERE grp = ?1 AND member = ?2 AND wanted = 1")?;
    Ok(find.query_row([group, member], |r| r.get(0)).optional()?)
}

/// How many members a group shows.
///
/// # Errors
/// When the database fails.
pub fn count(rx: &Rx<'_>, group: i64) -> Result<i64, StoreError> {
    let mut count = rx
        .conn
        .prepare_cached("SELECT count(*) FROM members WHERE grp = ?1 AND wanted = 1")?;
    Ok(count.query_row([group], |r| r.get(0))?)
}

/// Whether the app is believed to hold any member of a group.
///
/// # Errors
/// When the database fails.
pub fn any_held(rx: &Rx<'_>, group: i64) -> Result<bool, StoreError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM members WHERE grp = ?1 AND held = 1)";
    Ok(rx.conn.prepare_cached(sql)?.query_row([group], |r| r.get(0))?)
}

/// How many members of a group the app is surely believed to hold, counted up to `most`.
///
/// # Errors
/// When the database fails.
pub fn held_up_to(rx: &Rx<'_>, group: i64, most: usize) -> Result<u64, StoreError> {
    let sql = "SELECT count(*) FROM (SELECT 1 FROM members WHERE grp = ?1 AND held = 1 LIMIT ?2)";
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let count: i64 = rx
        .conn
        .prepare_cached(sql)?
        .query_row([group, most], |r| r.get(0))?;
    Ok(count.unsigned_abs())
}

/// How many memberships the app of an instance is believed to hold: the base of the removal limit.
///
/// # Errors
/// When the database fails.
pub fn count_held(rx: &Rx<'_>, instance: InstanceId) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM members m JOIN resources r ON r.row = m.grp WHERE r.instance = ?1 AND r.kind = 2 AND m.held <> 0";
    Ok(rx
        .conn
        .prepare_cached(sql)?
        .query_row([instance.0], |r| r.get(0))?)
}
