//! What a list costs, where its limits are, and the counts it goes by. `model` holds pages against a plain list.

#![expect(clippy::unwrap_used, reason = "tests")]

mod model;

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::model::{Policies, Scope, Time};
use crate::scim::path::AttrPath;
use crate::store::instances::{self, NewInstance};
use crate::store::{Lane, ScanBudget, Store, Tx, members, scan};

struct Temp {
    _dir: tempfile::TempDir,
    store: Store,
    clock: Clock,
    instance: InstanceId,
    runtime: tokio::runtime::Runtime,
}

impl Temp {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Time(1_700_000_000_000));
        let store = Store::open(dir.path(), clock.clone()).unwrap();
        let new = NewInstance {
            slug: "a".into(),
            name: "A".into(),
            app: "generic-scim".into(),
            scope: Scope::UsersAndGroups,
            policies: Policies::default(),
            target: None,
        };
        let made = runtime.block_on(store.write(Lane::Front, None, move |tx| instances::insert(tx, &new)));
        Self {
            _dir: dir,
            store,
            clock,
            instance: made.unwrap().id,
            runtime,
        }
    }

    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let done = self.store.write(Lane::Front, None, work);
        self.runtime.block_on(done).unwrap()
    }

    fn read<T: Send + 'static>(
        &self,
        cost: Cost,
        work: impl FnOnce(&Rx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.runtime.block_on(self.store.list(cost, work))
    }

    fn list(&self, kinds: &[ResourceType], filter: Option<&str>, sort: Option<(&str, bool)>) -> List {
        List {
            instance: self.instance,
            rules: Arc::default(),
            kinds: kinds.to_vec(),
            filter: filter.map(|text| Filter::parse(text).unwrap()),
            sort: sort.map(|(by, descending)| Sort {
                by: AttrPath::parse(by).unwrap(),
                descending,
            }),
            start: Start::Skip(0),
            count: 3,
        }
    }

    fn page(&self, list: &List) -> Page {
        let list = list.clone();
        self.read(list.cost(true), move |rx| {
            scan::within(rx, |meter| page(rx, meter, &list))
        })
        .unwrap()
    }
}

fn users(temp: &Temp, names: &[String]) {
    let (instance, names) = (temp.instance, names.to_vec());
    temp.write(move |tx| {
        for name in names {
            let made = json!({"schemas": [], "userName": name})
                .as_object()
                .cloned()
                .unwrap();
            resources::insert(tx, instance, ResourceType::User, made, BTreeSet::new())?;
        }
        Ok(())
    });
}

#[test]
fn a_page_past_many_blocks_is_found() {
    let temp = Temp::new();
    users(&temp, &(0..2500).map(|n| format!("u{n:04}")).collect::<Vec<_>>());
    for (skip, descending, first) in [
        (0, false, 0),
        (1023, false, 1023),
        (2400, false, 2400),
        (10, true, 2489),
        (2499, true, 0),
    ] {
        let mut list = temp.list(&[ResourceType::User], None, Some(("meta.created", descending)));
        list.start = Start::Skip(skip);
        let page = temp.page(&list);
        assert_eq!(page.total, 2500);
        assert!(page.found[0].1.doc.contains(&format!("u{first:04}")), "{skip}");
    }
}

#[test]
fn a_name_longer_than_a_cursor_is_told_by_its_owner() {
    let temp = Temp::new();
    let long = "x".repeat(300);
    users(&temp, &["a", "b", "c"].map(|end| format!("{long}{end}")));
    let mut list = temp.list(&[ResourceType::User], None, Some(("userName", false)));
    list.count = 1;
    list.start = Start::After(None);
    let first = temp.page(&list);
    list.start = Start::After(first.next.clone());
    let second = temp.page(&list);
    assert!(second.found[0].1.doc.contains(&format!("{long}b")));
    let row = first.next.unwrap().row;
    temp.write(move |tx| resources::forget_tombstone(tx, row));
    let expired = temp.read(Cost::Page, move |rx| {
        scan::within(rx, |meter| page(rx, meter, &list))
    });
    assert!(matches!(expired, Err(StoreError::Expired)));
}

#[test]
fn what_a_list_costs_is_seen_before_it_is_read() {
    let temp = Temp::new();
    let (user, group) = ([ResourceType::User], [ResourceType::Group]);
    for (kinds, filter, sort, cost) in [
        (&user[..], None, None, Cost::Page),
        (
            &user,
            Some(r#"userName eq "a" and active eq true"#),
            None,
            Cost::LookUp,
        ),
        (&user, Some(r#"externalId eq "a""#), None, Cost::Page),
        (&user, Some(r#"userName sw "a""#), None, Cost::Scan),
        (
            &user,
            Some(r#"userName eq "a" or externalId eq "b""#),
            None,
            Cost::Page,
        ),
        (&user, Some("title pr"), None, Cost::Scan),
        (&user, Some(r#"userName eq "a" and groups pr"#), None, Cost::Page),
        (&user, None, Some("userName"), Cost::Page),
        (&user, None, Some("meta.created"), Cost::Page),
        (&user, None, Some("title"), Cost::Scan),
        (&group, None, None, Cost::Scan),
        (&group, Some(r#"displayName eq "a""#), None, Cost::Page),
        (&ResourceType::ALL, Some(r#"id eq "a""#), None, Cost::Page),
        (&ResourceType::ALL, None, Some("meta.created"), Cost::Scan),
    ] {
        let list = temp.list(kinds, filter, sort.map(|by| (by, false)));
        assert_eq!(list.cost(true), cost, "{filter:?} {sort:?}");
    }
    let groups = temp.list(&group, None, None);
    assert_eq!(groups.cost(false), Cost::Page, "without their members");
}

#[test]
fn members_count_and_too_many_are_told() {
    let temp = Temp::new();
    let instance = temp.instance;
    users(&temp, &(0..30).map(|n| format!("u{n}")).collect::<Vec<_>>());
    temp.write(move |tx| {
        let made = json!({"schemas": [], "displayName": "All"})
            .as_object()
            .cloned()
            .unwrap();
        let group = resources::insert(tx, instance, ResourceType::Group, made, BTreeSet::new())?;
        let rows: Vec<i64> = (1..=30).collect();
        members::add(tx, group.row, &rows, false).map(drop)
    });
    let list = temp.list(&[ResourceType::Group], Some(r#"members.display ew "29""#), None);
    assert_eq!(temp.page(&list).total, 1);
    let by_groups = temp.list(
        &[ResourceType::User],
        Some("groups pr"),
        Some(("groups.display", true)),
    );
    assert_eq!(temp.page(&by_groups).total, 30);
    let budget = ScanBudget {
        rows: 30,
        ..ScanBudget::default()
    };
    temp.store.set_scan_budget(budget);
    let refused = temp.read(Cost::Scan, move |rx| {
        scan::within(rx, |meter| page(rx, meter, &list))
    });
    match refused {
        Err(StoreError::TooMuch(limit)) => assert_eq!(limit, budget),
        other => panic!("{other:?}"),
    }
    temp.store.set_scan_budget(ScanBudget {
        time: Duration::ZERO,
        ..ScanBudget::default()
    });
    let list = temp.list(&[ResourceType::User], Some("title pr"), None);
    let late = temp.read(Cost::Scan, move |rx| {
        scan::within(rx, |meter| page(rx, meter, &list))
    });
    assert!(matches!(late, Err(StoreError::TooMuch(_))));
}

#[test]
fn counts_that_went_wrong_are_seen_and_made_anew() {
    let temp = Temp::new();
    users(&temp, &["a".into(), "b".into()]);
    let wrong = |temp: &Temp| temp.read(Cost::Page, crate::store::check::miscounts).unwrap();
    assert_eq!(wrong(&temp), 0);
    temp.write(|tx| Ok(tx.conn.execute("UPDATE landmarks SET live = 9", [])?));
    assert_ne!(wrong(&temp), 0);
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("rollcall.db");
    temp.runtime.block_on(temp.store.backup(copy.clone())).unwrap();
    crate::store::check::bring_up(&copy).unwrap();
    let store = Store::open(dir.path(), temp.clock.clone()).unwrap();
    let read = store.read(crate::store::check::miscounts);
    assert_eq!(temp.runtime.block_on(read).unwrap(), 0);
}

#[test]
fn what_an_older_version_stored_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let old = rusqlite::Connection::open(dir.path().join("rollcall.db")).unwrap();
    old.execute_batch(include_str!("../../../migrations/0001_first.sql"))
        .unwrap();
    old.execute_batch(
        "PRAGMA user_version = 1;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
         INSERT INTO resources(instance, kind, id, name, name_key, display, active, managed, owned, version, created,
           last_modified, deleted_at, doc)
         SELECT 1, 1 + (i % 3 = 0), 'id' || i, i, i, i, 1, 1, '[]', 1, 1, 1, iif(i % 10 = 0, 1, NULL), '{}' FROM n",
    )
    .unwrap();
    drop(old);
    let store = Store::open(dir.path(), Clock::system()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let read = store.read(|rx| {
        Ok::<_, StoreError>((
            resources::counts(rx, InstanceId(1))?,
            crate::store::check::miscounts(rx)?,
        ))
    });
    let (counts, wrong) = runtime.block_on(read).unwrap();
    assert_eq!((counts.users, counts.groups, wrong), (1800, 900, 0));
}
