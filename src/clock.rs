//! The only place that reads the clock or makes ids. A test holds the hands: a manual clock stands still until moved,
//! and whoever sleeps on it wakes when it passes their time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::model::{RequestId, Time};

/// The time, as everything in one hub sees it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Clock(Hands);

#[derive(Clone, Debug)]
enum Hands {
    System,
    Manual(Arc<Manual>),
}

#[derive(Debug)]
struct Manual {
    now: AtomicI64,
    moved: Notify,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Hands::System)
    }

    /// A clock that stands at `start` until `advance` moves it.
    #[must_use]
    pub fn manual(start: Time) -> Self {
        Self(Hands::Manual(Arc::new(Manual {
            now: AtomicI64::new(start.0),
            moved: Notify::new(),
        })))
    }

    /// Now, in UTC.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the wall clock"
    )]
    pub fn now(&self) -> Time {
        match &self.0 {
            Hands::System => Time(jiff::Timestamp::now().as_millisecond()),
            Hands::Manual(m) => Time(m.now.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock on; the system's cannot be moved.
    pub fn advance(&self, by: Duration) {
        if let Hands::Manual(m) = &self.0 {
            m.now
                .fetch_add(i64::try_from(by.as_millis()).unwrap_or(0), Ordering::SeqCst);
            m.moved.notify_waiters();
        }
    }

    /// Resolves when it is `at` or later.
    pub async fn sleep_until(&self, at: Time) {
        match &self.0 {
            Hands::System => tokio::time::sleep(at.since(self.now())).await,
            Hands::Manual(m) => loop {
                let moved = m.moved.notified();
                tokio::pin!(moved);
                moved.as_mut().enable();
                if m.now.load(Ordering::SeqCst) >= at.0 {
                    return;
                }
                moved.await;
            },
        }
    }

    /// A new resource id: UUID version 7, opaque to clients.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    pub fn new_id(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }

    /// The id of a request: the random end of a UUID.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
    pub fn new_request_id(&self) -> RequestId {
        RequestId(uuid::Uuid::now_v7().as_u64_pair().1 & 0xffff_ffff_ffff)
    }
}

/// Measures how long something takes; unaffected by jumps of the wall clock.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the monotonic clock"
    )]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Since `start`.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the monotonic clock"
    )]
    pub fn elapsed(self) -> Duration {
        Instant::now().duration_since(self.0)
    }
}
