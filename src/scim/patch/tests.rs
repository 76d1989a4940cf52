#![expect(clippy::unwrap_used, reason = "tests")]
mod any;
mod members;

use serde_json::json;

use super::*;
use crate::scim::error::ScimType;
use crate::scim::resource::accept;
use crate::scim::urn::{ENTERPRISE_USER, USER};

fn message(operations: &Value) -> Value {
    json!({ "schemas": [urn::PATCH_OP], "Operations": operations })
}

fn start() -> Attributes {
    let user = json!({
        "userName": "eva@x", "name": { "givenName": "Eva", "familyName": "Nagy" }, "title": "Clerk",
        "emails": [{ "value": "eva@x", "type": "work", "primary": true }, { "value": "home@x", "type": "home" }],
        "addresses": [{ "type": "work", "locality": "Pécs", "postalCode": "1" }], ENTERPRISE_USER: { "department": "D", "manager": { "value": "m" } },
    });
    accept(ResourceType::User, user, &Rules::default())
        .unwrap()
        .attributes
}

fn patched(operations: &Value) -> Result<Patched, ScimError> {
    let request = PatchRequest::parse(ResourceType::User, &message(operations), &Rules::default())?;
    assert!(request.member_changes().is_empty());
    request.apply(&start())
}

/// The document after the operations, and what was touched.
fn done(operations: &Value) -> (Value, Vec<String>) {
    let patched = patched(operations).unwrap_or_else(|error| panic!("{operations}: {error}"));
    (Value::Object(patched.attributes), patched.touched)
}

fn refused(operations: &Value) -> ScimType {
    patched(operations).map(|_| ()).unwrap_err().scim_type.unwrap()
}

#[test]
fn operations_apply_in_order() {
    let (user, touched) = done(&json!([
        { "op": "replace", "path": "title", "value": "A" }, { "op": "Replace", "path": "TITLE", "value": "B" },
        { "op": "add", "path": "nickName", "value": "N" }, { "op": "remove", "path": "nickName" }, { "op": "Replace", "path": "active", "value": "False" },
    ]));
    assert_eq!(
        (&user["title"], &user["active"], user.get("nickName")),
        (&json!("B"), &json!(false), None)
    );
    assert_eq!(touched, ["active", "nickName", "title"]);
}

#[test]
fn a_value_without_a_path_is_read_like_a_body() {
    let (user, touched) = done(&json!([{ "op": "replace", "value": {
        "displayName": "Eva N", "name.givenName": "É", "name": { "middleName": "M" }, format!("{ENTERPRISE_USER}:employeeNumber"): "7",
        ENTERPRISE_USER: { "department": "Ops" }, "id": "any", "schemas": [USER], "meta": {}, "groups": [], "password": "secret", "unknown": 1,
        "emails[type eq \"work\"].value": "new@x",
    } }]));
    assert_eq!(
        user["name"],
        json!({ "givenName": "É", "familyName": "Nagy", "middleName": "M" })
    );
    assert_eq!(
        user[ENTERPRISE_USER],
        json!({ "employeeNumber": "7", "department": "Ops", "manager": { "value": "m" } })
    );
    assert_eq!(user["emails"][0]["value"], "new@x");
    assert!(
        user.get("name.givenName").is_none() && user.get("id").is_none() && user.get("unknown").is_none()
    );
    let department = format!("{ENTERPRISE_USER}:department");
    let number = format!("{ENTERPRISE_USER}:employeeNumber");
    assert_eq!(
        touched,
        [
            "displayName",
            "emails",
            "name.givenName",
            "name.middleName",
            &department,
            &number
        ]
    );
}

#[test]
fn values_are_selected_by_a_filter() {
    let (user, touched) = done(&json!([
        { "op": "replace", "path": "emails[type eq \"work\"].value", "value": "w@x" },
        { "op": "add", "path": "Emails[type eq \"other\"].Value", "value": "o@x" },
        { "op": "replace", "path": "emails[type eq \"work\"].display", "value": "W" },
        { "op": "add", "path": "emails[type eq \"work\"].primary", "value": false },
        { "op": "replace", "path": "emails[type eq \"home\"].primary", "value": "True" },
        { "op": "replace", "path": "addresses[type eq \"work\"].postalCode", "value": "2" },
        { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "555" },
        { "op": "Add", "path": "phoneNumbers[type eq \"mobile\"].display", "value": "Mobile" },
        { "op": "Add", "path": "roles[primary eq \"True\"].value", "value": "admin" },
    ]));
    assert_eq!(
        user["emails"],
        json!([{ "value": "w@x", "display": "W", "type": "work", "primary": false }, { "value": "home@x", "type": "home", "primary": true }, { "value": "o@x", "type": "other" }])
    );
    assert_eq!(
        user["addresses"],
        json!([{ "locality": "Pécs", "postalCode": "2", "type": "work" }])
    );
    assert_eq!(
        user["phoneNumbers"],
        json!([{ "value": "555", "display": "Mobile", "type": "mobile" }])
    );
    assert_eq!(user["roles"], json!([{ "value": "admin", "primary": true }]));
    assert_eq!(touched, ["addresses", "emails", "phoneNumbers", "roles"]);
}

#[test]
fn whole_values_are_replaced_and_removed_by_a_filter() {
    let (user, _) = done(&json!([
        { "op": "replace", "path": "addresses[type eq \"work\"]", "value": { "locality": "Győr" } },
        { "op": "remove", "path": "emails[type eq \"home\"]" },
        { "op": "remove", "path": "emails[type eq \"pager\"]" },
        { "op": "add", "path": "ims[type eq \"xmpp\"]", "value": [{ "value": "eva@im" }] },
    ]));
    assert_eq!(user["addresses"], json!([{ "locality": "Győr", "type": "work" }]));
    assert_eq!(user["emails"].as_array().unwrap().len(), 1);
    assert_eq!(user["ims"], json!([{ "value": "eva@im", "type": "xmpp" }]));
    let (user, _) = done(
        &json!([{ "op": "remove", "path": "emails[type eq \"home\"].value" }, { "op": "remove", "path": "addresses" }]),
    );
    assert_eq!(
        user["emails"],
        json!([{ "value": "eva@x", "type": "work", "primary": true }])
    );
    assert!(user.get("addresses").is_none());
}

#[test]
fn adding_to_a_list_adds_what_is_new() {
    let home = json!({ "op": "add", "path": "emails", "value": [{ "type": "other", "value": "o@x", "primary": true }] });
    let (user, _) = done(
        &json!([home, home, { "op": "add", "path": "emails", "value": { "value": "home@x", "type": "home", "display": "H" } }]),
    );
    assert_eq!(
        user["emails"],
        json!([{ "value": "eva@x", "type": "work", "primary": false }, { "value": "home@x", "display": "H", "type": "home" }, { "value": "o@x", "type": "other", "primary": true }])
    );
    let (user, _) = done(&json!([{ "op": "replace", "path": "emails", "value": [{ "value": "only@x" }] }]));
    assert_eq!(user["emails"], json!([{ "value": "only@x" }]));
    let (user, _) = done(
        &json!([{ "op": "replace", "path": "emails", "value": [] }, { "op": "add", "path": "roles", "value": [] }]),
    );
    assert!(user.get("emails").is_none() && user.get("roles").is_none());
    let (user, _) = done(&json!([{ "op": "Remove", "path": "emails", "value": [{ "value": "home@x" }] }]));
    assert_eq!(user["emails"].as_array().unwrap().len(), 1);
}

#[test]
fn extensions_are_written_by_their_urn() {
    let path = |name: &str| format!("{ENTERPRISE_USER}:{name}");
    let (user, touched) = done(&json!([
        { "op": "Add", "path": path("manager"), "value": "m2" }, { "op": "remove", "path": path("department") },
        { "op": "Add", "path": "manager", "value": [{ "$ref": "r", "value": "m3" }] }, { "op": "add", "path": ENTERPRISE_USER, "value": { "costCenter": "C" } },
        { "op": "Add", "path": "urn:ietf:params:scim:schemas:extension:Custom:2.0:User:tag", "value": "7" },
    ]));
    assert_eq!(
        user[ENTERPRISE_USER],
        json!({ "costCenter": "C", "manager": { "value": "m3", "$ref": "r" } })
    );
    assert_eq!(
        user["schemas"],
        json!([
            USER,
            ENTERPRISE_USER,
            "urn:ietf:params:scim:schemas:extension:Custom:2.0:User"
        ])
    );
    assert!(touched.contains(&path("manager")) && touched.contains(&path("department")));
    let (user, touched) = done(&json!([{ "op": "remove", "path": ENTERPRISE_USER }]));
    assert_eq!(
        (user.get(ENTERPRISE_USER), &user["schemas"]),
        (None, &json!([USER]))
    );
    assert_eq!(touched, [path("department"), path("manager")]);
    let (user, _) = done(&json!([{ "op": "remove", "path": path("manager") }]));
    assert_eq!(user[ENTERPRISE_USER], json!({ "department": "D" }));
    let (user, _) = done(&json!([{ "op": "replace", "path": USER, "value": { "title": "T" } }]));
    assert_eq!(user["title"], "T");
}

#[test]
fn removing_a_complex_attribute_touches_its_parts() {
    let (user, touched) = done(&json!([{ "op": "remove", "path": "name" }]));
    assert!(user.get("name").is_none());
    assert_eq!(touched, ["name.familyName", "name.givenName"]);
    let (user, touched) =
        done(&json!([{ "op": "replace", "path": "name", "value": { "familyName": "", "givenName": "E" } }]));
    assert_eq!(user["name"], json!({ "givenName": "E" }));
    assert_eq!(touched, ["name.familyName", "name.givenName"]);
}

#[test]
fn passwords_are_dropped() {
    let (user, touched) = done(
        &json!([{ "op": "replace", "path": "password", "value": "secret" }, { "op": "add", "path": format!("{USER}:password"), "value": "secret" }]),
    );
    assert_eq!(user, Value::Object(start()));
    assert!(touched.is_empty());
}

#[test]
fn what_cannot_be_done_is_refused_with_its_keyword() {
    use ScimType::{InvalidFilter, InvalidPath, InvalidSyntax, InvalidValue, Mutability, NoTarget};
    for (operation, scim_type) in [
        (
            json!({ "op": "Replce", "path": "title", "value": "x" }),
            InvalidSyntax,
        ),
        (json!({ "path": "title", "value": "x" }), InvalidSyntax),
        (json!("replace"), InvalidSyntax),
        (json!({ "op": "replace", "path": 5, "value": "x" }), InvalidSyntax),
        (json!({ "op": "remove" }), NoTarget),
        (json!({ "op": "remove", "value": { "title": "x" } }), NoTarget),
        (
            json!({ "op": "replace", "path": "emails[type eq \"pager\"].value", "value": "x" }),
            NoTarget,
        ),
        (
            json!({ "op": "replace", "path": "emails[type eq \"pager\"]", "value": { "value": "x" } }),
            NoTarget,
        ),
        (
            json!({ "op": "add", "path": "emails[type ne \"work\" and type ne \"home\"].value", "value": "x" }),
            NoTarget,
        ),
        (json!({ "op": "remove", "path": "userName" }), Mutability),
        (
            json!({ "op": "replace", "path": "userName", "value": "" }),
            InvalidValue,
        ),
        (
            json!({ "op": "replace", "path": "active", "value": null }),
            InvalidValue,
        ),
        (
            json!({ "op": "replace", "path": "active", "value": "maybe" }),
            InvalidValue,
        ),
        (json!({ "op": "replace", "path": "id", "value": "x" }), Mutability),
        (
            json!({ "op": "add", "path": "groups", "value": [{ "value": "g" }] }),
            Mutability,
        ),
        (
            json!({ "op": "remove", "path": "groups[value eq \"g\"]" }),
            Mutability,
        ),
        (
            json!({ "op": "replace", "path": "meta.created", "value": "x" }),
            Mutability,
        ),
        (
            json!({ "op": "add", "path": format!("{ENTERPRISE_USER}:manager.displayName"), "value": "x" }),
            Mutability,
        ),
        (json!({ "op": "add", "path": "nick", "value": "x" }), InvalidPath),
        (
            json!({ "op": "add", "path": "members", "value": [] }),
            InvalidPath,
        ),
        (
            json!({ "op": "add", "path": format!("{ENTERPRISE_USER}:nick"), "value": "x" }),
            InvalidPath,
        ),
        (
            json!({ "op": "add", "path": "name[givenName eq \"x\"].familyName", "value": "x" }),
            InvalidPath,
        ),
        (
            json!({ "op": "add", "path": "emails[nick eq \"x\"].value", "value": "x" }),
            InvalidPath,
        ),
        (
            json!({ "op": "add", "path": "emails[type eq \"work\"].nick", "value": "x" }),
            InvalidPath,
        ),
        (
            json!({ "op": "replace", "path": "emails.value", "value": "x" }),
            InvalidPath,
        ),
        (
            json!({ "op": "replace", "path": "emails[", "value": "x" }),
            InvalidFilter,
        ),
        (
            json!({ "op": "replace", "path": "a b", "value": "x" }),
            InvalidPath,
        ),
        (json!({ "op": "replace", "path": "title" }), InvalidValue),
        (json!({ "op": "replace", "value": "x" }), InvalidValue),
        (json!({ "op": "add", "path": "title", "value": {} }), InvalidValue),
        (
            json!({ "op": "add", "path": ENTERPRISE_USER, "value": "x" }),
            InvalidValue,
        ),
        (
            json!({ "op": "Remove", "path": "emails", "value": [] }),
            InvalidValue,
        ),
    ] {
        assert_eq!(
            refused(&json!([{ "op": "replace", "path": "title", "value": "HALF" }, operation])),
            scim_type,
            "{operation}"
        );
    }
    let error = patched(&json!([{ "op": "replace", "path": "title", "value": "x" }, { "op": "remove" }]))
        .unwrap_err();
    assert!(error.detail.starts_with("Operation 2: "));
}

#[test]
fn a_message_without_operations_is_refused() {
    let op = json!({ "op": "replace", "path": "active", "value": false });
    for body in [
        json!({ "schemas": [urn::PATCH_OP], "operations": [op] }),
        json!({ "schemas": [urn::PATCH_OP] }),
        json!({ "Operations": [] }),
        json!({ "Operations": op }),
        json!([op]),
        json!({ "Operations": vec![op.clone(); Limits::default().patch_operations + 1] }),
    ] {
        assert_eq!(
            PatchRequest::parse(ResourceType::User, &body, &Rules::default())
                .unwrap_err()
                .status,
            400,
            "{body}"
        );
    }
    let request = PatchRequest::parse(
        ResourceType::User,
        &json!({ "Operations": [op] }),
        &Rules::default(),
    )
    .unwrap();
    assert_eq!(request.tolerated(), [Tolerance::NoPatchSchema]);
}

#[test]
fn the_id_may_be_repeated_but_not_changed() {
    let request = PatchRequest::parse(
        ResourceType::User,
        &message(&json!([{ "op": "replace", "value": { "id": "1", "title": "T" } }])),
        &Rules::default(),
    )
    .unwrap();
    let with_id = |id: &str| {
        let mut user = start();
        user.insert("id".to_owned(), json!(id));
        user
    };
    assert!(
        !request
            .apply(&with_id("1"))
            .unwrap()
            .attributes
            .contains_key("id")
    );
    assert_eq!(
        request.apply(&with_id("2")).unwrap_err().scim_type,
        Some(ScimType::Mutability)
    );
}

#[test]
fn requests_do_not_pile_up_a_large_document() {
    let pile = |n: usize| {
        let photo = |i| json!({ "value": format!("https://x/{i}"), "display": "x".repeat(60_000) });
        let operation =
            json!({ "op": "add", "path": "photos", "value": (0..n).map(photo).collect::<Vec<_>>() });
        patched(&json!([operation]))
    };
    assert!(pile(10).is_ok());
    assert_eq!(pile(20).unwrap_err().scim_type, Some(ScimType::TooMany));
}
