//! `bulkId:x` stands for the id of what the operation with the bulkId `x` creates: in the path of an operation, as any
//! string of its data, and between the quotes of a filter in a PATCH path.
use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;

use serde_json::Value;

use super::{Ask, Method};
use crate::scim::Attributes;
use crate::scim::error::{ScimError, quote};

const MARK: &str = "bulkId:";

/// What the operations of a request created so far: by bulkId the id, or nothing where the operation failed.
#[derive(Debug, Clone, Default)]
pub struct Created(HashMap<String, Option<String>>);

impl Created {
    /// Notes what became of an operation that creates.
    pub fn note(&mut self, bulk_id: String, id: Option<String>) {
        self.0.insert(bulk_id, id);
    }

    /// Whether the operation of this bulkId has run, and created something.
    pub fn has(&self, bulk_id: &str) -> bool {
        self.0.get(bulk_id).is_some_and(Option::is_some)
    }

    /// The id that a bulkId stands for: 409 if its operation failed, 400 `invalidValue` if no operation has it.
    pub fn id(&self, bulk_id: &str) -> Result<String, ScimError> {
        match self.0.get(bulk_id) {
            Some(Some(id)) => Ok(id.clone()),
            Some(None) => Err(ScimError::new(
                409,
                format!(
                    "This refers to the bulkId {}, whose operation failed; nothing was changed.",
                    quote(bulk_id)
                ),
            )),
            None => Err(ScimError::invalid_value(format!(
                "No POST of this request has the bulkId {}.",
                quote(bulk_id)
            ))),
        }
    }
}

/// Whether the text stands for something that is to be created.
pub(super) fn is_one(text: &str) -> bool {
    text.starts_with(MARK)
}

/// The bulkIds that an operation refers to.
pub(super) fn of(ask: &Ask) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut copy = ask.clone();
    let collected = resolve(&mut copy, |bulk_id| {
        found.insert(bulk_id.to_owned());
        Ok::<_, Infallible>(None)
    });
    match collected {
        Ok(()) => found,
    }
}

/// Puts ids in the place of references, as `look_up` tells them; with `None` a reference stays as it is.
///
/// # Errors
/// The first that `look_up` gives.
pub fn resolve<E>(
    ask: &mut Ask,
    mut look_up: impl FnMut(&str) -> Result<Option<String>, E>,
) -> Result<(), E> {
    if let Some(id) = &mut ask.id {
        whole(id, &mut look_up)?;
    }
    let patch = ask.method == Method::Patch;
    within(&mut ask.data, patch, &mut look_up)
}

type LookUp<'a, E> = &'a mut dyn FnMut(&str) -> Result<Option<String>, E>;

fn within<E>(value: &mut Value, patch: bool, look_up: LookUp<'_, E>) -> Result<(), E> {
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

fn whole<E>(text: &mut String, look_up: LookUp<'_, E>) -> Result<(), E> {
    if let Some(bulk_id) = text.strip_prefix(MARK)
        && let Some(id) = look_up(bulk_id)?
    {
        *text = id;
    }
    Ok(())
}

/// `members[value eq "bulkId:x"]`: each string of the filter.
fn quoted<E>(path: &mut String, look_up: LookUp<'_, E>) -> Result<(), E> {
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
            let (apart, rest): (Vec<Value>, Vec<Value>) =
                std::mem::take(values).into_iter().partition(refers);
            *values = rest;
            (!apart.is_empty()).then_some(Value::Array(apart))
        }
        Value::String(text) if is_one(text) => Some(data.take()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

fn refers(value: &Value) -> bool {
    match value {
        Value::String(text) => is_one(text),
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
