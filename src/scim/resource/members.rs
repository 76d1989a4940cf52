//! The members of a group as clients write them. They are never part of a document: a group may have very many.
use std::collections::HashSet;

use serde_json::Value;

use crate::scim::error::{ScimError, quote};
use crate::scim::rules::Limits;
use crate::scim::schema::ResourceType;
use crate::scim::tolerance::{self, Notes, Tolerance};

/// Longest id of a member, in bytes.
const MAX_ID: usize = 1024;

/// One member of a group: `value`, and `type` where the client gave it. `display` and `$ref` are the server's to say.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Member {
    /// The id of a resource of the same instance.
    pub value: String,
    /// What the client says it is.
    pub kind: Option<ResourceType>,
}

/// Reads a list of members; each id once, the first counts.
pub(crate) fn members(value: Value, limits: &Limits, notes: &mut Notes) -> Result<Vec<Member>, ScimError> {
    let listed = match value {
        Value::Array(listed) => listed,
        Value::Null => Vec::new(),
        one @ (Value::Object(_) | Value::String(_)) => {
            notes.note(Tolerance::MissingArray);
            vec![one]
        }
        Value::Bool(_) | Value::Number(_) => {
            return Err(ScimError::invalid_value("'members' has to be a list."));
        }
    };
    limits.hold_members(listed.len())?;
    let mut seen = HashSet::with_capacity(listed.len());
    let mut members = Vec::with_capacity(listed.len());
    for entry in listed {
        let member = member(entry, notes)?;
        if seen.insert(member.value.clone()) {
            members.push(member);
        }
    }
    Ok(members)
}

/// The ids in a list of members.
pub(crate) fn member_ids(value: Value, limits: &Limits, notes: &mut Notes) -> Result<Vec<String>, ScimError> {
    Ok(members(value, limits, notes)?
        .into_iter()
        .map(|member| member.value)
        .collect())
}

fn member(entry: Value, notes: &mut Notes) -> Result<Member, ScimError> {
    let (value, kind) = match entry {
        Value::String(value) => {
            notes.note(Tolerance::BareValue);
            (Some(value), None)
        }
        Value::Object(parts) => {
            let (mut value, mut kind) = (None, None);
            for (key, part) in parts {
                match part {
                    Value::String(text) if key.eq_ignore_ascii_case("value") => value = Some(text),
                    // An unknown type is left out: the id says what the member is.
                    Value::String(text) if key.eq_ignore_ascii_case("type") => {
                        kind = ResourceType::of_name(&text);
                    }
                    _ => {}
                }
            }
            (value, kind)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => (None, None),
    };
    match value {
        Some(value) if tolerance::is_blank(&value) => {
            Err(ScimError::invalid_value("The 'value' of a member is empty."))
        }
        Some(value) if value.len() > MAX_ID => Err(ScimError::invalid_value(format!(
            "{} is too long for the id of a member.",
            quote(&value)
        ))),
        Some(value) => Ok(Member { value, kind }),
        None => Err(ScimError::invalid_value(
            "Each member has to be an object with its id as 'value'.",
        )),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_read_once_each_with_their_type() {
        let mut notes = Notes::default();
        let read = members(json!([{ "value": "a", "display": null, "$ref": null }, { "Value": "b", "type": "group" }, { "value": "a" }]), &Limits::default(), &mut notes).unwrap();
        assert_eq!(
            read,
            [
                Member {
                    value: "a".into(),
                    kind: None
                },
                Member {
                    value: "b".into(),
                    kind: Some(ResourceType::Group)
                }
            ]
        );
        assert!(notes.as_slice().is_empty());
    }

    #[test]
    fn a_member_without_an_id_is_refused() {
        for bad in [
            json!([{}]),
            json!([{ "value": "" }]),
            json!([{ "value": 5 }]),
            json!([null]),
            json!(5),
            json!([["a"]]),
        ] {
            assert_eq!(
                members(bad, &Limits::default(), &mut Notes::default())
                    .unwrap_err()
                    .status,
                400
            );
        }
        let few = Limits {
            members: 3,
            ..Limits::default()
        };
        let error = members(json!(["a", "b", "c", "d"]), &few, &mut Notes::default()).unwrap_err();
        assert_eq!(error.scim_type.unwrap().name(), "tooMany");
        assert!(error.detail.contains("at most 3 "), "{}", error.detail);
    }
}
