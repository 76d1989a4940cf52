//! Apps that are known to refuse something, that show less than they hold, or of which something was learnt on the way.

use serde_json::json;

use super::app::{App, Fault, GROUP, USER};
use super::hub::Hub;
use crate::model::policies::Leaver;
use crate::model::{Actor, Health, Policies, Verb};
use crate::secret::Secret;
use crate::store::{jobs, resources};
use crate::sync::manage::Edit;

async fn rename(hub: &Hub, id: &str, name: &str) {
    let operation = json!([{ "op": "replace", "path": "displayName", "value": name }]);
    hub.patch(GROUP, id, operation).await;
    hub.engine.idle().await;
}

/// What an admin who looks sees of one group's push.
async fn said(hub: &Hub, name: &'static str) -> Option<String> {
    hub.read(move |rx, i| {
        let group = resources::by_name(rx, i.id, GROUP, name)?.pop().unwrap();
        Ok(jobs::of_resource(rx, i.id, group.row)?.and_then(|job| job.last_error))
    })
    .await
}

#[tokio::test]
async fn a_group_that_cannot_be_renamed_is_told_once_and_its_members_go_on() {
    let hub = Hub::start().await;
    hub.know(|known| known.note(GROUP, Verb::Rename, true)).await;
    let staff = hub.id_of(GROUP, "staff").await.unwrap();
    rename(&hub, &staff, "crew").await;
    assert_eq!(hub.app.writes(), Vec::<String>::new(), "it is not even asked");
    let bob = hub.id_of(USER, "bob").await.unwrap();
    hub.add_member(&staff, &bob).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.writes(), ["PATCH Groups"]);
    assert_eq!(hub.app.members("staff"), ["ann", "bob"]);
    hub.sync().await;
    hub.sync().await;
    assert_eq!(hub.app.writes(), Vec::<String>::new());
    let told = hub.told("push.not_taken").await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("displayName") && told[0].contains("cannot be renamed"),
        "{told:?}"
    );
    let now = hub.status().await;
    assert_eq!(
        (now.health, now.pending, now.rejected),
        (Health::Healthy, 0, 0),
        "{}",
        now.reason
    );
    assert!(hub.id_of(GROUP, "crew").await.is_some(), "here it has its name");
}

#[tokio::test]
async fn a_group_that_cannot_be_made_is_linked_once_somebody_made_it_there() {
    let hub = Hub::start().await;
    hub.know(|known| known.note(GROUP, Verb::Create, true)).await;
    let bob = hub.id_of(USER, "bob").await.unwrap();
    let body = json!({ "schemas": [], "displayName": "new", "members": [{ "value": bob }] });
    let id = hub.post(GROUP, body).await;
    hub.engine.idle().await;
    hub.patch(
        GROUP,
        &id,
        json!([{ "op": "replace", "path": "externalId", "value": "x" }]),
    )
    .await;
    hub.engine.idle().await;
    assert_eq!(hub.app.writes(), Vec::<String>::new());
    assert_eq!(hub.told("push.not_made").await.len(), 1, "told once");
    let now = hub.status().await;
    assert_eq!((now.health, now.rejected), (Health::Healthy, 0), "{}", now.reason);
    hub.app.add_group("new", &[]);
    hub.sync().await;
    assert_eq!(hub.app.members("new"), ["bob"]);
}

#[tokio::test]
async fn that_no_group_can_be_made_is_learnt_by_one() {
    for status in [405, 501] {
        let hub = Hub::start().await;
        hub.app.state().no_new_groups = Some(status);
        for name in ["one", "two"] {
            hub.post(GROUP, json!({ "schemas": [], "displayName": name }))
                .await;
            hub.engine.idle().await;
        }
        assert_eq!(hub.app.writes(), ["POST Groups refused"], "{status}");
        assert_eq!(hub.told("instance.learnt").await.len(), 1);
        assert_eq!(hub.told("push.not_made").await.len(), 2, "of each it is told");
        let now = hub.status().await;
        assert_eq!((now.health, now.rejected), (Health::Healthy, 0), "{}", now.reason);
    }
}

#[tokio::test]
async fn a_refused_delete_is_learnt_once_and_leavers_are_switched_off() {
    for status in [405, 501] {
        let app = App::start().await;
        for n in 0..20 {
            app.add_user(&format!("u{n}"));
        }
        app.state().no_delete = Some(status);
        let policies = Policies {
            leaver: Leaver::Delete,
            ..Policies::default()
        };
        let hub = Hub::with(app, policies).await;
        hub.engine.idle().await;
        for name in ["u1", "u2"] {
            let id = hub.user(name).await;
            hub.engine.idle().await;
            hub.delete(USER, &id).await;
            hub.engine.idle().await;
            assert_eq!(hub.app.user(name).unwrap()["active"], false, "{status}");
        }
        assert_eq!(
            hub.app.writes(),
            ["DELETE Users refused", "PATCH Users", "PATCH Users"],
            "{status}"
        );
        let learnt = hub.told("instance.learnt").await;
        assert_eq!(learnt.len(), 1, "{learnt:?}");
        let told = hub.told("push.deactivated").await;
        assert!(told.iter().all(|why| why.contains("deletes nobody")), "{told:?}");
        assert!(hub.known().await.refuses(USER, Verb::Delete));
        hub.sync().await;
        let now = hub.status().await;
        assert_eq!((now.health, now.users), (Health::Healthy, 18), "{}", now.reason);
    }
}

#[tokio::test]
async fn a_leaver_whom_the_app_cannot_switch_off_stays_in_sight_and_nothing_is_sent() {
    let hub = Hub::start().await;
    hub.know(|known| known.note(USER, Verb::Deactivate, true)).await;
    let ann = hub.user("ann").await;
    hub.engine.idle().await;
    hub.set(&ann, "active", json!(false)).await;
    let now = hub.until(Health::Failing).await;
    assert_eq!(now.rejected, 1, "{}", now.reason);
    assert_eq!(hub.app.writes(), Vec::<String>::new());
    assert_eq!(hub.app.user("ann").unwrap()["active"], true);
    hub.set(&ann, "active", json!(true)).await;
    hub.until(Health::Healthy).await;
}

#[tokio::test]
async fn what_was_learnt_of_patch_is_told_once_and_survives_checks() {
    let hub = Hub::start().await;
    hub.app.state().no_patch = Some(405);
    let ann = hub.user("ann").await;
    hub.set(&ann, "title", json!("Captain")).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.state().refused_patches, 1);
    let edit = Edit {
        token: Some(Secret::new("another-token".into())),
        ..Edit::default()
    };
    hub.manager().edit(Actor::Hub, hub.id, edit).await.unwrap();
    hub.engine.idle().await;
    hub.manager().probe(Actor::Hub, hub.id, false).await.unwrap();
    assert_eq!(hub.known().await.put_only, [USER]);
    hub.set(&ann, "title", json!("Major")).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.user("ann").unwrap()["title"], "Major");
    assert_eq!(hub.app.state().refused_patches, 1, "it is not tried again");
    let told = hub.told("instance.learnt").await;
    assert!(told.len() == 1 && told[0].contains("PATCH of users"), "{told:?}");

    // A check that writes sees that PATCH is there now.
    hub.app.state().no_patch = None;
    hub.manager().probe(Actor::Hub, hub.id, true).await.unwrap();
    assert!(hub.known().await.put_only.is_empty());
    hub.app.writes();
    hub.set(&ann, "title", json!("Admiral")).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.writes(), ["PATCH Users"]);
}

#[tokio::test]
async fn a_group_whose_members_are_hidden_is_never_written_whole() {
    let hub = Hub::start().await;
    hub.app.state().no_patch = Some(405);
    hub.app.state().hides_members = true;
    let staff = hub.id_of(GROUP, "staff").await.unwrap();
    let bob = hub.id_of(USER, "bob").await.unwrap();
    hub.add_member(&staff, &bob).await;
    hub.engine.idle().await;
    rename(&hub, &staff, "crew").await;
    hub.sync().await;
    assert_eq!(hub.app.writes(), Vec::<String>::new());
    assert_eq!(hub.app.members("staff"), ["ann"], "nobody was taken out");
    let why = said(&hub, "crew").await.unwrap();
    assert!(why.contains("shows no members") && why.contains("sync"), "{why}");
    hub.app.state().hides_members = false;
    hub.write(|tx, i| {
        let group = resources::by_name(tx, i.id, GROUP, "crew")?.pop().unwrap();
        jobs::try_again(tx, i.id, group.row)
    })
    .await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("crew"), ["ann", "bob"]);
}

#[tokio::test]
async fn a_group_that_was_emptied_there_is_written_whole_after_a_sync() {
    let hub = Hub::start().await;
    hub.app.state().no_patch = Some(405);
    let group = hub.app.state().groups.keys().next().unwrap().clone();
    hub.app.state().groups.get_mut(&group).unwrap()["members"] = json!([]);
    let staff = hub.id_of(GROUP, "staff").await.unwrap();
    let bob = hub.id_of(USER, "bob").await.unwrap();
    hub.add_member(&staff, &bob).await;
    hub.engine.idle().await;
    assert_eq!(hub.app.members("staff"), Vec::<String>::new());
    assert_eq!(hub.status().await.rejected, 1);
    hub.app
        .add_group("other", &[hub.app.user("ann").unwrap()["id"].as_str().unwrap()]);
    hub.sync().await;
    assert_eq!(hub.app.members("staff"), ["bob"], "what was read is believed");
    assert_eq!(hub.status().await.rejected, 0);
}

#[tokio::test]
async fn an_app_that_ignores_filters_is_looked_through_before_anybody_is_made_twice() {
    for known in [None, Some(false)] {
        let app = App::start().await;
        for n in 0..30 {
            app.add_user(&format!("u{n:02}"));
        }
        app.state().ignores_filters = true;
        let hub = Hub::with(app, Policies::default()).await;
        hub.engine.idle().await;
        hub.know(move |c| c.filters.user_name = known).await;
        hub.app.state().faults.push_back(Fault::Lost);
        let id = hub.user("zoe").await;
        hub.engine.idle().await;
        hub.until(Health::Healthy).await;
        assert_eq!(hub.app.writes(), ["POST Users"], "{known:?}");
        hub.set(&id, "title", json!("Clerk")).await;
        hub.engine.idle().await;
        assert_eq!(hub.app.user("zoe").unwrap()["title"], "Clerk");
    }
}

#[tokio::test]
async fn where_lists_leave_members_out_each_group_is_read_alone() {
    let hub = Hub::start().await;
    hub.app.state().lists_no_members = true;
    hub.know(|known| known.members_listed = Some(false)).await;
    let (bob, group) = {
        let bob = hub.app.user("bob").unwrap()["id"].as_str().unwrap().to_owned();
        (bob, hub.app.state().groups.keys().next().unwrap().clone())
    };
    hub.app.state().groups.get_mut(&group).unwrap()["members"] = json!([{ "value": bob }]);
    hub.sync().await;
    let shown = hub
        .read(|rx, i| {
            let group = resources::by_name(rx, i.id, GROUP, "staff")?.pop().unwrap();
            let all = crate::store::members::list(rx, group.row, 0, 10)?;
            Ok(all.into_iter().map(|m| m.display).collect::<Vec<_>>())
        })
        .await;
    assert_eq!(shown, ["bob"]);
    let before = hub.app.state().requests;
    hub.sync().await;
    assert_eq!(hub.app.state().requests - before, 3, "two lists and one group");
    // A read that shows nobody takes nobody out.
    hub.app.state().hides_members = true;
    hub.sync().await;
    assert_eq!(hub.app.writes(), Vec::<String>::new());
    let bob = hub.id_of(USER, "bob").await.unwrap();
    let groups = hub
        .read(move |rx, i| {
            let bob = resources::by_id(rx, i.id, USER, &bob)?.unwrap();
            crate::store::members::groups_of(rx, bob.row)
        })
        .await;
    assert_eq!(groups.len(), 1);
}
