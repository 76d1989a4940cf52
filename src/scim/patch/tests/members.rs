//! Changes of members, which leave the message in their order.
use serde_json::json;

use super::*;

fn group(operations: &Value) -> Result<PatchRequest, ScimError> {
    PatchRequest::parse(ResourceType::Group, &message(operations), &Rules::default())
}

fn member(value: &str) -> Member {
    Member {
        value: value.to_owned(),
        kind: None,
    }
}

#[test]
fn changes_of_members_are_taken_out_in_order() {
    let request = group(&json!([
        { "op": "remove", "path": "members[value eq \"a\"]" }, { "op": "Add", "path": "members", "value": [{ "value": "b", "$ref": null }] },
        { "op": "Remove", "path": "members", "value": [{ "value": "c" }, { "value": "d" }] }, { "op": "remove", "path": "members" },
        { "op": "replace", "path": "members", "value": [] }, { "op": "add", "value": { "members": [{ "value": "e", "display": "E" }] } },
        { "op": "remove", "path": "members[value eq \"f\" or value eq \"g\"]" }, { "op": "remove", "path": "members[type eq \"Group\"]" },
    ]))
    .unwrap();
    assert!(request.only_members());
    let matching = Filter::eq("type", "Group");
    assert_eq!(
        request.member_changes(),
        [
            MemberChange::Remove(vec!["a".into()]),
            MemberChange::Add(vec![member("b")]),
            MemberChange::Remove(vec!["c".into(), "d".into()]),
            MemberChange::RemoveAll,
            MemberChange::Replace(vec![]),
            MemberChange::Add(vec![member("e")]),
            MemberChange::Remove(vec!["f".into(), "g".into()]),
            MemberChange::RemoveMatching(matching.clone()),
        ]
    );
    assert!(MemberChange::matches(
        &matching,
        &json!({ "value": "x", "type": "group" })
    ));
    assert!(!MemberChange::matches(
        &matching,
        &json!({ "value": "x", "type": "User" })
    ));
}

#[test]
fn a_rename_beside_members_is_told_apart() {
    let request =
        group(&json!([{ "op": "replace", "value": { "members": [], "id": "g", "displayName": "New" } }]))
            .unwrap();
    assert!(!request.only_members());
    assert_eq!(request.member_changes(), [MemberChange::Replace(vec![])]);
    let current = accept(
        ResourceType::Group,
        json!({ "displayName": "Old" }),
        &Rules::default(),
    )
    .unwrap()
    .attributes;
    let patched = request.apply(&current).unwrap();
    assert_eq!(
        (&patched.attributes["displayName"], patched.touched),
        (&json!("New"), vec!["displayName".to_owned()])
    );
}

#[test]
fn members_are_never_removed_by_mistake() {
    for operation in [
        json!({ "op": "Remove", "path": "members", "value": [] }),
        json!({ "op": "Remove", "path": "members", "value": [{}] }),
        json!({ "op": "remove", "path": "members[nick eq \"x\"]" }),
        json!({ "op": "remove", "path": "members[value eq \"x\"].value" }),
        json!({ "op": "replace", "path": "members[value eq \"x\"]", "value": { "value": "y" } }),
        json!({ "op": "replace", "path": "members" }),
        json!({ "op": "remove", "path": "displayName" }),
        json!({ "op": "add", "path": ENTERPRISE_USER, "value": {} }),
    ] {
        assert_eq!(group(&json!([operation])).unwrap_err().status, 400, "{operation}");
    }
    let many = |n: usize| json!([{ "op": "add", "path": "members", "value": (0..n).map(|n| json!({ "value": n.to_string() })).collect::<Vec<_>>() }, { "op": "add", "path": "members", "value": [{ "value": "x" }] }]);
    assert!(group(&many(Limits::default().members - 1)).is_ok());
    assert_eq!(
        group(&many(Limits::default().members)).unwrap_err().scim_type,
        Some(ScimType::TooMany)
    );
    let whole = |n: usize| {
        json!(vec![
            json!({ "op": "remove", "path": "members[display co \"x\"]" });
            n
        ])
    };
    assert!(group(&whole(10)).is_ok());
    assert_eq!(group(&whole(11)).unwrap_err().scim_type, Some(ScimType::TooMany));
}
