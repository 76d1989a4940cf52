//! How much one instance and one key may ask for at once (RFC 6585 §4): requests under way of an instance, and, if it is
//! wanted, requests a second of a key. Instances take turns at the writer as well; that is `store::queue`'s.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

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
            if let Err(wait) = take(&counted.bucket, rate, self.bounds.burst, now) {
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

/// A token bucket as one number, the time at which it is full again: each token moves that on by its share of a second,
/// and there is none left once it lies further ahead than a whole bucket takes to fill.
fn take(bucket: &AtomicU64, per_second: NonZeroU32, burst: u32, now: u64) -> Result<(), Duration> {
    let share = 1_000_000 / u64::from(per_second.get());
    let whole = share * u64::from(burst.max(1));
    let taken = bucket.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full| {
        let next = full.max(now) + share;
        (next - now <= whole).then_some(next)
    });
    let missing = |full: u64| (full.max(now) + share).saturating_sub(now + whole);
    taken
        .map(drop)
        .map_err(|full| Duration::from_micros(missing(full)))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_and_then_its_rate() {
        let bucket = AtomicU64::new(0);
        let at = |ms: u64| take(&bucket, NonZeroU32::new(10).unwrap(), 3, ms * 1000);
        for _ in 0..3 {
            at(0).unwrap();
        }
        assert_eq!(at(0), Err(Duration::from_millis(100)));
        assert_eq!(at(40), Err(Duration::from_millis(60)));
        at(100).unwrap();
        at(100).unwrap_err();
        for _ in 0..3 {
            at(10_000).unwrap();
        }
        at(10_000).unwrap_err();
    }

    #[test]
    fn a_burst_of_nothing_still_lets_one_through() {
        let bucket = AtomicU64::new(0);
        let slow = || take(&bucket, NonZeroU32::MIN, 0, 5);
        slow().unwrap();
        assert_eq!(slow(), Err(Duration::from_secs(1)));
    }

    #[test]
    fn a_slot_is_free_again_however_it_was_left() {
        let bounds = Throttle {
            in_flight: 2,
            ..Throttle::default()
        };
        let turnstile = Turnstile::new(bounds);
        let (mine, other) = (
            turnstile.counted(InstanceId(1), 1),
            turnstile.counted(InstanceId(2), 2),
        );
        let first = turnstile.enter(&mine).unwrap();
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _second = turnstile.enter(&mine).unwrap();
            turnstile.enter(&turnstile.counted(InstanceId(1), 3)).unwrap_err();
            turnstile.enter(&other).unwrap();
            panic!("a handler");
        }));
        assert!(panicked.is_err());
        let second = turnstile.enter(&mine).unwrap();
        turnstile.enter(&mine).unwrap_err();
        drop((first, second));
        assert_eq!(mine.instance.under_way.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn counters_that_nobody_holds_are_swept_out() {
        let turnstile = Turnstile::new(Throttle::default());
        let held = turnstile.counted(InstanceId(0), 0);
        let _slot = turnstile.enter(&held).unwrap();
        for key in 0..20_000 {
            turnstile.counted(InstanceId(key % 10), key);
        }
        let counters = turnstile.counters.lock().unwrap();
        assert!(counters.buckets.len() <= KEPT + 1);
        assert_eq!(
            counters.instances[&InstanceId(0)]
                .under_way
                .load(Ordering::Relaxed),
            1
        );
    }
}
