//! How many users and groups there are, and where in the order of creation the n-th lies, without counting them: the
//! number of live resources of each block of row numbers is kept by triggers (`migrations/0002_lists.sql`).

use rusqlite::{Connection, params};

use super::resources::kind_code;
use super::{Rx, StoreError};
use crate::model::InstanceId;
use crate::scim::schema::ResourceType;

/// Row numbers of one block, as a power of two.
const BITS: u32 = 10;

/// How many live resources of this type an instance has.
///
/// # Errors
/// When the database fails.
pub(super) fn total(rx: &Rx<'_>, instance: InstanceId, kind: ResourceType) -> Result<u64, StoreError> {
    let sql = "SELECT coalesce(sum(live), 0) FROM landmarks WHERE instance = ?1 AND kind = ?2";
    let mut sum = rx.conn.prepare_cached(sql)?;
    let total: i64 = sum.query_row(params![instance.0, kind_code(kind)], |r| r.get(0))?;
    Ok(total.unsigned_abs())
}

/// Where to begin when so many are passed over.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// How many there are in all.
    pub(super) total: u64,
    /// The first row number to look at; when descending, the last.
    pub(super) from: i64,
    /// How many to pass over from there: less than a block.
    pub(super) skip: u64,
}

/// Finds the block in which the resource after the first `skip` lies, in order of creation or against it. Past the end:
/// the end, and nothing to skip.
///
/// # Errors
/// When the database fails.
pub(super) fn place(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    skip: u64,
    descending: bool,
) -> Result<Place, StoreError> {
    let total = total(rx, instance, kind)?;
    let end = Place {
        total,
        from: if descending { -1 } else { i64::MAX },
        skip: 0,
    };
    if skip >= total {
        return Ok(end);
    }
    let order = if descending { "DESC" } else { "ASC" };
    let sql =
        format!("SELECT block, live FROM landmarks WHERE instance = ?1 AND kind = ?2 ORDER BY block {order}");
    let mut walk = rx.conn.prepare_cached(&sql)?;
    let mut blocks = walk.query(params![instance.0, kind_code(kind)])?;
    let mut skip = skip;
    while let Some(block) = blocks.next()? {
        let (number, live): (i64, i64) = (block.get(0)?, block.get(1)?);
        if skip < live.unsigned_abs() {
            let first = number << BITS;
            let from = if descending {
                first | ((1 << BITS) - 1)
            } else {
                first
            };
            return Ok(Place { total, from, skip });
        }
        skip -= live.unsigned_abs();
    }
    Ok(end)
}

/// The counts as they would be made anew.
const COUNTED: &str =
    "SELECT instance, kind, row >> 10, count(*) FROM resources WHERE deleted_at IS NULL GROUP BY 1, 2, 3";

/// How many counts differ from what is stored.
///
/// # Errors
/// When the database fails.
pub(super) fn wrong(conn: &Connection) -> Result<u64, StoreError> {
    let kept = "SELECT instance, kind, block, live FROM landmarks";
    let sql = format!(
        "SELECT (SELECT count(*) FROM ({COUNTED} EXCEPT {kept})) + (SELECT count(*) FROM ({kept} EXCEPT {COUNTED}))"
    );
    let wrong: i64 = conn.query_row(&sql, [], |r| r.get(0))?;
    Ok(wrong.unsigned_abs())
}

/// Counts anew.
///
/// # Errors
/// When the database fails.
pub(super) fn recount(conn: &Connection) -> Result<(), StoreError> {
    let whole = conn.unchecked_transaction()?;
    whole.execute("DELETE FROM landmarks", [])?;
    whole.execute(&format!("INSERT INTO landmarks {COUNTED}"), [])?;
    Ok(whole.commit()?)
}
