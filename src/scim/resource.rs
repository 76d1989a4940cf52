//! A User or Group as clients write it (RFC 7643 §2 and §3), checked and brought into one form.
//!
//! The canonical form: names in the schema's spelling and order, `schemas` first and computed from the content, nothing
//! unassigned, no `id`, `meta`, `groups`, `members` (others know those) and never a `password`.
//! Not the document in the store, and not the answer: those add what the server knows.
mod document;
mod json;
pub(super) mod key;
mod members;
mod value;
pub(super) mod write;

use std::collections::BTreeSet;

use serde_json::Value;

pub(super) use document::arrange;
pub use document::{get, paths, set};
pub use json::parse_json;
pub use members::Member;
pub(super) use members::{member_ids, members};
pub use value::of_text;
pub(super) use value::{MAX_VALUES, checked, checked_simple, is_hollow};

use super::Attributes;
use super::error::{ScimError, quote};
use super::rules::{Custom, Rules};
use super::schema::ResourceType;
use super::tolerance::{Notes, Tolerance};
use super::urn;
use key::Key;
use write::Mode;

/// An inbound POST/PUT body, checked and made canonical.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// The canonical document; see the module.
    pub attributes: Attributes,
    /// The members of a group, if the body named any list of them (an empty one counts).
    pub members: Option<Vec<Member>>,
    /// The paths the body gave a value, sorted: `title`, `emails`, `name.givenName`, `urn:…:User:department`.
    /// `active` is not among them when it was only filled in.
    pub touched: Vec<String>,
    /// The deviations that were served.
    pub tolerated: Vec<Tolerance>,
}

/// Checks a POST or PUT body. 400 `invalidSyntax` if it is not an object, 400 `invalidValue` for a value of the wrong
/// type or a required one that is missing. What no core schema knows is left out; unknown extensions are kept as they are.
pub fn accept(kind: ResourceType, body: Value, rules: &Rules) -> Result<Accepted, ScimError> {
    let Value::Object(body) = body else {
        return Err(ScimError::invalid_syntax("The body has to be a JSON object."));
    };
    let mut notes = Notes::default();
    let mut writes = Vec::new();
    let mut named = None;
    for (key, value) in body {
        match key::read(kind, &key, &value, rules, &mut notes) {
            Key::Schemas => check_schemas(kind, &value, &mut notes)?,
            Key::Members if value.is_null() => {}
            Key::Members => named = Some(members(value, &rules.limits, &mut notes)?),
            Key::Place(target) => key::expand(kind, target, value, &rules.custom, &mut notes, &mut writes)?,
            Key::Id | Key::Ignored => {}
        }
    }
    let mut attributes = Attributes::new();
    for write in writes.iter().filter(|write| write.value.is_some()) {
        write.apply(Mode::Replace, &mut attributes, &mut BTreeSet::new())?;
    }
    require(kind, &attributes)?;
    limits(kind, &attributes)?;
    let mut touched = paths(kind, &attributes);
    touched.sort_unstable();
    if kind == ResourceType::User && !attributes.contains_key("active") {
        attributes.insert("active".to_owned(), Value::Bool(true));
    }
    arrange(kind, &mut attributes);
    Ok(Accepted {
        attributes,
        members: named,
        touched,
        tolerated: notes.into_vec(),
    })
}

/// `schemas` is computed, so a client's list only has to be a list of URNs that is not that of another resource type.
fn check_schemas(kind: ResourceType, schemas: &Value, notes: &mut Notes) -> Result<(), ScimError> {
    let wrong = || ScimError::invalid_syntax("'schemas' has to be a list of URNs.");
    let listed: &[Value] = match schemas {
        Value::Null => &[],
        Value::Array(listed) => listed,
        Value::String(_) => std::slice::from_ref(schemas),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => return Err(wrong()),
    };
    let mut own = false;
    let mut other = None;
    for listed in listed {
        let text = listed.as_str().ok_or_else(wrong)?;
        let Some((known, note)) = urn::known(text) else {
            continue;
        };
        note.into_iter().for_each(|note| notes.note(note));
        match known {
            urn::Known::Core(found) if found != kind => other = Some(text),
            urn::Known::Core(_) | urn::Known::AnyCore => own = true,
            urn::Known::Enterprise => {}
        }
    }
    match other {
        Some(other) if !own => Err(ScimError::invalid_value(format!(
            "{} is not the schema of a {}.",
            quote(other),
            kind.name()
        ))),
        _ => Ok(()),
    }
}

/// Refuses a document that lacks a required attribute.
pub(super) fn require(kind: ResourceType, attributes: &Attributes) -> Result<(), ScimError> {
    match kind
        .core()
        .attributes
        .iter()
        .find(|attribute| attribute.required && !attributes.contains_key(attribute.name))
    {
        Some(missing) => Err(ScimError::invalid_value(format!(
            "A {} has to have a {}.",
            kind.name(),
            missing.name
        ))),
        None => Ok(()),
    }
}

/// Largest document, in bytes of JSON. Attributes are bounded one by one, but requests could pile them up.
const MAX_DOCUMENT: usize = 1024 * 1024;
/// Most extensions on one resource that no schema here describes: room for what was declared, each under a URN of its own.
const MAX_EXTENSIONS: usize = 16 + Custom::MOST;
/// Largest such extension, in bytes of JSON.
const MAX_EXTENSION: usize = 64 * 1024;
/// Deepest nesting inside of such an extension.
const MAX_EXTENSION_DEPTH: usize = 8;

/// Refuses a document that is too large, and one whose undescribed extensions are too many, too large or too deep.
pub(super) fn limits(kind: ResourceType, attributes: &Attributes) -> Result<(), ScimError> {
    let foreign = || {
        attributes
            .iter()
            .filter(|(name, _)| name.contains(':') && kind.extension(name).is_none())
    };
    if serde_json::to_string(attributes).map_or(0, |text| text.len()) > MAX_DOCUMENT {
        return Err(ScimError::too_many(format!(
            "A {} has at most {MAX_DOCUMENT} bytes without its members.",
            kind.name()
        )));
    }
    if foreign().count() > MAX_EXTENSIONS {
        return Err(ScimError::invalid_value(format!(
            "A resource has at most {MAX_EXTENSIONS} extensions of its own."
        )));
    }
    for (urn, value) in foreign() {
        if depth(value) > MAX_EXTENSION_DEPTH || value.to_string().len() > MAX_EXTENSION {
            return Err(ScimError::invalid_value(format!(
                "The extension {} is larger than {MAX_EXTENSION} bytes or deeper than {MAX_EXTENSION_DEPTH} levels.",
                quote(urn)
            )));
        }
    }
    Ok(())
}

/// How many lists and objects stand around the innermost value.
fn depth(value: &Value) -> usize {
    match value {
        Value::Object(parts) => 1 + parts.values().map(depth).max().unwrap_or(0),
        Value::Array(values) => 1 + values.iter().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

#[cfg(test)]
pub(super) mod tests;
