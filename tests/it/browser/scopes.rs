//! Groups only: what is asked when an app is connected, what the pages say of people without an account, and how an admin
//! changes their mind.

use super::owner;
use crate::support::client::person;
use crate::support::gateway::app;
use crate::support::{Scim, TestHub};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn groups_alone_are_connected_in_a_browser() {
    let (app, there, direct) = app().await;
    direct.user("ada@example.com").await;
    let hub = TestHub::start().await;
    hub.remember(&direct.key);
    let mut browser = owner(&hub).await;
    browser.open("/catalog/generic-scim/connect").await;
    let asked = "When an identity provider creates or changes a person";
    assert!(
        !browser.text().await.contains(asked),
        "asked only where it counts"
    );
    browser.tick("[name=scope][value=groups]").await;
    browser.says(&[asked, "Acknowledge it", "Refuse it"]).await;
    browser.tick("[name=scope][value=users]").await;
    assert!(!browser.text().await.contains(asked));
    browser.tick("[name=scope][value=groups]").await;
    browser.tick("[name=user_writes][value=refuse]").await;
    browser.fill("name", "Teams").await;
    let base = format!("http://{}/scim/{}/v2", app.server.address(), there.slug);
    browser.fill("base_url", &base).await;
    browser.fill("token", &direct.key).await;
    browser.press("Connect").await;
    browser
        .comes_to_say(&["Healthy", "groups only; writes of users are refused"])
        .await;

    let teams = hub
        .server
        .hub()
        .store
        .read(|rx| rollcall::store::instances::by_slug(rx, "teams"))
        .await
        .unwrap()
        .unwrap();
    let idp: Scim = hub.client(&teams).await;
    let cleo = person("cleo@example.com");
    assert_eq!(idp.post("/Users", cleo.clone()).await.status, 403);
    browser.open("/instances/teams/settings").await;
    browser.says(&[asked]).await;
    browser.tick("[name=user_writes][value=acknowledge]").await;
    browser.press("Save").await;
    idp.post("/Users", cleo).await.expect(201);

    let ada = crate::support::client::id(idp.named("Users", "ada@example.com").await.unwrap());
    let cleo = crate::support::client::id(idp.named("Users", "cleo@example.com").await.unwrap());
    let team = idp.group("Team", &[&ada, &cleo]).await;
    browser
        .open_until(
            &format!("/instances/teams/groups/{team}"),
            &["1 member has no account in", "In step", "No account there"],
        )
        .await;
    browser.open("/instances/teams/users").await;
    browser.says(&["Has an account", "No account"]).await;
    browser
        .open_until(
            &format!("/instances/teams/users/{cleo}"),
            &[
                "Nobody there has this userName",
                "Done here only",
                "has no account in the app",
            ],
        )
        .await;
    drop(browser);
    hub.stop().await;
    app.stop().await;
}
