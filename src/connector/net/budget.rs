//! What a host still lets us do, as its answers say: `RateLimit-*` and its older spellings, and 429 with Retry-After
//! (RFC 6585); and what its makers say beforehand ([`Pace`]). One budget for each origin, shared by all instances that
//! call it, so that they do not outdo each other. It knows no clock: whoever asks says what time it is.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::answer::Response;
use crate::model::{Pace, Time};

/// Longest rest on a host's word: it could say anything, and its instances have a backoff of their own.
pub(super) const LONGEST: Duration = Duration::from_secs(15 * 60);
/// A window whose end moves by less than this is the same one, told with the host's rounding.
const ROUNDING: Duration = Duration::from_secs(1);
/// Budgets kept; beyond it those that say nothing any more are forgotten.
const MOST: usize = 1000;

/// A minute, in milliseconds.
const MINUTE: i64 = 60_000;

/// A rate that is told beforehand: in no minute more than so many, and a tenth of them at once, or less if that is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rate {
    per_minute: Option<u32>,
    burst: Option<u32>,
    /// When all that was taken has run off.
    full: Option<Time>,
}

impl Rate {
    /// Whoever calls the host keeps to the smallest figure that anybody who calls it knows.
    fn narrow(&mut self, told: Option<u32>, burst: Option<u32>) {
        let least = |known: Option<u32>, told| known.into_iter().chain(told).filter(|n| *n > 0).min();
        self.per_minute = least(self.per_minute, told);
        self.burst = least(self.burst, burst);
    }

    /// From one request to the next in the long run, and how far requests may run ahead of that; in milliseconds.
    fn rhythm(&self) -> Option<(i64, i64)> {
        let most = i64::from(self.per_minute?);
        let at_once = (most / 10).max(1).min(self.burst.map_or(most, i64::from));
        let rate = most - at_once + 1;
        let step = (MINUTE + rate - 1) / rate;
        Some((step, (at_once - 1) * step))
    }

    /// Or when to ask again.
    fn ready(&mut self, now: Time) -> Result<(), Time> {
        let Some((step, ahead)) = self.rhythm() else {
            return Ok(());
        };
        // Further away it lies only after the clock was set back.
        let furthest = now.0.saturating_add(ahead + step);
        self.full = self.full.filter(|full| *full > now && full.0 <= furthest);
        match self.full {
            Some(full) if full.0 - ahead > now.0 => Err(Time(full.0 - ahead)),
            _ => Ok(()),
        }
    }

    fn take(&mut self, now: Time) {
        if let Some((step, _)) = self.rhythm() {
            let from = self.full.map_or(now, |full| full.max(now));
            self.full = Some(Time(from.0.saturating_add(step)));
        }
    }
}

/// One origin's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Budget {
    /// Requests that may still go before `until`; none: nothing is known.
    left: Option<u64>,
    until: Option<Time>,
    /// Nothing goes before this.
    rest: Option<Time>,
    writes: Rate,
    requests: Rate,
}

impl Budget {
    /// Takes one request out, or says when to ask again.
    fn take(&mut self, now: Time, writes: bool) -> Result<(), Time> {
        // After a jump of the clock no end may lie further away than any host can ask for.
        let ahead = |at: &Time| *at > now && at.since(now) <= LONGEST;
        self.rest = self.rest.filter(ahead);
        self.until = self.until.filter(ahead);
        if let Some(rest) = self.rest {
            return Err(rest);
        }
        self.requests.ready(now)?;
        if writes {
            self.writes.ready(now)?;
        }
        match (&mut self.left, self.until) {
            (Some(0), Some(until)) => return Err(until),
            (Some(left), Some(_)) => *left -= 1,
            _ => self.left = None,
        }
        self.requests.take(now);
        if writes {
            self.writes.take(now);
        }
        Ok(())
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
        [self.rest, self.until, self.writes.full, self.requests.full]
            .into_iter()
            .flatten()
            .all(|at| at <= now)
    }
}

/// All origins'.
#[derive(Debug, Default)]
pub(super) struct Budgets(Mutex<HashMap<String, Budget>>);

impl Budgets {
    /// Takes one request to `origin` out, or says when to ask again. `pace` as the caller knows it of this host, which
    /// from then on holds for everybody; `writes`: the request changes something.
    pub(super) fn take(&self, origin: &str, now: Time, pace: Pace, writes: bool) -> Result<(), Time> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = if pace == Pace::default() {
            all.get_mut(origin)
        } else {
            Self::of(&mut all, origin, now)
        };
        let Some(budget) = known else { return Ok(()) };
        budget.writes.narrow(pace.writes, pace.burst);
        budget.requests.narrow(pace.requests, pace.burst);
        budget.take(now, writes)
    }

    /// The budget of `origin`, a new one if need be; none: there are too many that have something to say.
    fn of<'a>(all: &'a mut HashMap<String, Budget>, origin: &str, now: Time) -> Option<&'a mut Budget> {
        if all.len() >= MOST && !all.contains_key(origin) {
            all.retain(|_, budget| !budget.says_nothing(now));
        }
        if all.len() >= MOST && !all.contains_key(origin) {
            return None;
        }
        Some(all.entry(origin.to_owned()).or_default())
    }

    /// Notes what an answer of `origin` says.
    pub(super) fn heard(&self, origin: &str, now: Time, answer: &Response) {
        if answer.allowance.is_none() && answer.status != 429 {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(budget) = Self::of(&mut all, origin, now) {
            budget.heard(now, answer);
        }
    }
}

#[cfg(test)]
mod tests;
