//! Every page of the table, and every form on them, is visited and looked at.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rollcall::demo::relay::{Request, Treatment};
use rollcall::model::Role;
use rollcall::secret::{Secret, hash_password};
use rollcall::store::{Lane, StoreError, Tx, access};
use serde_json::json;

use super::lifecycle::lifecycle;
use super::{EMAIL, PASSWORD, owner, sign_in};
use crate::support::browser::Browser;
use crate::support::hub::admin;
use crate::support::{Gateway, Scim};

/// People in the app; those of them who leave.
const PEOPLE: usize = 60;
const LEAVERS: usize = 14;
const HOME: &str = "/instances/app";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_page_of_the_table_is_visited() {
    let names: Vec<String> = (1..=PEOPLE)
        .map(|n| format!("person{n:02}@example.com"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let g = Gateway::with_people(&names).await;
    let mut browser = owner(&g.hub).await;
    outside(&mut browser).await;
    instances(&mut browser).await;
    people(&mut browser, &g).await;
    settings(&mut browser, &g).await;
    attributes(&mut browser, &g).await;
    mapping(&mut browser).await;
    capabilities(&mut browser, &g).await;
    keys(&mut browser, &g).await;
    switches(&mut browser, &g).await;
    runs(&mut browser, &g).await;
    held(&mut browser, &g).await;
    rejected(&mut browser, &g).await;
    requests(&mut browser, &g).await;
    lifecycle(&mut browser, &g, HOME).await;
    viewer(&mut browser, &g).await;

    let visited: BTreeSet<(&str, &str)> = browser
        .visited
        .iter()
        .filter_map(|(method, path)| row_of(method, path))
        .collect();
    let table = rollcall::web::routes_for_tests();
    let missing: Vec<_> = table.iter().filter(|row| !visited.contains(row)).collect();
    assert!(missing.is_empty(), "never visited: {missing:?}");
    drop(browser);
    g.stop().await;
}

/// The row of the table that answers this.
fn row_of(method: &str, path: &str) -> Option<(&'static str, &'static str)> {
    let parts: Vec<&str> = path.split('/').collect();
    rollcall::web::routes_for_tests()
        .into_iter()
        .find(|(m, pattern)| {
            let pattern: Vec<&str> = pattern.split('/').collect();
            *m == method
                && pattern.len() == parts.len()
                && pattern
                    .iter()
                    .zip(&parts)
                    .all(|(p, part)| p.starts_with('{') || p == part)
        })
}

/// What shows no instance.
async fn outside(browser: &mut Browser) {
    browser.fetch("/healthz").await;
    browser.open("/catalog").await;
    let spoil = "document.querySelector('main').insertAdjacentHTML('beforeend', '<h1 style=\"color: red\">x</h1><input>'); \
                 document.querySelector('main h1').style.width = '2000px'";
    browser.js(spoil).await;
    let found = browser.complaints().await.join("\n");
    for fault in [
        "2 h1",
        "no label: <input",
        " wide at 390",
        "Content Security Policy",
    ] {
        assert!(found.contains(fault), "{fault:?} is not found: {found}");
    }
    browser.open("/").await;
    for next in ["light", "dark", "system"] {
        browser.press("Colours").await;
        let theme = browser
            .js("return document.documentElement.dataset.theme ?? 'system'")
            .await;
        assert_eq!(theme, next);
    }
    browser.open("/catalog?q=nothing+is+called+so").await;
    browser.says(&["No app is called that"]).await;
    browser.press("Show all").await;
    browser
        .says(&["Atlassian Cloud", "DocuSign", "Figma", "SCIM", "Missing an app?"])
        .await;
    browser.fill("q", "aws").await;
    browser.press("Search").await;
    assert_eq!(browser.path().await, "/catalog?q=aws");
    browser.says(&["1 of 47 tiles", "AWS IAM Identity Center"]).await;
    browser.press("Show all").await;
    browser.open("/no/such/page").await;
    browser.says(&["404"]).await;
    browser.open("/setup").await;
    browser.says(&["404"]).await;
    browser.open("/instances/nobody").await;
    browser.says(&["404"]).await;
}

/// Made and deleted.
async fn instances(browser: &mut Browser) {
    for app in [
        "atlassian-cloud",
        "docusign",
        "figma",
        "aws-iam-identity-center",
        "pagerduty",
    ] {
        browser.open(&format!("/catalog/{app}/connect")).await;
        browser.says(&["You need", "What is known of its endpoint"]).await;
    }
    browser.open("/catalog/zoom/connect").await;
    browser.says(&["Zoom gives out no token to paste"]).await;
    browser.open("/catalog/figma/connect").await;
    browser.fill("name", "Design").await;
    browser
        .fill("base_url", "https://www.figma.com/scim/v2/{tenant_id}")
        .await;
    browser.fill("token", "a-token-of-nobody").await;
    browser.press("Connect").await;
    browser
        .says(&["Put your own tenant id in place of {tenant_id}."])
        .await;
    browser.open("/catalog/receive-only/connect").await;
    browser.fill("name", "CRM directory").await;
    browser.press("Create").await;
    assert_eq!(browser.path().await, "/instances/crm-directory");
    browser.says(&["Ready to receive.", "Healthy"]).await;
    for tab in ["keys", "users", "groups", "requests", "activity", "settings"] {
        browser.open(&format!("/instances/crm-directory/{tab}")).await;
    }
    browser.open("/instances/crm-directory/requests").await;
    browser
        .says(&["No request has come yet.", "First request\nnot yet"])
        .await;
    browser.open("/").await;
    browser.says(&["Both instances are fine."]).await;
    browser.open("/instances/crm-directory/settings").await;
    browser.press("Delete…").await;
    browser.fill("typed", "Something else").await;
    browser.press("Delete the instance").await;
    browser.says(&["That is not the name."]).await;
    browser.fill("typed", "CRM directory").await;
    browser.press("Delete the instance").await;
    assert_eq!(browser.path().await, "/");
    browser.says(&["The instance was deleted."]).await;
    browser.open("/instances/crm-directory").await;
    browser.says(&["404"]).await;
}

async fn people(browser: &mut Browser, g: &Gateway) {
    browser.open(HOME).await;
    browser.says(&["Healthy", "People\n60", "Groups\n1"]).await;
    browser.open(&format!("{HOME}/users")).await;
    browser.says(&["1–50 of 60 people"]).await;
    browser.press("Next").await;
    browser.says(&["51–60 of 60 people"]).await;
    browser.press("Previous").await;
    browser.fill("q", "nobody-at-all").await;
    browser.press("Search").await;
    browser.says(&["Nobody matches."]).await;
    browser.open(&format!("{HOME}/users?q=person07")).await;
    browser.press("person07@example.com").await;
    browser
        .says(&["person07@example.com", "Everyone", "In step"])
        .await;

    // What a provider changes is told in the person's words.
    let id = g.idp.named("Users", "person07@example.com").await.unwrap()["id"].clone();
    let id = id.as_str().unwrap();
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    let change = json!([{"op": "add", "path": enterprise, "value": "Research"}]);
    g.idp.patch(&format!("/Users/{id}"), change).await.expect(200);
    let design = g.idp.group("Design", &[id]).await;
    g.settled().await;
    browser.reload().await;
    browser
        .says(&[
            "department enterprise",
            "joined Design",
            "added to Design in the app",
        ])
        .await;
    let change = json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]);
    g.idp.patch(&format!("/Groups/{design}"), change).await;
    g.settled().await;
    browser.reload().await;
    browser
        .says(&["left Design", "removed from Design in the app"])
        .await;

    browser.open(&format!("{HOME}/groups?q=every")).await;
    browser.press("Everyone").await;
    browser.says(&["60 members", "1–50 of 60"]).await;
    browser.fill("q", "person42").await;
    browser
        .js("document.querySelector('main form[role=search]').submit()")
        .await;
    browser.comes_to_say(&["person42"]).await;
    browser.open(&format!("{HOME}/groups?q=no+such+group")).await;
    browser.says(&["No group is called that."]).await;
    browser
        .open(&format!("{HOME}/activity?q=Design&outcome=done"))
        .await;
    browser.says(&["Design"]).await;
    browser.press("Clear").await;
}

async fn settings(browser: &mut Browser, g: &Gateway) {
    let page = format!("{HOME}/settings");
    browser.open(&page).await;
    let stored = browser.value("base_url").await;
    browser.fill("base_url", "http://127.0.0.1:9/scim/v2").await;
    browser.press("Save").await;
    browser.says(&["token"]).await;
    assert_eq!(browser.value("token").await, "");
    let problem = browser
        .js("return document.querySelector('.notice.bad')?.innerText ?? ''")
        .await;
    assert!(problem.as_str().unwrap().contains("token"), "{problem}");

    browser.open(&page).await;
    assert_eq!(browser.value("base_url").await, stored, "nothing was saved");
    let refused = "a-token-nobody-knows-4Tq1";
    g.hub.remember(refused);
    browser.fill("token", refused).await;
    browser.press("Save").await;
    browser.says(&["401"]).await;

    let manager = &g.app.server.hub().manager;
    let app = rollcall::model::InstanceId(1);
    let fresh = manager.create_key(admin(), app, "fresh".into(), None).await;
    let (_, fresh) = fresh.unwrap();
    g.hub.remember(fresh.expose());
    g.app.remember(fresh.expose());
    browser.open(&page).await;
    browser.fill("token", fresh.expose()).await;
    browser.fill("accounts_floor", "many").await;
    browser
        .js("document.querySelector('main form').noValidate = true")
        .await;
    browser.press("Save").await;
    browser.says(&["type a number from 0"]).await;
    browser.open(&page).await;
    browser.fill("name", "App of all").await;
    browser.fill("token", fresh.expose()).await;
    browser
        .js("document.getElementById('token_ends').value = '2999-01-31'")
        .await;
    browser.tick("#schedule option[value='900']").await;
    browser.press("Save").await;
    browser.says(&["Saved.", "App of all"]).await;
    browser.fill("name", "App").await;
    browser.press("Save").await;
    browser.open(HOME).await;
    browser.says(&["every 15 min", "entered", "ends in"]).await;
    signing_in(browser, &page).await;
}

/// How the app is told who calls: refused, saved, shown again, taken back.
async fn signing_in(browser: &mut Browser, page: &str) {
    browser.open(page).await;
    browser.tick("details.more > summary").await;
    browser.fill("headers", "Cookie: a=b").await;
    browser.press("Save").await;
    browser.says(&["cannot be chosen"]).await;
    assert_eq!(browser.value("headers").await, "Cookie: a=b");
    browser.tick("#auth option[value='oauth']").await;
    browser.fill("headers", "X-Organization: 42").await;
    browser.press("Save").await;
    browser.says(&["Enter the token URL."]).await;
    browser.tick("#auth option[value='bearer']").await;
    browser.press("Save").await;
    browser.says(&["Saved.", "nothing secret belongs here"]).await;
    assert_eq!(browser.value("headers").await, "X-Organization: 42");
    browser.fill("headers", "").await;
    browser.press("Save").await;
    browser.says(&["Saved."]).await;
}

/// Declared, refused and removed; what was written stays.
async fn attributes(browser: &mut Browser, g: &Gateway) {
    let page = format!("{HOME}/attributes");
    browser.open(&format!("{HOME}/settings")).await;
    browser.press("Declared attributes").await;
    assert_eq!(browser.path().await, page);
    let department = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    browser.fill("urn", department).await;
    browser.fill("name", "badge").await;
    browser.press("Declare").await;
    browser
        .says(&["This URN belongs to a schema of the standard"])
        .await;
    assert_eq!(browser.value("name").await, "badge");
    browser.fill("urn", "urn:acme:people").await;
    browser.tick("#type option[value='integer']").await;
    browser.press("Declare").await;
    browser
        .says(&["Declared: values are checked", "badge", "Whole number", "People"])
        .await;
    let id = g.idp.named("Users", "person09@example.com").await.unwrap()["id"].clone();
    let path = format!("/Users/{}", id.as_str().unwrap());
    let change = |value| json!([{"op": "add", "path": "urn:acme:people:badge", "value": value}]);
    g.idp
        .patch(&path, change(json!("x")))
        .await
        .refused(400, Some("invalidValue"));
    g.idp.patch(&path, change(json!(9))).await.expect(200);
    browser.press("Remove badge of People").await;
    browser.says(&["Removed: the values", "None."]).await;
    assert_eq!(g.idp.get(&path).await.body["urn:acme:people"]["badge"], 9);
    g.settled().await;
}

/// A filter is refused, then asked about, then left; a row is added, tried and removed.
async fn mapping(browser: &mut Browser) {
    let page = format!("{HOME}/mapping");
    browser.open(&format!("{HOME}/settings")).await;
    browser.press("Scope and mapping").await;
    assert_eq!(browser.path().await, page);
    browser.says(&["Carries 60 of 60 people and"]).await;
    browser.fill("carry_users", "userNam pr").await;
    browser.press("Save the scope").await;
    browser.says(&["“userNam” is no attribute of a User"]).await;
    browser.fill("carry_users", "photos pr").await;
    browser.press("Save the scope").await;
    browser
        .says(&[
            "Nothing is saved yet",
            "would lose access",
            "person07@example.com",
        ])
        .await;
    browser.press("Keep it as it was").await;
    assert_eq!(browser.value("carry_users").await, "");
    browser.fill("path", "nickName").await;
    browser.fill("template", "{{ userName|upper }}").await;
    browser.press("Add").await;
    browser.says(&["Saved."]).await;
    browser.says(&["Examples are of", "PERSON01@EXAMPLE.COM"]).await;
    browser.fill("user", "nobody at all").await;
    browser.press("Show").await;
    browser
        .says(&["Nobody here has “nobody at all” in their name or e-mail."])
        .await;
    browser.fill("user", "person0").await;
    browser.press("Show").await;
    browser
        .says(&["Also found:", "and 2 more", "PERSON01@EXAMPLE.COM"])
        .await;
    browser.press("person07@example.com").await;
    browser.says(&["PERSON07@EXAMPLE.COM"]).await;
    browser.fill("template-1", "{{ userNam }}").await;
    browser.press("Save the template of nickName").await;
    browser
        .says(&[
            "One thing to fix",
            "“userNam” is nothing that a template of a User can name",
        ])
        .await;
    assert_eq!(browser.value("template-1").await, "{{ userNam }}");
    browser.fill("template-1", "{{ title }}").await;
    browser.tick("#required-1").await;
    browser.press("Save the template of nickName").await;
    browser.says(&["Saved.", "Required", "It gives no value"]).await;
    browser.press("Remove the row of nickName").await;
    browser.says(&["Saved.", "No rows"]).await;
}

/// What the app can do: as it was found after connecting, checked again, and checked with writes.
async fn capabilities(browser: &mut Browser, g: &Gateway) {
    let page = format!("{HOME}/capabilities");
    browser.open(HOME).await;
    browser.press("What the app can do").await;
    browser
        .says(&["Checked", "Reachability", "Finds a user by userName", "In order"])
        .await;
    browser.press("Check again").await;
    browser.says(&["The app is being checked."]).await;
    g.hub.idle().await;
    browser.open(&page).await;
    browser.press("Check with writes…").await;
    browser.says(&["One user and one group are made"]).await;
    browser.press("Check with writes").await;
    g.hub.idle().await;
    browser.open(&page).await;
    browser
        .says(&["with writes", "What was made for this check is gone."])
        .await;
    browser.fetch(&format!("{page}.json")).await;
}

async fn keys(browser: &mut Browser, g: &Gateway) {
    let page = format!("{HOME}/keys");
    browser.open(&page).await;
    browser.fill("name", "Second").await;
    browser.press("Create key").await;
    g.hub.remember(&browser.value("key").await);
    browser.press("I have stored it").await;
    browser.press("Rotate Second").await;
    browser.press("Make the new key").await;
    browser.says(&["24 more hours"]).await;
    let fresh = browser.value("key").await;
    g.hub.remember(&fresh);
    let idp = crate::support::Scim::new(g.idp.base.clone(), &fresh);
    idp.get("/Users?count=1").await.expect(200);
    browser.press("I have stored it").await;
    browser.press("Revoke Second").await;
    browser.press("Revoke the key").await;
    browser.says(&["The key was revoked"]).await;
}

async fn switches(browser: &mut Browser, g: &Gateway) {
    browser.open(HOME).await;
    browser.press("Sync now").await;
    browser.says(&["A sync was started."]).await;
    g.hub.idle().await;
    browser.open(HOME).await;
    browser.press("Pause").await;
    browser.says(&["Paused"]).await;
    let change = json!([{"op": "replace", "path": "title", "value": "Waits"}]);
    let id = g.idp.named("Users", "person08@example.com").await.unwrap()["id"].clone();
    let id = id.as_str().unwrap();
    g.idp.patch(&format!("/Users/{id}"), change).await.expect(200);
    browser.open(&format!("{HOME}/users/{id}")).await;
    browser.says(&["It is sent when the instance is resumed."]).await;
    browser.open(HOME).await;
    browser.press("Resume").await;
    g.settled().await;
    browser.open(&format!("{HOME}/settings")).await;
    browser.press("Disable…").await;
    browser.press("Disable the instance").await;
    browser.says(&["Disabled"]).await;
    assert_eq!(g.idp.get("/Users").await.status, 403);
    browser.press("Enable").await;
    g.idp.get("/Users?count=1").await.expect(200);
    g.hub.idle().await;
}

/// One runs and is cancelled; all are listed.
async fn runs(browser: &mut Browser, g: &Gateway) {
    let page = format!("{HOME}/runs");
    let manager = &g.hub.server.hub().manager;
    let go = Arc::new(AtomicBool::new(false));
    let door = Arc::clone(&go);
    g.relay.treat(move |request: &Request| {
        while request.path.contains("/Users?startIndex=") && !door.load(Ordering::SeqCst) {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        Treatment::Pass
    });
    browser.open(HOME).await;
    browser.says(&["The last sync read 60 people"]).await;
    browser.press("All syncs").await;
    assert_eq!(browser.path().await, page);
    browser.says(&["Done", "60 people"]).await;
    manager.sync_now(admin(), g.instance.id).await.unwrap();
    browser
        .open_until(&page, &["Running", "Cancel keeps what was read"])
        .await;
    browser.press("Cancel").await;
    browser.says(&["The sync was cancelled.", "Cancelled"]).await;
    go.store(true, Ordering::SeqCst);
    g.hub.sync(g.instance.id).await;
    browser.open_until(HOME, &["Healthy"]).await;
}

/// More leave than the limit lets go: who waits is listed, one is allowed, the others stay.
async fn held(browser: &mut Browser, g: &Gateway) {
    browser.open(&format!("{HOME}/held")).await;
    browser.says(&["Nothing waits for you."]).await;
    for n in 1..=LEAVERS {
        let name = format!("person{:02}@example.com", n + 20);
        let id = g.idp.named("Users", &name).await.unwrap()["id"].clone();
        let change = json!([{"op": "replace", "path": "active", "value": false}]);
        let path = format!("/Users/{}", id.as_str().unwrap());
        g.idp.patch(&path, change).await.expect(200);
    }
    browser
        .open_until(
            HOME,
            &[
                "Held",
                "8 of 60 people would lose access",
                "They come from changes by",
                "6 accounts (10 %, at least 5, never more than half)",
            ],
        )
        .await;
    browser.press("See who").await;
    browser.says(&["Deactivated here by"]).await;
    browser.press("Allow selected").await;
    browser.says(&["choose who is meant"]).await;
    browser.tick("tbody tr:first-child input[type=checkbox]").await;
    browser.press("Allow selected").await;
    browser.says(&["Allowed"]).await;
    browser
        .open_until(HOME, &["7 of 60 people would lose access"])
        .await;
    browser.press("See who").await;
    browser.press("Reject all 7").await;
    browser.says(&["Rejected: nothing is removed"]).await;
    g.hub.idle().await;
    browser.open_until(HOME, &["Healthy"]).await;
}

/// The app takes one person and one group not: their pages say why, and *Try again* mends it once the app does.
async fn rejected(browser: &mut Browser, g: &Gateway) {
    let why = "Only people of the board are taken.";
    g.relay.treat(move |request: &Request| {
        if request.method == "POST" {
            Treatment::scim_error(400, why)
        } else {
            Treatment::Pass
        }
    });
    let person = g.idp.user("new.person@example.com").await;
    let group = g.idp.group("Board", &[]).await;
    let pages = [format!("{HOME}/users/{person}"), format!("{HOME}/groups/{group}")];
    for page in &pages {
        browser.open_until(page, &["Rejected", why, "Try again"]).await;
    }
    browser.open(HOME).await;
    browser.says(&["Degraded"]).await;
    browser.press("2 rejected: see who").await;
    browser.says(&["new.person@example.com"]).await;
    g.relay.pass();
    for page in &pages {
        browser.open(page).await;
        browser.press("Try again").await;
        browser.open_until(page, &["In step"]).await;
    }
}

/// What the provider sent, and why some of it was refused.
async fn requests(browser: &mut Browser, g: &Gateway) {
    let page = format!("{HOME}/requests");
    let odd = Scim::new(format!("{}/Groups", g.idp.base), &g.idp.key);
    for path in ["/Users?filter=userName%20eq%20%22%3Cb%3Eada%22", "/Users?count=1"] {
        odd.get(path).await.expect(200);
    }
    let stranger = Scim::new(g.idp.base.clone(), "not-a-key-of-ours");
    stranger.get("/Users?count=1").await.refused(401, None);
    browser.open(HOME).await;
    browser
        .says(&[
            "What this identity provider does its own way",
            "Entra: a base URL that ends in /Users or /Groups",
            "2 today",
            "It works all the same",
            "The last request was turned away",
        ])
        .await;
    browser.press("What to do").await;
    browser
        .says(&[
            "Why it was refused",
            "not a whole key of Rollcall",
            "Paste a key of this instance",
        ])
        .await;
    browser.open(&page).await;
    browser
        .says(&[
            "GET /Users?count=1",
            "filter=userName eq \"<b>ada\"",
            "First group pushed",
        ])
        .await;
    browser.tick("#show option[value='refused']").await;
    browser.press("Show").await;
    browser.says(&["GET /Users?count=1", "401"]).await;
    for _ in 0..60 {
        g.idp.get("/ServiceProviderConfig").await.expect(200);
    }
    browser.open(&format!("{page}?show=accepted")).await;
    browser.press("Next").await;
    browser.says(&["Older"]).await;
    browser.press("GET /Groups/Users?count=1").await;
    browser
        .says(&["Done its own way, and served", "Request id", "As it was sent"])
        .await;
    for gone in ["000000000000", "nonsense"] {
        browser.open(&format!("{page}/{gone}")).await;
        browser.says(&["404"]).await;
    }
}

/// One who may look and do nothing.
async fn viewer(browser: &mut Browser, g: &Gateway) {
    let (email, password) = ("viewer@example.com", "only looks at what is there");
    g.hub.remember(password);
    let hash = hash_password(&Secret::new(password.into())).unwrap();
    let make = move |tx: &Tx<'_>| -> Result<Option<i64>, StoreError> {
        access::insert_admin(tx, email, Role::Viewer, &hash)
    };
    let store = &g.hub.server.hub().store;
    store.write(Lane::Front, None, make).await.unwrap().unwrap();
    browser.open(&format!("{HOME}/settings")).await;
    browser.press("Sign out").await;
    browser.open(&format!("{HOME}/keys")).await;
    sign_in(browser, email, "not this one").await;
    browser.says(&["E-mail or password is wrong."]).await;
    sign_in(browser, email, password).await;
    assert_eq!(
        browser.path().await,
        format!("{HOME}/keys"),
        "where they wanted to go"
    );
    for part in [
        "",
        "/users",
        "/groups",
        "/requests",
        "/activity",
        "/settings",
        "/attributes",
        "/adoption",
        "/mapping",
        "/capabilities",
        "/held",
        "/runs",
        "/keys",
    ] {
        browser.open(&format!("{HOME}{part}")).await;
        let acts = browser
            .js("return document.querySelectorAll('main form[method=post] button:enabled').length")
            .await;
        assert_eq!(acts, 0, "{part} offers a viewer something");
    }
    for path in [
        "/catalog/generic-scim/connect",
        "/instances/app/delete",
        "/instances/app/users/new",
        "/instances/app/groups/new",
    ] {
        browser.open(path).await;
        browser.says(&["403"]).await;
    }
    browser.press("Sign out").await;
    sign_in(browser, EMAIL, PASSWORD).await;
    assert_eq!(browser.path().await, "/");
}
