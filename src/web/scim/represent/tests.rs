//! What is spliced into a stored document.
#![expect(clippy::unwrap_used, reason = "tests")]
use serde_json::json;

use super::*;

fn view(kind: ResourceType, linked: &[(&str, &str, ResourceType)]) -> View {
    let meta = json!({"resourceType": kind.name(), "version": "W/\"7\""});
    let doc = json!({"schemas": [], "id": "5", "title": "W/\"1\"}}", "meta": meta}).to_string();
    let mut view = View::bare(
        kind,
        Stored {
            row: 1,
            id: "5".into(),
            doc,
        },
    );
    view.linked = linked
        .iter()
        .map(|(id, display, kind)| Member {
            row: 0,
            id: (*id).into(),
            display: (*display).into(),
            kind: *kind,
        })
        .collect();
    view
}

fn read(view: &View, place: Place) -> Value {
    let text = view
        .text("http://a\"\\b/v2", &Projection::default(), place)
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_user_is_shown_with_groups_and_a_version_that_knows_them() {
    let groups = [
        ("8", "D\"\n", ResourceType::Group),
        ("9", "Ü", ResourceType::Group),
    ];
    let in_groups = view(ResourceType::User, &groups);
    let shown = read(&in_groups, Place::Alone);
    let at = |id: &str| format!("http://a\"\\b/v2/Groups/{id}");
    assert_eq!(
        shown["groups"],
        json!([
            {"value": "8", "$ref": at("8"), "display": "D\"\n", "type": "direct"},
            {"value": "9", "$ref": at("9"), "display": "Ü", "type": "direct"},
        ])
    );
    assert_eq!(shown["meta"]["version"], in_groups.tag().unwrap());
    assert_eq!(shown["meta"]["location"], "http://a\"\\b/v2/Users/5");
    assert_eq!(shown["title"], "W/\"1\"}}");
    assert!(in_groups.tag().unwrap().starts_with("W/\"7-"));
    assert_ne!(
        in_groups.tag().unwrap(),
        view(ResourceType::User, &groups[..1]).tag().unwrap()
    );
    let alone = read(&view(ResourceType::User, &[]), Place::Alone);
    assert_eq!(alone["meta"]["version"], "W/\"7\"");
    assert!(alone.get("groups").is_none());
}

#[test]
fn members_bear_their_names_in_lists_alone() {
    let group = view(
        ResourceType::Group,
        &[("8", "A", ResourceType::User), ("9", "G", ResourceType::Group)],
    );
    let (alone, list) = (read(&group, Place::Alone), read(&group, Place::List));
    assert_eq!(
        alone["members"][0],
        json!({"value": "8", "$ref": "http://a\"\\b/v2/Users/8", "type": "User"})
    );
    assert_eq!(
        list["members"][1],
        json!({"value": "9", "$ref": "http://a\"\\b/v2/Groups/9", "display": "G", "type": "Group"})
    );
    assert_eq!(alone["meta"]["version"], "W/\"7\"");
}

#[test]
fn a_document_that_ends_otherwise_is_damaged() {
    let mut view = view(ResourceType::User, &[]);
    view.stored.doc = "{\"meta\":{}}".into();
    assert!(matches!(view.tag(), Err(StoreError::Damaged(_))));
}
