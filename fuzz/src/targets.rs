//! What is done with arbitrary bytes, and what has to hold whatever they are. One function for each fuzz target: the
//! fuzzers call them, and so does the test that replays the corpus (`tests/it/fuzzed.rs`). A broken promise is a panic.
use std::collections::BTreeSet;
use std::sync::OnceLock;

use serde_json::{Value, json};

use super::scim::bulk::{Ask, BulkRequest, Method, Step, resolve, set_apart, steps};
use super::scim::cursor::ListId;
use super::scim::filter::Filter;
use super::scim::patch::{MemberChange, PatchRequest};
use super::scim::path::{AttrPath, PatchPath};
use super::scim::project::Projection;
use super::scim::resource::{Accepted, accept, get, parse_json, paths, set};
use super::scim::rules::{Custom, Declared, Rules};
use super::scim::schema::{ResourceType, Type};
use super::scim::{Attributes, eval};

/// A target.
pub type Target = fn(&[u8]);

/// Every target by its name, which is that of its corpus.
pub const ALL: [(&str, Target); 5] = [
    ("bulk", bulk),
    ("filter", filter),
    ("path", path),
    ("patch", patch),
    ("resource", resource),
];

/// A bulk request runs each operation once and none before those it refers to, except in circles of operations that
/// create; a resolved operation refers to nothing any more, and so does one whose references were set apart.
pub fn bulk(bytes: &[u8]) {
    let limits = &rules()[0].limits;
    let Ok(body) = parse_json(bytes, limits) else {
        return;
    };
    let base = "https://example.com/scim/x/v2";
    let outcome = BulkRequest::parse(body.clone(), base, limits.bulk_operations);
    assert_eq!(BulkRequest::parse(body, base, limits.bulk_operations), outcome);
    let Ok(BulkRequest { operations, .. }) = outcome else {
        return;
    };
    let order = steps(&operations);
    let ran: Vec<usize> = order.iter().flat_map(Step::operations).copied().collect();
    let mut each = ran.clone();
    each.sort_unstable();
    assert!(each.into_iter().eq(0..operations.len()), "{ran:?}");
    let mut after: BTreeSet<&str> = operations.iter().filter_map(|one| one.creates()).collect();
    for step in &order {
        let together: BTreeSet<&str> = step
            .operations()
            .iter()
            .filter_map(|at| operations[*at].creates())
            .collect();
        if let Step::Circle(all) = step {
            assert_eq!(together.len(), all.len(), "what is no POST is in no circle");
        } else {
            after.retain(|id| !together.contains(id));
        }
        for at in step.operations() {
            let Ok(ask) = &operations[*at].ask else {
                continue;
            };
            assert_eq!(ask.id.is_none(), ask.method == Method::Post);
            let named = references(ask);
            let early: Vec<_> = named.iter().filter(|id| after.contains(id.as_str())).collect();
            let circle = matches!(step, Step::Circle(_));
            let in_step = |id: &&&String| together.contains(id.as_str());
            assert!(
                early.iter().all(|id| circle && in_step(&id)),
                "{at} runs before {early:?}"
            );
            let mut resolved = ask.clone();
            let look_up = |id: &str| Ok::<_, ()>(Some(format!("id of {id}")));
            assert_eq!(resolve(&mut resolved, look_up), Ok(()));
            assert!(references(&resolved).is_empty(), "{resolved:?}");
            let mut first = ask.clone();
            let apart = set_apart(&mut first.data);
            first.id = None;
            if ask.method == Method::Post {
                assert_eq!(apart.is_some(), !named.is_empty());
                assert!(references(&first).is_empty(), "{first:?}");
            }
        }
        after.retain(|id| !together.contains(id));
    }
}

/// The bulkIds that an operation refers to.
fn references(ask: &Ask) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut copy = ask.clone();
    let noted = resolve(&mut copy, |id| {
        found.insert(id.to_owned());
        Ok::<_, ()>(None)
    });
    assert_eq!((noted, &copy), (Ok(()), ask));
    found
}

/// A filter that is read is written so that it reads the same, and `not` turns its answer round.
pub fn filter(bytes: &[u8]) {
    let text = std::str::from_utf8(bytes).ok();
    let Some(filter) = text.and_then(|text| Filter::parse(text).ok()) else {
        return;
    };
    let written = filter.to_string();
    match Filter::parse(&written) {
        Ok(read) => assert_eq!(read, filter, "{written}"),
        // `a[b].c` is written as `a[b and c]`, and old URNs in full: a term, a level or some bytes more.
        Err(error) => assert!(error.detail.starts_with("A filter "), "{written}: {error}"),
    }
    let not = Filter::Not(Box::new(filter.clone()));
    for Rules { custom, .. } in rules() {
        for (kind, document) in whole() {
            let holds = eval::matches(&filter, *kind, custom, document);
            assert_ne!(holds, eval::matches(&not, *kind, custom, document), "{written}");
        }
    }
}

/// A path that is read is written so that it reads the same, its canonical form is that of itself, and asking for the
/// same attributes twice is asking for them once. What is no cursor of ours is none.
pub fn path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let list = ListId::of(1, &ResourceType::ALL, None, None);
    if let Ok(position) = list.position(text) {
        assert_eq!(list.cursor(&position), text);
    }
    for rules in rules() {
        if let Ok(path) = PatchPath::parse(text, rules) {
            let written = path.to_string();
            match PatchPath::parse(&written, rules) {
                Ok(read) => assert_eq!(read, path, "{written}"),
                Err(error) => assert!(error.detail.starts_with("A path "), "{written}: {error}"),
            }
        }
        if let Ok(path) = AttrPath::parse(text) {
            for kind in ResourceType::ALL {
                if let Some(canonical) = path.canonical(kind, &rules.custom) {
                    let again = AttrPath::parse(&canonical).ok();
                    let again = again.and_then(|path| path.canonical(kind, &rules.custom));
                    assert_eq!(again.as_ref(), Some(&canonical), "{text}");
                }
            }
        }
        for (only, not) in [
            (Some(text), None),
            (None, Some(text)),
            (Some(text), Some("name.givenName,emails")),
        ] {
            if let Ok(projection) = Projection::parse(only, not, rules) {
                whole()
                    .iter()
                    .for_each(|(kind, document)| project(&projection, *kind, document));
            }
        }
    }
}

fn project(projection: &Projection, kind: ResourceType, document: &Attributes) {
    let mut once = document.clone();
    projection.apply(kind, &mut once);
    let mut twice = once.clone();
    projection.apply(kind, &mut twice);
    assert_eq!(twice, once, "{projection:?}");
    assert!(
        once.contains_key("id") && once.contains_key("schemas"),
        "{projection:?}"
    );
}

/// A PATCH does the same to the same document each time, says all that it touched, and leaves a document that a POST
/// would take as it is.
pub fn patch(bytes: &[u8]) {
    for rules in rules() {
        let Ok(body) = parse_json(bytes, &rules.limits) else {
            return;
        };
        for (kind, before) in stored() {
            if let Ok(request) = PatchRequest::parse(*kind, &body, rules) {
                assert_eq!(PatchRequest::parse(*kind, &body, rules).as_ref(), Ok(&request));
                apply(&request, *kind, before, rules);
            }
        }
    }
}

fn apply(request: &PatchRequest, kind: ResourceType, before: &Attributes, rules: &Rules) {
    for change in request.member_changes() {
        if let MemberChange::RemoveMatching(filter) = change {
            let member = json!({"value": "m1", "type": "User", "$ref": "https://example.com/Users/m1"});
            MemberChange::matches(filter, &member);
        }
    }
    let outcome = request.apply(before);
    assert_eq!(request.apply(before), outcome);
    let Ok(patched) = outcome else {
        return;
    };
    let after = &patched.attributes;
    canonical(kind, after, rules);
    assert!(patched.touched.is_sorted(), "{:?}", patched.touched);
    for path in paths(kind, before).iter().chain(&paths(kind, after)) {
        let touched = patched.touched.contains(path);
        assert!(
            touched || get(before, path) == get(after, path),
            "{path} of {:?}",
            patched.touched
        );
    }
    // What it makes of its own result may be anything, but a canonical document again.
    if let Ok(again) = request.apply(after) {
        canonical(kind, &again.attributes, rules);
    }
}

/// A resource that is accepted is canonical, and each of its values can be found, cleared and set by its path.
pub fn resource(bytes: &[u8]) {
    for rules in rules() {
        let Ok(body) = parse_json(bytes, &rules.limits) else {
            return;
        };
        for kind in ResourceType::ALL {
            if let Ok(accepted) = accept(kind, body.clone(), rules) {
                whole_by_parts(&accepted, kind, rules);
            }
        }
    }
}

fn whole_by_parts(accepted: &Accepted, kind: ResourceType, rules: &Rules) {
    canonical(kind, &accepted.attributes, rules);
    let found: BTreeSet<String> = paths(kind, &accepted.attributes).into_iter().collect();
    let mut touched: BTreeSet<String> = accepted.touched.iter().cloned().collect();
    assert_eq!(touched.len(), accepted.touched.len(), "{:?}", accepted.touched);
    if kind == ResourceType::User {
        touched.insert("active".to_owned());
    }
    assert_eq!(touched, found);
    for path in &found {
        let mut changed = accepted.attributes.clone();
        let value = get(&changed, path).cloned();
        assert!(value.is_some(), "{path}");
        set(&mut changed, path, None);
        assert_eq!(get(&changed, path), None, "{path}");
        set(&mut changed, path, value);
        assert_eq!(changed, accepted.attributes, "{path}");
    }
}

/// The document is what `accept` would make of it, with nothing to tolerate; storing and reading changes nothing; it
/// has no password.
fn canonical(kind: ResourceType, document: &Attributes, rules: &Rules) {
    let text = serde_json::to_string(document).unwrap_or_default();
    let read: Attributes = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(&read, document);
    let again = match accept(kind, Value::Object(read), rules) {
        Ok(again) => again,
        Err(error) => panic!("{text}: {error}"),
    };
    let mut active = document.clone();
    // A PATCH may leave a user without it; a POST then fills it in.
    if kind == ResourceType::User && !document.contains_key("active") {
        active.insert("active".into(), Value::Bool(true));
    } else {
        // The order counts as well.
        let written = serde_json::to_string(&again.attributes).unwrap_or_default();
        assert_eq!(written, text);
    }
    assert_eq!(again.attributes, active);
    assert_eq!(again.tolerated, [], "{text}");
    assert_eq!(again.members, None, "{text}");
    let described = std::iter::once(document).chain(
        kind.extensions()
            .iter()
            .filter_map(|schema| document.get(schema.urn).and_then(Value::as_object)),
    );
    for name in described.flat_map(Attributes::keys) {
        assert!(!name.eq_ignore_ascii_case("password"), "{text}");
    }
}

/// What requests are held to: nothing but the protocol, and with declared attributes.
fn rules() -> &'static [Rules; 2] {
    static RULES: OnceLock<[Rules; 2]> = OnceLock::new();
    RULES.get_or_init(|| {
        let declared = [
            ("level", Type::Integer, false),
            ("tags", Type::String, true),
            ("score", Type::Decimal, false),
            ("since", Type::DateTime, false),
            ("code", Type::Reference, true),
            ("flag", Type::Boolean, false),
        ];
        let declared = declared.map(|(name, kind, many)| {
            Declared::new(ResourceType::User, "urn:example:ext:2.0:User", name, kind, many)
        });
        let custom = Custom::new(declared.to_vec());
        [
            Rules::default(),
            Rules {
                custom,
                ..Rules::default()
            },
        ]
    })
}

/// Documents as they are stored: what a PATCH starts from.
fn stored() -> &'static [(ResourceType, Attributes)] {
    static STORED: OnceLock<Vec<(ResourceType, Attributes)>> = OnceLock::new();
    STORED.get_or_init(|| {
        let user = json!({
            "externalId": "ext-1", "userName": "Éva@example.com", "displayName": "Éva Nagy", "title": "Engineer", "active": true,
            "name": {"familyName": "Nagy", "givenName": "Éva"},
            "emails": [
                {"value": "eva@example.com", "type": "work", "primary": true}, {"value": "eva@home.example", "type": "home"},
                {"value": "eva@other.example", "display": "Other"},
            ],
            "phoneNumbers": [{"value": "+1-555-0100", "type": "work"}],
            "addresses": [{"locality": "Szeged", "country": "HU", "type": "work", "primary": true}],
            "roles": [{"value": "admin", "primary": true}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "R&D", "manager": {"value": "m1"}},
            "urn:example:ext:2.0:User": {"level": 5, "tags": ["a", "b"], "part": {"deep": {"er": 1.5}}},
        });
        let bare = json!({"userName": "bare"});
        let group = json!({"displayName": "Engineers", "externalId": "g-1", "urn:example:ext:2.0:Group": {"tag": "x"}});
        [(ResourceType::User, user), (ResourceType::User, bare), (ResourceType::Group, group)]
            .into_iter()
            .map(|(kind, body)| match accept(kind, body, &Rules::default()) {
                Ok(accepted) => (kind, accepted.attributes),
                Err(error) => panic!("{error}"),
            })
            .collect()
    })
}

/// The same with what an answer adds: what filters and projections look at.
fn whole() -> &'static [(ResourceType, Attributes)] {
    static WHOLE: OnceLock<Vec<(ResourceType, Attributes)>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        let mut documents = stored().to_vec();
        for (kind, document) in &mut documents {
            document.insert("id".into(), json!("0197a1b2-0000-7000-8000-000000000001"));
            let linked = json!([{"value": "m1", "display": "One", "type": "User"}, {"value": "m2", "type": "Group"}]);
            let name = if *kind == ResourceType::User { "groups" } else { "members" };
            document.insert(name.into(), linked);
            let meta = json!({
                "resourceType": kind.name(), "created": "2024-05-01T10:00:00Z", "lastModified": "2025-01-01T00:00:00.123Z",
                "location": "https://example.com/scim/x/v2", "version": "W/\"3\"",
            });
            document.insert("meta".into(), meta);
        }
        documents
    })
}
