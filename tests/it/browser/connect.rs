//! The main way through the product: set up, connect an app, hand out a key, watch a person arrive, see the app fail
//! and come back.

use serde_json::json;

use super::owner;
use crate::support::client::person;
use crate::support::tools::{App, FaultProxy};
use crate::support::{Scim, TestHub};

const USERS: usize = 500;
const GROUPS: usize = 20;
/// Of the instance, which is called "Real app".
const HOME: &str = "/instances/real-app";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_admin_connects_an_app_in_a_browser() {
    let dir = tempfile::tempdir().unwrap();
    let (app, mut proxy) = tokio::task::block_in_place(|| {
        let app = App::start(dir.path(), "a-token-of-the-real-app-5Kd8");
        app.seed(USERS, GROUPS);
        let proxy = FaultProxy::start(dir.path(), &app);
        (app, proxy)
    });
    let hub = TestHub::start().await;
    hub.remember(&app.token);
    let mut browser = owner(&hub).await;

    browser.says(&["Nothing is connected yet"]).await;
    browser.press("Connect an app").await;
    browser.press("Generic SCIM 2.0").await;

    let wrong = "a-token-that-is-wrong-9Xw3";
    hub.remember(wrong);
    browser.fill("name", "Real app").await;
    browser.fill("base_url", &proxy.base()).await;
    browser.fill("token", wrong).await;
    browser.press("Connect").await;
    browser.says(&["401", &proxy.host(), "it was not kept"]).await;
    assert_eq!(browser.value("name").await, "Real app");
    assert_eq!(browser.value("base_url").await, proxy.base());
    assert_eq!(browser.value("token").await, "", "a token is never filled in");

    browser
        .fill("base_url", &format!(" {}/Users/", proxy.base()))
        .await;
    browser.fill("token", &format!("Bearer {} ", app.token)).await;
    browser.press("Connect").await;
    assert_eq!(browser.path().await, HOME);
    browser.says(&["Connected.", "was cut off"]).await;
    browser
        .comes_to_say(&["Healthy", "People\n500", "Groups\n20", "Pending\n0 changes"])
        .await;

    let key = new_key(&hub, &mut browser).await;
    let idp = Scim::new(hub.base("real-app"), &key);
    let id = idp.user("ada.byron@example.com").await;
    browser.open(&format!("{HOME}/users")).await;
    browser.fill("q", "ada.byron").await;
    browser.press("Search").await;
    browser.press("ada.byron@example.com").await;
    let page = browser.path().await;
    assert_eq!(page, format!("{HOME}/users/{id}"));
    browser.open_until(&page, &["In step"]).await;
    browser
        .says(&[
            "userName",
            "Owned here",
            "was created",
            "was created in the app",
            "Okta",
        ])
        .await;

    proxy.fault(json!({"path": "^/v2", "status": 503})).await;
    let change = json!([{"op": "replace", "path": "title", "value": "Countess"}]);
    idp.patch(&format!("/Users/{id}"), change).await.expect(200);
    browser
        .open_until(HOME, &["Failing", "503", &proxy.host(), "Next try"])
        .await;
    browser.open("/").await;
    browser.says(&["The instance needs you.", "Failing", "503"]).await;
    proxy.pass().await;
    browser.open_until(HOME, &["Healthy", "Pending\n0 changes"]).await;
    let direct = Scim::new(app.base(), &app.token);
    let theirs = direct.named("Users", "ada.byron@example.com").await.unwrap();
    assert_eq!(theirs["title"], "Countess");
    assert_eq!(
        theirs["emails"][0]["value"],
        person("ada.byron@example.com")["emails"][0]["value"]
    );

    browser.press("Sign out").await;
    assert_eq!(browser.path().await, "/login");
    for path in ["/", "/catalog", HOME, &page] {
        browser.open(path).await;
        assert!(
            browser.path().await.starts_with("/login"),
            "{path} is shown to anybody"
        );
    }
    drop(browser);
    hub.stop().await;
}

/// Made on the page of the keys; it is shown once.
async fn new_key(hub: &TestHub, browser: &mut crate::support::browser::Browser) -> String {
    browser.press("Create a key").await;
    browser.fill("name", "Okta").await;
    browser.press("Create key").await;
    browser.says(&["This key is shown once."]).await;
    let key = browser.value("key").await;
    assert!(key.starts_with("rc_"), "{key}");
    hub.remember(&key);
    browser.reload().await;
    browser.says(&["This key was shown already"]).await;
    browser.press("Back to the keys").await;
    browser.says(&["Okta", "never"]).await;
    let source = browser.js("return document.documentElement.outerHTML").await;
    assert!(!source.as_str().unwrap().contains(&key));
    assert_eq!(
        browser
            .js("return document.querySelectorAll('tbody tr').length")
            .await,
        1
    );
    key
}
