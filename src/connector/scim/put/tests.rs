use super::*;
use crate::scim::urn;

fn object(value: &Value) -> Attributes {
    value.as_object().cloned().unwrap_or_default()
}

#[test]
fn only_what_is_ours_changes() {
    let held = object(&json!({
        "schemas": [urn::USER], "id": "1", "USERNAME": "a", "title": "T", "badge": 7, "meta": { "version": "x" },
        "name": { "givenName": "A", "familyName": "B" }, "urn:x:y": { "k": 1 }, "groups": [{ "value": "g" }],
    }));
    let department = format!("{}:department", urn::ENTERPRISE_USER);
    let changes = [
        ("userName".to_owned(), Some(json!("b"))),
        ("title".to_owned(), None),
        ("name.givenName".to_owned(), Some(json!("C"))),
        (department, Some(json!("D"))),
    ];
    let body = merged(ResourceType::User, held, &changes, &Attributes::new());
    let expected = object(&json!({
        "schemas": [urn::USER, urn::ENTERPRISE_USER, "urn:x:y"], "id": "1", "userName": "b", "badge": 7,
        "name": { "familyName": "B", "givenName": "C" }, "urn:x:y": { "k": 1 },
        urn::ENTERPRISE_USER: { "department": "D" },
    }));
    assert_eq!(body, expected);
}

#[test]
fn a_renamed_group_keeps_its_members_and_required_names_are_filled_in() {
    let held = object(&json!({ "id": "g", "members": [{ "value": "1" }], "externalId": "x" }));
    let full = object(&json!({ "displayName": "G" }));
    let body = merged(
        ResourceType::Group,
        held,
        &[("externalId".to_owned(), None)],
        &full,
    );
    let expected = object(
        &json!({ "schemas": [urn::GROUP], "displayName": "G", "id": "g", "members": [{ "value": "1" }] }),
    );
    assert_eq!(body, expected);
}
