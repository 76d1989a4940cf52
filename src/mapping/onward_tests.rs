//! Who goes onward, and what templates make of them.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::tests::user;
use super::*;
use crate::model::policies::Drift;
use crate::model::{MapRow, Policies};
use crate::scim::rules::Custom;
use crate::scim::urn;

fn ada() -> Resource {
    let department = format!("{}:department", urn::ENTERPRISE_USER);
    let ada = user(
        json!({ "schemas": [urn::USER], "externalId": "e1", "userName": "Ada@Example.com", "title": "unowned", "active": true,
                "name": { "givenName": "Ada", "familyName": "Lovelace" },
                "emails": [{ "value": "ada@home.example", "type": "home" }, { "value": "ada@work.example", "type": "work" }],
                urn::ENTERPRISE_USER: { "department": "Engines" } }),
        &[
            "externalId",
            "userName",
            "active",
            "name.givenName",
            "name.familyName",
            "emails",
            &department,
        ],
    );
    Resource {
        name: "Ada@Example.com".into(),
        external_id: Some("e1".into()),
        ..ada
    }
}

fn map(rows: &[(&str, &str)]) -> Policies {
    let row = |(path, template): &(&str, &str)| MapRow {
        kind: ResourceType::User,
        path: (*path).into(),
        template: (*template).into(),
        required: false,
    };
    let mut policies = Policies {
        mapping: rows.iter().map(row).collect(),
        ..Policies::default()
    };
    check(&mut policies, Custom::none()).unwrap();
    policies
}

fn wanted(rows: &[(&str, &str)]) -> Wanted {
    Onward::new(&map(rows), Custom::none()).of(&ada())
}

fn refusal(path: &str, template: &str) -> String {
    let mut policies = Policies {
        mapping: vec![MapRow {
            kind: ResourceType::User,
            path: path.into(),
            template: template.into(),
            required: false,
        }],
        ..Policies::default()
    };
    let flaw = check(&mut policies, Custom::none()).unwrap_err();
    assert_eq!((flaw.field, flaw.row), ("mapping", Some(0)), "{path} {template}");
    flaw.text
}

#[test]
fn without_rows_everything_goes_as_it_is() {
    let plain = wanted(&[]);
    assert_eq!(plain.document, desired(&ada()));
    assert_eq!(plain.desired, fingerprint(ResourceType::User, &desired(&ada())));
    assert_eq!(
        (&*plain.name, plain.external_id.as_deref()),
        ("Ada@Example.com", Some("e1"))
    );
    assert!(!plain.renamed && plain.faults.is_empty() && !plain.is_silent("title"));
}

#[test]
fn templates_make_values_of_owned_attributes() {
    let made = wanted(&[
        ("userName", "{{ work_email|lower }}"),
        ("displayName", "{{ name.givenName }} {{ name.familyName|upper }}"),
        (
            "title",
            "{{ enterprise.department|replace('Eng', 'Op') }}{{ title }}",
        ),
        ("name.givenName", "{{ userName|before('@') }}"),
        ("emails[type eq \"work\"].value", "{{ userName|after('@') }}"),
        ("enterprise.costCenter", "{{ 'A' if active else 'B' }}"),
        (
            "nickName",
            "{{ nickName|default(extensions['urn:x:y'].z)|default('none') }}",
        ),
    ]);
    let doc = Value::Object(made.document.clone());
    assert_eq!(made.faults, Vec::<String>::new());
    assert_eq!(made.name, "ada@work.example");
    assert!(made.renamed);
    assert_eq!(doc["displayName"], "Ada LOVELACE");
    assert_eq!(doc["title"], "Opines", "what nobody owns is not seen");
    assert_eq!(
        doc["name"],
        json!({ "familyName": "Lovelace", "givenName": "Ada" })
    );
    assert_eq!(doc["emails"][0]["value"], "ada@home.example");
    assert_eq!(
        doc["emails"][1],
        json!({ "value": "Example.com", "type": "work" })
    );
    assert_eq!(doc[urn::ENTERPRISE_USER]["costCenter"], "A");
    assert_eq!(doc["nickName"], "none");
}

#[test]
fn an_empty_result_says_nothing_and_clears_nothing() {
    let mut ours = ada();
    ours.owned.insert("displayName".into());
    let policies = map(&[("displayName", "{{ nickName }}"), ("name", ""), ("emails", "")]);
    let made = Onward::new(&policies, Custom::none()).of(&ours);
    assert!(made.cleared.is_empty() && made.faults.is_empty());
    for path in ["displayName", "name.givenName", "name.familyName", "emails"] {
        assert!(made.is_silent(path) && !made.desired.contains_key(path), "{path}");
    }
    assert!(made.desired.contains_key("userName") && !made.is_silent("userName"));
}

#[test]
fn what_a_template_cannot_make_stays_and_is_told() {
    let made = wanted(&[("userName", "{{ nickName }}"), ("displayName", "{{ 1 / 0 }}")]);
    assert_eq!(made.name, "Ada@Example.com");
    assert!(made.is_silent("userName") && made.is_silent("displayName"));
    assert_eq!(made.faults.len(), 2, "{:?}", made.faults);
    assert!(made.faults[0].starts_with("our mapping of userName: it gives no value"));
}

#[test]
fn nobody_unmanaged_is_mapped() {
    let theirs = user(json!({ "userName": "a" }), &[]);
    let made = Onward::new(&map(&[("title", "T")]), Custom::none()).of(&theirs);
    assert!(made.desired.is_empty());
}

#[test]
fn templates_reach_nothing_and_end() {
    for hostile in [
        "{% for a in [1] %}{{ a }}{% endfor %}",
        "{% set a = 1 %}",
        "{% include 'x' %}",
        "{{ 'a' * 100000000 }}",
        "{{ 2 ** 9999 }}",
        "{{ range(100) }}",
        "{{ userName",
        "{{ (((( }}",
        &"x".repeat(1001),
        &format!("{{{{ {}1 }}}}", "(".repeat(400)),
    ] {
        assert!(!refusal("title", hostile).is_empty(), "{hostile}");
    }
    for (bad, why) in [
        ("{{ userName|attr('x') }}", "attr"),
        (
            &*format!("{{{{ {}userName }}}}", "userName ~ ".repeat(80)),
            "1,000 bytes",
        ),
        (
            "{{ userName|replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaa')|replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaa')|replace('a', 'aaaaaaaaaaaaaaaaaaaaaaaaa') }}",
            "1,000 bytes",
        ),
    ] {
        let made = wanted(&[("title", bad)]);
        assert!(
            made.is_silent("title") && made.faults[0].contains(why),
            "{:?}",
            made.faults
        );
    }
}

#[test]
fn rows_are_for_places_that_a_text_fills() {
    for path in [
        "",
        "nothing",
        "password",
        "id",
        "meta.created",
        "groups",
        "active",
        "addresses.country",
        "emails.value",
        "emails[type eq \"home\"].value",
        "emails[type eq \"work\"].display",
        "urn:x:y:z",
        "enterprise.manager.value",
    ] {
        refusal(path, "x");
    }
    for path in ["enterprise.manager", "addresses", "name", "*"] {
        assert!(refusal(path, "x").contains("leave its template empty"), "{path}");
        wanted(&[(path, "")]);
    }
    refusal("*", "{{ * }}");
    refusal("userName", "");
    let mut twice = Policies {
        mapping: [("title", "a"), ("TITLE", "b")]
            .map(|(path, template)| MapRow {
                kind: ResourceType::User,
                path: path.into(),
                template: template.into(),
                required: false,
            })
            .into(),
        ..Policies::default()
    };
    assert_eq!(check(&mut twice, Custom::none()).unwrap_err().row, Some(1));
}

fn scoped(users: &str) -> Policies {
    Policies {
        carry_users: users.into(),
        ..Policies::default()
    }
}

#[test]
fn a_filter_says_who_goes_onward() {
    let carries = |filter: &str| Onward::new(&scoped(filter), Custom::none()).carries(&ada());
    assert_eq!(carries(""), Carried::In);
    assert_eq!(carries(r#"department eq "engines""#), Carried::In);
    assert_eq!(
        carries(r#"userName ew "@example.com" and active eq true"#),
        Carried::In
    );
    assert_eq!(
        carries(r#"emails[type eq "work" and value co "home"]"#),
        Carried::Out
    );
    assert_eq!(carries("nickName pr"), Carried::Out);
    assert_eq!(carries(r#"userName eq "#), Carried::Unclear);
    let broken = scoped("userName");
    assert!(
        Onward::new(&broken, Custom::none())
            .flaw()
            .unwrap()
            .starts_with("the filter of users")
    );
    assert!(Onward::new(&scoped(""), Custom::none()).flaw().is_none());
}

#[test]
fn a_filter_that_could_match_nobody_is_not_saved() {
    for (filter, why) in [
        ("userNam pr", "userNam"),
        (r#"groups.display eq "A""#, "groups"),
        (r#"emails[typ eq "work"]"#, "typ"),
        ("userName eq", "at the end of"),
        (&*"x".repeat(5000), "4096"),
    ] {
        let flaw = check(&mut scoped(filter), Custom::none()).unwrap_err();
        assert_eq!(flaw.field, "carry_users");
        assert!(flaw.text.contains(why), "{filter}: {}", flaw.text);
    }
}

#[test]
fn groups_are_named_or_matched() {
    let group = |name: &str| Resource {
        kind: ResourceType::Group,
        name: name.into(),
        ..user(json!({ "displayName": name }), &["displayName"])
    };
    let policies = Policies {
        carry_groups: r#"displayName sw "App-""#.into(),
        carry_group_names: vec!["Staff".into()],
        ..Policies::default()
    };
    let onward = Onward::new(&policies, Custom::none());
    assert_eq!(
        ["App-x", "staff", "Other"].map(|g| onward.carries(&group(g))),
        [Carried::In, Carried::In, Carried::Out]
    );
    let named = Policies {
        carry_group_names: vec!["Staff".into()],
        ..Policies::default()
    };
    assert_eq!(
        Onward::new(&named, Custom::none()).carries(&group("Other")),
        Carried::Out
    );
}

#[test]
fn a_drift_policy_is_the_paths_own_or_its_wholes() {
    let mut policies = Policies {
        drift_of: BTreeMap::from([
            ("NAME".into(), Drift::Adopt),
            ("name.givenName".into(), Drift::Enforce),
        ]),
        ..Policies::default()
    };
    check(&mut policies, Custom::none()).unwrap();
    assert_eq!(policies.drift_at("name.familyName"), Drift::Adopt);
    assert_eq!(policies.drift_at("name.givenName"), Drift::Enforce);
    assert_eq!(policies.drift_at("title"), Drift::Report);
    policies.drift_of.insert("nothing".into(), Drift::Adopt);
    assert_eq!(
        check(&mut policies, Custom::none()).unwrap_err().field,
        "drift_of"
    );
}
