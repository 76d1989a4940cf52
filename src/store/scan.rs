//! What a read may cost. A look-up runs where its caller is; a page has one view of the database; a scan has, beside that,
//! one of few slots and a budget, so that whoever asks for much never takes the readers away from those who ask for little.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{Rx, Store, StoreError};
use crate::clock::Stopwatch;

/// Scans at once.
const SLOTS: usize = 2;
/// Longest wait for a slot.
const WAIT: Duration = Duration::from_secs(5);
/// SQLite steps between two looks at the time.
const STEPS: i32 = 20_000;

/// What one scan may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanBudget {
    /// Documents and memberships.
    pub rows: u64,
    /// How long it may take.
    pub time: Duration,
}

impl Default for ScanBudget {
    fn default() -> Self {
        Self {
            rows: 500_000,
            time: Duration::from_secs(2),
        }
    }
}

impl fmt::Display for ScanBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rows, time) = (self.rows, self.time.as_secs_f64());
        write!(f, "{rows} users, groups and memberships, or {time} s")
    }
}

/// What a read costs, as far as can be seen before it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cost {
    /// An index finds the one or few.
    LookUp,
    /// An index finds the page.
    Page,
    /// It grows with the directory.
    Scan,
}

/// The slots and the budget, as the store holds them.
pub(super) struct Scans {
    slots: Arc<Semaphore>,
    rows: AtomicU64,
    millis: AtomicU64,
}

impl Default for Scans {
    fn default() -> Self {
        let budget = ScanBudget::default();
        Self {
            slots: Arc::new(Semaphore::new(SLOTS)),
            rows: AtomicU64::new(budget.rows),
            millis: AtomicU64::new(millis(budget.time)),
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Scans {
    pub(super) fn budget(&self) -> ScanBudget {
        ScanBudget {
            rows: self.rows.load(Ordering::Relaxed),
            time: Duration::from_millis(self.millis.load(Ordering::Relaxed)),
        }
    }
}

impl Store {
    /// What each scan may look at from now on.
    pub fn set_scan_budget(&self, budget: ScanBudget) {
        let scans = &self.0.scans;
        scans.rows.store(budget.rows, Ordering::Relaxed);
        scans.millis.store(millis(budget.time), Ordering::Relaxed);
    }

    /// Runs a list in the way that its cost asks for. Unless it is a look-up, all of it sees the database as it was at one
    /// moment.
    ///
    /// # Errors
    /// What `work` gives; `Busy` when no reader, or no slot for a scan, came free in time.
    pub async fn list<T, E, F>(&self, cost: Cost, work: F) -> Result<T, E>
    where
        F: FnOnce(&Rx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match cost {
            Cost::LookUp => self.look_up(work).await,
            Cost::Page => self.read(move |rx| at_one_moment(rx, work)).await,
            Cost::Scan => {
                let slots = Arc::clone(&self.0.scans.slots);
                let slot = tokio::time::timeout(WAIT, slots.acquire_owned()).await;
                let Ok(Ok(slot)) = slot else {
                    return Err(E::from(StoreError::Busy));
                };
                self.read(move |rx| {
                    // Held by the work and not by who waits for it: that one may go away.
                    let _slot = slot;
                    at_one_moment(rx, work)
                })
                .await
            }
        }
    }
}

fn at_one_moment<T, E: From<StoreError>>(
    rx: &Rx<'_>,
    work: impl FnOnce(&Rx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let view = rx.conn.unchecked_transaction().map_err(StoreError::from)?;
    let outcome = work(rx);
    drop(view);
    outcome
}

/// Counts what one scan looks at.
#[derive(Debug)]
pub struct Meter {
    budget: ScanBudget,
    left: Cell<u64>,
    watch: Stopwatch,
}

impl Meter {
    fn start(budget: ScanBudget) -> Self {
        Self {
            budget,
            left: Cell::new(budget.rows),
            watch: Stopwatch::start(),
        }
    }

    /// Says that so many documents or memberships are looked at: before they are, where that can be known.
    ///
    /// # Errors
    /// `TooMuch` when that is past the budget, or the time is up.
    pub fn spend(&self, rows: u64) -> Result<(), StoreError> {
        let left = self.left.get().checked_sub(rows);
        // SQLite looks at the time once in thousands of rows, and large documents take longest on our side of it.
        match left.filter(|_| self.watch.elapsed() <= self.budget.time) {
            Some(left) => {
                self.left.set(left);
                Ok(())
            }
            None => Err(StoreError::TooMuch(self.budget)),
        }
    }
}

/// Runs a scan that ends in `TooMuch` when it goes past the store's budget.
///
/// # Errors
/// What `scan` gives; `TooMuch`.
pub fn within<T>(rx: &Rx<'_>, scan: impl FnOnce(&Meter) -> Result<T, StoreError>) -> Result<T, StoreError> {
    let budget = rx.budget();
    let meter = Meter::start(budget);
    let watch = meter.watch;
    rx.conn
        .progress_handler(STEPS, Some(move || watch.elapsed() > budget.time))?;
    let limit = Limit(rx.conn);
    let outcome = scan(&meter);
    drop(limit);
    outcome.map_err(|e| match e {
        StoreError::Sqlite(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            StoreError::TooMuch(budget)
        }
        other => other,
    })
}

/// Ends with the scan, even by a panic: the connection goes back to the pool, and others must not be cut short on it.
struct Limit<'c>(&'c Connection);

impl Drop for Limit<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.progress_handler(0, None::<fn() -> bool>) {
            tracing::error!(%error, "a reader keeps the time limit of a scan");
        }
    }
}
