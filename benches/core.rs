//! What the protocol core and a look-up in the store cost by themselves, without HTTP: `cargo bench`. Figures of the
//! whole server, and how they hold as the directory grows, come from tests/long.
#![expect(clippy::unwrap_used, reason = "benches")]

use std::sync::Arc;
use std::time::Duration;

use divan::{Bencher, black_box};
use serde_json::{Value, json};

use rollcall::clock::Clock;
use rollcall::directory::{self, Door};
use rollcall::model::{Actor, InstanceId, Scope};
use rollcall::scim::etag::Precondition;
use rollcall::scim::filter::Filter;
use rollcall::scim::patch::PatchRequest;
use rollcall::scim::project::Projection;
use rollcall::scim::resource::{accept, parse_json};
use rollcall::scim::rules::Rules;
use rollcall::scim::schema::ResourceType;
use rollcall::scim::{Attributes, eval};
use rollcall::store::instances::{self, NewInstance};
use rollcall::store::lists::{self, List, Start};
use rollcall::store::{Lane, Rx, Store, StoreError, resources, scan};

fn main() {
    divan::Divan::from_args().max_time(Duration::from_secs(2)).main();
}

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

const LOOK_UP: &str = r#"userName eq "ada@example.com""#;
const VALUE_PATH: &str = r#"emails[type eq "work" and value co "@example.com"] and active eq true"#;
const MIXED: &str = r#"(title pr or userType ne "Employee") and not (name.familyName sw "L" and meta.created lt "2024-01-01T00:00:00Z")"#;

fn user() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
        "externalId": "00u1", "userName": "ada@example.com", "displayName": "Ada Lovelace", "title": "Engineer", "active": true,
        "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
        "emails": [{"value": "ada@example.com", "type": "work", "primary": true}, {"value": "ada@home.example", "type": "home"}],
        "phoneNumbers": [{"value": "+1-555-0100", "type": "work"}],
        ENTERPRISE: {"employeeNumber": "1", "department": "R&D", "manager": {"value": "m1"}},
    })
}

fn document() -> Attributes {
    let mut document = accept(ResourceType::User, user(), &Rules::default())
        .unwrap()
        .attributes;
    document.insert("id".into(), json!("0197a1b2-0000-7000-8000-000000000001"));
    document.insert(
        "meta".into(),
        json!({"resourceType": "User", "created": "2024-05-01T10:00:00Z"}),
    );
    document
}

fn members(count: usize) -> Value {
    (0..count)
        .map(|n| json!({"value": format!("0197a1b2-0000-7000-8000-{n:012}")}))
        .collect()
}

#[divan::bench(args = [LOOK_UP, VALUE_PATH, MIXED])]
fn filter_parse(text: &str) -> Filter {
    Filter::parse(black_box(text)).unwrap()
}

/// The longest there is.
#[divan::bench]
fn filter_parse_100_terms(bencher: Bencher) {
    let text = vec!["userName eq \"ada@example.com\""; 100].join(" or ");
    bencher.bench(|| Filter::parse(black_box(&text)).unwrap());
}

#[divan::bench(args = [LOOK_UP, VALUE_PATH, MIXED])]
fn filter_evaluate(bencher: Bencher, text: &str) {
    let (filter, document, rules) = (Filter::parse(text).unwrap(), document(), Rules::default());
    bencher.bench(|| eval::matches(black_box(&filter), ResourceType::User, &rules.custom, &document));
}

#[divan::bench]
fn accept_user(bencher: Bencher) {
    let (body, rules) = (user().to_string().into_bytes(), Rules::default());
    bencher.bench(|| {
        let body = parse_json(black_box(&body), &rules.limits).unwrap();
        accept(ResourceType::User, body, &rules).unwrap()
    });
}

#[divan::bench(args = [10, 1000, 10_000])]
fn accept_group(bencher: Bencher, count: usize) {
    let body = json!({"displayName": "Everybody", "members": members(count)}).to_string();
    let rules = Rules::default();
    bencher.bench(|| {
        let body = parse_json(black_box(body.as_bytes()), &rules.limits).unwrap();
        accept(ResourceType::Group, body, &rules).unwrap()
    });
}

fn patch(operation: Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]})
}

#[divan::bench(args = ["active", "name.familyName", "emails[type eq \"work\"].value"])]
fn patch_apply(bencher: Bencher, path: &str) {
    let value = if path == "active" {
        json!(false)
    } else {
        json!("x")
    };
    let body = patch(json!({"op": "replace", "path": path, "value": value}));
    let request = PatchRequest::parse(ResourceType::User, &body, &Rules::default()).unwrap();
    let document = document();
    bencher.bench(|| black_box(&request).apply(&document).unwrap());
}

#[divan::bench(args = [1, 1000])]
fn patch_parse_members(bencher: Bencher, count: usize) {
    let body = patch(json!({"op": "add", "path": "members", "value": members(count)}));
    let rules = Rules::default();
    bencher.bench(|| PatchRequest::parse(ResourceType::Group, black_box(&body), &rules).unwrap());
}

/// What an answer costs where only some attributes are asked for: without a projection the stored bytes go out.
#[divan::bench(args = ["userName", "name.familyName,emails.value,meta"])]
fn represent(bencher: Bencher, attributes: &str) {
    let projection = Projection::parse(Some(attributes), None, &Rules::default()).unwrap();
    let text = serde_json::to_string(&document()).unwrap();
    bencher.bench(|| {
        let mut document: Attributes = serde_json::from_str(black_box(&text)).unwrap();
        projection.apply(ResourceType::User, &mut document);
        Value::Object(document).to_string()
    });
}

/// A store with 2,000 users.
struct Kept {
    store: Store,
    instance: InstanceId,
    ids: Vec<String>,
    runtime: tokio::runtime::Runtime,
    _dir: tempfile::TempDir,
}

fn kept() -> Kept {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Clock::system()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let fill = store.write(Lane::Front, None, |tx| {
        let new = NewInstance {
            slug: "a".into(),
            name: "A".into(),
            app: "receive-only".into(),
            scope: Scope::UsersAndGroups,
            target: None,
            policies: Default::default(),
        };
        let (instance, actor) = (instances::insert(tx, &new)?, Actor::Idp("bench".into()));
        let door = Door {
            tx,
            instance: &instance,
            actor: &actor,
        };
        let mut ids = Vec::new();
        for n in 0..2000 {
            let mut body = user();
            body["userName"] = json!(format!("user{n}@example.com"));
            body["externalId"] = json!(format!("00u{n}"));
            let accepted = accept(ResourceType::User, body, &Rules::default()).unwrap();
            let only_if = Precondition::default();
            ids.push(
                directory::create(door, ResourceType::User, accepted, &only_if)
                    .unwrap()
                    .id,
            );
        }
        Ok::<_, StoreError>((instance.id, ids))
    });
    let (instance, ids) = runtime.block_on(fill).unwrap();
    Kept {
        store,
        instance,
        ids,
        runtime,
        _dir: dir,
    }
}

#[divan::bench]
fn store_by_id(bencher: Bencher) {
    let kept = kept();
    let (instance, mut n) = (kept.instance, 0);
    bencher.bench_local(|| {
        n = (n + 7) % kept.ids.len();
        let id = kept.ids[n].clone();
        let look = move |rx: &Rx<'_>| resources::stored(rx, instance, ResourceType::User, &id);
        kept.runtime
            .block_on(kept.store.look_up::<_, StoreError, _>(look))
            .unwrap()
            .unwrap()
    });
}

/// One page through the store.
fn list(bencher: Bencher, filter: Option<Filter>, skip: u64) {
    let kept = kept();
    let list = List {
        instance: kept.instance,
        rules: Arc::default(),
        kinds: vec![ResourceType::User],
        filter,
        sort: None,
        start: Start::Skip(skip),
        count: 100,
    };
    let cost = list.cost(false);
    bencher.bench_local(|| {
        let list = list.clone();
        let look = move |rx: &Rx<'_>| scan::within(rx, |meter| lists::page(rx, meter, &list));
        kept.runtime
            .block_on(kept.store.list::<_, StoreError, _>(cost, look))
            .unwrap()
    });
}

#[divan::bench(args = [r#"userName eq "user1234@example.com""#, r#"title eq "Engineer" and name.familyName sw "Love""#])]
fn store_by_filter(bencher: Bencher, text: &str) {
    list(bencher, Some(Filter::parse(text).unwrap()), 0);
}

#[divan::bench(args = [0, 1000, 1900])]
fn store_page_of_100(bencher: Bencher, skip: u64) {
    list(bencher, None, skip);
}
