//! Pages for which SQL decides all: it walks an index in order of creation or of names. A page in order of creation costs
//! the same wherever it lies; one by number in order of names passes over index entries, and no document.

use rusqlite::params_from_iter;
use rusqlite::types::Value as Sql;

use super::columns::{BY_NAME, Reach};
use super::plan::Plan;
use super::{Part, Start};
use crate::model::InstanceId;
use crate::scim::cursor::Position;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::sort::{Key, LONGEST, Sort};
use crate::store::resources::kind_code;
use crate::store::{Rx, StoreError, landmarks};

/// What a list is ordered by, as far as it matters for the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Creation: the row number.
    Row,
    /// userName, or displayName of groups.
    Name,
    /// Anything else.
    Key,
}

impl Order {
    pub(super) fn of(kind: ResourceType, sort: Option<&Sort>) -> Self {
        let Some(sort) = sort else {
            return Self::Row;
        };
        match (sort.by.canonical(kind, Custom::none()).as_deref(), kind) {
            (Some("meta.created"), _) => Self::Row,
            (Some("userName"), ResourceType::User) | (Some("displayName"), ResourceType::Group) => Self::Name,
            _ => Self::Key,
        }
    }
}

/// A page in order of creation or of names.
pub(super) fn walk(
    rx: &Rx<'_>,
    kind: ResourceType,
    plan: &Plan,
    order: Order,
    descending: bool,
    start: &Start,
    count: u64,
) -> Result<Part, StoreError> {
    let mut values = plan.values.clone();
    let mut condition = plan.condition.clone();
    let mut bind = |value: Sql| {
        values.push(value);
        format!("?{}", values.len())
    };
    let (after, before) = if descending { ("<", "DESC") } else { (">", "ASC") };
    let mut skip = 0;
    let mut total = None;
    match start {
        Start::Skip(0) | Start::After(None) => {}
        Start::Skip(all) if order == Order::Row && plan.is_everything => {
            let place = landmarks::place(rx, instance(plan), kind, *all, descending)?;
            total = Some(place.total);
            skip = place.skip;
            condition.push_str(&format!(" AND r.row {after}= {}", bind(place.from.into())));
        }
        Start::Skip(all) => skip = *all,
        Start::After(Some(place)) if order == Order::Row => {
            condition.push_str(&format!(" AND r.row {after} {}", bind(place.row.into())));
        }
        Start::After(Some(place)) => {
            let name = bind(name_at(rx, instance(plan), kind, place)?.into());
            let row = bind(place.row.into());
            condition.push_str(&format!(
                " AND r.name_key {after}= {name} AND (r.name_key {after} {name} OR r.row > {row})"
            ));
        }
    }
    let total = match total {
        Some(total) => total,
        None => count_all(rx, kind, plan)?,
    };
    if count == 0 || total == 0 {
        // A page of none is the last, unless it is asked for to learn whether something follows.
        return Ok(Part {
            total,
            more: total > 0 && *start == Start::After(None),
            ..Part::default()
        });
    }
    let by = match order {
        Order::Name if plan.reach == Reach::All => BY_NAME,
        Order::Name | Order::Row | Order::Key => plan.by,
    };
    let (column, order) = match (order, descending) {
        (Order::Name, false) => ("r.name_key", "r.name_key, r.deleted_at, r.row".to_owned()),
        (Order::Name, true) => ("r.name_key", "r.name_key DESC, r.row".to_owned()),
        (Order::Row | Order::Key, _) => ("NULL", format!("r.row {before}")),
    };
    let look_ahead = u64::from(matches!(start, Start::After(_)));
    let limit = bind(whole(count.saturating_add(look_ahead)));
    let offset = bind(whole(skip));
    let sql = format!(
        "SELECT r.row, {column} FROM resources r {by} WHERE {condition} ORDER BY {order} LIMIT {limit} OFFSET {offset}"
    );
    let mut find = rx.conn.prepare_cached(&sql)?;
    let rows = find.query_map(params_from_iter(&values), |r| {
        let key = r.get_ref(1)?.as_str_or_null()?.map(Key::text);
        Ok((kind, r.get(0)?, key))
    })?;
    let mut rows: Vec<_> = rows.collect::<Result<_, _>>()?;
    let more = rows.len() as u64 > count;
    rows.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    Ok(Part { total, rows, more })
}

fn instance(plan: &Plan) -> InstanceId {
    match plan.values.first() {
        Some(Sql::Integer(instance)) => InstanceId(*instance),
        _ => InstanceId(0),
    }
}

fn count_all(rx: &Rx<'_>, kind: ResourceType, plan: &Plan) -> Result<u64, StoreError> {
    if plan.is_everything {
        return landmarks::total(rx, instance(plan), kind);
    }
    let (by, condition) = (plan.by, &plan.condition);
    let sql = format!("SELECT count(*) FROM resources r {by} WHERE {condition}");
    let mut count = rx.conn.prepare_cached(&sql)?;
    let total: i64 = count.query_row(params_from_iter(&plan.values), |r| r.get(0))?;
    Ok(total.unsigned_abs())
}

/// The whole name at a place. A place keeps no more than a sort key's length of it: of a longer one the resource itself
/// has to tell the rest.
fn name_at(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    place: &Position,
) -> Result<String, StoreError> {
    let Some(Key::Text(known)) = &place.key else {
        return Err(StoreError::Expired);
    };
    if known.chars().count() < LONGEST {
        return Ok(known.clone());
    }
    let sql = "SELECT name_key FROM resources WHERE row = ?1 AND instance = ?2 AND kind = ?3";
    let mut find = rx.conn.prepare_cached(sql)?;
    let mut rows = find.query([place.row, instance.0, kind_code(kind)])?;
    let name: Option<String> = rows.next()?.map(|row| row.get(0)).transpose()?;
    name.filter(|name| name.starts_with(known.as_str()))
        .ok_or(StoreError::Expired)
}

pub(super) fn whole(n: u64) -> Sql {
    Sql::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}
