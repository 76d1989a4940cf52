//! The two ways to touch the database. `Rx` reads; `Tx` reads and writes, and only the writer thread can make one. So
//! SQL outside `store` and a write outside the writer do not compile.

use std::cell::RefCell;
use std::ops::Deref;

use rusqlite::Connection;

use super::StoreError;
use super::scan::ScanBudget;
use crate::clock::Clock;
use crate::model::{InstanceId, Time};

/// A view for reading. It has one `now`.
#[derive(Debug)]
pub struct Rx<'c> {
    pub(super) conn: &'c Connection,
    now: Time,
    budget: ScanBudget,
}

impl<'c> Rx<'c> {
    pub(super) fn new(conn: &'c Connection, now: Time, budget: ScanBudget) -> Self {
        Self { conn, now, budget }
    }

    /// The time of this transaction: every row written in it has the same.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// What a scan here may look at.
    pub(super) fn budget(&self) -> ScanBudget {
        self.budget
    }
}

/// What a commit was about; told to listeners after it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Topic {
    /// A job became due.
    Jobs,
    /// Users or groups changed.
    Resources,
    /// Health, a run or a removal changed.
    Health,
    /// Instances, keys, admins or sessions changed: cached permissions are stale.
    Access,
}

/// A unit of work inside a batch of the writer.
#[derive(Debug)]
pub struct Tx<'c> {
    rx: Rx<'c>,
    seq: i64,
    clock: &'c Clock,
    told: RefCell<Vec<(InstanceId, Topic)>>,
}

impl<'c> Deref for Tx<'c> {
    type Target = Rx<'c>;
    fn deref(&self) -> &Rx<'c> {
        &self.rx
    }
}

impl<'c> Tx<'c> {
    pub(super) fn new(conn: &'c Connection, now: Time, seq: i64, clock: &'c Clock) -> Self {
        Self {
            rx: Rx::new(conn, now, ScanBudget::default()),
            seq,
            clock,
            told: RefCell::new(Vec::new()),
        }
    }

    /// The store's sequence: rises with every batch. Fences observations (DESIGN §4).
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// A new resource id.
    #[must_use]
    pub fn new_id(&self) -> String {
        self.clock.new_id()
    }

    /// Says what this unit is about, once it is committed.
    pub fn tell(&self, instance: InstanceId, topic: Topic) {
        let mut told = self.told.borrow_mut();
        if !told.contains(&(instance, topic)) {
            told.push((instance, topic));
        }
    }

    /// Runs a part of this unit in a savepoint of its own: what `work` refuses undoes only what `work` wrote.
    ///
    /// # Errors
    /// The unit as a whole is lost and has to end with this error: a full disk made SQLite roll back the transaction.
    pub fn apart<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<Result<T, E>, StoreError> {
        self.conn.prepare_cached("SAVEPOINT part")?.execute([])?;
        let news = self.told.borrow().len();
        let outcome = work();
        if self.conn.is_autocommit() {
            return Err(StoreError::Disk("the disk is full or failing".into()));
        }
        if outcome.is_err() {
            self.conn.prepare_cached("ROLLBACK TO part")?.execute([])?;
            self.told.borrow_mut().truncate(news);
        }
        self.conn.prepare_cached("RELEASE part")?.execute([])?;
        Ok(outcome)
    }

    pub(super) fn into_told(self) -> Vec<(InstanceId, Topic)> {
        self.told.into_inner()
    }
}
