//! Removals: reserved → done | held → allowed | rejected (DESIGN §5). What is too many is `sync::removal`'s; the rows
//! and their counts are here. Done ones stay as long as the window that counts them; events are the history.

use std::collections::BTreeSet;

use rusqlite::{OptionalExtension, Row, params};

use super::{Rx, StoreError, Topic, Tx};
use crate::model::{InstanceId, Removal, RemovalClass, RemovalState, Time};

const COLUMNS: &str = "id, instance, class, subject, member, label, state, reason, at";

fn read(r: &Row<'_>) -> rusqlite::Result<Option<Removal>> {
    let (Some(class), Some(state)) = (
        RemovalClass::parse(r.get_ref(2)?.as_str()?),
        RemovalState::parse(r.get_ref(6)?.as_str()?),
    ) else {
        return Ok(None);
    };
    Ok(Some(Removal {
        id: r.get(0)?,
        instance: InstanceId(r.get(1)?),
        class,
        subject: r.get(3)?,
        member: r.get(4)?,
        label: r.get(5)?,
        state,
        reason: r.get(7)?,
        at: Time(r.get(8)?),
    }))
}

fn all(rx: &Rx<'_>, condition: &str, values: impl rusqlite::Params) -> Result<Vec<Removal>, StoreError> {
    let mut rows = rx
        .conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM removals WHERE {condition}"))?;
    let found = rows.query_map(values, read)?;
    Ok(found
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect())
}

/// The open removal of this subject, in whatever state but done.
///
/// # Errors
/// When the database fails.
pub fn open_of(
    rx: &Rx<'_>,
    instance: InstanceId,
    class: RemovalClass,
    subject: i64,
    member: i64,
) -> Result<Option<Removal>, StoreError> {
    let only = "instance = ?1 AND class = ?2 AND subject = ?3 AND member = ?4 AND state <> 'done'";
    Ok(all(rx, only, params![instance.0, class.as_str(), subject, member])?.pop())
}

/// Those that are kept from happening for this reason.
///
/// # Errors
/// When the database fails.
pub fn rejected_for(rx: &Rx<'_>, instance: InstanceId, reason: &str) -> Result<Vec<Removal>, StoreError> {
    let only = "instance = ?1 AND state = 'rejected' AND reason = ?2";
    all(rx, only, params![instance.0, reason])
}

/// Writes a new removal; its row. `run`: the sync whose read it is born of, 0 for a push.
///
/// # Errors
/// A constraint if there is an open one.
pub fn insert(tx: &Tx<'_>, new: &Removal, run: i64) -> Result<i64, StoreError> {
    tx.conn
        .prepare_cached(
            "INSERT INTO removals(instance, class, subject, member, label, state, reason, at, run)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            new.instance.0,
            new.class.as_str(),
            new.subject,
            new.member,
            new.label,
            new.state.as_str(),
            new.reason,
            tx.now().0,
            run,
        ])?;
    tx.tell(new.instance, Topic::Health);
    Ok(tx.conn.last_insert_rowid())
}

/// Moves a held removal on, if it is still held: allowed ones count towards no limit any more. True: it was.
///
/// # Errors
/// When the database fails.
pub fn decide(tx: &Tx<'_>, removal: &Removal, state: RemovalState) -> Result<bool, StoreError> {
    let moved = tx
        .conn
        .prepare_cached("UPDATE removals SET state = ?2, freed = ?3 WHERE id = ?1 AND state = 'held'")?
        .execute(params![
            removal.id,
            state.as_str(),
            state == RemovalState::Allowed
        ])?;
    tx.tell(removal.instance, Topic::Health);
    Ok(moved > 0)
}

/// It has happened: it counts for its window from now.
///
/// # Errors
/// When the database fails.
pub fn done(tx: &Tx<'_>, id: i64) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("UPDATE removals SET state = 'done', done_at = ?2 WHERE id = ?1 AND state <> 'done'")?
        .execute([id, tx.now().0])?;
    Ok(())
}

/// It is no longer asked for: whoever was to be removed stays, or is gone by itself. True: there was one.
///
/// # Errors
/// When the database fails.
pub fn withdraw(
    tx: &Tx<'_>,
    instance: InstanceId,
    class: RemovalClass,
    subject: i64,
    member: i64,
) -> Result<bool, StoreError> {
    let gone = tx
        .conn
        .prepare_cached("DELETE FROM removals WHERE instance = ?1 AND class = ?2 AND subject = ?3 AND member = ?4 AND state <> 'done'")?
        .execute(params![instance.0, class.as_str(), subject, member])?;
    if gone > 0 {
        tx.tell(instance, Topic::Health);
    }
    Ok(gone > 0)
}

/// What `from` stands for in the app belongs to `to` from now on: so does the removal that waits for it. The next push of
/// `to` takes it back if nobody is to go any more.
///
/// # Errors
/// When the database fails.
pub fn move_to(tx: &Tx<'_>, instance: InstanceId, from: i64, to: i64) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached(
            "UPDATE removals SET subject = ?3 WHERE instance = ?1 AND class IN ('account', 'group') AND subject = ?2 AND state <> 'done'",
        )?
        .execute([instance.0, from, to])?;
    Ok(())
}

/// Our side changed `subject`: what an admin rejected for it may be asked anew, and memberships that are wanted again
/// are no removals; nor does a read decide about one that is not wanted any more. Held ones keep their number, so that
/// Allow frees what its page showed.
///
/// # Errors
/// When the database fails.
pub fn clear_for(tx: &Tx<'_>, instance: InstanceId, subject: i64) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached(
            "DELETE FROM removals WHERE instance = ?1 AND class IN ('account', 'group') AND subject = ?2 AND state <> 'done'
             AND state = 'rejected'",
        )?
        .execute([instance.0, subject])?;
    tx.conn
        .prepare_cached(
            "DELETE FROM removals WHERE instance = ?1 AND class = 'membership' AND subject = ?2 AND state <> 'done'
             AND (run = 0) = NOT EXISTS (SELECT 1 FROM members m WHERE m.grp = ?2 AND m.member = removals.member AND m.wanted = 0)",
        )?
        .execute([instance.0, subject])?;
    Ok(())
}

/// A read of a group's members: removals born of an earlier one dissolve, but for those of `gone`; so do those of
/// memberships that are no more. True: there were some.
///
/// # Errors
/// When the database fails.
pub fn dissolve_members(
    tx: &Tx<'_>,
    instance: InstanceId,
    group: i64,
    gone: &BTreeSet<i64>,
) -> Result<bool, StoreError> {
    let only = "instance = ?1 AND class = 'membership' AND subject = ?2 AND state <> 'done'
        AND (run <> 0 OR NOT EXISTS (SELECT 1 FROM members m WHERE m.grp = ?2 AND m.member = removals.member))";
    let mut dissolved = false;
    for moot in all(tx, only, [instance.0, group])? {
        if !gone.contains(&moot.member) {
            dissolved |= withdraw(tx, instance, moot.class, group, moot.member)?;
        }
    }
    Ok(dissolved)
}

/// What was asked about a resource that is no more, or about its memberships, is asked no more.
///
/// # Errors
/// When the database fails.
pub fn forget(tx: &Tx<'_>, row: i64) -> Result<(), StoreError> {
    // By the index of open ones, which begins with the instance.
    let of = "DELETE FROM removals WHERE state <> 'done' AND instance = (SELECT instance FROM resources WHERE row = ?1)";
    for which in [
        "class IN ('account', 'group', 'membership') AND subject = ?1",
        "class = 'membership' AND member = ?1",
    ] {
        tx.conn
            .prepare_cached(&format!("{of} AND {which}"))?
            .execute([row])?;
    }
    Ok(())
}

/// A read that saw `subject` again: a hold born of an earlier read dissolves. True: there was one.
///
/// # Errors
/// When the database fails.
pub fn dissolve(
    tx: &Tx<'_>,
    instance: InstanceId,
    class: RemovalClass,
    subject: i64,
) -> Result<bool, StoreError> {
    let gone = tx
        .conn
        .prepare_cached(
            "DELETE FROM removals WHERE instance = ?1 AND class = ?2 AND subject = ?3 AND member = 0 AND state <> 'done' AND run <> 0",
        )?
        .execute(params![instance.0, class.as_str(), subject])?;
    Ok(gone > 0)
}

/// How often this class was used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Used {
    /// Done in the window, freed ones included.
    pub done: u64,
    /// Done or reserved in the window: what counts towards the limit. What the app goes on refusing does so for its window.
    pub counted: u64,
    /// Reserved or allowed, not yet done.
    pub outstanding: u64,
}

/// What was removed of a class since `since`, by pushes (`run` 0) or by one sync; for the base, by anybody.
///
/// # Errors
/// When the database fails.
pub fn used(
    rx: &Rx<'_>,
    instance: InstanceId,
    class: RemovalClass,
    since: Time,
    run: i64,
) -> Result<Used, StoreError> {
    let mut done = rx.conn.prepare_cached(
        "SELECT count(*), coalesce(sum(freed = 0 AND run = ?4), 0) FROM removals INDEXED BY removals_window
         WHERE instance = ?1 AND class = ?2 AND done_at > ?3 AND state = 'done'",
    )?;
    let values = params![instance.0, class.as_str(), since.0, run];
    let pair = |r: &Row<'_>| Ok((r.get::<_, u32>(0)?.into(), r.get::<_, u32>(1)?.into()));
    let (done, counted): (u64, u64) = done.query_row(values, pair)?;
    let mut open = rx.conn.prepare_cached(
        "SELECT count(*), coalesce(sum(state = 'reserved' AND run = ?3 AND at > ?4), 0) FROM removals INDEXED BY removals_state
         WHERE instance = ?1 AND state IN ('reserved', 'allowed') AND class = ?2",
    )?;
    let values = params![instance.0, class.as_str(), run, since.0];
    let (outstanding, reserved): (u64, u64) = open.query_row(values, pair)?;
    Ok(Used {
        done,
        counted: counted + reserved,
        outstanding,
    })
}

/// What waits for Allow or Reject, oldest first.
///
/// # Errors
/// When the database fails.
pub fn held(rx: &Rx<'_>, instance: InstanceId, limit: usize) -> Result<Vec<Removal>, StoreError> {
    all(
        rx,
        "instance = ?1 AND state = 'held' ORDER BY id LIMIT ?2",
        params![instance.0, limit as i64],
    )
}

/// How many wait for Allow or Reject, by class.
///
/// # Errors
/// When the database fails.
pub fn count_held(rx: &Rx<'_>, instance: InstanceId) -> Result<Vec<(RemovalClass, u64)>, StoreError> {
    let mut rows = rx
        .conn
        .prepare_cached("SELECT class, count(*) FROM removals INDEXED BY removals_state WHERE instance = ?1 AND state = 'held' GROUP BY class")?;
    let found = rows.query_map([instance.0], |r| {
        Ok((
            RemovalClass::parse(r.get_ref(0)?.as_str()?),
            r.get::<_, u32>(1)?.into(),
        ))
    })?;
    let found: Vec<(Option<RemovalClass>, u64)> = found.collect::<Result<_, _>>()?;
    Ok(found
        .into_iter()
        .filter_map(|(class, n)| Some((class?, n)))
        .collect())
}

/// Held removals that one sync asked for, or pushes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The sync whose read they are born of; 0: pushes.
    pub run: i64,
    /// When that sync began, if it is still kept.
    pub started: Option<Time>,
    /// How many wait.
    pub count: u64,
    /// Since when the first of them waits.
    pub since: Time,
}

/// Where what waits comes from; oldest first.
///
/// # Errors
/// When the database fails.
pub fn origins(rx: &Rx<'_>, instance: InstanceId) -> Result<Vec<Origin>, StoreError> {
    let mut find = rx.conn.prepare_cached(
        "SELECT m.run, u.started, count(*), min(m.at) FROM removals m INDEXED BY removals_state
         LEFT JOIN runs u ON u.id = m.run
         WHERE m.instance = ?1 AND m.state = 'held' GROUP BY m.run ORDER BY min(m.at)",
    )?;
    let found = find.query_map([instance.0], |r| {
        Ok(Origin {
            run: r.get(0)?,
            started: r.get::<_, Option<i64>>(1)?.map(Time),
            count: r.get::<_, u32>(2)?.into(),
            since: Time(r.get(3)?),
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// What a sync's read has removed here so far.
///
/// # Errors
/// When the database fails.
pub fn done_by(rx: &Rx<'_>, instance: InstanceId, run: i64) -> Result<u64, StoreError> {
    let mut count = rx.conn.prepare_cached(
        "SELECT count(*) FROM removals INDEXED BY removals_state WHERE instance = ?1 AND state = 'done' AND run = ?2",
    )?;
    Ok(count.query_row([instance.0, run], |r| r.get::<_, u32>(0))?.into())
}

/// One removal of this instance by its row, and the sync it is born of (0: a push).
///
/// # Errors
/// When the database fails.
pub fn by_id(rx: &Rx<'_>, instance: InstanceId, id: i64) -> Result<Option<(Removal, i64)>, StoreError> {
    let mut found = rx.conn.prepare_cached(&format!(
        "SELECT {COLUMNS}, run FROM removals WHERE id = ?1 AND instance = ?2"
    ))?;
    let row = found
        .query_row([id, instance.0], |r| Ok((read(r)?, r.get(9)?)))
        .optional()?;
    Ok(row.and_then(|(removal, run)| Some((removal?, run))))
}

/// Forgets what no window counts any more.
///
/// # Errors
/// When the database fails.
pub fn purge(tx: &Tx<'_>, before: Time) -> Result<usize, StoreError> {
    Ok(tx.conn.execute(
        "DELETE FROM removals WHERE state = 'done' AND done_at < ?1",
        [before.0],
    )?)
}

/// Forgets all of an instance: it points at another app now.
///
/// # Errors
/// When the database fails.
pub fn drop_all(tx: &Tx<'_>, instance: InstanceId) -> Result<(), StoreError> {
    tx.conn
        .execute("DELETE FROM removals WHERE instance = ?1", [instance.0])?;
    tx.tell(instance, Topic::Health);
    Ok(())
}
