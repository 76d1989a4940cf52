//! The budget of one scan: how much it may look at, and for how long.

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use rusqlite::Connection;

use crate::clock::Stopwatch;
use crate::store::{Rx, StoreError};

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
