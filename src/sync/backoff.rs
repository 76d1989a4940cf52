//! How long to wait: pure arithmetic. Whether a wait belongs to one resource or to the whole target is decided where the
//! error is handled.

use std::time::Duration;

/// Longest wait between tries at a target that fails.
const LONGEST: Duration = Duration::from_secs(5 * 60);
/// First and longest wait between checks of refused credentials.
const PARKED: (Duration, Duration) = (Duration::from_secs(60), Duration::from_secs(60 * 60));
/// A target's own Retry-After counts up to this.
const ASKED: Duration = Duration::from_secs(24 * 60 * 60);

/// The wait after `failures` failed tries (at least one): `base` doubling to 5 minutes, of which half is by chance, so
/// that many instances of one target do not come back together. `chance`: from 0 to 1. `asked`: the target's own wish.
#[must_use]
pub(super) fn wait(base: Duration, failures: u32, asked: Option<Duration>, chance: f64) -> Duration {
    let longest = LONGEST.max(base);
    let full = base
        .saturating_mul(1 << failures.saturating_sub(1).min(20))
        .min(longest);
    let ours = full / 2 + (full / 2).mul_f64(chance.clamp(0.0, 1.0));
    ours.max(asked.unwrap_or_default().min(ASKED))
}

/// The wait after `failures` refused checks: 1 minute doubling to 1 hour.
#[must_use]
pub(super) fn parked(failures: u32) -> Duration {
    PARKED
        .0
        .saturating_mul(1 << failures.saturating_sub(1).min(10))
        .min(PARKED.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: Duration = Duration::from_secs(2);

    #[test]
    fn it_doubles_to_five_minutes() {
        let waits: Vec<u64> = (1..=9).map(|n| wait(BASE, n, None, 1.0).as_secs()).collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(wait(BASE, u32::MAX, None, 1.0), LONGEST);
        assert_eq!(wait(BASE, 1, None, 0.0), Duration::from_secs(1));
    }

    #[test]
    fn the_targets_wish_counts() {
        assert_eq!(
            wait(BASE, 1, Some(Duration::from_secs(90)), 0.5),
            Duration::from_secs(90)
        );
        assert_eq!(wait(BASE, 9, Some(Duration::from_secs(1)), 1.0), LONGEST);
        assert_eq!(wait(BASE, 1, Some(Duration::MAX), 0.5), ASKED);
    }

    #[test]
    fn refused_credentials_are_tried_from_a_minute_to_an_hour() {
        let waits: Vec<u64> = (1..=8).map(|n| parked(n).as_secs() / 60).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(parked(u32::MAX), PARKED.1);
    }
}
