//! What identity providers ask most: one user or group, by name or id. One query, which reads the document with it.

use rusqlite::params_from_iter;

use super::columns::Reach;
use super::judge::Judge;
use super::plan::Plan;
use super::walk::whole;
use super::{List, Page, Start};
use crate::scim::schema::ResourceType;
use crate::store::resources::{Stored, read_stored};
use crate::store::scan::Meter;
use crate::store::{Rx, StoreError};

/// More candidates than this are no look-up.
const FEW: u64 = 20;

impl Plan {
    /// Whether an index holds the one or few, and what is left to decide is in the document.
    pub(super) fn is_look_up(&self) -> bool {
        self.reach == Reach::One && !self.rest.as_ref().is_some_and(Judge::needs_more)
    }
}

/// The first page by name, id or externalId: one query, and the total is known from it. `None` if it is more than few.
pub(super) fn look_up(
    rx: &Rx<'_>,
    meter: &Meter,
    list: &List,
    kind: ResourceType,
    plan: &Plan,
) -> Result<Option<Page>, StoreError> {
    let is_first = matches!(list.start, Start::Skip(0) | Start::After(None));
    if !is_first || list.sort.is_some() || !plan.is_look_up() {
        return Ok(None);
    }
    let most = FEW.max(list.count);
    let (by, condition, limit) = (plan.by, &plan.condition, plan.values.len() + 1);
    let sql = format!(
        "SELECT r.row, r.id, r.doc FROM resources r {by} WHERE {condition} ORDER BY r.row LIMIT ?{limit}"
    );
    let mut values = plan.values.clone();
    values.push(whole(most + 1));
    let mut find = rx.conn.prepare_cached(&sql)?;
    let rows = find.query_map(params_from_iter(&values), read_stored)?;
    let mut found: Vec<Stored> = rows.collect::<Result<_, _>>()?;
    if found.len() as u64 > most {
        return Ok(None);
    }
    if plan.rest.is_some() {
        let judge = Judge::new(rx, meter, kind, &list.rules.custom, plan.rest.as_ref(), None);
        let mut meeting = Vec::with_capacity(found.len());
        for stored in found {
            if judge.judge(stored.row, &stored.doc)?.is_some() {
                meeting.push(stored);
            }
        }
        found = meeting;
    }
    let total = found.len() as u64;
    if total > list.count && list.start != Start::Skip(0) {
        return Ok(None);
    }
    found.truncate(usize::try_from(list.count).unwrap_or(usize::MAX));
    Ok(Some(Page {
        total,
        found: found.into_iter().map(|stored| (kind, stored)).collect(),
        next: None,
    }))
}
