//! The way in, around handlers made for the test: what is held is given back, and what ended is in the log, however it ended.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::future::{Future, pending, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use actix_web::dev::{Payload, Service};
use actix_web::error::PayloadError;
use actix_web::http::header::{AUTHORIZATION, RETRY_AFTER};
use actix_web::test::{TestRequest, call_service, init_service};
use actix_web::web::Bytes;
use actix_web::{App, FromRequest, HttpResponse, web};
use futures_util::{Stream, stream};

use super::*;
use crate::clock::Clock;
use crate::model::{InstanceId, Policies, Request, Scope, Why};
use crate::scim::rules::Limits;
use crate::secret::NewKey;
use crate::store::instances::{self, NewInstance};
use crate::store::telemetry::Only;
use crate::store::{Lane, Store, StoreError, Tx, access};
use crate::web::origin::Origin;

struct Hub {
    gate: web::Data<Gate>,
    instance: InstanceId,
    key: String,
    _dir: tempfile::TempDir,
}

async fn hub(throttle: Throttle) -> Hub {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), Clock::system()).unwrap();
    let key = NewKey::generate();
    let (hash, prefix) = (key.hash, key.prefix.clone());
    let make = move |tx: &Tx<'_>| -> Result<InstanceId, StoreError> {
        let new = NewInstance {
            slug: "a".into(),
            name: "A".into(),
            app: "receive-only".into(),
            scope: Scope::UsersAndGroups,
            target: None,
            policies: Policies::default(),
        };
        let instance = instances::insert(tx, &new)?.id;
        access::insert_key(tx, instance, &hash, "key", &prefix, "test", None)?;
        Ok(instance)
    };
    let instance = store.write(Lane::Front, None, make).await.unwrap();
    Hub {
        gate: web::Data::new(Gate::new(
            store,
            Origin::new(None, Vec::new(), false),
            Limits::default(),
            throttle,
        )),
        instance,
        key: key.plain.expose().to_owned(),
        _dir: dir,
    }
}

impl Hub {
    fn get(&self, path: &str) -> TestRequest {
        TestRequest::get()
            .uri(path)
            .insert_header((AUTHORIZATION, format!("Bearer {}", self.key)))
    }

    /// The log, newest first.
    fn log(&self) -> Vec<Request> {
        let all = self
            .gate
            .store
            .telemetry()
            .requests(self.instance, Only::All, None, 1000);
        all.unwrap().into_iter().map(|(_, request)| request).collect()
    }
}

/// The endpoint of a hub with handlers of the test.
macro_rules! app {
    ($hub:expr) => {{
        let endpoint = web::scope("/scim/{slug}/v2")
            .wrap(from_fn(trail::kept))
            .route("/fine", web::get().to(HttpResponse::Ok))
            .route("/never", web::get().to(pending::<HttpResponse>))
            .route("/panics", web::get().to(panics));
        init_service(App::new().app_data($hub.gate.clone()).service(endpoint)).await
    }};
}

async fn panics() -> HttpResponse {
    panic!("a handler")
}

fn why(request: &Request) -> Option<Why> {
    request.refusal.as_ref().and_then(|refusal| refusal.why)
}

#[actix_web::test]
async fn a_slot_comes_back_from_panics_and_from_callers_that_hang_up() {
    let hub = hub(Throttle {
        in_flight: 1,
        ..Throttle::default()
    })
    .await;
    let app = app!(hub);
    let mut never = Box::pin(app.call(hub.get("/scim/a/v2/never").to_request()));
    // Its key is looked up on another thread: until then there is no slot to miss.
    let crowded = loop {
        let waits = poll_fn(|cx| Poll::Ready(never.as_mut().poll(cx).is_pending())).await;
        assert!(waits);
        let answer = call_service(&app, hub.get("/scim/a/v2/fine").to_request()).await;
        if answer.status() == 429 {
            break answer;
        }
    };
    assert_eq!(crowded.headers().get(RETRY_AFTER).unwrap(), "1");
    assert_eq!(why(&hub.log()[0]), Some(Why::Crowded));
    drop(never);
    assert_eq!((hub.log()[0].status, why(&hub.log()[0])), (499, Some(Why::Gone)));
    let failed = app.call(hub.get("/scim/a/v2/panics").to_request()).await;
    assert_eq!(failed.err().unwrap().as_response_error().status_code(), 500);
    assert_eq!(hub.log()[0].status, 500);
    let fine = call_service(&app, hub.get("/scim/a/v2/fine").to_request()).await;
    assert_eq!(fine.status(), 200);
    let telemetry = hub.gate.store.telemetry();
    let now = hub.gate.store.clock().now();
    assert_eq!(telemetry.throttled_today(hub.instance, now).unwrap(), 1);
}

#[actix_web::test]
async fn a_key_may_be_given_a_rate() {
    let hub = hub(Throttle {
        per_second: Some(std::num::NonZeroU32::MIN),
        burst: 2,
        ..Throttle::default()
    })
    .await;
    let app = app!(hub);
    let mut answers = Vec::new();
    for _ in 0..3 {
        answers.push(call_service(&app, hub.get("/scim/a/v2/fine").to_request()).await);
    }
    let codes: Vec<u16> = answers.iter().map(|a| a.status().as_u16()).collect();
    assert_eq!(codes, [200, 200, 429]);
    assert_eq!(answers[2].headers().get(RETRY_AFTER).unwrap(), "1");
    assert_eq!(why(&hub.log()[0]), Some(Why::TooFast));
    assert_eq!(hub.log().len(), 3);
}

#[actix_web::test]
async fn nobody_gets_past_the_gate_and_nothing_is_kept_of_instances_that_are_none() {
    let hub = hub(Throttle::default()).await;
    let app = app!(hub);
    for path in ["/scim/a/v2/fine", "/scim/a/v2/no/such/path"] {
        let answer = call_service(&app, TestRequest::get().uri(path).to_request()).await;
        assert_eq!(answer.status(), 401, "{path}");
        assert_eq!(why(&hub.log()[0]), Some(Why::NoKey));
    }
    let nowhere = call_service(&app, hub.get("/scim/b/v2/fine").to_request()).await;
    assert_eq!(nowhere.status(), 401);
    assert_eq!(hub.log().len(), 2);
}

#[actix_web::test]
async fn a_body_that_drips_is_not_waited_for() {
    let drip: Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>> = Box::pin(stream::pending());
    let mut drip = Payload::from(drip);
    let request = TestRequest::default().to_http_request();
    let body = web::Payload::from_request(&request, &mut drip).await.unwrap();
    let late = body::within(Duration::from_millis(20), body, &Limits::default())
        .await
        .unwrap_err();
    assert_eq!((late.error().status, late.why()), (408, Some(Why::Slow)));
}
