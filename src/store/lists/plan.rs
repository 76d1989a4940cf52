//! Filter → WHERE. What an index or a column can answer becomes SQL; the rest is left to `scim::eval` on each candidate, so
//! there is one meaning of a filter and SQL only narrows what it looks at.

use rusqlite::types::Value as Sql;

use super::columns::{BY_NUMBER, BY_ROW, Narrowed, Reach, compare, linked};
use crate::model::InstanceId;
use crate::scim::filter::{CompareOp, Filter};
use crate::scim::path::AttrPath;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::store::resources::kind_code;

/// A condition over `resources r`, and what it leaves open.
#[derive(Debug)]
pub(super) struct Plan {
    /// SQL after `FROM resources r`: which index to go by.
    pub(super) by: &'static str,
    /// SQL after WHERE. `?1` is the instance, `?2` the type.
    pub(super) condition: String,
    /// Its values, in order.
    pub(super) values: Vec<Sql>,
    /// What SQL did not decide.
    pub(super) rest: Option<Filter>,
    /// How many rows SQL looks at.
    pub(super) reach: Reach,
    /// There is no condition at all.
    pub(super) is_everything: bool,
}

/// Splits a filter into what SQL decides and what is left.
pub(super) fn plan(instance: InstanceId, kind: ResourceType, filter: Option<&Filter>) -> Plan {
    let mut values = vec![Sql::Integer(instance.0), Sql::Integer(kind_code(kind))];
    let mut condition = "r.instance = ?1 AND r.kind = ?2 AND r.deleted_at IS NULL".to_owned();
    let (mut by, mut reach) = (BY_ROW, Reach::All);
    let mut rest = Vec::new();
    let mut narrowed = false;
    for part in filter.map(Filter::conjuncts).unwrap_or_default() {
        let Some(found) = narrow(kind, part, &mut values) else {
            rest.push(part.clone());
            continue;
        };
        condition.push_str(" AND ");
        condition.push_str(&found.condition);
        // The first that an index answers leads; of equal ones that is as good as any.
        if found.reach < reach || (!narrowed && found.reach == reach) {
            (by, reach) = (found.by, found.reach);
        }
        narrowed = true;
        if !found.decides {
            rest.push(part.clone());
        }
    }
    Plan {
        by,
        condition,
        values,
        rest: match rest.len() {
            0 => None,
            1 => rest.pop(),
            _ => Some(Filter::And(rest)),
        },
        reach,
        is_everything: filter.is_none(),
    }
}

fn narrow(kind: ResourceType, part: &Filter, values: &mut Vec<Sql>) -> Option<Narrowed> {
    match part {
        Filter::Compare { path, op, value } => compare(kind, path, *op, value, values),
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
            let found = linked(kind, &attr.canonical(kind, Custom::none())?, inner, values)?;
            Some(Narrowed {
                decides: found.decides && alone,
                ..found
            })
        }
        Filter::Or(any) => either(kind, any, values),
        // Inside an alternative: one of its parts is enough to find the candidates.
        Filter::And(all) => {
            let found = all.iter().find_map(|part| by_index(kind, part, values))?;
            Some(Narrowed {
                decides: false,
                ..found
            })
        }
        Filter::Not(_) | Filter::Present(_) => None,
    }
}

/// One part of a filter, if an index answers it.
fn by_index(kind: ResourceType, part: &Filter, values: &mut Vec<Sql>) -> Option<Narrowed> {
    let bound = values.len();
    let found = narrow(kind, part, values).filter(|found| found.reach < Reach::All);
    if found.is_none() {
        values.truncate(bound);
    }
    found
}

/// Alternatives that an index answers each.
fn either(kind: ResourceType, any: &[Filter], values: &mut Vec<Sql>) -> Option<Narrowed> {
    let bound = values.len();
    let (mut decides, mut reach) = (true, Reach::Met);
    let mut rows = Vec::with_capacity(any.len());
    for part in any {
        let Some(found) = by_index(kind, part, values) else {
            values.truncate(bound);
            return None;
        };
        decides &= found.decides;
        reach = reach.max(found.reach);
        rows.push(format!(
            "SELECT r.row FROM resources r {} WHERE r.instance = ?1 AND r.kind = ?2 AND {}",
            found.by, found.condition
        ));
    }
    Some(Narrowed {
        decides,
        ..Narrowed::new(format!("r.row IN ({})", rows.join(" UNION ")), BY_NUMBER, reach)
    })
}

/// Whether a filter asks for what is not in the document: members of groups, groups of users.
pub(super) fn asks_for(filter: &Filter, name: &str) -> bool {
    any_path(filter, &|path| path.name.eq_ignore_ascii_case(name))
}

/// Whether a filter asks for `meta.version`, which tells of a user's groups, too.
pub(super) fn asks_for_version(filter: &Filter) -> bool {
    any_path(filter, &is_version)
}

/// Whether `meta.version` lies at this path or below it.
pub(super) fn is_version(path: &AttrPath) -> bool {
    let below = path.sub.as_deref();
    path.name.eq_ignore_ascii_case("meta") && below.is_none_or(|sub| sub.eq_ignore_ascii_case("version"))
}

fn any_path(filter: &Filter, is_it: &impl Fn(&AttrPath) -> bool) -> bool {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().any(|f| any_path(f, is_it)),
        Filter::Not(one) => any_path(one, is_it),
        Filter::Compare { path, .. } | Filter::Present(path) => is_it(path),
        Filter::ValuePath { attr, .. } => is_it(attr),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn of(kind: ResourceType, filter: &str) -> Plan {
        plan(InstanceId(1), kind, Some(&Filter::parse(filter).unwrap()))
    }

    #[test]
    fn what_an_index_or_a_column_answers_is_not_left_to_the_evaluator() {
        for (kind, filter, reach) in [
            (ResourceType::User, r#"userName eq "A""#, Reach::One),
            (ResourceType::User, r#"id eq "a""#, Reach::One),
            (ResourceType::User, r#"externalId eq "a""#, Reach::One),
            (ResourceType::Group, r#"displayName eq "A""#, Reach::One),
            (ResourceType::User, r#"userName sw "A""#, Reach::Range),
            (ResourceType::User, r#"groups.value eq "a""#, Reach::Met),
            (
                ResourceType::User,
                r#"userName eq "a" or externalId eq "b" or id eq "c""#,
                Reach::Met,
            ),
            (ResourceType::User, r#"userName co "a""#, Reach::All),
            (
                ResourceType::User,
                r#"meta.lastModified gt "2024-01-01T00:00:00Z""#,
                Reach::All,
            ),
            (ResourceType::User, "active eq false", Reach::All),
        ] {
            let plan = of(kind, filter);
            assert_eq!((plan.rest, plan.reach), (None, reach), "{filter}");
        }
    }

    #[test]
    fn what_is_left_is_only_what_sql_did_not_decide() {
        for (filter, rest, reach) in [
            (
                r#"userName eq "a" and active eq true"#,
                "active eq true",
                Reach::One,
            ),
            (
                r#"active eq true and emails.value eq "a""#,
                r#"active eq true and emails.value eq "a""#,
                Reach::Met,
            ),
            (
                r#"userName eq "a" or title pr"#,
                r#"userName eq "a" or title pr"#,
                Reach::All,
            ),
            (
                r#"(active eq true and userName eq "a") or externalId eq "b""#,
                r#"(active eq true and userName eq "a") or externalId eq "b""#,
                Reach::Met,
            ),
            (r#"externalId sw "a" and title pr"#, "title pr", Reach::Range),
        ] {
            let plan = of(ResourceType::User, filter);
            assert_eq!(plan.rest.unwrap(), Filter::parse(rest).unwrap(), "{filter}");
            assert_eq!(plan.reach, reach, "{filter}");
        }
        let unbound = of(
            ResourceType::User,
            r#"(userName eq "a" or title pr) and id eq "b""#,
        );
        assert_eq!(unbound.values.len(), 3, "no value of a part that was given up");
    }
}
