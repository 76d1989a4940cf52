//! The pages as people use them: in Chromium, with a real hub behind them.

#[path = "browser/connect.rs"]
mod connect;
#[path = "browser/lifecycle.rs"]
mod lifecycle;
#[path = "browser/mapping.rs"]
mod mapping;
#[path = "browser/pages.rs"]
mod pages;
#[path = "browser/picture.rs"]
mod picture;
#[path = "browser/scopes.rs"]
mod scopes;

use crate::support::TestHub;
use crate::support::browser::Browser;

const EMAIL: &str = "admin@example.com";
const PASSWORD: &str = "correct horse battery staple";

/// A browser whose visitor has made the first admin account.
async fn owner(hub: &TestHub) -> Browser {
    let mut browser = Browser::start(&format!("http://{}", hub.server.address())).await;
    let mut code = String::new();
    hub.server.setup().show(|shown| code = shown.to_owned());
    hub.remember(&code);
    hub.remember(PASSWORD);
    browser.open("/").await;
    assert_eq!(browser.path().await, "/setup", "a new hub is set up first");
    browser.fill("code", "not-the-code").await;
    browser.fill("email", EMAIL).await;
    browser.fill("password", PASSWORD).await;
    browser.press("Create the account").await;
    browser.says(&["This is not the code."]).await;
    assert_eq!(
        browser.value("password").await,
        "",
        "a password is never filled in"
    );
    browser.fill("code", &code).await;
    browser.fill("password", PASSWORD).await;
    browser.press("Create the account").await;
    assert_eq!(browser.path().await, "/");
    browser
}

async fn sign_in(browser: &mut Browser, email: &str, password: &str) {
    browser.fill("email", email).await;
    browser.fill("password", password).await;
    browser.press("Sign in").await;
}
