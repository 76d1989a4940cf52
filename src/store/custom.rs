//! Declared attributes of an instance. What is declared is not what is stored: no document changes with a declaration.

use rusqlite::{Row, params};

use super::resources::{kind_code, kind_of};
use super::{Rx, StoreError, Topic, Tx};
use crate::model::InstanceId;
use crate::scim::rules::{Custom, Declared};
use crate::scim::schema::{ResourceType, Type};

fn read(row: &Row<'_>) -> rusqlite::Result<Declared> {
    let (urn, name): (String, String) = (row.get(1)?, row.get(2)?);
    // A type of a newer version is shown and compared as text.
    let kind = Type::of_name(row.get_ref(3)?.as_str()?).unwrap_or(Type::String);
    Ok(Declared::new(
        kind_of(row.get(0)?),
        &urn,
        &name,
        kind,
        row.get(4)?,
    ))
}

/// What was declared for an instance, in order.
///
/// # Errors
/// When the database fails.
pub fn of(rx: &Rx<'_>, instance: InstanceId) -> Result<Custom, StoreError> {
    let sql =
        "SELECT kind, urn, name, type, multi_valued FROM custom_attributes WHERE instance = ?1 ORDER BY row";
    let mut find = rx.conn.prepare_cached(sql)?;
    let rows = find.query_map([instance.0], read)?;
    Ok(Custom::new(rows.collect::<Result<_, _>>()?))
}

/// Notes a declaration that [`Custom::add`] took.
///
/// # Errors
/// When the database fails, or it is there already.
pub fn insert(tx: &Tx<'_>, instance: InstanceId, declared: &Declared) -> Result<(), StoreError> {
    let sql = "INSERT INTO custom_attributes(instance, kind, urn, name, type, multi_valued, created) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    tx.conn.prepare_cached(sql)?.execute(params![
        instance.0,
        kind_code(declared.resource),
        declared.urn,
        declared.name,
        declared.form.kind.name(),
        declared.form.multi_valued,
        tx.now().0
    ])?;
    tx.tell(instance, Topic::Access);
    Ok(())
}

/// Takes a declaration back; values stay where they are. `false`: there was none.
///
/// # Errors
/// When the database fails.
pub fn delete(
    tx: &Tx<'_>,
    instance: InstanceId,
    resource: ResourceType,
    urn: &str,
    name: &str,
) -> Result<bool, StoreError> {
    let sql = "DELETE FROM custom_attributes WHERE instance = ?1 AND kind = ?2 AND urn = ?3 COLLATE NOCASE AND name = ?4 COLLATE NOCASE";
    let n = tx
        .conn
        .prepare_cached(sql)?
        .execute(params![instance.0, kind_code(resource), urn, name])?;
    tx.tell(instance, Topic::Access);
    Ok(n == 1)
}
