//! ServiceProviderConfig, ResourceTypes and Schemas (RFC 7644 §4): read only, whoever holds a key of the instance.

use actix_web::http::StatusCode;
use actix_web::http::header::USER_AGENT;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::failure::Failure;
use super::gate::{self, Gate};
use super::scope::offer;
use super::{answer, trail};
use crate::scim::error::ScimError;
use crate::scim::{discovery, tolerance};

pub(super) async fn config(request: HttpRequest, gate: web::Data<Gate>) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let mut body = discovery::service_provider_config(&gate.base(&request, &caller), &caller.rules.limits);
    let agent = request
        .headers()
        .get(USER_AGENT)
        .and_then(|agent| agent.to_str().ok());
    let tolerated = tolerance::for_strict_reader(agent.unwrap_or_default(), &mut body);
    trail::tolerated(&request, tolerated.as_slice());
    Ok(answer::json(&request, StatusCode::OK, body.to_string()))
}

pub(super) async fn types(request: HttpRequest, gate: web::Data<Gate>) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    Ok(all(
        &request,
        discovery::resource_types(&gate.base(&request, &caller), &offer(&caller)),
    ))
}

pub(super) async fn schemas(request: HttpRequest, gate: web::Data<Gate>) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    Ok(all(
        &request,
        discovery::schemas(&gate.base(&request, &caller), &offer(&caller)),
    ))
}

pub(super) async fn one_type(request: HttpRequest, gate: web::Data<Gate>) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let name = request.match_info().get("name").unwrap_or_default();
    one(
        &request,
        discovery::resource_types(&gate.base(&request, &caller), &offer(&caller)),
        name,
    )
}

pub(super) async fn one_schema(request: HttpRequest, gate: web::Data<Gate>) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let urn = request.match_info().get("urn").unwrap_or_default();
    one(
        &request,
        discovery::schemas(&gate.base(&request, &caller), &offer(&caller)),
        urn,
    )
}

/// A path that is no endpoint.
pub(super) async fn unknown(request: HttpRequest, gate: web::Data<Gate>) -> Result<HttpResponse, Failure> {
    let base = gate.base(&request, &*gate::caller(&request)?);
    Err(Failure::no_endpoint(format!(
        "There is no such endpoint. The SCIM base URL of this instance is {base}; users are under /Users, groups under \
         /Groups of it."
    )))
}

/// What is published cannot be written.
pub(super) async fn refuse(request: HttpRequest) -> Result<HttpResponse, Failure> {
    Err(ScimError::new(
        405,
        format!("{} is not offered here: this can only be read.", request.method()),
    )
    .into())
}

fn all(request: &HttpRequest, list: Vec<Value>) -> HttpResponse {
    let count = list.len();
    let body = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": count, "startIndex": 1, "itemsPerPage": count, "Resources": list,
    });
    answer::json(request, StatusCode::OK, body.to_string())
}

fn one(request: &HttpRequest, list: Vec<Value>, id: &str) -> Result<HttpResponse, Failure> {
    let named = |v: &Value| {
        v.get("id")
            .and_then(Value::as_str)
            .is_some_and(|i| i.eq_ignore_ascii_case(id))
    };
    let found = list
        .into_iter()
        .find(named)
        .ok_or_else(|| ScimError::not_found("There is no such entry."))?;
    Ok(answer::json(request, StatusCode::OK, found.to_string()))
}
