//! Slots and buckets.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use super::bucket::take;
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
