//! How connections are opened: pragmas, file modes, the copy for a backup.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::StoreError;

/// Statements a connection keeps prepared.
const STATEMENTS: usize = 256;
/// Pages in the log before it is copied into the database, 16 MB: pages that each write touches are copied once for many.
const CHECKPOINT: i64 = 4000;
/// Readers at once.
const READERS: u32 = 8;

/// The only read-write connection. FULL: a commit is on the disk before it is acknowledged.
pub(super) fn writer(path: &Path) -> Result<Connection, StoreError> {
    private_file(path)?;
    let conn = Connection::open(path).map_err(open_error)?;
    conn.execute_batch(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA busy_timeout=5000; PRAGMA cache_size=-4000;
         PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF;",
    )
    .and_then(|()| conn.pragma_update(None, "wal_autocheckpoint", CHECKPOINT))
    .map_err(open_error)?;
    keep_statements(&conn).map_err(open_error)?;
    Ok(conn)
}

/// A prepared statement is planned once. Without the guarantee SQLite looks at the values bound to it and plans it
/// anew for each, wherever a partial index might fit: a quarter of the time of a look-up.
fn keep_statements(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map(drop)
}

/// Connections that cannot write.
pub(super) fn readers(path: &Path) -> Result<r2d2::Pool<SqliteConnectionManager>, StoreError> {
    let manager = SqliteConnectionManager::file(path)
        .with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .with_init(|conn| {
            keep_statements(conn)?;
            conn.execute_batch("PRAGMA query_only=ON; PRAGMA busy_timeout=5000; PRAGMA cache_size=-1000; PRAGMA trusted_schema=OFF;")
        });
    r2d2::Pool::builder()
        .max_size(READERS)
        // Opened when asked for: none that comes up in the background outlives the store.
        .min_idle(Some(0))
        .test_on_check_out(false)
        .connection_timeout(Duration::from_secs(5))
        .build(manager)
        .map_err(|e| StoreError::Open(e.to_string()))
}

/// A consistent copy into a file that does not exist yet.
pub(super) fn backup(path: &Path, to: &Path) -> Result<(), StoreError> {
    if to.exists() {
        return Err(StoreError::Open(format!(
            "{} exists already; choose another name",
            to.display()
        )));
    }
    let conn = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(open_error)?;
    private_file(to)?;
    let copied = conn.execute("VACUUM INTO ?1", [to.to_string_lossy()]);
    if copied.is_err() {
        // Half a copy must not pass for a backup.
        let _ = std::fs::remove_file(to);
    }
    copied.map(drop).map_err(StoreError::from)
}

/// Makes the file 0600 before SQLite does it with the process's umask; its WAL takes the same mode.
pub(super) fn private_file(path: &Path) -> Result<(), StoreError> {
    let made = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path);
    made.map(drop)
        .map_err(|e| StoreError::Open(format!("{}: {e}", path.display())))
}

fn open_error(e: rusqlite::Error) -> StoreError {
    match e.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
            StoreError::Open(format!("the file is not an intact SQLite database ({e})"))
        }
        _ => StoreError::Open(e.to_string()),
    }
}
