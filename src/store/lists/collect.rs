//! Pages for which each candidate has to be looked at: for a filter that SQL does not decide, or an order that no index
//! has. Of all that meet the filter only those are kept that the page may still need, as row and sort key.

use jiff::Timestamp;
use rusqlite::params_from_iter;
use rusqlite::types::ValueRef;

use super::best::Best;
use super::judge::Judge;
use super::walk::Order;
use super::{List, Part, Start};
use crate::scim::Attributes;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::sort::{Key, Sort};
use crate::store::scan::Meter;
use crate::store::{Rx, StoreError};

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
