//! The request log in its file: for each instance the last accepted and the last refused requests.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Telemetry;
use super::rings::Rings;
use crate::model::request::method;
use crate::model::{InstanceId, Refusal, Request, RequestId, Time, Why};
use crate::scim::tolerance::Tolerance;
use crate::store::StoreError;

pub(super) const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS requests(
        seq INTEGER PRIMARY KEY, instance INTEGER NOT NULL, refused INTEGER NOT NULL, id INTEGER NOT NULL,
        at INTEGER NOT NULL, took_us INTEGER NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
        status INTEGER NOT NULL, key INTEGER, agent TEXT NOT NULL, address TEXT NOT NULL, tolerated TEXT NOT NULL,
        scim_type TEXT, detail TEXT, why TEXT);
    CREATE INDEX IF NOT EXISTS requests_of ON requests(instance, refused, seq);";
const COLUMNS: &str = "seq, instance, id, at, took_us, method, path, status, key, agent, address, tolerated, scim_type, \
                       detail, why";

/// Which requests.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Only {
    /// All.
    All,
    /// Those that were carried out.
    Accepted,
    /// Those that were not.
    Refused,
}

/// Writes what is new, and drops what is past the number that is kept.
pub(super) fn write(conn: &Connection, rings: &Rings) -> rusqlite::Result<()> {
    let insert = "INSERT INTO requests(seq, instance, id, at, took_us, method, path, status, key, agent, address, \
                      tolerated, scim_type, detail, why, refused) \
                      VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)";
    let prune = "DELETE FROM requests WHERE instance = ?1 AND refused = ?2 AND seq <= (SELECT seq FROM requests \
                     WHERE instance = ?1 AND refused = ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3)";
    for (instance, refused, half, room) in rings.halves() {
        for (seq, request) in half {
            let r = request.refusal.as_deref();
            let tolerated: Vec<&str> = request.tolerated.iter().map(|t| t.name()).collect();
            conn.prepare_cached(insert)?.execute(params![
                seq,
                instance.0,
                request.id.0.cast_signed(),
                request.at.0,
                request.took_us,
                request.method,
                request.path,
                request.status,
                request.key,
                request.agent,
                request.address.map(|a| a.to_string()).unwrap_or_default(),
                tolerated.join(" "),
                r.and_then(|r| r.scim_type.as_deref()),
                r.map(|r| &*r.detail),
                r.and_then(|r| r.why).map(Why::as_str),
                refused,
            ])?;
        }
        if !half.is_empty() {
            conn.prepare_cached(prune)?
                .execute(params![instance.0, refused, room])?;
        }
    }
    Ok(())
}

/// The number of the next request.
pub(super) fn next(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("SELECT coalesce(max(seq), 0) + 1 FROM requests", [], |r| r.get(0))
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Request)> {
    let (tolerated, why): (String, Option<String>) = (row.get(11)?, row.get(14)?);
    let refusal = row.get::<_, Option<Box<str>>>(13)?.map(|detail| {
        Ok::<_, rusqlite::Error>(Box::new(Refusal {
            scim_type: row.get(12)?,
            detail,
            why: why.as_deref().and_then(Why::parse),
        }))
    });
    let request = Request {
        instance: InstanceId(row.get(1)?),
        id: RequestId(row.get::<_, i64>(2)?.cast_unsigned()),
        at: Time(row.get(3)?),
        took_us: row.get(4)?,
        method: method(&row.get::<_, String>(5)?),
        path: row.get(6)?,
        status: row.get(7)?,
        key: row.get(8)?,
        agent: row.get(9)?,
        address: row.get::<_, String>(10)?.parse().ok(),
        tolerated: tolerated.split(' ').filter_map(Tolerance::named).collect(),
        refusal: refusal.transpose()?,
    };
    Ok((row.get(0)?, request))
}

impl Telemetry {
    /// Requests of an instance with their numbers, newest first: at most `limit`, those before number `before`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn requests(
        &self,
        instance: InstanceId,
        only: Only,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<(i64, Request)>, StoreError> {
        let kinds: &[bool] = match only {
            Only::All => &[false, true],
            Only::Accepted => &[false],
            Only::Refused => &[true],
        };
        let sql = format!(
            "SELECT {COLUMNS} FROM requests WHERE instance = ?1 AND refused = ?2 AND seq < ?3 \
             ORDER BY seq DESC LIMIT ?4"
        );
        let before = before.unwrap_or(i64::MAX);
        let mut found = self.read(|conn| {
            let mut found: Vec<(i64, Request)> = Vec::new();
            for refused in kinds {
                let mut find = conn.prepare_cached(&sql)?;
                let given = params![instance.0, refused, before, limit];
                for row in find.query_map(given, read)? {
                    found.push(row?);
                }
            }
            Ok(found)
        })?;
        found.sort_by_key(|(seq, _)| std::cmp::Reverse(*seq));
        found.truncate(limit);
        Ok(found)
    }

    /// The request with this id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn request(&self, instance: InstanceId, id: RequestId) -> Result<Option<Request>, StoreError> {
        let sql =
            format!("SELECT {COLUMNS} FROM requests WHERE instance = ?1 AND refused IN (0, 1) AND id = ?2");
        self.read(|conn| {
            let mut find = conn.prepare_cached(&sql)?;
            find.query_row(params![instance.0, id.0.cast_signed()], read)
                .optional()
        })
        .map(|found| found.map(|(_, request)| request))
    }
}
