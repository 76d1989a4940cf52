//! The only place with SQL. One SQLite file in WAL mode: a writer thread with group commit, a pool of readers that
//! cannot write. One file per noun; each reading function takes `&Rx`, each writing one `&Tx`.
//!
//! No read transaction outlives one page of results. Telemetry (the request log, last use of keys) has a file of its own,
//! off the durable path.

pub mod access;
pub mod adoptions;
pub mod check;
pub mod conditions;
pub mod custom;
mod document;
pub mod error;
pub mod events;
pub mod instances;
pub mod jobs;
mod landmarks;
pub mod links;
pub mod lists;
pub mod members;
mod migrate;
mod open;
pub mod probes;
mod queue;
pub mod removals;
pub mod resources;
pub mod runs;
pub mod scan;
pub mod search;
pub mod settings;
pub mod telemetry;
mod tx;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use r2d2_sqlite::SqliteConnectionManager;
use tokio::sync::{broadcast, oneshot};

pub use error::StoreError;
pub use queue::Lane;
pub use scan::ScanBudget;
pub use tx::{Rx, Topic, Tx};

use crate::clock::Clock;
use crate::model::InstanceId;
use writer::{End, Reply, Shared, Work};

/// The database. Cheap to clone; the last clone's drop, or `close`, ends the writer.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    readers: r2d2::Pool<SqliteConnectionManager>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
    clock: Clock,
    path: PathBuf,
    telemetry: telemetry::Telemetry,
    scans: scan::Scans,
}

/// The store's sequence begins anew at each start, above all that was given out before: this many bits are for one run of
/// the hub.
const EPOCH: u32 = 32;

impl Store {
    /// Opens or makes `rollcall.db` in `dir` and brings it to this version's schema.
    ///
    /// # Errors
    /// `Newer` for a database of a newer version, `Open` when it cannot be opened.
    pub fn open(dir: &Path, clock: Clock) -> Result<Self, StoreError> {
        let path = dir.join("rollcall.db");
        let mut conn = open::writer(&path)?;
        migrate::to_latest(&mut conn)?;
        let seq = settings::next_epoch(&conn)? << EPOCH;
        let readers = open::readers(&path)?;
        let instances = instances::ids(&conn)?;
        let telemetry = telemetry::Telemetry::open(&dir.join("telemetry.db"), &instances)?;
        let shared = Shared::new(seq);
        let (handle, hands) = (Arc::clone(&shared), clock.clone());
        let thread = std::thread::Builder::new()
            .name("writer".into())
            .spawn(move || {
                writer::run(&handle, &mut conn, &hands);
                let _ = conn.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(PASSIVE);");
            })
            .map_err(|e| StoreError::Open(e.to_string()))?;
        Ok(Self(Arc::new(Inner {
            shared,
            readers,
            thread: Mutex::new(Some(thread)),
            clock,
            path,
            telemetry,
            scans: scan::Scans::default(),
        })))
    }

    /// Runs `work` in the writer and answers after the commit. An error from `work` undoes all it wrote. It stands in
    /// line from this call on, not from the first look at what is returned: of one instance and lane, what was asked first
    /// is done first.
    ///
    /// # Errors
    /// What `work` gives; `Busy`, `Disk` or `Panicked` when nothing was written.
    pub fn write<T, E, F>(
        &self,
        lane: Lane,
        instance: Option<InstanceId>,
        work: F,
    ) -> impl Future<Output = Result<T, E>> + Send + use<T, E, F>
    where
        F: FnOnce(&Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, waiting) = oneshot::channel();
        let work: Work = Box::new(move |tx| {
            let outcome = work(tx);
            let keep = outcome.is_ok();
            let reply: Reply = Box::new(move |end| {
                // A caller that has gone away disturbs nobody.
                let _ = answer.send(match end {
                    End::Committed => outcome,
                    End::Lost(why) => Err(E::from(StoreError::Disk(why))),
                });
            });
            (keep, reply)
        });
        let taken = self.0.shared.submit(lane, instance.map_or(0, |i| i.0), work);
        async move {
            if !taken {
                return Err(E::from(StoreError::Busy));
            }
            waiting
                .await
                .unwrap_or_else(|_| Err(E::from(StoreError::Panicked)))
        }
    }

    /// Runs `work` on a connection that cannot write, off the async threads.
    ///
    /// # Errors
    /// What `work` gives; `Busy` when no reader came free in time.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Rx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        let ran = tokio::task::spawn_blocking(move || {
            let conn = inner.readers.get().map_err(|_| StoreError::Busy)?;
            work(&Rx::new(&conn, inner.clock.now(), inner.scans.budget()))
        });
        ran.await.unwrap_or_else(|_| Err(E::from(StoreError::Panicked)))
    }

    /// Runs a read that an index answers in microseconds: where the caller is, if a reader is free, for handing it to
    /// another thread costs more than the read itself. Never for lists, scans or members of a group. All of it sees the
    /// database as it was at one moment.
    ///
    /// # Errors
    /// What `work` gives; `Busy` when no reader came free in time.
    pub async fn look_up<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&Rx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let Some(conn) = self.0.readers.try_get() else {
            return self.read(move |rx| scan::at_one_moment(rx, work)).await;
        };
        let (now, budget) = (self.0.clock.now(), self.0.scans.budget());
        let ran = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            scan::at_one_moment(&Rx::new(&conn, now, budget), work)
        }));
        ran.unwrap_or_else(|_| Err(E::from(StoreError::Panicked)))
    }

    /// The sequence now: observations sent from here on carry it.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.0.shared.seq.load(Ordering::SeqCst)
    }

    /// Rises whenever instances, keys, admins or sessions change, before the change is acknowledged.
    #[must_use]
    pub fn access_version(&self) -> u64 {
        self.0.shared.access.load(Ordering::SeqCst)
    }

    /// News of commits, but for changes to users and groups. A slow listener is told it lagged and should look for itself.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<(InstanceId, Topic)> {
        self.0.shared.told.subscribe()
    }

    /// News of commits that changed users or groups: one for each write of an identity provider.
    #[must_use]
    pub fn subscribe_to_changes(&self) -> broadcast::Receiver<(InstanceId, Topic)> {
        self.0.shared.changes.subscribe()
    }

    /// The clock everything in this hub goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Where the database lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// What is kept off the durable path.
    #[must_use]
    pub fn telemetry(&self) -> &telemetry::Telemetry {
        &self.0.telemetry
    }

    /// A consistent copy in a new file (`VACUUM INTO`).
    ///
    /// # Errors
    /// The file exists or cannot be written.
    pub async fn backup(&self, to: PathBuf) -> Result<(), StoreError> {
        let path = self.0.path.clone();
        tokio::task::spawn_blocking(move || open::backup(&path, &to))
            .await
            .map_err(|_| StoreError::Panicked)?
    }

    /// Writes what waits, then ends the writer.
    pub fn close(&self) {
        self.0.close();
    }
}

impl Inner {
    fn close(&self) {
        self.shared.close();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        self.telemetry.flush();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
