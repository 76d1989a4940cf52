//! A change that a client asks for: what of it can be done without the database is [`Write::read`], the rest is
//! [`Write::run`] in a unit of work. A request of its own and an operation of a Bulk are the same here.

use std::sync::Arc;

use actix_web::http::StatusCode;

use super::failure::Failure;
use super::gate::{self, Caller, Gate};
use super::represent::View;
use super::scope::writable;
use crate::directory::{self, ChangeError, Door};
use crate::scim::bulk::{Ask, Method};
use crate::scim::error::ScimError;
use crate::scim::etag::Precondition;
use crate::scim::patch::PatchRequest;
use crate::scim::project::Projection;
use crate::scim::resource::{self, Accepted};
use crate::scim::schema::ResourceType;
use crate::scim::tolerance::Tolerance;
use crate::store::{Lane, instances};

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
        writable(&caller.instance, kind)?;
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

    /// What was served beside the RFC.
    pub(super) fn tolerated(&self) -> &[Tolerance] {
        match &self.change {
            Change::Create(accepted) | Change::Replace(_, accepted) => &accepted.tolerated,
            Change::Patch(_, request) => request.tolerated(),
            Change::Delete(_) => &[],
        }
    }

    /// Makes the change, in a unit of work. A user's groups are read here, so that its answer needs no second read;
    /// members of a group never are.
    ///
    /// 200 or 201 with the resource; 204 when it is gone, and when only members of a group were asked for: nobody wants
    /// 100,000 of them back, unless the request names what it wants to see (RFC 7644 §3.5.2).
    pub(super) fn run(self, door: Door<'_>, projection: &Projection) -> Result<Done, ChangeError> {
        let (kind, only_if) = (self.kind, &self.only_if);
        // As with the instance itself: what is so now, not when the request came.
        writable(door.instance, kind)?;
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
                let unseen = request.only_members() && !projection.selects();
                let status = if unseen {
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
