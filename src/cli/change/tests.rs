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
    change
        .apply(Scope::UsersAndGroups, Custom::none(), &mut policies)
        .unwrap();
    assert_eq!((policies.leaver, policies.drift), (Leaver::Leave, Drift::Report));
    assert_eq!(policies.drift_at("title"), Drift::Enforce);
    assert_eq!(policies.mapping[0].template, "{{ userName }}=");
    assert_eq!(policies.mapping[1].kind, ResourceType::Group);
    let back = Change {
        drift_of: vec!["title=".into()],
        unmap: vec!["group:displayname".into()],
        ..Change::default()
    };
    back.apply(Scope::UsersAndGroups, Custom::none(), &mut policies)
        .unwrap();
    assert_eq!((policies.drift_of.len(), policies.mapping.len()), (0, 1));
    assert_eq!(policies.carry_users, "title pr");
}

#[test]
fn what_cannot_be_is_said() {
    let refused = |change: Change| {
        change
            .apply(Scope::Users, Custom::none(), &mut Policies::default())
            .unwrap_err()
    };
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

#[test]
fn one_attribute_has_one_spelling() {
    let mut policies = Policies::default();
    let mut edit = |drift_of: &[&str], map: &[&str], unmap: &[&str]| {
        let owned = |all: &[&str]| all.iter().map(|&text| text.to_owned()).collect();
        let change = Change {
            drift_of: owned(drift_of),
            map: owned(map),
            unmap: owned(unmap),
            ..Change::default()
        };
        let done = change.apply(Scope::UsersAndGroups, Custom::none(), &mut policies);
        mapping::check(&mut policies, Custom::none()).unwrap();
        (done, policies.drift_of.clone(), policies.mapping.len())
    };
    let long = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
    edit(&["enterprise.department=enforce", "Title=enforce"], &[], &[])
        .0
        .unwrap();
    let (_, drift, _) = edit(&["enterprise.Department=report", "title=adopt"], &[], &[]);
    assert_eq!(
        drift,
        [
            (long.to_owned(), Drift::Report),
            ("title".to_owned(), Drift::Adopt)
        ]
        .into()
    );
    let (done, drift, _) = edit(&["enterprise.department=", "TITLE="], &[], &[]);
    assert_eq!((done, drift.len()), (Ok(()), 0));
    assert!(
        edit(&["title="], &[], &[]).0.is_err(),
        "nothing is taken back unsaid"
    );
    for template in ["{{ title }}", "{{ userName }}"] {
        let map = format!("enterprise.department={template}");
        let (done, _, rows) = edit(&[], &[&map], &[]);
        assert_eq!((done, rows), (Ok(()), 1));
    }
    let (done, _, rows) = edit(&[], &[], &["enterprise.DEPARTMENT"]);
    assert_eq!((done, rows), (Ok(()), 0));
}
