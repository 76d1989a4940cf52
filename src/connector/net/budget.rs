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
mod tests;
