#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

#[test]
fn what_is_not_named_stays() {
    let mut policies = Policies::default();
    let change = Change {
        leaver: Some(Leaver::Leave),
        drift_of: vec!["title=enforce".into()],
        carry_users: Some("title pr".into()),
        carry_group: vec!["Staff".into()],
        map: vec![
            "emails[type eq \"work\"].value={{ userName }}=".into(),
            "group:displayName=x".into(),
        ],
        ..Change::default()
    };
    change.apply(Scope::UsersAndGroups, &mut policies).unwrap();
    assert_eq!((policies.leaver, policies.drift), (Leaver::Leave, Drift::Report));
    assert_eq!(policies.drift_at("title"), Drift::Enforce);
    assert_eq!(policies.mapping[0].template, "{{ userName }}=");
    assert_eq!(policies.mapping[1].kind, ResourceType::Group);
    let back = Change {
        drift_of: vec!["title=".into()],
        unmap: vec!["group:displayname".into()],
        ..Change::default()
    };
    back.apply(Scope::UsersAndGroups, &mut policies).unwrap();
    assert_eq!((policies.drift_of.len(), policies.mapping.len()), (0, 1));
    assert_eq!(policies.carry_users, "title pr");
}

#[test]
fn what_cannot_be_is_said() {
    let refused = |change: Change| change.apply(Scope::Users, &mut Policies::default()).unwrap_err();
    let given = |given: &str| vec![given.to_owned()];
    let map = Change {
        map: given("title"),
        ..Change::default()
    };
    assert!(refused(map).contains("has no “=”"));
    let drift = Change {
        drift_of: given("title=maybe"),
        ..Change::default()
    };
    assert_eq!(refused(drift), "use report, enforce, adopt");
    let unmap = Change {
        unmap: given("title"),
        ..Change::default()
    };
    assert!(refused(unmap).contains("Nothing is mapped"));
}
