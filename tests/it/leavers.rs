//! People who left and whom the app does not let go: they show until they are out, and are tried again each hour.

use std::time::Duration;

use rollcall::clock::Clock;
use rollcall::demo::relay::Treatment;
use rollcall::model::policies::Leaver;
use rollcall::model::{Health, Policies, Time};
use rollcall::sync::manage::Edit;
use serde_json::json;

use crate::support::Gateway;
use crate::support::client::id;

const PEOPLE: &[&str] = &[
    "ada@example.com",
    "ben@example.com",
    "cleo@example.com",
    "dan@example.com",
    "eve@example.com",
    "fay@example.com",
];
const MINUTE: Duration = Duration::from_secs(60);

/// 400 is about this one; 403 might be about the credentials, which are checked first.
#[tokio::test(flavor = "multi_thread")]
async fn refused_leavers_show_and_are_tried_again_each_hour() {
    for status in [400, 403] {
        let clock = Clock::manual(Time(1_800_000_000_000));
        let g = Gateway::with_clock(PEOPLE, clock.clone()).await;
        g.relay.treat(move |request| match request.method.as_str() {
            "PATCH" => Treatment::scim_error(status, "owners stay"),
            _ => Treatment::Pass,
        });
        for name in &PEOPLE[..2] {
            let user = id(g.idp.named("Users", name).await.unwrap());
            let off = json!([{"op": "replace", "path": "active", "value": false}]);
            g.idp.patch(&format!("/Users/{user}"), off).await.expect(200);
        }
        let told = g
            .hub
            .wait_health(g.instance.id, Health::Failing, "2 leavers still have access")
            .await;
        assert_eq!((told.rejected, told.pending), (2, 0), "{told:?}");
        g.relay.pass();

        let tries = g.count("PATCH", "/Users");
        clock.advance(58 * MINUTE);
        g.hub.idle().await;
        assert_eq!(g.count("PATCH", "/Users"), tries, "not before the hour is over");
        assert_eq!(g.hub.status(g.instance.id).await.health, Health::Failing);
        clock.advance(3 * MINUTE);
        g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
        let there = g.settled().await;
        let gone = there.users.values().filter(|(active, _)| !active).count();
        assert_eq!((there.users.len(), gone), (6, 2));
        g.stop().await;
    }
}

/// Each policy, for one who is deleted here and hired again: what the app holds meanwhile, and that it is the same account
/// afterwards wherever there is one.
#[tokio::test(flavor = "multi_thread")]
async fn each_policy_and_the_way_back() {
    for leaver in [Leaver::Deactivate, Leaver::Delete, Leaver::Leave] {
        let g = Gateway::with_people(PEOPLE).await;
        set(&g, leaver).await;
        let ada = PEOPLE[0];
        let ours = g.idp.user(ada).await;
        rest(&g).await;
        let there = id(g.direct.named("Users", ada).await.unwrap());

        assert_eq!(g.idp.delete(&format!("/Users/{ours}")).await.status, 204);
        rest(&g).await;
        let left = g.direct.named("Users", ada).await;
        match leaver {
            Leaver::Deactivate => assert_eq!(left.unwrap()["active"], false),
            Leaver::Delete => assert!(left.is_none()),
            Leaver::Leave => assert_eq!(left.unwrap()["active"], true),
        }
        g.hub.sync(g.instance.id).await;
        assert!(
            g.idp.named("Users", ada).await.is_none(),
            "{leaver:?}: a sync brings nobody back"
        );

        g.idp.user(ada).await;
        rest(&g).await;
        let back = g.direct.named("Users", ada).await.unwrap();
        assert_eq!(back["active"], true, "{leaver:?}");
        let same = back["id"] == there.as_str();
        assert_eq!(
            same,
            leaver != Leaver::Delete,
            "{leaver:?}: the account that is there is used again"
        );
        g.hub.sync(g.instance.id).await;
        let writes = g.writes();
        g.hub.sync(g.instance.id).await;
        assert_eq!(g.writes(), writes, "{leaver:?}: nothing is left to do");
        g.stop().await;
    }
}

/// The same for `active`: nobody is deleted by it, and *leave* sends nothing.
#[tokio::test(flavor = "multi_thread")]
async fn each_policy_for_one_who_is_deactivated_and_comes_back() {
    for leaver in [Leaver::Deactivate, Leaver::Delete, Leaver::Leave] {
        let g = Gateway::with_people(PEOPLE).await;
        set(&g, leaver).await;
        let ada = PEOPLE[0];
        let ours = g.idp.user(ada).await;
        rest(&g).await;
        let there = id(g.direct.named("Users", ada).await.unwrap());
        let (writes, switch) = (
            g.writes(),
            |on: bool| json!([{"op": "replace", "path": "active", "value": on}]),
        );
        g.idp
            .patch(&format!("/Users/{ours}"), switch(false))
            .await
            .expect(200);
        rest(&g).await;
        let left = g.direct.named("Users", ada).await.unwrap();
        assert_eq!(left["active"], leaver == Leaver::Leave, "{leaver:?}");
        g.idp
            .patch(&format!("/Users/{ours}"), switch(true))
            .await
            .expect(200);
        rest(&g).await;
        let back = g.direct.named("Users", ada).await.unwrap();
        assert_eq!(
            (&back["id"], &back["active"]),
            (&json!(there), &json!(true)),
            "{leaver:?}"
        );
        if leaver == Leaver::Leave {
            assert_eq!(g.writes(), writes, "nothing is sent");
        }
        g.stop().await;
    }
}

async fn set(g: &Gateway, leaver: Leaver) {
    let policies = Policies {
        leaver,
        ..g.hub.instance(g.instance.id).await.policies
    };
    let edit = Edit {
        policies: Some(policies),
        ..Edit::default()
    };
    g.hub.edit(g.instance.id, edit).await.unwrap();
    g.hub.idle().await;
}

async fn rest(g: &Gateway) {
    g.hub.wait(g.instance.id, "settled", |s| s.pending == 0).await;
    g.hub.idle().await;
}
