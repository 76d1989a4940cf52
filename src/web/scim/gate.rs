//! Who may use an endpoint: a bearer key of this very instance (RFC 6750). Unknown, expired, revoked and foreign keys
//! get the same bytes; a disabled instance says so, to those who hold its key. Every request passes here once, before
//! anything of it is looked at; handlers ask [`caller`] who was let in.

use std::sync::{Arc, Mutex};

use actix_web::{HttpMessage, HttpRequest};

use super::bearer::bearer;
use super::failure::Failure;
use super::seen::Seen;
use super::throttle::{Counted, Slot, Throttle, Turnstile};
use crate::model::{Actor, ApiKey, Instance, InstanceId, Why};
use crate::scim::error::ScimError;
use crate::scim::rules::{Limits, Rules};
use crate::store::{Store, instances};
use crate::web::origin::Origin;

/// Somebody with a valid key.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) instance: Instance,
    /// What its requests are held to.
    pub(super) rules: Arc<Rules>,
    pub(super) key: ApiKey,
    pub(super) counted: Counted,
}

impl Caller {
    pub(super) fn actor(&self) -> Actor {
        Actor::Idp(self.key.name.clone())
    }
}

/// Somebody who was not let in.
pub(super) struct Refused {
    pub(super) failure: Failure,
    /// The instance that was asked for, if there is one.
    pub(super) instance: Option<InstanceId>,
    /// The key of that instance that was shown.
    pub(super) key: Option<i64>,
}

/// The store behind the endpoints, and the keys that were seen since permissions last changed.
pub struct Gate {
    pub(super) store: Store,
    pub(super) origin: Origin,
    pub(super) limits: Limits,
    pub(super) turnstile: Turnstile,
    pub(super) seen: Mutex<Seen>,
}

impl Gate {
    /// One per process.
    #[must_use]
    pub fn new(store: Store, origin: Origin, limits: Limits, throttle: Throttle) -> Self {
        Self {
            store,
            origin,
            limits,
            turnstile: Turnstile::new(throttle),
            seen: Mutex::default(),
        }
    }

    /// Our address and path of this instance's endpoint, without trailing slash.
    pub(super) fn base(&self, request: &HttpRequest, caller: &Caller) -> String {
        format!("{}/scim/{}/v2", self.origin.base(request), caller.instance.slug)
    }

    /// Lets a request in, or says why not. The slot is held for as long as the request is under way.
    pub(super) async fn admit(&self, request: &HttpRequest) -> Result<(Arc<Caller>, Slot), Refused> {
        let slug = request.match_info().get("slug").unwrap_or_default();
        let caller = match self.holder(request, slug).await {
            Ok(caller) => caller,
            Err((failure, key)) => {
                return Err(Refused {
                    failure,
                    instance: self.instance(slug).await,
                    key,
                });
            }
        };
        let entered = if caller.instance.enabled {
            self.turnstile.enter(&caller.counted)
        } else {
            Err(Failure::disabled())
        };
        match entered {
            Ok(slot) => Ok((caller, slot)),
            Err(failure) => Err(Refused {
                failure,
                instance: Some(caller.instance.id),
                key: Some(caller.key.id),
            }),
        }
    }

    /// Whose live key of this instance the request bears; else the failure, and the key if it is one of this instance.
    async fn holder(&self, request: &HttpRequest, slug: &str) -> Result<Arc<Caller>, (Failure, Option<i64>)> {
        let no = |why| (Failure::no_entry(why), None);
        let hash = bearer(request).map_err(no)?;
        let found = self.caller_of(hash).await.map_err(|e| (e.into(), None))?;
        let caller = found.ok_or_else(|| no(Why::Unknown))?;
        if caller.instance.slug != slug {
            return Err(no(Why::Foreign));
        }
        if caller.key.is_live(self.store.clock().now()) {
            return Ok(caller);
        }
        let why = if caller.key.revoked_at.is_some() {
            Why::Revoked
        } else {
            Why::Expired
        };
        Err((Failure::no_entry(why), Some(caller.key.id)))
    }

    /// The instance under a slug that nobody may enter by: only the log wants to know.
    async fn instance(&self, slug: &str) -> Option<InstanceId> {
        let slug = slug.to_owned();
        let found = self.store.look_up(move |rx| instances::by_slug(rx, &slug)).await;
        found.ok().flatten().map(|instance| instance.id)
    }
}

/// Who was let in.
pub(super) fn caller(request: &HttpRequest) -> Result<Arc<Caller>, Failure> {
    let admitted = request.extensions().get::<Arc<Caller>>().cloned();
    admitted.ok_or_else(|| Failure::no_entry(Why::NoKey))
}

/// The refusal of an instance that is switched off, to those who hold its key.
pub(super) fn disabled() -> ScimError {
    let text =
        "This instance is disabled in Rollcall. An admin can enable it on its page; nothing was changed.";
    ScimError::new(403, text)
}
