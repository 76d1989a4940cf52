//! One value of one attribute: checked against its definition and brought into the form that is stored.
use serde_json::Value;

use crate::scim::Attributes;
use crate::scim::error::{ScimError, quote};
use crate::scim::schema::{Attribute, Mutability, Type};
use crate::scim::tolerance::{self, Notes, Tolerance};

/// Most values of one attribute.
pub(crate) const MAX_VALUES: usize = 1000;
/// Longest text, in bytes. Enough for a certificate.
const MAX_TEXT: usize = 64 * 1024;

/// The value as it is stored; `None` if it says that the attribute is unassigned (`null`, `[]`, blank: RFC 7643 §2.5).
/// 400 `invalidValue` if it is of the wrong type.
pub(crate) fn checked(
    attribute: &'static Attribute,
    value: Value,
    notes: &mut Notes,
) -> Result<Option<Value>, ScimError> {
    if !attribute.multi_valued {
        return single(attribute, value, notes);
    }
    let listed = match value {
        Value::Null => return Ok(None),
        Value::Array(listed) => listed,
        Value::String(text) if tolerance::is_blank(&text) => {
            notes.note(Tolerance::BlankValue);
            return Ok(None);
        }
        one @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            notes.note(Tolerance::MissingArray);
            vec![one]
        }
    };
    if listed.len() > MAX_VALUES {
        return Err(ScimError::invalid_value(format!(
            "'{}' has more than {MAX_VALUES} values.",
            attribute.name
        )));
    }
    let mut values: Vec<Value> = Vec::with_capacity(listed.len());
    for entry in listed {
        values.extend(single(attribute, entry, notes)?);
    }
    if tolerance::several_primaries(&mut values) {
        notes.note(Tolerance::SeveralPrimaries);
    }
    let mut distinct: Vec<Value> = Vec::with_capacity(values.len());
    for value in values {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    Ok((!distinct.is_empty()).then_some(Value::Array(distinct)))
}

fn single(
    attribute: &'static Attribute,
    value: Value,
    notes: &mut Notes,
) -> Result<Option<Value>, ScimError> {
    match (attribute.kind, value) {
        (_, Value::Null) => Ok(None),
        (_, Value::String(text)) if tolerance::is_blank(&text) => {
            notes.note(Tolerance::BlankValue);
            Ok(None)
        }
        (Type::Complex, value) => complex(attribute, value, notes),
        (Type::Boolean, Value::Bool(flag)) => Ok(Some(Value::Bool(flag))),
        (Type::Boolean, Value::String(text)) => match tolerance::boolean(&text) {
            Some(flag) => {
                notes.note(Tolerance::BooleanAsString);
                Ok(Some(Value::Bool(flag)))
            }
            None => Err(wrong(attribute, &Value::String(text))),
        },
        (Type::Integer, Value::Number(number)) if number.is_i64() => Ok(Some(Value::Number(number))),
        (Type::String | Type::Reference | Type::Binary | Type::DateTime, Value::String(text)) => {
            if text.len() > MAX_TEXT {
                return Err(ScimError::invalid_value(format!(
                    "'{}' has more than {MAX_TEXT} bytes.",
                    attribute.name
                )));
            }
            Ok(Some(Value::String(text)))
        }
        (_, Value::Array(values)) => {
            let value = tolerance::value_in_array(values)
                .ok_or_else(|| wrong(attribute, &Value::Array(Vec::new())))?;
            notes.note(Tolerance::ValueInArray);
            single(attribute, value, notes)
        }
        (_, value) => Err(wrong(attribute, &value)),
    }
}

/// One complex value: sub-attributes in the schema's spelling and order; unknown and read-only ones are left out.
fn complex(
    attribute: &'static Attribute,
    value: Value,
    notes: &mut Notes,
) -> Result<Option<Value>, ScimError> {
    let parts = object(attribute, value, notes)?;
    let mut read: Vec<Option<Value>> = vec![None; attribute.sub_attributes.len()];
    let mut blanks = false;
    for (key, part) in parts {
        let Some(sub) = sub_attribute(attribute, &key, notes) else {
            continue;
        };
        let slot = attribute
            .sub_attributes
            .iter()
            .position(|known| known.name == sub.name)
            .and_then(|at| read.get_mut(at));
        if let Some(slot) = slot {
            *slot = checked(sub, part, notes)?;
            blanks |= slot.is_none();
        }
    }
    let object: Attributes = attribute
        .sub_attributes
        .iter()
        .zip(read)
        .filter_map(|(sub, part)| Some((sub.name.to_owned(), part?)))
        .collect();
    // What a template left blank but for its type is no value; `{"type": "work"}` alone was meant so.
    let empty = object.is_empty() || (blanks && is_hollow(&object));
    Ok((!empty).then_some(Value::Object(object)))
}

/// The object that a complex value is, or stands for.
pub(super) fn object(
    attribute: &'static Attribute,
    value: Value,
    notes: &mut Notes,
) -> Result<Attributes, ScimError> {
    let value = match value {
        Value::Array(values) if !attribute.multi_valued => {
            notes.note(Tolerance::ArrayOfOne);
            tolerance::array_of_one(values).ok_or_else(|| {
                ScimError::invalid_value(format!("'{}' has one value, not a list.", attribute.name))
            })?
        }
        value => value,
    };
    match value {
        Value::Object(parts) => Ok(parts),
        Value::String(text) => match tolerance::bare_value(attribute, &text) {
            Some(parts) => {
                notes.note(Tolerance::BareValue);
                Ok(parts)
            }
            None => Err(wrong(attribute, &Value::String(text))),
        },
        other => Err(wrong(attribute, &other)),
    }
}

/// The sub-attribute that a key of a complex value names, if a client may write it.
pub(super) fn sub_attribute(
    attribute: &'static Attribute,
    key: &str,
    notes: &mut Notes,
) -> Option<&'static Attribute> {
    let sub = attribute.sub(key).or_else(|| {
        let sub = tolerance::manager_id(attribute, key)?;
        notes.note(Tolerance::ManagerId);
        Some(sub)
    })?;
    (sub.mutability != Mutability::ReadOnly).then_some(sub)
}

/// Whether a value of a multi-valued attribute has lost what made it one.
pub(crate) fn is_hollow(object: &Attributes) -> bool {
    object.keys().all(|key| key == "type" || key == "primary")
}

/// Whether the value says that the attribute is unassigned.
pub(crate) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => tolerance::is_blank(text),
        Value::Array(values) => values.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

fn wrong(attribute: &Attribute, value: &Value) -> ScimError {
    let expected = match attribute.kind {
        Type::Boolean => "true or false",
        Type::Complex => "an object",
        Type::Integer => "a whole number",
        Type::String | Type::Reference | Type::Binary | Type::DateTime => "a string",
    };
    let found = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quote(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    ScimError::invalid_value(format!("'{}' has to be {expected}, not {found}.", attribute.name))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::scim::schema::ResourceType;

    fn check(name: &str, value: Value) -> Result<Option<Value>, ScimError> {
        let user = ResourceType::User;
        let attribute = user
            .attribute(name)
            .or_else(|| user.extensions()[0].attribute(name))
            .unwrap();
        checked(attribute, value, &mut Notes::default())
    }

    #[test]
    fn values_are_brought_into_one_form() {
        for (name, sent, stored) in [
            ("active", json!("False"), Some(json!(false))),
            ("title", json!("  "), None),
            ("title", json!(" A "), Some(json!(" A "))),
            ("title", json!([{ "$ref": null, "value": "A" }]), Some(json!("A"))),
            ("manager", json!("m1"), Some(json!({ "value": "m1" }))),
            (
                "manager",
                json!([{ "$ref": "x", "Value": "m1" }]),
                Some(json!({ "value": "m1", "$ref": "x" })),
            ),
            (
                "manager",
                json!({ "managerId": "55", "displayName": "Jo" }),
                Some(json!({ "value": "55" })),
            ),
            (
                "name",
                json!({ "GIVENNAME": "A", "nick": 1, "familyName": "" }),
                Some(json!({ "givenName": "A" })),
            ),
            (
                "emails",
                json!({ "value": "a@x", "Type": "work", "primary": "True" }),
                Some(json!([{ "value": "a@x", "type": "work", "primary": true }])),
            ),
            ("emails", json!(["a@x", "a@x"]), Some(json!([{ "value": "a@x" }]))),
            (
                "addresses",
                json!([{ "type": "work", "locality": "", "country": null }]),
                None,
            ),
            (
                "addresses",
                json!([{ "type": "work" }]),
                Some(json!([{ "type": "work" }])),
            ),
            ("emails", json!([]), None),
            ("roles", json!(null), None),
        ] {
            assert_eq!(check(name, sent.clone()).unwrap(), stored, "{name} {sent}");
        }
    }

    #[test]
    fn wrong_types_are_refused() {
        for (name, sent) in [
            ("active", json!("yes")),
            ("active", json!(1)),
            ("title", json!(5)),
            ("title", json!({})),
            ("title", json!([{ "value": ["a"] }])),
            ("title", json!([{ "value": "a" }, { "value": "b" }])),
            ("title", json!(["a"])),
            ("name", json!("A B")),
            ("name", json!([{ "givenName": "A" }, { "givenName": "B" }])),
            ("emails", json!([5])),
            ("emails", json!([{ "value": { "a": 1 } }])),
            ("title", json!("x".repeat(MAX_TEXT + 1))),
        ] {
            assert_eq!(
                check(name, sent.clone()).unwrap_err().status,
                400,
                "{name} {sent}"
            );
        }
    }
}
