//! Memberships that a sync's read did not show: they go here within the limit of that sync, as accounts do; what is past it
//! waits for a person, and dissolves when the app shows them again.

use std::collections::BTreeSet;

use super::{Ask, Permit, WINDOW, is_over, open};
use crate::model::{Instance, RemovalClass, RemovalState};
use crate::store::{StoreError, Tx, members, removals, resources};
use crate::sync::health;

/// New ones of one group in one unit of work; the next sync goes on.
const MOST: usize = 1000;

/// What one read of one group did not show.
pub(in crate::sync) struct Losses<'a> {
    tx: &'a Tx<'a>,
    instance: &'a Instance,
    group: i64,
    run: i64,
    /// Counted towards the limit so far, and what the limit is a share of; none: nothing was asked yet.
    counted: Option<(u64, u64)>,
    asked: BTreeSet<i64>,
    fresh: usize,
    spared: bool,
}

impl<'a> Losses<'a> {
    pub(in crate::sync) fn new(tx: &'a Tx<'a>, instance: &'a Instance, group: i64, run: i64) -> Self {
        Self {
            tx,
            instance,
            group,
            run,
            counted: None,
            asked: BTreeSet::new(),
            fresh: 0,
            spared: false,
        }
    }

    /// Whether this membership goes; what does is counted.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::sync) fn may_go(&mut self, member: i64) -> Result<bool, StoreError> {
        self.asked.insert(member);
        let class = RemovalClass::Membership;
        let before = removals::open_of(self.tx, self.instance.id, class, self.group, member)?;
        let permit = match before.map(|open| (open.state, open.id)) {
            Some((RemovalState::Held | RemovalState::Rejected, _)) => Permit::Held,
            Some((_, id)) => Permit::Granted(id),
            None if self.fresh >= MOST => Permit::Held,
            None => self.ask(member)?,
        };
        match permit {
            Permit::Granted(id) => removals::done(self.tx, id)?,
            Permit::Held | Permit::Rejected => self.spared = true,
        }
        Ok(matches!(permit, Permit::Granted(_)))
    }

    fn ask(&mut self, member: i64) -> Result<Permit, StoreError> {
        self.fresh += 1;
        let (tx, class) = (self.tx, RemovalClass::Membership);
        let (counted, base) = match self.counted {
            Some(known) => known,
            None => {
                let used = removals::used(tx, self.instance.id, class, tx.now().before(WINDOW), self.run)?;
                let held = members::count_held(tx, self.instance.id)?.unsigned_abs();
                (used.counted, held + used.done)
            }
        };
        let over = is_over(class, self.instance.policies.memberships, base, counted + 1, 1);
        self.counted = Some((counted + u64::from(!over), base));
        let name =
            |row| Ok::<_, StoreError>(resources::load(tx, row)?.map(|r| r.display).unwrap_or_default());
        let ask = Ask {
            class,
            subject: self.group,
            member,
            label: format!("{} in {}", name(member)?, name(self.group)?),
            reason: "gone from the group in the app",
            run: self.run,
            has_access: true,
        };
        open(tx, self.instance, &ask, over)
    }

    /// All was asked: what waits since an earlier read and is not among it is moot. False: some stay although the app does
    /// not show them.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::sync) fn end(self) -> Result<bool, StoreError> {
        let dissolved = removals::dissolve_members(self.tx, self.instance.id, self.group, &self.asked)?;
        if dissolved || self.spared || !self.asked.is_empty() {
            health::look_at_held(self.tx, self.instance.id)?;
        }
        Ok(!self.spared)
    }
}
