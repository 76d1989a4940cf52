//! Protected accounts: those on the instance's list, and the account behind its own token, as far as the app tells which
//! that is. We never deactivate or delete one, nor take one out of a group, whoever asks. [`super::removal::reserve`] is
//! where every such step has to pass, and it asks here; so the rule has one place.

use std::collections::BTreeSet;

use crate::model::{Instance, Link, Resource};
use crate::scim::fold;
use crate::scim::schema::ResourceType;
use crate::store::links::By;
use crate::store::{Rx, StoreError, Tx, instances, links, members, resources};

/// Most names on the list of an instance.
pub const MOST: usize = 100;
/// Longest of them, in characters.
pub const LONGEST: usize = 250;

/// Why a protected account is left as it is, in the list of removals.
pub const REASON: &str = "protected";

/// The list as it is kept: folded, sorted, each once.
///
/// # Errors
/// A sentence that says what to change.
pub fn listed(typed: &str) -> Result<Vec<String>, String> {
    let names: BTreeSet<String> = typed
        .lines()
        .map(|line| fold(line.trim()))
        .filter(|name| !name.is_empty())
        .collect();
    if names.len() > MOST {
        return Err(format!(
            "At most {MOST} accounts can be protected; these are {}.",
            names.len()
        ));
    }
    if names
        .iter()
        .any(|name| name.chars().count() > LONGEST || name.chars().any(char::is_control))
    {
        return Err(format!(
            "Type one userName to a line, each of at most {LONGEST} characters."
        ));
    }
    Ok(names.into_iter().collect())
}

/// Whether a user is protected, or a group holds somebody in the app who is: with the group, that one would lose it.
///
/// # Errors
/// When the database fails.
pub fn covers(rx: &Rx<'_>, instance: &Instance, ours: &Resource) -> Result<bool, StoreError> {
    if !is_anybody(instance) {
        return Ok(false);
    }
    match ours.kind {
        ResourceType::User => {
            let link = links::by_resource(rx, ours.row)?;
            Ok(is_listed(instance, &fold(&ours.name)) || link.is_some_and(|l| is_account(instance, &l)))
        }
        ResourceType::Group => {
            let held: BTreeSet<i64> = members::stored(rx, ours.row)?
                .into_iter()
                .filter(|m| m.held)
                .map(|m| m.member)
                .collect();
            Ok(rows(rx, instance)?.iter().any(|row| held.contains(row)))
        }
    }
}

/// As `covers`, by row.
///
/// # Errors
/// When the database fails.
pub(super) fn covers_row(rx: &Rx<'_>, instance: &Instance, row: i64) -> Result<bool, StoreError> {
    if !is_anybody(instance) {
        return Ok(false);
    }
    match resources::load(rx, row)? {
        Some(ours) => covers(rx, instance, &ours),
        None => Ok(false),
    }
}

/// An account was renamed in the app: protection is of the account, so the list goes with it.
///
/// # Errors
/// When the database fails.
pub(super) fn follow(
    tx: &Tx<'_>,
    instance: &Instance,
    before: Option<&str>,
    now: Option<&str>,
) -> Result<(), StoreError> {
    let (Some(before), Some(now)) = (before, now) else {
        return Ok(());
    };
    if before == now || !is_listed(instance, before) {
        return Ok(());
    }
    let Some(instance) = instances::by_id(tx, instance.id)? else {
        return Ok(());
    };
    let mut policies = instance.policies;
    policies.protected.retain(|name| name != before && name != now);
    policies.protected.push(now.to_owned());
    policies.protected.sort();
    instances::set_basics(tx, instance.id, &instance.name, instance.sync_every_s, &policies)
}

fn is_anybody(instance: &Instance) -> bool {
    let own = instance
        .target
        .as_ref()
        .and_then(|t| t.capabilities().own.as_ref());
    own.is_some() || !instance.policies.protected.is_empty()
}

fn is_listed(instance: &Instance, name_key: &str) -> bool {
    instance.policies.protected.iter().any(|name| name == name_key)
}

fn is_account(instance: &Instance, link: &Link) -> bool {
    let own = instance
        .target
        .as_ref()
        .and_then(|t| t.capabilities().own.as_ref());
    link.kind == ResourceType::User
        && (link
            .name_key
            .as_deref()
            .is_some_and(|name| is_listed(instance, name))
            || own.is_some_and(|own| link.remote_id.as_deref() == Some(own)))
}

/// Rows of all of ours that are protected.
fn rows(rx: &Rx<'_>, instance: &Instance) -> Result<Vec<i64>, StoreError> {
    let mut found = Vec::new();
    for name in &instance.policies.protected {
        let known = links::known_by(rx, instance.id, ResourceType::User, By::Name(name))?;
        found.extend(known.into_iter().filter_map(|l| l.resource));
        let ours = resources::by_name(rx, instance.id, ResourceType::User, name)?;
        found.extend(ours.into_iter().map(|r| r.row));
    }
    let own = instance
        .target
        .as_ref()
        .and_then(|t| t.capabilities().own.as_ref());
    if let Some(own) = own {
        let link = links::by_remote(rx, instance.id, ResourceType::User, own)?;
        found.extend(link.and_then(|l| l.resource));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_folded_and_bounded() {
        assert_eq!(
            listed(" Admin@Example.com\r\n\nadmin@example.com\nÉva@x "),
            Ok(vec!["admin@example.com".to_owned(), "éva@x".to_owned()])
        );
        let many: Vec<String> = (0..=MOST).map(|n| format!("p{n}@x")).collect();
        assert!(listed(&many.join("\n")).is_err());
        assert!(listed(&many[1..].join("\n")).is_ok());
        assert!(listed(&"x".repeat(LONGEST + 1)).is_err());
        assert_eq!(listed(""), Ok(Vec::new()));
    }
}
