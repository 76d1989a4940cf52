//! Pages for which each candidate has to be looked at: for a filter that SQL does not decide, or an order that no index
//! has. Of all that meet the filter only those are kept that the page may still need, as row and sort key.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::ValueRef;
use serde_json::{Value, json};

use super::plan::asks_for;
use super::walk::Order;
use super::{List, Part, Start};
use crate::scim::filter::Filter;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::sort::{Key, Sort};
use crate::scim::{Attributes, eval};
use crate::store::scan::Meter;
use crate::store::{Rx, StoreError, members};

/// Decides about one candidate after the other, by the evaluator.
pub(super) struct Judge<'a> {
    rx: &'a Rx<'a>,
    meter: &'a Meter,
    kind: ResourceType,
    custom: &'a Custom,
    filter: Option<&'a Filter>,
    with_members: bool,
    with_groups: bool,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        rx: &'a Rx<'a>,
        meter: &'a Meter,
        kind: ResourceType,
        custom: &'a Custom,
        filter: Option<&'a Filter>,
        sort: Option<&Sort>,
    ) -> Self {
        let asked = |name: &str| {
            filter.is_some_and(|filter| asks_for(filter, name))
                || sort.is_some_and(|sort| sort.by.name.eq_ignore_ascii_case(name))
        };
        Self {
            rx,
            meter,
            kind,
            custom,
            filter,
            with_members: kind == ResourceType::Group && asked("members"),
            with_groups: kind == ResourceType::User && asked("groups"),
        }
    }

    /// Whether a filter asks for more than the document holds.
    pub(super) fn needs_more(filter: &Filter) -> bool {
        asks_for(filter, "members") || asks_for(filter, "groups")
    }

    /// The document, with what is asked for beside it, if it meets the filter.
    pub(super) fn judge(&self, row: i64, text: &str) -> Result<Option<Attributes>, StoreError> {
        self.meter.spend(1)?;
        let mut document: Attributes =
            serde_json::from_str(text).map_err(|_| StoreError::Damaged("document"))?;
        if self.with_members {
            self.meter.spend(members::count(self.rx, row)?.unsigned_abs())?;
            let list = members::list(self.rx, row, 0, usize::MAX)?;
            document.insert("members".into(), references(&list, |m| m.kind.name()));
        }
        if self.with_groups {
            let list = members::groups_of(self.rx, row)?;
            self.meter.spend(list.len() as u64)?;
            document.insert("groups".into(), references(&list, |_| "direct"));
        }
        let meets = self
            .filter
            .is_none_or(|filter| eval::matches(filter, self.kind, self.custom, &document));
        Ok(meets.then_some(document))
    }
}

/// As an answer shows them, but for the addresses.
fn references(list: &[members::Member], kind: impl Fn(&members::Member) -> &'static str) -> Value {
    list.iter()
        .map(|m| json!({"value": m.id, "display": m.display, "type": kind(m)}))
        .collect()
}

/// A column that holds what resources are sorted by: then their documents need not be read.
#[derive(Clone, Copy)]
enum Column {
    Name,
    Id,
    External,
    Created,
    Modified,
    Location,
}

impl Column {
    fn of(kind: ResourceType, sort: &Sort) -> Option<Self> {
        Some(match (sort.by.canonical(kind, Custom::none())?.as_str(), kind) {
            ("userName", ResourceType::User) | ("displayName", ResourceType::Group) => Self::Name,
            ("id", _) => Self::Id,
            ("externalId", _) => Self::External,
            ("meta.created", _) => Self::Created,
            ("meta.lastModified", _) => Self::Modified,
            ("meta.location", _) => Self::Location,
            _ => return None,
        })
    }

    fn sql(self) -> &'static str {
        match self {
            Self::Name => "r.name_key",
            Self::Id | Self::Location => "r.id",
            Self::External => "r.external_id",
            Self::Created => "r.created",
            Self::Modified => "r.last_modified",
        }
    }

    /// The key that the document would give.
    fn key(self, kind: ResourceType, value: ValueRef<'_>) -> Result<Key, StoreError> {
        let text = || value.as_str_or_null().map_err(rusqlite::Error::from);
        Ok(match self {
            Self::Name | Self::Id | Self::External => text()?.map_or(Key::Unassigned, Key::text),
            Self::Location => Key::text(&format!("{}/{}", kind.endpoint(), text()?.unwrap_or_default())),
            Self::Created | Self::Modified => {
                let time = value.as_i64().map_err(rusqlite::Error::from)?;
                Timestamp::from_millisecond(time).map_or(Key::Unassigned, Key::Time)
            }
        })
    }
}

/// A page of the resources of these types that meet the filter of a list, in its order.
pub(super) fn collect(
    rx: &Rx<'_>,
    meter: &Meter,
    list: &List,
    kinds: &[ResourceType],
    start: &Start,
    count: u64,
) -> Result<Part, StoreError> {
    let is_created = matches!(kinds, [kind] if Order::of(*kind, list.sort.as_ref()) == Order::Row);
    let sort = list.sort.as_ref().filter(|_| !is_created);
    let descending = list.sort.as_ref().is_some_and(|sort| sort.descending);
    let custom = &list.rules.custom;
    let mut best = Best::new(start, count, descending);
    for kind in kinds {
        let plan = list.plan(*kind);
        let judge = Judge::new(rx, meter, *kind, custom, plan.rest.as_ref(), sort);
        let column = sort.and_then(|sort| Column::of(*kind, sort));
        let reads = plan.rest.is_some() || (sort.is_some() && column.is_none());
        let sql = format!(
            "SELECT r.row, {}, {} FROM resources r {} WHERE {}",
            column.map_or("NULL", Column::sql),
            if reads { "r.doc" } else { "NULL" },
            plan.by,
            plan.condition
        );
        let mut find = rx.conn.prepare_cached(&sql)?;
        let mut rows = find.query(params_from_iter(&plan.values))?;
        while let Some(found) = rows.next()? {
            let row: i64 = found.get(0)?;
            let document = if reads {
                let text = found.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
                let Some(document) = judge.judge(row, text)? else {
                    continue;
                };
                document
            } else {
                Attributes::new()
            };
            let key = match (sort, column) {
                (None, _) => None,
                (Some(_), Some(column)) => Some(column.key(*kind, found.get_ref(1)?)?),
                (Some(sort), None) => Some(sort.key(*kind, custom, &document)),
            };
            if best.take(*kind, row, key) && !reads {
                // Nothing was counted for it yet, and it is kept.
                meter.spend(1)?;
            }
        }
    }
    Ok(best.part())
}

/// One that meets the filter. Its order is that of the list.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    key: Directed,
    /// The row number; in descending order of creation, its opposite.
    rank: i64,
    kind: ResourceType,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Directed {
    Creation,
    Ascending(Key),
    Descending(Reverse<Key>),
}

/// The first of those that were taken, as many as the page needs, and how many there were.
struct Best<'a> {
    start: &'a Start,
    count: u64,
    descending: bool,
    after: Option<Item>,
    /// The most to keep.
    most: u64,
    /// The last of those that are kept is on top.
    kept: BinaryHeap<Item>,
    total: u64,
}

impl<'a> Best<'a> {
    fn new(start: &'a Start, count: u64, descending: bool) -> Self {
        let mut best = Self {
            start,
            count,
            descending,
            after: None,
            most: match start {
                Start::Skip(_) if count == 0 => 0,
                Start::Skip(skip) => skip.saturating_add(count),
                // One more tells whether there is more.
                Start::After(_) => count.saturating_add(1),
            },
            kept: BinaryHeap::new(),
            total: 0,
        };
        if let Start::After(Some(place)) = start {
            best.after = Some(best.item(place.kind, place.row, place.key.clone()));
        }
        best
    }

    fn item(&self, kind: ResourceType, row: i64, key: Option<Key>) -> Item {
        match key {
            None => Item {
                key: Directed::Creation,
                rank: if self.descending { -row } else { row },
                kind,
            },
            Some(key) => Item {
                key: if self.descending {
                    Directed::Descending(Reverse(key))
                } else {
                    Directed::Ascending(key)
                },
                rank: row,
                kind,
            },
        }
    }

    /// Counts one, and keeps it if the page may need it. True: more are kept than before.
    fn take(&mut self, kind: ResourceType, row: i64, key: Option<Key>) -> bool {
        self.total += 1;
        let item = self.item(kind, row, key);
        if self.after.as_ref().is_some_and(|after| item <= *after) {
            return false;
        }
        if (self.kept.len() as u64) < self.most {
            self.kept.push(item);
            return true;
        }
        if let Some(mut last) = self.kept.peek_mut()
            && item < *last
        {
            *last = item;
        }
        false
    }

    fn part(self) -> Part {
        let descending = self.descending;
        let (skip, look_ahead) = match self.start {
            Start::Skip(skip) => (*skip, false),
            Start::After(_) => (0, true),
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        let more = look_ahead && self.kept.len() > count;
        let on_page = self.kept.into_sorted_vec().into_iter().skip(skip).take(count);
        let rows = on_page.map(|item| match item.key {
            Directed::Creation => (item.kind, if descending { -item.rank } else { item.rank }, None),
            Directed::Ascending(key) | Directed::Descending(Reverse(key)) => {
                (item.kind, item.rank, Some(key))
            }
        });
        Part {
            total: self.total,
            rows: rows.collect(),
            more,
        }
    }
}
