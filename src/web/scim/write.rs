//! POST, PUT, PATCH and DELETE of one resource (RFC 7644 §3.3, §3.5, §3.6): read from the request, changed as `change` has
//! it, answered only after the commit.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::change::{Write, change};
use super::failure::Failure;
use super::gate::{self, Caller, Gate};
use super::read::{id, kind};
use super::represent::View;
use super::{answer, body, etag, trail};
use crate::scim::bulk::{Ask, Method};
use crate::scim::list::ListQuery;
use crate::scim::project::Projection;
use crate::scim::schema::ResourceType;
use crate::store::scan::Cost;
use crate::store::{Rx, StoreError};

/// POST on a type.
pub(super) async fn create(
    request: HttpRequest,
    gate: Data<Gate>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let data = body::json(payload, &caller.rules.limits).await?;
    write(&request, &gate, &caller, (Method::Post, None, data)).await
}

pub(super) async fn replace(
    request: HttpRequest,
    gate: Data<Gate>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let data = body::json(payload, &caller.rules.limits).await?;
    write(&request, &gate, &caller, (Method::Put, Some(id(&request)), data)).await
}

pub(super) async fn patch(
    request: HttpRequest,
    gate: Data<Gate>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let data = body::json(payload, &caller.rules.limits).await?;
    write(
        &request,
        &gate,
        &caller,
        (Method::Patch, Some(id(&request)), data),
    )
    .await
}

pub(super) async fn delete(request: HttpRequest, gate: Data<Gate>) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    write(
        &request,
        &gate,
        &caller,
        (Method::Delete, Some(id(&request)), Value::Null),
    )
    .await
}

async fn write(
    request: &HttpRequest,
    gate: &Gate,
    caller: &Arc<Caller>,
    (method, id, data): (Method, Option<String>, Value),
) -> Result<HttpResponse, Failure> {
    let projection = ListQuery::parse(request.query_string(), &caller.rules)?.projection;
    let ask = Ask {
        method,
        kind: kind(request)?,
        id,
        data,
        only_if: etag::asked(request)?,
    };
    let write = Write::read(ask, caller)?;
    trail::tolerated(request, write.tolerated());
    let asked = projection.clone();
    let done = change(gate, caller, move |door| write.run(door, &asked)).await?;
    let Some(view) = done.view else {
        return Ok(HttpResponse::NoContent().finish());
    };
    if done.status == StatusCode::NO_CONTENT {
        return Ok(answer::version(done.status, view.tag()?));
    }
    let view = with_members(gate, caller, view, &projection).await?;
    let shown = view.shown(&gate.base(request, caller), &projection)?;
    Ok(answer::shown(request, done.status, shown))
}

/// The members of a group after the change. Read apart, so that the writer never waits for 100,000 of them; what fails
/// here no longer undoes anything.
async fn with_members(
    gate: &Gate,
    caller: &Caller,
    mut view: View,
    projection: &Projection,
) -> Result<View, Failure> {
    if view.kind == ResourceType::User || !projection.wants("members") {
        return Ok(view);
    }
    let projection = projection.clone();
    let load = move |rx: &Rx<'_>| -> Result<_, StoreError> {
        view.fill(rx, &projection)?;
        Ok(view)
    };
    gate.list(caller, Cost::Page, load)
        .await
        .map_err(Failure::after_commit)
}
