//! Declared attributes in bodies, PATCH, filters and answers.
#![expect(clippy::unwrap_used, reason = "tests")]
use serde_json::{Value, json};

use super::*;
use crate::scim::Attributes;
use crate::scim::error::{ScimError, ScimType};
use crate::scim::eval::matches;
use crate::scim::filter::Filter;
use crate::scim::patch::{PatchRequest, Patched};
use crate::scim::project::Projection;
use crate::scim::resource::{Accepted, accept};
use crate::scim::schema::{ResourceType, Type};
use crate::scim::urn::PATCH_OP;

const URN: &str = "urn:acme:people";

fn rules() -> Rules {
    let mut custom = Custom::default();
    for (name, kind, many) in [
        ("badge", Type::Integer, false),
        ("rate", Type::Decimal, false),
        ("remote", Type::Boolean, false),
        ("since", Type::DateTime, false),
        ("site", Type::String, false),
        ("home", Type::Reference, false),
        ("photo", Type::Binary, false),
        ("tags", Type::String, true),
        ("levels", Type::Integer, true),
    ] {
        custom
            .add(Declared::new(ResourceType::User, URN, name, kind, many))
            .unwrap();
    }
    Rules {
        custom,
        ..Rules::default()
    }
}

fn posted(extension: Value) -> Result<Accepted, ScimError> {
    accept(
        ResourceType::User,
        json!({ "userName": "a", URN.to_uppercase(): extension }),
        &rules(),
    )
}

fn kept(extension: Value) -> Value {
    posted(extension)
        .unwrap()
        .attributes
        .get(URN)
        .cloned()
        .unwrap_or(Value::Null)
}

fn patched(current: &Attributes, operations: &Value) -> Result<Patched, ScimError> {
    let body = json!({ "schemas": [PATCH_OP], "Operations": operations });
    PatchRequest::parse(ResourceType::User, &body, &rules())?.apply(current)
}

/// The extension after one operation on one that has these values.
fn after(extension: &Value, operation: &Value) -> Value {
    // As it was kept before anything was declared.
    let current = accept(
        ResourceType::User,
        json!({ "userName": "a", URN: extension }),
        &Rules::default(),
    )
    .unwrap();
    let done =
        patched(&current.attributes, &json!([operation])).unwrap_or_else(|e| panic!("{operation}: {e}"));
    done.attributes.get(URN).cloned().unwrap_or(Value::Null)
}

#[test]
fn values_are_brought_to_the_declared_names_and_types() {
    let sent = json!({
        "BADGE": 7, "rate": 1.5, "Remote": "True", "since": "2024-05-01T10:00:00+02:00", "site": " ", "home": "https://x/A",
        "photo": "aGk=", "tags": "one", "levels": [1, 2, 2], "Other": { "kept": ["as", "it", "is"] },
    });
    let stored = json!({
        "badge": 7, "rate": 1.5, "remote": true, "since": "2024-05-01T10:00:00+02:00", "home": "https://x/A",
        "photo": "aGk=", "tags": ["one"], "levels": [1, 2], "Other": { "kept": ["as", "it", "is"] },
    });
    assert_eq!(kept(sent.clone()), stored);
    let touched = posted(sent).unwrap().touched;
    assert!(
        touched.contains(&format!("{URN}:badge")) && touched.contains(&format!("{URN}:Other")),
        "{touched:?}"
    );
    assert_eq!(kept(json!({ "rate": 2 })), json!({ "rate": 2 }));
    assert_eq!(kept(json!({ "badge": null, "tags": [] })), Value::Null);
}

#[test]
fn wrong_values_are_refused_by_name() {
    for (name, value) in [
        ("badge", json!("7")),
        ("badge", json!(7.5)),
        ("badge", json!(true)),
        ("badge", json!([1, 2])),
        ("badge", json!({ "a": 1 })),
        ("rate", json!("1.5")),
        ("remote", json!("yes")),
        ("remote", json!(1)),
        ("since", json!("yesterday")),
        ("since", json!("2024-05-01")),
        ("since", json!(2024)),
        ("site", json!(5)),
        ("site", json!(["a", "b"])),
        ("photo", json!("not base64")),
        ("photo", json!("aGk=a")),
        ("tags", json!([1])),
        ("levels", json!(["x"])),
        ("levels", json!([[1]])),
    ] {
        let path = format!("{URN}:{name}");
        for error in [
            posted(json!({ name: value })).unwrap_err(),
            patched(
                &Attributes::new(),
                &json!([{ "op": "add", "path": path, "value": value }]),
            )
            .unwrap_err(),
            patched(
                &Attributes::new(),
                &json!([{ "op": "replace", "value": { URN: { name: value } } }]),
            )
            .unwrap_err(),
        ] {
            assert_eq!(error.scim_type, Some(ScimType::InvalidValue), "{path} {value}");
            assert!(error.detail.contains(&path), "{}", error.detail);
        }
    }
}

#[test]
fn patch_reaches_them_by_path_and_inside_of_the_extension() {
    let path = |name: &str| format!("{}:{name}", URN.to_uppercase());
    let old = json!({ "badge": 1, "tags": ["a", "b"], "Other": 1 });
    for (operation, expected) in [
        (
            json!({ "op": "replace", "path": path("BADGE"), "value": 2 }),
            json!({ "badge": 2, "tags": ["a", "b"], "Other": 1 }),
        ),
        (
            json!({ "op": "remove", "path": path("badge") }),
            json!({ "tags": ["a", "b"], "Other": 1 }),
        ),
        (
            json!({ "op": "add", "path": path("tags"), "value": ["b", "c"] }),
            json!({ "badge": 1, "tags": ["a", "b", "c"], "Other": 1 }),
        ),
        (
            json!({ "op": "add", "path": path("tags"), "value": [] }),
            old.clone(),
        ),
        (
            json!({ "op": "replace", "path": path("tags"), "value": "z" }),
            json!({ "badge": 1, "tags": ["z"], "Other": 1 }),
        ),
        (
            json!({ "op": "remove", "path": path("tags"), "value": ["a"] }),
            json!({ "badge": 1, "tags": ["b"], "Other": 1 }),
        ),
        (
            json!({ "op": "remove", "path": path("tags"), "value": ["a", "b"] }),
            json!({ "badge": 1, "Other": 1 }),
        ),
        (
            json!({ "op": "add", "path": URN, "value": { "Badge": 3, "site": "S" } }),
            json!({ "badge": 3, "tags": ["a", "b"], "Other": 1, "site": "S" }),
        ),
        (
            json!({ "op": "add", "value": { path("badge"): 4 } }),
            json!({ "badge": 4, "tags": ["a", "b"], "Other": 1 }),
        ),
        (json!({ "op": "remove", "path": URN }), Value::Null),
        (
            json!({ "op": "remove", "path": path("other") }),
            json!({ "badge": 1, "tags": ["a", "b"] }),
        ),
    ] {
        assert_eq!(after(&old, &operation), expected, "{operation}");
    }
    for (path, scim_type) in [
        (path("badge.part"), ScimType::InvalidPath),
        (path("tags[value eq \"a\"]"), ScimType::InvalidPath),
    ] {
        let error = patched(
            &Attributes::new(),
            &json!([{ "op": "replace", "path": path, "value": 1 }]),
        )
        .unwrap_err();
        assert_eq!(error.scim_type, Some(scim_type), "{path}");
    }
}

#[test]
fn what_was_kept_before_the_declaration_stays_until_it_is_written() {
    let old = json!({ "Badge": "seven", "Tags": "a" });
    assert_eq!(
        after(&old, &json!({ "op": "replace", "path": "title", "value": "T" })),
        old
    );
    let path = |name: &str| format!("{URN}:{name}");
    assert_eq!(
        after(
            &old,
            &json!({ "op": "replace", "path": path("badge"), "value": 7 })
        ),
        json!({ "Tags": "a", "badge": 7 })
    );
    assert_eq!(
        after(&old, &json!({ "op": "add", "path": path("tags"), "value": "b" })),
        json!({ "Badge": "seven", "tags": ["a", "b"] })
    );
}

#[test]
fn filters_compare_by_the_declared_type() {
    let user = posted(json!({
        "badge": 10, "rate": 1.25, "remote": true, "since": "2024-05-01T10:00:00+02:00", "site": "Pécs", "home": "https://x/A",
        "tags": ["Red", "blue"], "levels": [3, 9],
    }));
    let user = user.unwrap().attributes;
    let is_met = |text: &str| {
        let filter = Filter::parse(&format!("{URN}:{text}")).unwrap();
        matches(&filter, ResourceType::User, &rules().custom, &user)
    };
    for text in [
        "badge gt 9",
        "BADGE le 10.0",
        "rate lt 1.3",
        "remote eq true",
        "remote eq \"True\"",
        "since eq \"2024-05-01T08:00:00Z\"",
        "since lt \"2024-05-01T08:00:01Z\"",
        "site eq \"PÉCS\"",
        "site sw \"p\"",
        "home eq \"https://x/A\"",
        "tags eq \"RED\"",
        "levels ge 9",
        "levels pr",
        "photo eq null",
    ] {
        assert!(is_met(text), "{text}");
    }
    for text in [
        "badge gt 10",
        "badge eq \"10\"",
        "since gt \"2024-05-01T09:00:00Z\"",
        "home eq \"https://x/a\"",
        "levels gt 9",
        "photo pr",
        "badge.x pr",
    ] {
        assert!(!is_met(text), "{text}");
    }
}

#[test]
fn answers_can_be_cut_down_to_them() {
    let user = posted(json!({ "badge": 1, "site": "S", "members": "m" }))
        .unwrap()
        .attributes;
    let shown = |only: Option<&str>, not: Option<&str>| {
        let mut user = user.clone();
        let projection = Projection::parse(only, not, &rules()).unwrap();
        projection.apply(ResourceType::User, &mut user);
        user.get(URN).cloned().unwrap_or(Value::Null)
    };
    assert_eq!(
        shown(Some("userName,urn:ACME:people:BADGE"), None),
        json!({ "badge": 1 })
    );
    assert_eq!(shown(Some("URN:acme:people"), None)["site"], "S");
    assert_eq!(shown(Some("userName"), None), Value::Null);
    assert_eq!(
        shown(None, Some("urn:acme:people:badge")),
        json!({ "site": "S", "members": "m" })
    );
    assert_eq!(shown(None, Some("urn:acme:people")), Value::Null);
    let theirs = Projection::parse(None, Some("urn:acme:people:members"), &rules()).unwrap();
    assert!(
        theirs.wants("members"),
        "an extension's attribute is not the group's"
    );
}

#[test]
fn the_other_resource_type_keeps_them_as_they_are() {
    let group = json!({ "displayName": "G", URN: { "badge": "x" } });
    let group = accept(ResourceType::Group, group, &rules()).unwrap();
    assert_eq!(group.attributes[URN], json!({ "badge": "x" }));
}
