//! Bodies as clients send them, and what is made of them.

#![expect(clippy::unwrap_used, reason = "tests")]
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scim::error::ScimType;
use crate::scim::urn::{ENTERPRISE_USER, GROUP, USER};

fn user(body: Value) -> Accepted {
    accept(ResourceType::User, body, &Rules::default()).unwrap()
}

fn refused(kind: ResourceType, body: Value) -> ScimType {
    accept(kind, body, &Rules::default())
        .unwrap_err()
        .scim_type
        .unwrap()
}

#[test]
fn a_body_becomes_canonical() {
    let accepted = user(json!({
        "emails": [{ "primary": "True", "TYPE": "work", "value": "a@x" }], "USERNAME": "a@x", "Name": { "givenName": "A", "familyName": "B" },
        ENTERPRISE_USER.to_uppercase(): { "Department": "D", "manager": "m1", "unknown": 1 }, "title": "", "externalId": "e1",
        "id": "forged", "meta": { "created": "now" }, "groups": [{ "value": "g" }], "password": "secret", "adreses": [1],
        "urn:okta:custom:1.0:user:thing": { "tag": ["x"], "none": null }, "schemas": [USER], "displayName": null,
    }));
    assert_eq!(
        Value::Object(accepted.attributes.clone()).to_string(),
        json!({
            "schemas": [USER, ENTERPRISE_USER, "urn:okta:custom:1.0:user:thing"], "externalId": "e1", "userName": "a@x",
            "name": { "familyName": "B", "givenName": "A" }, "active": true, "emails": [{ "value": "a@x", "type": "work", "primary": true }],
            ENTERPRISE_USER: { "department": "D", "manager": { "value": "m1" } }, "urn:okta:custom:1.0:user:thing": { "tag": ["x"] },
        })
        .to_string()
    );
    let touched = [
        "emails",
        "externalId",
        "name.familyName",
        "name.givenName",
        &format!("{ENTERPRISE_USER}:department"),
        &format!("{ENTERPRISE_USER}:manager"),
        "urn:okta:custom:1.0:user:thing:tag",
        "userName",
    ];
    let mut expected = touched.map(str::to_owned);
    expected.sort_unstable();
    assert_eq!(accepted.touched, expected);
    assert!(accepted.members.is_none());
    assert_eq!(
        accepted.tolerated,
        [
            Tolerance::BooleanAsString,
            Tolerance::BareValue,
            Tolerance::BlankValue
        ]
    );
}

#[test]
fn a_document_that_was_read_can_be_put_back() {
    let accepted = user(
        json!({ "id": "1", "userName": "a", "active": false, "groups": [], "meta": { "resourceType": "User" } }),
    );
    assert_eq!(accepted.attributes.get("active"), Some(&json!(false)));
    assert_eq!(accepted.touched, ["active", "userName"]);
}

#[test]
fn dialects_are_understood() {
    // OneLogin: URNs from before the RFC, an id of null, blanks.
    let onelogin = user(json!({
        "schemas": ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"], "id": null, "userName": "a",
        "addresses": [{ "locality": "", "region": "" }], ENTERPRISE_USER: { "division": "", "manager": { "value": "", "displayName": " " } },
    }));
    assert_eq!(onelogin.attributes["schemas"], json!([USER]));
    assert_eq!(onelogin.attributes.len(), 3);
    // Entra: the misspelt URN, top-level extension attributes, paths as keys, nulls.
    let entra = user(json!({
        "schemas": [USER, "urn:ietf:params:scim:schemas:extension:enterprise:2.0User"], "userName": "a", "department": "D", "manager": null,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0User": { "costCenter": "C" }, "name.givenName": "A", "addresses": null,
        format!("{ENTERPRISE_USER}:employeeNumber"): "7", "roles": [],
    }));
    assert_eq!(get(&entra.attributes, "name.givenName"), Some(&json!("A")));
    assert_eq!(
        entra.attributes[ENTERPRISE_USER],
        json!({ "employeeNumber": "7", "costCenter": "C", "department": "D" })
    );
    for tolerance in [
        Tolerance::MisspeltUrn,
        Tolerance::ExtensionAttributeAtTop,
        Tolerance::PathAsKey,
    ] {
        assert!(entra.tolerated.contains(&tolerance), "{tolerance:?}");
    }
    // PingOne: two primaries.
    let ping = user(
        json!({ "userName": "a", "emails": [{ "value": "a", "primary": true }, { "value": "b", "primary": true }] }),
    );
    assert_eq!(
        ping.attributes["emails"],
        json!([{ "value": "a", "primary": true }, { "value": "b", "primary": false }])
    );
    assert_eq!(ping.tolerated, [Tolerance::SeveralPrimaries]);
}

#[test]
fn groups_have_their_members_apart() {
    let body = json!({ "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"], "displayName": "G", "members": [{ "value": "a" }] });
    let group = accept(ResourceType::Group, body, &Rules::default()).unwrap();
    assert_eq!(
        Value::Object(group.attributes),
        json!({ "schemas": [GROUP], "displayName": "G" })
    );
    assert_eq!(group.members.unwrap().len(), 1);
    let named = |body| {
        accept(ResourceType::Group, body, &Rules::default())
            .unwrap()
            .members
            .map(|members| members.len())
    };
    assert_eq!(named(json!({ "displayName": "G" })), None);
    assert_eq!(named(json!({ "displayName": "G", "members": [] })), Some(0));
    assert_eq!(named(json!({ "displayName": "G", "members": null })), None);
    assert_eq!(
        user(json!({ "userName": "a", "members": [{ "value": "a" }] })).members,
        None
    );
}

#[test]
fn what_cannot_be_a_resource_is_refused() {
    use ResourceType::{Group, User};
    for (kind, body, scim_type) in [
        (User, json!([]), ScimType::InvalidSyntax),
        (User, json!("x"), ScimType::InvalidSyntax),
        (
            User,
            json!({ "schemas": 5, "userName": "a" }),
            ScimType::InvalidSyntax,
        ),
        (
            User,
            json!({ "schemas": [GROUP], "userName": "a" }),
            ScimType::InvalidValue,
        ),
        (User, json!({}), ScimType::InvalidValue),
        (User, json!({ "userName": " " }), ScimType::InvalidValue),
        (User, json!({ "userName": 5 }), ScimType::InvalidValue),
        (User, json!({ "userName": ["a"] }), ScimType::InvalidValue),
        (
            User,
            json!({ "userName": "a", "active": "perhaps" }),
            ScimType::InvalidValue,
        ),
        (
            User,
            json!({ "userName": "a", ENTERPRISE_USER: "x" }),
            ScimType::InvalidValue,
        ),
        (
            User,
            json!({ "userName": "a", "urn:a:b": { "c": [[[[[[[[[1]]]]]]]]] } }),
            ScimType::InvalidValue,
        ),
        (
            User,
            json!({ "userName": "a", "urn:a:b": { "c": "x".repeat(70_000) } }),
            ScimType::InvalidValue,
        ),
        (Group, json!({ "members": [] }), ScimType::InvalidValue),
        (
            Group,
            json!({ "displayName": "G", "members": [{ "display": "x" }] }),
            ScimType::InvalidValue,
        ),
    ] {
        assert_eq!(refused(kind, body.clone()), scim_type, "{body}");
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        prop::sample::select(vec!["", " ", "a", "b", "True", "work", "ünï"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((any_key(), inner), 0..4)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "value",
        "Type",
        "primary",
        "display",
        "$ref",
        "name",
        "name.givenName",
        "familyName",
        "displayName",
        "emails",
        "emails.value",
        "roles",
        "addresses",
        "active",
        "title",
        "department",
        "manager",
        "managerId",
        "externalId",
        "id",
        "schemas",
        "meta",
        "password",
        "members",
        "groups",
        ENTERPRISE_USER,
        "urn:ietf:params:scim:schemas:core:2.0:User",
        "urn:a:b",
        "urn:a:b:2.0:User",
        "urn:a:b:2.0:User:tag",
        "a:b",
        "x y",
        "",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
        "URN:A:B",
        "emails[type eq \"work\"].value",
    ])
    .prop_map(str::to_owned)
}

pub(in crate::scim) fn any_body() -> impl Strategy<Value = Value> {
    prop::collection::vec((any_key(), any_json()), 0..8).prop_map(|pairs| {
        let mut body: Attributes = pairs.into_iter().collect();
        body.entry("userName").or_insert(json!("someone"));
        body.entry("displayName").or_insert(json!("Some One"));
        Value::Object(body)
    })
}

proptest! {
    #[test]
    fn what_was_accepted_is_accepted_unchanged(body in any_body()) {
        for kind in ResourceType::ALL {
            if let Ok(once) = accept(kind, body.clone(), &Rules::default()) {
                let twice = accept(kind, Value::Object(once.attributes.clone()), &Rules::default()).unwrap();
                prop_assert_eq!(Value::Object(twice.attributes).to_string(), Value::Object(once.attributes.clone()).to_string());
                let all = paths(kind, &once.attributes);
                prop_assert!(once.touched.iter().all(|path| all.contains(path)));
                prop_assert!(all.iter().all(|path| get(&once.attributes, path).is_some()), "{:?}", all);
            }
        }
    }

    #[test]
    fn setting_what_is_there_changes_nothing(body in any_body()) {
        if let Ok(accepted) = accept(ResourceType::User, body, &Rules::default()) {
            for path in paths(ResourceType::User, &accepted.attributes) {
                let mut again = accepted.attributes.clone();
                let value = get(&again, &path).cloned();
                set(&mut again, &path, value);
                prop_assert_eq!(&again, &accepted.attributes);
                set(&mut again, &path, None);
                prop_assert!(get(&again, &path).is_none());
            }
        }
    }
}
