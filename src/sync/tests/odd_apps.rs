//! Apps that page otherwise, refuse PATCH, allow few requests, or hide whom we switched off.

use std::time::Duration;

use serde_json::json;

use super::app::{App, Lists, USER};
use super::hub::Hub;
use crate::clock::Clock;
use crate::model::policies::Drift;
use crate::model::{Health, Paging, Policies, Time};
use crate::scim::schema::ResourceType;
use crate::store::resources;

async fn of_forty(lists: Lists) -> Hub {
    let app = App::start().await;
    for n in 0..40 {
        app.add_user(&format!("u{n:02}"));
    }
    app.state().lists = lists;
    Hub::with(app, Policies::default()).await
}

#[tokio::test]
async fn an_app_with_cursors_alone_is_read_whole_and_remembered_so() {
    let hub = of_forty(Lists::Cursor).await;
    let now = hub.until(Health::Healthy).await;
    assert_eq!(now.users, 40, "{}", now.reason);
    hub.engine.idle().await;
    let paging = hub
        .read(|_, i| Ok(i.target.as_ref().unwrap().capabilities().paging))
        .await;
    assert_eq!(paging, Paging::Cursor);
    let before = hub.app.state().requests;
    hub.sync().await;
    assert_eq!(
        hub.app.state().requests - before,
        7,
        "six pages of users, one of groups, and no index is tried again"
    );
}

#[tokio::test]
async fn an_app_that_gives_everything_at_once_is_read_whole() {
    let hub = of_forty(Lists::Whole).await;
    let now = hub.until(Health::Healthy).await;
    assert_eq!(now.users, 40, "{}", now.reason);
}

#[tokio::test]
async fn a_list_that_goes_round_in_circles_ends_and_nobody_is_gone() {
    for lists in [Lists::Stuck, Lists::Spinning, Lists::BreaksOff] {
        let hub = of_forty(Lists::Whole).await;
        assert_eq!(hub.until(Health::Healthy).await.users, 40);
        hub.engine.idle().await;
        hub.app.state().lists = lists;
        hub.ask_sync().await;
        let now = hub.until(Health::Failing).await;
        let said = ["again and again", "no startIndex"];
        assert!(
            said.iter().any(|s| now.reason.contains(s)),
            "{lists:?}: {}",
            now.reason
        );
        assert_eq!(now.users, 40, "{lists:?}");
        hub.app.state().lists = Lists::Index;
        hub.ask_sync().await;
        assert_eq!(hub.until(Health::Healthy).await.users, 40, "{lists:?}");
    }
}

#[tokio::test]
async fn a_circle_that_showed_all_that_was_announced_is_the_whole_list() {
    let app = App::start().await;
    for n in 0..7 {
        app.add_user(&format!("u{n}"));
    }
    app.state().lists = Lists::Spinning;
    let hub = Hub::with(app, Policies::default()).await;
    assert_eq!(hub.until(Health::Healthy).await.users, 7);
}

#[tokio::test]
async fn a_refused_patch_is_learnt_once_through_the_engine() {
    let hub = Hub::start().await;
    hub.app.state().no_patch = Some(405);
    for name in ["ann", "bob"] {
        let id = hub.user(name).await;
        hub.set(&id, "title", json!("Captain")).await;
        hub.engine.idle().await;
        assert_eq!(hub.app.user(name).unwrap()["title"], "Captain");
    }
    let mut refused = hub.app.state().refused_patches;
    assert_eq!(refused, 1, "the next push begins with PUT");
    let put_only = |hub: &Hub| {
        let store = hub.store.clone();
        let id = hub.id;
        async move {
            let read = store.read(move |rx| {
                let instance = crate::store::instances::by_id(rx, id)?.unwrap();
                Ok::<_, crate::store::StoreError>(instance.target.unwrap().capabilities().put_only.clone())
            });
            read.await.unwrap()
        }
    };
    assert_eq!(put_only(&hub).await, [ResourceType::User]);
    // Groups are another matter: theirs is tried, and learnt too.
    let staff = hub.id_of(ResourceType::Group, "staff").await.unwrap();
    let bob = hub.id_of(USER, "bob").await.unwrap();
    hub.add_member(&staff, &bob).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("staff"), ["ann", "bob"]);
    refused = hub.app.state().refused_patches - refused;
    assert_eq!(refused, 1);
    assert_eq!(put_only(&hub).await, ResourceType::ALL);
}

#[tokio::test]
async fn a_slow_allowance_paces_a_sync_and_fails_nothing() {
    let app = App::start().await;
    for n in 0..40 {
        app.add_user(&format!("u{n:02}"));
    }
    app.state().quota = Some(3);
    let clock = Clock::manual(Time(1_700_000_000_000));
    let hub = Hub::at(app, Policies::default(), clock.clone()).await;
    for minute in 1..3 {
        hub.engine.idle().await;
        let now = hub.status().await;
        assert_eq!(now.health, Health::Connecting, "minute {minute}: {}", now.reason);
        assert_eq!(hub.app.state().requests, 3 * minute);
        hub.app.state().quota = Some(3);
        clock.advance(Duration::from_secs(60));
    }
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!((now.health, now.users), (Health::Healthy, 40), "{}", now.reason);
    assert_eq!(hub.app.state().requests, 7, "no page is read twice");

    // A push that has to wait is no failure either.
    hub.app.state().quota = Some(1);
    hub.sync().await;
    hub.user("new").await;
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!((now.health, now.pending), (Health::Healthy, 1), "{}", now.reason);
    hub.app.state().quota = None;
    clock.advance(Duration::from_secs(60));
    hub.engine.idle().await;
    assert_eq!(hub.status().await.pending, 0);
    assert!(hub.app.user("new").is_some());
}

#[tokio::test]
async fn whoever_is_hidden_once_switched_off_is_done_with() {
    let app = App::start().await;
    for name in ["ann", "bob", "cleo", "dan"] {
        app.add_user(name);
    }
    app.state().hides_inactive = true;
    let hub = Hub::with(app, Policies::default()).await;
    hub.engine.idle().await;
    let ann = hub.user("ann").await;
    hub.set(&ann, "active", json!(false)).await;
    hub.engine.idle().await;
    assert!(hub.app.user("ann").is_none());
    hub.set(&ann, "title", json!("Gone")).await;
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!(
        (now.health, now.pending, now.rejected),
        (Health::Healthy, 0, 0),
        "{}",
        now.reason
    );
    // And back: the app has to make them anew.
    hub.set(&ann, "active", json!(true)).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.user("ann").unwrap()["title"], "Gone");
}

#[tokio::test]
async fn an_app_that_keeps_accounts_on_is_told_as_such() {
    let hub = Hub::start().await;
    let id = hub.user("carl").await;
    hub.engine.idle().await;
    hub.app.state().keeps_active = true;
    hub.set(&id, "active", json!(false)).await;
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!(now.health, Health::Failing);
    assert_eq!(now.reason, "1 leaver still has access in the app");
    hub.delete(USER, &id).await;
    hub.engine.idle().await;
    assert_eq!(
        hub.status().await.health,
        Health::Failing,
        "a DELETE ends nothing either"
    );
    hub.app.state().keeps_active = false;
    hub.write(|tx, i| crate::store::jobs::try_all_again(tx, i.id))
        .await;
    hub.until(Health::Healthy).await;
    assert_eq!(hub.app.user("carl").unwrap()["active"], false);
}

#[tokio::test]
async fn what_a_list_omits_is_not_taken_over() {
    let policies = Policies {
        drift: Drift::Adopt,
        ..Policies::default()
    };
    let hub = Hub::with(App::start().await, policies).await;
    hub.engine.idle().await;
    let body = json!({ "schemas": [], "userName": "carl", "title": "Clerk" });
    let id = hub.post(USER, body).await;
    hub.set(&id, "active", json!(false)).await;
    hub.user("dora").await;
    hub.engine.idle().await;
    for omitted in ["active", "title"] {
        hub.app.state().lists_omit = Some(omitted);
        hub.sync().await;
        let ours = hub.read(|rx, i| Ok(resources::by_name(rx, i.id, USER, "carl")?.pop().unwrap()));
        let ours = ours.await;
        assert!(!ours.active, "without {omitted}");
        assert_eq!(ours.attributes["title"], "Clerk", "without {omitted}");
    }
    hub.set(&id, "title", json!("Chief")).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.user("carl").unwrap()["active"], false);
}

#[tokio::test]
async fn who_is_switched_on_in_the_app_stays_switched_off_here() {
    let policies = Policies {
        drift: Drift::Adopt,
        ..Policies::default()
    };
    let hub = Hub::with(App::start().await, policies).await;
    hub.engine.idle().await;
    let id = hub.user("carl").await;
    hub.user("dora").await;
    hub.engine.idle().await;
    hub.set(&id, "active", json!(false)).await;
    hub.engine.idle().await;
    for user in hub.app.state().users.values_mut() {
        user["active"] = true.into();
    }
    hub.sync().await;
    let ours = hub.read(|rx, i| Ok(resources::by_name(rx, i.id, USER, "carl")?.pop().unwrap()));
    assert!(!ours.await.active);
}

#[tokio::test]
async fn an_app_that_shows_everybody_as_inactive_removes_nobody_here() {
    let app = App::start().await;
    let policies = Policies {
        drift: Drift::Adopt,
        ..Policies::default()
    };
    let hub = Hub::with(app, policies).await;
    hub.engine.idle().await;
    for name in ["carl", "dora"] {
        hub.user(name).await;
    }
    hub.engine.idle().await;
    for user in hub.app.state().users.values_mut() {
        user["active"] = false.into();
    }
    hub.sync().await;
    for name in ["carl", "dora"] {
        let ours = hub.read(|rx, i| Ok(resources::by_name(rx, i.id, USER, name)?.pop().unwrap()));
        assert!(ours.await.active, "{name}");
    }
}
