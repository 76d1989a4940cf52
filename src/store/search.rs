//! Lists: a page of users or groups that meet a filter, with the true total. A scan has a budget of rows and time.

use std::time::Duration;

use rusqlite::{OptionalExtension, params, params_from_iter};
use serde_json::{Value, json};

use super::members;
use super::query::{self, Query};
use super::resources::{Stored, read_stored};
use super::{Rx, StoreError};
use crate::clock::Stopwatch;
use crate::model::InstanceId;
use crate::scim::filter::Filter;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, eval, fold};

/// Longest a scan may take.
const TIME: Duration = Duration::from_secs(2);
/// SQLite steps between two looks at the time.
const STEPS: i32 = 20_000;
/// Members read of one group to decide a filter on them.
const MEMBERS: usize = 10_000;

/// A page of stored documents.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// How many meet the filter.
    pub total: u64,
    /// Those on this page.
    pub found: Vec<Stored>,
}

/// The users or groups that meet `filter`, `count` of them from the 1-based `start` on, in order of creation.
///
/// # Errors
/// `TooMuch` when the scan goes past its budget.
pub fn page(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    filter: Option<&Filter>,
    start: u64,
    count: u64,
) -> Result<Page, StoreError> {
    let query = query::plan(instance, kind, filter);
    let watch = Stopwatch::start();
    rx.conn
        .progress_handler(STEPS, Some(move || watch.elapsed() > TIME))?;
    let outcome = match &query.rest {
        None => by_index(rx, &query, start, count),
        Some(rest) => by_scan(rx, kind, &query, rest, start, count),
    };
    rx.conn.progress_handler(0, None::<fn() -> bool>)?;
    outcome.map_err(|e| match e {
        StoreError::Sqlite(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            StoreError::TooMuch
        }
        other => other,
    })
}

fn by_index(rx: &Rx<'_>, query: &Query, start: u64, count: u64) -> Result<Page, StoreError> {
    let sql = format!("SELECT count(*) FROM resources r WHERE {}", query.condition);
    let total: i64 = rx
        .conn
        .prepare_cached(&sql)?
        .query_row(params_from_iter(&query.values), |r| r.get(0))?;
    let total = total.unsigned_abs();
    if count == 0 || start > total {
        return Ok(Page {
            total,
            found: Vec::new(),
        });
    }
    let n = query.values.len();
    // The inner query walks the index alone; documents are read for this page only.
    let sql = format!(
        "SELECT d.row, d.id, d.doc FROM (SELECT r.row AS row FROM resources r WHERE {} ORDER BY r.row LIMIT ?{} OFFSET ?{}) p \
         JOIN resources d ON d.row = p.row ORDER BY d.row",
        query.condition,
        n + 1,
        n + 2
    );
    let mut values = query.values.clone();
    values.push(whole(count).into());
    values.push(whole(start - 1).into());
    let mut find = rx.conn.prepare_cached(&sql)?;
    let rows = find.query_map(params_from_iter(&values), read_stored)?;
    Ok(Page {
        total,
        found: rows.collect::<Result<_, _>>()?,
    })
}

fn by_scan(
    rx: &Rx<'_>,
    kind: ResourceType,
    query: &Query,
    rest: &Filter,
    start: u64,
    count: u64,
) -> Result<Page, StoreError> {
    let sql = format!(
        "SELECT r.row, r.id, r.doc FROM resources r WHERE {} ORDER BY r.row",
        query.condition
    );
    let wants_members = query::asks_for(rest, "members");
    let wants_groups = query::asks_for(rest, "groups");
    let mut find = rx.conn.prepare_cached(&sql)?;
    let mut rows = find.query(params_from_iter(&query.values))?;
    let mut page = Page::default();
    while let Some(row) = rows.next()? {
        let text = row.get_ref(2)?.as_str().map_err(rusqlite::Error::from)?;
        let mut doc: Attributes = serde_json::from_str(text).map_err(|_| StoreError::Damaged("document"))?;
        if wants_members {
            doc.insert(
                "members".into(),
                references(members::list(rx, row.get(0)?, 0, MEMBERS)?),
            );
        }
        if wants_groups {
            doc.insert("groups".into(), references(members::groups_of(rx, row.get(0)?)?));
        }
        if eval::matches(rest, kind, &doc) {
            page.total += 1;
            if page.total >= start && (page.found.len() as u64) < count {
                page.found.push(read_stored(row)?);
            }
        }
    }
    Ok(page)
}

fn references(list: Vec<members::Member>) -> Value {
    list.into_iter()
        .map(|m| json!({"value": m.id, "display": m.display, "type": m.kind.name()}))
        .collect()
}

fn whole(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A user or group in a list for people, with where it stands in the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Public id.
    pub id: String,
    /// What a person calls it.
    pub display: String,
    /// userName or displayName.
    pub name: String,
    /// `active`.
    pub active: bool,
    /// Somebody on our side has written to it.
    pub managed: bool,
    /// State of its link, if any.
    pub link: Option<String>,
    /// State of its job, if any.
    pub job: Option<String>,
    /// Why its job is not done.
    pub error: Option<String>,
    /// Members it shows (groups).
    pub members: u64,
}

/// A page for people: those whose name or e-mail contains `text`, worst first, then by name.
///
/// # Errors
/// `TooMuch` when the scan goes past its budget.
pub fn listed(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    text: &str,
    offset: u64,
    limit: u64,
) -> Result<(u64, Vec<Listed>), StoreError> {
    let watch = Stopwatch::start();
    rx.conn
        .progress_handler(STEPS, Some(move || watch.elapsed() > TIME))?;
    let outcome = listed_within(rx, instance, kind, text, offset, limit);
    rx.conn.progress_handler(0, None::<fn() -> bool>)?;
    outcome.map_err(|e| match e.sqlite_error_code() {
        Some(rusqlite::ErrorCode::OperationInterrupted) => StoreError::TooMuch,
        _ => StoreError::Sqlite(e),
    })
}

fn listed_within(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    text: &str,
    offset: u64,
    limit: u64,
) -> rusqlite::Result<(u64, Vec<Listed>)> {
    let escaped: String = fold(text)
        .chars()
        .take(200)
        .flat_map(|c| match c {
            '%' | '_' | '\\' => vec!['\\', c],
            c => vec![c],
        })
        .collect();
    let pattern = format!("%{escaped}%");
    let condition = "r.instance = ?1 AND r.kind = ?2 AND r.deleted_at IS NULL AND (?3 = '%%' OR r.name_key LIKE ?3 ESCAPE '\\' \
         OR r.display LIKE ?3 ESCAPE '\\' OR EXISTS (SELECT 1 FROM emails e WHERE e.resource = r.row AND e.value_key LIKE ?3 ESCAPE '\\'))";
    let sql = format!("SELECT count(*) FROM resources r WHERE {condition}");
    let kind = super::resources::kind_code(kind);
    let total: i64 = rx
        .conn
        .prepare_cached(&sql)?
        .query_row(params![instance.0, kind, pattern], |r| r.get(0))
        .optional()?
        .unwrap_or(0);
    let sql = format!(
        "SELECT r.id, r.display, r.name, r.active, r.managed, l.state, CASE WHEN j.state = 'waiting' AND j.attempts > 0 THEN 'retrying' ELSE j.state END, \
           j.last_error, CASE WHEN r.kind = 2 THEN (SELECT count(*) FROM members m WHERE m.grp = r.row AND m.wanted = 1) ELSE 0 END \
         FROM resources r LEFT JOIN links l ON l.resource = r.row \
           LEFT JOIN jobs j ON j.instance = r.instance AND j.kind = 1 AND j.subject = r.row \
         WHERE {condition} ORDER BY CASE j.state WHEN 'rejected' THEN 0 WHEN 'held' THEN 1 ELSE 2 END, r.name_key, r.row LIMIT ?4 OFFSET ?5"
    );
    let mut find = rx.conn.prepare_cached(&sql)?;
    let rows = find.query_map(
        params![instance.0, kind, pattern, whole(limit), whole(offset)],
        |r| {
            Ok(Listed {
                id: r.get(0)?,
                display: r.get(1)?,
                name: r.get(2)?,
                active: r.get(3)?,
                managed: r.get(4)?,
                link: r.get(5)?,
                job: r.get(6)?,
                error: r.get(7)?,
                members: r.get::<_, i64>(8)?.unsigned_abs(),
            })
        },
    )?;
    Ok((total.unsigned_abs(), rows.collect::<Result<_, _>>()?))
}
