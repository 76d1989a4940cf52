//! A list that shows a group without some of its members: nobody loses a membership by what one read did not show.

use serde_json::json;

use super::app::{App, GROUP, USER};
use super::hub::Hub;
use crate::model::policies::{Drift, Limit};
use crate::model::{Health, Policies, Verb};
use crate::store::removals;

/// Ten people, all of them in "all" and one in "few"; somebody of our side has decided about "all".
async fn ten(policies: Policies) -> Hub {
    let app = App::start().await;
    let ids: Vec<String> = (0..10).map(|n| app.add_user(&format!("u{n}"))).collect();
    app.add_group("few", &[&ids[0]]);
    app.add_group("all", &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let hub = Hub::with(app, policies).await;
    hub.engine.idle().await;
    let (group, new) = (hub.id_of(GROUP, "all").await.unwrap(), hub.user("new").await);
    hub.add_member(&group, &new).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("all").len(), 11);
    hub.sync().await;
    hub
}

fn policies(drift: Drift) -> Policies {
    Policies {
        drift,
        ..Policies::default()
    }
}

/// The app loses these of "all", or has them again.
fn set_members(hub: &Hub, names: &[String]) {
    let ids: Vec<_> = names
        .iter()
        .map(|n| json!({ "value": hub.app.user(n).unwrap()["id"] }))
        .collect();
    let mut state = hub.app.state();
    let group = state.groups.values_mut().find(|g| g["displayName"] == "all");
    group.unwrap()["members"] = ids.into();
}

#[tokio::test]
async fn a_list_that_is_cut_short_takes_nobody_out() {
    for drift in [Drift::Report, Drift::Enforce, Drift::Adopt] {
        let hub = ten(policies(drift)).await;
        let all = hub.app.members("all");
        for most in [0, 3] {
            hub.app.state().cut_short.insert("all".into(), most);
            hub.sync().await;
            assert_eq!(hub.shown("all").await, all, "{drift:?}, {most} shown");
            hub.app.state().cut_short.clear();
            hub.sync().await;
            assert_eq!(hub.shown("all").await, all, "{drift:?}, shown whole again");
            assert_eq!(hub.app.members("all"), all, "{drift:?}, in the app");
        }
    }
}

#[tokio::test]
async fn a_group_that_cannot_be_read_alone_loses_nobody() {
    let hub = ten(policies(Drift::Enforce)).await;
    let all = hub.app.members("all");
    for status in [400, 403, 404, 500] {
        hub.app.state().alone = Some(status);
        hub.app.state().cut_short.insert("all".into(), 0);
        hub.sync().await;
        assert_eq!(hub.shown("all").await, all, "{status}");
        let now = hub.status().await;
        assert_eq!(now.health, Health::Healthy, "{status}: {}", now.reason);
    }
    // As soon as it can be read, what is gone is gone.
    hub.app.state().alone = None;
    set_members(&hub, &all[..10]);
    hub.sync().await;
    assert_eq!(hub.shown("all").await, all[..10]);
}

#[tokio::test]
async fn a_group_that_is_made_anew_and_cut_short_loses_nobody() {
    for drift in [Drift::Report, Drift::Enforce, Drift::Adopt] {
        let hub = ten(policies(drift)).await;
        let all = hub.app.members("all");
        let made_again = |hub: &Hub, group: Option<serde_json::Value>| match group {
            None => {
                let mut state = hub.app.state();
                let id = state.groups.iter().find(|(_, g)| g["displayName"] == "all");
                let id = id.unwrap().0.clone();
                state.groups.remove(&id)
            }
            Some(mut group) => {
                group["id"] = "again".into();
                hub.app.state().groups.insert("again".into(), group)
            }
        };
        let group = made_again(&hub, None);
        // Gone, and nobody asks for it.
        hub.know(|known| known.note(GROUP, Verb::Create, true)).await;
        hub.sync().await;
        made_again(&hub, group);
        hub.app.state().cut_short.insert("all".into(), 3);
        hub.sync().await;
        assert_eq!(hub.shown("all").await, all, "{drift:?}, at first sight");
        hub.sync().await;
        assert_eq!(hub.shown("all").await, all, "{drift:?}, compared");
        assert_eq!(hub.app.members("all"), all, "{drift:?}, in the app");
    }
}

#[tokio::test]
async fn only_a_group_whose_list_is_news_is_read_alone() {
    let hub = ten(policies(Drift::Report)).await;
    let cost = async |hub: &Hub| {
        let before = hub.app.state().requests;
        hub.sync().await;
        hub.app.state().requests - before
    };
    let pages = cost(&hub).await;
    hub.app.state().cut_short.insert("all".into(), 3);
    assert_eq!(cost(&hub).await, pages + 1);
    assert_eq!(cost(&hub).await, pages, "the same list again is no news");
}

#[tokio::test]
async fn what_is_really_gone_goes_up_to_the_limit() {
    let limit = Limit {
        floor: 2,
        percent: 20,
    };
    let hub = ten(Policies {
        memberships: limit,
        ..Policies::default()
    })
    .await;
    let all = hub.app.members("all");
    set_members(&hub, &all[..5]);
    hub.sync().await;
    let now = hub.status().await;
    assert_eq!(now.health, Health::Held, "{}", now.reason);
    assert_eq!(hub.shown("all").await.len(), 9, "two of six are gone here");
    hub.sync().await;
    assert_eq!(hub.shown("all").await.len(), 9, "another sync frees nobody");
    assert_eq!(hub.app.members("all"), all[..5], "nobody is put back meanwhile");

    // The app shows them again: there is nothing to decide.
    set_members(&hub, &all);
    hub.sync().await;
    assert_eq!(hub.shown("all").await.len(), 9);
    assert_eq!(hub.status().await.health, Health::Healthy);

    set_members(&hub, &all[..5]);
    hub.sync().await;
    assert_eq!(hub.status().await.health, Health::Held);
    hub.decide(true).await;
    assert_eq!(hub.shown("all").await, all[..5]);
    assert_eq!(hub.until(Health::Healthy).await.rejected, 0);
}

#[tokio::test]
async fn what_an_admin_allowed_outlives_a_read_that_failed() {
    let limit = Limit {
        floor: 2,
        percent: 20,
    };
    let hub = ten(Policies {
        memberships: limit,
        ..Policies::default()
    })
    .await;
    let all = hub.app.members("all");
    set_members(&hub, &all[..5]);
    hub.sync().await;
    hub.app.state().alone = Some(500);
    hub.decide(true).await;
    assert_eq!(hub.shown("all").await.len(), 9);
    hub.app.state().alone = None;
    hub.sync().await;
    assert_eq!(hub.shown("all").await, all[..5]);
}

#[tokio::test]
async fn whoever_is_kept_by_an_admin_stays() {
    let limit = Limit {
        floor: 2,
        percent: 20,
    };
    let hub = ten(Policies {
        memberships: limit,
        ..Policies::default()
    })
    .await;
    let all = hub.app.members("all");
    set_members(&hub, &all[..5]);
    hub.sync().await;
    hub.decide(false).await;
    hub.sync().await;
    assert_eq!(hub.shown("all").await.len(), 9);
    let held = hub.read(|rx, i| removals::held(rx, i.id, 10)).await;
    assert_eq!(held, Vec::new());
    assert!(hub.id_of(USER, "new").await.is_some());
}
