#![expect(clippy::unwrap_used, reason = "tests")]
use serde_json::json;

use super::*;
use crate::scim::rules::Limits;

#[test]
fn users_and_groups_are_read() {
    let user = remote(
        ResourceType::User,
        json!({ "schemas": [crate::scim::urn::USER], "id": 7, "UserName": "a", "meta": {}, "x": 1 }),
    );
    assert_eq!((user.id.as_str(), user.broken.as_deref()), ("7", None));
    assert_eq!(
        (&user.attributes["userName"], &user.attributes["active"]),
        (&json!("a"), &json!(true))
    );
    let group = remote(
        ResourceType::Group,
        json!({ "id": "g", "displayName": "G", "members": [{ "value": "1", "type": "User" }, { "value": 2 }, { "value": "1" }] }),
    );
    let ids: Vec<_> = group.members.unwrap().into_iter().map(|m| m.value).collect();
    assert_eq!(ids, ["1", "2"]);
    assert_eq!(
        remote(ResourceType::Group, json!({ "id": "g", "displayName": "G" })).members,
        None
    );
}

#[test]
fn a_group_may_be_larger_than_a_request() {
    let most = Limits::default().members;
    let many: Vec<Value> = (0..=most).map(|n| json!({ "value": n })).collect();
    let group = remote(
        ResourceType::Group,
        json!({ "id": "g", "displayName": "G", "members": many }),
    );
    assert_eq!(group.members.unwrap().len(), most + 1);
}

#[test]
fn what_cannot_be_understood_is_kept_under_its_id() {
    for (kind, value, id) in [
        (ResourceType::User, json!("x"), ""),
        (ResourceType::User, json!({ "userName": "a" }), ""),
        (ResourceType::User, json!({ "id": " ", "userName": "a" }), ""),
        (ResourceType::User, json!({ "id": ["1"], "userName": "a" }), ""),
        (ResourceType::User, json!({ "id": "1" }), "1"),
        (ResourceType::User, json!({ "id": "1", "userName": 5 }), "1"),
        (
            ResourceType::User,
            json!({ "id": "1", "userName": "a", "name": [1, 2] }),
            "1",
        ),
        (
            ResourceType::Group,
            json!({ "id": "1", "displayName": "G", "members": {} }),
            "1",
        ),
        (
            ResourceType::Group,
            json!({ "id": "1", "displayName": "G", "members": [{}] }),
            "1",
        ),
    ] {
        let read = remote(kind, value.clone());
        assert!(read.broken.is_some(), "{value}");
        assert_eq!(read.id, id, "{value}");
    }
    let read = remote(
        ResourceType::User,
        json!({ "id": "1", "userName": "a", "active": 5, "password": "p" }),
    );
    assert_eq!(Value::Object(read.attributes), json!({ "userName": "a" }));
}

#[test]
fn an_id_that_cannot_be_called_is_none() {
    for id in [".\t.", "..\n", "7\r", "\u{1}"] {
        let read = remote(ResourceType::User, json!({ "id": id, "userName": "a" }));
        assert_eq!(
            (read.id.as_str(), read.broken.as_deref()),
            ("", Some("It has no id that can be called."))
        );
    }
}
