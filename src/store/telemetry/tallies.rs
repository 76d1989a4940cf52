//! Counts of what each instance was served beside the RFC, day by day, and how far its provider has come: kept in memory
//! until the next flush. What they tell is read in `habits`.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::model::{InstanceId, Milestone, Request, Time};

/// Days of which counts are kept.
pub(super) const DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// What requests that were told to come back later are counted as.
pub(super) const THROTTLED: &str = "throttled";

pub(super) const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS counts(
        instance INTEGER NOT NULL, day INTEGER NOT NULL, what TEXT NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY(instance, day, what)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS seen(
        instance INTEGER NOT NULL, what TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        PRIMARY KEY(instance, what)) WITHOUT ROWID;";

#[derive(Default)]
pub(super) struct Tallies {
    counts: HashMap<(InstanceId, i64, &'static str), Count>,
    /// What an instance has reached, as bits; known from the file on.
    reached: HashMap<InstanceId, u8>,
    fresh: Vec<(InstanceId, Milestone, Time)>,
}

#[derive(Clone, Copy)]
struct Count {
    n: u32,
    first: Time,
    last: Time,
}

fn bit(milestone: Milestone) -> u8 {
    1 << milestone as u8
}

pub(super) fn day(at: Time) -> i64 {
    at.0.div_euclid(DAY_MS)
}

impl Tallies {
    pub(super) fn load(conn: &Connection) -> rusqlite::Result<Self> {
        let mut all = conn.prepare("SELECT instance, what FROM seen")?;
        let mut rows = all.query([])?;
        let mut tallies = Self::default();
        while let Some(row) = rows.next()? {
            if let Some(milestone) = Milestone::parse(&row.get::<_, String>(1)?) {
                *tallies.reached.entry(InstanceId(row.get(0)?)).or_default() |= bit(milestone);
            }
        }
        Ok(tallies)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.counts.is_empty() && self.fresh.is_empty()
    }

    pub(super) fn note(&mut self, request: &Request, milestone: Option<Milestone>) {
        let throttled = (request.status == 429).then_some(THROTTLED);
        let served = request.tolerated.iter().map(|t| t.name());
        for what in served.chain(throttled) {
            let key = (request.instance, day(request.at), what);
            let zero = Count {
                n: 0,
                first: request.at,
                last: request.at,
            };
            let count = self.counts.entry(key).or_insert(zero);
            (count.n, count.last) = (count.n.saturating_add(1), request.at);
        }
        let reached = self.reached.entry(request.instance).or_default();
        let opened = (request.status != 401).then_some(Milestone::Authenticated);
        for one in [Some(Milestone::Reached), opened, milestone]
            .into_iter()
            .flatten()
        {
            if *reached & bit(one) == 0 {
                *reached |= bit(one);
                self.fresh.push((request.instance, one, request.at));
            }
        }
    }

    pub(super) fn forget(&mut self, instance: InstanceId) {
        self.counts.retain(|(of, ..), _| *of != instance);
        self.fresh.retain(|(of, ..)| *of != instance);
        self.reached.remove(&instance);
    }

    pub(super) fn take(&mut self) -> Self {
        Self {
            counts: std::mem::take(&mut self.counts),
            reached: HashMap::new(),
            fresh: std::mem::take(&mut self.fresh),
        }
    }

    pub(super) fn put_back(&mut self, earlier: Self) {
        for (key, old) in earlier.counts {
            let count = self.counts.entry(key).or_insert(Count { n: 0, ..old });
            (count.n, count.first) = (count.n.saturating_add(old.n), old.first);
        }
        self.fresh.extend(earlier.fresh);
    }

    pub(super) fn write(&self, conn: &Connection) -> rusqlite::Result<()> {
        let add = "INSERT INTO counts(instance, day, what, n) VALUES(?1, ?2, ?3, ?4) \
                   ON CONFLICT DO UPDATE SET n = n + excluded.n";
        let see = "INSERT INTO seen(instance, what, first, last) VALUES(?1, ?2, ?3, ?4) \
                   ON CONFLICT DO UPDATE SET last = max(last, excluded.last)";
        for ((instance, day, what), count) in &self.counts {
            conn.prepare_cached(add)?
                .execute(params![instance.0, day, what, count.n])?;
            conn.prepare_cached(see)?
                .execute(params![instance.0, what, count.first.0, count.last.0])?;
            conn.prepare_cached("DELETE FROM counts WHERE instance = ?1 AND day <= ?2")?
                .execute(params![instance.0, day - DAYS])?;
        }
        for (instance, milestone, at) in &self.fresh {
            conn.prepare_cached(see)?
                .execute(params![instance.0, milestone.as_str(), at.0, at.0])?;
        }
        Ok(())
    }
}
