//! The mass deletions that users of other products reported in public, each under the name of its report: here they remove
//! nobody, or no more than the removal limit lets through before a person looks.

use std::time::Duration;

use rollcall::demo::relay::{Lie, Treatment};
use rollcall::model::{Health, RunPhase};
use serde_json::json;

use crate::support::Storm;
use crate::support::client::{id, person};
use crate::support::state::State;
use crate::support::storm::{Door, GROUPS, USERS, name, team};

/// More often than the hub tries.
const ALWAYS: usize = usize::MAX;
/// Accounts that may go before a person looks: max(5, 10 %).
const LIMIT: usize = 5;

/// The provider manages all of them, people and groups, as it does after its first cycle.
async fn managed() -> Storm {
    let mut storm = Storm::new().await;
    for n in 0..USERS {
        storm.source.titled(&name(n), "Staff").await;
    }
    for n in 0..GROUPS {
        storm.source.entered(&team(n), &name(20)).await;
    }
    storm.calm().await;
    storm.unharmed("before the mistake").await;
    storm
}

/// Day after day the same mistake.
async fn syncs_removing_nobody(storm: &Storm, doors: &[Door], treatment: Treatment, when: &str) {
    storm.script.carried();
    storm.script.arm(doors, treatment, ALWAYS);
    for day in 1..=3 {
        storm.sync().await;
        storm.unharmed(&format!("{when}, day {day}")).await;
        storm.clock.advance(Duration::from_secs(24 * 60 * 60));
    }
    assert!(storm.script.disarm() >= 3, "{when}: the fault was not met");
    let wrote = storm.script.carried();
    assert!(wrote.is_empty(), "{when}: {wrote:?}");
    storm.calm().await;
    storm.sync().await;
    let run = storm.status().await.run.unwrap();
    assert_eq!((run.phase, run.counts.unseen), (RunPhase::Done, 0), "{when}");
    storm.unharmed(&format!("{when}, afterwards")).await;
}

/// awslabs/ssosync #234: one page of users was answered 503, and the groups whose people were not read were deleted.
#[tokio::test(flavor = "multi_thread")]
async fn ssosync_234_a_page_that_fails_removes_no_user_and_no_group() {
    let storm = managed().await;
    let busy = Treatment::scim_error(503, "Service Unavailable");
    for door in [Door::Page("Users", 11), Door::Page("Groups", 11)] {
        syncs_removing_nobody(&storm, &[door], busy.clone(), &format!("503 at {door:?}")).await;
    }
    storm.g.stop().await;
}

/// awslabs/ssosync #194: the source answered an empty list, and all users and groups were removed.
#[tokio::test(flavor = "multi_thread")]
async fn ssosync_194_an_empty_list_removes_nobody() {
    let storm = managed().await;
    let (users, groups) = (Door::Pages("Users"), Door::Pages("Groups"));
    let empty = Treatment::Retold(Lie::Empty);
    for doors in [&[users][..], &[groups], &[users, groups]] {
        syncs_removing_nobody(&storm, doors, empty.clone(), &format!("empty {doors:?}")).await;
    }
    storm.g.stop().await;
}

/// goauthentik/authentik #19295: a mistake in an LDAP filter emptied the source, and all users were deleted in the target.
/// Here the identity provider deletes everybody and every group; five go before a person looks, and when the filter is
/// mended the rest were never touched.
#[tokio::test(flavor = "multi_thread")]
async fn authentik_19295_a_filter_that_matches_nobody_is_stopped() {
    let storm = managed().await;
    let before = State::read(&storm.g.direct).await;
    storm.script.carried();

    for (endpoint, names) in [
        ("Groups", (0..GROUPS).map(team).collect::<Vec<_>>()),
        ("Users", (0..USERS).map(name).collect()),
    ] {
        for one in names {
            let there = id(storm.g.idp.named(endpoint, &one).await.unwrap());
            let answer = storm.g.idp.delete(&format!("/{endpoint}/{there}")).await;
            assert_eq!(answer.status, 204);
        }
    }
    storm.g.hub.idle().await;
    let told = storm.status().await;
    assert_eq!(told.health, Health::Held, "{told:?}");
    // An hour later the window is another, but those who wait go on waiting for a person.
    for _ in 0..3 {
        storm.clock.advance(Duration::from_secs(61 * 60));
        storm.g.hub.idle().await;
    }
    storm.sync().await;
    let after = State::read(&storm.g.direct).await;
    let removed: Vec<&String> = before
        .users
        .keys()
        .filter(|n| !after.users.contains_key(*n))
        .collect();
    assert!(removed.len() <= LIMIT, "{removed:?} are gone");
    assert!(after.groups.len() + LIMIT >= GROUPS, "{:?}", after.groups.keys());
    assert!(storm.held().await >= USERS - LIMIT, "the others wait");
    assert!(after.active().len() >= USERS - LIMIT);

    // The filter is mended: the provider makes everybody again.
    let ids = |state: &State| state.users.keys().cloned().collect::<Vec<_>>();
    for n in 0..USERS {
        let mut body = person(&name(n));
        body["title"] = json!("Staff");
        storm.g.idp.post("/Users", body).await.expect(201);
    }
    for n in 0..GROUPS {
        let mut members = Vec::new();
        for user in (n..n + 3).chain([20]) {
            members.push(id(storm.g.idp.named("Users", &name(user)).await.unwrap()));
        }
        let members: Vec<&str> = members.iter().map(String::as_str).collect();
        storm.g.idp.group(&team(n), &members).await;
    }
    storm.calm().await;
    storm.unharmed("after the mistake was mended").await;
    assert_eq!(ids(&State::read(&storm.g.direct).await), ids(&before));
    let made = storm.script.carried();
    let made = made
        .iter()
        .filter(|w| w.starts_with("POST ") && w.contains("/Users"));
    assert_eq!(made.count(), removed.len(), "only who was gone is made anew");
    storm.g.stop().await;
}

/// The same the other way round: the app's list loses an attribute that everybody has.
#[tokio::test(flavor = "multi_thread")]
async fn authentik_19295_an_attribute_that_nobody_has_any_more_removes_nobody() {
    let storm = managed().await;
    for attribute in ["id", "userName", "displayName"] {
        let without = Treatment::Retold(Lie::Without(attribute));
        let doors = [Door::Pages("Users"), Door::Pages("Groups")];
        let when = format!("without {attribute}");
        syncs_removing_nobody(&storm, &doors, without, &when).await;
    }
    storm.g.stop().await;
}
