//! POST, PUT, PATCH and DELETE (RFC 7644 §3.3, §3.5, §3.6). Parsed and checked here, changed in one unit of work by
//! `directory`; answered only after the commit. An operation of a Bulk is the same [`Write`], run by `bulk`.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::Value;

use super::failure::Failure;
use super::gate::{self, Caller, Gate};
use super::groups::writable;
use super::read::{id, kind};
use super::represent::View;
use super::{answer, body, etag};
use crate::directory::{self, ChangeError, Door};
use crate::scim::bulk::{Ask, Method};
use crate::scim::error::ScimError;
use crate::scim::etag::Precondition;
use crate::scim::list::ListQuery;
use crate::scim::patch::PatchRequest;
use crate::scim::project::Projection;
use crate::scim::resource::{self, Accepted};
use crate::scim::schema::ResourceType;
use crate::store::{Lane, Rx, StoreError, instances};

/// A change that a client asks for, read and checked: what is left to do needs the database.
#[derive(Debug)]
pub(super) struct Write {
    kind: ResourceType,
    change: Change,
    only_if: Precondition,
}

#[derive(Debug)]
enum Change {
    Create(Accepted),
    Replace(String, Accepted),
    Patch(String, PatchRequest),
    Delete(String),
}

/// What a write led to.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) status: StatusCode,
    /// The resource as it is stored now, without members; `None`: it is gone.
    pub(super) view: Option<View>,
}

impl Write {
    /// Refuses all that can be refused without the database.
    pub(super) fn read(ask: Ask, caller: &Caller) -> Result<Self, Failure> {
        let (kind, rules) = (ask.kind, &caller.rules);
        writable(caller, kind)?;
        let change = match (ask.method, ask.id) {
            (Method::Post, None) => Change::Create(resource::accept(kind, ask.data, rules)?),
            (Method::Put, Some(id)) => Change::Replace(id, resource::accept(kind, ask.data, rules)?),
            (Method::Patch, Some(id)) => Change::Patch(id, PatchRequest::parse(kind, &ask.data, rules)?),
            (Method::Delete, Some(id)) => Change::Delete(id),
            (Method::Post, Some(_)) | (Method::Put | Method::Patch | Method::Delete, None) => {
                return Err(ScimError::new(405, "This method is not offered here.").into());
            }
        };
        Ok(Self {
            kind,
            change,
            only_if: ask.only_if,
        })
    }

    /// Makes the change, in a unit of work. A user's groups are read here, so that its answer needs no second read;
    /// members of a group never are.
    ///
    /// 200 or 201 with the resource; 204 when it is gone, and when only members of a group were asked for: nobody wants
    /// 100,000 of them back.
    pub(super) fn run(self, door: Door<'_>, projection: &Projection) -> Result<Done, ChangeError> {
        let (kind, only_if) = (self.kind, &self.only_if);
        let (status, stored) = match self.change {
            Change::Create(accepted) => (
                StatusCode::CREATED,
                directory::create(door, kind, accepted, only_if)?,
            ),
            Change::Replace(id, accepted) => (
                StatusCode::OK,
                directory::replace(door, kind, &id, accepted, only_if)?,
            ),
            Change::Patch(id, request) => {
                let stored = directory::patch(door, kind, &id, &request, only_if)?;
                let members = request.only_members();
                let status = if members {
                    StatusCode::NO_CONTENT
                } else {
                    StatusCode::OK
                };
                (status, stored)
            }
            Change::Delete(id) => {
                directory::delete(door, kind, &id, only_if)?;
                return Ok(Done {
                    status: StatusCode::NO_CONTENT,
                    view: None,
                });
            }
        };
        let mut view = View::bare(kind, stored);
        if kind == ResourceType::User {
            view.fill(door.tx, projection)?;
        }
        Ok(Done {
            status,
            view: Some(view),
        })
    }
}

/// POST on a type.
pub(super) async fn create(
    request: HttpRequest,
    gate: Data<Gate>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate.admit(&request).await?;
    let data = body::json(payload, &caller.rules.limits).await?;
    write(&request, &gate, &caller, (Method::Post, None, data)).await
}

pub(super) async fn replace(
    request: HttpRequest,
    gate: Data<Gate>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate.admit(&request).await?;
    let data = body::json(payload, &caller.rules.limits).await?;
    write(&request, &gate, &caller, (Method::Put, Some(id(&request)), data)).await
}

pub(super) async fn patch(
    request: HttpRequest,
    gate: Data<Gate>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let caller = gate.admit(&request).await?;
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
    let caller = gate.admit(&request).await?;
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
    let asked = projection.clone();
    let done = change(gate, caller, move |door| write.run(door, &asked)).await?;
    let Some(view) = done.view else {
        return Ok(HttpResponse::NoContent().finish());
    };
    if done.status == StatusCode::NO_CONTENT {
        return Ok(answer::version(done.status, view.tag()?));
    }
    let view = with_members(gate, view, &projection).await?;
    let shown = view.shown(&gate.base(request, caller), &projection)?;
    Ok(answer::shown(request, done.status, shown))
}

/// Runs one change in the writer.
pub(super) async fn change<T: Send + 'static>(
    gate: &Gate,
    caller: &Arc<Caller>,
    work: impl FnOnce(Door<'_>) -> Result<T, ChangeError> + Send + 'static,
) -> Result<T, Failure> {
    let caller = Arc::clone(caller);
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

/// The members of a group after the change. Read apart, so that the writer never waits for 100,000 of them; what fails
/// here no longer undoes anything.
async fn with_members(gate: &Gate, mut view: View, projection: &Projection) -> Result<View, Failure> {
    if view.kind == ResourceType::User || !projection.wants("members") {
        return Ok(view);
    }
    let projection = projection.clone();
    let load = move |rx: &Rx<'_>| -> Result<_, StoreError> {
        view.fill(rx, &projection)?;
        Ok(view)
    };
    gate.store.read(load).await.map_err(Failure::after_commit)
}
