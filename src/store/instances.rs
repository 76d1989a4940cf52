//! Instances: what an admin set, and where the engine stands with each. The sealed credential is read only by name.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{Rx, StoreError, Topic, Tx};
use crate::model::{Instance, InstanceId, Policies, Scope, Target, Time};

const COLUMNS: &str = "id, slug, name, app, scope, enabled, paused, target, policies, sync_every_s, next_sync_at, last_sync_at, \
     imported_at, retry_at, retry_count, parked_since, secret_set_at, created, secret_ends_at";

/// What is needed to make an instance.
#[derive(Clone, Debug)]
pub struct NewInstance {
    /// In URLs; the caller has made it free with `free_slug`.
    pub slug: String,
    /// What admins call it.
    pub name: String,
    /// Slug of the catalog App.
    pub app: String,
    /// What it carries.
    pub scope: Scope,
    /// What an admin chose.
    pub policies: Policies,
    /// None: receives only.
    pub target: Option<Target>,
}

fn read(row: &Row<'_>) -> rusqlite::Result<Instance> {
    let json = |i: usize, e: serde_json::Error| {
        rusqlite::Error::FromSqlConversionFailure(i, rusqlite::types::Type::Text, Box::new(e))
    };
    let target: Option<String> = row.get(7)?;
    let target = target
        .map(|t| serde_json::from_str(&t))
        .transpose()
        .map_err(|e| json(7, e))?;
    let policies: String = row.get(8)?;
    let policies = serde_json::from_str(&policies).map_err(|e| json(8, e))?;
    let scope: String = row.get(4)?;
    let time = |i: usize| row.get::<_, Option<i64>>(i).map(|t| t.map(Time));
    Ok(Instance {
        id: InstanceId(row.get(0)?),
        slug: row.get(1)?,
        name: row.get(2)?,
        app: row.get(3)?,
        scope: Scope::parse(&scope).unwrap_or_default(),
        enabled: row.get(5)?,
        paused: row.get(6)?,
        target,
        policies,
        sync_every_s: row.get(9)?,
        next_sync_at: time(10)?,
        last_sync_at: time(11)?,
        imported_at: time(12)?,
        retry_at: time(13)?,
        retry_count: row.get(14)?,
        parked_since: time(15)?,
        secret_set_at: time(16)?,
        created: Time(row.get(17)?),
        secret_ends_at: time(18)?,
    })
}

/// The instance under this slug, unless it was deleted.
///
/// # Errors
/// When the database fails.
pub fn by_slug(rx: &Rx<'_>, slug: &str) -> Result<Option<Instance>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM instances WHERE slug = ?1 AND deleted_at IS NULL");
    Ok(rx.conn.prepare_cached(&sql)?.query_row([slug], read).optional()?)
}

/// The instance with this row id, unless it was deleted.
///
/// # Errors
/// When the database fails.
pub fn by_id(rx: &Rx<'_>, id: InstanceId) -> Result<Option<Instance>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM instances WHERE id = ?1 AND deleted_at IS NULL");
    Ok(rx.conn.prepare_cached(&sql)?.query_row([id.0], read).optional()?)
}

/// All instances, by name.
///
/// # Errors
/// When the database fails.
pub fn list(rx: &Rx<'_>) -> Result<Vec<Instance>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM instances WHERE deleted_at IS NULL ORDER BY name, id");
    let mut all = rx.conn.prepare_cached(&sql)?;
    let rows = all.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The rows of all instances, for a store that is being opened.
pub(super) fn ids(conn: &Connection) -> Result<Vec<i64>, StoreError> {
    let mut all = conn.prepare("SELECT id FROM instances WHERE deleted_at IS NULL")?;
    let rows = all.query_map([], |r| r.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// A slug made from `name` that no instance has or ever had.
///
/// # Errors
/// When the database fails.
pub fn free_slug(rx: &Rx<'_>, name: &str) -> Result<String, StoreError> {
    let mut base = String::new();
    for c in name.chars().flat_map(char::to_lowercase).take(40) {
        if c.is_ascii_alphanumeric() {
            base.push(c);
        } else if !base.ends_with('-') && !base.is_empty() {
            base.push('-');
        }
    }
    let base = base.trim_matches('-');
    let base = if base.is_empty() { "instance" } else { base };
    let mut taken = rx
        .conn
        .prepare_cached("SELECT 1 FROM instances WHERE slug = ?1")?;
    for n in 1..10_000 {
        let slug = if n == 1 {
            base.to_owned()
        } else {
            format!("{base}-{n}")
        };
        if !taken.exists([&slug])? {
            return Ok(slug);
        }
    }
    Err(StoreError::Damaged("list of slugs"))
}

/// Makes an instance. With a target, its first sync is due at once.
///
/// # Errors
/// When the database fails.
pub fn insert(tx: &Tx<'_>, new: &NewInstance) -> Result<Instance, StoreError> {
    let target = new.target.as_ref().map(to_json).transpose()?;
    let policies = to_json(&new.policies)?;
    let sql = "INSERT INTO instances(slug, name, app, scope, target, policies, created) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.slug,
        new.name,
        new.app,
        new.scope.as_str(),
        target,
        policies,
        tx.now().0
    ])?;
    let id = InstanceId(tx.conn.last_insert_rowid());
    tx.tell(id, Topic::Access);
    by_id(tx, id)?.ok_or(StoreError::Damaged("instance"))
}

/// The sealed credential.
///
/// # Errors
/// When the database fails.
pub fn sealed_secret(rx: &Rx<'_>, id: InstanceId) -> Result<Option<Vec<u8>>, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT secret FROM instances WHERE id = ?1")?;
    Ok(find.query_row([id.0], |r| r.get(0)).optional()?.flatten())
}

/// Stores the sealed credential and when it ends, if that is known; with it the engine may try again at once.
///
/// # Errors
/// When the database fails.
pub fn set_secret(tx: &Tx<'_>, id: InstanceId, sealed: &[u8], ends: Option<Time>) -> Result<(), StoreError> {
    set(
        tx,
        id,
        "secret = ?2, secret_set_at = ?3, secret_ends_at = ?4, retry_at = NULL",
        params![id.0, sealed, tx.now().0, ends.map(|t| t.0)],
    )
}

/// When the credential ends, as far as anybody said.
///
/// # Errors
/// When the database fails.
pub fn set_secret_end(tx: &Tx<'_>, id: InstanceId, ends: Option<Time>) -> Result<(), StoreError> {
    set(tx, id, "secret_ends_at = ?2", params![id.0, ends.map(|t| t.0)])
}

/// Forgets the sealed credential, and the one before it: nothing opens them any more.
///
/// # Errors
/// When the database fails.
pub fn clear_secret(tx: &Tx<'_>, id: InstanceId) -> Result<(), StoreError> {
    clear_secret_before(tx, id)?;
    set(
        tx,
        id,
        "secret = NULL, secret_set_at = NULL, secret_ends_at = NULL",
        params![id.0],
    )
}

/// The sealed credential before the present one, kept until that has worked.
///
/// # Errors
/// When the database fails.
pub fn sealed_secret_before(rx: &Rx<'_>, id: InstanceId) -> Result<Option<Vec<u8>>, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT secret_before FROM instances WHERE id = ?1")?;
    Ok(find.query_row([id.0], |r| r.get(0)).optional()?.flatten())
}

/// Keeps the present credential, sealed for its place as the one before; call it ahead of `set_secret`.
///
/// # Errors
/// When the database fails.
pub fn keep_secret_before(tx: &Tx<'_>, id: InstanceId, sealed: &[u8]) -> Result<(), StoreError> {
    set(
        tx,
        id,
        "secret_before = ?2, secret_before_set_at = secret_set_at, secret_before_ends_at = secret_ends_at",
        params![id.0, sealed],
    )
}

/// Makes the credential before the present one again, sealed for that place.
///
/// # Errors
/// When the database fails.
pub fn put_secret_back(tx: &Tx<'_>, id: InstanceId, sealed: &[u8]) -> Result<(), StoreError> {
    set(
        tx,
        id,
        "secret = ?2, secret_set_at = secret_before_set_at, secret_ends_at = secret_before_ends_at, secret_before = NULL, \
         secret_before_set_at = NULL, secret_before_ends_at = NULL",
        params![id.0, sealed],
    )
}

/// Forgets the credential before the present one. True: there was one.
///
/// # Errors
/// When the database fails.
pub fn clear_secret_before(tx: &Tx<'_>, id: InstanceId) -> Result<bool, StoreError> {
    let gone = tx
        .conn
        .prepare_cached(
            "UPDATE instances SET secret_before = NULL, secret_before_set_at = NULL, secret_before_ends_at = NULL
             WHERE id = ?1 AND secret_before IS NOT NULL",
        )?
        .execute([id.0])?;
    Ok(gone > 0)
}

/// Sets name, schedule and policies.
///
/// # Errors
/// When the database fails.
pub fn set_basics(
    tx: &Tx<'_>,
    id: InstanceId,
    name: &str,
    sync_every_s: u32,
    policies: &Policies,
) -> Result<(), StoreError> {
    let policies = to_json(policies)?;
    set(
        tx,
        id,
        "name = ?2, sync_every_s = ?3, policies = ?4",
        params![id.0, name, sync_every_s, policies],
    )
}

/// Sets the target's configuration.
///
/// # Errors
/// When the database fails.
pub fn set_target(tx: &Tx<'_>, id: InstanceId, target: &Target) -> Result<(), StoreError> {
    set(tx, id, "target = ?2", params![id.0, to_json(target)?])
}

/// Switches an instance on or off, and lets it send or not.
///
/// # Errors
/// When the database fails.
pub fn set_switches(tx: &Tx<'_>, id: InstanceId, enabled: bool, paused: bool) -> Result<(), StoreError> {
    set(
        tx,
        id,
        "enabled = ?2, paused = ?3",
        params![id.0, enabled, paused],
    )
}

/// Backoff that belongs to the target, and since when it refuses the credentials.
///
/// # Errors
/// When the database fails.
pub fn set_backoff(
    tx: &Tx<'_>,
    id: InstanceId,
    retry_at: Option<Time>,
    retry_count: u32,
    parked_since: Option<Time>,
) -> Result<(), StoreError> {
    let values = params![
        id.0,
        retry_at.map(|t| t.0),
        retry_count,
        parked_since.map(|t| t.0)
    ];
    set(
        tx,
        id,
        "retry_at = ?2, retry_count = ?3, parked_since = ?4",
        values,
    )
}

/// A complete sync ended at `last`.
///
/// # Errors
/// When the database fails.
pub fn set_synced(tx: &Tx<'_>, id: InstanceId, last: Time, next: Time) -> Result<(), StoreError> {
    set(
        tx,
        id,
        "last_sync_at = ?2, next_sync_at = ?3",
        params![id.0, last.0, next.0],
    )
}

/// When the next scheduled sync is due.
///
/// # Errors
/// When the database fails.
pub fn set_next_sync(tx: &Tx<'_>, id: InstanceId, next: Option<Time>) -> Result<(), StoreError> {
    set(tx, id, "next_sync_at = ?2", params![id.0, next.map(|t| t.0)])
}

/// The first complete import ended: from now on the engine may push. None: it has to import anew.
///
/// # Errors
/// When the database fails.
pub fn set_imported(tx: &Tx<'_>, id: InstanceId, at: Option<Time>) -> Result<(), StoreError> {
    set(tx, id, "imported_at = ?2", params![id.0, at.map(|t| t.0)])
}

/// Ends an instance: its people, keys, links and jobs go, its slug stays taken. The app is not touched.
///
/// # Errors
/// When the database fails.
pub fn delete(tx: &Tx<'_>, id: InstanceId) -> Result<(), StoreError> {
    set(
        tx,
        id,
        "deleted_at = ?2, enabled = 0, target = NULL, secret = NULL, secret_before = NULL, next_sync_at = NULL",
        params![id.0, tx.now().0],
    )?;
    let of_resources = "(SELECT row FROM resources WHERE instance = ?1)";
    for sql in [
        format!("DELETE FROM members WHERE grp IN {of_resources}"),
        format!("DELETE FROM event_people WHERE resource IN {of_resources}"),
        "DELETE FROM emails WHERE instance = ?1".into(),
        "DELETE FROM resources WHERE instance = ?1".into(),
        "DELETE FROM links WHERE instance = ?1".into(),
        "DELETE FROM jobs WHERE instance = ?1".into(),
        "DELETE FROM removals WHERE instance = ?1".into(),
        "DELETE FROM adoptions WHERE instance = ?1".into(),
        "DELETE FROM conditions WHERE instance = ?1".into(),
        "DELETE FROM runs WHERE instance = ?1".into(),
        "DELETE FROM api_keys WHERE instance = ?1".into(),
        "DELETE FROM custom_attributes WHERE instance = ?1".into(),
        "DELETE FROM probes WHERE instance = ?1".into(),
    ] {
        tx.conn.execute(&sql, [id.0])?;
    }
    Ok(())
}

fn set(
    tx: &Tx<'_>,
    id: InstanceId,
    columns: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached(&format!("UPDATE instances SET {columns} WHERE id = ?1"))?
        .execute(values)?;
    tx.tell(id, Topic::Access);
    Ok(())
}

fn to_json<T: serde::Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| StoreError::Damaged("instance setting"))
}
