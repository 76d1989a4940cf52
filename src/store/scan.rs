//! What a read may cost. A look-up runs where its caller is; a page has one view of the database; a scan has, beside that,
//! one of few slots and a budget, so that whoever asks for much never takes the readers away from those who ask for little.

mod meter;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

pub use meter::{Meter, ScanBudget, within};

use super::{Rx, Store, StoreError};

/// Scans at once.
const SLOTS: usize = 2;
/// Longest wait for a slot.
const WAIT: Duration = Duration::from_secs(5);

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

    /// Runs a list in the way that its cost asks for. All of it sees the database as it was at one moment.
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

/// Does the work in one read transaction: all of it sees the database as it was at one moment, and SQLite's locks are taken
/// and given back once.
pub(super) fn at_one_moment<T, E: From<StoreError>>(
    rx: &Rx<'_>,
    work: impl FnOnce(&Rx<'_>) -> Result<T, E>,
) -> Result<T, E> {
    let view = View::open(rx.conn).map_err(StoreError::from)?;
    let outcome = work(rx);
    drop(view);
    outcome
}

/// A read transaction; rusqlite's own plans `BEGIN` and `COMMIT` anew each time.
struct View<'c>(&'c Connection);

impl<'c> View<'c> {
    fn open(conn: &'c Connection) -> rusqlite::Result<Self> {
        conn.prepare_cached("BEGIN")?.execute([])?;
        Ok(Self(conn))
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        let ended = self
            .0
            .prepare_cached("COMMIT")
            .and_then(|mut end| end.execute([]));
        if ended.is_err() && !self.0.is_autocommit() {
            // A reader left inside a transaction would see the past for ever.
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}
