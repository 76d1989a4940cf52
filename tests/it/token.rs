//! Token care: reminders of its end, and the old token until the new one has worked.

use std::time::Duration;

use rollcall::clock::Clock;
use rollcall::model::{Health, InstanceId, Time};
use rollcall::secret::Secret;
use rollcall::store::{events, instances};
use rollcall::sync::manage::{Edit, Switch};
use rollcall::sync::token::parse_date;

use crate::support::Gateway;
use crate::support::hub::admin;

const PEOPLE: &[&str] = &["ada@example.com", "ben@example.com", "cleo@example.com"];
/// The app's only instance.
const APP: InstanceId = InstanceId(1);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn token(text: &str) -> Edit {
    Edit {
        token: Some(Secret::new(text.to_owned())),
        ..Edit::default()
    }
}

/// A key that the app takes, and its number there.
async fn fresh(g: &Gateway) -> (i64, String) {
    let manager = &g.app.server.hub().manager;
    let (number, key) = manager
        .create_key(admin(), APP, "fresh".into(), None)
        .await
        .unwrap();
    g.app.remember(key.expose());
    g.hub.remember(key.expose());
    (number, key.expose().to_owned())
}

async fn switch(g: &Gateway, to: Switch) {
    let manager = &g.hub.server.hub().manager;
    manager.switch(admin(), g.instance.id, to).await.unwrap();
}

async fn keeps_one_before(g: &Gateway) -> bool {
    let id = g.instance.id;
    let store = &g.hub.server.hub().store;
    let kept = store
        .read(move |rx| instances::sealed_secret_before(rx, id))
        .await;
    kept.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_token_is_said_before_it_comes() {
    let start = parse_date("2026-12-01").unwrap().unwrap();
    let clock = Clock::manual(Time(start.0));
    let g = Gateway::with_clock(PEOPLE, clock.clone()).await;
    let id = g.instance.id;
    let set = |day: &'static str| {
        let edit = Edit {
            token_ends: Some(parse_date(day).unwrap()),
            ..Edit::default()
        };
        g.hub.edit(id, edit)
    };
    set("2027-01-31").await.unwrap();
    g.hub.wait_health(id, Health::Healthy, "").await;
    for (days, said) in [
        (31, "within 30 days, on 2027-01-31"),
        (16, "within 14 days"),
        (8, "within 7 days"),
        (5, "within a day"),
        (2, "was to end on 2027-01-31"),
    ] {
        clock.advance(DAY * days);
        let told = g.hub.wait_health(id, Health::Degraded, said).await;
        assert!(told.since.is_some(), "{told:?}");
    }
    // The app says whether it works, and it does.
    g.idp.user("gus@example.com").await;
    g.settled().await;
    set("2028-01-31").await.unwrap();
    g.hub.wait_health(id, Health::Healthy, "").await;
    set("2026-12-31").await.unwrap();
    g.hub.wait_health(id, Health::Degraded, "was to end").await;
    set("").await.unwrap();
    g.hub.wait_health(id, Health::Healthy, "").await;
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_that_works_replaces_the_old_one_for_good() {
    let g = Gateway::with_people(PEOPLE).await;
    let id = g.instance.id;
    let (_, key) = fresh(&g).await;
    switch(&g, Switch::Pause).await;
    g.hub.edit(id, token(&key)).await.unwrap();
    assert!(keeps_one_before(&g).await, "it has not worked yet");
    switch(&g, Switch::Resume).await;
    g.hub.idle().await;
    g.hub.wait_health(id, Health::Healthy, "").await;
    assert!(!keeps_one_before(&g).await, "it has worked");
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_token_that_is_refused_gives_way_to_the_old_one() {
    let g = Gateway::with_people(PEOPLE).await;
    let id = g.instance.id;
    let manager = &g.app.server.hub().manager;
    let (number, key) = fresh(&g).await;
    switch(&g, Switch::Pause).await;
    let edited = g.hub.edit(id, token(&key)).await.unwrap();
    assert!(edited.secret_set_at > g.instance.secret_set_at);
    manager.revoke_key(admin(), APP, number).await.unwrap();
    g.idp.user("gus@example.com").await;
    // The old one is kept on the disk, sealed.
    let hub = g.hub.restart().await;
    let idp = hub.client(&g.instance).await;
    let g = Gateway { hub, idp, ..g };
    assert!(keeps_one_before(&g).await);
    switch(&g, Switch::Resume).await;
    let told = g
        .hub
        .wait_health(id, Health::Degraded, "the one before it works")
        .await;
    assert!(told.since.is_some());
    g.settled().await;
    assert!(g.direct.named("Users", "gus@example.com").await.is_some());
    assert!(!keeps_one_before(&g).await);
    assert_eq!(g.hub.instance(id).await.secret_set_at, g.instance.secret_set_at);
    g.hub.sync(id).await;
    g.hub
        .wait_health(id, Health::Degraded, "the app refuses the new token")
        .await;

    let (_, another) = fresh(&g).await;
    g.hub.edit(id, token(&another)).await.unwrap();
    g.hub.wait_health(id, Health::Healthy, "").await;
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_is_kept_for_an_address_it_was_not_entered_for() {
    let g = Gateway::with_people(PEOPLE).await;
    let (_, key) = fresh(&g).await;
    switch(&g, Switch::Pause).await;
    let elsewhere = Edit {
        base_url: Some(g.direct.base.clone()),
        ..token(&key)
    };
    g.hub.edit(g.instance.id, elsewhere).await.unwrap();
    assert!(!keeps_one_before(&g).await);
    switch(&g, Switch::Resume).await;
    g.settled().await;
    g.stop().await;
}

/// What was told of edits, newest first.
async fn edits(g: &Gateway) -> Vec<String> {
    let id = g.instance.id;
    let store = &g.hub.server.hub().store;
    let all = store.read(move |rx| events::of_instance(rx, id, None, 500)).await;
    let edits = all.unwrap().into_iter().filter(|e| e.action == "instance.edited");
    edits.map(|e| e.detail).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_its_end_are_saved_as_one() {
    let g = Gateway::with_people(PEOPLE).await;
    let id = g.instance.id;
    let (_, key) = fresh(&g).await;
    let ends = parse_date("2027-01-31").unwrap();
    let both = |text: &str| Edit {
        token_ends: Some(ends),
        ..token(text)
    };
    let before = g.hub.instance(id).await;
    g.hub.edit(id, both("not-the-key")).await.unwrap_err();
    let now = g.hub.instance(id).await;
    assert_eq!(
        (now.secret_set_at, now.secret_ends_at),
        (before.secret_set_at, None),
        "a refused token brings no end"
    );
    assert_eq!(edits(&g).await, [""; 0]);
    g.hub.edit(id, both(&key)).await.unwrap();
    let now = g.hub.instance(id).await;
    assert!(now.secret_set_at > before.secret_set_at && now.secret_ends_at == ends);
    assert_eq!(
        edits(&g).await,
        ["The token was replaced by one that was tested. The token ends on 2027-01-31."],
        "one event"
    );
    // Another token says nothing of the old one's end.
    let (_, third) = fresh(&g).await;
    g.hub.edit(id, token(&third)).await.unwrap();
    assert_eq!(g.hub.instance(id).await.secret_ends_at, None);
    g.stop().await;
}
