//! Resources: one JSON document each, and columns extracted from it in Rust for what is looked up. The document is the
//! truth; the columns can be made anew from it. Who may change a resource, and what follows, is `directory`'s.

use std::collections::BTreeSet;

use super::document::{Document, Extract};
use super::{Rx, StoreError, Topic, Tx, landmarks};
use crate::model::{InstanceId, Resource, Time};
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, fold};
use rusqlite::{OptionalExtension, Row, params};

const COLUMNS: &str = "row, instance, kind, id, display, name, external_id, active, owned, version, created, last_modified, deleted_at, doc";

/// The stored number of a resource type.
#[must_use]
pub fn kind_code(kind: ResourceType) -> i64 {
    match kind {
        ResourceType::User => 1,
        ResourceType::Group => 2,
    }
}

/// Reads the stored number.
#[must_use]
pub fn kind_of(code: i64) -> ResourceType {
    if code == 2 {
        ResourceType::Group
    } else {
        ResourceType::User
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Resource> {
    let bad = |i: usize, e: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(i, rusqlite::types::Type::Text, Box::new(e))
    };
    let owned = row.get_ref(8)?.as_str()?;
    let owned = if owned == "[]" {
        BTreeSet::new()
    } else {
        serde_json::from_str(owned).map_err(|e| bad(8, e))?
    };
    let mut attributes: Attributes =
        serde_json::from_str(row.get_ref(13)?.as_str()?).map_err(|e| bad(13, e))?;
    attributes.shift_remove("id");
    attributes.shift_remove("meta");
    Ok(Resource {
        row: row.get(0)?,
        instance: InstanceId(row.get(1)?),
        kind: kind_of(row.get(2)?),
        id: row.get(3)?,
        display: row.get(4)?,
        name: row.get(5)?,
        external_id: row.get(6)?,
        active: row.get(7)?,
        owned,
        version: row.get(9)?,
        created: Time(row.get(10)?),
        last_modified: Time(row.get(11)?),
        deleted_at: row.get::<_, Option<i64>>(12)?.map(Time),
        attributes,
    })
}

/// Makes a resource with a new id.
///
/// # Errors
/// A managed user with the same userName, or the database fails.
pub fn insert(
    tx: &Tx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    attributes: Attributes,
    owned: BTreeSet<String>,
) -> Result<Resource, StoreError> {
    let extract = Extract::of(kind, &attributes);
    let (row, id) = write_new(tx, instance, kind, &attributes, &extract, &owned)?;
    let now = tx.now();
    Ok(Resource {
        row,
        instance,
        kind,
        id,
        display: extract.display.into(),
        name: extract.name.into(),
        external_id: extract.external_id.map(Into::into),
        active: extract.active,
        owned,
        version: 1,
        created: now,
        last_modified: now,
        deleted_at: None,
        attributes,
    })
}

/// What an app shows appears as a resource of nobody's: its row, and what a person calls it.
///
/// # Errors
/// When the database fails.
pub fn appear(
    tx: &Tx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    attributes: &Attributes,
) -> Result<(i64, String), StoreError> {
    let extract = Extract::of(kind, attributes);
    let (row, _) = write_new(tx, instance, kind, attributes, &extract, &BTreeSet::new())?;
    Ok((row, extract.display.into()))
}

/// Row and id.
fn write_new(
    tx: &Tx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    attributes: &Attributes,
    extract: &Extract<'_>,
    owned: &BTreeSet<String>,
) -> Result<(i64, String), StoreError> {
    let id = tx.new_id();
    let now = tx.now();
    let document = Document {
        kind,
        id: &id,
        version: 1,
        created: now,
        last_modified: now,
        attributes,
    };
    let text = document.text()?;
    // FAIL: for ABORT, once a trigger follows, SQLite keeps what each page held before, which takes as long as the rest.
    let sql = "INSERT OR FAIL INTO resources(instance, kind, id, external_id, name, name_key, display, active, managed, owned, version, \
               created, last_modified, doc) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1, ?11, ?11, ?12)";
    tx.conn.prepare_cached(sql)?.execute(params![
        instance.0,
        kind_code(kind),
        id,
        extract.external_id,
        extract.name,
        fold(extract.name),
        extract.display,
        extract.active,
        !owned.is_empty(),
        owned_text(owned)?,
        now.0,
        text,
    ])?;
    let row = tx.conn.last_insert_rowid();
    index_emails(tx, instance, row, &BTreeSet::new(), &extract.emails)?;
    tx.tell(instance, Topic::Resources);
    Ok((row, id))
}

/// Gives a resource new attributes and ownership. The version rises only if `touch` is set: what an answer shows
/// has changed.
///
/// # Errors
/// A managed user with the same userName, or the database fails.
pub fn update(
    tx: &Tx<'_>,
    before: &Resource,
    attributes: Attributes,
    owned: BTreeSet<String>,
    touch: bool,
) -> Result<Resource, StoreError> {
    let version = before.version + i64::from(touch);
    let last_modified = if touch { tx.now() } else { before.last_modified };
    let document = Document {
        kind: before.kind,
        id: &before.id,
        version,
        created: before.created,
        last_modified,
        attributes: &attributes,
    };
    let text = document.text()?;
    let extract = Extract::of(before.kind, &attributes);
    let sql = "UPDATE resources SET external_id = ?2, name = ?3, name_key = ?4, display = ?5, active = ?6, managed = ?7, owned = ?8, \
               version = ?9, last_modified = ?10, doc = ?11 WHERE row = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![
        before.row,
        extract.external_id,
        extract.name,
        fold(extract.name),
        extract.display,
        extract.active,
        !owned.is_empty(),
        owned_text(&owned)?,
        version,
        last_modified.0,
        text,
    ])?;
    let was = Extract::of(before.kind, &before.attributes).emails;
    index_emails(tx, before.instance, before.row, &was, &extract.emails)?;
    tx.tell(before.instance, Topic::Resources);
    Ok(Resource {
        display: extract.display.into(),
        name: extract.name.into(),
        external_id: extract.external_id.map(Into::into),
        active: extract.active,
        owned,
        version,
        last_modified,
        attributes,
        ..before.clone()
    })
}

fn owned_text(owned: &BTreeSet<String>) -> Result<String, StoreError> {
    serde_json::to_string(owned).map_err(|_| StoreError::Damaged("ownership"))
}

fn index_emails(
    tx: &Tx<'_>,
    instance: InstanceId,
    row: i64,
    was: &BTreeSet<String>,
    is: &BTreeSet<String>,
) -> Result<(), StoreError> {
    if was == is {
        return Ok(());
    }
    if !was.is_empty() {
        tx.conn
            .prepare_cached("DELETE FROM emails WHERE resource = ?1")?
            .execute([row])?;
    }
    let mut add = tx
        .conn
        .prepare_cached("INSERT INTO emails(resource, value_key, instance) VALUES(?1, ?2, ?3)")?;
    for value in is {
        add.execute(params![row, value, instance.0])?;
    }
    Ok(())
}

/// A version and time of change for a group whose members changed.
///
/// # Errors
/// When the database fails.
pub fn touch(tx: &Tx<'_>, before: &Resource) -> Result<Resource, StoreError> {
    update(tx, before, before.attributes.clone(), before.owned.clone(), true)
}

/// Marks a resource as deleted; its row stays until `forget_tombstone`.
///
/// # Errors
/// When the database fails.
pub fn bury(tx: &Tx<'_>, row: i64, instance: InstanceId) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("UPDATE resources SET deleted_at = ?2 WHERE row = ?1")?
        .execute(params![row, tx.now().0])?;
    tx.tell(instance, Topic::Resources);
    Ok(())
}

/// Really deletes a resource's row and what hangs on it. Events stay.
///
/// # Errors
/// When the database fails.
pub fn forget_tombstone(tx: &Tx<'_>, row: i64) -> Result<(), StoreError> {
    super::removals::forget(tx, row)?;
    for sql in [
        "DELETE FROM emails WHERE resource = ?1",
        "DELETE FROM members WHERE grp = ?1 OR member = ?1",
        "DELETE FROM event_people WHERE resource = ?1",
        "DELETE FROM resources WHERE row = ?1",
    ] {
        tx.conn.prepare_cached(sql)?.execute([row])?;
    }
    Ok(())
}

/// The resource in this row, tombstones too.
///
/// # Errors
/// When the database fails.
pub fn load(rx: &Rx<'_>, row: i64) -> Result<Option<Resource>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM resources WHERE row = ?1");
    Ok(rx.conn.prepare_cached(&sql)?.query_row([row], read).optional()?)
}

/// The resource with this id, of this instance and type.
///
/// # Errors
/// When the database fails.
pub fn by_id(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    id: &str,
) -> Result<Option<Resource>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM resources WHERE id = ?1 AND instance = ?2 AND kind = ?3 AND deleted_at IS NULL"
    );
    let mut find = rx.conn.prepare_cached(&sql)?;
    Ok(find
        .query_row(params![id, instance.0, kind_code(kind)], read)
        .optional()?)
}

/// A resource as it is stored: what an answer is made from, without parsing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Row.
    pub row: i64,
    /// Public id.
    pub id: String,
    /// The document's text: ends in `meta`, without `location`, `groups` and `members`.
    pub doc: String,
}

pub(super) fn read_stored(row: &Row<'_>) -> rusqlite::Result<Stored> {
    Ok(Stored {
        row: row.get(0)?,
        id: row.get(1)?,
        doc: row.get(2)?,
    })
}

/// The stored form of a resource: a GET answers from these bytes.
///
/// # Errors
/// When the database fails.
pub fn stored(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    id: &str,
) -> Result<Option<Stored>, StoreError> {
    let sql = "SELECT row, id, doc FROM resources WHERE id = ?1 AND instance = ?2 AND kind = ?3 AND deleted_at IS NULL";
    let mut find = rx.conn.prepare_cached(sql)?;
    Ok(find
        .query_row(params![id, instance.0, kind_code(kind)], read_stored)
        .optional()?)
}

/// The stored form of the resource in this row.
///
/// # Errors
/// When the database fails.
pub fn stored_row(rx: &Rx<'_>, row: i64) -> Result<Option<Stored>, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT row, id, doc FROM resources WHERE row = ?1")?;
    Ok(find.query_row([row], read_stored).optional()?)
}

/// Row and type of a resource by its public id alone, whatever its type.
///
/// # Errors
/// When the database fails.
pub fn row_of(
    rx: &Rx<'_>,
    instance: InstanceId,
    id: &str,
) -> Result<Option<(i64, ResourceType)>, StoreError> {
    let sql = "SELECT row, kind FROM resources WHERE id = ?1 AND instance = ?2 AND deleted_at IS NULL";
    let mut find = rx.conn.prepare_cached(sql)?;
    Ok(find
        .query_row(params![id, instance.0], |r| Ok((r.get(0)?, kind_of(r.get(1)?))))
        .optional()?)
}

/// All with this folded userName (groups: displayName), oldest first.
///
/// # Errors
/// When the database fails.
pub fn by_name(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    name_key: &str,
) -> Result<Vec<Resource>, StoreError> {
    some(
        rx,
        "name_key = ?3 AND deleted_at IS NULL",
        instance,
        kind,
        name_key,
    )
}

/// All with this externalId, oldest first.
///
/// # Errors
/// When the database fails.
pub fn by_external(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    external: &str,
) -> Result<Vec<Resource>, StoreError> {
    some(
        rx,
        "external_id = ?3 AND deleted_at IS NULL",
        instance,
        kind,
        external,
    )
}

/// All users with this folded e-mail among theirs, oldest first.
///
/// # Errors
/// When the database fails.
pub fn by_email(rx: &Rx<'_>, instance: InstanceId, address: &str) -> Result<Vec<Resource>, StoreError> {
    some(
        rx,
        "row IN (SELECT resource FROM emails WHERE instance = ?1 AND value_key = ?3) AND deleted_at IS NULL",
        instance,
        ResourceType::User,
        address,
    )
}

/// Whether somebody here manages users of the instance.
///
/// # Errors
/// When the database fails.
pub fn any_managed_users(rx: &Rx<'_>, instance: InstanceId) -> Result<bool, StoreError> {
    let mut found = rx.conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM resources INDEXED BY resources_unique
           WHERE instance = ?1 AND kind = 1 AND managed = 1 AND deleted_at IS NULL)",
    )?;
    Ok(found.query_row([instance.0], |r| r.get(0))?)
}

/// Tombstones with this folded name: deleted here, not yet done in the app.
///
/// # Errors
/// When the database fails.
pub fn tombstones_by_name(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    name_key: &str,
) -> Result<Vec<Resource>, StoreError> {
    some(
        rx,
        "name_key = ?3 AND deleted_at IS NOT NULL",
        instance,
        kind,
        name_key,
    )
}

fn some(
    rx: &Rx<'_>,
    condition: &str,
    instance: InstanceId,
    kind: ResourceType,
    value: &str,
) -> Result<Vec<Resource>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM resources WHERE instance = ?1 AND kind = ?2 AND {condition} ORDER BY row LIMIT 100"
    );
    let mut find = rx.conn.prepare_cached(&sql)?;
    let rows = find.query_map(params![instance.0, kind_code(kind), value], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The next rows of an instance after `after`, tombstones too: how Reconcile walks.
///
/// # Errors
/// When the database fails.
pub fn rows_after(
    rx: &Rx<'_>,
    instance: InstanceId,
    after: i64,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT row FROM resources WHERE row > ?2 AND instance = ?1 ORDER BY row LIMIT ?3")?;
    let rows = find.query_map(params![instance.0, after, limit as i64], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// How many users and groups an endpoint shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Users.
    pub users: u64,
    /// Groups.
    pub groups: u64,
}

/// How many users and groups an instance's endpoint shows.
///
/// # Errors
/// When the database fails.
pub fn counts(rx: &Rx<'_>, instance: InstanceId) -> Result<Counts, StoreError> {
    Ok(Counts {
        users: landmarks::total(rx, instance, ResourceType::User)?,
        groups: landmarks::total(rx, instance, ResourceType::Group)?,
    })
}
