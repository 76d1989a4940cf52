//! Outages, refusals, the removal limit, restarts: nothing is lost, nobody is removed unasked, it heals by itself.

use serde_json::json;

use super::app::{App, Fault, GROUP, USER};
use super::hub::Hub;
use crate::model::policies::Leaver;
use crate::model::{Actor, Health, Policies};
use crate::store::removals;
use crate::sync::removal;

#[tokio::test]
async fn an_outage_is_told_at_once_and_heals() {
    let hub = Hub::start().await;
    hub.app.state().always = Some(503);
    for n in 0..20 {
        hub.user(&format!("u{n}")).await;
    }
    let now = hub.until(Health::Failing).await;
    assert!(
        now.reason.contains("127.0.0.1:") && now.reason.contains("503"),
        "{}",
        now.reason
    );
    assert!(now.since.is_some() && now.next_try.is_some());
    hub.app.state().always = None;
    hub.until(Health::Healthy).await;
    assert_eq!(hub.app.state().users.len(), 22);
    assert_eq!(hub.app.writes().len(), 20);
}

#[tokio::test]
async fn nobody_counts_as_deleted_because_a_gateway_knows_no_routes() {
    let app = App::start().await;
    for name in ["a1", "a2", "a3", "a4", "a5"] {
        app.add_user(name);
    }
    let policies = Policies {
        leaver: Leaver::Delete,
        ..Policies::default()
    };
    let hub = Hub::with(app, policies).await;
    hub.engine.idle().await;
    let (here, absent) = (hub.user("a1").await, hub.user("a2").await);
    hub.engine.idle().await;
    hub.app.state().always = Some(404);
    hub.delete(USER, &here).await;
    let now = hub.until(Health::Degraded).await;
    assert_eq!(now.pending, 1, "{}", now.reason);
    assert!(hub.app.user("a1").is_some());
    hub.app.state().always = None;
    hub.until(Health::Healthy).await;
    assert!(
        hub.app.user("a1").is_none(),
        "deleted as soon as the app is there again"
    );
    // Whom the app itself does not know is as good as deleted.
    hub.app.state().users.retain(|_, user| user["userName"] != "a2");
    hub.delete(USER, &absent).await;
    hub.until(Health::Healthy).await;
    hub.sync().await;
    assert_eq!(hub.status().await.pending, 0);
}

#[tokio::test]
async fn refused_credentials_park_until_a_check_passes() {
    let hub = Hub::start().await;
    hub.app.state().always = Some(401);
    hub.user("carl").await;
    let now = hub.until(Health::Failing).await;
    assert!(now.reason.contains("401"), "{}", now.reason);
    hub.engine.idle().await;
    let requests = hub.app.state().requests;
    for n in 0..10 {
        hub.user(&format!("u{n}")).await;
    }
    hub.engine.idle().await;
    assert_eq!(
        hub.app.state().requests,
        requests,
        "a parked instance is left alone"
    );
    assert!(hub.engine.check_now(hub.id).await.is_err());
    hub.app.state().always = None;
    hub.engine.check_now(hub.id).await.unwrap();
    hub.until(Health::Healthy).await;
    assert_eq!(hub.app.state().users.len(), 13);
}

#[tokio::test]
async fn the_reason_follows_a_parked_app() {
    let hub = Hub::start().await;
    hub.app.state().always = Some(401);
    hub.user("carl").await;
    assert!(hub.until(Health::Failing).await.reason.contains("401"));
    hub.engine.idle().await;
    for (status, told) in [(503, "503"), (401, "401"), (500, "500")] {
        hub.app.state().always = Some(status);
        assert!(hub.engine.check_now(hub.id).await.is_err());
        let now = hub.status().await;
        assert!(
            now.health == Health::Failing && now.reason.contains(told),
            "{}",
            now.reason
        );
        assert_eq!(hub.app.state().users.len(), 2, "nothing but checks");
    }
    hub.app.state().always = None;
    hub.engine.check_now(hub.id).await.unwrap();
    hub.until(Health::Healthy).await;
    assert!(hub.app.user("carl").is_some());
}

#[tokio::test]
async fn a_change_taken_back_after_its_answer_was_lost_is_taken_back_in_the_app() {
    for active in [false, true] {
        let hub = Hub::start().await;
        let id = hub.user("carl").await;
        hub.set(&id, "active", json!(!active)).await;
        hub.set(&id, "title", json!("Captain")).await;
        hub.engine.idle().await;
        hub.app.writes();
        hub.app.state().faults.push_back(Fault::LostThenDown);
        hub.set(&id, "active", json!(active)).await;
        hub.until(Health::Failing).await;
        assert_eq!(hub.app.user("carl").unwrap()["active"], active);
        hub.set(&id, "active", json!(!active)).await;
        hub.app.state().always = None;
        hub.until(Health::Healthy).await;
        let there = hub.app.user("carl").unwrap();
        assert_eq!(
            (&there["active"], &there["title"]),
            (&json!(!active), &json!("Captain"))
        );
        // The lost one, perhaps once more because a try was under way, and the one that takes it back.
        assert!((2..=3).contains(&hub.app.writes().len()));
    }
}

#[tokio::test]
async fn a_membership_taken_back_after_its_answer_was_lost_is_taken_back_in_the_app() {
    for joins in [true, false] {
        let hub = Hub::start().await;
        let (carl, staff) = (hub.user("carl").await, hub.id_of(GROUP, "staff").await.unwrap());
        if !joins {
            hub.add_member(&staff, &carl).await;
        }
        hub.engine.idle().await;
        let turn = async |on: bool| {
            if on {
                hub.add_member(&staff, &carl).await;
            } else {
                let path = format!("members[value eq \"{carl}\"]");
                hub.patch(GROUP, &staff, json!([{ "op": "remove", "path": path }]))
                    .await;
            }
        };
        hub.app.state().faults.push_back(Fault::LostThenDown);
        turn(joins).await;
        hub.until(Health::Failing).await;
        assert_eq!(hub.app.members("staff").contains(&"carl".to_owned()), joins);
        turn(!joins).await;
        hub.app.state().always = None;
        hub.until(Health::Healthy).await;
        assert_eq!(hub.app.members("staff").contains(&"carl".to_owned()), !joins);
    }
}

#[tokio::test]
async fn a_refused_change_that_is_taken_back_is_not_sent_again() {
    let hub = Hub::start().await;
    let id = hub.user("carl").await;
    hub.set(&id, "title", json!("Captain")).await;
    hub.engine.idle().await;
    hub.app.state().faults.push_back(Fault::Status(400));
    hub.set(&id, "title", json!("Pirate")).await;
    hub.engine.idle().await;
    assert_eq!(hub.status().await.rejected, 1);
    hub.app.writes();
    hub.set(&id, "title", json!("Captain")).await;
    hub.until(Health::Healthy).await;
    assert!(hub.app.writes().is_empty());
}

#[tokio::test]
async fn a_403_for_one_person_is_no_matter_of_credentials() {
    let hub = Hub::start().await;
    hub.app.state().faults.push_back(Fault::Status(403));
    hub.user("carl").await;
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!(
        (now.health, now.rejected),
        (Health::Degraded, 1),
        "{}",
        now.reason
    );
    let row = hub
        .read(|rx, i| Ok(crate::store::resources::by_name(rx, i.id, USER, "carl")?[0].row))
        .await;
    hub.write(move |tx, i| crate::store::jobs::try_again(tx, i.id, row))
        .await;
    hub.engine.idle().await;
    assert_eq!(hub.until(Health::Healthy).await.rejected, 0);
    assert!(hub.app.user("carl").is_some());
}

#[tokio::test]
async fn leavers_that_the_app_keeps_are_failing() {
    let hub = Hub::start().await;
    let id = hub.user("carl").await;
    hub.engine.idle().await;
    hub.app.state().faults.push_back(Fault::Status(400));
    hub.set(&id, "active", json!(false)).await;
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!(now.health, Health::Failing);
    assert_eq!(now.reason, "1 leaver still has access in the app");
}

/// Everybody is switched off at once: `allowed` of `n` are, the rest waits.
async fn everybody_leaves(n: usize, allowed: usize) -> Hub {
    let app = App::start().await;
    for i in 0..n {
        app.add_user(&format!("u{i:02}"));
    }
    let hub = Hub::with(app, Policies::default()).await;
    hub.engine.idle().await;
    for i in 0..n {
        let id = hub.user(&format!("u{i:02}")).await;
        hub.set(&id, "active", json!(false)).await;
    }
    hub.engine.idle().await;
    let off = |hub: &Hub| {
        hub.app
            .state()
            .users
            .values()
            .filter(|u| u["active"] == false)
            .count()
    };
    assert_eq!(off(&hub), allowed, "of {n}");
    let now = hub.status().await;
    assert_eq!(now.health, Health::Held, "{}", now.reason);
    hub
}

#[tokio::test]
async fn parallel_workers_do_not_overshoot_the_removal_limit() {
    for (n, allowed) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2), (20, 5), (70, 7)] {
        everybody_leaves(n, allowed).await;
    }
}

#[tokio::test]
async fn allow_frees_exactly_these_and_reject_keeps() {
    let hub = everybody_leaves(20, 5).await;
    let held = hub.read(|rx, i| removals::held(rx, i.id, 100)).await;
    assert_eq!(held.len(), 15);
    let (allow, reject): (Vec<i64>, Vec<i64>) = (
        held[..4].iter().map(|r| r.id).collect(),
        held[4..].iter().map(|r| r.id).collect(),
    );
    let admin = Actor::Admin("a@example.com".into());
    let by = admin.clone();
    hub.write(move |tx, i| removal::allow(tx, i.id, &allow, &by))
        .await;
    hub.engine.idle().await;
    assert_eq!(
        hub.app
            .state()
            .users
            .values()
            .filter(|u| u["active"] == false)
            .count(),
        9
    );
    assert_eq!(hub.status().await.health, Health::Held);
    hub.write(move |tx, i| removal::reject(tx, i.id, &reject, &admin))
        .await;
    hub.engine.idle().await;
    assert_eq!(
        hub.app
            .state()
            .users
            .values()
            .filter(|u| u["active"] == false)
            .count(),
        9
    );
    let now = hub.status().await;
    assert_eq!((now.health, now.pending), (Health::Healthy, 0), "{}", now.reason);
}

#[tokio::test]
async fn only_removals_wait() {
    let hub = everybody_leaves(5, 2).await;
    hub.user("new").await;
    hub.engine.idle().await;
    assert!(hub.app.user("new").is_some());
}

#[tokio::test]
async fn a_restart_loses_nothing() {
    let mut hub = Hub::start().await;
    hub.engine.stop().await;
    hub.user("carl").await;
    hub.restart("boot-2").await;
    hub.engine.idle().await;
    assert!(hub.app.user("carl").is_some());
}

#[tokio::test]
async fn nothing_is_pushed_before_the_first_import() {
    let app = App::start().await;
    app.add_user("ann");
    app.state().always = Some(500);
    let hub = Hub::with(app, Policies::default()).await;
    hub.user("ann").await;
    hub.user("bob").await;
    hub.until(Health::Failing).await;
    hub.app.state().always = None;
    hub.until(Health::Healthy).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.writes(), ["POST Users"]);
    assert_eq!(hub.app.state().users.len(), 2);
    assert_eq!(hub.status().await.users, 2);
}
