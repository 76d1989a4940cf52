//! What a host still lets us do, as its answers say: `RateLimit-*` and its older spellings, and 429 with Retry-After
//! (RFC 6585). One budget for each origin, shared by all instances that call it, so that they do not outdo each other.
//! It knows no clock: whoever asks says what time it is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::answer::Response;
use crate::model::Time;

/// Longest rest on a host's word: it could say anything, and its instances have a backoff of their own.
pub(super) const LONGEST: Duration = Duration::from_secs(15 * 60);
/// A window whose end moves by less than this is the same one, told with the host's rounding.
const ROUNDING: Duration = Duration::from_secs(1);
/// Budgets kept; beyond it those that say nothing any more are forgotten.
const MOST: usize = 1000;

/// One origin's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Budget {
    /// Requests that may still go before `until`; none: nothing is known.
    left: Option<u64>,
    until: Option<Time>,
    /// Nothing goes before this.
    rest: Option<Time>,
}

impl Budget {
    /// Takes one request out, or says when to ask again.
    fn take(&mut self, now: Time) -> Result<(), Time> {
        // After a jump of the clock no end may lie further away than any host can ask for.
        let ahead = |at: &Time| *at > now && at.since(now) <= LONGEST;
        self.rest = self.rest.filter(ahead);
        self.until = self.until.filter(ahead);
        if let Some(rest) = self.rest {
            return Err(rest);
        }
        match (&mut self.left, self.until) {
            (Some(0), Some(until)) => Err(until),
            (Some(left), Some(_)) => {
                *left -= 1;
                Ok(())
            }
            _ => {
                self.left = None;
                Ok(())
            }
        }
    }

    /// Notes what an answer says. Answers overtake each other, so within one window only the lowest count is believed.
    fn heard(&mut self, now: Time, answer: &Response) {
        if let Some(told) = answer.allowance {
            let until = now.after(told.reset.min(LONGEST));
            let same = self.until.is_some_and(|u| until <= u.after(ROUNDING));
            self.left = Some(match self.left {
                Some(left) if same => left.min(told.remaining),
                _ => told.remaining,
            });
            self.until = Some(self.until.map_or(until, |u| u.max(until)));
        }
        if answer.status == 429 {
            let reset = answer.allowance.map(|told| told.reset);
            let wait = answer.retry_after.or(reset).unwrap_or_default().min(LONGEST);
            let rest = now.after(wait);
            self.rest = Some(self.rest.map_or(rest, |r| r.max(rest)));
        }
    }

    fn says_nothing(&self, now: Time) -> bool {
        [self.rest, self.until].into_iter().flatten().all(|at| at <= now)
    }
}

/// All origins'.
#[derive(Debug, Default)]
pub(super) struct Budgets(Mutex<HashMap<String, Budget>>);

impl Budgets {
    /// Takes one request to `origin` out, or says when to ask again.
    pub(super) fn take(&self, origin: &str, now: Time) -> Result<(), Time> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get_mut(origin).map_or(Ok(()), |budget| budget.take(now))
    }

    /// Notes what an answer of `origin` says.
    pub(super) fn heard(&self, origin: &str, now: Time, answer: &Response) {
        if answer.allowance.is_none() && answer.status != 429 {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.retain(|_, budget| !budget.says_nothing(now));
        }
        if all.len() < MOST || all.contains_key(origin) {
            all.entry(origin.to_owned()).or_default().heard(now, answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Observed;
    use super::super::answer::Allowance;
    use super::*;

    fn at(seconds: i64) -> Time {
        Time(seconds * 1000)
    }

    fn answer(status: u16, remaining: Option<u64>, reset: u64, retry_after: Option<u64>) -> Response {
        Response {
            status,
            retry_after: retry_after.map(Duration::from_secs),
            allowance: remaining.map(|remaining| Allowance {
                remaining,
                reset: Duration::from_secs(reset),
            }),
            content_type: String::new(),
            location: None,
            body: Vec::new(),
            observed: Observed::default(),
        }
    }

    #[test]
    fn when_nothing_remains_it_rests_until_the_reset() {
        let mut budget = Budget::default();
        assert_eq!(budget.take(at(0)), Ok(()));
        budget.heard(at(0), &answer(200, Some(2), 60, None));
        assert_eq!(budget.take(at(1)), Ok(()));
        assert_eq!(budget.take(at(1)), Ok(()));
        assert_eq!(budget.take(at(2)), Err(at(60)));
        assert_eq!(budget.take(at(60)), Ok(()), "a new window");
        assert_eq!(budget.take(at(60)), Ok(()), "and nothing is known of it yet");
    }

    #[test]
    fn answers_that_overtake_each_other_never_raise_the_count() {
        let mut budget = Budget::default();
        budget.heard(at(0), &answer(200, Some(3), 60, None));
        budget.heard(at(1), &answer(200, Some(1), 59, None));
        budget.heard(at(1), &answer(200, Some(2), 59, None));
        assert_eq!(budget.take(at(1)), Ok(()));
        assert_eq!(budget.take(at(1)), Err(at(60)));
        budget.heard(at(30), &answer(200, Some(9), 60, None));
        assert_eq!(budget.take(at(31)), Ok(()), "a later end is a new window");
    }

    #[test]
    fn a_refusal_is_obeyed_and_no_rest_is_longer_than_any() {
        let mut budget = Budget::default();
        budget.heard(at(0), &answer(429, None, 0, Some(30)));
        assert_eq!(budget.take(at(29)), Err(at(30)));
        assert_eq!(budget.take(at(30)), Ok(()));
        budget.heard(at(30), &answer(429, Some(0), 20, None));
        assert_eq!(budget.take(at(31)), Err(at(50)));
        budget.heard(at(100), &answer(200, Some(0), 10_000_000, None));
        assert_eq!(budget.take(at(100)), Err(at(100).after(LONGEST)));
        assert_eq!(budget.take(at(-100_000)), Ok(()), "the clock was set back");
        budget.heard(at(0), &answer(503, None, 0, Some(30)));
        assert_eq!(budget.take(at(0)), Ok(()), "an outage is no matter of the budget");
    }

    #[test]
    fn each_origin_has_its_own() {
        let all = Budgets::default();
        all.heard("https://a.example", at(0), &answer(429, None, 0, Some(30)));
        assert_eq!(all.take("https://a.example", at(1)), Err(at(30)));
        assert_eq!(all.take("https://b.example", at(1)), Ok(()));
        for n in 0..2 * MOST {
            all.heard(
                &format!("https://{n}.example"),
                at(40),
                &answer(429, None, 0, Some(1)),
            );
        }
        assert!(all.0.lock().is_ok_and(|all| all.len() <= MOST));
    }
}
