//! One value of one attribute: checked against its definition and brought into the form that is stored.
use serde_json::{Number, Value};

use crate::scim::Attributes;
use crate::scim::error::{ScimError, quote};
use crate::scim::eval::instant;
use crate::scim::schema::{Attribute, Form, Mutability, Type};
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
    list(
        attribute.name,
        attribute.multi_valued,
        value,
        notes,
        |one, notes| single(attribute, one, notes),
    )
}

/// The same for an attribute that an instance declared. Its values are simple, and are what they are called: nobody was
/// seen to send otherwise.
pub(crate) fn checked_simple(
    name: &str,
    form: Form,
    value: Value,
    notes: &mut Notes,
) -> Result<Option<Value>, ScimError> {
    list(name, form.multi_valued, value, notes, |one, notes| {
        let value = simple(name, form.kind, one, notes)?;
        match &value {
            Some(Value::String(text)) if !is_what_it_is_called(form.kind, text) => {
                Err(wrong(name, form.kind, &Value::from(text.as_str())))
            }
            _ => Ok(value),
        }
    })
}

/// A text as one simple value of this type; `None` if it is none.
pub fn of_text(kind: Type, text: &str) -> Option<Value> {
    match kind {
        Type::Boolean => tolerance::boolean(text).map(Value::Bool),
        Type::Integer => text.parse::<i64>().ok().map(Value::from),
        // Whole ones stay whole: 1 and 1.0 would be told apart.
        Type::Decimal => match text.parse::<i64>() {
            Ok(whole) => Some(whole.into()),
            Err(_) => text.parse().ok().and_then(Number::from_f64).map(Value::Number),
        },
        Type::String | Type::Reference | Type::Binary | Type::DateTime => {
            is_what_it_is_called(kind, text).then(|| Value::from(text))
        }
        Type::Complex => None,
    }
}

/// Whether a text is a date and time, or base64, where it is called so.
fn is_what_it_is_called(kind: Type, text: &str) -> bool {
    match kind {
        Type::DateTime => text.contains(['T', 't']) && instant(text).is_some(),
        Type::Binary => is_base64(text),
        _ => true,
    }
}

/// RFC 4648 §4 and §5; padding may be left out (RFC 7643 §2.3.6).
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    let padding = text.len() - digits.len();
    let is_digit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_');
    digits.bytes().all(is_digit)
        && digits.len() % 4 != 1
        && (padding == 0 || (padding <= 2 && text.len().is_multiple_of(4)))
}

/// The value, or each value of a list.
fn list(
    name: &str,
    multi_valued: bool,
    value: Value,
    notes: &mut Notes,
    mut one_of: impl FnMut(Value, &mut Notes) -> Result<Option<Value>, ScimError>,
) -> Result<Option<Value>, ScimError> {
    if !multi_valued {
        return one_of(value, notes);
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
            "'{name}' has more than {MAX_VALUES} values."
        )));
    }
    let mut values: Vec<Value> = Vec::with_capacity(listed.len());
    for entry in listed {
        values.extend(one_of(entry, notes)?);
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
    if attribute.kind == Type::Complex && !is_nothing(&value) {
        return complex(attribute, value, notes);
    }
    simple(attribute.name, attribute.kind, value, notes)
}

fn simple(name: &str, kind: Type, value: Value, notes: &mut Notes) -> Result<Option<Value>, ScimError> {
    match (kind, value) {
        (_, Value::Null) => Ok(None),
        (_, Value::String(text)) if tolerance::is_blank(&text) => {
            notes.note(Tolerance::BlankValue);
            Ok(None)
        }
        (Type::Boolean, Value::Bool(flag)) => Ok(Some(Value::Bool(flag))),
        (Type::Boolean, Value::String(text)) => match tolerance::boolean(&text) {
            Some(flag) => {
                notes.note(Tolerance::BooleanAsString);
                Ok(Some(Value::Bool(flag)))
            }
            None => Err(wrong(name, kind, &Value::String(text))),
        },
        (Type::Integer, Value::Number(number)) if number.is_i64() => Ok(Some(Value::Number(number))),
        (Type::Decimal, Value::Number(number)) => Ok(Some(Value::Number(number))),
        (Type::String | Type::Reference | Type::Binary | Type::DateTime, Value::String(text)) => {
            if text.len() > MAX_TEXT {
                return Err(ScimError::invalid_value(format!(
                    "'{name}' has more than {MAX_TEXT} bytes."
                )));
            }
            Ok(Some(Value::String(text)))
        }
        (_, Value::Array(values)) => {
            let value = tolerance::value_in_array(values)
                .ok_or_else(|| wrong(name, kind, &Value::Array(Vec::new())))?;
            notes.note(Tolerance::ValueInArray);
            simple(name, kind, value, notes)
        }
        (_, value) => Err(wrong(name, kind, &value)),
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
            None => Err(wrong(attribute.name, attribute.kind, &Value::String(text))),
        },
        other => Err(wrong(attribute.name, attribute.kind, &other)),
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
    is_nothing(value) || value.as_array().is_some_and(Vec::is_empty)
}

/// Whether the value is null or a blank text.
fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(tolerance::is_blank)
}

fn wrong(name: &str, kind: Type, value: &Value) -> ScimError {
    let expected = match kind {
        Type::Boolean => "true or false",
        Type::Complex => "an object",
        Type::Integer => "a whole number",
        Type::Decimal => "a number",
        Type::DateTime => "a date and time such as 2024-05-01T10:00:00Z",
        Type::Binary => "base64 text",
        Type::String | Type::Reference => "a string",
    };
    let found = match value {
        Value::Null => "null".to_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => quote(text),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    ScimError::invalid_value(format!("'{name}' has to be {expected}, not {found}."))
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
