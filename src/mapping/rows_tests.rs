//! Rows of a mapping beyond plain texts: what an app requires, what it alone takes, and attributes that were declared.
#![expect(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::tests::user;
use super::*;
use crate::model::{MapRow, Policies};
use crate::scim::rules::{Custom, Declared};
use crate::scim::schema::Type;
use crate::scim::urn;

const URN: &str = "urn:acme:scim:2.0:User";

fn ada() -> Resource {
    let ours = json!({ "schemas": [urn::USER, URN], "userName": "ada", "title": "Countess", "active": true,
        "name": { "givenName": "Ada" }, "photos": [{ "value": "https://p.example/a.png" }],
        "emails": [{ "value": "ada@home.example", "type": "home" },
                   { "value": "ada@work.example", "type": "work", "primary": true }],
        URN: { "badge": 7, "desk": "B 12" } });
    let paths = resource::paths(ResourceType::User, ours.as_object().unwrap());
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    user(ours, &paths)
}

fn declared() -> Custom {
    let mut custom = Custom::default();
    for (name, kind, several) in [
        ("badge", Type::Integer, false),
        ("desk", Type::String, false),
        ("level", Type::Decimal, false),
        ("since", Type::DateTime, false),
        ("tags", Type::String, true),
    ] {
        let new = Declared::new(ResourceType::User, URN, name, kind, several);
        custom.add(new).unwrap();
    }
    custom
}

fn row(path: &str, template: &str, required: bool) -> MapRow {
    MapRow {
        kind: ResourceType::User,
        path: path.into(),
        template: template.into(),
        required,
    }
}

/// Saved as it would be, then applied to Ada.
fn wanted(rows: &[MapRow], custom: &Custom) -> Wanted {
    let mut policies = Policies {
        mapping: rows.to_vec(),
        ..Policies::default()
    };
    check(&mut policies, custom).unwrap();
    Onward::new(&policies, custom).of(&ada())
}

fn refusal(path: &str, template: &str, required: bool, custom: &Custom) -> String {
    let mut policies = Policies {
        mapping: vec![row(path, template, required)],
        ..Policies::default()
    };
    check(&mut policies, custom).unwrap_err().text
}

#[test]
fn declared_attributes_are_targets_and_inputs() {
    let custom = declared();
    let made = wanted(
        &[
            row("custom.badge", "{{ custom.badge }}1", false),
            row(&format!("{URN}:LEVEL"), "1.5", false),
            row("title", "{{ custom.desk|lower }}{{ custom.since }}", false),
        ],
        &custom,
    );
    assert_eq!(made.faults, Vec::<String>::new());
    assert_eq!(
        made.document[URN],
        json!({ "badge": 71, "desk": "B 12", "level": 1.5 })
    );
    assert_eq!(made.document["title"], "b 12");
    assert!(made.desired.contains_key(&format!("{URN}:badge")));
}

#[test]
fn what_a_declared_attribute_does_not_take_is_told_and_not_sent() {
    let custom = declared();
    for (name, template, why) in [
        ("badge", "{{ custom.desk }}", "a whole number"),
        ("badge", "7.5", "a whole number"),
        ("level", "NaN", "a number"),
        ("since", "yesterday", "a date and time"),
    ] {
        let made = wanted(&[row(&format!("{URN}:{name}"), template, false)], &custom);
        assert!(made.faults[0].contains(why), "{:?}", made.faults);
        let path = format!("{URN}:{name}");
        assert!(made.is_silent(&path) && resource::get(&made.document, &path).is_none());
    }
    assert!(refusal("custom.tags", "x", false, &custom).contains("several values"));
    assert!(refusal(&format!("{URN}:hat"), "x", false, &custom).contains("not declared"));
    assert!(refusal("custom.badge", "x", false, Custom::none()).contains("no attribute"));
}

#[test]
fn a_name_that_leads_nowhere_is_refused_before_it_is_saved() {
    let custom = declared();
    for template in [
        "{{ nickNmae }}",
        "{{ username }}",
        "{{ name.given }}",
        "{{ enterprise.dept }}",
        "{{ custom.hat }}",
        "{{ password }}",
        "{{ meta.created }}",
        "{{ groups }}",
        "{{ userName if manager else title }}",
    ] {
        let text = refusal("title", template, false, &custom);
        assert!(
            text.contains("is nothing that a template of a User can name"),
            "{text}"
        );
    }
    let group = MapRow {
        kind: ResourceType::Group,
        ..row("displayName", "{{ work_email }}", false)
    };
    let mut policies = Policies {
        mapping: vec![group],
        ..Policies::default()
    };
    assert!(check(&mut policies, &custom).is_err());
    for template in [
        "{{ externalId }}{{ emails[0].value }}{{ name.givenName[:2] }}",
        "{{ extensions['urn:x'].anything }}",
        "{{ userName if active else work_phone }}",
    ] {
        wanted(&[row("title", template, false)], &custom);
    }
}

#[test]
fn what_is_required_and_missing_stops_somebody_new_alone() {
    let made = wanted(
        &[
            row("name.familyName", "{{ name.familyName }}", true),
            row("photos", "{{ photos }}", true),
        ],
        Custom::none(),
    );
    assert!(made.faults.is_empty());
    assert_eq!(
        made.obstacle(),
        Some("our mapping of name.familyName: it gives no value, and the app takes nobody new without one")
    );
    assert_eq!(made.missing.len(), 1, "a value that goes as it is counts");
    assert!(made.is_silent("name.familyName"));
    assert!(refusal("title", "", true, Custom::none()).contains("cannot be required and never sent"));
}

#[test]
fn one_address_alone_or_all_as_they_are() {
    let emails = |template: &str| {
        let made = wanted(&[row("emails", template, false)], Custom::none());
        assert!(made.faults.is_empty(), "{:?}", made.faults);
        made.document["emails"].clone()
    };
    assert_eq!(
        emails("{{ work_email|upper }}"),
        json!([{ "value": "ADA@WORK.EXAMPLE", "type": "work", "primary": true }])
    );
    assert_eq!(emails("{{ emails }}"), Value::Object(ada().attributes)["emails"]);
}

#[test]
fn a_star_sends_nothing_that_has_no_row() {
    let mut ours = ada();
    ours.owned.insert("nickName".into());
    let mut policies = Policies {
        mapping: vec![
            row("name.givenName", "{{ name.givenName }}", false),
            row("emails", "{{ emails }}", false),
            row("*", "", false),
        ],
        ..Policies::default()
    };
    check(&mut policies, Custom::none()).unwrap();
    let onward = Onward::new(&policies, Custom::none());
    let made = onward.of(&ours);
    let sent: Vec<&str> = made.document.keys().map(String::as_str).collect();
    assert_eq!(sent, ["schemas", "userName", "name", "active", "emails"]);
    assert_eq!(made.document["schemas"], json!([urn::USER]));
    assert!(made.cleared.is_empty(), "what is never sent is never cleared");
    for path in ["title", "nickName", "externalId", "name.familyName"] {
        assert!(
            made.is_silent(path) && onward.has(ResourceType::User, path),
            "{path}"
        );
    }
    for path in ["userName", "active", "emails", "name.givenName"] {
        assert!(!made.is_silent(path), "{path}");
    }
    assert_eq!(
        (made.external_id, made.renamed),
        (None, true),
        "it has no externalId there"
    );
    // Of groups nothing was said.
    assert!(!onward.has(ResourceType::Group, "externalId"));
}
