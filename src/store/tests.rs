//! The promises of the writer: one unit's fault is its own, a torn batch is nobody's gain, durable means on the disk.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::task::Poll;

use rusqlite::{Connection, StatementStatus};
use serde_json::json;

use super::*;
use crate::model::{Policies, Scope};
use crate::scim::Attributes;
use crate::scim::schema::ResourceType;
use crate::store::instances::NewInstance;

struct Temp {
    dir: tempfile::TempDir,
    store: Store,
}

fn temp() -> Temp {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Clock::system()).unwrap();
    Temp { dir, store }
}

async fn write<T: Send + 'static>(
    store: &Store,
    work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    store.write(Lane::Front, None, work).await
}

fn set(key: &'static str) -> impl FnOnce(&Tx<'_>) -> Result<(), StoreError> + Send + 'static {
    move |tx| settings::set(tx, key, "x")
}

async fn has(store: &Store, key: &'static str) -> bool {
    store
        .read(move |rx| settings::get(rx, key))
        .await
        .unwrap()
        .is_some()
}

fn person(name: &str) -> Attributes {
    json!({"schemas": [], "userName": name, "active": true})
        .as_object()
        .cloned()
        .unwrap()
}

async fn instance(store: &Store) -> InstanceId {
    let new = |tx: &Tx<'_>| {
        let new = NewInstance {
            slug: "a".into(),
            name: "A".into(),
            app: "generic-scim".into(),
            scope: Scope::UsersAndGroups,
            policies: Policies::default(),
            target: None,
        };
        instances::insert(tx, &new)
    };
    write(store, new).await.unwrap().id
}

/// Fills the writer's queue while it is busy, so that what follows is one batch.
async fn in_one_batch<F: Future<Output = R>, R>(store: &Store, rest: impl FnOnce() -> F) -> R {
    let gate = Arc::new(Barrier::new(2));
    let held = Arc::clone(&gate);
    let holder = {
        let store = store.clone();
        tokio::spawn(async move {
            write(&store, move |_| {
                held.wait();
                held.wait();
                Ok(())
            })
            .await
        })
    };
    let inner = Arc::clone(&gate);
    tokio::task::spawn_blocking(move || inner.wait()).await.unwrap();
    let pending = rest();
    tokio::pin!(pending);
    // One poll submits everything that `rest` joins.
    let submitted = std::future::poll_fn(|cx| Poll::Ready(pending.as_mut().poll(cx).is_pending())).await;
    assert!(submitted);
    tokio::task::spawn_blocking(move || gate.wait()).await.unwrap();
    holder.await.unwrap().unwrap();
    pending.await
}

#[tokio::test]
async fn the_writer_is_durable_and_in_wal_mode() {
    let temp = temp();
    let pragmas = write(&temp.store, |tx| {
        let journal: String = tx.conn.query_row("PRAGMA journal_mode", [], |r| r.get(0))?;
        let synchronous: i64 = tx.conn.query_row("PRAGMA synchronous", [], |r| r.get(0))?;
        Ok((journal, synchronous))
    });
    assert_eq!(
        pragmas.await.unwrap(),
        ("wal".to_owned(), 2),
        "synchronous 2 is FULL"
    );
}

#[tokio::test]
async fn readers_cannot_write() {
    let temp = temp();
    let tried = temp
        .store
        .read(|rx| Ok::<_, StoreError>(rx.conn.execute("DELETE FROM settings", []).is_err()));
    assert!(tried.await.unwrap());
}

/// How often SQLite planned a look-up by name anew while it ran for three names.
fn planned_anew(conn: &Connection) -> i32 {
    let sql = "SELECT row FROM resources WHERE instance = ?1 AND kind = ?2 AND deleted_at IS NULL AND name_key = ?3";
    let mut find = conn.prepare(sql).unwrap();
    for name in ["ann", "bob", "cid"] {
        assert!(!find.exists((1, 1, name)).unwrap());
    }
    find.get_status(StatementStatus::RePrepare)
}

#[tokio::test]
async fn a_statement_is_planned_once() {
    let temp = temp();
    let anew = temp.store.read(|rx| Ok::<_, StoreError>(planned_anew(rx.conn)));
    assert_eq!(anew.await.unwrap(), 0);
    let anew = write(&temp.store, |tx| Ok(planned_anew(tx.conn)));
    assert_eq!(anew.await.unwrap(), 0);
    let plain = Connection::open(temp.store.path()).unwrap();
    assert!(planned_anew(&plain) > 0, "what the guarantee is for");
}

#[tokio::test]
async fn a_refusal_or_a_panic_undoes_its_own_unit_alone() {
    let temp = temp();
    let id = instance(&temp.store).await;
    let s = &temp.store;
    let (a, refused, panicked, unique, b) = in_one_batch(s, || async {
        tokio::join!(
            write(s, set("a")),
            write(s, |tx| {
                settings::set(tx, "refused", "x")?;
                Err::<(), _>(StoreError::Expired)
            }),
            write(s, |tx| -> Result<(), StoreError> {
                settings::set(tx, "panicked", "x")?;
                panic!("on purpose")
            }),
            write(s, move |tx| {
                let owned = || BTreeSet::from(["userName".to_owned()]);
                settings::set(tx, "unique", "x")?;
                resources::insert(tx, id, ResourceType::User, person("a@example.com"), owned())?;
                resources::insert(tx, id, ResourceType::User, person("A@Example.com"), owned()).map(drop)
            }),
            write(s, set("b")),
        )
    })
    .await;
    assert!(a.is_ok() && b.is_ok() && refused.is_err() && panicked.is_err() && unique.is_err());
    assert!(has(s, "a").await && has(s, "b").await);
    assert!(!has(s, "refused").await && !has(s, "panicked").await && !has(s, "unique").await);
}

#[tokio::test]
async fn a_torn_batch_fails_those_that_ran_and_keeps_the_rest() {
    let temp = temp();
    let s = &temp.store;
    let (before, torn, after) = in_one_batch(s, || async {
        tokio::join!(
            write(s, set("before")),
            // What a full disk does: SQLite rolls back the whole transaction by itself.
            write(s, |tx| Ok(tx.conn.execute_batch("ROLLBACK")?)),
            write(s, set("after")),
        )
    })
    .await;
    assert!(matches!(before, Err(StoreError::Disk(_))), "{before:?}");
    assert!(matches!(torn, Err(StoreError::Disk(_))), "{torn:?}");
    assert!(after.is_ok());
    assert!(!has(s, "before").await && has(s, "after").await);
}

#[tokio::test]
async fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let temp = temp();
    let s = &temp.store;
    write(s, set("kept")).await.unwrap();
    write(s, |tx| {
        let pages: i64 = tx.conn.query_row("PRAGMA page_count", [], |r| r.get(0))?;
        tx.conn
            .query_row(&format!("PRAGMA max_page_count = {}", pages + 2), [], |_| Ok(()))?;
        Ok(())
    })
    .await
    .unwrap();
    let big = write(s, |tx| settings::set(tx, "big", &"x".repeat(100_000))).await;
    assert!(big.is_err(), "there is no room");
    write(s, |tx| {
        Ok(tx
            .conn
            .query_row("PRAGMA max_page_count = 1000000", [], |_| Ok(()))?)
    })
    .await
    .unwrap();
    write(s, set("again")).await.unwrap();
    assert!(has(s, "kept").await && has(s, "again").await && !has(s, "big").await);
}

#[tokio::test]
async fn a_part_that_is_refused_undoes_itself_alone() {
    let temp = temp();
    let s = &temp.store;
    let mut told = s.subscribe();
    let id = instance(s).await;
    assert_eq!(told.recv().await.unwrap(), (id, Topic::Access));
    let parts = write(s, move |tx| {
        settings::set(tx, "before", "x")?;
        let refused = tx.apart(|| -> Result<(), StoreError> {
            settings::set(tx, "refused", "x")?;
            tx.tell(id, Topic::Health);
            tx.apart(|| settings::set(tx, "kept within", "x"))??;
            Err(StoreError::Damaged("part"))
        })?;
        let made = tx.apart(|| {
            let inner = tx.apart(|| settings::set(tx, "inner", "x").and(Err(StoreError::Busy)))?;
            assert!(matches!(inner, Err::<(), _>(StoreError::Busy)));
            tx.tell(id, Topic::Jobs);
            settings::set(tx, "made", "x")
        })?;
        Ok((refused, made))
    });
    let (refused, made) = parts.await.unwrap();
    assert!(matches!(refused, Err(StoreError::Damaged("part"))) && made.is_ok());
    for (key, there) in [
        ("before", true),
        ("refused", false),
        ("kept within", false),
        ("inner", false),
        ("made", true),
    ] {
        assert_eq!(has(s, key).await, there, "{key}");
    }
    assert_eq!(
        told.recv().await.unwrap(),
        (id, Topic::Jobs),
        "nothing is told of what was undone"
    );
}

#[tokio::test]
async fn a_unit_ends_when_a_part_of_it_tore_the_batch() {
    let temp = temp();
    let s = &temp.store;
    let (before, torn, after) = in_one_batch(s, || async {
        tokio::join!(
            write(s, set("before")),
            write(s, |tx| {
                settings::set(tx, "first part", "x")?;
                tx.apart(|| Ok::<_, StoreError>(tx.conn.execute_batch("ROLLBACK")?))??;
                settings::set(tx, "second part", "x")
            }),
            write(s, set("after")),
        )
    })
    .await;
    assert!(matches!(before, Err(StoreError::Disk(_))), "{before:?}");
    assert!(matches!(torn, Err(StoreError::Disk(_))), "{torn:?}");
    assert!(after.is_ok());
    for (key, there) in [
        ("before", false),
        ("first part", false),
        ("second part", false),
        ("after", true),
    ] {
        assert_eq!(has(s, key).await, there, "{key}");
    }
}

#[tokio::test]
async fn a_caller_that_goes_away_disturbs_nobody() {
    let temp = temp();
    let s = temp.store.clone();
    let gone = tokio::spawn(async move { write(&s, set("gone")).await });
    gone.abort();
    write(&temp.store, set("here")).await.unwrap();
    assert!(has(&temp.store, "here").await);
}

#[tokio::test]
async fn a_newer_database_is_refused_with_a_sentence() {
    let Temp { dir, store } = temp();
    store.close();
    drop(store);
    let conn = rusqlite::Connection::open(dir.path().join("rollcall.db")).unwrap();
    conn.execute_batch("PRAGMA user_version = 9999").unwrap();
    drop(conn);
    let refused = Store::open(dir.path(), Clock::system()).err().unwrap();
    assert!(matches!(refused, StoreError::Newer));
    assert!(refused.to_string().contains("newer version of rollcall"));
}

#[tokio::test]
async fn files_are_private() {
    use std::os::unix::fs::PermissionsExt;
    let temp = temp();
    write(&temp.store, set("x")).await.unwrap();
    for entry in std::fs::read_dir(temp.dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(
            entry.metadata().unwrap().permissions().mode() & 0o777,
            0o600,
            "{:?}",
            entry.file_name()
        );
    }
}

#[tokio::test]
async fn columns_can_be_rebuilt_from_documents() {
    let temp = temp();
    let id = instance(&temp.store).await;
    let made = write(&temp.store, move |tx| {
        let mut attributes = person("Ämil@Example.com");
        attributes.insert("externalId".into(), json!("x1"));
        attributes.insert("emails".into(), json!([{"value": "Work@Example.com"}]));
        let made = resources::insert(tx, id, ResourceType::User, attributes, BTreeSet::new())?;
        let columns = "SELECT name, name_key, display, external_id, active FROM resources WHERE row = ?1";
        let read = |tx: &Tx<'_>| -> Result<(String, String, String, Option<String>, bool), StoreError> {
            Ok(tx.conn.query_row(columns, [made.row], |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, r.get(3)?, r.get(4)?))
            })?)
        };
        let was = read(tx)?;
        tx.conn.execute(
            "UPDATE resources SET name = '', name_key = '', display = '', external_id = NULL WHERE row = ?1",
            [made.row],
        )?;
        let damaged = resources::load(tx, made.row)?.ok_or(StoreError::Damaged("row"))?;
        resources::update(
            tx,
            &damaged,
            damaged.attributes.clone(),
            damaged.owned.clone(),
            false,
        )?;
        Ok((was, read(tx)?))
    });
    let (was, is) = made.await.unwrap();
    assert_eq!(was, is);
    assert_eq!(was.1, "ämil@example.com", "letter case is folded beyond ASCII");
}

#[tokio::test]
async fn a_scan_that_panics_leaves_no_time_limit_behind() {
    let temp = temp();
    let read = temp.store.read(|rx| -> Result<i64, StoreError> {
        let scan = || scan::within(rx, |_| -> Result<(), StoreError> { panic!("on purpose") });
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(scan)).is_err());
        std::thread::sleep(std::time::Duration::from_millis(2100));
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT count(*) FROM n";
        Ok(rx.conn.query_row(sql, [], |r| r.get(0))?)
    });
    assert_eq!(read.await.unwrap(), 100_000);
}

#[tokio::test]
async fn readers_do_not_queue_at_one_page_cache() {
    let temp = temp();
    let options = temp
        .store
        .read(|rx| -> Result<Vec<String>, StoreError> {
            let mut find = rx.conn.prepare("PRAGMA compile_options")?;
            Ok(find.query_map([], |r| r.get(0))?.collect::<Result<_, _>>()?)
        })
        .await
        .unwrap();
    assert!(
        !options.iter().any(|o| o == "ENABLE_MEMORY_MANAGEMENT"),
        "SQLite was built without the flags of .cargo/config.toml: {options:?}"
    );
}

#[tokio::test]
async fn a_look_up_sees_one_moment_and_leaves_none_open() {
    let temp = temp();
    let store = temp.store.clone();
    let (before, after) = store
        .look_up(move |rx| -> Result<_, StoreError> {
            let before = settings::get(rx, "one")?.is_some();
            let mut other = Connection::open(rx.conn.path().unwrap()).unwrap();
            let tx = other.transaction().unwrap();
            tx.execute("INSERT INTO settings(key, value) VALUES('one', 'x')", [])?;
            tx.commit().unwrap();
            Ok((before, settings::get(rx, "one")?.is_some()))
        })
        .await
        .unwrap();
    assert_eq!((before, after), (false, false));
    assert!(has(&store, "one").await, "the next read sees it");
    let lost = store
        .look_up(|_| -> Result<(), StoreError> { panic!("in a look-up") })
        .await;
    assert!(matches!(lost, Err(StoreError::Panicked)));
    let open = store.look_up(|rx| -> Result<bool, StoreError> { Ok(!rx.conn.is_autocommit()) });
    assert!(open.await.unwrap(), "the reader begins anew");
}
