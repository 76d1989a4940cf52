//! `bulkId:x` stands for the id of what the operation with the bulkId `x` creates: in the path of an operation, as any
//! string of its data, and between the quotes of a filter in a PATCH path.
use std::collections::BTreeSet;

use serde_json::Value;

use super::{Ask, Method};
use crate::scim::Attributes;

const MARK: &str = "bulkId:";

/// What a reference leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference<E> {
    /// This id.
    Id(String),
    /// It is left as it is for now.
    Later,
    /// Nothing: the operation cannot run.
    Nothing(E),
}

/// The bulkIds that an operation refers to.
pub(super) fn of(ask: &Ask) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut collect = |bulk_id: &str| {
        found.insert(bulk_id.to_owned());
        Reference::<()>::Later
    };
    let mut copy = ask.clone();
    let _ = resolve(&mut copy, &mut collect);
    found
}

/// Puts ids in the place of references, as `look_up` tells them.
///
/// # Errors
/// The first that `look_up` gives.
pub fn resolve<E>(ask: &mut Ask, look_up: &mut dyn FnMut(&str) -> Reference<E>) -> Result<(), E> {
    if let Some(id) = &mut ask.id {
        whole(id, look_up)?;
    }
    let patch = ask.method == Method::Patch;
    within(&mut ask.data, patch, look_up)
}

fn within<E>(
    value: &mut Value,
    patch: bool,
    look_up: &mut dyn FnMut(&str) -> Reference<E>,
) -> Result<(), E> {
    match value {
        Value::String(text) => whole(text, look_up),
        Value::Array(values) => values
            .iter_mut()
            .try_for_each(|value| within(value, patch, look_up)),
        Value::Object(parts) => parts.iter_mut().try_for_each(|(key, part)| match part {
            Value::String(path) if patch && key.eq_ignore_ascii_case("path") => quoted(path, look_up),
            part => within(part, patch, look_up),
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn whole<E>(text: &mut String, look_up: &mut dyn FnMut(&str) -> Reference<E>) -> Result<(), E> {
    if let Some(bulk_id) = text.strip_prefix(MARK) {
        match look_up(bulk_id) {
            Reference::Id(id) => *text = id,
            Reference::Later => {}
            Reference::Nothing(why) => return Err(why),
        }
    }
    Ok(())
}

/// `members[value eq "bulkId:x"]`: each string of the filter.
fn quoted<E>(path: &mut String, look_up: &mut dyn FnMut(&str) -> Reference<E>) -> Result<(), E> {
    if !path.contains(MARK) {
        return Ok(());
    }
    let mut strings: Vec<String> = path.split('"').map(str::to_owned).collect();
    for text in strings.iter_mut().skip(1).step_by(2) {
        whole(text, look_up)?;
    }
    *path = strings.join("\"");
    Ok(())
}

/// Takes out of a body what still refers to anything, so that the rest can be created first. What is taken out has the
/// form of the body: it can be added to what was created. A value of a list is taken out as a whole.
pub fn set_apart(data: &mut Value) -> Option<Value> {
    match data {
        Value::Object(parts) => {
            let names: Vec<String> = parts.keys().cloned().collect();
            let mut apart = Attributes::new();
            for name in names {
                let Some(part) = parts.get_mut(&name) else {
                    continue;
                };
                if let Some(cut) = set_apart(part) {
                    if is_nothing(part) {
                        parts.shift_remove(&name);
                    }
                    apart.insert(name, cut);
                }
            }
            (!apart.is_empty()).then_some(Value::Object(apart))
        }
        Value::Array(values) => {
            let (apart, rest): (Vec<Value>, Vec<Value>) = std::mem::take(values).into_iter().partition(refers);
            *values = rest;
            (!apart.is_empty()).then_some(Value::Array(apart))
        }
        Value::String(text) if text.starts_with(MARK) => Some(data.take()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn refers(value: &Value) -> bool {
    match value {
        Value::String(text) => text.starts_with(MARK),
        Value::Array(values) => values.iter().any(refers),
        Value::Object(parts) => parts.values().any(refers),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.is_empty(),
        Value::Object(parts) => parts.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}
