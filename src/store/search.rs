//! Lists: a page of users or groups that meet a filter, with the true total. A scan has a budget of rows and time.

use std::time::Duration;

use rusqlite::{Connection, params, params_from_iter};
use serde_json::{Value, json};

use super::members;
use super::query::{self, Query};
use super::resources::{Stored, kind_code, kind_of, read_stored};
use super::{Rx, StoreError};
use crate::clock::Stopwatch;
use crate::model::{InstanceId, Time};
use crate::scim::filter::Filter;
use crate::scim::rules::Custom;
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
    custom: &Custom,
    start: u64,
    count: u64,
) -> Result<Page, StoreError> {
    let query = query::plan(instance, kind, filter);
    match &query.rest {
        None => by_index(rx, &query, start, count),
        Some(rest) => within_budget(rx, || by_scan(rx, kind, custom, &query, rest, start, count)),
    }
}

/// Whether a page by this filter is found by name or id alone.
#[must_use]
pub fn is_look_up(kind: ResourceType, filter: &Filter) -> bool {
    query::plan(InstanceId(0), kind, Some(filter)).is_look_up()
}

/// Runs a scan that ends in `TooMuch` when it takes too long.
pub(super) fn within_budget<T>(
    rx: &Rx<'_>,
    scan: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let watch = Stopwatch::start();
    rx.conn
        .progress_handler(STEPS, Some(move || watch.elapsed() > TIME))?;
    let budget = Budget(rx.conn);
    let outcome = scan();
    drop(budget);
    outcome.map_err(|e| match e {
        StoreError::Sqlite(e) if e.sqlite_error_code() == Some(rusqlite::ErrorCode::OperationInterrupted) => {
            StoreError::TooMuch
        }
        other => other,
    })
}

/// Ends with the scan, even by a panic: the connection goes back to the pool, and others must not be cut short on it.
struct Budget<'c>(&'c Connection);

impl Drop for Budget<'_> {
    fn drop(&mut self) {
        if let Err(error) = self.0.progress_handler(0, None::<fn() -> bool>) {
            tracing::error!(%error, "a reader keeps the time limit of a scan");
        }
    }
}

fn by_index(rx: &Rx<'_>, query: &Query, start: u64, count: u64) -> Result<Page, StoreError> {
    // A look-up by name or id finds one or none: one query, and the total is known from it.
    if start == 1 && query.is_narrow() {
        let found = rows(rx, query, 0, count.saturating_add(1))?;
        if found.len() as u64 <= count {
            return Ok(Page {
                total: found.len() as u64,
                found,
            });
        }
    }
    let sql = format!("SELECT count(*) FROM resources r WHERE {}", query.condition);
    let mut counting = rx.conn.prepare_cached(&sql)?;
    let total: i64 = counting.query_row(params_from_iter(&query.values), |r| r.get(0))?;
    let total = total.unsigned_abs();
    if count == 0 || start > total {
        return Ok(Page {
            total,
            found: Vec::new(),
        });
    }
    let found = rows(rx, query, start - 1, count)?;
    Ok(Page { total, found })
}

/// The rows of one page. Where many precede it, an inner query walks the index alone, and documents are read for this
/// page only.
fn rows(rx: &Rx<'_>, query: &Query, skip: u64, count: u64) -> Result<Vec<Stored>, StoreError> {
    let n = query.values.len();
    let (condition, limit, offset) = (&query.condition, n + 1, n + 2);
    let sql = if query.is_narrow() {
        format!(
            "SELECT r.row, r.id, r.doc FROM resources r WHERE {condition} ORDER BY r.row LIMIT ?{limit} OFFSET ?{offset}"
        )
    } else {
        format!(
            "SELECT d.row, d.id, d.doc FROM (SELECT r.row AS row FROM resources r WHERE {condition} ORDER BY r.row \
             LIMIT ?{limit} OFFSET ?{offset}) p JOIN resources d ON d.row = p.row ORDER BY d.row"
        )
    };
    let mut values = query.values.clone();
    values.push(whole(count).into());
    values.push(whole(skip).into());
    let mut find = rx.conn.prepare_cached(&sql)?;
    let rows = find.query_map(params_from_iter(&values), read_stored)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn by_scan(
    rx: &Rx<'_>,
    kind: ResourceType,
    custom: &Custom,
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
    // SQLite looks at the time once in thousands of rows, and large documents take longest on our side of it.
    let watch = Stopwatch::start();
    while let Some(row) = rows.next()? {
        if watch.elapsed() > TIME {
            return Err(StoreError::TooMuch);
        }
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
        if eval::matches(rest, kind, custom, &doc) {
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
    /// Members that a group shows, groups that show a user.
    pub members: u64,
    /// `meta.lastModified`.
    pub changed: Time,
}

/// Whom a list shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Only {
    /// Everybody.
    #[default]
    All,
    /// Those with access.
    Active,
    /// Those without.
    Inactive,
    /// Those whose push was rejected or is held.
    Stuck,
    /// Those whose push is on its way.
    Waiting,
}

/// A page for people: those whose name or e-mail contains `text`, what is stuck first, then by name; and how many there
/// are in all.
///
/// # Errors
/// `TooMuch` when the scan goes past its budget.
pub fn listed(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    text: &str,
    only: Only,
    offset: u64,
    limit: u64,
) -> Result<(u64, Vec<Listed>), StoreError> {
    within_budget(rx, || {
        let look = Look {
            rx,
            instance,
            kind,
            pattern: pattern(text),
        };
        let (stuck, rest) = match only {
            Only::All => (STUCK, Some("1 = 1")),
            Only::Active => (STUCK_ACTIVE, Some("r.active = 1")),
            Only::Inactive => (STUCK_INACTIVE, Some("r.active = 0")),
            Only::Stuck => (STUCK, None),
            Only::Waiting => (WAITING, None),
        };
        let first = look.count(stuck)?;
        let mut rows = look.rows(stuck, offset, limit)?;
        let mut total = first;
        if let Some(condition) = rest {
            total = look.count(&format!("resources r WHERE {condition}"))?;
            let left = limit - rows.len() as u64;
            let others = format!("resources r INDEXED BY resources_name WHERE {condition} AND {NOT_STUCK}");
            rows.extend(look.rows(&others, offset.saturating_sub(first), left)?);
        }
        let found = rows
            .into_iter()
            .map(|row| look.one(row))
            .collect::<Result<_, _>>()?;
        Ok((total, found))
    })
}

const STUCK: &str = "jobs j INDEXED BY jobs_stuck CROSS JOIN resources r ON r.row = j.subject \
    WHERE j.instance = ?1 AND j.kind = 1 AND j.state IN ('rejected', 'held')";
const STUCK_ACTIVE: &str = "jobs j INDEXED BY jobs_stuck CROSS JOIN resources r ON r.row = j.subject \
    WHERE j.instance = ?1 AND j.kind = 1 AND j.state IN ('rejected', 'held') AND r.active = 1";
const STUCK_INACTIVE: &str = "jobs j INDEXED BY jobs_stuck CROSS JOIN resources r ON r.row = j.subject \
    WHERE j.instance = ?1 AND j.kind = 1 AND j.state IN ('rejected', 'held') AND r.active = 0";
const WAITING: &str = "jobs j CROSS JOIN resources r ON r.row = j.subject \
    WHERE j.instance = ?1 AND j.kind = 1 AND j.state NOT IN ('rejected', 'held')";
const NOT_STUCK: &str = "NOT EXISTS (SELECT 1 FROM jobs j WHERE j.instance = ?1 AND j.kind = 1 \
    AND j.subject = r.row AND j.state IN ('rejected', 'held'))";
const MATCHING: &str = "AND r.instance = ?1 AND r.kind = ?2 AND r.deleted_at IS NULL AND (?3 = '%%' \
    OR r.name_key LIKE ?3 ESCAPE '\\' OR r.display LIKE ?3 ESCAPE '\\' \
    OR EXISTS (SELECT 1 FROM emails e WHERE e.resource = r.row AND e.value_key LIKE ?3 ESCAPE '\\'))";

struct Look<'a> {
    rx: &'a Rx<'a>,
    instance: InstanceId,
    kind: ResourceType,
    pattern: String,
}

impl Look<'_> {
    fn count(&self, from: &str) -> Result<u64, StoreError> {
        let mut count = self
            .rx
            .conn
            .prepare_cached(&format!("SELECT count(*) FROM {from} {MATCHING}"))?;
        let values = params![self.instance.0, kind_code(self.kind), self.pattern];
        Ok(count.query_row(values, |r| r.get::<_, i64>(0))?.unsigned_abs())
    }

    fn rows(&self, from: &str, offset: u64, limit: u64) -> Result<Vec<i64>, StoreError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let sql =
            format!("SELECT r.row FROM {from} {MATCHING} ORDER BY r.name_key, r.row LIMIT ?4 OFFSET ?5");
        let mut find = self.rx.conn.prepare_cached(&sql)?;
        let values = params![
            self.instance.0,
            kind_code(self.kind),
            self.pattern,
            whole(limit),
            whole(offset)
        ];
        let rows = find.query_map(values, |r| r.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn one(&self, row: i64) -> Result<Listed, StoreError> {
        let sql = "SELECT r.id, r.display, r.name, r.active, r.managed, l.state, j.state, j.last_error, \
             CASE WHEN r.kind = 2 THEN (SELECT count(*) FROM members m WHERE m.grp = r.row AND m.wanted = 1) \
                  ELSE (SELECT count(*) FROM members m WHERE m.member = r.row AND m.wanted = 1) END, r.last_modified \
           FROM resources r LEFT JOIN links l ON l.resource = r.row \
             LEFT JOIN jobs j ON j.instance = r.instance AND j.kind = 1 AND j.subject = r.row WHERE r.row = ?1";
        Ok(self.rx.conn.prepare_cached(sql)?.query_row([row], |r| {
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
                changed: Time(r.get(9)?),
            })
        })?)
    }
}

/// What LIKE matches where `text` stands in it.
pub(super) fn pattern(text: &str) -> String {
    let folded = fold(text);
    let escaped = folded.chars().take(200).flat_map(|c| match c {
        '%' | '_' | '\\' => vec!['\\', c],
        c => vec![c],
    });
    format!("%{}%", escaped.collect::<String>())
}

/// A membership as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Public id of the other side: the member, or the group.
    pub id: String,
    /// What a person calls it.
    pub display: String,
    /// userName or displayName.
    pub name: String,
    /// User or Group.
    pub kind: ResourceType,
    /// The app is believed to have it.
    pub held: bool,
    /// The other side has an account, or is a group, in the app.
    pub linked: bool,
}

fn read_membership(r: &rusqlite::Row<'_>) -> rusqlite::Result<Membership> {
    Ok(Membership {
        id: r.get(0)?,
        display: r.get(1)?,
        name: r.get(2)?,
        kind: kind_of(r.get(3)?),
        held: r.get(4)?,
        linked: r.get(5)?,
    })
}

const MEMBERSHIP: &str = "SELECT r.id, r.display, r.name, r.kind, m.held = 1, \
    EXISTS (SELECT 1 FROM links l WHERE l.resource = r.row AND l.state = 'linked')";

/// The members that a group shows and whose name contains `text`, in order of creation; and how many those are.
///
/// # Errors
/// `TooMuch` when the scan goes past its budget.
pub fn members_of(
    rx: &Rx<'_>,
    group: i64,
    text: &str,
    offset: u64,
    limit: u64,
) -> Result<(u64, Vec<Membership>), StoreError> {
    let from = "FROM members m JOIN resources r ON r.row = m.member WHERE m.grp = ?1 AND m.wanted = 1 \
        AND r.deleted_at IS NULL AND (?2 = '%%' OR r.name_key LIKE ?2 ESCAPE '\\' OR r.display LIKE ?2 ESCAPE '\\')";
    within_budget(rx, || {
        let pattern = pattern(text);
        let mut count = rx.conn.prepare_cached(&format!("SELECT count(*) {from}"))?;
        let total: i64 = count.query_row(params![group, pattern], |r| r.get(0))?;
        let sql = format!("{MEMBERSHIP} {from} ORDER BY m.member LIMIT ?3 OFFSET ?4");
        let mut find = rx.conn.prepare_cached(&sql)?;
        let rows = find.query_map(
            params![group, pattern, whole(limit), whole(offset)],
            read_membership,
        )?;
        Ok((total.unsigned_abs(), rows.collect::<Result<_, _>>()?))
    })
}

/// The groups that show this member, by name; at most `limit`.
///
/// # Errors
/// When the database fails.
pub fn groups_with(rx: &Rx<'_>, member: i64, limit: u64) -> Result<Vec<Membership>, StoreError> {
    let sql = format!(
        "{MEMBERSHIP} FROM members m JOIN resources r ON r.row = m.grp \
         WHERE m.member = ?1 AND m.wanted = 1 AND r.deleted_at IS NULL ORDER BY r.name_key LIMIT ?2"
    );
    let mut find = rx.conn.prepare_cached(&sql)?;
    let rows = find.query_map(params![member, whole(limit)], read_membership)?;
    Ok(rows.collect::<Result<_, _>>()?)
}
