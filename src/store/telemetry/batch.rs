//! What one flush writes: all that is new, in one transaction.

use rusqlite::Connection;

use super::{Fresh, keys, requests, rings, tallies};
use crate::model::InstanceId;

/// What one flush writes.
pub(super) struct Batch {
    keys: Vec<(i64, keys::Use)>,
    requests: rings::Rings,
    tallies: tallies::Tallies,
    gone: Vec<InstanceId>,
}

impl Batch {
    pub(super) fn take(fresh: &mut Fresh) -> Self {
        Self {
            keys: fresh.keys.take(),
            requests: fresh.requests.take(),
            tallies: fresh.tallies.take(),
            gone: std::mem::take(&mut fresh.gone),
        }
    }

    /// What could not be written waits for the next flush.
    pub(super) fn put_back(self, fresh: &mut Fresh) {
        fresh.keys.put_back(&self.keys);
        fresh.requests.put_back(self.requests);
        fresh.tallies.put_back(self.tallies);
        fresh.gone.extend(self.gone);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.requests.is_empty() && self.tallies.is_empty() && self.gone.is_empty()
    }

    pub(super) fn write(&self, conn: &Connection) -> rusqlite::Result<()> {
        let tx = conn.unchecked_transaction()?;
        for instance in &self.gone {
            for table in ["requests", "counts", "seen"] {
                let sql = format!("DELETE FROM {table} WHERE instance = ?1");
                tx.prepare_cached(&sql)?.execute([instance.0])?;
            }
        }
        keys::write(&tx, &self.keys)?;
        requests::write(&tx, &self.requests)?;
        self.tallies.write(&tx)?;
        tx.commit()
    }
}
