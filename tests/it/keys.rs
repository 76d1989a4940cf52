//! Keys: several live at once, each for its own instance; a refusal tells nothing.

use std::time::Duration;

use rollcall::clock::Clock;
use rollcall::model::Time;
use rollcall::sync::manage::Switch;

use crate::support::hub::admin;
use crate::support::{Scim, TestHub};

#[tokio::test(flavor = "multi_thread")]
async fn unknown_expired_revoked_and_foreign_keys_get_the_same_bytes() {
    let clock = Clock::manual(Time(1_800_000_000_000));
    let hub = TestHub::with_clock(clock.clone()).await;
    let manager = &hub.server.hub().manager;
    let (mine, _) = hub.receiver("Mine").await;
    let (_, other) = hub.receiver("Other").await;
    let (_, short) = manager
        .create_key(admin(), mine.id, "short".into(), Some(Duration::from_secs(60)))
        .await
        .unwrap();
    let (gone_id, gone) = manager
        .create_key(admin(), mine.id, "gone".into(), None)
        .await
        .unwrap();
    let base = hub.base(&mine.slug);
    let ask = |key: &str| {
        let scim = Scim::new(base.clone(), key);
        async move { scim.get("/Users").await }
    };
    assert_eq!(ask(short.expose()).await.status, 200);
    assert_eq!(ask(gone.expose()).await.status, 200);
    manager.revoke_key(admin(), mine.id, gone_id).await.unwrap();
    clock.advance(Duration::from_secs(61));
    let mut bodies = Vec::new();
    for key in [short.expose(), gone.expose(), &other.key, "rc_nonsense", ""] {
        let answer = ask(key).await;
        answer.refused(401, None);
        bodies.push(answer.text);
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    let nowhere = Scim::new(hub.base("no-such-instance"), &other.key)
        .get("/Users")
        .await;
    assert_eq!(nowhere.text, bodies[0]);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_lives_until_its_chosen_end() {
    let clock = Clock::manual(Time(1_800_000_000_000));
    let hub = TestHub::with_clock(clock.clone()).await;
    let manager = &hub.server.hub().manager;
    let (mine, _) = hub.receiver("Mine").await;
    let (old_id, old) = manager
        .create_key(admin(), mine.id, "okta".into(), None)
        .await
        .unwrap();
    let (_, new) = manager
        .rotate_key(admin(), mine.id, old_id, Duration::from_secs(3600))
        .await
        .unwrap();
    let (old, new) = (
        Scim::new(hub.base(&mine.slug), old.expose()),
        Scim::new(hub.base(&mine.slug), new.expose()),
    );
    assert_eq!(
        (old.get("/Users").await.status, new.get("/Users").await.status),
        (200, 200)
    );
    clock.advance(Duration::from_secs(3601));
    assert_eq!(
        (old.get("/Users").await.status, new.get("/Users").await.status),
        (401, 200)
    );
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_instance_says_so_to_its_key() {
    let hub = TestHub::start().await;
    let (mine, scim) = hub.receiver("Mine").await;
    scim.user("ada@example.com").await;
    hub.server
        .hub()
        .manager
        .switch(admin(), mine.id, Switch::Disable)
        .await
        .unwrap();
    let refused = scim.get("/Users").await;
    refused.refused(403, None);
    assert!(refused.text.contains("disabled"));
    hub.server
        .hub()
        .manager
        .switch(admin(), mine.id, Switch::Enable)
        .await
        .unwrap();
    assert_eq!(scim.get("/Users").await.expect(200)["totalResults"], 1);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_known() {
    let hub = TestHub::start().await;
    let (mine, scim) = hub.receiver("Mine").await;
    scim.get("/Users").await.expect(200);
    let keys = hub
        .server
        .hub()
        .store
        .read(move |rx| rollcall::store::access::keys(rx, mine.id))
        .await
        .unwrap();
    let last = hub.server.hub().store.telemetry().key_use(keys[0].id).unwrap();
    assert_eq!(last.address, "127.0.0.1");
    hub.stop().await;
}
