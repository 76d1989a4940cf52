//! Forms and what they show: connecting, keys, deleting; addresses that are none.
#![expect(clippy::unwrap_used, reason = "tests")]

use actix_web::http::Method;

use super::{Browser, hub, service, value_of};
use crate::model::Role;

#[actix_web::test]
async fn a_failed_connect_keeps_all_but_the_token() {
    let hub = hub(false).await;
    hub.admin("owner@example.com", Role::Owner).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    browser.sign_in("owner@example.com").await;
    let form = "/catalog/generic-scim/connect";
    let typed = [
        ("name", "Payroll \"one\""),
        ("base_url", "http://127.0.0.1:9/scim/v2/Users/"),
        ("token", "top-secret-token-value"),
        ("scope", "groups"),
        ("user_writes", "refuse"),
    ];
    let seen = browser.send(form, form, &typed).await;
    assert_eq!(seen.status, 422);
    assert!(!seen.body.contains("top-secret-token-value"));
    assert!(seen.body.contains("Payroll &#34;one&#34;") && seen.body.contains("value=\"groups\" checked"));
    assert!(seen.body.contains("value=\"refuse\" checked"));
    assert!(seen.body.contains("It has to be pasted again"), "{}", seen.body);
    assert!(browser.get("/").await.body.contains("Nothing is connected yet"));
}

#[actix_web::test]
async fn the_form_of_an_app_says_what_is_known() {
    let hub = hub(false).await;
    hub.admin("owner@example.com", Role::Owner).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    browser.sign_in("owner@example.com").await;
    for (slug, says) in [
        (
            "atlassian-cloud",
            &[
                "https://api.atlassian.com/scim/directory/{directory_id}",
                "Groups cannot be renamed.",
                "create, change, deactivate, list; not delete",
                "Not known to us, which does not mean no: whether it can delete groups",
                "value=\"users-and-groups\" checked",
            ][..],
        ),
        (
            "pagerduty",
            &[
                "deletes a user who is deactivated, for good",
                "value=\"users-and-groups\" checked",
            ],
        ),
        (
            "docusign",
            &[
                "How to get a SCIM token from DocuSign is not known to us",
                "value=\"users\" checked",
            ],
        ),
        ("optimaite", &["value=\"groups\" checked"]),
    ] {
        let body = browser.get(&format!("/catalog/{slug}/connect")).await.body;
        for text in says {
            assert!(body.contains(text), "{slug} does not say {text:?}: {body}");
        }
    }
    let zoom = "/catalog/zoom/connect";
    let body = browser.get(zoom).await.body;
    assert!(body.contains("Zoom gives out no token to paste") && !body.contains("name=\"token\""));
    assert_eq!(browser.get("/catalog/nothing/connect").await.status, 404);
}

#[actix_web::test]
async fn an_address_of_another_shape_is_told_at_its_field() {
    let hub = hub(false).await;
    hub.admin("owner@example.com", Role::Owner).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    browser.sign_in("owner@example.com").await;
    let form = "/catalog/atlassian-cloud/connect";
    for (typed, says) in [
        (
            "https://api.atlassian.com/scim/directory/{directory_id}",
            "Put your own directory id in place of {directory_id}.",
        ),
        (
            "https://api.atlassian.com/scim/directory",
            "The end of the address is missing: /{directory_id} comes after /scim/directory.",
        ),
        (
            "https://127.0.0.1:9/scim/directory/6f2c",
            "The host of Atlassian Cloud is api.atlassian.com, not 127.0.0.1:9.",
        ),
    ] {
        let seen = browser
            .send(form, form, &[("base_url", typed), ("token", "a-token")])
            .await;
        let at = seen
            .body
            .split("id=\"base_url-wrong\">")
            .nth(1)
            .unwrap_or_default();
        assert!(
            seen.status == 422 && at.starts_with(says),
            "{says}: {}",
            seen.body
        );
        assert!(seen.body.contains(&format!("value=\"{typed}\"")));
    }
}

#[actix_web::test]
async fn the_catalog_is_searched_without_a_script() {
    let hub = hub(false).await;
    hub.admin("viewer@example.com", Role::Viewer).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    browser.sign_in("viewer@example.com").await;
    let all = browser.get("/catalog").await.body;
    for text in [
        "AWS IAM Identity Center",
        "Receive only",
        "Missing an app?",
        "href=\"#development\"",
    ] {
        assert!(all.contains(text), "{text}");
    }
    // What is needed stands on the tile.
    assert!(all.contains("The organization has Atlassian Guard Standard (formerly Access)."));
    let found = browser.get("/catalog?q=GITHUB").await.body;
    assert!(found.contains("GitHub organization") && !found.contains("Atlassian Cloud"));
    assert!(found.contains("3 of 47 tiles") && found.contains("value=\"GITHUB\""));
}

#[actix_web::test]
async fn a_key_is_shown_once() {
    let hub = hub(false).await;
    hub.admin("owner@example.com", Role::Owner).await;
    let slug = hub.receiver("CRM").await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    browser.sign_in("owner@example.com").await;
    let page = format!("/instances/{slug}/keys");
    let once = value_of(&browser.get(&page).await.body, "once");
    let fields = [("name", "Okta"), ("lifetime", "90d"), ("once", once.as_str())];
    let made = browser.send(&page, &page, &fields).await;
    assert_eq!(made.status, 200);
    assert_eq!(made.headers.get("cache-control").unwrap(), "no-store");
    let key = made
        .body
        .split("value=\"rc_")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    assert!(key.len() > 40);
    let again = browser.send(&page, &page, &fields).await;
    assert!(again.body.contains("shown already") && !again.body.contains(&key));
    let list = browser.get(&page).await.body;
    assert!(!list.contains(&key));
    assert_eq!(list.matches("/rotate\"").count(), 1);
    let rotate = format!("{page}/1/rotate");
    assert!(
        browser
            .send(&page, &rotate, &[("ends", "24h")])
            .await
            .body
            .contains("The old key works for 24 more hours.")
    );
    assert_eq!(
        browser.send(&page, &format!("{page}/2/revoke"), &[]).await.status,
        303
    );
    let last = browser.send(&page, &format!("{page}/1/revoke"), &[]).await;
    assert_eq!(last.status, 422, "the last key wants the name");
    assert_eq!(
        browser
            .send(&page, &format!("{page}/1/revoke"), &[("typed", "CRM")])
            .await
            .status,
        303
    );
    assert_eq!(browser.get(&format!("{page}/1/revoke")).await.status, 409);
}

#[actix_web::test]
async fn an_instance_of_groups_says_what_becomes_of_users() {
    let hub = hub(false).await;
    hub.admin("owner@example.com", Role::Owner).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    browser.sign_in("owner@example.com").await;
    let form = "/catalog/receive-only/connect";
    for (name, scope) in [("Teams", "groups"), ("All", "users-and-groups")] {
        let typed = [("name", name), ("scope", scope), ("user_writes", "refuse")];
        assert_eq!(browser.send(form, form, &typed).await.status, 303);
    }
    assert!(
        browser
            .get("/instances/teams")
            .await
            .body
            .contains("writes of users are refused")
    );
    let page = "/instances/teams/settings";
    assert!(browser.get(page).await.body.contains("value=\"refuse\" checked"));
    let typed = [("name", "Teams"), ("user_writes", "acknowledge")];
    assert_eq!(browser.send(page, page, &typed).await.status, 303);
    assert!(
        browser
            .get(page)
            .await
            .body
            .contains("value=\"acknowledge\" checked")
    );
    // Other instances are not asked.
    let other = browser.get("/instances/all/settings").await.body;
    assert!(!other.contains("user_writes"));
}

#[actix_web::test]
async fn deleting_wants_the_name() {
    let hub = hub(false).await;
    hub.admin("owner@example.com", Role::Owner).await;
    let slug = hub.receiver("CRM").await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    browser.sign_in("owner@example.com").await;
    let page = format!("/instances/{slug}/delete");
    assert_eq!(browser.send(&page, &page, &[("typed", "crm")]).await.status, 422);
    let done = browser.send(&page, &page, &[("typed", "CRM")]).await;
    assert_eq!((done.status, done.location.as_str()), (303, "/"));
    assert_eq!(browser.get(&format!("/instances/{slug}")).await.status, 404);
}

#[actix_web::test]
async fn addresses_that_are_none_and_the_headers_of_all() {
    let hub = hub(false).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    let none = browser.get("/nothing").await;
    assert_eq!(none.status, 404);
    assert!(none.body.contains(none.headers.get("x-request-id").unwrap()));
    let wrong = browser.ask(Method::PUT, "/login", &[]).await;
    assert_eq!(
        (wrong.status, wrong.headers.get("allow").unwrap().as_str()),
        (405, "GET, POST")
    );
    assert_eq!(browser.get("/logout").await.status, 405);
    let login = browser.get("//login/").await;
    assert_eq!(login.status, 200);
    for (name, value) in [
        ("content-security-policy", crate::web::ui::CSP),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(login.headers.get(name).unwrap(), value);
    }
    let css = browser
        .get(&crate::web::ui::assets::address("rollcall.css"))
        .await;
    assert_eq!(css.status, 200);
    assert!(css.headers.get("cache-control").unwrap().contains("immutable"));
    assert_eq!(
        browser
            .get("/static/0/rollcall.css")
            .await
            .headers
            .get("cache-control")
            .unwrap(),
        "no-cache"
    );
    assert_eq!(browser.get("/static/0/..%2fCargo.toml").await.status, 404);
    assert_eq!(browser.get("/healthz").await.body, "ok\n");
    assert_eq!(browser.get("/scim/x/v2/Users").await.status, 401);
}

#[actix_web::test]
async fn the_theme_goes_back_to_this_hub_only() {
    let hub = hub(false).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    let back = browser
        .send(
            "/login",
            "/theme",
            &[("theme", "dark"), ("back", "/login?next=%2F")],
        )
        .await;
    assert_eq!(back.location, "/login?next=%2F");
    assert!(browser.get("/login").await.body.contains("data-theme=\"dark\""));
    let away = browser
        .send("/login", "/theme", &[("theme", "x"), ("back", "//evil.example")])
        .await;
    assert_eq!(away.location, "/");
}
