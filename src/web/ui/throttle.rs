//! Brakes on guessing: tries per address and per account, in memory and bounded; and a queue before the hashing of
//! passwords, which is slow on purpose and would otherwise take all processors.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::fail::Fail;
use crate::model::Time;
use crate::scim::fold;

/// Tries of one address before it has to wait.
const PER_ADDRESS: u32 = 5;
/// Tries for one account from anywhere: more, so that nobody locks an admin out by five requests.
const PER_ACCOUNT: u32 = 20;
/// The first wait; it doubles with each further try.
const FIRST_WAIT: Duration = Duration::from_secs(60);
/// The longest wait, and how long a quiet one is remembered.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);
/// Addresses and accounts remembered.
const REMEMBERED: usize = 10_000;
/// Passwords hashed at once.
const HASHING: usize = 2;
/// Passwords being hashed or waiting for it.
const QUEUED: usize = HASHING + 16;

#[derive(Clone, Copy)]
struct Tries {
    count: u32,
    last: Time,
    free_at: Time,
}

/// Who tries: an address (of IPv6 the network) or an account.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Who {
    /// Of the client.
    Address(Option<IpAddr>),
    /// By what was typed, folded.
    Account(String),
}

impl Who {
    /// An address; one household has a whole /64 of IPv6.
    #[must_use]
    pub fn address(address: Option<IpAddr>) -> Self {
        Self::Address(address.map(|a| match a.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) >> 64 << 64).into()),
            v4 @ IpAddr::V4(_) => v4,
        }))
    }

    /// An account.
    #[must_use]
    pub fn account(typed: &str) -> Self {
        Self::Account(fold(typed).chars().take(320).collect())
    }

    fn free_tries(&self) -> u32 {
        match self {
            Self::Address(_) => PER_ADDRESS,
            Self::Account(_) => PER_ACCOUNT,
        }
    }
}

/// The brakes of one hub.
pub struct Throttle {
    tries: Mutex<HashMap<Who, Tries>>,
    queue: Semaphore,
    hashing: Semaphore,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            tries: Mutex::default(),
            queue: Semaphore::new(QUEUED),
            hashing: Semaphore::new(HASHING),
        }
    }
}

impl Throttle {
    /// Counts a try of all of them, before its outcome is known: so a hundred at once are a hundred.
    ///
    /// # Errors
    /// `TooMany` when one of them has to wait; then none is counted.
    pub fn count(&self, who: &[Who], now: Time) -> Result<(), Fail> {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = who.iter().filter_map(|w| tries.get(w)).map(|t| t.free_at).max();
        if let Some(until) = wait.filter(|until| *until > now) {
            return Err(Fail::TooMany(Some(until.since(now).as_secs() + 1)));
        }
        if tries.len() + who.len() > REMEMBERED {
            tries.retain(|_, t| now.since(t.last) < LONGEST_WAIT);
        }
        for one in who {
            if tries.len() >= REMEMBERED && !tries.contains_key(one) {
                let oldest = tries.iter().min_by_key(|(_, t)| t.last).map(|(w, _)| w.clone());
                oldest.and_then(|w| tries.remove(&w));
            }
            let known = tries.entry(one.clone()).or_insert(Tries {
                count: 0,
                last: now,
                free_at: now,
            });
            if now.since(known.last) >= LONGEST_WAIT {
                known.count = 0;
            }
            known.count += 1;
            known.last = now;
            if let Some(over) = known.count.checked_sub(one.free_tries()) {
                let wait = FIRST_WAIT.saturating_mul(1 << over.min(10)).min(LONGEST_WAIT);
                known.free_at = now.after(wait);
            }
        }
        Ok(())
    }

    /// It was the right one: their tries are forgotten.
    pub fn forgive(&self, who: &[Who]) {
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        for one in who {
            tries.remove(one);
        }
    }

    /// Runs slow work of the processor off the async threads, two at a time.
    ///
    /// # Errors
    /// `TooMany` when sixteen wait already.
    pub async fn slowly<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Fail> {
        let _place = self.queue.try_acquire().map_err(|_| Fail::TooMany(None))?;
        let _turn = self.hashing.acquire().await.map_err(|_| Fail::Panic)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| Fail::Panic)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn from(address: &str) -> Who {
        Who::address(Some(address.parse().unwrap()))
    }

    #[test]
    fn five_tries_then_a_minute_then_two() {
        let (throttle, who, now) = (Throttle::default(), [from("203.0.113.7")], Time(1_000_000));
        let minutes = |n: u64| now.after(Duration::from_secs(60 * n));
        for _ in 0..5 {
            throttle.count(&who, now).unwrap();
        }
        assert!(matches!(throttle.count(&who, now), Err(Fail::TooMany(Some(61)))));
        throttle.count(&[from("203.0.113.8")], now).unwrap();
        throttle.count(&who, minutes(1)).unwrap();
        assert!(throttle.count(&who, minutes(2)).is_err());
        throttle.count(&who, minutes(3)).unwrap();
        throttle.forgive(&who);
        throttle.count(&who, minutes(3)).unwrap();
    }

    #[test]
    fn one_network_of_ipv6_is_one_address() {
        assert_eq!(from("2001:db8::1"), from("2001:db8::ffff"));
        assert_ne!(from("2001:db8::1"), from("2001:db8:0:1::1"));
        assert_eq!(from("::ffff:192.0.2.1"), from("192.0.2.1"));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let throttle = Throttle::default();
        for i in 0..REMEMBERED as u32 + 100 {
            throttle
                .count(&[Who::Address(Some(IpAddr::V4(i.into())))], Time(i.into()))
                .unwrap();
        }
        assert_eq!(throttle.tries.lock().unwrap().len(), REMEMBERED);
    }

    #[test]
    fn an_account_is_the_same_in_any_case() {
        assert_eq!(
            Who::account("Admin@Example.com"),
            Who::account("admin@example.COM")
        );
    }
}
