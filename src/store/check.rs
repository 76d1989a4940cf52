//! Whether a database is in order: the running one, for `doctor`, and a backup, before it takes a database's place.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::{Rx, StoreError, Tx, landmarks, migrate, open};

/// Problems that are told at most.
const TOLD: usize = 20;

/// What SQLite finds wrong with the database; empty: nothing. Reads all of it.
///
/// # Errors
/// When it cannot even be looked at.
pub fn integrity(rx: &Rx<'_>) -> Result<Vec<String>, StoreError> {
    problems(rx.conn)
}

fn problems(conn: &Connection) -> Result<Vec<String>, StoreError> {
    let mut check = conn.prepare(&format!("PRAGMA integrity_check({TOLD})"))?;
    let found = check.query_map([], |r| r.get(0))?;
    let mut found: Vec<String> = found.collect::<Result<_, _>>()?;
    found.retain(|line| line != "ok");
    Ok(found)
}

/// How many of the counts that lists go by differ from what is stored. Reads the whole list of resources.
///
/// # Errors
/// When it cannot even be looked at.
pub fn miscounts(rx: &Rx<'_>) -> Result<u64, StoreError> {
    landmarks::wrong(rx.conn)
}

/// How the writer brings commits to the disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durability {
    /// `wal` in a running hub.
    pub journal_mode: String,
    /// 2 is FULL: a commit is on the disk before it is acknowledged.
    pub synchronous: i64,
}

/// What the writer's own connection says of itself.
///
/// # Errors
/// When the database fails.
pub fn durability(tx: &Tx<'_>) -> Result<Durability, StoreError> {
    Ok(Durability {
        journal_mode: tx.conn.query_row("PRAGMA journal_mode", [], |r| r.get(0))?,
        synchronous: tx.conn.query_row("PRAGMA synchronous", [], |r| r.get(0))?,
    })
}

/// Looks whether a copy is an intact database of this program, brings it to this version's schema, and counts anew what
/// lists go by. Afterwards it is one file, without WAL.
///
/// # Errors
/// `Newer`, or `Open` with what is wrong with it.
pub fn bring_up(copy: &Path) -> Result<(), StoreError> {
    let reader = Connection::open_with_flags(copy, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let version = reader.query_row("PRAGMA user_version", [], |r| r.get::<_, i64>(0));
    match version {
        Ok(1..) => {}
        Ok(_) => return Err(StoreError::Open("the file is no database of rollcall".into())),
        Err(e) => {
            return Err(StoreError::Open(format!(
                "the file is not an intact SQLite database ({e})"
            )));
        }
    }
    if let Some(first) = problems(&reader)?.first() {
        return Err(StoreError::Open(format!("the file is damaged ({first})")));
    }
    drop(reader);
    let mut conn = open::writer(copy)?;
    migrate::to_latest(&mut conn)?;
    conn.query_row("SELECT count(*) FROM instances", [], |r| r.get::<_, i64>(0))
        .map_err(|_| StoreError::Open("the file is no database of rollcall".into()))?;
    landmarks::recount(&conn)?;
    conn.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    conn.close().map_err(|(_, e)| e.into())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::clock::Clock;
    use crate::store::{Lane, Store};

    #[tokio::test]
    async fn a_running_hub_is_in_order_and_durable() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Clock::system()).unwrap();
        assert_eq!(store.read(integrity).await.unwrap(), Vec::<String>::new());
        let how = store.write(Lane::Front, None, durability).await.unwrap();
        assert_eq!((how.journal_mode.as_str(), how.synchronous), ("wal", 2));
    }

    #[tokio::test]
    async fn only_an_intact_database_of_ours_comes_up() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        let store = Store::open(dir.path(), Clock::system()).unwrap();
        store.backup(at("copy")).await.unwrap();
        bring_up(&at("copy")).unwrap();
        assert!(!at("copy-wal").exists());

        let newer = Connection::open(at("copy")).unwrap();
        newer.execute_batch("PRAGMA user_version=99999").unwrap();
        drop(newer);
        assert!(matches!(bring_up(&at("copy")), Err(StoreError::Newer)));

        std::fs::write(at("empty"), "").unwrap();
        std::fs::write(at("text"), "hello".repeat(1000)).unwrap();
        let other = Connection::open(at("other")).unwrap();
        other
            .execute_batch("PRAGMA user_version=1; CREATE TABLE t(x)")
            .unwrap();
        drop(other);
        for file in ["empty", "text", "other"] {
            assert!(matches!(bring_up(&at(file)), Err(StoreError::Open(_))), "{file}");
        }

        store.backup(at("cut")).await.unwrap();
        let bytes = std::fs::read(at("cut")).unwrap();
        std::fs::write(at("cut"), &bytes[..bytes.len() / 2]).unwrap();
        assert!(bring_up(&at("cut")).is_err());
        assert!(bring_up(&at("none")).is_err());
    }
}
