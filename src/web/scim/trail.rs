//! What is kept of each request to an endpoint: it goes to the request log (`store::telemetry`) when it ends, in whatever
//! way it ends. Nothing is written or formatted here that the request would wait for.
//!
//! This is also where a request comes in: its path is straightened, the gate asked, its slot held to the end. Of requests
//! to an instance that does not exist nothing is kept.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Uri;
use actix_web::http::header::{HeaderValue, USER_AGENT};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{HttpMessage, HttpRequest};
use futures_util::FutureExt;

use super::address::straighten;
use super::failure::Failure;
use super::gate::Gate;
use super::shown;
use crate::clock::Stopwatch;
use crate::model::{InstanceId, Milestone, Refusal, Request, RequestId, Time, Why};
use crate::scim::tolerance::Tolerance;

/// The status of a request whose caller did not wait for the answer.
const HUNG_UP: u16 = 499;

/// Deviations that were served, on their way from the handler to the log.
struct Served(Vec<Tolerance>);

/// Notes what was served beside the RFC.
pub(super) fn tolerated(request: &HttpRequest, by_handler: &[Tolerance]) {
    if by_handler.is_empty() {
        return;
    }
    let mut extensions = request.extensions_mut();
    match extensions.get_mut::<Served>() {
        Some(Served(all)) => all.extend_from_slice(by_handler),
        None => {
            extensions.insert(Served(by_handler.to_vec()));
        }
    }
}

/// Around every endpoint of an instance.
///
/// # Errors
/// Those of what it wraps.
pub(super) async fn kept(
    mut request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse, actix_web::Error> {
    let Some(gate) = request.app_data::<Data<Gate>>().cloned() else {
        return next.call(request).await;
    };
    let mut trail = Trail::begin(gate, &request);
    trail.tolerated = straighten(&mut request);
    let admitted = trail.gate.admit(request.request()).await;
    let slot = match admitted {
        Ok((caller, slot)) => {
            (trail.instance, trail.key) = (Some(caller.instance.id), Some(caller.key.id));
            request.extensions_mut().insert(caller);
            slot
        }
        Err(refused) => {
            (trail.instance, trail.key) = (refused.instance, refused.key);
            trail.fail(&refused.failure);
            return Ok(request.error_response(refused.failure));
        }
    };
    // A panic is one failed request: the store undoes it, and locks are not held across handlers.
    let ran = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    drop(slot);
    match ran {
        Ok(Ok(answer)) => {
            trail.answered(&answer);
            Ok(answer)
        }
        Ok(Err(error)) => {
            trail.end(error.as_response_error().status_code().as_u16(), None, None);
            Err(error)
        }
        Err(_) => {
            let failure = Failure::panicked();
            trail.fail(&failure);
            Err(failure.into())
        }
    }
}

/// A request under way. Dropped before its end, the caller has hung up.
struct Trail {
    gate: Data<Gate>,
    watch: Stopwatch,
    at: Time,
    id: RequestId,
    method: &'static str,
    uri: Uri,
    agent: Option<HeaderValue>,
    address: Option<IpAddr>,
    /// None until the gate has spoken, or for good: then nothing is kept.
    instance: Option<InstanceId>,
    key: Option<i64>,
    tolerated: Vec<Tolerance>,
    ended: bool,
}

impl Trail {
    fn begin(gate: Data<Gate>, request: &ServiceRequest) -> Self {
        let id = request.extensions().get::<RequestId>().copied();
        Self {
            watch: Stopwatch::start(),
            at: gate.store.clock().now(),
            id: id.unwrap_or(RequestId(0)),
            method: crate::model::request::method(request.method().as_str()),
            uri: request.uri().clone(),
            agent: request.headers().get(USER_AGENT).cloned(),
            address: gate.origin.client(request.request()),
            instance: None,
            key: None,
            tolerated: Vec::new(),
            ended: false,
            gate,
        }
    }

    fn answered(&mut self, answer: &ServiceResponse) {
        let status = answer.status().as_u16();
        if let Some(Served(all)) = answer.request().extensions_mut().remove::<Served>() {
            self.tolerated.extend(all);
            self.tolerated.sort_unstable();
            self.tolerated.dedup();
        }
        if status >= 400
            && let Some(failure) = answer.response().error().and_then(|e| e.as_error::<Failure>())
        {
            return self.fail(failure);
        }
        let reached = if status < 300 {
            reached(self.method, answer.request())
        } else {
            None
        };
        self.end(status, None, reached);
    }

    fn fail(&mut self, failure: &Failure) {
        let error = failure.error();
        if let Some(cause) = failure.cause() {
            let (request, path) = (self.id, shown::path(&self.uri));
            if error.status == 503 {
                tracing::warn!(%request, path, error = %cause, "a SCIM request is told to come back");
            } else {
                tracing::error!(%request, path, error = %cause, "a SCIM request failed");
            }
        }
        let refusal = Refusal {
            scim_type: error.scim_type.map(|t| t.name().into()),
            detail: shown::detail(&error.detail, &self.uri),
            why: failure.why(),
        };
        if self.instance.is_some() && failure.cause().is_none() {
            let why = refusal.why.map_or("", Why::as_str);
            let (request, status) = (self.id, error.status);
            tracing::debug!(%request, status, why, detail = &*refusal.detail, "a SCIM request was refused");
        }
        self.end(error.status, Some(refusal), None);
    }

    fn end(&mut self, status: u16, refusal: Option<Refusal>, reached: Option<Milestone>) {
        self.ended = true;
        let Some(instance) = self.instance else {
            return;
        };
        let agent = self
            .agent
            .as_ref()
            .and_then(|a| a.to_str().ok())
            .unwrap_or_default();
        let request = Request {
            id: self.id,
            instance,
            key: self.key,
            at: self.at,
            took_us: u32::try_from(self.watch.elapsed().as_micros()).unwrap_or(u32::MAX),
            method: self.method,
            path: shown::path(&self.uri),
            status,
            agent: shown::agent(agent),
            address: self.address,
            tolerated: std::mem::take(&mut self.tolerated).into(),
            refusal: refusal.map(Box::new),
        };
        self.gate.store.telemetry().note(request, reached);
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        if !self.ended {
            let refusal = Refusal {
                why: Some(Why::Gone),
                ..Refusal::default()
            };
            self.end(HUNG_UP, Some(refusal), None);
        }
    }
}

/// What a request that was carried out may be the first of.
fn reached(method: &str, request: &HttpRequest) -> Option<Milestone> {
    match (method, request.match_info().get("endpoint")?) {
        ("GET", "Users") => Some(Milestone::UserRead),
        // A POST to `.search` has the endpoint before it, and changes nothing.
        ("POST", endpoint) if !request.path().ends_with(endpoint) => None,
        ("POST", "Users") => Some(Milestone::UserCreated),
        ("POST" | "PUT" | "PATCH", "Groups") => Some(Milestone::GroupPushed),
        _ => None,
    }
}
