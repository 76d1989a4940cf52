//! Who may use an endpoint: a bearer key of this very instance (RFC 6750). Unknown, expired, revoked and foreign keys
//! get the same bytes; a disabled instance says so, to those who hold its key. Every request passes here once, before
//! anything of it is looked at; handlers ask [`caller`] who was let in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::AUTHORIZATION;
use actix_web::{HttpMessage, HttpRequest};

use super::failure::Failure;
use super::throttle::{Counted, Slot, Throttle, Turnstile};
use crate::model::{Actor, ApiKey, Instance, InstanceId, Why};
use crate::scim::error::ScimError;
use crate::scim::rules::{Limits, Rules};
use crate::secret::key_hash;
use crate::store::scan::Cost;
use crate::store::{Rx, Store, StoreError, access, custom, instances};
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
    counted: Counted,
}

impl Caller {
    pub(super) fn actor(&self) -> Actor {
        Actor::Idp(self.key.name.clone())
    }

    pub(super) fn key(&self) -> i64 {
        self.key.id
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
    limits: Limits,
    turnstile: Turnstile,
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
        let found = self.caller(hash).await.map_err(|e| (e.into(), None))?;
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

    /// Runs a list, or what else may be long, in the way that its cost asks for. Instances share the readers: whoever
    /// looks at more than an index finds waits for its turn among those of its own instance.
    pub(super) async fn list<T, E, F>(&self, caller: &Caller, cost: Cost, work: F) -> Result<T, E>
    where
        F: FnOnce(&Rx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let turn = match cost {
            Cost::LookUp => None,
            Cost::Page | Cost::Scan => caller.counted.reading().await,
        };
        let work = move |rx: &Rx<'_>| {
            // Held by the work and not by who waits for it: that one may go away.
            let _turn = turn;
            work(rx)
        };
        self.store.list(cost, work).await
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
        let found = self
            .store
            .read(move |rx| -> Result<_, StoreError> {
                let Some(key) = access::key_by_hash(rx, &hash)? else {
                    return Ok(None);
                };
                let Some(instance) = instances::by_id(rx, key.instance)? else {
                    return Ok(None);
                };
                Ok(Some((custom::of(rx, instance.id)?, instance, key)))
            })
            .await?;
        let found = found.map(|(custom, instance, key)| {
            let counted = self.turnstile.counted(instance.id, key.id);
            let limits = self.limits;
            let rules = Rules { limits, custom };
            Arc::new(Caller {
                instance,
                rules: Arc::new(rules),
                key,
                counted,
            })
        });
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

/// What a bearer key is looked up by.
fn bearer(request: &HttpRequest) -> Result<[u8; 32], Why> {
    let value = request.headers().get(AUTHORIZATION).ok_or(Why::NoKey)?;
    let value = value.to_str().map_err(|_| Why::Malformed)?.trim();
    let (scheme, key) = value.split_once(' ').unwrap_or((value, ""));
    let key = key.trim();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(if key_hash(value).is_some() {
            Why::NoBearer
        } else {
            Why::OtherScheme
        });
    }
    key_hash(key).ok_or_else(|| match key {
        "" => Why::NoKey,
        key if key.starts_with("eyJ") && key.matches('.').count() == 2 => Why::Jwt,
        _ => Why::Malformed,
    })
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use actix_web::test::TestRequest;

    use super::*;
    use crate::secret::NewKey;

    #[test]
    fn what_is_wrong_with_a_header_is_told_apart() {
        let key = NewKey::generate().plain.expose().to_owned();
        let of = |value: &str| {
            let request = TestRequest::default().insert_header((AUTHORIZATION, value));
            bearer(&request.to_http_request())
        };
        assert!(of(&format!("Bearer {key}")).is_ok());
        assert!(of(&format!("bearer   {key} ")).is_ok());
        for (value, why) in [
            ("Bearer ", Why::NoKey),
            ("Bearer", Why::NoKey),
            (key.as_str(), Why::NoBearer),
            ("Basic YWRtaW46cGFzcw==", Why::OtherScheme),
            ("Bearer eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln", Why::Jwt),
            (&format!("Bearer {}", &key[..40]), Why::Malformed),
            ("Bearer something else", Why::Malformed),
        ] {
            assert_eq!(of(value).unwrap_err(), why, "{value}");
        }
        let none = TestRequest::default().to_http_request();
        assert_eq!(bearer(&none).unwrap_err(), Why::NoKey);
    }
}
