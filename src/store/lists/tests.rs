//! Pages against a plain model of the same list: by number, by cursor, sorted, filtered, and with others writing between
//! two pages.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::model::{Scope, Time};
use crate::scim::path::AttrPath;
use crate::scim::{Attributes, eval, fold};
use crate::store::instances::{self, NewInstance};
use crate::store::{Lane, ScanBudget, Store, Tx, members, scan};

/// What happens to the directory, by numbers that are taken modulo what there is.
#[derive(Clone, Debug)]
enum Act {
    Create(Person),
    Change(usize, Person),
    Bury(usize),
    Forget(usize),
    Wait,
}

#[derive(Clone, Debug)]
struct Person {
    kind: ResourceType,
    name: &'static str,
    title: Option<&'static str>,
    external: Option<&'static str>,
    email: Option<&'static str>,
    rank: Option<i32>,
    active: bool,
}

fn person() -> impl Strategy<Value = Person> {
    let words = || prop::sample::select(vec!["Ada", "ada", "Bo", "Élan", "élan b", "x\u{10FFFF}"]);
    let kind = prop_oneof![3 => Just(ResourceType::User), 1 => Just(ResourceType::Group)];
    (
        kind,
        words(),
        prop::option::of(words()),
        prop::option::of(words()),
        prop::option::of(words()),
        prop::option::of(-2..3),
        any::<bool>(),
    )
        .prop_map(|(kind, name, title, external, email, rank, active)| Person {
            kind,
            name,
            title,
            external,
            email,
            rank,
            active,
        })
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => person().prop_map(Act::Create),
        2 => (any::<usize>(), person()).prop_map(|(n, person)| Act::Change(n, person)),
        1 => any::<usize>().prop_map(Act::Bury),
        1 => any::<usize>().prop_map(Act::Forget),
        2 => Just(Act::Wait),
    ]
}

impl Person {
    fn attributes(&self) -> Attributes {
        let mut made = json!({"schemas": [], "active": self.active, "urn:x:y": {"rank": self.rank}});
        let name = match self.kind {
            ResourceType::User => "userName",
            ResourceType::Group => "displayName",
        };
        made[name] = json!(self.name);
        if let Some(title) = self.title {
            made["title"] = json!(title);
        }
        if let Some(external) = self.external {
            made["externalId"] = json!(external);
        }
        if let Some(email) = self.email {
            made["emails"] = json!([{"value": "zz"}, {"value": email, "primary": true}]);
        }
        made.as_object().cloned().unwrap()
    }
}

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

    fn act(&self, acts: &[Act]) {
        for acts in acts.chunk_by(|_, next| !matches!(next, Act::Wait)) {
            self.clock.advance(Duration::from_millis(1));
            let (instance, acts) = (self.instance, acts.to_vec());
            self.write(move |tx| acts.iter().try_for_each(|act| one(tx, instance, act)));
        }
    }

    /// What is there, in order of creation.
    fn all(&self) -> Vec<There> {
        let instance = self.instance;
        let read = self.read(Cost::Scan, move |rx| {
            let mut all = Vec::new();
            for row in resources::rows_after(rx, instance, 0, usize::MAX)? {
                let there = resources::load(rx, row)?.unwrap();
                if there.deleted_at.is_none() {
                    let stored = resources::stored_row(rx, row)?.unwrap();
                    let doc: Attributes = serde_json::from_str(&stored.doc).unwrap();
                    all.push(There {
                        kind: there.kind,
                        id: there.id,
                        doc,
                    });
                }
            }
            Ok(all)
        });
        read.unwrap()
    }

    fn list(&self, kinds: &[ResourceType], filter: Option<&str>, sort: Option<(&str, bool)>) -> List {
        List {
            instance: self.instance,
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

fn one(tx: &Tx<'_>, instance: InstanceId, act: &Act) -> Result<(), StoreError> {
    let rows = resources::rows_after(tx, instance, 0, usize::MAX)?;
    let pick = |n: &usize| match rows.len() {
        0 => Ok(None),
        len => resources::load(tx, rows[n % len]),
    };
    match act {
        Act::Create(person) => {
            resources::insert(tx, instance, person.kind, person.attributes(), BTreeSet::new()).map(drop)
        }
        Act::Change(n, person) => match pick(n)?.filter(|there| there.deleted_at.is_none()) {
            Some(there) => {
                let person = Person {
                    kind: there.kind,
                    ..person.clone()
                };
                resources::update(tx, &there, person.attributes(), BTreeSet::new(), true).map(drop)
            }
            None => Ok(()),
        },
        Act::Bury(n) => match pick(n)?.filter(|there| there.deleted_at.is_none()) {
            Some(there) => resources::bury(tx, there.row, instance),
            None => Ok(()),
        },
        Act::Forget(n) => match pick(n)? {
            Some(there) => resources::forget_tombstone(tx, there.row),
            None => Ok(()),
        },
        Act::Wait => Ok(()),
    }
}

#[derive(Clone, Debug)]
struct There {
    kind: ResourceType,
    id: String,
    doc: Attributes,
}

/// What the model sorts by: text that stands in the right order, `None` where there is no value.
fn model_key(there: &There, by: &str) -> Option<String> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let doc = &there.doc;
    match by {
        "userName" | "title" => doc.get(by).and_then(text).map(|text| fold(&text)),
        "externalId" | "id" => doc.get(by).and_then(text),
        "active" => doc
            .get(by)
            .filter(|_| there.kind == ResourceType::User)
            .map(Value::to_string),
        "emails" => Some(fold(doc.get(by)?.get(1)?.get("value")?.as_str()?)),
        "meta.created" | "meta.lastModified" => doc["meta"].get(&by[5..]).and_then(text),
        "urn:x:y:Rank" => doc["urn:x:y"]["rank"].as_i64().map(|n| format!("{:02}", n + 10)),
        other => panic!("{other}"),
    }
    .filter(|_| by != "userName" && by != "title" && by != "emails" || there.kind == ResourceType::User)
}

fn model(all: &[There], list: &List, by: Option<&str>) -> Vec<String> {
    let mut meeting: Vec<&There> = all
        .iter()
        .filter(|there| list.kinds.contains(&there.kind))
        .filter(|there| {
            let filter = list.filter.as_ref();
            filter.is_none_or(|filter| eval::matches(filter, there.kind, &there.doc))
        })
        .collect();
    match (by, list.sort.as_ref().is_some_and(|sort| sort.descending)) {
        (None, _) => meeting.sort_by_key(|there| there.kind),
        (Some("meta.created"), true) if list.kinds.len() == 1 => meeting.reverse(),
        (Some(by), descending) => meeting.sort_by(|a, b| {
            let (a, b) = (model_key(a, by), model_key(b, by));
            // No value is greater than any.
            let order = a.is_none().cmp(&b.is_none()).then_with(|| a.cmp(&b));
            if descending { order.reverse() } else { order }
        }),
    }
    meeting.into_iter().map(|there| there.id.clone()).collect()
}

const FILTERS: [Option<&str>; 14] = [
    None,
    Some("active eq true"),
    Some("active eq false"),
    Some(r#"userName eq "ADA""#),
    Some(r#"userName sw "é""#),
    Some(r#"displayName sw "A""#),
    Some(r#"userName sw "x""#),
    Some(r#"userName co "LA" and title pr"#),
    Some(r#"userName eq "bo" or externalId eq "Ada""#),
    Some(r#"externalId sw "A" or (emails.value eq "bo" and active eq true)"#),
    Some(r#"emails eq "ADA" or emails[value eq "élan"]"#),
    Some(r#"meta.lastModified gt "2023-11-14T22:13:20.0025Z""#),
    Some(r#"meta.created le "2023-11-14T22:13:20.002Z" and not (title sw "a")"#),
    Some(r#"externalId co "d""#),
];
const ORDERS: [&str; 9] = [
    "userName",
    "title",
    "externalId",
    "id",
    "active",
    "emails",
    "meta.created",
    "meta.lastModified",
    "urn:x:y:Rank",
];

fn query() -> impl Strategy<
    Value = (
        Vec<ResourceType>,
        Option<&'static str>,
        Option<(&'static str, bool)>,
    ),
> {
    let kinds = prop::sample::select(vec![
        vec![ResourceType::User],
        vec![ResourceType::User],
        vec![ResourceType::Group],
        ResourceType::ALL.to_vec(),
    ]);
    let sort = prop::option::of((prop::sample::select(ORDERS.to_vec()), any::<bool>()));
    (kinds, prop::sample::select(FILTERS.to_vec()), sort)
}

fn ids(page: &Page) -> Vec<String> {
    page.found.iter().map(|(_, stored)| stored.id.clone()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn pages_by_number_and_by_cursor_are_those_of_a_plain_list(
        acts in prop::collection::vec(act(), 1..60),
        queries in prop::collection::vec(query(), 24),
        count in 1_u64..8,
    ) {
        let temp = Temp::new();
        temp.act(&acts);
        let all = temp.all();
        for (kinds, filter, sort) in queries {
            let mut list = temp.list(&kinds, filter, sort);
            list.count = count;
            let expected = model(&all, &list, sort.map(|(by, _)| by));
            let mut seen = Vec::new();
            while seen.len() < expected.len() {
                list.start = Start::Skip(seen.len() as u64);
                let page = temp.page(&list);
                prop_assert_eq!(page.total, expected.len() as u64, "{:?}", list);
                prop_assert!(!page.found.is_empty() && page.next.is_none(), "{:?}", list);
                seen.extend(ids(&page));
            }
            prop_assert_eq!(&seen, &expected, "{:?}", list);
            list.start = Start::Skip(expected.len() as u64);
            prop_assert!(temp.page(&list).found.is_empty());

            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                list.start = Start::After(after);
                let page = temp.page(&list);
                prop_assert_eq!(page.total, expected.len() as u64, "{:?}", list);
                seen.extend(ids(&page));
                prop_assert_eq!(page.next.is_some(), seen.len() < expected.len(), "{:?}", list);
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
            prop_assert_eq!(&seen, &expected, "{:?}", list);
            list.count = 0;
            for start in [Start::Skip(0), Start::After(None)] {
                list.start = start;
                let none = temp.page(&list);
                prop_assert_eq!((none.total, none.found.len(), none.next), (expected.len() as u64, 0, None));
            }
        }
        let wrong = temp.read(Cost::Scan, |rx| crate::store::check::miscounts(rx));
        prop_assert_eq!(wrong.unwrap(), 0);
    }

    #[test]
    fn whoever_stays_is_seen_once_while_others_write(
        before in prop::collection::vec(act(), 1..60),
        between in prop::collection::vec(prop::collection::vec(act(), 0..6), 12),
        (kinds, filter, sort) in query(),
        count in 1_u64..8,
    ) {
        let temp = Temp::new();
        temp.act(&before);
        let by = sort.map(|(by, _)| by);
        let mut list = temp.list(&kinds, filter, sort);
        list.count = count;
        let state = |all: &[There]| -> Vec<(String, Option<Option<String>>)> {
            let met = model(all, &list, by);
            let of = |id: &String| all.iter().find(|there| there.id == *id).unwrap();
            met.iter().map(|id| (id.clone(), by.map(|by| model_key(of(id), by)))).collect()
        };
        let mut stays: BTreeSet<_> = state(&temp.all()).into_iter().collect();
        let (mut seen, mut after, mut acts) = (Vec::new(), None, between.iter());
        loop {
            let page = temp.page(&List { start: Start::After(after), ..list.clone() });
            seen.extend(ids(&page));
            let Some(next) = page.next else { break };
            after = Some(next);
            if let Some(acts) = acts.next() {
                temp.act(acts);
                let now: BTreeSet<_> = state(&temp.all()).into_iter().collect();
                stays = stays.intersection(&now).cloned().collect();
            }
        }
        for (id, key) in stays {
            let times = seen.iter().filter(|seen| **seen == id).count();
            prop_assert_eq!(times, 1, "{} by {:?}, {:?}", id, key, list);
        }
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
        (&user, Some(r#"externalId eq "a""#), None, Cost::LookUp),
        (&user, Some(r#"userName sw "a""#), None, Cost::Page),
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
