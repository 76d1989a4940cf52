//! Small facts of the whole hub: the key file's fingerprint, the set-up code's hash.

use rusqlite::OptionalExtension;

use super::{Rx, StoreError, Tx};

/// Fingerprint of the key file that seals this database's secrets.
pub const KEY_FINGERPRINT: &str = "key_fingerprint";

/// The value under `key`.
///
/// # Errors
/// When the database fails.
pub fn get(rx: &Rx<'_>, key: &str) -> Result<Option<String>, StoreError> {
    let mut find = rx
        .conn
        .prepare_cached("SELECT value FROM settings WHERE key = ?1")?;
    Ok(find.query_row([key], |r| r.get(0)).optional()?)
}

/// Sets the value under `key`.
///
/// # Errors
/// When the database fails.
pub fn set(tx: &Tx<'_>, key: &str, value: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO settings(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = excluded.value";
    tx.conn.prepare_cached(sql)?.execute([key, value])?;
    Ok(())
}

/// Counts the starts of the hub on this database, this one too.
///
/// # Errors
/// When the database fails.
pub(super) fn next_epoch(conn: &rusqlite::Connection) -> Result<i64, StoreError> {
    let sql = "INSERT INTO settings(key, value) VALUES('epoch', '1') ON CONFLICT(key) DO UPDATE SET value = value + 1 \
               RETURNING CAST(value AS INTEGER)";
    Ok(conn.query_row(sql, [], |r| r.get(0))?)
}
