//! Their JSON to a `Remote`. One object that cannot be understood never stops a page: it comes out as broken, under the
//! id it gave. Groups may have more members than a client may send at once, so members are read here.

use std::collections::HashSet;

use serde_json::Value;

use crate::connector::Remote;
use crate::scim::Attributes;
use crate::scim::resource::{self, Member};
use crate::scim::rules::Rules;
use crate::scim::schema::ResourceType;

/// Longest id, in bytes.
const MAX_ID: usize = 1024;

/// What is kept of an object that cannot be understood.
const NAMES: [&str; 3] = ["externalId", "userName", "displayName"];

/// Reads one object.
pub(super) fn remote(kind: ResourceType, value: Value) -> Remote {
    let Value::Object(mut object) = value else {
        return broken(&Attributes::new(), String::new(), "It is not a JSON object.");
    };
    let Some(id) = take(&mut object, "id").and_then(id) else {
        return broken(&object, String::new(), "It has no id that can be called.");
    };
    let members = match (kind, take(&mut object, "members")) {
        (ResourceType::Group, Some(list)) if !list.is_null() => match members(list) {
            Some(list) => Some(list),
            None => return broken(&object, id, "Its members are not a list of ids."),
        },
        _ => None,
    };
    let names = kept(&object);
    match resource::accept(kind, Value::Object(object), &Rules::default()) {
        Ok(accepted) => Remote {
            id,
            attributes: accepted.attributes,
            members,
            broken: None,
        },
        Err(error) => Remote {
            id,
            attributes: names,
            members: None,
            broken: Some(error.detail),
        },
    }
}

/// Takes out the value of a key, in any letter case.
pub(super) fn take(object: &mut Attributes, name: &str) -> Option<Value> {
    let key = object.keys().find(|key| key.eq_ignore_ascii_case(name))?.clone();
    object.shift_remove(&key)
}

/// The value of a key, in any letter case.
pub(super) fn peek<'a>(object: &'a Attributes, name: &str) -> Option<&'a Value> {
    object
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
}

/// An id; some servers count, so a number is one too. One with control characters cannot be called.
pub(super) fn id(value: Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => return None,
    };
    let usable = !text.trim().is_empty() && text.len() <= MAX_ID && !text.chars().any(char::is_control);
    usable.then_some(text)
}

/// A list of members, each id once; none if one of them has no id, for then it isn't known who is in the group.
fn members(list: Value) -> Option<Vec<Member>> {
    let Value::Array(list) = list else { return None };
    let mut seen = HashSet::with_capacity(list.len());
    let mut members = Vec::with_capacity(list.len());
    for entry in list {
        let Value::Object(mut entry) = entry else {
            return None;
        };
        let value = take(&mut entry, "value").and_then(id)?;
        let kind = peek(&entry, "type")
            .and_then(Value::as_str)
            .and_then(ResourceType::of_name);
        if seen.insert(value.clone()) {
            members.push(Member { value, kind });
        }
    }
    Some(members)
}

fn kept(object: &Attributes) -> Attributes {
    let text = |name: &str| {
        peek(object, name)
            .and_then(Value::as_str)
            .filter(|text| text.len() <= MAX_ID)
    };
    NAMES
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), Value::from(text(name)?))))
        .collect()
}

fn broken(object: &Attributes, id: String, why: &str) -> Remote {
    Remote {
        id,
        attributes: kept(object),
        members: None,
        broken: Some(why.into()),
    }
}

#[cfg(test)]
mod tests;
