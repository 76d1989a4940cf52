//! Who gets in, and how: set-up, sign-in, roles, forms of others.
#![expect(clippy::unwrap_used, reason = "tests")]

use actix_web::http::Method;

use super::{Browser, PASSWORD, csrf, hub, service};
use crate::model::Role;

#[actix_web::test]
async fn the_first_admin_is_made_once() {
    let hub = hub(true).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.get("/").await.location, "/setup");
    assert_eq!(browser.get("/login").await.location, "/setup");
    let mut code = String::new();
    hub.setup.show(|shown| code = shown.to_owned());
    let fields = [("email", "owner@example.com"), ("password", PASSWORD)];
    let short = [
        ("code", code.as_str()),
        ("email", "owner@example.com"),
        ("password", "short"),
    ];
    let refused = browser.send("/setup", "/setup", &short).await;
    assert_eq!(refused.status, 422);
    assert!(!refused.body.contains(&code) && refused.body.contains("owner@example.com"));
    for _ in 0..4 {
        assert_eq!(
            browser
                .send(
                    "/setup",
                    "/setup",
                    &[&fields[..], &[("code", "AAAAA-AAAAA")]].concat()
                )
                .await
                .status,
            422
        );
    }
    let made = browser
        .send("/setup", "/setup", &[&fields[..], &[("code", &code)]].concat())
        .await;
    assert_eq!((made.status, made.location.as_str()), (303, "/"));
    let home = browser.get("/").await;
    assert_eq!(home.status, 200);
    assert!(home.body.contains("owner@example.com") && home.body.contains("The hub is yours"));
    assert!(
        !browser.get("/").await.body.contains("The hub is yours"),
        "news are told once"
    );
    assert_eq!(browser.get("/setup").await.status, 404);
    let mut second = Browser::new(&app);
    assert_eq!(second.get("/").await.location, "/login");
    assert_eq!(
        second
            .send("/login", "/setup", &[&fields[..], &[("code", &code)]].concat())
            .await
            .status,
        404
    );
}

#[actix_web::test]
async fn guessing_the_code_is_slowed_down() {
    let hub = hub(true).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    let wrong = [
        ("code", "AAAAA-AAAAA"),
        ("email", "a@example.com"),
        ("password", PASSWORD),
    ];
    for _ in 0..5 {
        assert_eq!(browser.send("/setup", "/setup", &wrong).await.status, 422);
    }
    let waits = browser.send("/setup", "/setup", &wrong).await;
    assert_eq!(waits.status, 429);
    assert!(waits.body.contains("Wait 1 min"));
}

#[actix_web::test]
async fn a_form_must_be_its_visitors_own() {
    let hub = hub(false).await;
    hub.admin("owner@example.com", Role::Owner).await;
    let slug = hub.receiver("CRM").await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    browser.sign_in("owner@example.com").await;
    let (to, page) = (format!("/instances/{slug}/disable"), format!("/instances/{slug}"));
    assert_eq!(browser.ask(Method::POST, &to, &[]).await.status, 403);
    assert_eq!(
        browser
            .ask(Method::POST, &to, &[("csrf", &"0".repeat(64))])
            .await
            .status,
        403
    );
    let mut stranger = Browser::new(&app);
    let theirs = csrf(&stranger.get("/login").await.body);
    assert_eq!(
        browser.ask(Method::POST, &to, &[("csrf", &theirs)]).await.status,
        403
    );
    browser.origin = Some("https://evil.example");
    assert_eq!(browser.send(&page, &to, &[]).await.status, 403);
    browser.origin = Some("http://localhost:8080");
    assert_eq!(browser.send(&page, &to, &[]).await.status, 303);
    assert!(browser.get(&page).await.body.contains("Disabled"));
}

#[actix_web::test]
async fn a_viewer_looks_and_changes_nothing() {
    let hub = hub(false).await;
    hub.admin("viewer@example.com", Role::Viewer).await;
    let slug = hub.receiver("<script>alert(1)</script>").await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.sign_in("viewer@example.com").await.status, 303);
    for part in [
        "",
        "/keys",
        "/users",
        "/groups",
        "/activity",
        "/settings",
        "/held",
    ] {
        let seen = browser.get(&format!("/instances/{slug}{part}")).await;
        assert_eq!(seen.status, 200, "{part}");
        assert!(
            !seen.body.contains("<script>") && seen.body.contains("&#60;script&#62;"),
            "{part}"
        );
    }
    for page in crate::web::PAGES
        .iter()
        .filter(|p| p.needs == crate::web::Needs::Operator)
    {
        let path = page
            .path
            .replace("{slug}", &slug)
            .replace("{app}", "generic-scim");
        let path = path.replace("{key}", "1").replace("{id}", "x");
        let seen = if page.method == Method::POST {
            browser.send("/", &path, &[]).await
        } else {
            browser.get(&path).await
        };
        assert_eq!(seen.status, 403, "{} {path}", page.method);
        assert!(seen.body.contains("Your role does not allow that"), "{path}");
    }
}

#[actix_web::test]
async fn a_wrong_sign_in_says_one_sentence_and_is_slowed_down() {
    let hub = hub(false).await;
    hub.admin("owner@example.com", Role::Owner).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    let known = browser
        .send(
            "/login",
            "/login",
            &[("email", "owner@example.com"), ("password", "wrong wrong")],
        )
        .await;
    let unknown = browser
        .send(
            "/login",
            "/login",
            &[("email", "nobody@example.com"), ("password", "wrong wrong")],
        )
        .await;
    assert_eq!((known.status, unknown.status), (401, 401));
    for seen in [known, unknown] {
        assert!(seen.body.contains("E-mail or password is wrong.") && !seen.body.contains("wrong wrong"));
    }
    for _ in 0..3 {
        browser
            .send(
                "/login",
                "/login",
                &[("email", "owner@example.com"), ("password", "no")],
            )
            .await;
    }
    let waits = browser.sign_in("owner@example.com").await;
    assert_eq!(waits.status, 429);
    let mut elsewhere = Browser::new(&app);
    elsewhere.from = "203.0.113.9:1";
    let insecure = elsewhere.get("/login").await;
    assert!(insecure.body.contains("plain http") && !insecure.body.contains("type=\"password\""));
    assert_eq!(elsewhere.sign_in("owner@example.com").await.status, 403);
}

#[actix_web::test]
async fn signing_in_makes_a_new_session_and_signing_out_ends_it() {
    let hub = hub(false).await;
    hub.admin("owner@example.com", Role::Owner).await;
    let app = service(&hub).await;
    let mut browser = Browser::new(&app);
    assert_eq!(
        browser.get("/instances/x?q=1").await.location,
        "/login?next=%2Finstances%2Fx%3Fq%3D1"
    );
    let before = browser.cookies.get("rollcall").cloned();
    let signed = browser
        .send(
            "/login",
            "/login",
            &[
                ("email", "OWNER@example.com"),
                ("password", PASSWORD),
                ("next", "/catalog"),
            ],
        )
        .await;
    assert_eq!(signed.location, "/catalog");
    let session = browser.cookies.get("rollcall").cloned();
    assert_ne!(before, session);
    assert!(signed.headers.get("set-cookie").unwrap().contains("HttpOnly"));
    let out = browser.send("/", "/logout", &[]).await;
    assert_eq!(out.location, "/login");
    assert!(browser.get("/login").await.body.contains("You are signed out."));
    browser.cookies.insert("rollcall".into(), session.unwrap());
    assert_eq!(browser.get("/").await.location, "/login");
}
