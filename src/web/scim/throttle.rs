//! How much one instance and one key may ask for at once (RFC 6585 §4): requests under way of an instance, and, if it is
//! wanted, requests a second of a key. Instances take turns at the writer as well; that is `store::queue`'s.

mod bucket;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::failure::Failure;
use crate::clock::Stopwatch;
use crate::model::{InstanceId, Why};

/// The bounds.
#[derive(Clone, Copy, Debug)]
pub struct Throttle {
    /// Requests of one instance that may be under way.
    pub in_flight: usize,
    /// Requests a second of one key in the long run; none: as many as come.
    pub per_second: Option<NonZeroU32>,
    /// Requests of one key that may come at once on top of that.
    pub burst: u32,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            in_flight: 256,
            per_second: None,
            burst: 100,
        }
    }
}

/// Long reads of one instance that run at once: half of the readers, so that look-ups of others find one free.
const READING: usize = 4;
/// Counters without a holder that are kept before they are swept out.
const KEPT: usize = 4096;

/// The counters of all instances and keys. They outlive the memory of who may come in.
pub(super) struct Turnstile {
    bounds: Throttle,
    since: Stopwatch,
    counters: Mutex<Counters>,
}

#[derive(Default)]
struct Counters {
    instances: HashMap<InstanceId, Arc<Instance>>,
    buckets: HashMap<i64, Arc<AtomicU64>>,
}

#[derive(Debug)]
struct Instance {
    under_way: AtomicUsize,
    reading: Arc<Semaphore>,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            under_way: AtomicUsize::new(0),
            reading: Arc::new(Semaphore::new(READING)),
        }
    }
}

/// The counters of one key and its instance.
#[derive(Debug)]
pub(super) struct Counted {
    instance: Arc<Instance>,
    /// When the bucket would be full again, in microseconds since the start.
    bucket: Arc<AtomicU64>,
}

/// A request that is under way; dropped, it is no longer, however it ended.
#[derive(Debug)]
pub(super) struct Slot(Arc<Instance>);

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Counted {
    /// Waits for a turn at a long read, among those of the same instance.
    pub(super) async fn reading(&self) -> Option<OwnedSemaphorePermit> {
        // It is never closed.
        Arc::clone(&self.instance.reading).acquire_owned().await.ok()
    }
}

impl Turnstile {
    pub(super) fn new(bounds: Throttle) -> Self {
        Self {
            bounds,
            since: Stopwatch::start(),
            counters: Mutex::default(),
        }
    }

    pub(super) fn counted(&self, instance: InstanceId, key: i64) -> Counted {
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        if counters.buckets.len() > KEPT {
            counters.instances.retain(|_, of| Arc::strong_count(of) > 1);
            counters.buckets.retain(|_, bucket| Arc::strong_count(bucket) > 1);
        }
        Counted {
            instance: Arc::clone(counters.instances.entry(instance).or_default()),
            bucket: Arc::clone(counters.buckets.entry(key).or_default()),
        }
    }

    /// Lets one more request in, or says when to come again.
    pub(super) fn enter(&self, counted: &Counted) -> Result<Slot, Failure> {
        if let Some(rate) = self.bounds.per_second {
            let now = u64::try_from(self.since.elapsed().as_micros()).unwrap_or(u64::MAX);
            if let Err(wait) = bucket::take(&counted.bucket, rate, self.bounds.burst, now) {
                let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
                let text = format!(
                    "This key may send {rate} requests a second. Nothing was changed; try again in {seconds} s."
                );
                return Err(Failure::come_again(text, seconds, Why::TooFast));
            }
        }
        // Counted first: the slot gives it back also where there was no room.
        let before = counted.instance.under_way.fetch_add(1, Ordering::Relaxed);
        let slot = Slot(Arc::clone(&counted.instance));
        if before >= self.bounds.in_flight {
            let most = self.bounds.in_flight;
            let text = format!(
                "{most} requests to this instance are under way already. Nothing was changed; try again in 1 s."
            );
            return Err(Failure::come_again(text, 1, Why::Crowded));
        }
        Ok(slot)
    }
}
