//! SCIM lists: a page of users or groups that meet a filter, in an order, with the true total (RFC 7644 §3.4.2). Lists for
//! people are `search`'s.
//!
//! `plan` turns a filter into SQL, as far as columns and indexes go. Three ways lead to a page. One by name or id is a single
//! query (`look_up`). In order of creation or of names SQL walks an index (`walk`), if it decides all of the filter.
//! Everything else looks at each candidate that SQL leaves (`collect`): the evaluator judges it, and only the row and what it
//! is sorted by are kept. Documents are read for the page alone.
//!
//! A page begins at a number or after a place. Row numbers rise with each creation and never change, so after a place the
//! next page is right whoever came or went.

mod best;
mod collect;
mod columns;
mod judge;
mod look_up;
mod plan;
mod walk;

use std::sync::Arc;

use super::resources::{self, Stored};
use super::scan::{Cost, Meter};
use super::{Rx, StoreError};
use crate::model::InstanceId;
use crate::scim::cursor::Position;
use crate::scim::filter::Filter;
use crate::scim::rules::Rules;
use crate::scim::schema::ResourceType;
use crate::scim::sort::{Key, Sort};
use columns::{BY_EXTERNAL, Reach};
use plan::Plan;
use walk::Order;

/// Passing over more entries of an index than this is a scan.
const FAR: u64 = 10_000;

/// Which resources, in which order, and which of them.
#[derive(Clone, Debug)]
pub struct List {
    /// Of this instance.
    pub instance: InstanceId,
    /// Which goes by these rules.
    pub rules: Arc<Rules>,
    /// Of these types; if there is no order, one type after the other.
    pub kinds: Vec<ResourceType>,
    /// Those that meet it; all if `None`.
    pub filter: Option<Filter>,
    /// By what; in order of creation if `None`.
    pub sort: Option<Sort>,
    /// Where the page begins.
    pub start: Start,
    /// The most resources of the page.
    pub count: u64,
}

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// So many are passed over.
    Skip(u64),
    /// After this place; at the beginning if `None`.
    After(Option<Position>),
}

/// A page of stored documents.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// How many meet the filter.
    pub total: u64,
    /// Those on this page.
    pub found: Vec<(ResourceType, Stored)>,
    /// The place after which the next page begins, if there is one; for pages after a place only.
    pub next: Option<Position>,
}

/// What one way to a page found.
#[derive(Debug, Default)]
struct Part {
    total: u64,
    /// Type, row, and what it is sorted by.
    rows: Vec<(ResourceType, i64, Option<Key>)>,
    /// There are more after them; known for pages after a place only.
    more: bool,
}

impl List {
    /// What reading this list costs. `with_members`: the members of groups are read with them.
    #[must_use]
    pub fn cost(&self, with_members: bool) -> Cost {
        let cost = |kind: &ResourceType| {
            let plan = self.plan(*kind);
            let passes_over = match (Order::of(*kind, self.sort.as_ref()), &self.start) {
                _ if self.is_merged() => true,
                (Order::Row, _) => false,
                (Order::Name, Start::Skip(skip)) => *skip > FAR,
                (Order::Name, Start::After(_)) => false,
                (Order::Key, _) => true,
            };
            match (plan.reach, kind) {
                (Reach::Range, _) => Cost::Scan,
                (Reach::All, _) if passes_over || !plan.is_everything => Cost::Scan,
                (Reach::Met | Reach::All, ResourceType::Group) if with_members => Cost::Scan,
                // An externalId may be that of many.
                (_, ResourceType::User)
                    if plan.is_look_up() && plan.by != BY_EXTERNAL && self.sort.is_none() =>
                {
                    Cost::LookUp
                }
                (Reach::One | Reach::Met | Reach::All, _) => Cost::Page,
            }
        };
        let dearest = self.kinds.iter().map(cost).max().unwrap_or(Cost::Page);
        if self.kinds.len() == 1 {
            dearest
        } else {
            dearest.max(Cost::Page)
        }
    }

    fn plan(&self, kind: ResourceType) -> Plan {
        plan::plan(self.instance, kind, self.filter.as_ref())
    }

    /// Whether resources of several types stand in one order.
    fn is_merged(&self) -> bool {
        self.sort.is_some() && self.kinds.len() > 1
    }
}

/// The page that a list asks for.
///
/// # Errors
/// `TooMuch` when a scan goes past its budget; `Expired` when the place it begins after cannot be found any more.
pub fn page(rx: &Rx<'_>, meter: &Meter, list: &List) -> Result<Page, StoreError> {
    if let [kind] = list.kinds.as_slice() {
        let plan = list.plan(*kind);
        if let Some(page) = look_up::look_up(rx, meter, list, *kind, &plan)? {
            return Ok(page);
        }
    }
    let part = match &list.sort {
        Some(sort) => in_order(rx, meter, list, sort)?,
        None => by_type(rx, meter, list)?,
    };
    let last = part.rows.last().filter(|_| part.more);
    let next = last.map(|(kind, row, key)| Position {
        kind: *kind,
        row: *row,
        key: key.clone(),
    });
    let mut found = Vec::with_capacity(part.rows.len());
    for (kind, row, _) in part.rows {
        found.extend(resources::stored_row(rx, row)?.map(|stored| (kind, stored)));
    }
    Ok(Page {
        total: part.total,
        found,
        next,
    })
}

fn in_order(rx: &Rx<'_>, meter: &Meter, list: &List, sort: &Sort) -> Result<Part, StoreError> {
    if let [kind] = list.kinds.as_slice() {
        let plan = list.plan(*kind);
        let order = Order::of(*kind, Some(sort));
        if plan.rest.is_none() && order != Order::Key {
            return walk::walk(rx, *kind, &plan, order, sort.descending, &list.start, list.count);
        }
    }
    collect::collect(rx, meter, list, &list.kinds, &list.start, list.count)
}

/// In order of creation, one type after the other.
fn by_type(rx: &Rx<'_>, meter: &Meter, list: &List) -> Result<Part, StoreError> {
    let mut all = Part::default();
    let place = match &list.start {
        Start::Skip(_) => None,
        Start::After(place) => place.as_ref(),
    };
    let mut passed = place.is_none();
    for kind in &list.kinds {
        let is_here = place.is_some_and(|place| place.kind == *kind);
        let start = match &list.start {
            Start::Skip(skip) => Start::Skip(skip.saturating_sub(all.total)),
            Start::After(place) if is_here => Start::After(place.clone()),
            Start::After(_) if passed => Start::After(None),
            // All of this type lies before the page.
            Start::After(_) => Start::Skip(0),
        };
        passed |= is_here;
        let count = if passed {
            list.count - all.rows.len() as u64
        } else {
            0
        };
        let plan = list.plan(*kind);
        let part = match plan.rest {
            None => walk::walk(rx, *kind, &plan, Order::Row, false, &start, count)?,
            Some(_) => collect::collect(rx, meter, list, &[*kind], &start, count)?,
        };
        all.total += part.total;
        all.rows.extend(part.rows);
        all.more |= part.more;
    }
    Ok(all)
}

#[cfg(test)]
mod tests;
