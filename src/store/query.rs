//! Filter → WHERE. What an index can answer becomes SQL; the rest is left to `scim::eval` on each candidate, so there
//! is one meaning of a filter and SQL only narrows what it looks at.

use rusqlite::types::Value as Sql;
use serde_json::Value;

use crate::model::InstanceId;
use crate::scim::filter::{CompareOp, Filter};
use crate::scim::fold;
use crate::scim::path::AttrPath;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::store::resources::kind_code;

/// A condition over `resources r`, and what it leaves open.
pub(super) struct Query {
    /// SQL after WHERE.
    pub(super) condition: String,
    /// Its values, in order.
    pub(super) values: Vec<Sql>,
    /// What SQL did not decide.
    pub(super) rest: Option<Filter>,
}

impl Query {
    /// Whether it asks for a name or an id, and nothing else: an index finds the one or none.
    pub(super) fn is_look_up(&self) -> bool {
        self.is_narrow() && self.rest.is_none() && !self.condition.contains("SELECT")
    }

    /// Whether an index leaves few candidates.
    pub(super) fn is_narrow(&self) -> bool {
        self.values.len() > 2
    }
}

/// Splits a filter into what SQL decides and what is left.
pub(super) fn plan(instance: InstanceId, kind: ResourceType, filter: Option<&Filter>) -> Query {
    let mut query = Query {
        condition: "r.instance = ?1 AND r.kind = ?2 AND r.deleted_at IS NULL".into(),
        values: vec![Sql::Integer(instance.0), Sql::Integer(kind_code(kind))],
        rest: None,
    };
    let mut rest = Vec::new();
    for part in filter.map(Filter::conjuncts).unwrap_or_default() {
        match narrow(kind, part) {
            Some(narrowed) => {
                query.values.extend(narrowed.value);
                let condition = narrowed.sql.replace("?", &format!("?{}", query.values.len()));
                query.condition.push_str(" AND ");
                query.condition.push_str(&condition);
                if !narrowed.decides {
                    rest.push(part.clone());
                }
            }
            None => rest.push(part.clone()),
        }
    }
    query.rest = match rest.len() {
        0 => None,
        1 => rest.pop(),
        _ => Some(Filter::And(rest)),
    };
    query
}

/// One condition in SQL. `decides`: SQL and the evaluator agree, so the latter need not look.
struct Narrowed {
    sql: &'static str,
    value: Option<Sql>,
    decides: bool,
}

fn narrow(kind: ResourceType, part: &Filter) -> Option<Narrowed> {
    match part {
        Filter::Compare {
            path,
            op: CompareOp::Eq,
            value,
        } => equals(kind, path, value),
        Filter::ValuePath { attr, filter } => {
            let inner = filter.conjuncts().iter().find_map(|f| match f {
                Filter::Compare {
                    path,
                    op: CompareOp::Eq,
                    value,
                } if path.sub.is_none() && path.name.eq_ignore_ascii_case("value") => Some(value),
                _ => None,
            })?;
            let alone = filter.conjuncts().len() == 1;
            let found = multi(kind, &attr.canonical(kind, Custom::none())?, inner)?;
            Some(Narrowed {
                decides: found.decides && alone,
                ..found
            })
        }
        _ => None,
    }
}

fn equals(kind: ResourceType, path: &AttrPath, value: &Value) -> Option<Narrowed> {
    let name = path.canonical(kind, Custom::none())?;
    let text = |sql: &'static str, value: String| {
        Some(Narrowed {
            sql,
            value: Some(Sql::Text(value)),
            decides: true,
        })
    };
    match (name.as_str(), value) {
        ("id", Value::String(v)) => text("r.id = ?", v.clone()),
        ("externalId", Value::String(v)) => text("r.external_id = ?", v.clone()),
        ("userName", Value::String(v)) => text("r.name_key = ?", fold(v)),
        ("displayName", Value::String(v)) if kind == ResourceType::Group => text("r.name_key = ?", fold(v)),
        ("active", Value::Bool(v)) => Some(Narrowed {
            sql: "r.active = ?",
            value: Some(Sql::Integer((*v).into())),
            decides: false,
        }),
        (name, value) => multi(kind, name.strip_suffix(".value").unwrap_or(name), value),
    }
}

/// `emails`, `members`, `groups`: an index of their own.
fn multi(kind: ResourceType, attribute: &str, value: &Value) -> Option<Narrowed> {
    let value = value.as_str()?;
    let found = |sql, value: String| {
        Some(Narrowed {
            sql,
            value: Some(Sql::Text(value)),
            decides: true,
        })
    };
    match (kind, attribute) {
        (ResourceType::User, "emails") => {
            let sql = "r.row IN (SELECT e.resource FROM emails e WHERE e.instance = r.instance AND e.value_key = ?)";
            Some(Narrowed {
                decides: false,
                ..found(sql, fold(value))?
            })
        }
        (ResourceType::Group, "members") => found(
            "r.row IN (SELECT m.grp FROM members m JOIN resources s ON s.row = m.member WHERE s.id = ? AND m.wanted = 1)",
            value.to_owned(),
        ),
        (ResourceType::User, "groups") => found(
            "r.row IN (SELECT m.member FROM members m JOIN resources s ON s.row = m.grp WHERE s.id = ? AND m.wanted = 1)",
            value.to_owned(),
        ),
        _ => None,
    }
}

/// Whether a filter asks for what is not in the document: members of groups, groups of users.
pub(super) fn asks_for(filter: &Filter, name: &str) -> bool {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().any(|f| asks_for(f, name)),
        Filter::Not(one) => asks_for(one, name),
        Filter::Compare { path, .. } | Filter::Present(path) => path.name.eq_ignore_ascii_case(name),
        Filter::ValuePath { attr, .. } => attr.name.eq_ignore_ascii_case(name),
    }
}
