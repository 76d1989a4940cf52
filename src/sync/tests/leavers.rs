//! Those who leave: their memberships go with their account and not before it, and nothing of them counts for ever.

use std::time::Duration;

use serde_json::json;

use super::app::{App, Fault, GROUP, USER};
use super::hub::Hub;
use crate::clock::Clock;
use crate::model::policies::{Drift, Leaver, Limit};
use crate::model::{Health, Policies, RemovalClass, Time, Verb};
use crate::store::{conditions, members, removals, resources};

/// So many people in one group, all of them deleted here at once; five may leave.
async fn all_deleted(n: usize, leaver: Leaver) -> Hub {
    let app = App::start().await;
    let ids: Vec<String> = (0..n).map(|n| app.add_user(&format!("u{n:02}"))).collect();
    app.add_group("all", &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let hub = Hub::with(
        app,
        Policies {
            leaver,
            ..Policies::default()
        },
    )
    .await;
    hub.engine.idle().await;
    for i in 0..n {
        let id = hub.user(&format!("u{i:02}")).await;
        hub.delete(USER, &id).await;
    }
    hub.engine.idle().await;
    hub
}

fn with_access(hub: &Hub) -> usize {
    hub.app
        .state()
        .users
        .values()
        .filter(|u| u["active"] != false)
        .count()
}

#[tokio::test]
async fn whoever_may_not_go_yet_stays_in_the_groups() {
    for leaver in [Leaver::Deactivate, Leaver::Delete] {
        let hub = all_deleted(20, leaver).await;
        let now = hub.status().await;
        assert_eq!(now.health, Health::Held, "{leaver:?}: {}", now.reason);
        let in_the_group = |hub: &Hub| hub.app.state().groups["G21"]["members"].as_array().unwrap().len();
        assert_eq!(with_access(&hub), 15, "{leaver:?}");
        let left = if leaver == Leaver::Delete { 20 } else { 15 };
        assert_eq!(in_the_group(&hub), left, "{leaver:?}");
        // As apps do with the memberships of whom they delete.
        hub.decide(true).await;
        assert_eq!(with_access(&hub), 0, "{leaver:?}");
        let left = if leaver == Leaver::Delete { 20 } else { 0 };
        assert_eq!(in_the_group(&hub), left, "{leaver:?}");
        assert_eq!(hub.until(Health::Healthy).await.pending, 0);
    }
}

#[tokio::test]
async fn whoever_is_kept_stays_in_the_groups() {
    let hub = all_deleted(20, Leaver::Deactivate).await;
    hub.decide(false).await;
    hub.sync().await;
    assert_eq!(with_access(&hub), 15);
    assert_eq!(hub.app.members("all").len(), 15);
    let now = hub.status().await;
    assert_eq!((now.health, now.pending), (Health::Healthy, 0), "{}", now.reason);
}

#[tokio::test]
async fn whoever_is_left_behind_stays_in_the_groups() {
    let hub = all_deleted(20, Leaver::Leave).await;
    assert_eq!(with_access(&hub), 20);
    assert_eq!(hub.app.members("all").len(), 20);
    let now = hub.status().await;
    assert_eq!((now.health, now.pending), (Health::Healthy, 0), "{}", now.reason);
}

#[tokio::test]
async fn what_the_app_refuses_counts_for_its_window_only() {
    let app = App::start().await;
    for n in 0..20 {
        app.add_user(&format!("u{n:02}"));
    }
    let clock = Clock::manual(Time(1_700_000_000_000));
    let hub = Hub::at(app, Policies::default(), clock.clone()).await;
    hub.engine.idle().await;
    for n in 0..5 {
        let id = hub.user(&format!("u{n:02}")).await;
        hub.engine.idle().await;
        hub.app.state().faults.push_back(Fault::Status(400));
        hub.set(&id, "active", json!(false)).await;
        hub.engine.idle().await;
    }
    assert_eq!(with_access(&hub), 20);
    clock.advance(Duration::from_secs(3601));
    hub.app.state().faults.extend([Fault::Status(400); 5]);
    hub.engine.idle().await;
    hub.app.state().faults.clear();
    let id = hub.user("u10").await;
    hub.set(&id, "active", json!(false)).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.user("u10").unwrap()["active"], false);
}

#[tokio::test]
async fn nothing_waits_for_whom_nobody_knows_any_more() {
    let hub = all_deleted(20, Leaver::Deactivate).await;
    let leave = Policies {
        leaver: Leaver::Leave,
        ..Policies::default()
    };
    hub.set_policies(leave).await;
    let now = hub.status().await;
    assert_eq!((now.health, now.pending), (Health::Healthy, 0), "{}", now.reason);
    assert_eq!(with_access(&hub), 15);
    let (held, used) = hub
        .read(|rx, i| {
            let used = removals::used(rx, i.id, RemovalClass::Account, Time(0), 0)?;
            Ok((removals::count_held(rx, i.id)?, used))
        })
        .await;
    assert_eq!((held, used.outstanding), (Vec::new(), 0));
}

#[tokio::test]
async fn an_account_that_is_gone_leaves_no_removal_behind() {
    let hub = Hub::start().await;
    let id = hub.user("carl").await;
    hub.engine.idle().await;
    hub.app.state().users.retain(|_, u| u["userName"] != "carl");
    // The list is read, so that there is somebody to compare with.
    hub.delete(USER, &id).await;
    hub.sync().await;
    let used = hub
        .read(|rx, i| removals::used(rx, i.id, RemovalClass::Account, Time(0), 0))
        .await;
    assert_eq!(used.outstanding, 0);
    assert_eq!(hub.status().await.pending, 0);
}

#[tokio::test]
async fn held_memberships_that_are_wanted_again_hold_nothing() {
    let limit = Limit { floor: 0, percent: 0 };
    let hub = Hub::with(
        App::start().await,
        Policies {
            memberships: limit,
            drift: Drift::Report,
            ..Policies::default()
        },
    )
    .await;
    let (ann, bob) = (hub.user("ann").await, hub.user("bob").await);
    let members = json!([{ "value": ann }, { "value": bob }]);
    let group = hub
        .post(
            GROUP,
            json!({ "schemas": [], "displayName": "crew", "members": members }),
        )
        .await;
    hub.engine.idle().await;
    let path = format!("members[value eq \"{bob}\"]");
    hub.patch(GROUP, &group, json!([{ "op": "remove", "path": path }]))
        .await;
    hub.engine.idle().await;
    assert_eq!(hub.status().await.health, Health::Held);
    hub.add_member(&group, &bob).await;
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!(now.health, Health::Healthy, "{}", now.reason);
    let open = hub.read(|rx, i| conditions::open_of(rx, i.id)).await;
    assert_eq!(open, Vec::new());
}

#[tokio::test]
async fn whoever_is_deleted_while_he_is_switched_off_leaves_his_groups() {
    let hub = Hub::start().await;
    let carl = hub.user("carl").await;
    let staff = hub.id_of(GROUP, "staff").await.unwrap();
    hub.add_member(&staff, &carl).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("staff"), ["ann", "carl"]);
    let gate = hub.app.hold_writes();
    hub.set(&carl, "active", json!(false)).await;
    hub.app.somebody_waits().await;
    hub.delete(USER, &carl).await;
    // His group is looked at meanwhile: his account comes first.
    let put_aside = async || {
        let rows = hub.read(|rx, i| {
            let staff = resources::by_name(rx, i.id, GROUP, "staff")?[0].row;
            members::stored(rx, staff)
        });
        rows.await.iter().any(|m| !m.wanted && m.keep)
    };
    while !put_aside().await {
        tokio::task::yield_now().await;
    }
    hub.app.open(&gate);
    hub.engine.idle().await;
    assert_eq!(hub.app.user("carl").unwrap()["active"], false);
    assert_eq!(hub.app.members("staff"), ["ann"]);
    assert_eq!(hub.until(Health::Healthy).await.pending, 0);
}

#[tokio::test]
async fn whoever_cannot_be_switched_off_leaves_his_groups_and_is_done_once_somebody_did_it_there() {
    let clock = Clock::manual(Time(1_700_000_000_000));
    let app = App::start().await;
    let ann = app.add_user("ann");
    app.add_user("bob");
    app.add_group("staff", &[&ann]);
    let hub = Hub::at(app, Policies::default(), clock.clone()).await;
    hub.engine.idle().await;
    hub.know(|known| known.note(USER, Verb::Deactivate, true)).await;
    let carl = hub.user("carl").await;
    let staff = hub.id_of(GROUP, "staff").await.unwrap();
    hub.add_member(&staff, &carl).await;
    hub.engine.idle().await;
    hub.delete(USER, &carl).await;
    hub.until(Health::Failing).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("staff"), ["ann"]);
    let id = hub.app.user("carl").unwrap()["id"].as_str().unwrap().to_owned();
    hub.app.state().users.get_mut(&id).unwrap()["active"] = false.into();
    hub.sync().await;
    clock.advance(Duration::from_secs(3601));
    hub.engine.idle().await;
    let now = hub.until(Health::Healthy).await;
    assert_eq!(now.rejected, 0, "{}", now.reason);
}

#[tokio::test]
async fn an_answer_that_shows_what_was_before_is_looked_into() {
    let hub = Hub::start().await;
    hub.app.state().answers_before = true;
    let ann = hub.user("ann").await;
    hub.engine.idle().await;
    hub.set(&ann, "active", json!(false)).await;
    hub.engine.idle().await;
    let now = hub.until(Health::Healthy).await;
    assert_eq!(now.rejected, 0, "{}", now.reason);
}

#[tokio::test]
async fn the_last_account_that_seems_gone_is_shown_to_a_person() {
    let app = App::start().await;
    app.add_user("ann");
    let policies = Policies {
        leaver: Leaver::Delete,
        ..Policies::default()
    };
    let hub = Hub::with(app, policies).await;
    hub.engine.idle().await;
    let ann = hub.user("ann").await;
    hub.engine.idle().await;
    hub.app.state().users.clear();
    hub.delete(USER, &ann).await;
    hub.until(Health::Held).await;
    hub.decide(true).await;
    let now = hub.until(Health::Failing).await;
    assert_eq!(now.rejected, 1, "{}", now.reason);
}
