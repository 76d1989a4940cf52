//! A directory of 120 users and 80 groups with something of everything: letters beyond ASCII, values in several cases,
//! several values, an extension of which half is declared, and times that differ.

use std::time::Duration;

use rollcall::cli::command::Command;
use rollcall::cli::execute::execute;
use rollcall::clock::Clock;
use rollcall::scim::Attributes;
use rollcall::scim::rules::{Custom, Declared};
use rollcall::scim::schema::{ResourceType, Type};
use serde_json::{Map, Value, json};

use super::cases::Random;
use crate::support::client::id;
use crate::support::{Scim, TestHub};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const FOREIGN: &str = "urn:example:params:scim:schemas:extension:site:2.0:User";

const GIVEN: [&str; 12] = [
    "Éva",
    "éva",
    "Bob",
    "BOB",
    "Zoë",
    "İpek",
    "Łukasz",
    "Straße",
    "Ann-Marie",
    "O'Neil",
    "Ω mega",
    "Quote\"d\\",
];
const FAMILY: [&str; 9] = [
    "Nagy",
    "nagy",
    "Åström",
    "ÅSTRÖM",
    "van der Berg",
    "Öz",
    "Smith",
    "Smithson",
    "李",
];
const TITLES: [&str; 6] = [
    "Engineer",
    "engineer",
    "Chief \"Q\" Officer",
    "Vice President",
    "Éditeur",
    "5",
];
const NAMES: [&str; 4] = ["Engineers", "ENGINEERS", "Éditeurs", "Sales"];
const TYPES: [&str; 4] = ["work", "home", "other", "Work"];

/// Declares a part of the extension.
pub async fn declare(hub: &TestHub, slug: &str) -> Custom {
    let mut custom = Custom::default();
    for (name, kind, multi_valued) in [
        ("Level", Type::Integer, false),
        ("tags", Type::String, true),
        ("code", Type::Reference, false),
        ("since", Type::DateTime, false),
    ] {
        let resource = ResourceType::User;
        custom
            .add(Declared::new(resource, FOREIGN, name, kind, multi_valued))
            .unwrap();
        let add = Command::AttributeAdd {
            slug: slug.into(),
            resource,
            urn: FOREIGN.into(),
            name: name.into(),
            kind,
            multi_valued,
        };
        execute(hub.server.hub(), None, "https://hub.example", add)
            .await
            .unwrap();
    }
    custom
}

pub async fn create(scim: &Scim, clock: &Clock) {
    let mut random = Random::new(1);
    let mut users: Vec<String> = Vec::new();
    for n in 0..120 {
        clock.advance(Duration::from_millis(3_600_000 + 137 * n));
        let body = user(&mut random, n, &users);
        users.push(id(scim.post("/Users", body).await.expect(201)));
    }
    let mut groups: Vec<String> = Vec::new();
    for n in 0..80 {
        clock.advance(Duration::from_millis(7_200_500));
        let body = group(&mut random, n, &users, &groups);
        groups.push(id(scim.post("/Groups", body).await.expect(201)));
    }
    // So that lastModified is not always created.
    for user in users.iter().step_by(3) {
        clock.advance(Duration::from_secs(86_400));
        let operations =
            json!([{"op": "replace", "path": "nickName", "value": format!("nick {}", &user[30..])}]);
        scim.patch(&format!("/Users/{user}"), operations)
            .await
            .expect(200);
    }
}

/// A few documents without a server, for filters that nobody answers.
pub fn samples() -> Vec<Attributes> {
    let mut random = Random::new(2);
    (0..20)
        .map(|n| {
            let mut body = user(&mut random, n, &[]);
            body["id"] = json!(format!("00000000-{n}"));
            body["meta"] = json!({"resourceType": "User", "created": "2024-05-01T10:00:00Z", "lastModified": "2025-01-01T00:00:00.5Z"});
            serde_json::from_value(body).unwrap()
        })
        .collect()
}

fn user(random: &mut Random, n: u64, others: &[String]) -> Value {
    let (given, family) = (*random.of(&GIVEN), *random.of(&FAMILY));
    let mut user = Map::new();
    let name = format!("{given}.{family}.{n}@Example.com");
    user.insert("userName".into(), json!(name));
    let mut put = |user: &mut Map<String, Value>, odds: u64, name: &str, value: Value| {
        if random.below(100) < odds {
            user.insert(name.to_owned(), value);
        }
    };
    put(
        &mut user,
        70,
        "externalId",
        json!(format!(
            "{}{n}",
            if n.is_multiple_of(2) { "Ext-" } else { "ext-" }
        )),
    );
    put(&mut user, 60, "displayName", json!(format!("{given} {family}")));
    put(
        &mut user,
        40,
        "userType",
        json!(["Employee", "employee", "Contractor"][(n % 3) as usize]),
    );
    put(
        &mut user,
        50,
        "locale",
        json!(["en-US", "de-DE", "hu"][(n % 3) as usize]),
    );
    put(&mut user, 30, "timezone", json!("Europe/Budapest"));
    put(&mut user, 30, "preferredLanguage", json!("en, de;q=0.5"));
    put(
        &mut user,
        40,
        "profileUrl",
        json!(["https://example.com/A", "https://example.com/a"][(n % 2) as usize]),
    );
    put(&mut user, 80, "active", json!(!n.is_multiple_of(5)));
    put(
        &mut user,
        70,
        "name",
        json!({"givenName": given, "familyName": family}),
    );
    put(&mut user, 50, "title", json!(TITLES[(n % 6) as usize]));
    put(
        &mut user,
        30,
        "x509Certificates",
        json!([{"value": "MIIB", "display": "One"}]),
    );
    put(
        &mut user,
        60,
        ENTERPRISE,
        json!({"department": (["R&D", "r&d", "Sales"][(n % 3) as usize]), "employeeNumber": format!("{}", n * 7), "costCenter": "CC-4"}),
    );
    let foreign = json!({"Level": n % 7, "score": f64::from(n as u32) / 4.0 - 9.0, "flag": n.is_multiple_of(3), "code": (["urn:A", "urn:a"][(n % 2) as usize]), "since": format!("2024-0{}-01T00:00:00Z", 1 + n % 9), "tags": ["a", format!("t{}", n % 4)], "part": {"deep": "X"}});
    put(&mut user, 40, FOREIGN, foreign);
    let emails = several(random, |k| {
        format!(
            "{}{n}.{k}@{}",
            given.to_lowercase(),
            ["Example.com", "example.ORG"][k % 2]
        )
    });
    put_list(&mut user, "emails", emails);
    let phones = several(random, |k| format!("+1-555-{n:04}-{k}"));
    put_list(&mut user, "phoneNumbers", phones);
    let roles = several(random, |k| {
        ["Admin", "admin", "Auditor"][(n as usize + k) % 3].to_owned()
    });
    put_list(&mut user, "roles", roles);
    let ims = several(random, |k| format!("im{k}"));
    put_list(&mut user, "ims", ims);
    if random.one_in(2) {
        let cities = ["Szeged", "SZEGED", "Malmö"];
        user.insert(
            "addresses".into(),
            json!([{"locality": random.of(&cities), "country": "HU", "type": "work", "primary": true}, {"formatted": "1 Main St", "type": "home"}]),
        );
    }
    if let Some(manager) = others.get(random.below(40) as usize) {
        let extension = user.entry(ENTERPRISE).or_insert(json!({}));
        extension["manager"] = json!({"value": manager});
    }
    Value::Object(user)
}

/// None to three values, some of them typed, one of them perhaps primary.
fn several(random: &mut Random, value: impl Fn(usize) -> String) -> Vec<Value> {
    (0..random.below(4) as usize)
        .map(|k| {
            let mut one = json!({"value": value(k)});
            if !random.one_in(4) {
                one["type"] = json!(random.of(&TYPES));
            }
            if random.one_in(4) {
                one["display"] = json!("The One");
            }
            if k == 0 && random.one_in(2) {
                one["primary"] = json!(!random.one_in(4));
            }
            one
        })
        .collect()
}

fn put_list(user: &mut Map<String, Value>, name: &str, values: Vec<Value>) {
    if !values.is_empty() {
        user.insert(name.to_owned(), Value::Array(values));
    }
}

fn group(random: &mut Random, n: u64, users: &[String], groups: &[String]) -> Value {
    let mut members: Vec<Value> = (0..random.below(9))
        .map(|_| json!({"value": random.of(users)}))
        .collect();
    if let Some(nested) = groups.get(random.below(90) as usize) {
        members.push(json!({"value": nested}));
    }
    let mut group = json!({"displayName": format!("{} {n}", NAMES[(n % 4) as usize]), "members": members});
    if random.one_in(2) {
        group["externalId"] = json!(format!("G-{n}"));
    }
    group
}
