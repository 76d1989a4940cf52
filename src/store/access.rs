//! Who may come in: inbound keys by their hash, admins, sessions. Nothing here could open a door by itself.

use rusqlite::{OptionalExtension, Row, params};

use super::{Rx, StoreError, Topic, Tx};
use crate::model::{Admin, ApiKey, InstanceId, Role, Time};
use crate::scim::fold;

const KEY: &str = "id, instance, name, prefix, created, created_by, expires_at, revoked_at";
const HUB: InstanceId = InstanceId(0);

fn read_key(row: &Row<'_>) -> rusqlite::Result<ApiKey> {
    Ok(ApiKey {
        id: row.get(0)?,
        instance: InstanceId(row.get(1)?),
        name: row.get(2)?,
        prefix: row.get(3)?,
        created: Time(row.get(4)?),
        created_by: row.get(5)?,
        expires_at: row.get::<_, Option<i64>>(6)?.map(Time),
        revoked_at: row.get::<_, Option<i64>>(7)?.map(Time),
    })
}

/// The key with this SHA-256, live or not.
///
/// # Errors
/// When the database fails.
pub fn key_by_hash(rx: &Rx<'_>, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
    let sql = format!("SELECT {KEY} FROM api_keys WHERE hash = ?1");
    Ok(rx
        .conn
        .prepare_cached(&sql)?
        .query_row([hash.as_slice()], read_key)
        .optional()?)
}

/// An instance's keys, newest first.
///
/// # Errors
/// When the database fails.
pub fn keys(rx: &Rx<'_>, instance: InstanceId) -> Result<Vec<ApiKey>, StoreError> {
    let sql = format!("SELECT {KEY} FROM api_keys WHERE instance = ?1 ORDER BY id DESC");
    let mut find = rx.conn.prepare_cached(&sql)?;
    let rows = find.query_map([instance.0], read_key)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Stores a key by its hash; its id.
///
/// # Errors
/// When the database fails.
pub fn insert_key(
    tx: &Tx<'_>,
    instance: InstanceId,
    hash: &[u8; 32],
    name: &str,
    prefix: &str,
    by: &str,
    expires_at: Option<Time>,
) -> Result<i64, StoreError> {
    let sql = "INSERT INTO api_keys(instance, hash, name, prefix, created, created_by, expires_at) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    tx.conn.prepare_cached(sql)?.execute(params![
        instance.0,
        hash.as_slice(),
        name,
        prefix,
        tx.now().0,
        by,
        expires_at.map(|t| t.0)
    ])?;
    tx.tell(instance, Topic::Access);
    Ok(tx.conn.last_insert_rowid())
}

/// Gives a key an end, never a later one than it has.
///
/// # Errors
/// When the database fails. `false`: there is no such key.
pub fn end_key(tx: &Tx<'_>, instance: InstanceId, id: i64, at: Time) -> Result<bool, StoreError> {
    let sql =
        "UPDATE api_keys SET expires_at = min(coalesce(expires_at, ?3), ?3) WHERE instance = ?1 AND id = ?2";
    let n = tx
        .conn
        .prepare_cached(sql)?
        .execute(params![instance.0, id, at.0])?;
    tx.tell(instance, Topic::Access);
    Ok(n == 1)
}

/// Revokes a key now.
///
/// # Errors
/// When the database fails. `false`: there is no such live key.
pub fn revoke_key(tx: &Tx<'_>, instance: InstanceId, id: i64) -> Result<bool, StoreError> {
    let sql = "UPDATE api_keys SET revoked_at = ?3 WHERE instance = ?1 AND id = ?2 AND revoked_at IS NULL";
    let n = tx
        .conn
        .prepare_cached(sql)?
        .execute(params![instance.0, id, tx.now().0])?;
    tx.tell(instance, Topic::Access);
    Ok(n == 1)
}

fn read_admin(row: &Row<'_>) -> rusqlite::Result<Admin> {
    let role: String = row.get(2)?;
    Ok(Admin {
        id: row.get(0)?,
        email: row.get(1)?,
        role: Role::parse(&role).unwrap_or(Role::Viewer),
        created: Time(row.get(3)?),
    })
}

/// How many admins there are; none: the hub waits to be set up.
///
/// # Errors
/// When the database fails.
pub fn count_admins(rx: &Rx<'_>) -> Result<i64, StoreError> {
    Ok(rx
        .conn
        .prepare_cached("SELECT count(*) FROM admins")?
        .query_row([], |r| r.get(0))?)
}

/// The admin with this e-mail in any letter case, and the password's hash.
///
/// # Errors
/// When the database fails.
pub fn admin_by_email(rx: &Rx<'_>, email: &str) -> Result<Option<(Admin, String)>, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT id, email, role, created, password FROM admins WHERE email_key = ?1")?;
    Ok(find
        .query_row([fold(email)], |r| Ok((read_admin(r)?, r.get(4)?)))
        .optional()?)
}

/// Makes an admin; `None` when the e-mail is taken.
///
/// # Errors
/// When the database fails.
pub fn insert_admin(
    tx: &Tx<'_>,
    email: &str,
    role: Role,
    password_hash: &str,
) -> Result<Option<i64>, StoreError> {
    let sql = "INSERT INTO admins(email, email_key, role, password, created) VALUES(?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    let n = tx.conn.prepare_cached(sql)?.execute(params![
        email,
        fold(email),
        role.as_str(),
        password_hash,
        tx.now().0
    ])?;
    tx.tell(HUB, Topic::Access);
    Ok((n == 1).then(|| tx.conn.last_insert_rowid()))
}

/// Sets a password and ends the admin's sessions; `false` when there is no such admin.
///
/// # Errors
/// When the database fails.
pub fn set_password(tx: &Tx<'_>, email: &str, password_hash: &str) -> Result<bool, StoreError> {
    let key = fold(email);
    let n = tx
        .conn
        .prepare_cached("UPDATE admins SET password = ?2 WHERE email_key = ?1")?
        .execute(params![key, password_hash])?;
    let sql = "DELETE FROM sessions WHERE admin = (SELECT id FROM admins WHERE email_key = ?1)";
    tx.conn.prepare_cached(sql)?.execute([key])?;
    tx.tell(HUB, Topic::Access);
    Ok(n == 1)
}

/// Starts a session under the hash of its token, and drops those that have ended.
///
/// # Errors
/// When the database fails.
pub fn insert_session(tx: &Tx<'_>, hash: &[u8; 32], admin: i64, expires: Time) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("DELETE FROM sessions WHERE expires <= ?1")?
        .execute([tx.now().0])?;
    let sql = "INSERT INTO sessions(hash, admin, created, expires) VALUES(?1, ?2, ?3, ?4)";
    tx.conn
        .prepare_cached(sql)?
        .execute(params![hash.as_slice(), admin, tx.now().0, expires.0])?;
    tx.tell(HUB, Topic::Access);
    Ok(())
}

/// The admin of a live session.
///
/// # Errors
/// When the database fails.
pub fn session(rx: &Rx<'_>, hash: &[u8; 32]) -> Result<Option<Admin>, StoreError> {
    let sql = "SELECT a.id, a.email, a.role, a.created FROM sessions s JOIN admins a ON a.id = s.admin WHERE s.hash = ?1 AND s.expires > ?2";
    let mut find = rx.conn.prepare_cached(sql)?;
    Ok(find
        .query_row(params![hash.as_slice(), rx.now().0], read_admin)
        .optional()?)
}

/// Ends a session.
///
/// # Errors
/// When the database fails.
pub fn end_session(tx: &Tx<'_>, hash: &[u8; 32]) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("DELETE FROM sessions WHERE hash = ?1")?
        .execute([hash.as_slice()])?;
    tx.tell(HUB, Topic::Access);
    Ok(())
}
