//! A token bucket (GCRA) without a lock.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A token bucket as one number, the time at which it is full again: each token moves that on by its share of a second,
/// and there is none left once it lies further ahead than a whole bucket takes to fill.
pub(super) fn take(bucket: &AtomicU64, per_second: NonZeroU32, burst: u32, now: u64) -> Result<(), Duration> {
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
