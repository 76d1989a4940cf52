//! What a filter means, once more and as plainly as can be: from the text of RFC 7644 §3.4.2.2 over the syntax tree of
//! the crate `scim_v2`. Types and letter case are those that `/Schemas` publishes. Slow, and meant to be.
//!
//! Where the RFC leaves a choice, the same one: any value of several will do; a complex attribute stands for its `value`;
//! `ne` holds where there is no value; what no schema has matches nothing; booleans may be written as text.

use std::collections::BTreeMap;

use rollcall::scim::Attributes;
use rollcall::scim::filter::Filter as Ours;
use rollcall::scim::schema::ResourceType;
use scim_v2::filter::{AttrExp, AttrPath, CompValue, CompareOp, Filter, ValFilter};
use serde_json::Value;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:user";

/// Where the RFCs register their schemas.
const REGISTERED: &str = "urn:ietf:params:scim:schemas:";

/// What is published about an attribute.
#[derive(Clone, Debug, Default)]
struct Definition {
    kind: String,
    exact: bool,
    parts: BTreeMap<String, Definition>,
}

/// The attributes of one resource type: by schema URN and name, in small letters.
pub struct Reference {
    schemas: BTreeMap<String, BTreeMap<String, Definition>>,
    core: String,
}

/// What a path leads to.
struct Found {
    values: Vec<Value>,
    definition: Option<Definition>,
}

impl Reference {
    /// From the answer of `/Schemas`.
    pub fn new(published: &Value, kind: ResourceType) -> Self {
        let core = kind.schema().to_lowercase();
        let mut schemas = BTreeMap::new();
        for schema in published["Resources"].as_array().unwrap() {
            let urn = schema["id"].as_str().unwrap().to_lowercase();
            schemas.insert(urn, definitions(&schema["attributes"]));
        }
        // RFC 7643 §3.1: the attributes that every resource has are in no schema.
        let common: Value = serde_json::json!([
            {"name": "id", "type": "string", "caseExact": true},
            {"name": "externalId", "type": "string", "caseExact": true},
            {"name": "schemas", "type": "reference", "caseExact": true},
            {"name": "meta", "type": "complex", "subAttributes": [
                {"name": "resourceType", "type": "string", "caseExact": true},
                {"name": "created", "type": "dateTime", "caseExact": false},
                {"name": "lastModified", "type": "dateTime", "caseExact": false},
                {"name": "location", "type": "reference", "caseExact": true},
                {"name": "version", "type": "string", "caseExact": true},
            ]},
        ]);
        schemas.get_mut(&core).unwrap().extend(definitions(&common));
        // What has no place in a resource of this type matches nothing, as if nobody knew it.
        let is_user = kind == ResourceType::User;
        schemas.retain(|urn, _| {
            *urn == core || (is_user && (urn == ENTERPRISE || !urn.starts_with(REGISTERED)))
        });
        Self { schemas, core }
    }

    pub fn matches(&self, filter: &Filter, document: &Attributes) -> bool {
        match filter {
            Filter::And(all) => all.iter().all(|one| self.matches(one, document)),
            Filter::Or(any) => any.iter().any(|one| self.matches(one, document)),
            Filter::Not(one) => !self.matches(one, document),
            Filter::Attr(expression) => {
                let (AttrExp::Present(path) | AttrExp::Comparison(path, ..)) = expression;
                self.find(path, document)
                    .is_some_and(|found| holds(expression, &found))
            }
            Filter::ValuePath(path) => self.find(&path.attr, document).is_some_and(|found| {
                let Some(definition) = &found.definition else {
                    return false;
                };
                found
                    .values
                    .iter()
                    .any(|value| value_matches(&path.filter, value, definition))
            }),
        }
    }

    fn find(&self, path: &AttrPath, document: &Attributes) -> Option<Found> {
        let name = path.name.to_lowercase();
        let urn = path.uri.as_ref().map(|urn| urn.to_lowercase());
        let (schema, home) = match urn {
            None if self.schemas[&self.core].contains_key(&name) => (self.core.clone(), Some(document)),
            None => (ENTERPRISE.to_owned(), extension(document, ENTERPRISE)),
            Some(urn) if urn == self.core => (urn, Some(document)),
            Some(urn) => {
                let home = extension(document, &urn);
                (urn, home)
            }
        };
        let definition = self
            .schemas
            .get(&schema)
            .and_then(|schema| schema.get(&name))
            .cloned();
        // Under an URN of their own, others may have attributes that nobody declared.
        if definition.is_none() && schema.starts_with(REGISTERED) {
            return None;
        }
        let mut definition = definition;
        let mut values = home.map(|home| values_of(home, &name)).unwrap_or_default();
        if let Some(sub) = &path.sub_attr {
            let sub = sub.to_lowercase();
            if let Some(known) = definition {
                definition = Some(known.parts.get(&sub)?.clone());
            }
            values = values
                .iter()
                .filter_map(Value::as_object)
                .flat_map(|value| values_of(value, &sub))
                .collect();
        }
        Some(Found { values, definition })
    }
}

fn definitions(attributes: &Value) -> BTreeMap<String, Definition> {
    let mut found = BTreeMap::new();
    for attribute in attributes.as_array().into_iter().flatten() {
        if attribute["returned"] == "never" {
            continue;
        }
        let definition = Definition {
            kind: attribute["type"].as_str().unwrap().to_owned(),
            exact: attribute["caseExact"] == true,
            parts: definitions(&attribute["subAttributes"]),
        };
        found.insert(attribute["name"].as_str().unwrap().to_lowercase(), definition);
    }
    found
}

fn extension<'a>(document: &'a Attributes, urn: &str) -> Option<&'a Attributes> {
    document
        .iter()
        .find(|(key, _)| key.to_lowercase() == urn)?
        .1
        .as_object()
}

fn values_of(home: &Attributes, name: &str) -> Vec<Value> {
    match home.iter().find(|(key, _)| key.to_lowercase() == name) {
        Some((_, Value::Array(values))) => values.clone(),
        Some((_, value)) => vec![value.clone()],
        None => Vec::new(),
    }
}

fn value_matches(filter: &ValFilter, value: &Value, definition: &Definition) -> bool {
    match filter {
        ValFilter::And(all) => all.iter().all(|one| value_matches(one, value, definition)),
        ValFilter::Or(any) => any.iter().any(|one| value_matches(one, value, definition)),
        ValFilter::Not(one) => !value_matches(one, value, definition),
        ValFilter::Attr(expression) => {
            let (AttrExp::Present(path) | AttrExp::Comparison(path, ..)) = expression;
            let name = path.name.to_lowercase();
            let (Some(object), Some(part)) = (value.as_object(), definition.parts.get(&name)) else {
                return false;
            };
            let found = Found {
                values: values_of(object, &name),
                definition: Some(part.clone()),
            };
            holds(expression, &found)
        }
    }
}

fn holds(expression: &AttrExp, found: &Found) -> bool {
    let (op, literal) = match expression {
        AttrExp::Present(_) => return found.values.iter().any(is_something),
        AttrExp::Comparison(_, op, literal) => (op, literal),
    };
    let mut values = found.values.clone();
    let mut definition = found.definition.clone();
    if let Some(part) = definition
        .as_ref()
        .and_then(|known| known.parts.get("value"))
        .cloned()
    {
        values = values
            .iter()
            .filter_map(|value| value.get("value").cloned())
            .collect();
        definition = Some(part);
    }
    let has_one = values.iter().any(is_something);
    match (literal, op) {
        (CompValue::Null, CompareOp::Eq) => !has_one,
        (CompValue::Null, _) => has_one,
        (_, CompareOp::Ne) if !has_one => true,
        _ => values
            .iter()
            .any(|value| compares(value, op, literal, definition.as_ref())),
    }
}

/// "a non-empty or non-null value, or … a non-empty node for complex attributes"
fn is_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(is_something),
        Value::Object(parts) => parts.values().any(is_something),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn compares(value: &Value, op: &CompareOp, literal: &CompValue, definition: Option<&Definition>) -> bool {
    match (value, literal) {
        (Value::String(value), CompValue::Str(literal)) => {
            let is_time = definition.is_some_and(|known| known.kind == "dateTime");
            if let (true, Some(value), Some(literal)) = (is_time, instant(value), instant(literal)) {
                match op {
                    CompareOp::Co | CompareOp::Sw | CompareOp::Ew => {}
                    CompareOp::Eq => return value == literal,
                    CompareOp::Ne => return value != literal,
                    CompareOp::Gt => return value > literal,
                    CompareOp::Ge => return value >= literal,
                    CompareOp::Lt => return value < literal,
                    CompareOp::Le => return value <= literal,
                }
            }
            let exact = definition.is_some_and(|known| known.exact);
            let fold = |text: &String| if exact { text.clone() } else { text.to_lowercase() };
            let (value, literal) = (fold(value), fold(literal));
            match op {
                CompareOp::Eq => value == literal,
                CompareOp::Ne => value != literal,
                CompareOp::Co => value.contains(&literal),
                CompareOp::Sw => value.starts_with(&literal),
                CompareOp::Ew => value.ends_with(&literal),
                CompareOp::Gt => value > literal,
                CompareOp::Ge => value >= literal,
                CompareOp::Lt => value < literal,
                CompareOp::Le => value <= literal,
            }
        }
        (Value::Number(value), CompValue::Number(literal)) => {
            let (value, literal) = (value.as_f64().unwrap(), literal.as_f64().unwrap());
            match op {
                CompareOp::Eq => value == literal,
                CompareOp::Ne => value != literal,
                CompareOp::Gt => value > literal,
                CompareOp::Ge => value >= literal,
                CompareOp::Lt => value < literal,
                CompareOp::Le => value <= literal,
                CompareOp::Co | CompareOp::Sw | CompareOp::Ew => false,
            }
        }
        (Value::Bool(value), CompValue::True) => (*op == CompareOp::Eq) == *value,
        (Value::Bool(value), CompValue::False) => (*op == CompareOp::Eq) != *value,
        (Value::Bool(value), CompValue::Str(literal)) => match literal.to_lowercase().as_str() {
            "true" => (*op == CompareOp::Eq) == *value,
            "false" => (*op == CompareOp::Eq) != *value,
            _ => false,
        },
        _ => *op == CompareOp::Ne,
    }
}

/// Seconds since 1970 and milliseconds of an xsd:dateTime.
fn instant(text: &str) -> Option<(i64, i64)> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let mut rest = text.get(19..)?;
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.chars().take_while(char::is_ascii_digit).count();
        millis = format!("{:0<3}", &fraction[..digits])[..3].parse().ok()?;
        rest = &fraction[digits..];
    }
    let offset = match rest {
        "Z" => 0,
        _ => {
            let sign = if rest.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = rest.get(1..)?.split_once(':')?;
            sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
        }
    };
    let days = (1970..year)
        .map(|year| if is_leap(year) { 366 } else { 365 })
        .sum::<i64>()
        + (1..month).map(|month| days_in(year, month)).sum::<i64>()
        + day
        - 1;
    Some((((days * 24 + hour) * 60 + minute - offset) * 60 + second, millis))
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// What was read, written in one way: `and` and `or` of `and` and `or` are one.
pub fn shape(filter: &Ours) -> String {
    match filter {
        Ours::And(all) => format!(
            "and({})",
            flat(
                all,
                &|one| if let Ours::And(all) = one {
                    Some(all.as_slice())
                } else {
                    None
                },
                &shape
            )
        ),
        Ours::Or(any) => format!(
            "or({})",
            flat(
                any,
                &|one| if let Ours::Or(any) = one {
                    Some(any.as_slice())
                } else {
                    None
                },
                &shape
            )
        ),
        Ours::Not(one) => format!("not({})", shape(one)),
        Ours::Compare { path, op, value } => format!("{} {} {value}", small(path), op.name()),
        Ours::Present(path) => format!("{} pr", small(path)),
        Ours::ValuePath { attr, filter } => format!("{}[{}]", small(attr), shape(filter)),
    }
}

/// The same of the other parser.
pub fn their_shape(filter: &Filter) -> String {
    match filter {
        Filter::And(all) => format!(
            "and({})",
            flat(
                all,
                &|one| if let Filter::And(all) = one {
                    Some(all.as_slice())
                } else {
                    None
                },
                &their_shape
            )
        ),
        Filter::Or(any) => format!(
            "or({})",
            flat(
                any,
                &|one| if let Filter::Or(any) = one {
                    Some(any.as_slice())
                } else {
                    None
                },
                &their_shape
            )
        ),
        Filter::Not(one) => format!("not({})", their_shape(one)),
        Filter::Attr(expression) => their_expression(expression),
        Filter::ValuePath(path) => format!("{}[{}]", small(&path.attr), their_value_shape(&path.filter)),
    }
}

fn their_value_shape(filter: &ValFilter) -> String {
    match filter {
        ValFilter::And(all) => format!(
            "and({})",
            flat(
                all,
                &|one| if let ValFilter::And(all) = one {
                    Some(all.as_slice())
                } else {
                    None
                },
                &their_value_shape
            )
        ),
        ValFilter::Or(any) => format!(
            "or({})",
            flat(
                any,
                &|one| if let ValFilter::Or(any) = one {
                    Some(any.as_slice())
                } else {
                    None
                },
                &their_value_shape
            )
        ),
        ValFilter::Not(one) => format!("not({})", their_value_shape(one)),
        ValFilter::Attr(expression) => their_expression(expression),
    }
}

fn their_expression(expression: &AttrExp) -> String {
    match expression {
        AttrExp::Present(path) => format!("{} pr", small(path)),
        AttrExp::Comparison(path, op, value) => format!("{} {op} {value}", small(path)),
    }
}

/// Letter case says nothing in a path.
fn small(path: &impl ToString) -> String {
    path.to_string().to_lowercase()
}

fn flat<T>(parts: &[T], same: &dyn Fn(&T) -> Option<&[T]>, shape: &dyn Fn(&T) -> String) -> String {
    let texts: Vec<String> = parts
        .iter()
        .map(|part| match same(part) {
            Some(inner) => flat(inner, same, shape),
            None => shape(part),
        })
        .collect();
    texts.join(", ")
}

/// Whether it asks for an order of booleans or null.
pub fn orders_what_has_no_order(filter: &Filter) -> bool {
    let orders = |expression: &AttrExp| matches!(expression, AttrExp::Comparison(_, op, CompValue::True | CompValue::False | CompValue::Null) if !matches!(op, CompareOp::Eq | CompareOp::Ne));
    fn in_value(filter: &ValFilter, orders: &dyn Fn(&AttrExp) -> bool) -> bool {
        match filter {
            ValFilter::And(all) | ValFilter::Or(all) => all.iter().any(|one| in_value(one, orders)),
            ValFilter::Not(one) => in_value(one, orders),
            ValFilter::Attr(expression) => orders(expression),
        }
    }
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().any(orders_what_has_no_order),
        Filter::Not(one) => orders_what_has_no_order(one),
        Filter::Attr(expression) => orders(expression),
        Filter::ValuePath(path) => in_value(&path.filter, &orders),
    }
}
