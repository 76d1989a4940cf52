//! What pages ask of a large directory: looked at in steps that each cost the same however large it is, for so long and no
//! longer. `ROLLCALL_SIZE` says how many people there are; the figures are worth reading with 100,000.

#![expect(clippy::print_stdout, reason = "the figures are worth reading")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;

use super::app::{GROUP, USER};
use crate::clock::{Clock, Stopwatch};
use crate::connector::{Net, NetPolicy};
use crate::mapping;
use crate::model::adoption::Likeness;
use crate::model::{Instance, InstanceId, Link, LinkState, MapRow, Policies, Scope, Target};
use crate::scim::Attributes;
use crate::scim::schema::ResourceType;
use crate::secret::KeyState;
use crate::store::instances::{self, NewInstance};
use crate::store::{Lane, Store, StoreError, Tx, adoptions, links, resources};
use crate::sync::adoption;
use crate::sync::manage::Manager;
use crate::sync::preview::{AT_THE_PROMPT, Preview, chunk};

fn size() -> usize {
    let asked = std::env::var("ROLLCALL_SIZE").ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(1500)
}

struct Large {
    manager: Manager,
    id: InstanceId,
    _dir: tempfile::TempDir,
}

fn person(n: usize, work: &str) -> Attributes {
    let all = json!({
        "userName": format!("person{n:06}@example.com"),
        "externalId": format!("ext-{n}"),
        "active": true,
        "displayName": format!("Person Number {n}"),
        "name": {"givenName": "Person", "familyName": format!("Number {n}")},
        "title": if n.is_multiple_of(10) { "Research" } else { "Engineer" },
        "emails": [{"value": work, "type": "work", "primary": true}],
        "phoneNumbers": [{"value": "+1 555 0100", "type": "work"}],
    });
    all.as_object().unwrap().clone().into_iter().collect()
}

/// One on both sides, in step; not managed: only the app's.
fn linked(
    tx: &Tx<'_>,
    id: InstanceId,
    kind: ResourceType,
    attributes: Attributes,
    n: usize,
    managed: bool,
) -> Result<i64, StoreError> {
    let owned = if managed {
        crate::scim::resource::paths(kind, &attributes)
            .into_iter()
            .collect()
    } else {
        BTreeSet::new()
    };
    let print = mapping::fingerprint(kind, &attributes);
    let made = resources::insert(tx, id, kind, attributes, owned)?;
    let onward = mapping::Onward::new(&Policies::default(), crate::scim::rules::Custom::none()).of(&made);
    let link = Link {
        remote_id: Some(format!("r{n}")),
        external_id: made.external_id.clone(),
        name_key: Some(made.name.clone()),
        pushed: if managed {
            onward.desired
        } else {
            Default::default()
        },
        base: print.clone(),
        seen: print,
        seen_active: true,
        ..links::draft(id, kind, Some(made.row), LinkState::Linked)
    };
    links::insert(tx, &link)?;
    Ok(made.row)
}

impl Large {
    /// So many people, one in ten of them in Research, all in the app as they are here.
    async fn with(people: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Clock::system()).unwrap();
        let net = Net::new(NetPolicy::default()).unwrap();
        let manager = Manager {
            store: store.clone(),
            net,
            keys: Arc::new(KeyState::Missing),
        };
        let made = store.write(Lane::Front, None, |tx| {
            let new = NewInstance {
                slug: "a".into(),
                name: "A".into(),
                app: "generic-scim".into(),
                scope: Scope::UsersAndGroups,
                policies: Policies::default(),
                target: Some(Target::Scim {
                    base_url: "https://app.example.com/scim".into(),
                    access: Default::default(),
                    capabilities: Default::default(),
                }),
            };
            Ok::<_, StoreError>(instances::insert(tx, &new)?.id)
        });
        let large = Self {
            manager,
            id: made.await.unwrap(),
            _dir: dir,
        };
        let id = large.id;
        large
            .each(people, move |tx, n| {
                linked(tx, id, USER, person(n, &format!("p{n}@example.com")), n, true).map(drop)
            })
            .await;
        large
            .each(people / 100, move |tx, n| {
                let all = json!({"displayName": format!("Group {n}"), "externalId": format!("g{n}")});
                let all = all.as_object().unwrap().clone().into_iter().collect();
                linked(tx, id, GROUP, all, n, true).map(drop)
            })
            .await;
        large
    }

    async fn each(
        &self,
        many: usize,
        make: impl Fn(&Tx<'_>, usize) -> Result<(), StoreError> + Copy + Send + 'static,
    ) {
        let mut from = 0;
        while from < many {
            let to = many.min(from + 500);
            let made = self.manager.store.write(Lane::Front, None, move |tx| {
                (from..to).try_for_each(|n| make(tx, n))
            });
            made.await.unwrap();
            from = to;
        }
    }
}

/// The slowest of the writes that were made one after the other until `work` was done.
async fn beside<T>(large: &Large, work: impl Future<Output = T>) -> (T, Duration) {
    let (store, id, over) = (
        large.manager.store.clone(),
        large.id,
        Arc::new(AtomicBool::new(false)),
    );
    let end = Arc::clone(&over);
    let writes = tokio::spawn(async move {
        let mut slowest = Duration::ZERO;
        while !end.load(Ordering::Relaxed) {
            let watch = Stopwatch::start();
            let write = store.write(Lane::Front, Some(id), move |tx| {
                instances::set_next_sync(tx, id, Some(tx.now()))
            });
            write.await.unwrap();
            slowest = slowest.max(watch.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        slowest
    });
    let done = work.await;
    over.store(true, Ordering::Relaxed);
    (done, writes.await.unwrap())
}

fn without_research() -> Policies {
    Policies {
        carry_users: r#"title ne "Research""#.into(),
        ..Policies::default()
    }
}

fn with_titles() -> Policies {
    let row = MapRow {
        required: false,
        kind: USER,
        path: "title".into(),
        template: "{{ title }} at Example".into(),
    };
    Policies {
        mapping: vec![row],
        ..Policies::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_ends_in_time_and_says_how_far_it_came() {
    let people = size();
    let large = Large::with(people).await;
    let (manager, id) = (&large.manager, large.id);
    for (what, policies) in [("scope", without_research()), ("mapping", with_titles())] {
        let watch = Stopwatch::start();
        let (whole, slowest) = beside(&large, manager.preview(id, &policies, AT_THE_PROMPT)).await;
        let whole = whole.unwrap();
        println!(
            "preview of {what}, {people} people: {:?}, slowest write beside it {slowest:?}, {:?}",
            watch.elapsed(),
            whole.sentences()
        );
        if !whole.is_partial {
            let (users, updated) = (people.div_ceil(10), people);
            let expected = if what == "scope" { (users, 0) } else { (0, updated) };
            assert_eq!((whole.users as usize, whole.updated as usize), expected);
        }
        let watch = Stopwatch::start();
        let asked = manager.to_confirm(id, &policies, "").await.unwrap();
        println!(
            "  on a page: {:?}, {:?}",
            watch.elapsed(),
            asked.as_ref().map(Preview::sentences)
        );
        let none = manager.preview(id, &policies, Duration::ZERO).await.unwrap();
        assert!(
            none.is_partial && none.looked == 500 && none.needs_a_word(),
            "{none:?}"
        );
        let watch = Stopwatch::start();
        assert_eq!(manager.to_confirm(id, &policies, &none.of).await.unwrap(), None);
        println!("  confirmed: {:?}", watch.elapsed());
    }
    let limits = Policies {
        protected: vec!["a".into()],
        ..Policies::default()
    };
    let watch = Stopwatch::start();
    assert_eq!(manager.to_confirm(id, &limits, "").await.unwrap(), None);
    println!("preview of limits: {:?}", watch.elapsed());
    let watch = Stopwatch::start();
    let carries = manager.carries(id).await.unwrap();
    println!("who is carried: {:?}, {carries:?}", watch.elapsed());
    assert_eq!(carries.users, (people as u64, people as u64));
}

#[tokio::test]
async fn a_step_of_a_preview_costs_the_same_however_many_there_are() {
    let large = Large::with(size()).await;
    let id = large.id;
    let last = (size() as i64 / 500 - 1) * 500;
    let looks = [
        (0, without_research()),
        (0, without_research()),
        (last, without_research()),
        (last, with_titles()),
    ];
    let counted = large.manager.store.read(move |rx| {
        let old = instances::by_id(rx, id)?.unwrap();
        let look = |(after, policies): (i64, Policies)| {
            let new = Instance {
                policies,
                ..old.clone()
            };
            let (looked, steps) = rx.counted(|| chunk(rx, &old, &new, after));
            assert_eq!(looked?.0.len(), 500);
            Ok(steps)
        };
        looks
            .into_iter()
            .map(look)
            .collect::<Result<Vec<u64>, StoreError>>()
    });
    // The first look on a connection reads the schema as well.
    let [_, at_first, at_last, remapped] = counted.await.unwrap()[..] else {
        panic!()
    };
    assert!(
        at_last < 2 * at_first && at_first < 500 * 300,
        "{at_first} {at_last}"
    );
    println!(
        "steps of SQLite for 500: {at_first} at first, {at_last} at last; {remapped} with two plans for each"
    );
    assert!(remapped < 500 * 1000, "{remapped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adoption_is_counted_in_steps() {
    let people = size();
    let large = Large::with(people).await;
    let id = large.id;
    let pairs = people / 5;
    large
        .each(pairs, move |tx, n| {
            let work = format!("p{n}@other.example.com");
            linked(tx, id, USER, person(people + n, &work), people + n, false)?;
            let ours = person(2 * people + n, &work);
            let owned = ["userName".to_owned()].into();
            let ours = resources::insert(tx, id, USER, ours, owned)?;
            adoptions::propose(
                tx,
                id,
                USER,
                ours.row,
                &format!("r{}", people + n),
                Likeness::Email,
            )
            .map(drop)
        })
        .await;
    let store = &large.manager.store;
    let watch = Stopwatch::start();
    let (found, slowest) = beside(&large, adoption::look(store, id, AT_THE_PROMPT)).await;
    let found = found.unwrap();
    println!(
        "adoption of {people} people with {pairs} pairs: {:?}, slowest write beside it {slowest:?}",
        watch.elapsed()
    );
    let expected = adoption::Classes {
        matched: people as u64,
        proposed: pairs as u64,
        ..adoption::Classes::default()
    };
    assert_eq!((found.users, found.is_partial), (expected, false));
    assert_eq!(found.groups.matched, people as u64 / 100);
    let none = adoption::look(store, id, Duration::ZERO).await.unwrap();
    assert!(none.is_partial && none.users.matched <= 5000);
    let watch = Stopwatch::start();
    let few = store
        .read(move |rx| adoptions::count_waiting(rx, id, 100))
        .await
        .unwrap();
    println!("the first {few} that wait: {:?}", watch.elapsed());
    let (_, steps) = store
        .read(move |rx| Ok::<_, StoreError>(rx.counted(|| adoptions::count_waiting(rx, id, 100))))
        .await
        .unwrap();
    assert!(steps < 100 * 200, "{steps}");
}
