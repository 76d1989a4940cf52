//! What `rollcall instance edit` changes: each flag is one setting, and what is not named stays.

use clap::Args;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::mapping::{self, Slot};
use crate::model::policies::{Drift, Leaver};
use crate::model::{MapRow, Policies, Scope, UserWrites};
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;

/// Settings of an instance to change.
#[derive(Clone, Debug, Default, PartialEq, Args, Serialize, Deserialize)]
#[group(id = "edit", required = true, multiple = true)]
#[serde(default)]
pub struct Change {
    /// Of an instance that carries groups only: acknowledge or refuse what is written of users
    #[arg(long, value_name = "WHAT", value_parser = word::<UserWrites>)]
    pub user_writes: Option<UserWrites>,
    /// Who leaves, or is out of scope: deactivate, delete or leave
    #[arg(long, value_name = "WHAT", value_parser = word::<Leaver>)]
    pub leaver: Option<Leaver>,
    /// What was changed in the app: report, enforce or adopt
    #[arg(long, value_name = "WHAT", value_parser = word::<Drift>)]
    pub drift: Option<Drift>,
    /// The same for one attribute, as PATH=WHAT; an empty WHAT takes it back
    #[arg(long, value_name = "PATH=WHAT")]
    pub drift_of: Vec<String>,
    /// Which users go onward: a SCIM filter over them, as they are here; empty: all
    #[arg(long, value_name = "FILTER")]
    pub carry_users: Option<String>,
    /// Which groups go onward: a SCIM filter over them; empty: all, unless some are named
    #[arg(long, value_name = "FILTER")]
    pub carry_groups: Option<String>,
    /// Groups that go onward beside those of the filter, by name; replaces the list, one empty name clears it
    #[arg(long, value_name = "NAME")]
    pub carry_group: Vec<String>,
    /// What the app gets at a path, as PATH=TEMPLATE (of groups: group:PATH=TEMPLATE); an empty template never sends it
    #[arg(long, value_name = "PATH=TEMPLATE")]
    pub map: Vec<String>,
    /// Send what stands at this path as it is again
    #[arg(long, value_name = "PATH")]
    pub unmap: Vec<String>,
    /// Go back to the mapping that the catalog proposes for the app; --map and --unmap change that one
    #[arg(long)]
    pub map_default: bool,
    /// Save it even if people lose access by it
    #[arg(long)]
    pub yes: bool,
}

/// Reads a stored word.
fn word<T: DeserializeOwned>(word: &str) -> Result<T, String> {
    serde_json::from_value(Value::from(word)).map_err(|e| {
        let text = e.to_string();
        let known = text.split_once("expected ").map_or("", |(_, known)| known);
        format!("use {}", known.trim_start_matches("one of ").replace('`', ""))
    })
}

impl Change {
    /// Makes the change; what is wrong with it, in a sentence.
    pub(super) fn apply(&self, scope: Scope, custom: &Custom, policies: &mut Policies) -> Result<(), String> {
        if let Some(user_writes) = self.user_writes {
            if scope != Scope::Groups {
                let text =
                    "--user-writes is for instances that carry groups only: this one takes users anyhow.";
                return Err(text.into());
            }
            policies.user_writes = user_writes;
        }
        policies.leaver = self.leaver.unwrap_or(policies.leaver);
        policies.drift = self.drift.unwrap_or(policies.drift);
        for given in &self.drift_of {
            let (path, what) = pair("--drift-of", given)?;
            // What is not declared any more is still known as it is written.
            let path = match policies.drift_of.contains_key(path) {
                true => path.to_owned(),
                false => mapping::drift_path(path, custom)?,
            };
            if !what.is_empty() {
                policies.drift_of.insert(path, word(what)?);
            } else if policies.drift_of.remove(&path).is_none() {
                return Err(format!("“{path}” has no policy of its own."));
            }
        }
        if let Some(filter) = &self.carry_users {
            policies.carry_users.clone_from(filter);
        }
        if let Some(filter) = &self.carry_groups {
            policies.carry_groups.clone_from(filter);
        }
        if !self.carry_group.is_empty() {
            policies.carry_group_names.clone_from(&self.carry_group);
        }
        for path in &self.unmap {
            let (kind, path) = of(path, custom)?;
            let before = policies.mapping.len();
            policies
                .mapping
                .retain(|row| row.kind != kind || row.path != path);
            if policies.mapping.len() == before {
                return Err(format!("Nothing is mapped at “{path}”."));
            }
        }
        for given in &self.map {
            let (path, template) = split(given).ok_or_else(|| bad("--map", given))?;
            let (kind, path) = of(path, custom)?;
            let known = policies
                .mapping
                .iter()
                .position(|r| r.kind == kind && r.path == path);
            let row = MapRow {
                kind,
                path,
                template: template.into(),
                required: false,
            };
            match known.and_then(|n| policies.mapping.get_mut(n)) {
                Some(known) => known.template = row.template,
                None => policies.mapping.push(row),
            }
        }
        Ok(())
    }
}

/// Whose attribute it is, and its one spelling, as rows hold it.
fn of(path: &str, custom: &Custom) -> Result<(ResourceType, String), String> {
    let (kind, path) = match path.strip_prefix("group:") {
        Some(path) => (ResourceType::Group, path),
        None => (ResourceType::User, path),
    };
    Ok((kind, Slot::read(kind, path, custom)?.to_string()))
}

fn pair<'a>(flag: &str, given: &'a str) -> Result<(&'a str, &'a str), String> {
    split(given).ok_or_else(|| bad(flag, given))
}

fn bad(flag: &str, given: &str) -> String {
    format!("{flag} takes an attribute, “=” and what becomes of it; “{given}” has no “=”.")
}

/// Parts a path from what is said of it: at the first `=` (a filter in brackets has none).
fn split(given: &str) -> Option<(&str, &str)> {
    given
        .split_once('=')
        .map(|(path, said)| (path.trim(), said.trim()))
}

#[cfg(test)]
mod tests;
