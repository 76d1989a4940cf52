//! The mapping of an app that is known to need one: it is there from the start, is changed and come back to; and who cannot
//! be sent because of it is told so, with the way to mend it.

use super::owner;
use crate::support::client::person;
use crate::support::gateway::app;
use crate::support::{Scim, TestHub};

const HOME: &str = "/instances/pagerduty";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_app_begins_with_its_mapping_and_what_it_stops_is_mended() {
    let (app, there, direct) = app().await;
    let hub = TestHub::start().await;
    hub.remember(&direct.key);
    let mut browser = owner(&hub).await;
    for (slug, auth, header) in [
        ("proof", "header", "ApiKey"),
        ("aws-iam-identity-center", "bearer", ""),
        ("docusign", "bearer", ""),
        ("pingone", "oauth", ""),
    ] {
        browser.open(&format!("/catalog/{slug}/connect")).await;
        assert_eq!(browser.value("auth").await, auth, "{slug}");
        assert_eq!(browser.value("auth_header").await, header, "{slug}");
    }
    browser.open("/catalog/pagerduty/connect").await;
    browser
        .says(&["begins with a mapping of userName, displayName"])
        .await;
    browser.fill("name", "PagerDuty").await;
    let base = format!("http://{}/scim/{}/v2", app.server.address(), there.slug);
    browser.fill("base_url", &base).await;
    browser.fill("token", &direct.key).await;
    browser.press("Connect").await;
    browser.comes_to_say(&["Healthy"]).await;

    let page = format!("{HOME}/mapping");
    browser.open(&page).await;
    browser
        .says(&[
            "These rows are what PagerDuty is known to need.",
            "Default of PagerDuty",
            "Required",
            "Nobody is here yet.",
        ])
        .await;
    assert!(
        !browser.text().await.contains("nothing is sent"),
        "of nobody nothing is known"
    );
    browser.fill("template-2", "{{ nickName }}").await;
    browser.press("Save the template of displayName").await;
    browser
        .says(&[
            "another mapping than PagerDuty is known to need",
            "Changed from the default",
        ])
        .await;

    let found = hub
        .server
        .hub()
        .store
        .read(|rx| rollcall::store::instances::by_slug(rx, "pagerduty"));
    let idp: Scim = hub.client(&found.await.unwrap().unwrap()).await;
    let made = idp.post("/Users", person("ada@example.com")).await.expect(201);
    let theirs = format!("{HOME}/users/{}", made["id"].as_str().unwrap());
    browser
        .open_until(
            &theirs,
            &[
                "Rejected",
                "Our mapping of displayName: it gives no value",
                "PagerDuty was not asked.",
                "was not sent: our mapping of displayName: it gives no value",
            ],
        )
        .await;
    browser.open(HOME).await;
    browser
        .says(&["Degraded", "not sent: our mapping gives nothing that can be"])
        .await;
    browser.open(&theirs).await;
    browser.press("the mapping").await;
    assert_eq!(browser.path().await, format!("{page}?user=ada%40example.com"));
    browser
        .says(&[
            "Examples are of ada@example.com",
            "It gives no value, and the app takes nobody new",
        ])
        .await;
    browser.press("Go back to the default of PagerDuty").await;
    browser.says(&["Saved.", "Given ada"]).await;
    assert!(browser.path().await.ends_with("?user=ada%40example.com"));
    browser.open_until(&theirs, &["In step"]).await;
    let account = direct.named("Users", "ada@example.com").await.unwrap();
    assert_eq!(account["displayName"], "Given ada");
    hub.remember(&idp.key);
    drop(browser);
    hub.stop().await;
    app.stop().await;
}
