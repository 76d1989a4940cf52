//! The whole state behind an endpoint, in words that do not depend on ids: what two sides are compared by.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Scim;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// userName → (active, the attributes that matter, as text).
    pub users: BTreeMap<String, (bool, String)>,
    /// displayName → userNames.
    pub groups: BTreeMap<String, BTreeSet<String>>,
}

impl State {
    /// Reads everything, page by page.
    pub async fn read(scim: &Scim) -> Self {
        let mut state = Self::default();
        let mut names = BTreeMap::new();
        for user in all(scim, "Users").await {
            let name = user["userName"].as_str().unwrap().to_lowercase();
            names.insert(user["id"].as_str().unwrap().to_owned(), name.clone());
            let active = user["active"].as_bool().unwrap_or(true);
            let there = state.users.insert(name.clone(), (active, shown(&user)));
            assert!(there.is_none(), "{name} is there twice");
        }
        for group in all(scim, "Groups").await {
            let name = group["displayName"].as_str().unwrap().to_owned();
            let members = group["members"].as_array().into_iter().flatten();
            let members = members
                .filter_map(|m| names.get(m["value"].as_str()?).cloned())
                .collect();
            let there = state.groups.insert(name.clone(), members);
            assert!(there.is_none(), "group {name} is there twice");
        }
        state
    }

    /// What the two hold differently, by name: a whole state is more than anybody reads.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        fn differ<T: PartialEq + std::fmt::Debug>(
            ours: &BTreeMap<String, T>,
            theirs: &BTreeMap<String, T>,
        ) -> Vec<String> {
            let names: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
            let differs = names.into_iter().filter(|n| ours.get(*n) != theirs.get(*n));
            differs
                .map(|n| format!("{n}: {:?} | {:?}", ours.get(n), theirs.get(n)))
                .collect()
        }
        let mut all = differ(&self.users, &other.users);
        all.extend(differ(&self.groups, &other.groups));
        all
    }

    /// Those who may sign in.
    pub fn active(&self) -> BTreeSet<&str> {
        self.users
            .iter()
            .filter(|(_, (active, _))| *active)
            .map(|(name, _)| name.as_str())
            .collect()
    }
}

/// The attributes of a user that matter, as text.
pub fn shown(user: &Value) -> String {
    ["displayName", "title", "name", "emails", "externalId"]
        .map(|a| format!("{a}={}", in_order(&user[a])))
        .join(" ")
}

/// As text, whatever the order in which a side writes the parts.
pub fn in_order(value: &Value) -> String {
    match value {
        Value::Object(parts) => {
            let parts: BTreeMap<_, _> = parts.iter().collect();
            let parts = parts
                .into_iter()
                .map(|(name, v)| format!("{name}:{}", in_order(v)));
            format!("{{{}}}", parts.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(in_order).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

pub async fn all(scim: &Scim, endpoint: &str) -> Vec<Value> {
    let (mut found, mut start) = (Vec::new(), 1);
    let mut known = BTreeSet::new();
    loop {
        let page = scim
            .get(&format!("/{endpoint}?startIndex={start}&count=200"))
            .await
            .expect(200);
        let mut resources = page["Resources"].as_array().cloned().unwrap_or_default();
        // Some show the end again when there is no more.
        resources.retain(|r| known.insert(r["id"].as_str().unwrap().to_owned()));
        start += resources.len();
        // A total that is the page's own length may be no total.
        let total = page["totalResults"].as_u64().unwrap() as usize;
        let done = resources.is_empty() || (start > total && total > resources.len());
        found.extend(resources);
        if done {
            return found;
        }
    }
}
