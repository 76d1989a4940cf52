//! Who is in a group in the app: what is made anew, deleted and made again, decided here, or judged by a new policy.

use serde_json::{Value, json};

use super::app::{App, Fault, GROUP, USER};
use super::hub::Hub;
use crate::model::policies::Drift;
use crate::model::{Actor, Health, Policies};
use crate::store::{instances, members, resources};
use crate::sync::connect;
use crate::sync::manage::Edit;

async fn hub(drift: Drift) -> Hub {
    let app = App::start().await;
    let ann = app.add_user("ann");
    let bob = app.add_user("bob");
    app.add_group("staff", &[&ann, &bob]);
    let policies = Policies {
        drift,
        ..Policies::default()
    };
    let hub = Hub::with(app, policies).await;
    hub.engine.idle().await;
    hub
}

async fn ids(hub: &Hub, names: &[&str]) -> Vec<Value> {
    let mut ids = Vec::new();
    for name in names {
        ids.push(json!({ "value": hub.id_of(USER, name).await.unwrap() }));
    }
    ids
}

async fn post(hub: &Hub, group: &str, names: &[&str]) -> String {
    let members = ids(hub, names).await;
    hub.post(
        GROUP,
        json!({ "schemas": [], "displayName": group, "members": members }),
    )
    .await
}

fn set_in_app(hub: &Hub, group: &str, names: &[&str]) {
    let ids: Vec<_> = names
        .iter()
        .map(|n| json!({ "value": hub.app.user(n).unwrap()["id"] }))
        .collect();
    let mut state = hub.app.state();
    let group = state.groups.values_mut().find(|g| g["displayName"] == group);
    group.unwrap()["members"] = ids.into();
}

#[tokio::test]
async fn a_group_that_is_made_anew_has_its_members() {
    let hub = hub(Drift::Enforce).await;
    post(&hub, "crew", &["ann", "bob"]).await;
    hub.engine.idle().await;
    hub.app.state().groups.retain(|_, g| g["displayName"] != "crew");
    hub.sync().await;
    assert_eq!(hub.app.members("crew"), ["ann", "bob"]);
}

#[tokio::test]
async fn whoever_is_made_anew_is_in_the_groups_again() {
    let hub = hub(Drift::Enforce).await;
    hub.user("carl").await;
    post(&hub, "crew", &["ann", "carl"]).await;
    hub.engine.idle().await;
    set_in_app(&hub, "crew", &["ann"]);
    let old = hub.app.user("carl").unwrap()["id"].as_str().unwrap().to_owned();
    hub.app.state().bad_members.push(old);
    hub.app.state().users.retain(|_, u| u["userName"] != "carl");
    hub.sync().await;
    assert!(hub.app.user("carl").is_some());
    assert_eq!(hub.app.members("crew"), ["ann", "carl"]);
}

#[tokio::test]
async fn a_new_member_brings_a_group_back_that_is_gone() {
    let hub = hub(Drift::Report).await;
    let crew = post(&hub, "crew", &["ann"]).await;
    hub.engine.idle().await;
    hub.app.state().groups.retain(|_, g| g["displayName"] != "crew");
    hub.sync().await;
    assert_eq!(hub.app.state().groups.len(), 1, "it is only told");
    let bob = hub.id_of(USER, "bob").await.unwrap();
    hub.add_member(&crew, &bob).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("crew"), ["ann", "bob"]);
}

#[tokio::test]
async fn a_group_that_is_deleted_and_made_again_keeps_nobody_in() {
    let mut hub = hub(Drift::Report).await;
    let crew = post(&hub, "crew", &["ann", "bob"]).await;
    hub.engine.idle().await;
    hub.engine.stop().await;
    hub.delete(GROUP, &crew).await;
    post(&hub, "crew", &["ann"]).await;
    hub.restart("boot-2").await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("crew"), ["ann"]);
    assert_eq!(hub.app.state().groups.len(), 2);
}

#[tokio::test]
async fn whom_somebody_named_the_app_cannot_drop() {
    let hub = hub(Drift::Report).await;
    let staff = hub.id_of(GROUP, "staff").await.unwrap();
    let both = ids(&hub, &["ann", "bob"]).await;
    let replace = json!([{ "op": "replace", "path": "members", "value": both }]);
    hub.patch(GROUP, &staff, replace).await;
    hub.engine.idle().await;
    set_in_app(&hub, "staff", &["ann"]);
    hub.sync().await;
    assert_eq!(hub.shown("staff").await, ["ann", "bob"]);
}

#[tokio::test]
async fn a_group_that_is_posted_with_members_has_these_and_no_others() {
    for (drift, there) in [
        (Drift::Enforce, &["ann"][..]),
        (Drift::Report, &["ann", "bob"][..]),
    ] {
        for name in ["crew", "staff"] {
            let hub = hub(drift).await;
            post(&hub, name, &["ann"]).await;
            hub.engine.idle().await;
            set_in_app(&hub, name, &["ann", "bob"]);
            hub.sync().await;
            assert_eq!(hub.shown(name).await, ["ann"], "{drift:?} {name}");
            assert_eq!(hub.app.members(name), there, "{drift:?} {name}");
        }
    }
}

/// Our side decided that ann is in crew; the app has bob instead, and that is only told.
async fn reported() -> Hub {
    let hub = hub(Drift::Report).await;
    post(&hub, "crew", &["ann"]).await;
    hub.engine.idle().await;
    set_in_app(&hub, "crew", &["bob"]);
    hub.sync().await;
    assert_eq!(hub.shown("crew").await, ["ann"]);
    assert_eq!(hub.app.members("crew"), ["bob"]);
    hub
}

#[tokio::test]
async fn what_was_only_told_follows_a_new_policy() {
    for (drift, both) in [(Drift::Enforce, "ann"), (Drift::Adopt, "bob")] {
        let hub = reported().await;
        hub.set_policies(Policies {
            drift,
            ..Policies::default()
        })
        .await;
        hub.sync().await;
        assert_eq!(hub.app.members("crew"), [both], "{drift:?}");
        assert_eq!(hub.shown("crew").await, [both], "{drift:?}");
    }
}

#[tokio::test]
async fn a_policy_that_is_set_during_a_sync_is_what_it_goes_by() {
    let hub = reported().await;
    let gate = hub.app.hold_groups();
    hub.ask_sync().await;
    hub.app.somebody_waits().await;
    let edit = Edit {
        policies: Some(Policies {
            drift: Drift::Enforce,
            ..Policies::default()
        }),
        ..Edit::default()
    };
    hub.manager().edit(Actor::Hub, hub.id, edit).await.unwrap();
    hub.app.open(&gate);
    hub.engine.idle().await;
    assert_eq!(hub.app.members("crew"), ["ann"]);
}

#[tokio::test]
async fn a_group_that_the_app_made_anew_gets_whom_we_decided_about() {
    for told_first in [true, false] {
        let hub = hub(Drift::Report).await;
        post(&hub, "crew", &["ann", "bob"]).await;
        hub.engine.idle().await;
        hub.app.state().groups.retain(|_, g| g["displayName"] != "crew");
        if told_first {
            hub.sync().await;
        }
        hub.app.add_group("crew", &[]);
        hub.sync().await;
        assert_eq!(hub.app.members("crew"), ["ann", "bob"], "{told_first}");
        assert_eq!(hub.app.state().groups.len(), 2);
    }
}

#[tokio::test]
async fn a_group_of_the_apps_own_that_it_made_anew_is_followed() {
    let hub = hub(Drift::Enforce).await;
    hub.app.state().groups.clear();
    let ann = hub.app.user("ann").unwrap()["id"].as_str().unwrap().to_owned();
    hub.app.add_group("staff", &[&ann]);
    hub.sync().await;
    hub.sync().await;
    assert_eq!(hub.shown("staff").await, ["ann"]);
    assert_eq!(hub.app.members("staff"), ["ann"]);
    assert_eq!(hub.app.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn of_two_groups_of_one_name_each_finds_its_own_after_a_lost_answer() {
    let hub = hub(Drift::Report).await;
    post(&hub, "twin", &["ann"]).await;
    hub.engine.idle().await;
    hub.app.state().faults.push_back(Fault::Lost);
    post(&hub, "twin", &["bob"]).await;
    hub.until(Health::Healthy).await;
    let state = hub.app.state();
    let twins = state.groups.values().filter(|g| g["displayName"] == "twin");
    let held: Vec<usize> = twins.map(|g| g["members"].as_array().unwrap().len()).collect();
    assert_eq!(held, [1, 1]);
}

#[tokio::test]
async fn another_directory_begins_with_what_is_wanted() {
    let hub = reported().await;
    let (rows, delta) = hub
        .write(|tx, i| {
            let target = i.target.clone().unwrap();
            connect::attach(tx, i, &target, false)?;
            let i = instances::by_id(tx, i.id)?.unwrap();
            let crew = resources::by_name(tx, i.id, GROUP, "crew")?[0].row;
            Ok((
                members::stored(tx, crew)?.len(),
                members::delta(tx, crew, 10)?.len(),
            ))
        })
        .await;
    assert_eq!(
        (rows, delta),
        (1, 1),
        "ann is to be pushed, of bob nothing is known"
    );
}

#[tokio::test]
async fn an_addition_that_is_under_way_goes_with_the_person() {
    let hub = hub(Drift::Report).await;
    let row = async |kind, name: &'static str| {
        hub.read(move |rx, i| Ok(resources::by_name(rx, i.id, kind, name)?[0].row))
            .await
    };
    let (ann, bob, staff) = (
        row(USER, "ann").await,
        row(USER, "bob").await,
        row(GROUP, "staff").await,
    );
    let wanted = hub
        .write(move |tx, _| {
            members::remove(tx, staff, &[ann], false)?;
            members::remove(tx, staff, &[bob], false)?;
            members::add(tx, staff, &[ann], true)?;
            members::move_to(tx, ann, bob)?;
            members::delta(tx, staff, 10)
        })
        .await;
    assert_eq!(
        wanted.iter().map(|d| (d.member, d.wanted)).collect::<Vec<_>>(),
        [(bob, true)]
    );
}

#[tokio::test]
async fn two_hubs_on_one_app_do_not_fight_over_members_for_ever() {
    let hub = hub(Drift::Enforce).await;
    post(&hub, "crew", &["ann"]).await;
    hub.engine.idle().await;
    let mut put_right = 0;
    for _ in 0..6 {
        set_in_app(&hub, "crew", &["ann", "bob"]);
        hub.sync().await;
        put_right += usize::from(hub.app.members("crew") == ["ann"]);
    }
    assert_eq!(put_right, 3);
}

#[tokio::test]
async fn a_leaver_whom_a_group_does_not_let_go_is_failing() {
    let hub = hub(Drift::Report).await;
    for name in ["u1", "u2", "u3"] {
        hub.user(name).await;
    }
    let carl = hub.user("carl").await;
    post(&hub, "crew", &["ann", "carl"]).await;
    hub.engine.idle().await;
    hub.set(&carl, "active", json!(false)).await;
    hub.engine.idle().await;
    hub.app.state().faults.push_back(Fault::Status(400));
    hub.delete(USER, &carl).await;
    hub.engine.idle().await;
    let now = hub.status().await;
    assert_eq!(now.health, Health::Failing, "{}", now.reason);
}
