//! Events: written with the change they tell of, read newest first.

use rusqlite::{OptionalExtension, Row, params};
use serde_json::Value;

use super::{Rx, StoreError, Tx};
use crate::model::{Actor, Event, EventDraft, InstanceId, Outcome, Time};

/// Longest value that an event repeats, as JSON text.
const VALUE: usize = 2000;

const COLUMNS: &str = "e.id, e.at, e.instance, (SELECT r.id FROM resources r WHERE r.row = e.resource AND r.deleted_at IS NULL), \
     e.subject, e.actor, e.action, e.outcome, e.detail, e.changes";

/// A value as an event repeats it.
#[must_use]
pub fn short(value: Value) -> Value {
    if value.to_string().len() > VALUE {
        Value::from("(too long to repeat here)")
    } else {
        value
    }
}

/// Writes an event; its id.
///
/// # Errors
/// When the database fails.
pub fn record(tx: &Tx<'_>, event: EventDraft) -> Result<i64, StoreError> {
    let changes = match event.changes.as_slice() {
        [] => None,
        list => Some(serde_json::to_string(list).map_err(|_| StoreError::Damaged("event"))?),
    };
    let sql = "INSERT INTO events(at, instance, resource, subject, actor, action, outcome, detail, changes) \
               VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    tx.conn.prepare_cached(sql)?.execute(params![
        tx.now().0,
        event.instance.map(|i| i.0),
        event.resource,
        event.subject,
        event.actor.to_stored(),
        event.action,
        event.outcome.as_str(),
        event.detail,
        changes,
    ])?;
    Ok(tx.conn.last_insert_rowid())
}

/// Says that a group's event is also about these people.
///
/// # Errors
/// When the database fails.
pub fn also_about(tx: &Tx<'_>, event: i64, people: &[i64]) -> Result<(), StoreError> {
    let mut add = tx
        .conn
        .prepare_cached("INSERT OR IGNORE INTO event_people(resource, event) VALUES(?1, ?2)")?;
    for person in people {
        add.execute([*person, event])?;
    }
    Ok(())
}

/// The newest events of an instance, older than `before` if given.
///
/// # Errors
/// When the database fails.
pub fn of_instance(
    rx: &Rx<'_>,
    instance: InstanceId,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events e WHERE e.instance = ?1 AND e.id < ?2 ORDER BY e.id DESC LIMIT ?3"
    );
    many(
        rx,
        &sql,
        &[&instance.0, &before.unwrap_or(i64::MAX), &(limit as i64)],
    )
}

/// As `of_instance`, those whose subject contains `text` and that ended so.
///
/// # Errors
/// `TooMuch` when the scan goes past its budget.
pub fn search(
    rx: &Rx<'_>,
    instance: InstanceId,
    text: &str,
    outcome: Option<Outcome>,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events e WHERE e.instance = ?1 AND e.id < ?2 AND (?4 = '%%' OR e.subject LIKE ?4 ESCAPE '\\') \
         AND (?5 IS NULL OR e.outcome = ?5) ORDER BY e.id DESC LIMIT ?3"
    );
    let (pattern, before) = (super::search::pattern(text), before.unwrap_or(i64::MAX));
    let outcome = outcome.map(Outcome::as_str);
    super::scan::within(rx, |_| {
        many(
            rx,
            &sql,
            &[&instance.0, &before, &(limit as i64), &pattern, &outcome],
        )
    })
}

/// The newest events about one user or group.
///
/// # Errors
/// When the database fails.
pub fn of_resource(
    rx: &Rx<'_>,
    row: i64,
    before: Option<i64>,
    limit: usize,
) -> Result<Vec<Event>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM events e WHERE e.id IN ( \
           SELECT id FROM (SELECT id FROM events WHERE resource = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3) \
           UNION SELECT event FROM (SELECT event FROM event_people WHERE resource = ?1 AND event < ?2 ORDER BY event DESC LIMIT ?3) \
         ) ORDER BY e.id DESC LIMIT ?3"
    );
    many(rx, &sql, &[&row, &before.unwrap_or(i64::MAX), &(limit as i64)])
}

/// The action of the newest event of a push of this resource.
///
/// # Errors
/// When the database fails.
pub fn latest_push(rx: &Rx<'_>, row: i64) -> Result<Option<String>, StoreError> {
    let sql = "SELECT action FROM events WHERE resource = ?1 AND substr(action, 1, 5) = 'push.' ORDER BY id DESC LIMIT 1";
    Ok(rx
        .conn
        .prepare_cached(sql)?
        .query_row([row], |r| r.get(0))
        .optional()?)
}

/// The newest events of the whole hub.
///
/// # Errors
/// When the database fails.
pub fn latest(rx: &Rx<'_>, limit: usize) -> Result<Vec<Event>, StoreError> {
    many(
        rx,
        &format!("SELECT {COLUMNS} FROM events e ORDER BY e.id DESC LIMIT ?1"),
        &[&(limit as i64)],
    )
}

/// How many events there are since `since`.
///
/// # Errors
/// When the database fails.
pub fn count_since(rx: &Rx<'_>, since: Time) -> Result<u64, StoreError> {
    // Ids rise with time: the first one in the window tells how many follow, without reading them.
    let mut count = rx.conn.prepare_cached(
        "SELECT coalesce((SELECT max(id) FROM events), 0) - coalesce((SELECT e.id FROM events e WHERE e.at < ?1 ORDER BY e.id DESC LIMIT 1), 0)",
    )?;
    Ok(count
        .query_row([since.0], |r| r.get::<_, i64>(0))?
        .try_into()
        .unwrap_or(0))
}

fn many(rx: &Rx<'_>, sql: &str, values: &[&dyn rusqlite::ToSql]) -> Result<Vec<Event>, StoreError> {
    let mut find = rx.conn.prepare_cached(sql)?;
    let rows = find.query_map(values, read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Event> {
    let actor: String = row.get(5)?;
    let outcome: String = row.get(7)?;
    let changes: Option<String> = row.get(9)?;
    Ok(Event {
        id: row.get(0)?,
        at: Time(row.get(1)?),
        instance: row.get::<_, Option<i64>>(2)?.map(InstanceId),
        resource_id: row.get(3)?,
        subject: row.get(4)?,
        actor: Actor::from_stored(&actor),
        action: row.get(6)?,
        outcome: Outcome::parse(&outcome),
        detail: row.get(8)?,
        changes: changes
            .and_then(|c| serde_json::from_str(&c).ok())
            .unwrap_or_default(),
    })
}
