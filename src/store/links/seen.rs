//! What imports learnt of links: which run saw them, what they showed, how often one was set right.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use super::{all, one};
use crate::model::{InstanceId, Link, Run, Time};
use crate::scim::schema::ResourceType;
use crate::store::resources::kind_code;
use crate::store::{Rx, StoreError, Tx};

/// Path → when it was pushed again against a change in the app, in the last day.
pub type Enforced = BTreeMap<String, Vec<Time>>;

/// Notes that `run` saw these links; nothing else of them changes.
///
/// # Errors
/// Those of SQLite.
pub fn mark_seen(tx: &Tx<'_>, run: i64, links: &[i64]) -> Result<(), StoreError> {
    let mut mark = tx
        .conn
        .prepare_cached("UPDATE links SET seen_run = ?2 WHERE id = ?1 AND seen_run <> ?2")?;
    for link in links {
        mark.execute([*link, run])?;
    }
    Ok(())
}

/// Whether there are links of the instance that `run` did not see, those without an id in the app among them.
///
/// # Errors
/// Those of SQLite.
pub fn any_unseen(rx: &Rx<'_>, instance: InstanceId, run: i64) -> Result<bool, StoreError> {
    let mut found = rx.conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM links INDEXED BY links_seen WHERE instance = ?1 AND seen_run < ?2)
             OR EXISTS (SELECT 1 FROM links INDEXED BY links_seen WHERE instance = ?1 AND seen_run > ?2)",
    )?;
    Ok(found.query_row(params![instance.0, run], |r| r.get(0))?)
}

/// The next links of a kind that `run` did not see, after link `after`: those that have an id in the app. Left out are
/// those written at or after sequence `since`, and those whose access we ended ourselves: an app may hide them.
///
/// # Errors
/// Those of SQLite.
pub fn unseen(
    rx: &Rx<'_>,
    run: &Run,
    kind: ResourceType,
    since: i64,
    after: i64,
    limit: usize,
) -> Result<Vec<i64>, StoreError> {
    let mut rows = rx.conn.prepare_cached(
        "SELECT id FROM links WHERE instance = ?1 AND id > ?3 AND seen_run <> ?2 AND kind = ?4 AND written_seq < ?5
           AND remote_id IS NOT NULL AND state <> 'missing' AND NOT (ended_by_us = 1 AND pushed <> '{}')
         ORDER BY id LIMIT ?6",
    )?;
    let values = params![
        run.instance.0,
        run.id,
        after,
        kind_code(kind),
        since,
        limit as i64
    ];
    let found = rows.query_map(values, |r| r.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// How many accounts or groups of the app are known, and how many of them `run` saw.
///
/// # Errors
/// Those of SQLite.
pub fn known(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    run: i64,
) -> Result<(u64, u64), StoreError> {
    let mut row = rx.conn.prepare_cached(
        "SELECT count(*), coalesce(sum(seen_run = ?3), 0) FROM links
         WHERE instance = ?1 AND kind = ?2 AND remote_id IS NOT NULL AND state <> 'missing'",
    )?;
    Ok(row.query_row(params![instance.0, kind_code(kind), run], |r| {
        Ok((r.get::<_, u32>(0)?.into(), r.get::<_, u32>(1)?.into()))
    })?)
}

/// Some link that `run` saw, other than `not`: for the control read beside a verification, and of the same kind if possible.
///
/// # Errors
/// As `by_id`.
pub fn seen_in(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    run: i64,
    not: i64,
) -> Result<Option<Link>, StoreError> {
    one(
        rx,
        "instance = ?1 AND seen_run = ?2 AND id <> ?3 AND state = 'linked' AND remote_id IS NOT NULL ORDER BY kind <> ?4, id DESC LIMIT 1",
        params![instance.0, run, not, kind_code(kind)],
    )
}

/// Some linked ids of the app, the longest known first: would another base URL or token still know them? Those whose access
/// we ended are left out, for an app may hide them.
///
/// # Errors
/// As `by_id`.
pub fn sample(rx: &Rx<'_>, instance: InstanceId, limit: usize) -> Result<Vec<Link>, StoreError> {
    all(
        rx,
        "instance = ?1 AND state = 'linked' AND remote_id IS NOT NULL AND ended_by_us = 0 ORDER BY kind, id LIMIT ?2",
        params![instance.0, limit as i64],
    )
}

/// New accounts that wait for a verification: is it another person, or did the app make somebody anew?
///
/// # Errors
/// As `by_id`.
pub fn unsettled(
    rx: &Rx<'_>,
    instance: InstanceId,
    after: i64,
    limit: usize,
) -> Result<Vec<Link>, StoreError> {
    let only = "instance = ?1 AND id > ?2 AND state = 'ambiguous' AND resource IS NULL AND remote_id IS NOT NULL ORDER BY id LIMIT ?3";
    all(rx, only, params![instance.0, after, limit as i64])
}

/// Counts who has access in the app, up to `most`.
///
/// # Errors
/// Those of SQLite.
pub fn with_access(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    most: u64,
) -> Result<u64, StoreError> {
    let mut row = rx.conn.prepare_cached(
        "SELECT count(*) FROM (SELECT 1 FROM links INDEXED BY links_access
           WHERE instance = ?1 AND kind = ?2 AND state = 'linked' AND seen_active = 1 LIMIT ?3)",
    )?;
    Ok(row
        .query_row(
            params![
                instance.0,
                kind_code(kind),
                i64::try_from(most).unwrap_or(i64::MAX)
            ],
            |r| r.get::<_, u32>(0),
        )?
        .into())
}

/// The latest observation of a link, for people and for settling it later.
///
/// # Errors
/// Those of SQLite.
pub fn seen_doc(rx: &Rx<'_>, link_id: i64) -> Result<Option<String>, StoreError> {
    let mut found = rx
        .conn
        .prepare_cached("SELECT seen_doc FROM links WHERE id = ?1")?;
    Ok(found.query_row([link_id], |r| r.get(0)).optional()?.flatten())
}

/// Keeps the latest observation.
///
/// # Errors
/// Those of SQLite.
pub fn set_seen_doc(tx: &Tx<'_>, link_id: i64, doc: &str) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached("UPDATE links SET seen_doc = ?2 WHERE id = ?1")?
        .execute(params![link_id, doc])?;
    Ok(())
}

/// When attributes were pushed again against changes in the app.
///
/// # Errors
/// `Damaged` if it cannot be read.
pub fn enforced(rx: &Rx<'_>, link_id: i64) -> Result<Enforced, StoreError> {
    let mut found = rx
        .conn
        .prepare_cached("SELECT enforced FROM links WHERE id = ?1")?;
    let text: String = found.query_row([link_id], |r| r.get(0))?;
    serde_json::from_str(&text).map_err(|_| StoreError::Damaged("enforcement"))
}

/// Keeps when attributes were pushed again.
///
/// # Errors
/// Those of SQLite.
pub fn set_enforced(tx: &Tx<'_>, link_id: i64, enforced: &Enforced) -> Result<(), StoreError> {
    let text = serde_json::to_string(enforced).map_err(|_| StoreError::Damaged("enforcement"))?;
    tx.conn
        .prepare_cached("UPDATE links SET enforced = ?2 WHERE id = ?1")?
        .execute(params![link_id, text])?;
    Ok(())
}

/// Of what was seen of groups, this is forgotten: the next observation is news, and judged by what is true then.
///
/// # Errors
/// Those of SQLite.
pub fn look_anew(tx: &Tx<'_>, instance: InstanceId, path: &str) -> Result<(), StoreError> {
    tx.conn
        .prepare_cached(
            "UPDATE links SET seen = json_remove(seen, '$.' || ?3), rev = rev + 1 WHERE instance = ?1 AND kind = ?2",
        )?
        .execute(params![instance.0, kind_code(ResourceType::Group), path])?;
    Ok(())
}

/// Whether some group's latest observation has another value at `path` than `but`.
///
/// # Errors
/// Those of SQLite.
pub fn shows_groups_with(
    rx: &Rx<'_>,
    instance: InstanceId,
    path: &str,
    but: Option<&str>,
) -> Result<bool, StoreError> {
    let mut row = rx.conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM links INDEXED BY links_name
           WHERE instance = ?1 AND kind = ?2 AND coalesce(json_extract(seen, '$.' || ?3), ?4) IS NOT ?4)",
    )?;
    let kind = kind_code(ResourceType::Group);
    Ok(row.query_row(params![instance.0, kind, path, but], |r| r.get(0))?)
}
