//! A name belongs to one person at a time: who waits for one, who gets it, and what is said when nobody can.

use std::time::Duration;

use serde_json::json;

use super::app::{App, USER};
use super::hub::Hub;
use crate::clock::Clock;
use crate::model::policies::Leaver;
use crate::model::policies::MapRow;
use crate::model::{Actor, Health, Policies, Time};
use crate::store::{jobs, removals, resources};
use crate::sync::removal;

#[tokio::test]
async fn who_waits_for_a_name_gets_it_when_it_is_given_up() {
    let hub = Hub::start().await;
    let first = hub.user("carl").await;
    hub.engine.idle().await;
    hub.app.state().faults.push_back(super::app::Fault::Status(400));
    hub.set(&first, "userName", json!("carl2")).await;
    hub.engine.idle().await;
    hub.user("carl").await;
    hub.engine.idle().await;
    assert_eq!(hub.status().await.rejected, 2);
    hub.write(|tx, i| {
        let first = resources::by_name(tx, i.id, USER, "carl2")?[0].row;
        jobs::try_again(tx, i.id, first)
    })
    .await;
    hub.until(Health::Healthy).await;
    assert!(hub.app.user("carl").is_some() && hub.app.user("carl2").is_some());
    assert_eq!(hub.app.state().users.len(), 4);
}

#[tokio::test]
async fn two_who_swap_names_are_told_to_a_person() {
    let mut hub = Hub::start().await;
    let (a, b) = (hub.user("anton").await, hub.user("berta").await);
    hub.engine.idle().await;
    hub.engine.stop().await;
    hub.set(&a, "userName", json!("tmp")).await;
    hub.set(&b, "userName", json!("anton")).await;
    hub.set(&a, "userName", json!("berta")).await;
    hub.restart("boot-2").await;
    hub.engine.idle().await;
    assert_eq!(hub.status().await.rejected, 2);
    for id in [&a, &b] {
        let why = hub.last_error(id).await;
        assert!(why.contains("swap"), "{why}");
    }
}

#[tokio::test]
async fn who_waits_for_a_mapped_name_gets_it_a_minute_after_it_is_given_up() {
    let row = MapRow {
        required: false,
        kind: USER,
        path: "userName".into(),
        template: "{{ nickName }}".into(),
    };
    let policies = Policies {
        mapping: vec![row],
        ..Policies::default()
    };
    let clock = Clock::manual(Time(1_700_000_000_000));
    let hub = Hub::at(App::start().await, policies, clock.clone()).await;
    hub.engine.idle().await;
    let body = |name: &str, nick: &str| json!({ "schemas": [], "userName": name, "nickName": nick });
    let first = hub.post(USER, body("one", "carl")).await;
    let other = hub.post(USER, body("other", "dora")).await;
    hub.engine.idle().await;
    hub.set(&other, "nickName", json!("carl")).await;
    hub.engine.idle().await;
    assert_eq!(hub.status().await.rejected, 1);
    hub.set(&first, "nickName", json!("emil")).await;
    hub.engine.idle().await;
    assert!(hub.app.user("emil").is_some() && hub.app.user("carl").is_none());
    clock.advance(Duration::from_secs(61));
    hub.until(Health::Healthy).await;
    assert!(hub.app.user("carl").is_some() && hub.app.user("dora").is_none());
}

/// ann is to be deleted in the app, which waits for Allow; another ann was made here.
async fn an_heir_of_somebody_held(external: &str) -> Hub {
    let app = App::start().await;
    app.add_user("ann");
    let policies = Policies {
        leaver: Leaver::Delete,
        ..Policies::default()
    };
    let hub = Hub::with(app, policies).await;
    hub.engine.idle().await;
    let body = |external: &str| json!({ "schemas": [], "userName": "ann", "externalId": external });
    let id = hub.post(USER, body("a1")).await;
    hub.engine.idle().await;
    hub.delete(USER, &id).await;
    hub.until(Health::Held).await;
    hub.post(USER, body(external)).await;
    hub.engine.idle().await;
    hub
}

#[tokio::test]
async fn who_waits_for_the_name_of_somebody_held_is_not_forgotten() {
    let hub = an_heir_of_somebody_held("a2").await;
    assert_eq!(hub.status().await.rejected, 1);
    let id = hub.id_of(USER, "ann").await.unwrap();
    let why = hub.last_error(&id).await;
    assert!(why.contains("waits for Allow") && why.contains("ann"), "{why}");
    hub.write(|tx, i| {
        let held: Vec<i64> = removals::held(tx, i.id, 9)?.iter().map(|r| r.id).collect();
        removal::allow(tx, i.id, &held, &Actor::Hub)
    })
    .await;
    hub.until(Health::Healthy).await;
    assert_eq!(hub.app.user("ann").unwrap()["externalId"], "a2");
}

#[tokio::test]
async fn who_waits_for_the_name_of_somebody_kept_is_not_forgotten() {
    let hub = an_heir_of_somebody_held("a2").await;
    hub.write(|tx, i| {
        let held: Vec<i64> = removals::held(tx, i.id, 9)?.iter().map(|r| r.id).collect();
        removal::reject(tx, i.id, &held, &Actor::Hub)
    })
    .await;
    hub.write(|tx, i| jobs::try_all_again(tx, i.id)).await;
    hub.engine.idle().await;
    assert_eq!(hub.status().await.rejected, 1);
}

#[tokio::test]
async fn a_post_while_the_same_person_is_being_deleted_ends_in_a_word() {
    let hub = Hub::start().await;
    let id = hub.user("carl").await;
    hub.engine.idle().await;
    let gate = hub.app.hold_writes();
    hub.delete(USER, &id).await;
    hub.app.somebody_waits().await;
    hub.app.state().faults.push_back(super::app::Fault::Status(400));
    hub.user("carl").await;
    // It looks before the deactivation is answered, and waits for it.
    while hub.status().await.pending != 1 {
        tokio::task::yield_now().await;
    }
    hub.app.open(&gate);
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!(now.rejected, 2, "{}", now.reason);
}

#[tokio::test]
async fn the_account_of_somebody_who_left_goes_to_nobody_else() {
    let hub = Hub::start().await;
    hub.app.state().never_shows = Some("externalId");
    let body = |external: &str| json!({ "schemas": [], "userName": "carl", "externalId": external });
    let id = hub.post(USER, body("c1")).await;
    hub.engine.idle().await;
    hub.set(&id, "title", json!("Clerk")).await;
    hub.engine.idle().await;
    hub.delete(USER, &id).await;
    hub.engine.idle().await;
    hub.sync().await;
    hub.post(USER, body("c2")).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.user("carl").unwrap()["active"], false);
    assert_eq!(hub.status().await.rejected, 1);
}
