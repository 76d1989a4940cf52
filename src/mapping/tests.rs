//! What is wanted, and when two states are the same.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::*;
use crate::model::{InstanceId, Time};
use crate::scim::urn;

fn attributes(value: Value) -> Attributes {
    let Value::Object(object) = value else {
        unreachable!("an object")
    };
    object
}

pub(super) fn user(value: Value, owned: &[&str]) -> Resource {
    let attributes = attributes(value);
    Resource {
        row: 1,
        instance: InstanceId(1),
        kind: ResourceType::User,
        id: "i".into(),
        display: String::new(),
        name: "a".into(),
        external_id: None,
        active: is_active(&attributes),
        owned: owned.iter().map(|p| (*p).to_owned()).collect(),
        version: 1,
        created: Time(0),
        last_modified: Time(0),
        deleted_at: None,
        attributes,
    }
}

#[test]
fn only_what_is_owned_is_wanted() {
    let ours = user(
        json!({ "schemas": [urn::USER], "userName": "a", "title": "T", "name": { "givenName": "A", "familyName": "B" },
                "active": false, "emails": [{ "value": "a@x" }], urn::ENTERPRISE_USER: { "department": "D", "division": "V" } }),
        &[
            "userName",
            "active",
            "name.givenName",
            &format!("{}:department", urn::ENTERPRISE_USER),
        ],
    );
    assert_eq!(
        Value::Object(desired(&ours)),
        json!({ "schemas": [urn::USER, urn::ENTERPRISE_USER], "userName": "a", "name": { "givenName": "A" }, "active": false,
                urn::ENTERPRISE_USER: { "department": "D" } })
    );
}

#[test]
fn a_managed_user_always_has_an_active() {
    let ours = user(json!({ "userName": "a" }), &["userName"]);
    assert_eq!(desired(&ours).get("active"), Some(&json!(true)));
    let unmanaged = user(json!({ "userName": "a", "active": true }), &[]);
    assert!(!desired(&unmanaged).contains_key("active"));
}

#[test]
fn what_a_server_makes_itself_is_never_compared() {
    let print = fingerprint(
        ResourceType::User,
        &attributes(
            json!({ "schemas": [], "id": "1", "meta": {}, "groups": [], "password": "p", "userName": "a" }),
        ),
    );
    assert_eq!(print.keys().collect::<Vec<_>>(), ["userName"]);
}

#[test]
fn values_that_mean_the_same_have_one_digest() {
    let same = |a: Value, b: Value| assert_eq!(digest(&a), digest(&b), "{a} {b}");
    same(
        json!([{ "value": "a", "type": "work" }, { "value": "b" }]),
        json!([{ "value": "b" }, { "type": "work", "value": "a" }]),
    );
    same(
        json!([{ "value": "a", "primary": false }]),
        json!([{ "value": "a" }]),
    );
    same(json!({ "a": null, "b": 1 }), json!({ "b": 1 }));
    for unassigned in [json!(null), json!([]), json!({}), json!([{}]), json!({ "a": [] })] {
        assert_eq!(digest(&unassigned), None);
    }
    for (a, b) in [
        (json!("a"), json!("A")),
        (json!(1), json!("1")),
        (json!(["a"]), json!("a")),
        (json!([["a"], "b"]), json!(["a", "b"])),
    ] {
        assert_ne!(digest(&a), digest(&b));
    }
    assert_eq!(digest(&json!("a")).unwrap().len(), 16);
}

#[test]
fn a_difference_is_a_new_value_another_one_or_one_no_longer_wanted() {
    let print = |v: Value| fingerprint(ResourceType::User, &attributes(v));
    let pushed = print(json!({ "userName": "a", "title": "T" }));
    assert!(differing(&pushed, &pushed).is_empty());
    assert_eq!(
        differing(&print(json!({ "userName": "b", "title": "T" })), &pushed),
        ["userName"]
    );
    assert_eq!(differing(&print(json!({ "userName": "a" })), &pushed), ["title"]);
    assert_eq!(
        differing(
            &print(json!({ "userName": "a", "title": "T", "nickName": "n" })),
            &pushed
        ),
        ["nickName"]
    );
}

#[test]
fn drift_is_seen_only_where_we_care() {
    let print = |v: Value| fingerprint(ResourceType::User, &attributes(v));
    let ours = print(json!({ "userName": "A@x" }));
    // The app folds the name: told by base, and no drift.
    let base = print(json!({ "userName": "a@x", "title": "T" }));
    assert!(
        drifted(
            &ours,
            &base,
            &print(json!({ "userName": "a@x", "title": "other" }))
        )
        .is_empty()
    );
    assert_eq!(
        drifted(&ours, &base, &print(json!({ "userName": "b@x" }))),
        ["userName"]
    );
    assert_eq!(drifted(&ours, &base, &print(json!({}))), ["userName"]);
}
