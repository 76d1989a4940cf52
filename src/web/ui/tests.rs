//! The pages as a browser meets them: doors, forms, what is never shown.
#![expect(clippy::unwrap_used, reason = "tests")]

mod doors;
mod forms;

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
use crate::scim::rules::Limits;
use crate::secret::{Sealer, Secret, SetupCode, hash_password};
use crate::store::{Lane, Store, StoreError, access};
use crate::sync::manage::{Manager, NewConnection};
use crate::sync::{Engine, EngineConfig};
use crate::web::origin::Origin;
use crate::web::scim::{Gate, Throttle};

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
    let gate = web::Data::new(Gate::new(store, origin, Limits::default(), Throttle::default()));
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
            policies: crate::model::Policies::default(),
            target: None,
            access: Default::default(),
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
