//! What the app holds appears unmanaged; whoever writes to it manages it; what nobody owns follows the app.

use serde_json::json;

use crate::support::Gateway;
use crate::support::client::{id, person};

const PEOPLE: &[&str] = &["ada@example.com", "ben@example.com", "cleo@example.com"];

#[tokio::test(flavor = "multi_thread")]
async fn a_post_adopts_what_the_app_holds_already() {
    let g = Gateway::with_people(PEOPLE).await;
    let there = g.idp.named("Users", "ada@example.com").await.unwrap();
    let adopted = g.idp.post("/Users", person("ADA@example.com")).await.expect(201);
    assert_eq!(adopted["id"], there["id"]);
    g.idp
        .post("/Users", person("ada@example.com"))
        .await
        .refused(409, Some("uniqueness"));
    g.settled().await;
    assert_eq!(
        g.count("POST", "/Users"),
        0,
        "the account is there: it is never made anew"
    );
    let group = g.idp.named("Groups", "Everyone").await.unwrap();
    let body = json!({"schemas": [], "displayName": "Everyone"});
    assert_eq!(g.idp.post("/Groups", body).await.expect(201)["id"], group["id"]);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_owns_follows_the_app() {
    let g = Gateway::with_people(PEOPLE).await;
    let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
    // An identity provider that sets `active` has not claimed the title.
    g.idp
        .patch(
            &format!("/Users/{ada}"),
            json!([{"op": "replace", "path": "nickName", "value": "Ace"}]),
        )
        .await
        .expect(200);
    g.settled().await;
    let there = id(g.direct.named("Users", "ada@example.com").await.unwrap());
    let change = json!([{"op": "replace", "path": "title", "value": "Countess"}, {"op": "replace", "path": "nickName", "value": "Other"}]);
    g.direct
        .patch(&format!("/Users/{there}"), change)
        .await
        .expect(200);
    g.hub.sync(g.instance.id).await;
    let now = g.idp.get(&format!("/Users/{ada}")).await.expect(200);
    assert_eq!(
        (now["title"].as_str(), now["nickName"].as_str()),
        (Some("Countess"), Some("Ace"))
    );
    let kept = g.direct.get(&format!("/Users/{there}")).await.expect(200);
    assert_eq!(
        kept["nickName"], "Other",
        "the default policy reports and leaves it"
    );
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_new_in_the_app_appear_here() {
    let g = Gateway::with_people(PEOPLE).await;
    g.direct.user("new@example.com").await;
    g.hub.sync(g.instance.id).await;
    assert!(g.idp.named("Users", "new@example.com").await.is_some());
    assert_eq!(g.writes(), 0);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_before_the_first_import_meets_the_account_that_is_there() {
    let (app, app_instance, direct) = crate::support::gateway::app().await;
    direct.user("ada@example.com").await;
    let hub = crate::support::TestHub::start().await;
    let base = format!("http://{}/scim/{}/v2", app.server.address(), app_instance.slug);
    let (instance, idp) = hub.receiver("Later").await;
    idp.post("/Users", person("ada@example.com")).await.expect(201);
    idp.post("/Users", person("ben@example.com")).await.expect(201);
    let edit = rollcall::sync::manage::Edit {
        base_url: Some(base),
        token: Some(rollcall::secret::Secret::new(direct.key.clone())),
        ..Default::default()
    };
    hub.edit(instance.id, edit).await.unwrap();
    hub.wait(instance.id, "attached", |s| {
        s.last_sync_at.is_some() && s.pending == 0
    })
    .await;
    hub.idle().await;
    use crate::support::state::State;
    assert_eq!(State::read(&idp).await, State::read(&direct).await);
    hub.stop().await;
    app.stop().await;
}
