//! Facts that are nice to know and dear to write: when a key was last used, by whom, from where. Kept in memory,
//! flushed at most once a second to a file of its own. A crash may lose that second of these, and nothing else.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, params};

use super::StoreError;
use super::open::private_file;
use crate::model::Time;

/// Longest agent text kept.
const AGENT: usize = 120;

/// How a key was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUse {
    /// When.
    pub at: Time,
    /// `User-Agent`, cut.
    pub agent: String,
    /// From where.
    pub address: String,
}

/// The telemetry file and what is not yet in it.
pub struct Telemetry {
    uses: Mutex<Uses>,
    conn: Mutex<Connection>,
}

#[derive(Default)]
struct Uses {
    known: HashMap<i64, KeyUse>,
    dirty: Vec<i64>,
}

impl Telemetry {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        private_file(path)?;
        let conn = Connection::open(path)?;
        conn.execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA busy_timeout=1000; PRAGMA cache_size=-500;
             CREATE TABLE IF NOT EXISTS key_uses(key INTEGER PRIMARY KEY, at INTEGER NOT NULL, agent TEXT NOT NULL, address TEXT NOT NULL);",
        )?;
        let mut known = HashMap::new();
        {
            let mut all = conn.prepare("SELECT key, at, agent, address FROM key_uses")?;
            let rows = all.query_map([], |r| {
                Ok((
                    r.get(0)?,
                    KeyUse {
                        at: Time(r.get(1)?),
                        agent: r.get(2)?,
                        address: r.get(3)?,
                    },
                ))
            })?;
            for row in rows {
                let (key, last) = row?;
                known.insert(key, last);
            }
        }
        Ok(Self {
            uses: Mutex::new(Uses {
                known,
                dirty: Vec::new(),
            }),
            conn: Mutex::new(conn),
        })
    }

    /// Notes that a key was used. Never waits for the disk.
    pub fn key_used(&self, key: i64, at: Time, agent: &str, address: &str) {
        let mut uses = lock(&self.uses);
        match uses.known.get_mut(&key) {
            Some(last) if last.agent == cut(agent) && last.address == address => last.at = at,
            _ => {
                uses.known.insert(
                    key,
                    KeyUse {
                        at,
                        agent: cut(agent).into(),
                        address: address.into(),
                    },
                );
            }
        }
        if !uses.dirty.contains(&key) {
            uses.dirty.push(key);
        }
    }

    /// How a key was last used.
    #[must_use]
    pub fn key_use(&self, key: i64) -> Option<KeyUse> {
        lock(&self.uses).known.get(&key).cloned()
    }

    /// Writes what is new. Call about once a second, off the async threads.
    pub fn flush(&self) {
        let (dirty, snapshot) = {
            let mut uses = lock(&self.uses);
            let dirty = std::mem::take(&mut uses.dirty);
            let snapshot: Vec<_> = dirty
                .iter()
                .filter_map(|k| uses.known.get(k).map(|u| (*k, u.clone())))
                .collect();
            (dirty, snapshot)
        };
        if dirty.is_empty() {
            return;
        }
        let conn = lock(&self.conn);
        for (key, last) in snapshot {
            let sql = "INSERT OR REPLACE INTO key_uses(key, at, agent, address) VALUES(?1, ?2, ?3, ?4)";
            if let Err(e) = conn.execute(sql, params![key, last.at.0, last.agent, last.address]) {
                tracing::warn!(error = %e, "telemetry could not be written; it goes on in memory");
                return;
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn cut(agent: &str) -> &str {
    let end = agent.char_indices().nth(AGENT).map_or(agent.len(), |(i, _)| i);
    &agent[..end]
}
