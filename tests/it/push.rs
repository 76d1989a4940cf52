//! A change by the identity provider arrives in the app: every kind of it, once, and only what changed.

use rollcall::demo::relay::Treatment;
use rollcall::model::Health;
use rollcall::model::Policies;
use rollcall::model::policies::{Drift, Leaver};
use rollcall::sync::manage::Edit;
use serde_json::json;

use crate::support::Gateway;
use crate::support::client::{id, person};
use crate::support::gateway::first;

const PEOPLE: &[&str] = &[
    "ada@example.com",
    "ben@example.com",
    "cleo@example.com",
    "dan@example.com",
    "eve@example.com",
    "fay@example.com",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_the_app_holds_is_imported() {
    let g = Gateway::with_people(PEOPLE).await;
    let status = g.hub.status(g.instance.id).await;
    assert_eq!(
        (status.health, status.users, status.groups, status.pending),
        (Health::Healthy, 6, 1, 0),
        "{status:?}"
    );
    let state = g.settled().await;
    assert_eq!(state.groups["Everyone"].len(), 6);
    assert_eq!(g.writes(), 0, "an import writes nothing to the app");
    g.hub.sync(g.instance.id).await;
    assert_eq!(g.writes(), 0, "a second sync writes nothing");
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_change_arrives() {
    let g = Gateway::with_people(PEOPLE).await;
    let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
    let gus = g.idp.user("gus@example.com").await;
    g.idp
        .patch(
            &format!("/Users/{ada}"),
            json!([{"op": "replace", "path": "title", "value": "Captain"}]),
        )
        .await
        .expect(200);
    let team = g.idp.group("Team", &[&ada, &gus]).await;
    let state = g.settled().await;
    assert!(state.users["ada@example.com"].1.contains("Captain"));
    assert_eq!(state.groups["Team"].len(), 2);

    // A changed userName renames the same account.
    let creates = g.count("POST", "/Users");
    let there = id(g.direct.named("Users", "ada@example.com").await.unwrap());
    let rename = json!([{"op": "replace", "path": "userName", "value": "ada.l@example.com"}]);
    g.idp.patch(&format!("/Users/{ada}"), rename).await.expect(200);
    g.settled().await;
    assert_eq!(
        id(g.direct.named("Users", "ada.l@example.com").await.unwrap()),
        there
    );
    assert_eq!(g.count("POST", "/Users"), creates);

    // Off and on again.
    let off = |active: bool| json!([{"op": "replace", "path": "active", "value": active}]);
    g.idp
        .patch(&format!("/Users/{gus}"), off(false))
        .await
        .expect(200);
    assert!(!g.settled().await.users["gus@example.com"].0);
    g.idp.patch(&format!("/Users/{gus}"), off(true)).await.expect(200);
    assert!(g.settled().await.users["gus@example.com"].0);

    // A group: renamed, a member gone, deleted.
    let path = format!("/Groups/{team}");
    g.idp
        .patch(
            &path,
            json!([{"op": "replace", "path": "displayName", "value": "Crew"}]),
        )
        .await
        .expect(200);
    g.idp
        .patch(
            &path,
            json!([{"op": "remove", "path": format!("members[value eq \"{gus}\"]")}]),
        )
        .await;
    let state = g.settled().await;
    assert!(!state.groups.contains_key("Team"));
    assert_eq!(state.groups["Crew"].len(), 1);
    assert_eq!(g.idp.delete(&path).await.status, 204);
    assert!(!g.settled().await.groups.contains_key("Crew"));
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_user_is_deactivated_or_deleted_as_the_policy_says() {
    for leaver in [Leaver::Deactivate, Leaver::Delete] {
        let g = Gateway::with_people(PEOPLE).await;
        let policies = Policies {
            leaver,
            ..Policies::default()
        };
        g.hub
            .edit(
                g.instance.id,
                Edit {
                    policies: Some(policies),
                    ..Edit::default()
                },
            )
            .await
            .unwrap();
        let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
        assert_eq!(g.idp.delete(&format!("/Users/{ada}")).await.status, 204);
        g.hub.wait(g.instance.id, "done", |s| s.pending == 0).await;
        g.hub.idle().await;
        let left = g.direct.named("Users", "ada@example.com").await;
        match leaver {
            Leaver::Deactivate => assert_eq!(left.unwrap()["active"], false),
            _ => assert!(left.is_none()),
        }
        g.hub.sync(g.instance.id).await;
        assert!(
            g.idp.named("Users", "ada@example.com").await.is_none(),
            "an import must not bring a leaver back"
        );
        g.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_change_in_the_app_is_set_right_by_one_write_under_enforce() {
    let g = Gateway::with_people(PEOPLE).await;
    let policies = Policies {
        drift: Drift::Enforce,
        ..Policies::default()
    };
    g.hub
        .edit(
            g.instance.id,
            Edit {
                policies: Some(policies),
                ..Edit::default()
            },
        )
        .await
        .unwrap();
    let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
    g.idp
        .patch(
            &format!("/Users/{ada}"),
            json!([{"op": "replace", "path": "title", "value": "Captain"}]),
        )
        .await
        .expect(200);
    g.settled().await;
    g.hub.sync(g.instance.id).await;
    g.relay.clear_log();
    g.hub.sync(g.instance.id).await;
    assert_eq!(g.writes(), 0, "nothing changed: {:?}", g.relay.log());
    let there = id(g.direct.named("Users", "ada@example.com").await.unwrap());
    g.direct
        .patch(
            &format!("/Users/{there}"),
            json!([{"op": "replace", "path": "title", "value": "Pirate"}]),
        )
        .await
        .expect(200);
    g.hub.sync(g.instance.id).await;
    assert_eq!(g.writes(), 1, "{:?}", g.relay.log());
    assert!(g.settled().await.users["ada@example.com"].1.contains("Captain"));
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_never_makes_a_second_account() {
    let g = Gateway::with_people(PEOPLE).await;
    g.relay.treat(first(
        1,
        |r| r.method == "POST" && r.path.contains("/Users"),
        Treatment::PassAndCut,
    ));
    g.idp.user("gus@example.com").await;
    g.settled().await;
    assert_eq!(g.count("POST", "/Users"), 1, "found again, not made again");
    g.relay.treat(first(
        1,
        |r| r.method == "POST" && r.path.contains("/Groups"),
        Treatment::PassAndCut,
    ));
    g.idp.group("Lost", &[]).await;
    g.settled().await;
    assert_eq!(g.count("POST", "/Groups"), 1);
    g.relay.clear_log();
    g.relay
        .treat(first(1, |r| r.method == "PATCH", Treatment::PassAndCut));
    let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
    g.idp
        .patch(
            &format!("/Users/{ada}"),
            json!([{"op": "replace", "path": "title", "value": "x"}]),
        )
        .await
        .expect(200);
    g.settled().await;
    assert!(
        g.count("PATCH", "/Users") <= 2,
        "at most one write is repeated for one lost answer"
    );
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_rejected_person_stands_in_nobodys_way() {
    let g = Gateway::with_people(PEOPLE).await;
    g.relay.treat(|r| {
        let named = String::from_utf8_lossy(&r.body).contains("bad@example.com");
        if named {
            Treatment::scim_error(400, "The address is not of this company.")
        } else {
            Treatment::Pass
        }
    });
    let bad = g.idp.user("bad@example.com").await;
    g.idp.user("good@example.com").await;
    let status = g
        .hub
        .wait(g.instance.id, "rejected", |s| s.rejected == 1 && s.pending == 0)
        .await;
    assert_eq!(status.health, Health::Degraded);
    assert!(g.direct.named("Users", "good@example.com").await.is_some());
    // It sleeps until it changes; then it is tried again.
    let mend = json!([{"op": "replace", "path": "userName", "value": "mended@example.com"}, {"op": "replace", "path": "emails[type eq \"work\"].value", "value": "mended@example.com"}, {"op": "replace", "path": "externalId", "value": "m"}, {"op": "remove", "path": "name"}]);
    g.idp.patch(&format!("/Users/{bad}"), mend).await.expect(200);
    g.hub
        .wait(g.instance.id, "mended", |s| s.rejected == 0 && s.pending == 0)
        .await;
    g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
    g.settled().await;
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_changes_are_few_writes_and_none_is_lost() {
    let g = Gateway::with_people(PEOPLE).await;
    let group = id(g.idp.named("Groups", "Everyone").await.unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..40 {
        let (idp, group) = (g.idp.clone(), group.clone());
        tasks.spawn(async move {
            let user = id(idp
                .post("/Users", person(&format!("new{n}@example.com")))
                .await
                .expect(201));
            let add = json!([{"op": "add", "path": "members", "value": [{"value": user}]}]);
            assert_eq!(idp.patch(&format!("/Groups/{group}"), add).await.status, 204);
        });
    }
    tasks.join_all().await;
    let state = g.settled().await;
    assert_eq!(state.groups["Everyone"].len(), 46);
    assert_eq!(g.count("POST", "/Users"), 40);
    g.stop().await;
}
