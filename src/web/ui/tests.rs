//! The pages as a browser meets them: doors, forms, what is never shown.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::dev::ServiceResponse;
use actix_web::http::Method;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, web};
use futures_util::future::LocalBoxFuture;
use url::form_urlencoded::Serializer;

use super::Pages;
use crate::clock::Clock;
use crate::connector::{Net, NetPolicy};
use crate::model::{Actor, Role};
use crate::secret::{Sealer, Secret, SetupCode, hash_password};
use crate::store::{Lane, Store, StoreError, access};
use crate::sync::manage::{Manager, NewConnection};
use crate::sync::{Engine, EngineConfig};
use crate::web::origin::Origin;
use crate::web::scim::Gate;

const PASSWORD: &str = "a good long password";

struct Hub {
    pages: web::Data<Pages>,
    gate: web::Data<Gate>,
    setup: Arc<SetupCode>,
    manager: Manager,
    _dir: tempfile::TempDir,
}

async fn hub(needs_setup: bool) -> Hub {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Clock::system()).unwrap();
    let keys = Arc::new(Sealer::open_or_create(dir.path(), None).unwrap());
    let net = Net::new(NetPolicy {
        allow_private: true,
        ..NetPolicy::default()
    })
    .unwrap();
    let manager = Manager {
        store: store.clone(),
        net: net.clone(),
        keys: Arc::clone(&keys),
    };
    let engine = Engine::start(store.clone(), keys, net, EngineConfig::new("test".into()));
    let setup = Arc::new(SetupCode::new(needs_setup));
    let origin = Origin::new(None, Vec::new(), false);
    let pages = Pages::new(manager.clone(), engine, Arc::clone(&setup), origin.clone(), false);
    let gate = web::Data::new(Gate::new(store, origin));
    Hub {
        pages: web::Data::new(pages),
        gate,
        setup,
        manager,
        _dir: dir,
    }
}

impl Hub {
    async fn admin(&self, email: &'static str, role: Role) {
        let hash = hash_password(&Secret::new(PASSWORD.into())).unwrap();
        let work = move |tx: &crate::store::Tx<'_>| access::insert_admin(tx, email, role, &hash);
        let made: Result<Option<i64>, StoreError> = self.manager.store.write(Lane::Front, None, work).await;
        made.unwrap().unwrap();
    }

    async fn receiver(&self, name: &str) -> String {
        let new = NewConnection {
            name: name.into(),
            app: ("receive-only".into(), String::new()),
            scope: crate::model::Scope::default(),
            target: None,
        };
        self.manager.create(Actor::Hub, new).await.unwrap().slug
    }
}

struct Seen {
    status: u16,
    body: String,
    location: String,
    headers: BTreeMap<String, String>,
}

type Service = Box<dyn Fn(TestRequest) -> LocalBoxFuture<'static, ServiceResponse>>;

/// A browser with its cookies.
struct Browser<'a> {
    app: &'a Service,
    cookies: BTreeMap<String, String>,
    from: &'static str,
    origin: Option<&'static str>,
}

impl<'a> Browser<'a> {
    fn new(app: &'a Service) -> Self {
        Self {
            app,
            cookies: BTreeMap::new(),
            from: "127.0.0.1:1000",
            origin: None,
        }
    }

    async fn ask(&mut self, method: Method, path: &str, fields: &[(&str, &str)]) -> Seen {
        let mut request = TestRequest::with_uri(path)
            .method(method.clone())
            .peer_addr(self.from.parse().unwrap());
        request = request.insert_header(("host", "localhost:8080"));
        if let Some(origin) = self.origin {
            request = request.insert_header(("origin", origin));
        }
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            request = request.insert_header(("cookie", cookies.join("; ")));
        }
        if method == Method::POST {
            let mut body = Serializer::new(String::new());
            body.extend_pairs(fields);
            request = request
                .insert_header(("content-type", "application/x-www-form-urlencoded"))
                .set_payload(body.finish());
        }
        let answer = (self.app)(request).await;
        for cookie in answer.response().cookies() {
            if cookie.value().is_empty() {
                self.cookies.remove(cookie.name());
            } else {
                self.cookies.insert(cookie.name().into(), cookie.value().into());
            }
        }
        let headers: BTreeMap<String, String> = answer
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let location = headers.get("location").cloned().unwrap_or_default();
        let status = answer.status().as_u16();
        let body = String::from_utf8(read_body(answer).await.to_vec()).unwrap();
        Seen {
            status,
            body,
            location,
            headers,
        }
    }

    async fn get(&mut self, path: &str) -> Seen {
        self.ask(Method::GET, path, &[]).await
    }

    /// Opens `page` and sends a form from it.
    async fn send(&mut self, page: &str, to: &str, fields: &[(&str, &str)]) -> Seen {
        let csrf = csrf(&self.get(page).await.body);
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.ask(Method::POST, to, &all).await
    }

    async fn sign_in(&mut self, email: &str) -> Seen {
        self.send("/login", "/login", &[("email", email), ("password", PASSWORD)])
            .await
    }
}

fn csrf(body: &str) -> String {
    value_of(body, "csrf")
}

fn value_of(body: &str, field: &str) -> String {
    let start = format!("name=\"{field}\" value=\"");
    body.split(&start)
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned()
}

async fn service(hub: &Hub) -> Service {
    let app = App::new()
        .app_data(hub.gate.clone())
        .app_data(hub.pages.clone())
        .configure(crate::web::routes);
    let app = Rc::new(init_service(app).await);
    Box::new(move |request| {
        let app = Rc::clone(&app);
        Box::pin(async move {
            call_service(&*app, request.to_request())
                .await
                .map_into_boxed_body()
        })
    })
}

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
    ];
    let seen = browser.send(form, form, &typed).await;
    assert_eq!(seen.status, 422);
    assert!(!seen.body.contains("top-secret-token-value"));
    assert!(seen.body.contains("Payroll &#34;one&#34;") && seen.body.contains("value=\"groups\" checked"));
    assert!(seen.body.contains("It has to be pasted again"), "{}", seen.body);
    assert!(browser.get("/").await.body.contains("Nothing is connected yet"));
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
        ("content-security-policy", super::CSP),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
    ] {
        assert_eq!(login.headers.get(name).unwrap(), value);
    }
    let css = browser.get(&super::assets::address("rollcall.css")).await;
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
