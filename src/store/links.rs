//! Links: our Resource ↔ the app's id (DESIGN §4). They outlive Resources, else nobody remembers what to remove.

mod seen;

use rusqlite::{Row, params};

use super::resources::{kind_code, kind_of};
use super::{Rx, StoreError, Topic, Tx};
use crate::model::{Fingerprint, InstanceId, Link, LinkState};
use crate::scim::schema::ResourceType;

pub use seen::{
    Enforced, any_unseen, enforced, known, look_anew, mark_seen, sample, seen_doc, seen_in, set_enforced,
    set_seen_doc, shows_groups_with, unseen, unsettled, with_access,
};

const COLUMNS: &str =
    "id, instance, kind, resource, remote_id, state, external_id, name_key, pushed, base, seen, seen_active,
                       ended_by_us, rev, written_seq, seen_run";

fn read(r: &Row<'_>) -> rusqlite::Result<Option<Link>> {
    let print = |i: usize| -> rusqlite::Result<Option<Fingerprint>> {
        Ok(serde_json::from_str(&r.get::<_, String>(i)?).ok())
    };
    let (Some(state), Some(pushed), Some(base), Some(seen)) = (
        LinkState::parse(&r.get::<_, String>(5)?),
        print(8)?,
        print(9)?,
        print(10)?,
    ) else {
        return Ok(None);
    };
    Ok(Some(Link {
        id: r.get(0)?,
        instance: InstanceId(r.get(1)?),
        kind: kind_of(r.get(2)?),
        resource: r.get(3)?,
        remote_id: r.get(4)?,
        state,
        external_id: r.get(6)?,
        name_key: r.get(7)?,
        pushed,
        base,
        seen,
        seen_active: r.get(11)?,
        ended_by_us: r.get(12)?,
        rev: r.get(13)?,
        written_seq: r.get(14)?,
        seen_run: r.get(15)?,
    }))
}

fn all(rx: &Rx<'_>, condition: &str, values: impl rusqlite::Params) -> Result<Vec<Link>, StoreError> {
    let mut rows = rx
        .conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM links WHERE {condition}"))?;
    let found = rows
        .query_map(values, read)?
        .collect::<Result<Option<Vec<_>>, _>>()?;
    found.ok_or(StoreError::Damaged("link"))
}

fn one(rx: &Rx<'_>, condition: &str, values: impl rusqlite::Params) -> Result<Option<Link>, StoreError> {
    Ok(all(rx, condition, values)?.into_iter().next())
}

/// By its row.
///
/// # Errors
/// Those of SQLite; `Damaged` for a row that cannot be read, as from all reading functions here.
pub fn by_id(rx: &Rx<'_>, id: i64) -> Result<Option<Link>, StoreError> {
    one(rx, "id = ?1", [id])
}

/// Of one of our resources.
///
/// # Errors
/// As `by_id`.
pub fn by_resource(rx: &Rx<'_>, row: i64) -> Result<Option<Link>, StoreError> {
    one(rx, "resource = ?1 AND resource IS NOT NULL", [row])
}

/// By the app's id.
///
/// # Errors
/// As `by_id`.
pub fn by_remote(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    remote: &str,
) -> Result<Option<Link>, StoreError> {
    one(
        rx,
        "instance = ?1 AND kind = ?2 AND remote_id = ?3",
        params![instance.0, kind_code(kind), remote],
    )
}

/// What the app knows an account or group by.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// Its folded userName or displayName.
    Name(&'a str),
    /// The externalId it has there.
    External(&'a str),
}

/// Those that the app knows so; at most 10.
///
/// # Errors
/// As `by_id`.
pub fn known_by(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    by: By<'_>,
) -> Result<Vec<Link>, StoreError> {
    find(rx, instance, kind, by, "")
}

/// As `known_by`, only those that belong to no resource: left behind in the app, or new in it and not yet settled.
///
/// # Errors
/// As `by_id`.
pub fn unlinked_by(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    by: By<'_>,
) -> Result<Vec<Link>, StoreError> {
    find(rx, instance, kind, by, "AND resource IS NULL")
}

fn find(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    by: By<'_>,
    also: &str,
) -> Result<Vec<Link>, StoreError> {
    let (column, value) = match by {
        By::Name(key) => ("name_key", key),
        By::External(external) => ("external_id", external),
    };
    let only = format!("instance = ?1 AND kind = ?2 AND {column} = ?3 {also} LIMIT 10");
    all(rx, &only, params![instance.0, kind_code(kind), value])
}

/// A new link's row, before anything is known of the app's side.
#[must_use]
pub fn draft(instance: InstanceId, kind: ResourceType, resource: Option<i64>, state: LinkState) -> Link {
    Link {
        id: 0,
        instance,
        kind,
        resource,
        remote_id: None,
        state,
        external_id: None,
        name_key: None,
        pushed: Fingerprint::new(),
        base: Fingerprint::new(),
        seen: Fingerprint::new(),
        seen_active: true,
        ended_by_us: false,
        rev: 1,
        written_seq: 0,
        seen_run: 0,
    }
}

fn text(print: &Fingerprint) -> Result<String, StoreError> {
    serde_json::to_string(print).map_err(|_| StoreError::Damaged("fingerprint"))
}

const INSERT: &str =
    "INSERT INTO links(instance, kind, resource, remote_id, state, external_id, name_key, pushed, base, seen, seen_active,
       ended_by_us, rev, written_seq, seen_run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, 1, ?13, ?14)";

/// What an app shows of an account that was never seen.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// Whose app.
    pub instance: InstanceId,
    /// User or Group.
    pub kind: ResourceType,
    /// The app's id.
    pub remote_id: &'a str,
    /// The externalId it has there.
    pub external_id: Option<&'a str>,
    /// Its folded userName or displayName.
    pub name_key: &'a str,
    /// Of what it holds.
    pub print: &'a Fingerprint,
    /// Whether it can be used.
    pub active: bool,
    /// The run that saw it.
    pub run: i64,
}

/// Writes the link of a resource that an import has made of what the app shows. An import of 100,000 spends its time in
/// here and in `resources::appear`, so nothing is copied that need not be.
///
/// # Errors
/// As `insert`.
pub fn insert_shown(tx: &Tx<'_>, resource: i64, shown: &Shown<'_>) -> Result<(), StoreError> {
    let print = text(shown.print)?;
    tx.conn.prepare_cached(INSERT)?.execute(params![
        shown.instance.0,
        kind_code(shown.kind),
        resource,
        shown.remote_id,
        LinkState::Linked.as_str(),
        shown.external_id,
        shown.name_key,
        "{}",
        print,
        print,
        shown.active,
        false,
        tx.seq(),
        shown.run,
    ])?;
    Ok(())
}

/// Writes a new link; its `id`, `rev` and `written_seq` are given here.
///
/// # Errors
/// A constraint if the resource or the app's id has a link already.
pub fn insert(tx: &Tx<'_>, link: &Link) -> Result<Link, StoreError> {
    tx.conn.prepare_cached(INSERT)?.execute(params![
        link.instance.0,
        kind_code(link.kind),
        link.resource,
        link.remote_id,
        link.state.as_str(),
        link.external_id,
        link.name_key,
        text(&link.pushed)?,
        text(&link.base)?,
        text(&link.seen)?,
        link.seen_active,
        link.ended_by_us,
        tx.seq(),
        link.seen_run,
    ])?;
    Ok(Link {
        id: tx.conn.last_insert_rowid(),
        rev: 1,
        written_seq: tx.seq(),
        ..link.clone()
    })
}

/// The promise to create an account, written before the call: whoever finds it searches before creating again.
///
/// # Errors
/// As `insert`.
pub fn insert_creating(
    tx: &Tx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    resource: i64,
    external_id: Option<&str>,
    name_key: &str,
) -> Result<Link, StoreError> {
    let new = draft(instance, kind, Some(resource), LinkState::Creating);
    insert(
        tx,
        &Link {
            external_id: external_id.map(str::to_owned),
            name_key: Some(name_key.to_owned()),
            ..new
        },
    )
}

/// Writes all of `link` if nobody wrote it since it was read (`rev`); observations sent before now are void from here on.
/// False: somebody did, nothing was written.
///
/// # Errors
/// A constraint if the resource or the app's id has another link.
pub fn save(tx: &Tx<'_>, link: &Link) -> Result<bool, StoreError> {
    store(tx, link, tx.seq())
}

/// As `save`, for what was only observed: it voids nothing.
///
/// # Errors
/// As `save`.
pub fn observe(tx: &Tx<'_>, link: &Link) -> Result<bool, StoreError> {
    store(tx, link, link.written_seq)
}

fn store(tx: &Tx<'_>, link: &Link, seq: i64) -> Result<bool, StoreError> {
    let written = tx
        .conn
        .prepare_cached(
            "UPDATE links SET resource = ?3, remote_id = ?4, state = ?5, external_id = ?6, name_key = ?7, pushed = ?8, base = ?9,
               seen = ?10, seen_active = ?11, ended_by_us = ?12, rev = rev + 1, written_seq = ?13, seen_run = ?14
             WHERE id = ?1 AND rev = ?2",
        )?
        .execute(params![
            link.id,
            link.rev,
            link.resource,
            link.remote_id,
            link.state.as_str(),
            link.external_id,
            link.name_key,
            text(&link.pushed)?,
            text(&link.base)?,
            text(&link.seen)?,
            link.seen_active,
            link.ended_by_us,
            seq,
            link.seen_run,
        ])?;
    Ok(written == 1)
}

/// Gives a link to another of our resources: the person left and came back before the app heard of it. What the app
/// accepted so far is compared anew; of what was seen there, `but` (a path) is forgotten.
///
/// # Errors
/// A constraint if that resource has a link already.
pub fn move_to(tx: &Tx<'_>, link_id: i64, new_resource_row: i64, but: &str) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached(
            "UPDATE links SET resource = ?2, seen = json_remove(seen, '$.' || ?4), rev = rev + 1, written_seq = ?3 WHERE id = ?1",
        )?
        .execute(params![link_id, new_resource_row, tx.seq(), but])?;
    Ok(())
}

/// The account stays in the app but is none of our resources any more: `left`, and import makes no Resource for it.
///
/// # Errors
/// Those of SQLite.
pub fn detach(tx: &Tx<'_>, link_id: i64) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached(
            "UPDATE links SET resource = NULL, state = 'left', rev = rev + 1, written_seq = ?2 WHERE id = ?1",
        )?
        .execute(params![link_id, tx.seq()])?;
    Ok(())
}

/// Forgets a link.
///
/// # Errors
/// Those of SQLite.
pub fn delete(tx: &Tx<'_>, link_id: i64) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("DELETE FROM links WHERE id = ?1")?
        .execute([link_id])?;
    Ok(())
}

/// Forgets all links of an instance: it points at another app now.
///
/// # Errors
/// Those of SQLite.
pub fn drop_all(tx: &Tx<'_>, instance: InstanceId) -> Result<usize, StoreError> {
    let gone = tx
        .conn
        .execute("DELETE FROM links WHERE instance = ?1", [instance.0])?;
    super::adoptions::drop_all(tx, instance)?;
    tx.tell(instance, Topic::Health);
    Ok(gone)
}

/// What can be pushed of a group's members now: (row, wanted, the app's id). Members without a link wait for theirs.
///
/// # Errors
/// Those of SQLite.
pub fn member_delta(rx: &Rx<'_>, group: i64, limit: usize) -> Result<Vec<(i64, bool, String)>, StoreError> {
    let mut rows = rx.conn.prepare_cached(
        "SELECT m.member, m.wanted, l.remote_id FROM members m INDEXED BY members_delta
         JOIN links l ON l.resource = m.member AND l.resource IS NOT NULL AND l.remote_id IS NOT NULL AND l.state <> 'missing'
         WHERE m.grp = ?1 AND m.wanted <> m.held AND m.keep = 0 LIMIT ?2",
    )?;
    let found = rows.query_map(params![group, limit as i64], |r| {
        Ok((r.get(0)?, r.get(1)?, r.get(2)?))
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// Who of a group's people has no account in the app: how many, and what the first `limit` are called.
///
/// # Errors
/// Those of SQLite.
pub fn members_without(rx: &Rx<'_>, group: i64, limit: usize) -> Result<(u64, Vec<String>), StoreError> {
    let from = "FROM members m INDEXED BY members_delta JOIN resources r ON r.row = m.member
         WHERE m.grp = ?1 AND m.wanted <> m.held AND m.wanted = 1 AND r.kind = 1 AND r.deleted_at IS NULL
           AND NOT EXISTS (SELECT 1 FROM links l WHERE l.resource = m.member AND l.remote_id IS NOT NULL AND l.state <> 'missing')";
    let mut count = rx.conn.prepare_cached(&format!("SELECT count(*) {from}"))?;
    let count: i64 = count.query_row([group], |r| r.get(0))?;
    let mut names = rx
        .conn
        .prepare_cached(&format!("SELECT r.display {from} ORDER BY r.name_key LIMIT ?2"))?;
    let names = names.query_map(params![group, limit as i64], |r| r.get(0))?;
    Ok((count.unsigned_abs(), names.collect::<Result<_, _>>()?))
}
