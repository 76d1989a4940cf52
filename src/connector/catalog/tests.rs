#![expect(clippy::unwrap_used, reason = "tests")]
use std::collections::HashSet;

use serde_json::json;

use super::*;
use crate::connector::form::base_url_of;
use crate::mapping::{self, Onward};
use crate::model::{InstanceId, Policies, Resource, Time};
use crate::scim::resource;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType::{self, Group, User};

/// Every text of an App that is read as a sentence or several.
fn sentences(app: &App) -> impl Iterator<Item = &String> {
    app.prerequisites
        .iter()
        .chain(&app.token_steps)
        .chain(&app.quirks)
        .chain([&app.description])
        .chain(&app.token_note)
        .chain(&app.auth.note)
        .chain(&app.not_yet)
}

#[test]
fn the_file_parses_and_each_entry_is_whole() {
    let apps = parse().unwrap();
    assert_eq!(all().len(), apps.len());
    let slugs: HashSet<_> = apps.iter().map(|a| a.slug.as_str()).collect();
    let names: HashSet<_> = apps.iter().map(|a| a.name.as_str()).collect();
    assert_eq!((slugs.len(), names.len()), (apps.len(), apps.len()));
    for app in &apps {
        let slug = &app.slug;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        assert!(slug.bytes().all(plain), "{slug}");
        assert_eq!(app.initials.chars().count(), 2, "{slug}");
        assert!(!app.prerequisites.is_empty() && !app.tags.is_empty(), "{slug}");
        assert_eq!(
            app.auth.kind == AuthKind::Header,
            app.auth.header.is_some(),
            "{slug}"
        );
        // Where the way to a token is not known, that is said.
        assert!(!app.token_steps.is_empty() || app.token_note.is_some(), "{slug}");
        // So it is with the form of the base URL.
        let told = app.prerequisites.iter().any(|p| p.contains("base URL"));
        assert!(
            !app.base_urls.is_empty() || told || app.not_yet.is_some(),
            "{slug}"
        );
        for text in sentences(app) {
            let first = text.chars().next().unwrap();
            assert!(text.ends_with('.') && !first.is_whitespace(), "{slug}: {text:?}");
            assert!(text.len() < 300 && !text.contains("  "), "{slug}: {text:?}");
        }
        let docs = app.docs.as_deref().unwrap_or("https://");
        assert!(docs.starts_with("https://"), "{slug}: {docs}");
        let limits = [
            app.limits.member_chunk,
            app.limits.page_max,
            app.limits.writes_per_minute,
            app.limits.requests_per_minute,
            app.limits.burst,
        ];
        assert!(!limits.contains(&Some(0)), "{slug}");
    }
}

#[test]
fn apps_are_found_by_slug() {
    assert_eq!(find(GENERIC).unwrap().name, "Generic SCIM 2.0");
    assert!(find("atlassian-cloud").unwrap().name_optional);
    assert!(find("nothing").is_none());
}

#[test]
fn what_the_issue_names_is_there() {
    for slug in [
        "atlassian-cloud",
        "docusign",
        "zendesk",
        "figma",
        "aws-iam-identity-center",
    ] {
        let app = find(slug).unwrap();
        assert!(
            app.tags.contains(&"SCIM".to_owned()) && app.not_yet.is_none(),
            "{slug}"
        );
    }
    // Unknown is left unknown.
    let facts = &find("docusign").unwrap().facts;
    assert_eq!((facts.patch, facts.users.list), (None, None));
    // No token can be pasted: said where it is read, and known to the program.
    for slug in ["zoom", "dropbox-business"] {
        let app = find(slug).unwrap();
        assert_eq!(app.auth.kind, AuthKind::Oauth, "{slug}");
        let why = base_url_of(Some(app), "https://api.zoom.us/scim").unwrap_err();
        assert_eq!(Some(&why), app.not_yet.as_ref());
    }
}

#[test]
fn limits_narrow_what_was_found() {
    let bounded = |slug: &str, found: Capabilities| find(slug).unwrap().bounded(found);
    let rich = Capabilities {
        member_chunk: 500,
        page_size: 1000,
        ..Capabilities::default()
    };
    let aws = bounded("aws-iam-identity-center", rich.clone());
    assert_eq!((aws.member_chunk, aws.page_size), (100, 50));
    assert!(aws.groups && aws.patch);
    let atlassian = bounded("atlassian-cloud", rich.clone());
    assert_eq!((atlassian.member_chunk, atlassian.page_size), (500, 100));
    // Nothing is widened.
    let poor = Capabilities {
        patch: false,
        groups: false,
        member_chunk: 10,
        page_size: 20,
        ..Capabilities::default()
    };
    assert_eq!(bounded("aws-iam-identity-center", poor.clone()), poor);
    // Nothing is known, nothing is changed.
    assert_eq!(bounded(GENERIC, rich.clone()), rich);
    assert!(!bounded("buildkite", rich.clone()).groups);
    let mut no_patch = find(GENERIC).unwrap().clone();
    no_patch.facts.patch = Some(false);
    assert!(!no_patch.bounded(rich).patch);
}

#[test]
fn what_an_app_is_known_to_refuse_is_not_asked_of_it() {
    let of = |slug: &str| find(slug).unwrap().bounded(Capabilities::default());
    let refused = |slug: &str| of(slug).refuses;
    assert_eq!(
        refused("atlassian-cloud"),
        [(User, Verb::Delete), (Group, Verb::Rename)]
    );
    assert_eq!(refused("tines"), [(User, Verb::Delete)]);
    assert_eq!(refused("miro"), [(Group, Verb::Create), (Group, Verb::Delete)]);
    assert!(refused("logfire").contains(&(Group, Verb::Update)) && of("logfire").groups);
    assert!(
        !of("docusign").groups,
        "groups are neither made nor changed there"
    );
    // Where switching off deletes, access ends all the same.
    assert!(refused("pagerduty").is_empty());
    assert_eq!(of("slack").pace.writes, Some(180));
    let pace = of("deel").pace;
    assert_eq!((pace.requests, pace.burst), (Some(300), Some(1)));
    assert_eq!(of("formstack").put_only, [User]);
    assert_eq!(of(GENERIC).pace, Pace::default());
    // What was found to be slower stays so.
    let mut slower = Capabilities::default();
    slower.pace.writes = Some(60);
    assert_eq!(find("slack").unwrap().bounded(slower).pace.writes, Some(60));
}

#[test]
fn a_scope_is_proposed() {
    for (slug, scope) in [
        (GENERIC, Scope::UsersAndGroups),
        ("atlassian-cloud", Scope::UsersAndGroups),
        ("docusign", Scope::Users),
        ("github-org", Scope::Users),
        ("optimaite", Scope::Groups),
        ("logfire", Scope::Groups),
    ] {
        assert_eq!(find(slug).unwrap().proposed_scope(), scope, "{slug}");
    }
}

/// A shape with its placeholders filled in.
fn filled_in(shape: &str) -> String {
    let mut pieces = shape.split('{');
    let mut url = pieces.next().unwrap().to_owned();
    for piece in pieces {
        let (_, rest) = piece.split_once('}').unwrap();
        url.push_str("own-1");
        url.push_str(rest);
    }
    url
}

#[test]
fn every_placeholder_of_every_shape_is_asked_for() {
    for app in all().iter().filter(|app| app.not_yet.is_none()) {
        for shape in &app.base_urls {
            assert!(shape.starts_with("https://") && !shape.ends_with('/'), "{shape}");
            let whole = filled_in(shape);
            assert_eq!(base_url_of(Some(app), &whole).unwrap().url, whole);
            for end in ["/", "/Users", "/Groups/"] {
                let typed = format!(" {whole}{end}");
                assert_eq!(base_url_of(Some(app), &typed).unwrap().url, whole);
            }
            let names: Vec<&str> = shape
                .split('{')
                .skip(1)
                .map(|piece| piece.split_once('}').unwrap().0)
                .collect();
            let host = shape["https://".len()..].split('/').next().unwrap();
            assert!(host.matches('{').count() <= 1, "{shape}");
            for name in names {
                // All others filled in.
                let typed = filled_in(&shape.replace(&format!("{{{name}}}"), "\u{1}"));
                for left in [format!("{{{name}}}"), format!("<{name}>")] {
                    let why = base_url_of(Some(app), &typed.replace('\u{1}', &left)).unwrap_err();
                    assert!(why.contains(&format!("in place of {{{name}}}")), "{why}");
                }
            }
        }
    }
}

#[test]
fn an_address_of_another_shape_is_answered_with_the_difference() {
    for (slug, typed, says) in [
        (
            "atlassian-cloud",
            "https://api.atlassian.com/scim/directory/directory_id",
            "Put your own directory id in place of {directory_id}.",
        ),
        (
            "atlassian-cloud",
            "https://api.atlassian.com/scim/directory/…",
            "A part of the address is still to be filled in: put your own value there.",
        ),
        (
            "atlassian-cloud",
            "https://api.atlassian.com/",
            "The path is missing: after the host comes /scim/directory/{directory_id}.",
        ),
        (
            "atlassian-cloud",
            "https://api.atlassian.com/scim/directory",
            "The end of the address is missing: /{directory_id} comes after /scim/directory.",
        ),
        (
            "atlassian-cloud",
            "https://api.atlassian.com/scim/directory/6f2c/v2/Users",
            "The address is too long: remove /v2 from its end.",
        ),
        (
            "atlassian-cloud",
            "http://api.atlassian.com/scim/directory/6f2c",
            "The address of Atlassian Cloud begins with https://.",
        ),
        (
            "atlassian-cloud",
            "https://example.atlassian.net/scim/directory/6f2c",
            "The host of Atlassian Cloud is api.atlassian.com, not example.atlassian.net. If yours really is different, connect \
             it as Generic SCIM 2.0.",
        ),
        (
            "atlassian-cloud",
            "https://api.atlassian.com:8443/scim/directory/6f2c",
            "not api.atlassian.com:8443.",
        ),
        (
            "atlassian-cloud",
            "https://api.atlassian.com.evil.example/scim/directory/6f2c",
            "not api.atlassian.com.evil.example.",
        ),
        (
            "slack",
            "https://api.slack.com/scim/v1",
            "The path of Slack is /scim/v2, not /scim/v1. If yours",
        ),
        (
            "datadog",
            "https://app.datadoghq.com/api/v2/scim",
            "The host of Datadog looks like api.{site}, not app.datadoghq.com.",
        ),
        (
            "aws-iam-identity-center",
            "https://scim..amazonaws.com/x/scim/v2",
            "",
        ),
        (
            "github-enterprise-server",
            "https://git.example.com/scim/v2",
            "The path of GitHub Enterprise Server ends with /api/v3/scim/v2, not /scim/v2.",
        ),
        ("docmost", "https://docs.example.com", "The path is missing"),
        ("docusign", "", "Enter the SCIM Base URL."),
        ("slack", "api.slack.com/scim/v2", "cannot be used"),
    ] {
        let why = base_url_of(find(slug), typed).unwrap_err();
        assert!(why.contains(says), "{typed}: {why}");
        assert!(why.ends_with('.'), "{why}");
    }
}

#[test]
fn addresses_that_have_the_shape() {
    for (slug, typed) in [
        (
            "aws-iam-identity-center",
            "https://scim.eu-central-1.amazonaws.com/f3v/scim/v2/",
        ),
        (
            "snowflake",
            "https://ab12345.eu-central-1.snowflakecomputing.com/scim/v2",
        ),
        ("datadog", "https://api.us3.datadoghq.com/api/v2/scim"),
        ("github-emu", "https://api.octo.ghe.com/scim/v2/enterprises/octo"),
        ("figma", "https://www.figma-gov.com/scim/v2/77"),
        // The admin's own ground: other hosts, ports, and what stands before.
        ("retool", "https://tools.example.com/api/scim/v2"),
        ("posit-connect", "https://example.com:3939/rsc/scim/v2"),
        ("docmost", "http://10.0.0.7:3000/api/scim/v2"),
        ("1password", "https://bridge.example.com/scim"),
        // No shape is known.
        ("notion", "https://anything.example/scim"),
        (GENERIC, "https://anything.example/{tenant}/v2"),
        (GENERIC, "http://127.0.0.1:8080"),
    ] {
        assert!(base_url_of(find(slug), typed).is_ok(), "{slug} {typed}");
    }
    assert!(base_url_of(None, "https://anything.example").is_ok());
}

#[test]
fn mappings_can_be_read_and_fit_the_app() {
    let mut found = 0;
    for app in all().iter().filter(|app| !app.mapping.is_empty()) {
        let mut policies = Policies {
            mapping: app.mapping.clone(),
            ..Policies::default()
        };
        mapping::check(&mut policies, Custom::none())
            .unwrap_or_else(|flaw| panic!("{}: {}", app.slug, flaw.text));
        assert_eq!(policies.mapping, app.mapping, "{}: in its one spelling", app.slug);
        assert!(app.not_yet.is_none(), "{}", app.slug);
        found += 1;
    }
    assert!(found >= 7);
    // Where nothing is known, nothing is mapped.
    for slug in [GENERIC, "docusign", "notion", "zoom"] {
        assert!(find(slug).unwrap().mapping.is_empty(), "{slug}");
    }
}

/// What an app gets of somebody with these attributes, all of them owned.
fn sent(slug: &str, ours: serde_json::Value) -> (serde_json::Value, Option<String>) {
    let serde_json::Value::Object(attributes) = ours else {
        unreachable!("an object")
    };
    let policies = Policies {
        mapping: find(slug).unwrap().mapping.clone(),
        ..Policies::default()
    };
    let wanted = Onward::new(&policies, Custom::none()).of(&Resource {
        row: 1,
        instance: InstanceId(1),
        kind: ResourceType::User,
        id: "i".into(),
        display: String::new(),
        name: "ada".into(),
        external_id: None,
        active: true,
        owned: resource::paths(ResourceType::User, &attributes)
            .into_iter()
            .collect(),
        version: 1,
        created: Time(0),
        last_modified: Time(0),
        deleted_at: None,
        attributes,
    });
    let obstacle = wanted.obstacle().map(str::to_owned);
    (wanted.document.into(), obstacle)
}

#[test]
fn an_app_gets_what_its_makers_say_that_it_takes() {
    let ada = || {
        json!({ "userName": "ada", "title": "Countess", "displayName": "Ada @ Home", "externalId": "e1",
                "name": { "givenName": "Ada", "familyName": "Lovelace" },
                "emails": [{ "value": "ada@home.example", "type": "home" }, { "value": "ada@work.example", "type": "work" }] })
    };
    let (aws, _) = sent("aws-iam-identity-center", ada());
    assert_eq!(
        aws["emails"],
        json!([{ "value": "ada@work.example", "type": "work" }])
    );
    let mut bare = ada();
    bare.as_object_mut().unwrap().shift_remove("displayName");
    let (aws, obstacle) = sent("aws-iam-identity-center", bare);
    assert_eq!((&aws["displayName"], obstacle), (&json!("Ada Lovelace"), None));
    let (_, obstacle) = sent("aws-iam-identity-center", json!({ "userName": "ada" }));
    assert!(obstacle.unwrap().contains("name.givenName"));
    let (asana, _) = sent("asana", ada());
    assert_eq!(
        (&asana["name"], asana.get("externalId")),
        (&json!({ "formatted": "Ada Lovelace" }), None)
    );
    let (buildkite, _) = sent("buildkite", ada());
    let names: Vec<&String> = buildkite.as_object().unwrap().keys().collect();
    assert_eq!(names, ["schemas", "userName", "name", "active"]);
    let (terraform, _) = sent("hcp-terraform", ada());
    let names: Vec<&String> = terraform.as_object().unwrap().keys().collect();
    assert_eq!(names, ["schemas", "externalId", "userName", "active", "emails"]);
    assert_eq!(terraform["emails"], ada()["emails"]);
    for slug in ["figma", "pagerduty"] {
        assert_eq!(sent(slug, ada()).0["userName"], "ada@work.example", "{slug}");
        assert_eq!(
            sent(slug, json!({ "userName": "ada" })).0["userName"],
            "ada",
            "{slug}"
        );
    }
    assert!(
        sent("pagerduty", json!({ "userName": "ada" }))
            .1
            .unwrap()
            .contains("displayName")
    );
    let long = json!({ "userName": "ada", "displayName": "ä".repeat(120) });
    assert_eq!(sent("figma", long).0["displayName"], "ä".repeat(100));
    assert_eq!(sent("slack", ada()).0["displayName"], "Ada  Home");
}

#[test]
fn a_way_to_sign_in_is_proposed() {
    let of = |slug: &str| find(slug).unwrap().proposed_auth();
    assert_eq!(of("aws-iam-identity-center"), model::Auth::Bearer);
    assert_eq!(of(GENERIC), model::Auth::Bearer, "not known");
    assert_eq!(
        of("proof"),
        model::Auth::Header {
            name: "ApiKey".into()
        }
    );
    assert_eq!(of("pingone").as_str(), "oauth");
}
