//! Who was let in since permissions last changed: a key is looked up once, not with each request.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};

use super::gate::{Caller, Gate};
use crate::scim::rules::Rules;
use crate::store::{StoreError, access, custom, instances};

/// Keys remembered between requests.
const REMEMBERED: usize = 4096;

#[derive(Default)]
pub(super) struct Seen {
    version: u64,
    callers: HashMap<[u8; 32], Arc<Caller>>,
}

impl Gate {
    /// Whose key this is, live or not.
    pub(super) async fn caller_of(&self, hash: [u8; 32]) -> Result<Option<Arc<Caller>>, StoreError> {
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
