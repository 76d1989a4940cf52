//! Whether a document matches a filter: RFC 7644 §3.4.2.2, by the schema's types and letter case.
//!
//! Choices where the RFC leaves one: a multi-valued attribute matches if one of its values does; a complex attribute
//! without a sub-attribute stands for its `value`; an attribute that no schema knows matches nothing; `ne` holds where
//! there is no value.
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::filter::{CompareOp, Filter};
use super::path::{AttrPath, Place};
use super::rules::Custom;
use super::schema::{Attribute, Form, ResourceType, Type};
use super::{Attributes, fold, tolerance};

/// Whether the document matches. `id`, `meta`, `groups` and `members` count if the document has them.
pub fn matches(filter: &Filter, kind: ResourceType, custom: &Custom, document: &Attributes) -> bool {
    holds(filter, Scope::Resource(kind, custom), document)
}

/// Whether one value of a complex attribute matches what stands in the brackets of a value path.
pub(super) fn value_matches(filter: &Filter, attribute: &'static Attribute, value: &Value) -> bool {
    value
        .as_object()
        .is_some_and(|object| holds(filter, Scope::Value(attribute), object))
}

/// What the names in a filter refer to.
#[derive(Clone, Copy)]
enum Scope<'c> {
    Resource(ResourceType, &'c Custom),
    Value(&'static Attribute),
}

/// What a path leads to in a document: the values, and how to compare them (`None`: nothing is known).
struct Found<'a> {
    values: Vec<&'a Value>,
    /// The attribute, if this core describes it.
    definition: Option<&'static Attribute>,
    form: Option<Form>,
}

fn holds(filter: &Filter, scope: Scope<'_>, object: &Attributes) -> bool {
    match filter {
        Filter::And(all) => all.iter().all(|part| holds(part, scope, object)),
        Filter::Or(any) => any.iter().any(|part| holds(part, scope, object)),
        Filter::Not(filter) => !holds(filter, scope, object),
        Filter::Present(path) => {
            find(path, scope, object).is_some_and(|found| found.values.iter().any(|value| is_present(value)))
        }
        Filter::Compare { path, op, value } => {
            find(path, scope, object).is_some_and(|found| compare(&found.part("value"), *op, value))
        }
        Filter::ValuePath { attr, filter } => {
            find(attr, scope, object).is_some_and(|found| match found.definition {
                Some(attribute) => found
                    .values
                    .iter()
                    .any(|value| value_matches(filter, attribute, value)),
                None => false,
            })
        }
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(values) => values.iter().any(is_present),
        Value::Object(parts) => parts.values().any(is_present),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

/// What a path leads to; `None` if no schema has it.
fn find<'a>(path: &AttrPath, scope: Scope<'_>, object: &'a Attributes) -> Option<Found<'a>> {
    let (kind, custom) = match scope {
        Scope::Resource(kind, custom) => (kind, custom),
        Scope::Value(attribute) => {
            let definition = attribute
                .sub(&path.name)
                .filter(|_| path.urn.is_none() && path.sub.is_none())?;
            return Some(Found {
                values: object.get(definition.name).into_iter().collect(),
                definition: Some(definition),
                form: Some(definition.form()),
            });
        }
    };
    match path.resolve(kind, custom)? {
        Place::Known {
            extension,
            attribute,
            sub,
        } => {
            let object = match extension {
                None => Some(object),
                Some(urn) => object.get(urn).and_then(Value::as_object),
            };
            let found = Found {
                values: flat(object.and_then(|object| object.get(attribute.name))),
                definition: Some(attribute),
                form: Some(attribute.form()),
            };
            Some(match sub {
                None => found,
                Some(sub) => found.part(sub.name),
            })
        }
        Place::Foreign { urn, name, sub, form } => {
            let at = |object: &'a Attributes, name: &str| {
                object
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value)
            };
            let mut values = flat(
                at(object, &urn)
                    .and_then(Value::as_object)
                    .and_then(|object| at(object, &name)),
            );
            if let Some(sub) = sub {
                values = values
                    .into_iter()
                    .filter_map(|value| at(value.as_object()?, &sub))
                    .collect();
            }
            Some(Found {
                values,
                definition: None,
                form,
            })
        }
    }
}

fn flat(value: Option<&Value>) -> Vec<&Value> {
    match value {
        None => Vec::new(),
        Some(Value::Array(values)) => values.iter().collect(),
        Some(value) => vec![value],
    }
}

impl Found<'_> {
    /// The sub-attribute of each value, where the values have it; else the values themselves.
    fn part(self, name: &str) -> Self {
        match self.definition.and_then(|attribute| attribute.sub(name)) {
            None => self,
            Some(sub) => Self {
                values: self
                    .values
                    .into_iter()
                    .filter_map(|value| value.get(sub.name))
                    .collect(),
                definition: Some(sub),
                form: Some(sub.form()),
            },
        }
    }
}

fn compare(found: &Found<'_>, op: CompareOp, literal: &Value) -> bool {
    let present = found.values.iter().any(|value| is_present(value));
    match (literal, op) {
        (Value::Null, CompareOp::Eq) => !present,
        (Value::Null, _) => present,
        (_, CompareOp::Ne) if !present => true,
        _ => found
            .values
            .iter()
            .any(|value| compare_one(found.form, value, op, literal)),
    }
}

fn compare_one(form: Option<Form>, value: &Value, op: CompareOp, literal: &Value) -> bool {
    match (value, literal) {
        (Value::String(value), Value::String(literal)) => {
            let is_time = form.is_some_and(|form| form.kind == Type::DateTime);
            match (instant(value).filter(|_| is_time), instant(literal)) {
                (Some(value), Some(literal)) if op.is_order() => op.orders(value.cmp(&literal)),
                _ if form.is_some_and(|form| form.case_exact) => text(value, op, literal),
                _ => text(&fold(value), op, &fold(literal)),
            }
        }
        (Value::Number(value), Value::Number(literal)) => {
            let whole = value.as_i64().zip(literal.as_i64());
            let order = whole.map(|(value, literal)| value.cmp(&literal)).or_else(|| {
                let (value, literal) = value.as_f64().zip(literal.as_f64())?;
                value.partial_cmp(&literal)
            });
            order.is_some_and(|order| op.orders(order))
        }
        (Value::Bool(value), Value::Bool(literal)) => op.orders(value.cmp(literal)),
        (Value::Bool(value), Value::String(literal)) => {
            tolerance::boolean(literal).is_some_and(|literal| op.orders(value.cmp(&literal)))
        }
        // Values of different types are not equal, and nothing else.
        _ => op == CompareOp::Ne,
    }
}

fn text(value: &str, op: CompareOp, literal: &str) -> bool {
    match op {
        CompareOp::Co => value.contains(literal),
        CompareOp::Sw => value.starts_with(literal),
        CompareOp::Ew => value.ends_with(literal),
        _ => op.orders(value.cmp(literal)),
    }
}

impl CompareOp {
    /// Whether the operator compares by order or equality, and not the inside of a text.
    fn is_order(self) -> bool {
        !matches!(self, Self::Co | Self::Sw | Self::Ew)
    }

    /// Whether the operator holds for two values in this order.
    fn orders(self, order: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => order.is_eq(),
            Self::Ne => order.is_ne(),
            Self::Gt => order.is_gt(),
            Self::Ge => order.is_ge(),
            Self::Lt => order.is_lt(),
            Self::Le => order.is_le(),
            Self::Co | Self::Sw | Self::Ew => false,
        }
    }
}

/// An xsd:dateTime; without an offset it is read as UTC.
pub fn instant(text: &str) -> Option<Timestamp> {
    text.parse::<Timestamp>().ok().or_else(|| {
        let civil = text.parse::<DateTime>().ok()?;
        civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::scim::urn::ENTERPRISE_USER;

    fn user() -> Attributes {
        let user = json!({
            "id": "Ab1", "externalId": "Ext", "userName": "Éva@Example.com", "title": "Chief \"Q\" Officer", "active": true,
            "name": { "familyName": "Nagy" },
            "emails": [{ "value": "eva@x.org", "type": "work", "primary": true }, { "value": "home@x.org", "type": "home" }],
            "meta": { "created": "2024-05-01T10:00:00Z" },
            ENTERPRISE_USER: { "department": "R&D", "manager": { "value": "m1" } },
            "urn:x:y": { "Level": 5, "tags": ["a", "b"] },
        });
        user.as_object().unwrap().clone()
    }

    #[test]
    fn what_matches() {
        let user = user();
        let matching = [
            r#"userName eq "ÉVA@example.COM""#,
            r#"externalId eq "Ext""#,
            r#"id eq "Ab1""#,
            r#"name.familyName co "AG""#,
            r#"userName ew ".com""#,
            "active eq true",
            r#"active eq "True""#,
            "active ne false",
            r#"emails eq "EVA@x.org""#,
            r#"emails.value sw "home""#,
            r#"emails[type eq "home" and value co "x.org"]"#,
            r#"emails[type eq "work"].value eq "eva@x.org""#,
            r#"emails[primary eq "True"]"#,
            "title pr",
            "not (nickName pr)",
            "name pr",
            r#"title eq "Chief \"Q\" Officer""#,
            r#"nickName ne "x""#,
            "nickName eq null",
            "title ne null",
            &format!(r#"{ENTERPRISE_USER}:department eq "r&d""#),
            r#"department eq "R&D""#,
            r#"manager eq "m1""#,
            r#"manager.value eq "m1""#,
            r#"meta.created gt "2024-05-01T11:59:59+02:00""#,
            r#"meta.created eq "2024-05-01T10:00:00.000Z""#,
            r#"meta.created lt "2024-05-02""#,
            r#"userName ge "é" and userName lt "f" or userName gt "z""#,
            "urn:x:y:level ge 5",
            r#"urn:x:y:tags eq "B""#,
            r#"emails.type ne "work""#,
        ];
        for text in matching {
            assert!(
                matches(
                    &Filter::parse(text).unwrap(),
                    ResourceType::User,
                    Custom::none(),
                    &user
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn what_does_not_match() {
        let user = user();
        let other = [
            r#"externalId eq "ext""#,
            r#"id eq "ab1""#,
            "active eq false",
            r#"emails[type eq "home"].value eq "eva@x.org""#,
            r#"email co "eva""#,
            r#"userName eq 5"#,
            r#"members eq "x""#,
            "nickName pr",
            r#"nickName eq "x""#,
            r#"nickName sw """#,
            r#"userName.value eq "x""#,
            r#"meta.created gt "yesterday""#,
            r#"emails[foo eq "x"]"#,
            r#"title[value eq "x"]"#,
            "urn:x:y:level gt 5",
            r#"urn:x:z:level pr"#,
            r#"manager eq "M1""#,
            r#"active eq "yes""#,
        ];
        for text in other {
            assert!(
                !matches(
                    &Filter::parse(text).unwrap(),
                    ResourceType::User,
                    Custom::none(),
                    &user
                ),
                "{text}"
            );
        }
    }
}
