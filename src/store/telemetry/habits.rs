//! What the counts tell of an instance: its provider's habits, and how far it has come.

use rusqlite::params;

use super::Telemetry;
use super::tallies::{DAYS, THROTTLED, day};
use crate::model::{InstanceId, Milestone, Time};
use crate::scim::tolerance::Tolerance;
use crate::store::StoreError;

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
