//! From a key and a value of a body to single writes. POST, PUT and PATCH share this: all read a body in the same way.
use serde_json::Value;

use super::value::{checked, checked_simple, is_blank, object, sub_attribute};
use super::write::{Target, Write};
use crate::scim::error::{ScimError, quote};
use crate::scim::path::{PatchPath, Place, is_urn};
use crate::scim::rules::{Custom, Rules};
use crate::scim::schema::{Attribute, Mutability, ResourceType};
use crate::scim::tolerance::{Notes, Tolerance};
use crate::scim::urn;

/// What a key of a body names.
#[derive(Debug, PartialEq)]
pub(crate) enum Key {
    /// `schemas`, which is computed.
    Schemas,
    /// `id`, which only the server gives.
    Id,
    /// The members of a group, which are in no document.
    Members,
    /// Something that can be written.
    Place(Target),
    /// What is read-only, unknown, or `password`.
    Ignored,
}

/// Reads a key of a body. An unknown extension is one by its value, an object; else the key is a path into one.
pub(crate) fn read(kind: ResourceType, key: &str, value: &Value, rules: &Rules, notes: &mut Notes) -> Key {
    let path = match PatchPath::parse(key, rules) {
        Ok(PatchPath::Extension(named)) => {
            if let Some((_, Some(note))) = urn::known(key) {
                notes.note(note);
            }
            return Key::Place(Target::Extension(named));
        }
        Ok(PatchPath::Attr(path)) => path,
        Ok(PatchPath::Value { .. }) => return Key::Ignored,
        Err(_) if value.is_object() && is_urn(key) => return Key::Place(Target::Extension(key.to_owned())),
        Err(_) => return Key::Ignored,
    };
    let Some(place) = path.resolve(kind, &rules.custom) else {
        let is_foreign = path
            .urn
            .as_deref()
            .is_some_and(|named| urn::known(named).is_none());
        let is_extension = is_foreign && value.is_object() && is_urn(key);
        return if is_extension {
            Key::Place(Target::Extension(key.to_owned()))
        } else {
            Key::Ignored
        };
    };
    match &place {
        Place::Foreign { form: None, .. } if value.is_object() && is_urn(key) => {
            return Key::Place(Target::Extension(key.to_owned()));
        }
        Place::Foreign { .. } => {}
        Place::Known {
            extension: None,
            attribute,
            sub: None,
        } if attribute.name == "schemas" => return Key::Schemas,
        Place::Known {
            extension: None,
            attribute,
            sub: None,
        } if attribute.name == "id" => return Key::Id,
        Place::Known {
            extension: None,
            attribute,
            sub,
        } if attribute.name == "members" => {
            return if sub.is_none() { Key::Members } else { Key::Ignored };
        }
        Place::Known { attribute, sub, .. } => {
            if is_read_only(attribute) || sub.is_some_and(is_read_only) {
                return Key::Ignored;
            }
        }
    }
    path.deviation(kind).into_iter().for_each(|note| notes.note(note));
    if path.urn.is_some() || path.sub.is_some() {
        notes.note(Tolerance::PathAsKey);
    }
    Key::Place(Target::Place(place))
}

fn is_read_only(attribute: &Attribute) -> bool {
    attribute.mutability == Mutability::ReadOnly
}

/// Turns a value into writes; 400 `invalidValue` if it is of the wrong type.
/// A single complex value and an extension are written part by part, so that parts that are not named stay (RFC 7644 §3.5.2.3).
pub(crate) fn expand(
    kind: ResourceType,
    target: Target,
    value: Value,
    custom: &Custom,
    notes: &mut Notes,
    writes: &mut Vec<Write>,
) -> Result<(), ScimError> {
    match target {
        Target::Extension(urn) => extension(kind, urn, value, custom, notes, writes),
        Target::Place(Place::Known {
            extension,
            attribute,
            sub: None,
        }) if attribute.is_single_complex() && !is_blank(&value) => {
            for (name, part) in object(attribute, value, notes)? {
                if let Some(sub) = sub_attribute(attribute, &name, notes) {
                    let target = Target::Place(Place::Known {
                        extension,
                        attribute,
                        sub: Some(sub),
                    });
                    writes.push(Write {
                        target,
                        value: checked(sub, part, notes)?,
                    });
                }
            }
            Ok(())
        }
        Target::Place(Place::Known { attribute, sub, .. }) => {
            let value = checked(sub.unwrap_or(attribute), value, notes)?;
            writes.push(Write { target, value });
            Ok(())
        }
        Target::Place(ref place @ Place::Foreign { form, .. }) => {
            let value = match form {
                Some(form) => checked_simple(&place.to_string(), form, value, notes)?,
                None => (!value.is_null()).then_some(value),
            };
            writes.push(Write { target, value });
            Ok(())
        }
    }
}

fn extension(
    kind: ResourceType,
    urn: String,
    value: Value,
    custom: &Custom,
    notes: &mut Notes,
    writes: &mut Vec<Write>,
) -> Result<(), ScimError> {
    if is_blank(&value) {
        writes.push(Write {
            target: Target::Extension(urn),
            value: None,
        });
        return Ok(());
    }
    let Value::Object(parts) = value else {
        return Err(ScimError::invalid_value(format!(
            "The extension {} has to be an object.",
            quote(&urn)
        )));
    };
    let described = if urn::known(&urn).is_some() && urn != urn::ENTERPRISE_USER {
        Some(kind.core())
    } else {
        kind.extension(&urn)
    };
    if described.is_none() && urn::known(&urn).is_some() {
        return Ok(());
    }
    for (name, part) in parts {
        let place = match described {
            None => match Place::foreign(kind, custom, &urn, &name, None) {
                Some(place) => place,
                None => continue,
            },
            Some(schema) => {
                let extension = (schema.urn != kind.schema()).then_some(schema.urn);
                match schema.attribute(&name) {
                    Some(attribute) if !is_read_only(attribute) && attribute.name != "members" => {
                        Place::Known {
                            extension,
                            attribute,
                            sub: None,
                        }
                    }
                    _ => continue,
                }
            }
        };
        expand(kind, Target::Place(place), part, custom, notes, writes)?;
    }
    Ok(())
}
