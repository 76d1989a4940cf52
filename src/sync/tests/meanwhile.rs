//! What an admin or somebody else changes while the engine or a test of the connection is under way.

use serde_json::{Value, json};

use super::app::{App, Fault, GROUP, USER};
use super::hub::Hub;
use crate::model::job::priority;
use crate::model::policies::Drift;
use crate::model::{Actor, Health, JobKind, Policies, RunPhase};
use crate::secret::Secret;
use crate::store::links::By;
use crate::store::{instances, jobs, links, removals, resources, runs};
use crate::sync::manage::{Edit, ManageError, Switch};

const TITLED: &str = "title eq \"Clerk\"";

fn token(text: &str) -> Edit {
    Edit {
        token: Some(Secret::new(text.to_owned())),
        ..Edit::default()
    }
}

fn policies(change: impl FnOnce(&mut Policies)) -> Edit {
    let mut policies = Policies::default();
    change(&mut policies);
    Edit {
        policies: Some(policies),
        ..Edit::default()
    }
}

#[tokio::test]
async fn an_edit_during_a_walk_through_all_begins_the_walk_anew() {
    let mut hub = Hub::start().await;
    let id = hub.user("carl").await;
    hub.engine.idle().await;
    hub.engine.stop().await;
    // A walk that has come to the end, and an edit before it could say so.
    let job = hub.write(|tx, i| {
        jobs::enqueue(tx, i.id, JobKind::Reconcile, 0, priority::LATER, None)?;
        let job = jobs::claim(tx, "boot-1", 1, i.id, &Default::default(), 1)?.pop();
        let job = job.unwrap();
        jobs::set_cursor(tx, &job, "1000000")?;
        Ok(job)
    });
    let job = job.await;
    let edit = policies(|p| p.carry_users = TITLED.into());
    hub.manager().edit(Actor::Hub, hub.id, edit).await.unwrap();
    hub.write(move |tx, _| {
        jobs::set_cursor(tx, &job, "1000001")?;
        jobs::finish(tx, &job)
    })
    .await;
    hub.restart("boot-2").await;
    hub.engine.idle().await;
    assert_eq!(
        hub.app.user("carl").unwrap()["active"],
        false,
        "{id} is out of scope"
    );
}

#[tokio::test]
async fn a_pause_stops_a_long_push_and_resuming_goes_on() {
    let hub = Hub::start().await;
    let mut members = Vec::new();
    for n in 0..250 {
        members.push(json!({ "value": hub.user(&format!("u{n:03}")).await }));
    }
    hub.engine.idle().await;
    let gate = hub.app.hold_writes();
    let body = json!({ "schemas": [], "displayName": "crew", "members": members });
    hub.post(GROUP, body).await;
    hub.app.somebody_waits().await;
    hub.switch(Switch::Pause).await;
    hub.app.writes();
    hub.app.open(&gate);
    hub.engine.idle().await;
    assert_eq!(
        hub.app.writes(),
        ["POST Groups"],
        "what was under way, and no more"
    );
    hub.switch(Switch::Resume).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("crew").len(), 250);
    assert_eq!(hub.app.state().groups.len(), 2);
}

#[tokio::test]
async fn a_pause_stops_a_sync_and_resuming_goes_on() {
    let hub = Hub::start().await;
    hub.app.add_group("new", &[]);
    let gate = hub.app.hold_groups();
    hub.ask_sync().await;
    hub.app.somebody_waits().await;
    hub.switch(Switch::Pause).await;
    hub.app.open(&gate);
    hub.engine.idle().await;
    assert_eq!(hub.id_of(GROUP, "new").await, None);
    hub.switch(Switch::Resume).await;
    hub.engine.idle().await;
    assert!(hub.id_of(GROUP, "new").await.is_some());
}

#[tokio::test]
async fn a_push_under_way_takes_nothing_along_to_another_app() {
    let hub = Hub::start().await;
    let other = App::start().await;
    for n in 0..9 {
        other.add_user(&format!("other{n}"));
    }
    let gate = hub.app.hold_writes();
    hub.user("carl").await;
    hub.app.somebody_waits().await;
    let edit = Edit {
        base_url: Some(other.base_url.clone()),
        other_directory: true,
        ..token("another")
    };
    hub.manager().edit(Actor::Hub, hub.id, edit).await.unwrap();
    hub.app.open(&gate);
    hub.until(Health::Healthy).await;
    hub.engine.idle().await;
    let there = other.user("carl").unwrap();
    let linked = hub.read(|rx, i| {
        let carl = resources::by_name(rx, i.id, USER, "carl")?[0].row;
        Ok(links::by_resource(rx, carl)?.unwrap().remote_id)
    });
    assert_eq!(linked.await.as_deref(), there["id"].as_str());
    assert_eq!(
        hub.app.writes(),
        ["POST Users"],
        "nothing more is said to the old one"
    );
}

#[tokio::test]
async fn what_was_said_to_an_old_token_counts_for_nothing() {
    let hub = Hub::start().await;
    let gate = hub.app.hold_writes();
    hub.app.state().faults.push_back(Fault::Status(401));
    hub.user("carl").await;
    hub.app.somebody_waits().await;
    hub.manager()
        .edit(Actor::Hub, hub.id, token("newer"))
        .await
        .unwrap();
    hub.app.open(&gate);
    hub.engine.idle().await;
    let now = hub.until(Health::Healthy).await;
    assert_eq!(now.rejected, 0);
    assert!(hub.app.user("carl").is_some());
}

#[tokio::test]
async fn the_slower_of_two_edits_takes_nothing_back() {
    let hub = Hub::start().await;
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    hub.app.state().gate = Some(std::sync::Arc::clone(&gate));
    let slow = |edit: Edit| {
        let (manager, id) = (hub.manager(), hub.id);
        tokio::spawn(async move { manager.edit(Actor::Hub, id, edit).await })
    };
    let mut first = token("second-token");
    first.policies = Some(Policies::default());
    first.policies.as_mut().unwrap().carry_groups = "displayName sw \"s\"".into();
    let first = slow(first);
    hub.app.somebody_waits().await;
    let quick = policies(|p| p.protected = vec!["ann".into()]);
    hub.manager().edit(Actor::Hub, hub.id, quick).await.unwrap();
    hub.app.open(&gate);
    let refused = first.await.unwrap();
    assert!(matches!(refused, Err(ManageError::Refused(why)) if why.contains("meanwhile")));
    let now = hub.read(|_, i| Ok(i.policies.clone())).await;
    assert_eq!(
        (now.protected, now.carry_groups),
        (vec!["ann".to_owned()], String::new())
    );
}

#[tokio::test]
async fn a_token_never_goes_to_an_address_that_was_set_while_it_was_tested() {
    let hub = Hub::start().await;
    let other = App::start().await;
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    hub.app.state().gate = Some(std::sync::Arc::clone(&gate));
    let (manager, id) = (hub.manager(), hub.id);
    let slow = tokio::spawn(async move { manager.edit(Actor::Hub, id, token("for-the-old")).await });
    hub.app.somebody_waits().await;
    let moved = Edit {
        base_url: Some(other.base_url.clone()),
        other_directory: true,
        ..token("for-the-new")
    };
    hub.manager().edit(Actor::Hub, hub.id, moved).await.unwrap();
    let set_at = hub.read(|_, i| Ok(i.secret_set_at)).await;
    hub.app.open(&gate);
    let refused = slow.await.unwrap();
    assert!(matches!(refused, Err(ManageError::Refused(why)) if why.contains("meanwhile")));
    let (url, now) = hub
        .read(|_, i| Ok((i.target.as_ref().unwrap().base_url().to_owned(), i.secret_set_at)))
        .await;
    assert_eq!((url, now), (other.base_url, set_at));
}

/// Other people at the same address: what a token of another tenant shows.
fn another_tenant(app: &App) {
    let mut state = app.state();
    state.users.clear();
    state.groups.clear();
    for n in 0..4 {
        let id = format!("T{n}");
        let user: Value = json!({ "id": id, "userName": format!("stranger{n}"), "active": true });
        state.users.insert(id, user);
    }
}

#[tokio::test]
async fn a_token_of_another_tenant_is_not_taken_unasked() {
    let hub = Hub::start().await;
    let id = hub.user("carl").await;
    hub.engine.idle().await;
    another_tenant(&hub.app);
    let refused = hub.manager().edit(Actor::Hub, hub.id, token("tenant-b")).await;
    assert!(matches!(refused, Err(ManageError::OtherDirectory)));
    let linked = hub.read(|rx, i| links::sample(rx, i.id, 10)).await;
    assert_eq!(linked.len(), 4, "nothing was forgotten");
    let meant = Edit {
        other_directory: true,
        ..token("tenant-b")
    };
    hub.manager().edit(Actor::Hub, hub.id, meant).await.unwrap();
    hub.until(Health::Healthy).await;
    hub.engine.idle().await;
    assert!(hub.app.user("carl").is_some(), "{id} is made there");
    assert!(hub.id_of(USER, "stranger1").await.is_some());
}

#[tokio::test]
async fn a_new_token_is_taken_although_some_have_left_the_app_since() {
    let hub = Hub::start().await;
    let id = hub.user("carl").await;
    hub.engine.idle().await;
    hub.set(&id, "active", json!(false)).await;
    hub.engine.idle().await;
    // Whom we switched off it hides, and ann was deleted there.
    hub.app
        .state()
        .users
        .retain(|_, user| user["userName"] != "carl" && user["userName"] != "ann");
    hub.manager()
        .edit(Actor::Hub, hub.id, token("newer"))
        .await
        .unwrap();
    let kept = hub
        .read(|rx, i| Ok((links::sample(rx, i.id, 10)?.len(), instances::by_id(rx, i.id)?)))
        .await;
    assert!(kept.0 >= 2);
}

#[tokio::test]
async fn a_token_that_may_not_list_groups_does_not_forget_them() {
    let hub = Hub::start().await;
    hub.app.state().refuses_groups = true;
    hub.manager()
        .edit(Actor::Hub, hub.id, token("newer"))
        .await
        .unwrap();
    let groups = hub.read(|_, i| Ok(i.target.as_ref().unwrap().capabilities().groups));
    assert!(groups.await);
}

#[tokio::test]
async fn what_was_held_for_one_app_is_not_held_for_another() {
    let hub = Hub::start().await;
    for name in ["ann", "bob"] {
        let id = hub.user(name).await;
        hub.engine.idle().await;
        hub.set(&id, "active", json!(false)).await;
    }
    hub.until(Health::Held).await;
    let other = App::start().await;
    let edit = Edit {
        base_url: Some(other.base_url.clone()),
        other_directory: true,
        ..token("another")
    };
    hub.manager().edit(Actor::Hub, hub.id, edit).await.unwrap();
    let held = hub.read(|rx, i| removals::held(rx, i.id, 10)).await;
    assert!(held.is_empty());
    hub.until(Health::Healthy).await;
}

#[tokio::test]
async fn nothing_follows_from_a_sync_that_was_cancelled() {
    let mut hub = Hub::start().await;
    hub.engine.stop().await;
    hub.app.state().users.retain(|_, user| user["userName"] != "bob");
    hub.write(|tx, i| {
        // The run that was cancelled saw bob, and had asked for him to be looked for before that.
        let run = runs::start(tx, i.id)?;
        let bob = links::known_by(tx, i.id, USER, By::Name("bob"))?.pop().unwrap();
        links::mark_seen(tx, run.id, &[bob.id])?;
        runs::end(tx, i.id, RunPhase::Cancelled, None)?;
        jobs::enqueue(tx, i.id, JobKind::Verify, bob.id, priority::LATER, None)
    })
    .await;
    hub.restart("boot-2").await;
    hub.engine.idle().await;
    assert!(hub.id_of(USER, "bob").await.is_some());
    hub.sync().await;
    assert!(hub.id_of(USER, "bob").await.is_none(), "the next one finds out");
}

#[tokio::test]
async fn who_was_made_and_then_left_the_scope_loses_access_although_the_answer_was_lost() {
    let hub = Hub::start().await;
    hub.app.state().faults.push_back(Fault::LostThenDown);
    hub.user("carl").await;
    hub.until(Health::Failing).await;
    let edit = policies(|p| p.carry_users = TITLED.into());
    hub.manager().edit(Actor::Hub, hub.id, edit).await.unwrap();
    hub.app.state().always = None;
    hub.until(Health::Healthy).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.user("carl").unwrap()["active"], false);
}

fn enforcing() -> Policies {
    Policies {
        drift: Drift::Enforce,
        ..Policies::default()
    }
}

#[tokio::test]
async fn a_change_in_the_app_is_noticed_while_a_push_waits() {
    let app = App::start().await;
    app.add_user("ann");
    let hub = Hub::with(app, enforcing()).await;
    hub.engine.idle().await;
    let id = hub.user("carl").await;
    hub.set(&id, "active", json!(false)).await;
    hub.engine.idle().await;
    hub.app.state().faults.push_back(Fault::Status(400));
    hub.set(&id, "title", json!("Clerk")).await;
    hub.engine.idle().await;
    assert_eq!(hub.status().await.rejected, 1);
    let account = hub.app.user("carl").unwrap()["id"].as_str().unwrap().to_owned();
    hub.app.state().users.get_mut(&account).unwrap()["active"] = json!(true);
    hub.sync().await;
    let there = hub.app.user("carl").unwrap();
    assert_eq!(
        (&there["active"], &there["title"]),
        (&json!(false), &json!("Clerk"))
    );
}

#[tokio::test]
async fn lost_answers_do_not_prolong_a_fight() {
    let hub = Hub::with(App::start().await, enforcing()).await;
    hub.engine.idle().await;
    let body = json!({ "schemas": [], "userName": "carl", "title": "Clerk" });
    hub.post(USER, body).await;
    hub.engine.idle().await;
    let account = hub.app.user("carl").unwrap()["id"].as_str().unwrap().to_owned();
    for n in 0..5 {
        hub.app.state().users.get_mut(&account).unwrap()["title"] = json!(format!("T{n}"));
        hub.app.state().faults = [Fault::Lost].into();
        hub.sync().await;
        hub.until(Health::Healthy).await;
    }
    assert_eq!(hub.app.user("carl").unwrap()["title"], "T4");
}
