//! The canonical document: where a path lies in it, and in which order it is written.
//!
//! Paths here are those of [`super::Accepted::touched`], in the canonical spelling: `title`, `emails`, `name.givenName`,
//! `urn:…:User:department`.
use serde_json::Value;

use crate::scim::Attributes;
use crate::scim::schema::{Attribute, ResourceType};
use crate::scim::urn;

/// What others know and add; never part of a canonical document.
const NOT_OURS: [&str; 4] = ["id", "meta", "groups", "members"];

/// The paths that have a value, in the document's order.
pub fn paths(kind: ResourceType, attributes: &Attributes) -> Vec<String> {
    let mut found = Vec::new();
    for (name, value) in attributes {
        let extension = name.contains(':');
        let in_parts = extension || kind.attribute(name).is_some_and(Attribute::is_single_complex);
        match value {
            _ if name == "schemas" || NOT_OURS.contains(&name.as_str()) => {}
            Value::Object(parts) if in_parts => {
                let separator = if extension { ':' } else { '.' };
                found.extend(parts.keys().map(|part| format!("{name}{separator}{part}")));
            }
            _ => found.push(name.clone()),
        }
    }
    found
}

/// The value at a path, also of a part of a described extension's complex value (`urn:…:User:manager.value`).
pub fn get<'a>(attributes: &'a Attributes, path: &str) -> Option<&'a Value> {
    match split(path) {
        (None, rest) => within(attributes, rest),
        (Some(urn), rest) if has_parts(urn) => within(attributes.get(urn)?.as_object()?, rest),
        (Some(urn), rest) => attributes.get(urn)?.get(rest),
    }
}

fn within<'a>(object: &'a Attributes, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => object.get(path),
        Some((name, sub)) => object.get(name)?.get(sub),
    }
}

/// Whether a dot in a path into this extension parts a name from a sub-attribute. Where no schema describes it, the dot
/// belongs to the name: its values are kept whole.
fn has_parts(urn: &str) -> bool {
    urn == urn::ENTERPRISE_USER
}

/// Sets or clears the value at a path, and keeps the document canonical: `schemas` and the order are made anew, and an
/// object that lost its last part goes. The value is taken as it is.
pub fn set(attributes: &mut Attributes, path: &str, value: Option<Value>) {
    match split(path) {
        (None, rest) => put(attributes, rest, value),
        (Some(urn), rest) => {
            let mut object = take_object(attributes, urn);
            if has_parts(urn) {
                put(&mut object, rest, value);
            } else {
                put_whole(&mut object, rest, value);
            }
            if !object.is_empty() {
                attributes.insert(urn.to_owned(), Value::Object(object));
            }
        }
    }
    arrange(kind_of(attributes), attributes);
}

fn put(object: &mut Attributes, path: &str, value: Option<Value>) {
    match path.split_once('.') {
        None => put_whole(object, path, value),
        Some((name, sub)) => {
            let mut parts = take_object(object, name);
            put_whole(&mut parts, sub, value);
            if !parts.is_empty() {
                object.insert(name.to_owned(), Value::Object(parts));
            }
        }
    }
}

fn put_whole(object: &mut Attributes, name: &str, value: Option<Value>) {
    match value {
        Some(value) => {
            object.insert(name.to_owned(), value);
        }
        None => {
            object.shift_remove(name);
        }
    }
}

fn take_object(object: &mut Attributes, name: &str) -> Attributes {
    match object.shift_remove(name) {
        Some(Value::Object(parts)) => parts,
        _ => Attributes::new(),
    }
}

/// Parts the URN of an extension from the rest of a path: no name has a colon.
fn split(path: &str) -> (Option<&str>, &str) {
    path.rsplit_once(':')
        .map_or((None, path), |(urn, rest)| (Some(urn), rest))
}

/// The resource type that a canonical document says it is.
fn kind_of(attributes: &Attributes) -> ResourceType {
    let listed = attributes.get("schemas").and_then(Value::as_array);
    if listed.is_some_and(|listed| listed.iter().any(|schema| schema == urn::GROUP)) {
        ResourceType::Group
    } else {
        ResourceType::User
    }
}

/// Brings a document into the canonical order and computes `schemas`: the core schema and each extension with content.
/// Takes out what is not the document's (`id`, `meta`, `groups`, `members`) and extensions without content.
pub(crate) fn arrange(kind: ResourceType, attributes: &mut Attributes) {
    let mut old = std::mem::take(attributes);
    for name in NOT_OURS {
        old.shift_remove(name);
    }
    old.retain(|name, value| {
        !name.contains(':') || value.as_object().is_some_and(|object| !object.is_empty())
    });
    let described = kind
        .extensions()
        .iter()
        .map(|schema| schema.urn)
        .filter(|urn| old.contains_key(*urn));
    let mut foreign: Vec<String> = old
        .keys()
        .filter(|name| name.contains(':') && kind.extension(name).is_none())
        .cloned()
        .collect();
    foreign.sort_unstable();
    let schemas: Value = std::iter::once(kind.schema())
        .chain(described)
        .chain(foreign.iter().map(String::as_str))
        .collect();

    attributes.insert("schemas".to_owned(), schemas);
    let core = kind.core().attributes.iter().map(|attribute| attribute.name);
    for name in std::iter::once("externalId").chain(core) {
        if let Some((name, value)) = old.shift_remove_entry(name) {
            let value = match kind.attribute(&name) {
                Some(attribute) => in_order(attribute.sub_attributes, value),
                None => value,
            };
            attributes.insert(name, value);
        }
    }
    for schema in kind.extensions() {
        if let Some((name, value)) = old.shift_remove_entry(schema.urn) {
            attributes.insert(name, in_order(schema.attributes, value));
        }
    }
    for urn in foreign {
        attributes.extend(old.shift_remove_entry(&urn));
    }
}

/// The parts of each object in the order of their definitions; what has none comes last.
fn in_order(definitions: &[Attribute], value: Value) -> Value {
    match value {
        Value::Object(mut parts) => {
            let mut ordered = Attributes::new();
            for definition in definitions {
                if let Some((name, part)) = parts.shift_remove_entry(definition.name) {
                    ordered.insert(name, in_order(definition.sub_attributes, part));
                }
            }
            ordered.append(&mut parts);
            Value::Object(ordered)
        }
        Value::Array(values) => Value::Array(
            values
                .into_iter()
                .map(|value| in_order(definitions, value))
                .collect(),
        ),
        simple => simple,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    const DEPARTMENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";

    fn document() -> Attributes {
        let mut document = json!({
            "name": { "familyName": "B", "givenName": "A" }, "userName": "ab", "emails": [{ "value": "a@x" }],
            urn::ENTERPRISE_USER: { "manager": { "value": "m" } }, "urn:x:y": { "a.b": 1 },
        });
        let mut document = document.as_object_mut().unwrap().clone();
        arrange(ResourceType::User, &mut document);
        document
    }

    #[test]
    fn every_path_can_be_read() {
        let document = document();
        let paths = paths(ResourceType::User, &document);
        assert_eq!(
            paths,
            [
                "userName",
                "name.familyName",
                "name.givenName",
                "emails",
                &format!("{}:manager", urn::ENTERPRISE_USER),
                "urn:x:y:a.b"
            ]
        );
        assert!(paths.iter().all(|path| get(&document, path).is_some()));
        assert_eq!(
            get(&document, &format!("{}:manager.value", urn::ENTERPRISE_USER)),
            Some(&json!("m"))
        );
        assert_eq!(get(&document, DEPARTMENT), None);
    }

    #[test]
    fn setting_and_clearing_keeps_the_document_canonical() {
        let mut changed = document();
        set(&mut changed, DEPARTMENT, Some(json!("D")));
        set(&mut changed, "title", Some(json!("T")));
        set(&mut changed, "urn:z:new:tag", Some(json!(1)));
        let names: Vec<_> = changed.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "schemas",
                "userName",
                "name",
                "title",
                "emails",
                urn::ENTERPRISE_USER,
                "urn:x:y",
                "urn:z:new"
            ]
        );
        assert_eq!(
            changed["schemas"],
            json!([urn::USER, urn::ENTERPRISE_USER, "urn:x:y", "urn:z:new"])
        );
        for path in [DEPARTMENT, "title", "urn:z:new:tag"] {
            set(&mut changed, path, None);
        }
        assert_eq!(changed, document());
        set(&mut changed, "urn:x:y:a.b", None);
        set(&mut changed, "urn:x:y:a.b", Some(json!(1)));
        assert_eq!(
            changed,
            document(),
            "a dot in the name of an undescribed attribute"
        );
        set(&mut changed, "name.familyName", None);
        set(&mut changed, "name.givenName", None);
        set(&mut changed, "urn:x:y:a.b", None);
        assert!(!changed.contains_key("name"));
        assert_eq!(changed["schemas"], json!([urn::USER, urn::ENTERPRISE_USER]));
    }
}
