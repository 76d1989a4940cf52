//! Probes beside the jobs: what is stored, when the next is due, and what they never do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Notify;

use super::app::{App, GROUP, USER};
use super::hub::Hub;
use crate::model::{Actor, Health, LineState, Profile, Target, Verb};
use crate::store::probes::{self, Probe};
use crate::sync::manage::Manager;

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

fn manager(hub: &Hub) -> Manager {
    Manager {
        store: hub.store.clone(),
        net: hub.net.clone(),
        keys: Arc::clone(&hub.key),
    }
}

async fn probe(hub: &Hub) -> Probe {
    hub.read(|rx, i| probes::of(rx, i.id)).await
}

async fn ask(hub: &Hub, writes: bool) {
    manager(hub)
        .ask_probe(Actor::Admin("ada".into()), hub.id, writes)
        .await
        .unwrap();
}

async fn asked(hub: &Hub, writes: bool) -> Profile {
    ask(hub, writes).await;
    hub.engine.idle().await;
    probe(hub).await.profile.unwrap()
}

fn state(profile: &Profile, id: &str) -> LineState {
    profile.lines.iter().find(|l| l.id == id).unwrap().state
}

#[tokio::test]
async fn what_is_found_is_stored_and_drives_the_client() {
    let hub = Hub::start().await;
    assert_eq!(probe(&hub).await, Probe::default());
    let before = hub.store.clock().now();
    let profile = asked(&hub, false).await;
    assert!(profile.usable && !profile.writes && profile.at >= before);
    assert_eq!(state(&profile, "discovery.config"), LineState::Warn);
    assert_eq!(state(&profile, "filter.userName"), LineState::Ok);
    assert_eq!(state(&profile, "write.user"), LineState::Skipped);
    assert_eq!(hub.app.writes(), Vec::<String>::new(), "it only reads");
    let target = hub.read(|_, i| Ok(i.target.clone())).await;
    assert_eq!(
        target.as_ref().map(Target::capabilities),
        Some(&profile.capabilities)
    );
    assert_eq!(profile.capabilities.filters.user_name, Some(true));
    let next = hub.read(|rx, _| probes::next_due(rx)).await.unwrap();
    assert!(next >= before.after(WEEK) && next <= hub.store.clock().now().after(WEEK));
    assert!(!probe(&hub).await.running);
}

#[tokio::test]
async fn writes_happen_once_and_only_when_asked_for() {
    let hub = Hub::start().await;
    let profile = asked(&hub, true).await;
    assert!(profile.writes);
    assert_eq!(state(&profile, "write.clean"), LineState::Ok);
    // It has no PUT.
    assert_eq!(state(&profile, "write.put"), LineState::Warn);
    let written = hub.app.writes();
    assert_eq!(written.first().map(String::as_str), Some("POST Users"));
    assert_eq!(written.iter().filter(|w| w.starts_with("DELETE")).count(), 2);
    let held = {
        let app = hub.app.state();
        (app.users.len(), app.groups.len())
    };
    assert_eq!(held, (2, 1), "what was made is gone");
    hub.write(|tx, i| probes::ask(tx, i.id, tx.now(), false)).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.writes(), Vec::<String>::new(), "the next one reads again");
}

#[tokio::test]
async fn asking_to_look_again_takes_back_no_writes() {
    let mut hub = Hub::start().await;
    hub.engine.stop().await;
    ask(&hub, true).await;
    ask(&hub, false).await;
    hub.restart("boot-2").await;
    hub.engine.idle().await;
    assert!(probe(&hub).await.profile.unwrap().writes);
}

#[tokio::test]
async fn an_app_that_fails_a_probe_stays_as_healthy_as_it_was() {
    let hub = Hub::start().await;
    let good = asked(&hub, false).await;
    for status in [401, 404, 503] {
        hub.app.state().always = Some(status);
        let bad = asked(&hub, false).await;
        assert!(!bad.usable, "{status}");
        let now = hub.status().await;
        assert_eq!((now.health, now.pending), (Health::Healthy, 0), "{status}");
        let target = hub.read(|_, i| Ok(i.target.clone())).await;
        let kept = target.as_ref().map(Target::capabilities);
        assert_eq!(kept, Some(&good.capabilities), "{status}");
    }
}

#[tokio::test]
async fn no_push_waits_for_a_probe() {
    let hub = Hub::start().await;
    let gate = Arc::new(Notify::new());
    hub.app.state().gate = Some(Arc::clone(&gate));
    ask(&hub, false).await;
    hub.user("carl").await;
    hub.until(Health::Healthy).await;
    assert!(hub.app.user("carl").is_some());
    let now = probe(&hub).await;
    assert!(now.running && now.profile.is_none());
    hub.app.state().gate = None;
    gate.notify_one();
    hub.engine.idle().await;
    assert!(probe(&hub).await.profile.is_some());
}

#[tokio::test]
async fn a_probe_that_was_cut_short_is_begun_anew() {
    let mut hub = Hub::start().await;
    let gate = Arc::new(Notify::new());
    hub.app.state().gate = Some(Arc::clone(&gate));
    ask(&hub, true).await;
    // Nothing is known of it until it is under way.
    while hub.app.state().waiting == 0 {
        tokio::task::yield_now().await;
    }
    hub.app.state().gate = None;
    let stop = hub.engine.clone();
    let stopping = tokio::spawn(async move { stop.stop().await });
    tokio::task::yield_now().await;
    gate.notify_one();
    stopping.await.unwrap();
    assert!(probe(&hub).await.profile.is_none(), "half a look is no look");
    hub.restart("boot-2").await;
    hub.engine.idle().await;
    let profile = probe(&hub).await.profile.unwrap();
    assert!(profile.usable && !profile.writes, "nobody asked for writes twice");
}

#[tokio::test]
async fn nobody_is_asked_for_an_instance_that_sends_nothing() {
    let hub = Hub::with(App::start().await, Default::default()).await;
    hub.engine.idle().await;
    let requests = hub.app.state().requests;
    hub.write(|tx, i| {
        crate::store::instances::set_switches(tx, i.id, true, true)?;
        probes::ask(tx, i.id, tx.now(), false)
    })
    .await;
    hub.engine.idle().await;
    assert_eq!(hub.app.state().requests, requests);
    let refused = manager(&hub)
        .ask_probe(Actor::Hub, hub.id, false)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("paused"), "{refused}");
    hub.write(|tx, i| crate::store::instances::set_switches(tx, i.id, true, false))
        .await;
    hub.engine.idle().await;
    assert!(probe(&hub).await.profile.is_some(), "it was not forgotten");
}

#[tokio::test]
async fn what_was_refused_on_the_way_is_asked_for_again_after_a_check() {
    let hub = Hub::start().await;
    asked(&hub, false).await;
    hub.app.state().no_new_groups = Some(405);
    hub.post(GROUP, json!({ "schemas": [], "displayName": "crew" }))
        .await;
    hub.engine.idle().await;
    assert!(hub.known().await.refuses(GROUP, Verb::Create));
    hub.app.state().no_new_groups = None;
    asked(&hub, false).await;
    assert!(!hub.known().await.refuses(GROUP, Verb::Create));
    assert_eq!(hub.app.writes(), ["POST Groups refused", "POST Groups"]);
}

#[tokio::test]
async fn where_an_app_refuses_new_accounts_that_of_another_is_not_taken() {
    let hub = Hub::start().await;
    hub.know(|known| known.note_refused(USER, Verb::Create)).await;
    let id = hub.app.add_user("dora");
    hub.app.state().users.get_mut(&id).unwrap()["externalId"] = json!("someone-else");
    hub.post(
        USER,
        json!({ "schemas": [], "userName": "dora", "externalId": "mine" }),
    )
    .await;
    hub.engine.idle().await;
    assert_eq!(hub.status().await.rejected, 1);
    assert_eq!(hub.app.writes(), Vec::<String>::new());
}
