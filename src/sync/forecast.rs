//! How fast changes go onward, and when those that wait will be through if it stays like this. Told from the pushes of the
//! last minutes alone: with too few of them nothing is said, and no promise is made about what is held or refused.

use std::time::Duration;

use crate::model::{Instance, Time};
use crate::store::jobs::{self, Pushed};
use crate::store::{Rx, StoreError};

/// What is looked at.
const WINDOW: Duration = Duration::from_secs(5 * 60);
/// After so long without a push nothing is said.
const QUIET: Duration = Duration::from_secs(60);
/// Fewer pushes, or within less time, say nothing about the next ones.
const FEW: u64 = 10;
const SHORT: Duration = Duration::from_secs(1);

/// How fast changes go onward, and until when.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Forecast {
    /// Resources in a minute, at least 1.
    pub per_minute: u64,
    /// When what waits now will be through, at this pace.
    pub done_at: Time,
}

/// For an instance of which `pending` changes wait; none: nothing waits, or nothing is known.
///
/// # Errors
/// When the database fails.
pub(super) fn forecast(
    rx: &Rx<'_>,
    instance: &Instance,
    pending: u64,
) -> Result<Option<Forecast>, StoreError> {
    let now = rx.now();
    let waits = instance.paused || instance.retry_at.is_some_and(|at| at > now);
    if pending == 0 || waits {
        return Ok(None);
    }
    let pushed = jobs::pushed_since(rx, instance.id, now.before(WINDOW))?;
    Ok(pushed.and_then(|pushed| of(pushed, pending, now)))
}

fn of(pushed: Pushed, pending: u64, now: Time) -> Option<Forecast> {
    let took = now.since(pushed.first);
    if pushed.resources < FEW || took < SHORT || now.since(pushed.last) > QUIET {
        return None;
    }
    let took = u64::try_from(took.as_millis()).ok()?;
    let left = pending.saturating_mul(took) / pushed.resources;
    Some(Forecast {
        per_minute: (pushed.resources.saturating_mul(60_000) / took).max(1),
        done_at: now.after(Duration::from_millis(left)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_is_done_when_it_goes_on_like_this() {
        let pushed = |resources, first, last| Pushed {
            resources,
            first: Time(first),
            last: Time(last),
        };
        let now = Time(1_000_000);
        let told = |pushed, pending| of(pushed, pending, now).map(|p| (p.per_minute, p.done_at.0));
        // 600 within a minute: 3,000 take five.
        assert_eq!(told(pushed(600, 940_000, 999_000), 3000), Some((600, 1_300_000)));
        // One in ten seconds is less than one in a minute of many.
        assert_eq!(told(pushed(10, 700_000, 999_000), 1), Some((2, 1_030_000)));
        // Too few, in too short a time, or some time ago.
        for quiet in [
            pushed(9, 940_000, 999_000),
            pushed(600, 999_500, 999_900),
            pushed(600, 800_000, 930_000),
        ] {
            assert_eq!(told(quiet, 3000), None, "{quiet:?}");
        }
        // A number that no app ever holds.
        let (_, at) = told(pushed(10, 700_000, 999_000), u64::MAX).unwrap_or_default();
        assert!(at > now.0);
    }
}
