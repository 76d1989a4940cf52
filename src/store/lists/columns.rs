//! One comparison → SQL: which column holds what is compared, which index finds it, and whether SQL compares as the
//! evaluator does.

use rusqlite::types::Value as Sql;
use serde_json::Value;

use crate::scim::eval::instant;
use crate::scim::filter::CompareOp;
use crate::scim::fold;
use crate::scim::path::AttrPath;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;

/// How many rows SQL looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    /// One or few: an index holds the very value.
    One,
    /// Those that meet it: an index finds them.
    Met,
    /// Those that meet it, and these may be most of all.
    Range,
    /// All of the type.
    All,
}

/// In order of creation, live ones only.
pub(super) const BY_ROW: &str = "INDEXED BY resources_list";
/// In order of names, with all that tells live ones.
pub(super) const BY_NAME: &str = "INDEXED BY resources_name";
pub(super) const BY_EXTERNAL: &str = "INDEXED BY resources_external";
/// By the row numbers that a condition lists.
pub(super) const BY_NUMBER: &str = "NOT INDEXED";

/// One part of a filter in SQL.
pub(super) struct Narrowed {
    pub(super) condition: String,
    pub(super) by: &'static str,
    pub(super) reach: Reach,
    /// SQL and the evaluator agree, so the latter need not look.
    pub(super) decides: bool,
}

impl Narrowed {
    pub(super) fn new(condition: String, by: &'static str, reach: Reach) -> Self {
        Self {
            condition,
            by,
            reach,
            decides: true,
        }
    }
}

/// The number under which a value is bound.
fn bind(values: &mut Vec<Sql>, value: impl Into<Sql>) -> String {
    values.push(value.into());
    format!("?{}", values.len())
}

/// A comparison in SQL, if there is a column for it. Its values are bound after those that are there.
pub(super) fn compare(
    kind: ResourceType,
    path: &AttrPath,
    op: CompareOp,
    value: &Value,
    values: &mut Vec<Sql>,
) -> Option<Narrowed> {
    let name = path.canonical(kind, Custom::none())?;
    match (name.as_str(), op, value) {
        ("id", CompareOp::Eq, Value::String(id)) => {
            let id = bind(values, id.clone());
            Some(Narrowed::new(format!("r.id = {id}"), "", Reach::One))
        }
        ("externalId", _, Value::String(text)) => {
            text_column("r.external_id", BY_EXTERNAL, op, text.clone(), values)
        }
        ("userName", _, Value::String(text)) => text_column("r.name_key", BY_NAME, op, fold(text), values),
        ("displayName", _, Value::String(text)) if kind == ResourceType::Group => {
            text_column("r.name_key", BY_NAME, op, fold(text), values)
        }
        ("meta.created", _, Value::String(time)) => time_column("r.created", op, time, values),
        ("meta.lastModified", _, Value::String(time)) => time_column("r.last_modified", op, time, values),
        ("active", CompareOp::Eq, Value::Bool(active)) => {
            let wanted = bind(values, i64::from(*active));
            Some(Narrowed {
                // Who has no `active` is active, as far as the column goes, and matches nothing.
                decides: !active,
                ..Narrowed::new(format!("r.active = {wanted}"), BY_ROW, Reach::All)
            })
        }
        (name, CompareOp::Eq, value) => {
            linked(kind, name.strip_suffix(".value").unwrap_or(name), value, values)
        }
        _ => None,
    }
}

/// A column of text that an index has.
fn text_column(
    column: &str,
    by: &'static str,
    op: CompareOp,
    text: String,
    values: &mut Vec<Sql>,
) -> Option<Narrowed> {
    match op {
        CompareOp::Eq => {
            let text = bind(values, text);
            Some(Narrowed::new(format!("{column} = {text}"), by, Reach::One))
        }
        CompareOp::Sw if !text.is_empty() => {
            let after = after_all_with(&text);
            let mut condition = format!("{column} >= {}", bind(values, text));
            if let Some(after) = after {
                condition.push_str(&format!(" AND {column} < {}", bind(values, after)));
            }
            Some(Narrowed::new(format!("({condition})"), by, Reach::Range))
        }
        CompareOp::Co if !text.is_empty() => {
            let text = bind(values, text);
            Some(Narrowed::new(
                // An index over those that have a value asks to hear that they have one.
                format!("({column} IS NOT NULL AND instr({column}, {text}) > 0)"),
                by,
                Reach::All,
            ))
        }
        _ => None,
    }
}

/// The first text that is greater than each that begins so, by code points; `None`: there is none.
fn after_all_with(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // The range leaves out the surrogates, which are no characters.
        if let Some(next) = (last..=char::MAX).nth(1) {
            text.push(next);
            return Some(text);
        }
    }
    None
}

/// A column with milliseconds, against a time that may be finer.
fn time_column(column: &str, op: CompareOp, time: &str, values: &mut Vec<Sql>) -> Option<Narrowed> {
    let nanoseconds = instant(time)?.as_nanosecond();
    let floor = i64::try_from(nanoseconds.div_euclid(1_000_000)).ok()?;
    let ceiling = i64::try_from(-(-nanoseconds).div_euclid(1_000_000)).ok()?;
    let (sign, bound) = match op {
        CompareOp::Gt => (">", floor),
        CompareOp::Ge => (">=", ceiling),
        CompareOp::Lt => ("<", ceiling),
        CompareOp::Le => ("<=", floor),
        CompareOp::Eq | CompareOp::Ne | CompareOp::Co | CompareOp::Sw | CompareOp::Ew => return None,
    };
    let bound = bind(values, bound);
    Some(Narrowed::new(
        format!("{column} {sign} {bound}"),
        BY_ROW,
        Reach::All,
    ))
}

/// `emails`, `members`, `groups`: tables of their own.
pub(super) fn linked(
    kind: ResourceType,
    attribute: &str,
    value: &Value,
    values: &mut Vec<Sql>,
) -> Option<Narrowed> {
    let value = value.as_str()?;
    let (sql, value, decides) = match (kind, attribute) {
        (ResourceType::User, "emails") => (
            "SELECT e.resource FROM emails e WHERE e.instance = ?1 AND e.value_key",
            fold(value),
            false,
        ),
        (ResourceType::Group, "members") => (
            "SELECT m.grp FROM members m JOIN resources s ON s.row = m.member WHERE m.wanted = 1 AND s.id",
            value.to_owned(),
            true,
        ),
        (ResourceType::User, "groups") => (
            "SELECT m.member FROM members m JOIN resources s ON s.row = m.grp WHERE m.wanted = 1 AND s.id",
            value.to_owned(),
            true,
        ),
        _ => return None,
    };
    let value = bind(values, value);
    Some(Narrowed {
        decides,
        ..Narrowed::new(format!("r.row IN ({sql} = {value})"), BY_NUMBER, Reach::Met)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_prefix_ends_where_the_next_text_begins() {
        assert_eq!(after_all_with("ab").unwrap(), "ac");
        assert_eq!(after_all_with("a\u{10FFFF}").unwrap(), "b");
        assert_eq!(after_all_with("a\u{D7FF}").unwrap(), "a\u{E000}");
        assert_eq!(after_all_with("\u{10FFFF}"), None);
    }
}
