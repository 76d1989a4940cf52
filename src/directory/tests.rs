//! What a change costs: as much as it changes, never as much as is there.

#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::{Door, create, patch};
use crate::clock::Clock;
use crate::model::{Actor, Instance, Scope, Target};
use crate::scim::etag::Precondition;
use crate::scim::patch::PatchRequest;
use crate::scim::resource::accept;
use crate::scim::rules::Rules;
use crate::scim::schema::ResourceType;
use crate::store::instances::{self, NewInstance};
use crate::store::{Lane, Store, StoreError, Tx, members, resources};

/// SQLite's steps for adding one member to a group of this size, for adding it again, and for taking it out.
fn steps(tx: &Tx<'_>, instance: &Instance, users: &[String], size: usize) -> [u64; 3] {
    let actor = Actor::Idp("test".into());
    let door = Door {
        tx,
        instance,
        actor: &actor,
    };
    let group = make(
        door,
        ResourceType::Group,
        json!({"displayName": format!("of {size}")}),
    );
    let change = |operation: Value| {
        let body = json!({"Operations": [operation]});
        let request = PatchRequest::parse(ResourceType::Group, &body, &Rules::default()).unwrap();
        let (written, steps) = tx.counted(|| {
            patch(
                door,
                ResourceType::Group,
                &group,
                &request,
                &Precondition::default(),
            )
        });
        written.unwrap();
        steps
    };
    let members: Vec<_> = users[..size].iter().map(|id| json!({"value": id})).collect();
    change(json!({"op": "add", "path": "members", "value": members}));
    let (row, _) = resources::row_of(tx, instance.id, &group).unwrap().unwrap();
    let (listed, passed) = tx.counted(|| members::list(tx, row, 0, usize::MAX));
    assert!(
        listed.unwrap().len() == size && passed >= size as u64,
        "rows are counted"
    );
    let one = users.last().unwrap();
    let add = json!({"op": "add", "path": "members", "value": [{"value": one}]});
    let remove = json!({"op": "remove", "path": format!("members[value eq \"{one}\"]")});
    [change(add.clone()), change(add), change(remove)]
}

fn make(door: Door<'_>, kind: ResourceType, body: Value) -> String {
    let accepted = accept(kind, body, &Rules::default()).unwrap();
    create(door, kind, accepted, &Precondition::default()).unwrap().id
}

#[tokio::test]
async fn a_member_costs_the_same_in_a_small_group_and_in_a_large_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Clock::system()).unwrap();
    for (slug, target) in [
        ("alone", None),
        ("gateway", Some("https://app.example.com/scim/v2")),
    ] {
        let work = move |tx: &Tx<'_>| -> Result<_, StoreError> {
            let new = NewInstance {
                slug: slug.into(),
                name: slug.into(),
                app: "generic-scim".into(),
                scope: Scope::UsersAndGroups,
                target: target.map(|base_url| Target::Scim {
                    base_url: base_url.into(),
                    access: Default::default(),
                    capabilities: Default::default(),
                }),
                policies: Default::default(),
            };
            let instance = instances::insert(tx, &new)?;
            let actor = Actor::Idp("test".into());
            let door = Door {
                tx,
                instance: &instance,
                actor: &actor,
            };
            let users: Vec<String> = (0..2001)
                .map(|n| make(door, ResourceType::User, json!({"userName": format!("user{n}")})))
                .collect();
            Ok([10, 2000].map(|size| steps(tx, &instance, &users, size)))
        };
        let [small, large]: [[u64; 3]; 2] = store.write(Lane::Front, None, work).await.unwrap();
        for (small, large) in small.into_iter().zip(large) {
            assert!(
                large <= small + small / 10,
                "{slug}: {small} steps in a group of 10, {large} in one of 2,000"
            );
        }
    }
}
