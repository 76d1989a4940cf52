//! Whether both sides hold the same: the whole state, read through both SCIM endpoints and compared by name. Ids and
//! times are each side's own.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::endpoint::Endpoint;
use super::error::DemoError;
use crate::scim::urn;

/// Differences told.
const TOLD: usize = 10;

/// What one side holds.
#[derive(PartialEq, Eq, Debug, Default)]
pub(super) struct Side {
    /// By userName: the attributes that the story changes.
    pub(super) people: BTreeMap<String, Vec<Value>>,
    /// By displayName: the members' userNames.
    pub(super) groups: BTreeMap<String, BTreeSet<String>>,
}

impl Side {
    /// Reads everything there is.
    pub(super) async fn read(end: &Endpoint) -> Result<Self, DemoError> {
        Ok(Self::of(&end.all("Users").await?, &end.all("Groups").await?))
    }

    fn of(users: &[Value], groups: &[Value]) -> Self {
        let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
        let names: HashMap<&str, String> = users
            .iter()
            .filter_map(|u| Some((u["id"].as_str()?, text(&u["userName"]))))
            .collect();
        let attributes = |u: &Value| {
            let department = &u[urn::ENTERPRISE_USER]["department"];
            [
                &u["active"],
                &u["name"],
                &u["displayName"],
                &u["title"],
                &u["emails"],
                department,
            ]
            .map(Value::clone)
            .to_vec()
        };
        let members = |g: &Value| {
            let ids = g["members"]
                .as_array()
                .into_iter()
                .flatten()
                .map(|m| text(&m["value"]));
            ids.map(|id| names.get(id.as_str()).cloned().unwrap_or(id))
                .collect()
        };
        Self {
            people: users
                .iter()
                .map(|u| (text(&u["userName"]), attributes(u)))
                .collect(),
            groups: groups
                .iter()
                .map(|g| (text(&g["displayName"]), members(g)))
                .collect(),
        }
    }

    /// What differs, a line each; at most ten.
    pub(super) fn differences(&self, app: &Self) -> Vec<String> {
        let people = differing(&self.people, &app.people);
        people
            .chain(differing(&self.groups, &app.groups))
            .take(TOLD)
            .collect()
    }
}

fn differing<'a, T: PartialEq + std::fmt::Debug>(
    hub: &'a BTreeMap<String, T>,
    app: &'a BTreeMap<String, T>,
) -> impl Iterator<Item = String> + 'a {
    let names: BTreeSet<&String> = hub.keys().chain(app.keys()).collect();
    names.into_iter().filter_map(move |name| {
        let (ours, theirs) = (hub.get(name), app.get(name));
        (ours != theirs).then(|| format!("{name}: the hub has {ours:?}, the app has {theirs:?}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn side(prefix: &str, active: bool, members: &[usize]) -> Side {
        let id = |n: usize| format!("{prefix}{n}");
        let users: Vec<Value> = (0..3)
            .map(|n| json!({"id": id(n), "userName": format!("u{n}"), "active": active || n > 0, "meta": {"x": prefix}}))
            .collect();
        let members: Vec<Value> = members.iter().map(|n| json!({"value": id(*n)})).collect();
        Side::of(
            &users,
            &[json!({"id": id(9), "displayName": "G", "members": members})],
        )
    }

    #[test]
    fn ids_do_not_matter_and_all_else_does() {
        let hub = side("a", true, &[0, 1]);
        assert_eq!(hub, side("b", true, &[1, 0]));
        assert!(hub.differences(&side("b", true, &[1, 0])).is_empty());
        let told = hub.differences(&side("b", false, &[1]));
        assert_eq!(told.len(), 2);
        assert!(
            told[0].starts_with("u0: ") && told[1].starts_with("G: "),
            "{told:?}"
        );
        assert_eq!(hub.differences(&Side::default()).len(), 4);
    }
}
