//! Who plays: made-up people and their teams, the same in every run. Not where they are now; `idp` knows that.

use serde_json::{Value, json};

/// Where everybody's address ends; the sandbox app takes no other.
pub(super) const DOMAIN: &str = "@example.com";

/// Teams, and the titles people have there.
pub(super) const TEAMS: [(&str, [&str; 3]); 6] = [
    ("Design", ["Designer", "Senior Designer", "Head of Design"]),
    ("Engineering", ["Engineer", "Senior Engineer", "Staff Engineer"]),
    ("Finance", ["Accountant", "Controller", "Head of Finance"]),
    ("People", ["Recruiter", "People Partner", "Head of People"]),
    ("Sales", ["Account Executive", "Account Manager", "Head of Sales"]),
    (
        "Support",
        ["Support Agent", "Support Engineer", "Head of Support"],
    ),
];

/// Those who are there from the start.
pub(super) const STAFF: [&str; 40] = [
    "Ada Berg",
    "Aino Ruud",
    "Alma Storm",
    "Anton Vale",
    "Arne Holt",
    "Bela Marsh",
    "Britta Lund",
    "Carl Ness",
    "Cleo Hart",
    "Dag Friis",
    "Dora Kemp",
    "Edda Falk",
    "Elias Moor",
    "Emil Rask",
    "Esme Dahl",
    "Felix Ward",
    "Freya Lind",
    "Greta Moss",
    "Hugo Beck",
    "Ida Crane",
    "Ines Holm",
    "Ivo Strand",
    "Jana Reed",
    "Jonas Frost",
    "Juno Ek",
    "Karla Wren",
    "Lars Thorn",
    "Leni Brandt",
    "Liv Sand",
    "Luca Heath",
    "Maja Flint",
    "Milo Berg",
    "Nora Vik",
    "Olaf Quist",
    "Petra Sund",
    "Rasmus Hale",
    "Runa Lake",
    "Sven Ash",
    "Tilda Rowe",
    "Vera Dunn",
];

/// Those who join, in this order.
pub(super) const JOINERS: [&str; 24] = [
    "Mara Lindt",
    "Theo Granger",
    "Zoe Hallam",
    "Nils Amory",
    "Rosa Pell",
    "Otto Vance",
    "Signe Marlow",
    "Paul Ekman",
    "Hedda Orme",
    "Tomas Birk",
    "Yara Stone",
    "Finn Calder",
    "Ella Norr",
    "Kaspar Vogt",
    "Maren Sholt",
    "Simon Lark",
    "Agnes Toft",
    "Viggo Rand",
    "Lotte Byrne",
    "Bruno Staal",
    "Celia Morn",
    "Henrik Dove",
    "Stella Quay",
    "Oskar Penn",
];

/// The one whose address somebody mistyped.
pub(super) const MISTYPED: (&str, &str) = ("Kim Ode", "kim.ode@exmaple.com");

/// The address that goes with a name.
pub(super) fn address(name: &str) -> String {
    format!("{}{DOMAIN}", name.to_lowercase().replace(' ', "."))
}

/// The User that an identity provider makes for somebody (RFC 7643 §4.1).
pub(super) fn user(name: &str, user_name: &str, team: &str, title: &str) -> Value {
    let (given, family) = name.split_once(' ').unwrap_or((name, ""));
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "userName": user_name,
        "name": { "givenName": given, "familyName": family, "formatted": name },
        "displayName": name,
        "title": title,
        "active": true,
        "emails": [{ "value": address(name), "type": "work", "primary": true }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "department": team },
    })
}

/// Whether the sandbox app refuses what this request would write: its one rule is on `userName`.
pub(super) fn app_refuses(body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return false;
    };
    let written = std::iter::once(&body["userName"]).chain(
        body["Operations"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|op| {
                let named = op["path"]
                    .as_str()
                    .is_some_and(|p| p.eq_ignore_ascii_case("userName"));
                [
                    if named { &op["value"] } else { &Value::Null },
                    &op["value"]["userName"],
                ]
            }),
    );
    written
        .filter_map(Value::as_str)
        .any(|name| !name.ends_with(DOMAIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn nobody_is_there_twice() {
        let all: BTreeSet<String> = STAFF.iter().chain(&JOINERS).map(|n| address(n)).collect();
        assert_eq!(all.len(), STAFF.len() + JOINERS.len());
        assert!(!all.contains(&address(MISTYPED.0)));
        assert_eq!(address("Mara Lindt"), "mara.lindt@example.com");
    }

    #[test]
    fn the_app_looks_at_user_names_wherever_they_are_written() {
        let refused = |body: Value| app_refuses(body.to_string().as_bytes());
        let (name, typo) = MISTYPED;
        assert!(refused(user(name, typo, "Support", "Support Agent")));
        assert!(!refused(user(name, &address(name), "Support", "Support Agent")));
        assert!(refused(
            json!({"Operations": [{"op": "replace", "path": "username", "value": typo}]})
        ));
        assert!(refused(
            json!({"Operations": [{"op": "replace", "value": {"userName": typo}}]})
        ));
        assert!(!refused(
            json!({"Operations": [{"op": "replace", "path": "title", "value": typo}]})
        ));
        assert!(!app_refuses(b"not JSON"));
    }
}
