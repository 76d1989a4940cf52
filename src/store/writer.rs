//! The writer: one thread that owns the only read-write connection, and commits in groups (DESIGN §3).
//!
//! It takes what waits, opens one transaction, gives each unit a savepoint, commits once at `synchronous=FULL`, and
//! answers only then. So an acknowledged write survives a power cut, and sixty-four callers share one sync of the disk.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use rusqlite::Connection;
use tokio::sync::broadcast;

use super::queue::{Lane, Queue};
use super::tx::{Topic, Tx};
use crate::clock::Clock;
use crate::model::InstanceId;

/// Units in one commit.
const BATCH: usize = 64;
/// Units that may wait; past it callers are told to come back.
const CAPACITY: usize = 4096;

/// How a unit's batch ended.
#[derive(Clone, Debug)]
pub(super) enum End {
    Committed,
    Lost(String),
}

/// Runs once the fate of the batch is known.
pub(super) type Reply = Box<dyn FnOnce(End) + Send>;
/// The work: gives back whether to keep what it wrote, and how to answer.
pub(super) type Work = Box<dyn FnOnce(&Tx<'_>) -> (bool, Reply) + Send>;

/// The hand that the rest of the store holds.
pub(super) struct Shared {
    queue: Mutex<State>,
    ready: Condvar,
    pub(super) seq: AtomicI64,
    pub(super) access: AtomicU64,
    /// What the hub itself acts on.
    pub(super) told: broadcast::Sender<(InstanceId, Topic)>,
    /// [`Topic::Resources`], apart: nobody is to be woken by each write of an identity provider for nothing.
    pub(super) changes: broadcast::Sender<(InstanceId, Topic)>,
}

struct State {
    waiting: Queue<Work>,
    closed: bool,
}

impl Shared {
    pub(super) fn new(seq: i64) -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::new(State {
                waiting: Queue::new(CAPACITY),
                closed: false,
            }),
            ready: Condvar::new(),
            seq: AtomicI64::new(seq),
            access: AtomicU64::new(1),
            told: broadcast::channel(1024).0,
            changes: broadcast::channel(1024).0,
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False when there is no room or the writer has stopped: the work was not taken.
    pub(super) fn submit(&self, lane: Lane, instance: i64, work: Work) -> bool {
        let mut state = self.lock();
        let taken = !state.closed && state.waiting.push(lane, instance, work).is_ok();
        drop(state);
        self.ready.notify_one();
        taken
    }

    /// No more work is taken; what waits is still written.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.ready.notify_all();
    }
}

/// Drains the queue until it is closed and empty.
pub(super) fn run(shared: &Shared, conn: &mut Connection, clock: &Clock) {
    loop {
        let mut state = shared.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return;
            }
            state = shared.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let mut batch = state.waiting.take(BATCH);
        drop(state);
        while !batch.is_empty() {
            commit(shared, conn, clock, &mut batch);
        }
    }
}

/// One transaction over as much of `batch` as it can. A torn batch leaves what did not run in `batch`.
fn commit(
    shared: &Shared,
    conn: &Connection,
    clock: &Clock,
    batch: &mut std::collections::VecDeque<(Lane, i64, Work)>,
) {
    let seq = shared.seq.fetch_add(1, Ordering::SeqCst) + 1;
    let now = clock.now();
    let mut replies = Vec::with_capacity(batch.len());
    let mut told = Vec::new();
    if let Err(e) = conn.execute_batch("BEGIN IMMEDIATE") {
        // Nothing ran: dropping the work answers "busy" to each caller.
        tracing::error!(error = %e, waiting = batch.len(), "the database refused a transaction");
        batch.clear();
        return;
    }
    let mut end = End::Committed;
    while let Some((_, _, work)) = batch.pop_front() {
        match unit(conn, Tx::new(conn, now, seq, clock), work) {
            Ok((reply, topics)) => {
                replies.extend(reply);
                told.extend(topics);
            }
            Err(e) => {
                end = End::Lost(e.to_string());
                break;
            }
        }
        // A full disk makes SQLite roll back the whole transaction by itself: going on would lose what ran before
        // and commit what comes after.
        if conn.is_autocommit() {
            end = End::Lost("the disk is full or failing".into());
            break;
        }
    }
    if matches!(end, End::Committed)
        && let Err(e) = conn.execute_batch("COMMIT")
    {
        end = End::Lost(e.to_string());
    }
    if let End::Lost(e) = &end {
        tracing::error!(error = %e, lost = replies.len(), "a batch could not be committed; its callers are told to try again");
        if !conn.is_autocommit() {
            let _ = conn.execute_batch("ROLLBACK");
        }
    } else if told.iter().any(|(_, topic)| *topic == Topic::Access) {
        shared.access.fetch_add(1, Ordering::SeqCst);
    }
    let committed = matches!(end, End::Committed);
    for reply in replies {
        reply(end.clone());
    }
    if committed {
        told.dedup();
        for news in told {
            let listeners = match news.1 {
                Topic::Resources => &shared.changes,
                Topic::Jobs | Topic::Health | Topic::Access => &shared.told,
            };
            let _ = listeners.send(news);
        }
    }
}

type Ran = (Option<Reply>, Vec<(InstanceId, Topic)>);

/// One unit in its savepoint. A refusal or a panic undoes this unit alone; an error means the batch is torn.
fn unit(conn: &Connection, tx: Tx<'_>, work: Work) -> rusqlite::Result<Ran> {
    conn.prepare_cached("SAVEPOINT unit")?.execute([])?;
    let ran = catch_unwind(AssertUnwindSafe(|| work(&tx)));
    if conn.is_autocommit() {
        return Ok((ran.ok().map(|(_, reply)| reply), Vec::new()));
    }
    let (keep, reply) = match ran {
        Ok((keep, reply)) => (keep, Some(reply)),
        Err(_) => {
            tracing::error!("a unit of work panicked; what it wrote is undone");
            (false, None)
        }
    };
    if !keep {
        conn.prepare_cached("ROLLBACK TO unit")?.execute([])?;
    }
    conn.prepare_cached("RELEASE unit")?.execute([])?;
    Ok((reply, if keep { tx.into_told() } else { Vec::new() }))
}
