//! POST, PUT, PATCH and DELETE (RFC 7644 §3.3, §3.5, §3.6). Parsed and checked here, changed in one unit of work by
//! `directory`; answered only after the commit.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::failure::Failure;
use super::gate::{self, Caller, Gate};
use super::groups::writable;
use super::read::{id, kind};
use super::represent::{Place, View};
use super::{answer, body, trail};
use crate::directory::{self, ChangeError, Door, Written};
use crate::scim::list::ListQuery;
use crate::scim::patch::PatchRequest;
use crate::scim::project::Projection;
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::store::{Lane, Rx, StoreError, instances, resources};

pub(super) async fn create(
    request: HttpRequest,
    gate: Data<Gate>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let kind = kind(&request)?;
    writable(&caller, kind)?;
    let projection = ListQuery::parse(request.query_string(), &caller.rules)?.projection;
    let accepted = resource::accept(
        kind,
        body::json(payload, &caller.rules.limits).await?,
        &caller.rules,
    )?;
    trail::tolerated(&request, &accepted.tolerated);
    let written = change(&gate, &caller, move |door| {
        directory::create(door, kind, accepted)
    })
    .await?;
    let base = gate.base(&request, &caller);
    let view = view(&gate, &caller, kind, written, &projection).await?;
    shown(&request, StatusCode::CREATED, &view, &base, &projection)
}

pub(super) async fn replace(
    request: HttpRequest,
    gate: Data<Gate>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let (kind, id) = (kind(&request)?, id(&request));
    writable(&caller, kind)?;
    let projection = ListQuery::parse(request.query_string(), &caller.rules)?.projection;
    let accepted = resource::accept(
        kind,
        body::json(payload, &caller.rules.limits).await?,
        &caller.rules,
    )?;
    trail::tolerated(&request, &accepted.tolerated);
    let written = change(&gate, &caller, move |door| {
        directory::replace(door, kind, &id, accepted)
    })
    .await?;
    let base = gate.base(&request, &caller);
    let view = view(&gate, &caller, kind, written, &projection).await?;
    shown(&request, StatusCode::OK, &view, &base, &projection)
}

/// 200 with the resource; 204 when only members of a group were asked for: nobody wants 100,000 of them back.
pub(super) async fn patch(
    request: HttpRequest,
    gate: Data<Gate>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let (kind, id) = (kind(&request)?, id(&request));
    writable(&caller, kind)?;
    let projection = ListQuery::parse(request.query_string(), &caller.rules)?.projection;
    let operations = PatchRequest::parse(
        kind,
        &body::json(payload, &caller.rules.limits).await?,
        &caller.rules,
    )?;
    trail::tolerated(&request, operations.tolerated());
    let only_members = operations.only_members();
    let written = change(&gate, &caller, move |door| {
        directory::patch(door, kind, &id, &operations)
    })
    .await?;
    if only_members {
        return Ok(HttpResponse::NoContent().finish());
    }
    let base = gate.base(&request, &caller);
    let view = view(&gate, &caller, kind, written, &projection).await?;
    shown(&request, StatusCode::OK, &view, &base, &projection)
}

pub(super) async fn delete(request: HttpRequest, gate: Data<Gate>) -> Result<HttpResponse, Failure> {
    let caller = gate::caller(&request)?;
    let (kind, id) = (kind(&request)?, id(&request));
    writable(&caller, kind)?;
    change(&gate, &caller, move |door| directory::delete(door, kind, &id)).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The resource as the whole answer, with its address.
fn shown(
    request: &HttpRequest,
    status: StatusCode,
    view: &View,
    base: &str,
    projection: &Projection,
) -> Result<HttpResponse, Failure> {
    let body = view.text(base, projection, Place::Alone)?;
    Ok(answer::located(request, status, &view.location(base), body))
}

/// Runs one change in the writer.
async fn change<T: Send + 'static>(
    gate: &Gate,
    caller: &std::sync::Arc<Caller>,
    work: impl FnOnce(Door<'_>) -> Result<T, ChangeError> + Send + 'static,
) -> Result<T, Failure> {
    let caller = std::sync::Arc::clone(caller);
    let instance = caller.instance.id;
    let done = gate.store.write(Lane::Front, Some(instance), move |tx| {
        // It may have waited while an admin attached an app or switched the instance off: what counts is what is so now.
        let now = instances::by_id(tx, instance)?.filter(|i| i.enabled);
        let now = now.ok_or_else(gate::disabled)?;
        let actor = caller.actor();
        work(Door {
            tx,
            instance: &now,
            actor: &actor,
        })
    });
    Ok(done.await?)
}

/// The resource after the change. Read apart, so that the writer never waits for 100,000 members.
async fn view(
    gate: &Gate,
    caller: &Caller,
    kind: ResourceType,
    written: Written,
    projection: &Projection,
) -> Result<View, Failure> {
    let projection = projection.clone();
    let load = move |rx: &Rx<'_>| -> Result<_, StoreError> {
        let stored = resources::stored_row(rx, written.row)?.ok_or(StoreError::Busy)?;
        View::load(rx, kind, stored, &projection)
    };
    Ok(match kind {
        ResourceType::User => gate.store.look_up(load).await?,
        ResourceType::Group => gate.read(caller, load).await?,
    })
}
