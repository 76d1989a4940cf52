//! What an import may and may not conclude.

use serde_json::json;

use super::app::{App, GROUP, USER};
use super::hub::Hub;
use crate::model::adoption::Likeness;
use crate::model::policies::Drift;
use crate::model::{Health, Policies};
use crate::store::{adoptions, links, resources};
use crate::sync::adoption;

#[tokio::test]
async fn everything_is_read_and_a_second_sync_writes_nothing() {
    let app = App::start().await;
    let ids: Vec<String> = (0..40).map(|n| app.add_user(&format!("u{n:02}"))).collect();
    app.add_group("all", &ids.iter().map(String::as_str).collect::<Vec<_>>());
    let hub = Hub::with(app, Policies::default()).await;
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!(
        (now.health, now.users, now.groups),
        (Health::Healthy, 40, 1),
        "{}",
        now.reason
    );
    let versions = |hub: &Hub| {
        let store = hub.store.clone();
        let id = hub.id;
        async move {
            let all = store.read(move |rx| {
                let rows = resources::rows_after(rx, id, 0, 1000)?;
                rows.into_iter()
                    .map(|row| Ok(resources::load(rx, row)?.unwrap().version))
                    .collect::<Result<Vec<_>, crate::store::StoreError>>()
            });
            all.await.unwrap()
        }
    };
    let before = versions(&hub).await;
    hub.sync().await;
    assert_eq!(versions(&hub).await, before);
    assert_eq!(hub.app.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn adopting_what_the_app_holds_sends_only_what_differs() {
    let hub = Hub::start().await;
    hub.post(USER, json!({ "schemas": [], "userName": "ann" })).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.writes(), Vec::<String>::new());
    hub.post(USER, json!({ "schemas": [], "userName": "bob", "title": "Boss" }))
        .await;
    hub.engine.idle().await;
    assert_eq!(hub.app.writes(), ["PATCH Users"]);
    assert_eq!(hub.status().await.users, 2);
}

#[tokio::test]
async fn what_a_probe_made_for_itself_is_nobodys_account() {
    let app = App::start().await;
    app.add_user("ann");
    app.add_user("rollcall-probe-0192d3b4-7c1f-7a11-8000-00000000beef@example.com");
    app.add_group("rollcall-probe-0192d3b4-7c1f-7a11-8000-00000000beef", &[]);
    app.add_group("rollcall-probe-team", &[]);
    let hub = Hub::with(app, Policies::default()).await;
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!((now.users, now.groups), (1, 1), "a team may be called so");
}

#[tokio::test]
async fn an_empty_list_removes_nobody() {
    let hub = Hub::start().await;
    hub.app.state().empty_lists = true;
    hub.ask_sync().await;
    let now = hub.until(Health::Failing).await;
    assert!(
        now.reason.contains("empty list") && now.users == 2,
        "{}",
        now.reason
    );
    hub.app.state().empty_lists = false;
    hub.ask_sync().await;
    assert_eq!(hub.until(Health::Healthy).await.users, 2);
}

#[tokio::test]
async fn accounts_that_an_app_counts_and_hides_hold_nothing_up() {
    let app = App::start().await;
    for n in 0..21 {
        app.add_user(&format!("u{n:02}"));
    }
    app.state().hidden = 3;
    let hub = Hub::with(app, Policies::default()).await;
    hub.engine.idle().await;
    assert_eq!(hub.until(Health::Healthy).await.users, 21);
    hub.app.state().users.retain(|_, user| user["userName"] != "u07");
    hub.sync().await;
    assert_eq!(
        hub.until(Health::Healthy).await.users,
        20,
        "such a read concludes"
    );
}

#[tokio::test]
async fn who_is_really_gone_goes_and_who_is_managed_stays() {
    let app = App::start().await;
    let ids: Vec<String> = (0..6).map(|n| app.add_user(&format!("u{n}"))).collect();
    let hub = Hub::with(app, Policies::default()).await;
    hub.engine.idle().await;
    hub.user("u0").await;
    hub.engine.idle().await;
    hub.app
        .state()
        .users
        .retain(|id, _| *id != ids[0] && *id != ids[1]);
    hub.sync().await;
    assert!(hub.id_of(USER, "u0").await.is_some(), "somebody manages it");
    assert_eq!(hub.id_of(USER, "u1").await, None);
    assert_eq!(hub.status().await.users, 5);
    assert_eq!(hub.app.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn more_than_the_limit_waits_for_a_person_and_dissolves() {
    let app = App::start().await;
    let ids: Vec<String> = (0..20).map(|n| app.add_user(&format!("u{n:02}"))).collect();
    let hub = Hub::with(app, Policies::default()).await;
    hub.engine.idle().await;
    let kept = hub.app.state().users.clone();
    hub.app.state().users.retain(|id, _| ids[8..].contains(id));
    hub.sync().await;
    let now = hub.status().await;
    assert_eq!((now.health, now.users), (Health::Held, 15), "{}", now.reason);
    hub.app.state().users = kept;
    hub.sync().await;
    assert_eq!(hub.until(Health::Healthy).await.users, 20);
}

#[tokio::test]
async fn an_account_made_anew_keeps_its_place() {
    let hub = Hub::start().await;
    let before = hub.id_of(USER, "bob").await;
    hub.app.state().users.retain(|_, u| u["userName"] != "bob");
    hub.app.add_user("bob");
    hub.sync().await;
    assert_eq!(hub.id_of(USER, "bob").await, before);
    assert_eq!(hub.status().await.users, 2);
}

#[tokio::test]
async fn drift_is_reported_enforced_or_adopted() {
    for (drift, theirs, ours) in [
        (Drift::Report, "Chief", "Clerk"),
        (Drift::Enforce, "Clerk", "Clerk"),
        (Drift::Adopt, "Chief", "Chief"),
    ] {
        let app = App::start().await;
        app.add_user("ann");
        let hub = Hub::with(
            app,
            Policies {
                drift,
                ..Policies::default()
            },
        )
        .await;
        let id = hub
            .post(
                USER,
                json!({ "schemas": [], "userName": "carl", "title": "Clerk" }),
            )
            .await;
        hub.engine.idle().await;
        hub.app.writes();
        hub.app
            .state()
            .users
            .values_mut()
            .find(|u| u["userName"] == "carl")
            .unwrap()["title"] = json!("Chief");
        hub.sync().await;
        hub.sync().await;
        assert_eq!(hub.app.user("carl").unwrap()["title"], theirs, "{drift:?}");
        let title = hub
            .read(move |rx, i| {
                Ok(resources::by_id(rx, i.id, USER, &id)?.unwrap().attributes["title"].clone())
            })
            .await;
        assert_eq!(title, ours, "{drift:?}");
        assert_eq!(
            hub.app.writes().len(),
            usize::from(drift == Drift::Enforce),
            "{drift:?}"
        );
    }
}

/// The push of one attribute does not make a change in the app of another forgotten.
#[tokio::test]
async fn drift_outlives_the_push_of_something_else() {
    let app = App::start().await;
    let hub = Hub::with(app, Policies::default()).await;
    let carl = json!({ "schemas": [], "userName": "carl", "title": "Clerk", "nickName": "C" });
    let id = hub.post(USER, carl).await;
    hub.engine.idle().await;
    for user in hub.app.state().users.values_mut() {
        user["title"] = json!("Chief");
    }
    hub.sync().await;
    hub.set(&id, "nickName", json!("CC")).await;
    hub.engine.idle().await;
    let link = hub
        .read(move |rx, i| {
            let carl = resources::by_id(rx, i.id, USER, &id)?.unwrap();
            Ok(links::by_resource(rx, carl.row)?.unwrap())
        })
        .await;
    assert_ne!(
        link.base.get("title"),
        link.seen.get("title"),
        "still a difference"
    );
    assert_eq!(link.base.get("nickName"), link.seen.get("nickName"));
}

#[tokio::test]
async fn memberships_follow_the_app_until_somebody_decides() {
    let hub = Hub::start().await;
    let bob = hub.app.user("bob").unwrap()["id"].clone();
    hub.app.state().groups.values_mut().next().unwrap()["members"] = json!([{ "value": bob }]);
    hub.sync().await;
    let group = hub.id_of(GROUP, "staff").await.unwrap();
    let ann = hub.id_of(USER, "ann").await.unwrap();
    hub.add_member(&group, &ann).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("staff"), ["ann", "bob"]);
    hub.sync().await;
    assert_eq!(hub.app.members("staff"), ["ann", "bob"]);
}

#[tokio::test]
async fn two_accounts_of_one_name_wait_for_a_person() {
    let app = App::start().await;
    for name in ["Ann", "ann", "bob"] {
        app.add_user(name);
    }
    app.state().always = Some(503);
    let hub = Hub::with(app, Policies::default()).await;
    hub.until(Health::Failing).await;
    hub.user("ANN").await;
    hub.user("bob").await;
    hub.app.state().always = None;
    hub.sync().await;
    let waiting = hub.read(|rx, i| adoptions::waiting(rx, i.id, 100)).await;
    let (proposed, ambiguous) = adoption::sorted(waiting);
    assert!(proposed.is_empty() && ambiguous.len() == 1, "{ambiguous:?}");
    let there: Vec<_> = ambiguous[0]
        .iter()
        .map(|p| (p.theirs.name.as_str(), p.why))
        .collect();
    assert_eq!(there, [("Ann", Likeness::Name), ("ann", Likeness::Name)]);
    let made = hub.app.writes().into_iter().filter(|w| w.starts_with("POST"));
    assert_eq!(made.count(), 0, "nothing is made for somebody who waits");
    assert_eq!(hub.status().await.users, 4, "both appear here beside ours");
}
