//! The removal limit at its edges, and what Allow and Reject do.

use rollcall::model::{Health, InstanceId, Removal};
use rollcall::store::{Lane, StoreError, removals};
use rollcall::sync::removal;
use serde_json::json;

use crate::support::client::id;
use crate::support::hub::admin;
use crate::support::{Gateway, TestHub};

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("u{i}@example.com")).collect()
}

async fn gateway(people: usize) -> (Gateway, Vec<String>) {
    let names = names(people);
    let g = Gateway::with_people(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    (g, names)
}

async fn end(g: &Gateway, names: &[String]) {
    for name in names {
        let user = id(g.idp.named("Users", name).await.unwrap());
        g.idp
            .patch(
                &format!("/Users/{user}"),
                json!([{"op": "replace", "path": "active", "value": false}]),
            )
            .await
            .expect(200);
    }
    g.hub.wait(g.instance.id, "at rest", |s| s.pending == 0).await;
    g.hub.idle().await;
}

async fn held(hub: &TestHub, id: InstanceId) -> Vec<Removal> {
    hub.server
        .hub()
        .store
        .read(move |rx| removals::held(rx, id, 1000))
        .await
        .unwrap()
}

async fn active(g: &Gateway) -> usize {
    crate::support::state::State::read(&g.direct).await.active().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_limit_all_go_and_past_it_the_next_one_waits() {
    // max(5, 10 %) of 40 is 5.
    for (asked, gone) in [(4, 4), (5, 5), (6, 5)] {
        let (g, names) = gateway(40).await;
        end(&g, &names[..asked]).await;
        assert_eq!(active(&g).await, 40 - gone, "{asked} asked");
        let waiting = held(&g.hub, g.instance.id).await;
        assert_eq!(waiting.len(), asked - gone);
        let status = g.hub.status(g.instance.id).await;
        assert_eq!(status.health == Health::Held, asked > gone, "{status:?}");
        if asked > gone {
            // Only removals wait.
            g.idp.user("new@example.com").await;
            g.hub.wait(g.instance.id, "created", |s| s.pending == 0).await;
            assert!(g.direct.named("Users", "new@example.com").await.is_some());
        }
        g.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn few_people_are_guarded_too() {
    // How many of so many may go before one has to wait: never all, and from 3 up not more than half.
    for (people, may_go) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
        let (g, names) = gateway(people).await;
        end(&g, &names).await;
        assert_eq!(active(&g).await, people - may_go, "of {people}");
        assert_eq!(
            held(&g.hub, g.instance.id).await.len(),
            people - may_go,
            "of {people}"
        );
        g.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn allow_frees_the_listed_ones_and_reject_keeps_the_others() {
    let (g, names) = gateway(12).await;
    end(&g, &names[..8]).await;
    let waiting = held(&g.hub, g.instance.id).await;
    assert_eq!((active(&g).await, waiting.len()), (7, 3));
    let instance = g.instance.id;
    let (allowed, rejected) = (waiting[0].id, vec![waiting[1].id, waiting[2].id]);
    let store = &g.hub.server.hub().store;
    let decide = store.write(Lane::Front, Some(instance), move |tx| -> Result<_, StoreError> {
        removal::allow(tx, instance, &[allowed], &admin())?;
        removal::reject(tx, instance, &rejected, &admin())
    });
    decide.await.unwrap();
    g.hub
        .wait(instance, "allowed one gone", |s| {
            s.health != Health::Held && s.pending == 0
        })
        .await;
    g.hub.idle().await;
    assert_eq!(active(&g).await, 6);
    // A rejected one is left alone until our side changes.
    g.hub.sync(instance).await;
    assert_eq!(active(&g).await, 6);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_replace_of_members_waits() {
    let (g, _) = gateway(60).await;
    let group = id(g.idp.named("Groups", "Everyone").await.unwrap());
    g.idp
        .patch(
            &format!("/Groups/{group}"),
            json!([{"op": "replace", "path": "members", "value": []}]),
        )
        .await;
    g.hub
        .wait(g.instance.id, "held", |s| s.health == Health::Held)
        .await;
    g.hub.idle().await;
    let left = g.direct.named("Groups", "Everyone").await.unwrap()["members"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(left, 10, "50 may go, the rest waits");
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_the_idp_deletes_may_be_the_last_one() {
    let (g, _) = gateway(6).await;
    let group = id(g.idp.named("Groups", "Everyone").await.unwrap());
    assert_eq!(g.idp.delete(&format!("/Groups/{group}")).await.status, 204);
    g.hub
        .wait(g.instance.id, "held", |s| s.health == Health::Held)
        .await;
    assert!(
        g.direct.named("Groups", "Everyone").await.is_some(),
        "none would be left: a person decides"
    );
    g.stop().await;
}
