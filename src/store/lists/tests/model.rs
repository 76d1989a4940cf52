//! Pages against a plain model of the same list: by number, by cursor, sorted, filtered, and with others writing between
//! two pages.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::scim::rules::Custom;
use crate::scim::{Attributes, eval, fold};

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

impl Temp {
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
            filter.is_none_or(|filter| eval::matches(filter, there.kind, Custom::none(), &there.doc))
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
        let wrong = temp.read(Cost::Scan, crate::store::check::miscounts);
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
