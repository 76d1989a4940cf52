//! `groups` and `members` as text, pushed straight into an answer: a group may have very many members. `base` is the
//! base URL of the endpoint, escaped for JSON.

use serde_json::Value;

use super::Place;
use crate::scim::schema::ResourceType;
use crate::store::members::Member;

/// RFC 7643 §4.1.2.
pub(super) fn push_groups(text: &mut String, base: &str, groups: &[Member]) {
    push_list(text, "groups", groups, |text, group| {
        push_link(text, base, group);
        text.push_str(",\"display\":");
        text.push_str(&quoted(&group.display));
        text.push_str(",\"type\":\"direct\"");
    });
}

/// RFC 7643 §4.2.
pub(super) fn push_members(text: &mut String, base: &str, members: &[Member], place: Place) {
    push_list(text, "members", members, |text, member| {
        push_link(text, base, member);
        if place == Place::List {
            text.push_str(",\"display\":");
            text.push_str(&quoted(&member.display));
        }
        text.push_str(",\"type\":\"");
        text.push_str(member.kind.name());
        text.push('"');
    });
}

fn push_list(text: &mut String, name: &str, list: &[Member], push: impl Fn(&mut String, &Member)) {
    for (at, one) in list.iter().enumerate() {
        if at == 0 {
            text.push_str(",\"");
            text.push_str(name);
            text.push_str("\":[{");
        } else {
            text.push_str(",{");
        }
        push(text, one);
        text.push('}');
    }
    if !list.is_empty() {
        text.push(']');
    }
}

fn push_link(text: &mut String, base: &str, member: &Member) {
    text.push_str("\"value\":\"");
    text.push_str(&member.id);
    text.push_str("\",\"$ref\":");
    push_address(text, base, member.kind, &member.id);
}

/// Ids are ours and need no escaping; `base` has been escaped.
pub(super) fn push_address(text: &mut String, base: &str, kind: ResourceType, id: &str) {
    for part in ["\"", base, "/", kind.endpoint(), "/", id, "\""] {
        text.push_str(part);
    }
}

/// A JSON string.
pub(super) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
