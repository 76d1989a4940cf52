//! One write, and what it makes of a document. A POST or PUT is a list of writes to an empty document, a PATCH one to
//! a document that is there.
use std::collections::BTreeSet;

use serde_json::Value;

use super::value::{MAX_VALUES, is_hollow};
use crate::scim::Attributes;
use crate::scim::error::ScimError;
use crate::scim::path::Place;
use crate::scim::schema::Attribute;

/// What can be written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    /// An attribute or a part of it.
    Place(Place),
    /// All that one schema holds.
    Extension(String),
}

/// One write, as small as ownership is recorded.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Write {
    pub(crate) target: Target,
    /// `None` makes it unassigned.
    pub(crate) value: Option<Value>,
}

/// What a write does to the values of a multi-valued attribute that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Keep them.
    Add,
    /// Put the new ones in their place.
    Replace,
}

impl Write {
    /// Writes into a document and notes the path that was written. The document is to be arranged afterwards.
    pub(crate) fn apply(
        &self,
        mode: Mode,
        document: &mut Attributes,
        touched: &mut BTreeSet<String>,
    ) -> Result<(), ScimError> {
        match &self.target {
            Target::Extension(urn) => {
                if let Some((urn, Value::Object(parts))) =
                    existing_key(document, urn).and_then(|key| document.shift_remove_entry(&key))
                {
                    touched.extend(parts.keys().map(|name| format!("{urn}:{name}")));
                }
                Ok(())
            }
            // Adding nothing to a list changes nothing.
            Target::Place(Place::Foreign { form: Some(form), .. })
                if form.multi_valued && mode == Mode::Add && self.value.is_none() =>
            {
                Ok(())
            }
            Target::Place(place @ Place::Foreign { sub, .. }) => {
                let (object, name) = holder(place, document, touched);
                match sub {
                    None => self.put(mode, object, &name),
                    Some(sub) => {
                        self.put(mode, object_at(object, &name), sub);
                        drop_if_empty(object, &name);
                    }
                }
                Ok(())
            }
            Target::Place(Place::Known {
                extension,
                attribute,
                sub,
            }) => {
                let object = match extension {
                    None => document,
                    Some(urn) => object_at(document, urn),
                };
                self.known(mode, object, attribute, *sub, &mut |part| {
                    touched.insert(match (extension, part) {
                        (Some(urn), _) => format!("{urn}:{}", attribute.name),
                        (None, Some(part)) => format!("{}.{part}", attribute.name),
                        (None, None) => attribute.name.to_owned(),
                    });
                })
            }
        }
    }

    fn known(
        &self,
        mode: Mode,
        object: &mut Attributes,
        attribute: &Attribute,
        sub: Option<&Attribute>,
        touch: &mut dyn FnMut(Option<&str>),
    ) -> Result<(), ScimError> {
        match (sub, &self.value) {
            (Some(sub), value) if attribute.multi_valued => {
                touch(None);
                let values = array_at(object, attribute.name);
                let parts = [(sub.name, value.clone())];
                match values.as_mut_slice() {
                    [] => values.extend(
                        value
                            .clone()
                            .map(|value| Value::from_iter([(sub.name.to_owned(), value)])),
                    ),
                    [only] => merge(only, &parts),
                    several if value.is_none() => several.iter_mut().for_each(|one| merge(one, &parts)),
                    several => {
                        return Err(ScimError::invalid_path(format!(
                            "'{0}' has {1} values; say which one: {0}[type eq \"…\"].{2}.",
                            attribute.name,
                            several.len(),
                            sub.name
                        )));
                    }
                }
                if value.is_none() {
                    values.retain(|value| !value.as_object().is_some_and(is_hollow));
                }
                drop_if_empty(object, attribute.name);
            }
            (Some(sub), _) => {
                touch(Some(sub.name));
                self.put(mode, object_at(object, attribute.name), sub.name);
                drop_if_empty(object, attribute.name);
            }
            // Adding nothing to a list changes nothing.
            (None, None) if attribute.multi_valued && mode == Mode::Add => {}
            (None, None) if attribute.is_single_complex() => {
                if let Some(Value::Object(parts)) = object.shift_remove(attribute.name) {
                    parts.keys().for_each(|part| touch(Some(part)));
                }
            }
            (None, Some(Value::Array(new))) if attribute.multi_valued && mode == Mode::Add => {
                touch(None);
                let values = array_at(object, attribute.name);
                new.iter().for_each(|value| add_value(values, value));
                if values.len() > MAX_VALUES {
                    return Err(ScimError::invalid_value(format!(
                        "'{}' has more than {MAX_VALUES} values.",
                        attribute.name
                    )));
                }
            }
            (None, _) => {
                touch(None);
                self.put(Mode::Replace, object, attribute.name);
            }
        }
        Ok(())
    }

    /// Sets or clears one name of an object. Lists of an undescribed extension grow when they are added to.
    fn put(&self, mode: Mode, object: &mut Attributes, name: &str) {
        match (&self.value, object.get_mut(name)) {
            (None, _) => {
                object.shift_remove(name);
            }
            (Some(Value::Array(new)), Some(Value::Array(values))) if mode == Mode::Add => {
                for value in new {
                    if !values.contains(value) {
                        values.push(value.clone());
                    }
                }
            }
            (Some(value), _) => {
                object.insert(name.to_owned(), value.clone());
            }
        }
    }
}

/// Adds a value to a list, or to the value that it repeats (same `value`, same `type`: RFC 7643 §2.4).
/// A new primary takes the flag from the others.
pub(crate) fn add_value(values: &mut Vec<Value>, new: &Value) {
    let at = values
        .iter()
        .position(|old| repeats(old, new))
        .unwrap_or_else(|| {
            values.push(Value::Object(Attributes::new()));
            values.len() - 1
        });
    match (values.get_mut(at), new) {
        (Some(Value::Object(old)), Value::Object(parts)) => old.extend(parts.clone()),
        (Some(old), new) => *old = new.clone(),
        (None, _) => {}
    }
    if new.get("primary") == Some(&Value::Bool(true)) {
        make_only_primary(values, at);
    }
}

fn repeats(old: &Value, new: &Value) -> bool {
    match (old.get("value"), new.get("value")) {
        (Some(old_value), Some(new_value)) => old_value == new_value && old.get("type") == new.get("type"),
        _ => old == new,
    }
}

/// Takes the primary flag from all values but one.
pub(crate) fn make_only_primary(values: &mut [Value], at: usize) {
    for (n, value) in values.iter_mut().enumerate() {
        if n != at && value.get("primary") == Some(&Value::Bool(true)) {
            value["primary"] = Value::Bool(false);
        }
    }
}

/// Sets or clears parts of a complex value.
pub(crate) fn merge(value: &mut Value, parts: &[(&'static str, Option<Value>)]) {
    if let Value::Object(object) = value {
        for (name, part) in parts {
            match part {
                Some(part) => object.insert((*name).to_owned(), part.clone()),
                None => object.shift_remove(*name),
            };
        }
    }
}

/// The key of an object that is this name in any letter case.
fn existing_key(object: &Attributes, name: &str) -> Option<String> {
    object.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned()
}

/// The object that an attribute lies in, made where there is none, and the attribute's name there; notes the path as
/// written. In an extension no schema describes, names have the spelling of the document; but what was written before it
/// was declared is brought to the declared name, and to a list if it is one now.
pub(crate) fn holder<'a>(
    place: &Place,
    document: &'a mut Attributes,
    touched: &mut BTreeSet<String>,
) -> (&'a mut Attributes, String) {
    let (urn, name, form) = match place {
        Place::Known {
            extension, attribute, ..
        } => {
            let object = match extension {
                None => document,
                Some(urn) => object_at(document, urn),
            };
            let urn = extension.map(|urn| format!("{urn}:")).unwrap_or_default();
            touched.insert(format!("{urn}{}", attribute.name));
            return (object, attribute.name.to_owned());
        }
        Place::Foreign { urn, name, form, .. } => (urn, name, form),
    };
    let urn = existing_key(document, urn).unwrap_or_else(|| urn.clone());
    let object = object_at(document, &urn);
    let old = existing_key(object, name);
    let Some(form) = form else {
        let name = old.unwrap_or_else(|| name.clone());
        touched.insert(format!("{urn}:{name}"));
        return (object, name);
    };
    if let Some(old) = old.filter(|old| old != name)
        && let Some(value) = object.shift_remove(&old)
    {
        touched.insert(format!("{urn}:{old}"));
        object.insert(name.clone(), value);
    }
    match object.get_mut(name) {
        Some(value) if form.multi_valued && !value.is_array() => *value = Value::Array(vec![value.take()]),
        _ => {}
    }
    touched.insert(format!("{urn}:{name}"));
    (object, name.clone())
}

/// The object at a name; made where there is none.
fn object_at<'a>(object: &'a mut Attributes, name: &str) -> &'a mut Attributes {
    let value = object.entry(name).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Attributes::new());
    }
    match value {
        Value::Object(found) => found,
        _ => unreachable!("it was made an object"),
    }
}

/// The list at a name; made where there is none.
pub(crate) fn array_at<'a>(object: &'a mut Attributes, name: &str) -> &'a mut Vec<Value> {
    let value = object.entry(name).or_insert(Value::Null);
    if !value.is_array() {
        *value = Value::Array(Vec::new());
    }
    match value {
        Value::Array(found) => found,
        _ => unreachable!("it was made a list"),
    }
}

/// Takes out a name whose list or object has become empty.
pub(crate) fn drop_if_empty(object: &mut Attributes, name: &str) {
    let empty = match object.get(name) {
        Some(Value::Object(parts)) => parts.is_empty(),
        Some(Value::Array(values)) => values.is_empty(),
        _ => false,
    };
    if empty {
        object.shift_remove(name);
    }
}
