//! How often each instance was served beside the RFC, day by day, and how far its provider has come.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use super::Telemetry;
use crate::model::{InstanceId, Milestone, Request, Time};
use crate::scim::tolerance::Tolerance;
use crate::store::StoreError;

/// Days of which counts are kept.
const DAYS: i64 = 30;
const DAY_MS: i64 = 24 * 3600 * 1000;
/// What requests that were told to come back later are counted as.
const THROTTLED: &str = "throttled";

pub(super) const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS counts(
        instance INTEGER NOT NULL, day INTEGER NOT NULL, what TEXT NOT NULL, n INTEGER NOT NULL,
        PRIMARY KEY(instance, day, what)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS seen(
        instance INTEGER NOT NULL, what TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
        PRIMARY KEY(instance, what)) WITHOUT ROWID;";

/// A deviation that an instance was served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// Which.
    pub tolerance: Tolerance,
    /// Requests today, in UTC.
    pub today: u64,
    /// Requests in the last 30 days.
    pub month: u64,
    /// The first ever.
    pub first: Time,
    /// The last.
    pub last: Time,
}

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

fn day(at: Time) -> i64 {
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

/// How often each word was counted: today and in the kept days, when first and last.
type Counted = (String, u64, u64, Time, Time);

impl Telemetry {
    fn counted(&self, instance: InstanceId, now: Time) -> Result<Vec<Counted>, StoreError> {
        let sql = "SELECT s.what, coalesce(sum(c.n) FILTER (WHERE c.day = ?2), 0), coalesce(sum(c.n), 0), s.first, s.last \
                   FROM seen s LEFT JOIN counts c ON c.instance = s.instance AND c.what = s.what AND c.day > ?2 - ?3 \
                   WHERE s.instance = ?1 GROUP BY s.what";
        self.read(|conn| {
            let mut find = conn.prepare_cached(sql)?;
            let given = params![instance.0, day(now), DAYS];
            let rows = find.query_map(given, |r| {
                Ok((r.get(0)?, r.get(1)?, r.get(2)?, Time(r.get(3)?), Time(r.get(4)?)))
            })?;
            rows.collect()
        })
    }

    /// What an instance was served beside the RFC in the last 30 days, the most frequent first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn habits(&self, instance: InstanceId, now: Time) -> Result<Vec<Habit>, StoreError> {
        let known = |(what, today, month, first, last): Counted| {
            let tolerance = Tolerance::named(&what).filter(|_| month > 0)?;
            Some(Habit {
                tolerance,
                today,
                month,
                first,
                last,
            })
        };
        let mut habits: Vec<Habit> = self
            .counted(instance, now)?
            .into_iter()
            .filter_map(known)
            .collect();
        habits.sort_by_key(|h| (std::cmp::Reverse((h.today, h.month)), h.tolerance));
        Ok(habits)
    }

    /// How many requests of today were told to come back later.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn throttled_today(&self, instance: InstanceId, now: Time) -> Result<u64, StoreError> {
        let all = self.counted(instance, now)?;
        Ok(all.iter().find(|c| c.0 == THROTTLED).map_or(0, |c| c.1))
    }

    /// What the provider of an instance has reached, and when first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn milestones(&self, instance: InstanceId) -> Result<Vec<(Milestone, Time)>, StoreError> {
        let sql = "SELECT what, first FROM seen WHERE instance = ?1";
        let all: Vec<(String, Time)> = self.read(|conn| {
            let mut find = conn.prepare_cached(sql)?;
            let rows = find.query_map([instance.0], |r| Ok((r.get(0)?, Time(r.get(1)?))))?;
            rows.collect()
        })?;
        let mut reached: Vec<_> = all
            .into_iter()
            .filter_map(|(what, at)| Some((Milestone::parse(&what)?, at)))
            .collect();
        reached.sort_by_key(|(milestone, _)| *milestone as u8);
        Ok(reached)
    }
}
