//! Who may use an endpoint: a bearer key of this very instance (RFC 6750). Unknown, expired, revoked and foreign keys
//! get the same bytes; a disabled instance says so, to those who hold its key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::HttpRequest;
use actix_web::http::header::{AUTHORIZATION, USER_AGENT};

use super::failure::Failure;
use crate::model::{Actor, ApiKey, Instance};
use crate::scim::error::ScimError;
use crate::scim::rules::{Limits, Rules};
use crate::secret::key_hash;
use crate::store::{Store, StoreError, access, custom, instances};
use crate::web::origin::Origin;

/// Keys remembered between requests.
const REMEMBERED: usize = 4096;

/// Somebody with a valid key.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) instance: Instance,
    /// What its requests are held to.
    pub(super) rules: Arc<Rules>,
    key: ApiKey,
}

impl Caller {
    pub(super) fn actor(&self) -> Actor {
        Actor::Idp(self.key.name.clone())
    }
}

/// The store behind the endpoints, and the keys that were seen since permissions last changed.
pub struct Gate {
    pub(super) store: Store,
    pub(super) origin: Origin,
    limits: Limits,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    version: u64,
    callers: HashMap<[u8; 32], Arc<Caller>>,
}

impl Gate {
    /// One per process.
    #[must_use]
    pub fn new(store: Store, origin: Origin, limits: Limits) -> Self {
        Self {
            store,
            origin,
            limits,
            seen: Mutex::default(),
        }
    }

    /// Our address and path of this instance's endpoint, without trailing slash.
    pub(super) fn base(&self, request: &HttpRequest, caller: &Caller) -> String {
        format!("{}/scim/{}/v2", self.origin.base(request), caller.instance.slug)
    }

    /// Lets a request in, or says why not.
    pub(super) async fn admit(&self, request: &HttpRequest) -> Result<Arc<Caller>, Failure> {
        let slug = request.match_info().get("slug").unwrap_or_default();
        let hash = bearer(request).and_then(key_hash).ok_or_else(refused)?;
        let caller = self.caller(hash).await?.ok_or_else(refused)?;
        let now = self.store.clock().now();
        if caller.instance.slug != slug || !caller.key.is_live(now) {
            return Err(refused());
        }
        let agent = request
            .headers()
            .get(USER_AGENT)
            .and_then(|v| v.to_str().ok())
            .unwrap_or_default();
        let address = self
            .origin
            .client(request)
            .map(|a| a.to_string())
            .unwrap_or_default();
        self.store
            .telemetry()
            .key_used(caller.key.id, now, agent, &address);
        if !caller.instance.enabled {
            return Err(disabled().into());
        }
        Ok(caller)
    }

    async fn caller(&self, hash: [u8; 32]) -> Result<Option<Arc<Caller>>, StoreError> {
        let version = self.store.access_version();
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if seen.version != version || seen.callers.len() > REMEMBERED {
                *seen = Seen {
                    version,
                    callers: HashMap::new(),
                };
            }
            if let Some(caller) = seen.callers.get(&hash) {
                return Ok(Some(Arc::clone(caller)));
            }
        }
        let limits = self.limits;
        let found = self
            .store
            .read(move |rx| -> Result<_, StoreError> {
                let Some(key) = access::key_by_hash(rx, &hash)? else {
                    return Ok(None);
                };
                let Some(instance) = instances::by_id(rx, key.instance)? else {
                    return Ok(None);
                };
                let custom = custom::of(rx, instance.id)?;
                Ok(Some(Arc::new(Caller {
                    instance,
                    rules: Arc::new(Rules { limits, custom }),
                    key,
                })))
            })
            .await?;
        if let Some(caller) = &found {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            // What was read before a change must not be remembered after it.
            if seen.version == version {
                seen.callers.insert(hash, Arc::clone(caller));
            }
        }
        Ok(found)
    }
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

/// The refusal of an instance that is switched off, to those who hold its key.
pub(super) fn disabled() -> ScimError {
    let text =
        "This instance is disabled in Rollcall. An admin can enable it on its page; nothing was changed.";
    ScimError::new(403, text)
}

fn refused() -> Failure {
    ScimError::new(
        401,
        "This endpoint needs a valid API key of this instance, sent as \"Authorization: Bearer …\".",
    )
    .into()
}
