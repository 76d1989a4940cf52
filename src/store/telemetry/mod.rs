//! Facts that are nice to know and dear to write: the request log, what providers do their own way, how far each has
//! come, how keys were last used. Noted in memory under one short lock, written at most once a second to a file of its
//! own and by whoever reads it. A crash may lose that second of these, and nothing else.
//!
//! Memory holds only what is not yet in the file: at most [`rings::WAITING`] requests of some 200 bytes. What is
//! left of instances that no longer exist goes when the file is opened.

mod batch;
mod habits;
mod keys;
mod requests;
mod rings;
mod tallies;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, params_from_iter};

use self::batch::Batch;
use super::StoreError;
use super::open::private_file;
use crate::model::{InstanceId, Milestone, Request};

pub use habits::Habit;
pub use keys::KeyUse;
pub use requests::Only;

/// The telemetry file and what is not yet in it.
pub struct Telemetry {
    fresh: Mutex<Fresh>,
    conn: Mutex<Connection>,
    /// The last flush failed and was told.
    failing: AtomicBool,
}

/// What is not yet in the file, and what must be known at once.
#[derive(Default)]
struct Fresh {
    keys: keys::Keys,
    requests: rings::Rings,
    tallies: tallies::Tallies,
    gone: Vec<InstanceId>,
}

impl Telemetry {
    /// `instances`: those that exist; what is there of others is dropped.
    pub(super) fn open(path: &Path, instances: &[i64]) -> Result<Self, StoreError> {
        private_file(path)?;
        let conn = Connection::open(path)?;
        conn.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA busy_timeout=1000; PRAGMA cache_size=-500;",
        )?;
        for table in [keys::TABLE, requests::TABLE, tallies::TABLE] {
            conn.execute_batch(table)?;
        }
        let marks = vec!["?"; instances.len()].join(",");
        for table in ["requests", "counts", "seen"] {
            let sql = format!("DELETE FROM {table} WHERE instance NOT IN ({marks})");
            conn.execute(&sql, params_from_iter(instances))?;
        }
        let fresh = Fresh {
            keys: keys::Keys::load(&conn)?,
            requests: rings::Rings::starting_at(requests::next(&conn)?),
            tallies: tallies::Tallies::load(&conn)?,
            gone: Vec::new(),
        };
        Ok(Self {
            fresh: Mutex::new(fresh),
            conn: Mutex::new(conn),
            failing: AtomicBool::new(false),
        })
    }

    /// Notes a request that was answered, and what it was the first of. Never waits for the disk.
    pub fn note(&self, request: Request, milestone: Option<Milestone>) {
        let mut fresh = lock(&self.fresh);
        fresh.keys.note(&request);
        fresh.tallies.note(&request, milestone);
        fresh.requests.push(request);
    }

    /// Forgets a deleted instance.
    pub fn forget(&self, instance: InstanceId) {
        let mut fresh = lock(&self.fresh);
        fresh.requests.forget(instance);
        fresh.tallies.forget(instance);
        fresh.gone.push(instance);
    }

    /// Writes what is new. Call about once a second, off the async threads.
    pub fn flush(&self) {
        // Held from here on, so that whoever reads the file finds everything in it.
        let conn = lock(&self.conn);
        let batch = Batch::take(&mut lock(&self.fresh));
        if batch.is_empty() {
            return;
        }
        match batch.write(&conn) {
            Ok(()) => self.failing.store(false, Ordering::Relaxed),
            Err(e) => {
                if !self.failing.swap(true, Ordering::Relaxed) {
                    tracing::warn!(error = %e, "telemetry could not be written; it goes on in memory");
                }
                batch.put_back(&mut lock(&self.fresh));
            }
        }
    }

    /// Reads the file with everything in it.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        self.flush();
        Ok(work(&lock(&self.conn))?)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
