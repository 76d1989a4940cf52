#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::connector::catalog;

fn of(slug: &str) -> Known {
    known(catalog::find(slug).unwrap()).unwrap()
}

#[test]
fn yes_no_and_unknown_are_three() {
    let atlassian = of("atlassian-cloud");
    for row in [
        ("Users", "create, change, deactivate, list; not delete"),
        ("Groups", "create, list; not change"),
        ("Changed by", "PATCH"),
        ("Largest page", "100"),
        ("Token sent as", "Authorization: Bearer"),
    ] {
        assert!(atlassian.rows.contains(&(row.0, row.1.into())), "{row:?}");
    }
    assert_eq!(
        atlassian.unknown,
        ["whether it can delete groups", "whether it takes PUT"]
    );
    let docusign = of("docusign");
    let groups = ("Groups", "not create, change or delete".to_owned());
    assert!(docusign.rows.contains(&groups));
    for unknown in [
        "whether it can delete or list users",
        "whether it can list groups",
        "how the token is sent",
        "the form of its base URL",
    ] {
        assert!(docusign.unknown.contains(&unknown.to_owned()), "{unknown}");
    }
}

#[test]
fn limits_are_told() {
    let aws = of("aws-iam-identity-center");
    assert!(aws.rows.contains(&("Largest page", "50".into())));
    assert!(
        aws.rows
            .contains(&("Members in one change", "at most 100".into()))
    );
    assert!(
        of("slack")
            .rows
            .contains(&("Writes a minute", "at most 180".into()))
    );
    assert!(
        of("proof")
            .rows
            .contains(&("Token sent as", "header ApiKey".into()))
    );
    assert!(known(catalog::find(catalog::GENERIC).unwrap()).is_none());
}
