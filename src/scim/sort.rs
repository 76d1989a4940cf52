//! Sorted lists: RFC 7644 §3.4.2.3. What a resource is sorted by; who walks the resources is the store's business.
//!
//! Choices where the RFC leaves one: text is compared by code points, folded unless the schema says `caseExact`, and by its
//! first 200 characters (names that an index orders: by all of them); a multi-valued attribute counts by its primary value,
//! else its first; a complex one by its `value`; values of different types of one undescribed attribute stand in the order
//! of [`Key`]. What has no value comes last, and first in descending order. Among equals the one that was made first comes
//! first, in either order.
//!
//! An attribute that no schema has is refused with `invalidValue`: of the keywords of table 9 that a query may be answered
//! with, it is the one for a value that does not fit (`invalidPath` is for PATCH alone).
mod key;

use serde_json::Value;

pub use key::{Key, LONGEST, Number};

use super::error::{ScimError, quote};
use super::eval::instant;
use super::path::{AttrPath, Place};
use super::rules::Custom;
use super::schema::{Attribute, ResourceType, Type};
use super::{Attributes, fold};

/// An order of resources.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    /// The attribute.
    pub by: AttrPath,
    /// Whether from last to first.
    pub descending: bool,
}

impl Sort {
    /// Whether resources of at least one of these types can be sorted so; else 400 `invalidValue`.
    pub fn check(&self, kinds: &[ResourceType], custom: &Custom) -> Result<(), ScimError> {
        let places: Vec<Place> = kinds
            .iter()
            .filter_map(|kind| self.by.resolve(*kind, custom))
            .collect();
        if places.iter().any(is_simple) {
            return Ok(());
        }
        let by = quote(&self.by.to_string());
        Err(ScimError::invalid_value(if places.is_empty() {
            format!("'sortBy' names {by}, which no schema here has.")
        } else {
            format!("'sortBy' names {by}, which has parts: sort by one of them, such as 'name.familyName'.")
        }))
    }

    /// What this document is sorted by.
    pub fn key(&self, kind: ResourceType, custom: &Custom, document: &Attributes) -> Key {
        match self.by.resolve(kind, custom) {
            None => Key::Unassigned,
            Some(Place::Known {
                extension,
                attribute,
                sub,
            }) => {
                let object = match extension {
                    None => Some(document),
                    Some(urn) => document.get(urn).and_then(Value::as_object),
                };
                let value = object.and_then(|object| object.get(attribute.name));
                match sub.or_else(|| attribute.sub("value")) {
                    None => key(value.and_then(one), known(attribute)),
                    Some(sub) => key(
                        value.and_then(one).and_then(|value| value.get(sub.name)),
                        known(sub),
                    ),
                }
            }
            Some(Place::Foreign { urn, name, sub, form }) => {
                let extension = document
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(&urn))
                    .map(|(_, value)| value);
                let value = extension
                    .and_then(|extension| part(extension, &name))
                    .and_then(one);
                let value = match sub {
                    None => value,
                    Some(sub) => value.and_then(|value| part(value, &sub)),
                };
                key(value, form.map(|form| (form.kind, form.case_exact)))
            }
        }
    }
}

/// Whether what the path leads to is one thing to compare.
fn is_simple(place: &Place) -> bool {
    match place {
        Place::Known { attribute, sub, .. } => {
            let compared = sub.unwrap_or(attribute);
            compared.kind != Type::Complex || compared.sub("value").is_some()
        }
        Place::Foreign { .. } => true,
    }
}

/// A part of an object that no schema describes, in any letter case.
fn part<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    let mut parts = object.as_object()?.iter();
    parts
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// Of several values the primary one, else the first.
fn one(value: &Value) -> Option<&Value> {
    match value {
        Value::Array(values) => values
            .iter()
            .find(|value| value.get("primary") == Some(&Value::Bool(true)))
            .or_else(|| values.first()),
        value => Some(value),
    }
}

fn known(attribute: &Attribute) -> Option<(Type, bool)> {
    Some((attribute.kind, attribute.case_exact))
}

/// The key of a value, by the type and `caseExact` of its attribute; `None`: nothing is known of it.
fn key(value: Option<&Value>, definition: Option<(Type, bool)>) -> Key {
    match value.and_then(one) {
        Some(Value::Bool(flag)) => Key::Flag(*flag),
        Some(Value::Number(number)) => number
            .as_f64()
            .map_or(Key::Unassigned, |number| Key::Number(Number(number))),
        Some(Value::String(text)) => {
            let (kind, case_exact) = definition.unwrap_or((Type::String, false));
            let is_time = kind == Type::DateTime;
            match instant(text).filter(|_| is_time) {
                Some(time) => Key::Time(time),
                None if case_exact => Key::text(text),
                None => Key::text(&fold(text)),
            }
        }
        Some(Value::Null | Value::Array(_) | Value::Object(_)) | None => Key::Unassigned,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::scim::error::ScimType;

    fn by(path: &str) -> Sort {
        Sort {
            by: AttrPath::parse(path).unwrap(),
            descending: false,
        }
    }

    fn key_of(path: &str, user: &Value) -> Key {
        by(path).key(ResourceType::User, Custom::none(), user.as_object().unwrap())
    }

    #[test]
    fn values_become_keys_of_their_type() {
        let user = json!({
            "id": "Ab", "userName": "ÉVA", "active": true, "title": "", "name": { "familyName": "B" },
            "emails": [{ "value": "Second@x" }, { "value": "First@x", "primary": true }],
            "phoneNumbers": [{ "value": "2", "type": "Work" }, { "value": "1" }],
            "meta": { "created": "2024-05-01T12:00:00+02:00" },
            "urn:x:y": { "Level": 5, "tags": ["b", "a"] },
        });
        let text = |text: &str| Key::Text(text.into());
        for (path, expected) in [
            ("id", text("Ab")),
            ("username", text("éva")),
            ("active", Key::Flag(true)),
            ("title", Key::Unassigned),
            ("nickName", Key::Unassigned),
            ("name.familyName", text("b")),
            ("emails", text("first@x")),
            ("emails.value", text("first@x")),
            ("emails.type", Key::Unassigned),
            ("phoneNumbers.type", text("work")),
            ("meta.created", Key::Time("2024-05-01T10:00:00Z".parse().unwrap())),
            ("urn:x:y:level", Key::Number(Number(5.0))),
            ("urn:x:y:tags", text("b")),
            ("members.value", Key::Unassigned),
        ] {
            assert_eq!(key_of(path, &user), expected, "{path}");
        }
    }

    #[test]
    fn what_cannot_be_sorted_by_is_refused() {
        for (path, kind) in [
            ("nick", ResourceType::User),
            ("name", ResourceType::User),
            ("addresses", ResourceType::User),
            ("password", ResourceType::User),
            ("userName", ResourceType::Group),
        ] {
            let refused = by(path).check(&[kind], Custom::none()).unwrap_err();
            assert_eq!(refused.scim_type, Some(ScimType::InvalidValue), "{path}");
        }
        for path in [
            "userName",
            "emails",
            "addresses.country",
            "urn:x:y:z",
            "department",
        ] {
            assert!(
                by(path).check(&ResourceType::ALL, Custom::none()).is_ok(),
                "{path}"
            );
        }
    }
}
