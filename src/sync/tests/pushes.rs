//! What an identity provider changes arrives in the app, and nothing else does.

use serde_json::{Value, json};

use super::app::{App, Fault, GROUP, USER};
use super::hub::Hub;
use crate::directory::{self, Door};
use crate::model::policies::Leaver;
use crate::model::{Actor, Health, Policies};
use crate::scim::etag::Precondition;
use crate::scim::resource::accept;
use crate::scim::rules::Rules;

#[tokio::test]
async fn a_person_joins_moves_and_leaves() {
    let hub = Hub::start().await;
    assert_eq!(hub.app.writes(), Vec::<String>::new(), "an import writes nothing");
    let id = hub
        .post(
            USER,
            json!({ "schemas": [], "userName": "carl", "title": "Clerk", "externalId": "x3" }),
        )
        .await;
    hub.engine.idle().await;
    assert_eq!(hub.app.writes(), ["POST Users"]);
    assert_eq!(hub.app.user("carl").unwrap()["title"], "Clerk");

    hub.set(&id, "userName", json!("carl.new")).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.writes(), ["PATCH Users"], "a rename is no new account");
    let renamed = hub.app.user("carl.new").unwrap();
    assert_eq!(renamed["externalId"], "x3");

    hub.patch(USER, &id, json!([{ "op": "remove", "path": "title" }]))
        .await;
    hub.set(&id, "active", json!(false)).await;
    hub.engine.idle().await;
    let off = hub.app.user("carl.new").unwrap();
    assert_eq!((&off["active"], &off["title"]), (&json!(false), &Value::Null));

    hub.set(&id, "active", json!(true)).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.user("carl.new").unwrap()["active"], true);

    hub.delete(USER, &id).await;
    hub.engine.idle().await;
    assert_eq!(
        hub.app.user("carl.new").unwrap()["active"],
        false,
        "leavers are deactivated"
    );
    hub.sync().await;
    assert_eq!(
        hub.id_of(USER, "carl.new").await,
        None,
        "an import brings no leaver back"
    );
    let now = hub.status().await;
    assert_eq!(
        (now.health, now.pending, now.rejected),
        (Health::Healthy, 0, 0),
        "{}",
        now.reason
    );
}

#[tokio::test]
async fn who_comes_back_gets_the_old_account() {
    let hub = Hub::start().await;
    let id = hub
        .post(
            USER,
            json!({ "schemas": [], "userName": "carl", "externalId": "x3" }),
        )
        .await;
    hub.engine.idle().await;
    hub.delete(USER, &id).await;
    hub.engine.idle().await;
    hub.post(
        USER,
        json!({ "schemas": [], "userName": "carl", "externalId": "x3" }),
    )
    .await;
    hub.engine.idle().await;
    assert_eq!(hub.app.user("carl").unwrap()["active"], true);
    assert_eq!(hub.app.writes(), ["POST Users", "PATCH Users", "PATCH Users"]);
}

#[tokio::test]
async fn forty_changes_before_the_engine_looks_are_one_state() {
    let hub = Hub::start().await;
    let id = hub.user("carl").await;
    for n in 0..40 {
        hub.set(&id, "title", json!(format!("T{n}"))).await;
    }
    hub.engine.idle().await;
    assert_eq!(hub.app.user("carl").unwrap()["title"], "T39");
    assert!(hub.app.writes().iter().filter(|w| *w == "POST Users").count() == 1);
}

#[tokio::test]
async fn groups_wait_for_their_members_and_for_nothing_else() {
    let hub = Hub::start().await;
    let group = hub
        .post(GROUP, json!({ "schemas": [], "displayName": "crew" }))
        .await;
    for n in 0..250 {
        let user = hub.user(&format!("u{n:03}")).await;
        hub.add_member(&group, &user).await;
    }
    hub.engine.idle().await;
    assert_eq!(hub.app.members("crew").len(), 250);
    assert_eq!(hub.app.state().users.len(), 252);
    hub.patch(
        GROUP,
        &group,
        json!([{ "op": "replace", "path": "displayName", "value": "team" }]),
    )
    .await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("team").len(), 250);
    assert_eq!(hub.app.state().groups.len(), 2);
}

#[tokio::test]
async fn one_bad_member_stops_nobody_else() {
    let hub = Hub::start().await;
    let ids = [hub.user("c1").await, hub.user("c2").await, hub.user("c3").await];
    hub.engine.idle().await;
    let bad = hub.app.user("c2").unwrap()["id"].as_str().unwrap().to_owned();
    hub.app.state().bad_members.push(bad);
    let members: Vec<Value> = ids.iter().map(|id| json!({ "value": id })).collect();
    let group = hub
        .post(
            GROUP,
            json!({ "schemas": [], "displayName": "crew", "members": members }),
        )
        .await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("crew"), ["c1", "c3"]);
    let now = hub.status().await;
    assert_eq!((now.health, now.rejected), (Health::Degraded, 1));
    hub.app.state().bad_members.clear();
    hub.patch(
        GROUP,
        &group,
        json!([{ "op": "replace", "path": "displayName", "value": "crew2" }]),
    )
    .await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("crew2"), ["c1", "c2", "c3"]);
    assert_eq!(hub.status().await.health, Health::Healthy);
}

#[tokio::test]
async fn a_lost_answer_makes_nobody_twice() {
    let hub = Hub::start().await;
    hub.app.state().faults.push_back(Fault::Lost);
    hub.user("carl").await;
    hub.until(Health::Healthy).await;
    hub.engine.idle().await;
    let now = hub.until(Health::Healthy).await;
    assert_eq!(now.pending, 0);
    assert_eq!(hub.app.writes(), ["POST Users"]);
    assert_eq!(hub.app.state().users.len(), 3);
}

#[tokio::test]
async fn leavers_by_policy_and_their_groups() {
    for (leaver, left) in [
        (Leaver::Deactivate, Some(json!(false))),
        (Leaver::Delete, None),
        (Leaver::Leave, Some(json!(true))),
    ] {
        let app = App::start().await;
        for name in ["a1", "a2", "a3", "a4", "a5"] {
            app.add_user(name);
        }
        let hub = Hub::with(
            app,
            Policies {
                leaver,
                ..Policies::default()
            },
        )
        .await;
        hub.engine.idle().await;
        let id = hub.user("a1").await;
        hub.post(
            GROUP,
            json!({ "schemas": [], "displayName": "crew", "members": [{ "value": id }] }),
        )
        .await;
        hub.engine.idle().await;
        hub.delete(USER, &id).await;
        hub.engine.idle().await;
        assert_eq!(
            hub.app.user("a1").map(|u| u["active"].clone()),
            left,
            "{leaver:?}"
        );
        if leaver == Leaver::Deactivate {
            assert_eq!(hub.app.members("crew"), Vec::<String>::new());
        }
        hub.sync().await;
        assert_eq!(hub.id_of(USER, "a1").await, None, "{leaver:?}");
        let now = hub.status().await;
        assert_eq!(
            (now.health, now.pending),
            (Health::Healthy, 0),
            "{leaver:?} {}",
            now.reason
        );
    }
}

#[tokio::test]
async fn a_conflict_links_the_one_account_that_matches() {
    let hub = Hub::start().await;
    hub.app.add_user("dora");
    hub.user("dora").await;
    hub.engine.idle().await;
    assert_eq!(hub.app.state().users.len(), 3);
    assert_eq!(hub.status().await.rejected, 0);
}

#[tokio::test]
async fn a_group_that_is_posted_again_is_no_second_one() {
    let hub = Hub::start().await;
    let crew = |external: &str| json!({ "schemas": [], "displayName": "crew", "externalId": external });
    hub.post(GROUP, crew("g1")).await;
    let again = crew("g1");
    let refused = hub
        .write(move |tx, instance| {
            let actor = Actor::Idp("test".into());
            let door = Door {
                tx,
                instance,
                actor: &actor,
            };
            let accepted = accept(GROUP, again, &Rules::default()).unwrap();
            Ok(directory::create(door, GROUP, accepted, &Precondition::default()).is_err())
        })
        .await;
    assert!(refused);
    hub.post(GROUP, crew("g2")).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.state().groups.len(), 3, "staff and two crews");
}

#[tokio::test]
async fn a_group_made_in_the_app_meanwhile_gets_no_twin() {
    let hub = Hub::start().await;
    let ann = hub.app.user("ann").unwrap()["id"].as_str().unwrap().to_owned();
    hub.app.add_group("crew", &[&ann]);
    let group = json!({ "schemas": [], "displayName": "crew", "externalId": "g1" });
    hub.post(GROUP, group).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.state().groups.len(), 2, "staff and crew");
    assert_eq!(hub.status().await.rejected, 0);
    // One of the same name that is somebody's here already is no reason not to make it.
    let other = json!({ "schemas": [], "displayName": "crew", "externalId": "g2" });
    hub.post(GROUP, other).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.state().groups.len(), 3);
    assert_eq!(hub.status().await.rejected, 0);
}

#[tokio::test]
async fn another_persons_account_is_never_taken() {
    let hub = Hub::start().await;
    let id = hub.app.add_user("dora");
    hub.app.state().users.get_mut(&id).unwrap()["externalId"] = json!("someone-else");
    hub.post(
        USER,
        json!({ "schemas": [], "userName": "dora", "externalId": "mine" }),
    )
    .await;
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!((now.health, now.rejected), (Health::Degraded, 1));
    assert_eq!(hub.app.user("dora").unwrap()["externalId"], "someone-else");
}
