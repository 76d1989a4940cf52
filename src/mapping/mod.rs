//! Which resources go onward, what of each, and how two states are compared: pure functions over attributes. Not the
//! decision what to do about a difference; that is `sync::plan`'s.
//!
//! Only *owned* attributes are desired in the app; the others follow it (DESIGN §1). [`Onward`] is what an instance's
//! policies make of them: scope (`scope`) and mapping (`slot`, `template`); [`check`] reads policies before they are saved.
//! A fingerprint has one short hash for each path of `scim::resource::paths`; it never holds a value, so it may be kept and
//! logged.

mod canonical;
mod check;
mod onward;
mod scope;
mod slot;
mod template;
mod work;

use serde_json::Value;

use crate::model::{Fingerprint, Resource};
use crate::scim::schema::{Mutability, ResourceType};
use crate::scim::{Attributes, resource};

pub use canonical::digest;
pub use check::{Flaw, check, drift_path};
pub use onward::{Onward, ROWS, Wanted};
pub use scope::Carried;
pub use slot::{REST, Slot};
pub use work::work_email;

/// Never sent and never compared: the server's own, or a secret that nobody keeps.
const NEVER: [&str; 6] = ["schemas", "id", "meta", "groups", "members", "password"];

/// Whether the value at this path may be sent to an app.
#[must_use]
pub fn is_pushable(kind: ResourceType, path: &str) -> bool {
    let name = path.split_once('.').map_or(path, |(name, _)| name);
    if NEVER.contains(&name) {
        return false;
    }
    kind.attribute(name)
        .is_none_or(|attribute| attribute.mutability != Mutability::ReadOnly)
}

/// What goes onward without a mapping: the owned, pushable attributes of `ours`, in canonical form. `active` is among
/// them for every managed user.
fn desired(ours: &Resource) -> Attributes {
    let mut wanted = Attributes::new();
    let start = Value::from(vec![ours.kind.schema()]);
    wanted.insert("schemas".into(), start);
    for path in resource::paths(ours.kind, &ours.attributes) {
        if is_owned(ours, &path) && is_pushable(ours.kind, &path) {
            resource::set(
                &mut wanted,
                &path,
                resource::get(&ours.attributes, &path).cloned(),
            );
        }
    }
    if ours.kind == ResourceType::User && ours.is_managed() {
        resource::set(&mut wanted, "active", Some(Value::Bool(ours.active)));
    }
    wanted
}

/// A path is owned itself, or by the whole that it is part of.
fn is_owned(ours: &Resource, path: &str) -> bool {
    if ours.owned.contains(path) {
        return true;
    }
    let whole = path.rsplit_once('.').or_else(|| path.rsplit_once(':'));
    whole.is_some_and(|(whole, _)| ours.owned.contains(whole))
}

/// One short hash per pushable path that has a value.
#[must_use]
pub fn fingerprint(kind: ResourceType, attributes: &Attributes) -> Fingerprint {
    let paths = resource::paths(kind, attributes)
        .into_iter()
        .filter(|path| is_pushable(kind, path));
    paths
        .filter_map(|path| {
            let hash = digest(resource::get(attributes, &path)?)?;
            Some((path, hash))
        })
        .collect()
}

/// In `pushed`: the app accepted that nothing is assigned here.
pub const UNASSIGNED: &str = "";

/// The paths that we own and want to have no value: a PUT left them out, or a PATCH removed them.
fn cleared(ours: &Resource) -> Vec<String> {
    let paths = ours.owned.iter().filter(|path| is_pushable(ours.kind, path));
    paths
        .filter(|path| resource::get(&ours.attributes, path).and_then(digest).is_none())
        .filter(|path| *path != "active")
        .cloned()
        .collect()
}

/// The paths whose wanted value is another than the one the app accepted last, also those no longer wanted that were.
#[must_use]
pub fn differing(desired: &Fingerprint, pushed: &Fingerprint) -> Vec<String> {
    let new = desired
        .iter()
        .filter(|(path, hash)| pushed.get(*path) != Some(hash));
    let mut paths: Vec<String> = new.map(|(path, _)| path.clone()).collect();
    let old = pushed
        .iter()
        .filter(|(path, hash)| *hash != UNASSIGNED && !desired.contains_key(*path));
    paths.extend(old.map(|(path, _)| path.clone()));
    paths
}

/// The paths that we care for (`ours`) whose value in the app is another than right after our last push.
#[must_use]
pub fn drifted(ours: &Fingerprint, base: &Fingerprint, seen: &Fingerprint) -> Vec<String> {
    ours.keys()
        .filter(|path| base.get(*path) != seen.get(*path))
        .cloned()
        .collect()
}

/// userName of a user, displayName of a group: what the app knows it by.
#[must_use]
pub fn name_path(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::User => "userName",
        ResourceType::Group => "displayName",
    }
}

/// A text attribute; blank counts as unassigned.
#[must_use]
pub fn text<'a>(attributes: &'a Attributes, path: &str) -> Option<&'a str> {
    resource::get(attributes, path)
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty())
}

/// `active`; an app that does not say means yes.
#[must_use]
pub fn is_active(attributes: &Attributes) -> bool {
    attributes.get("active").and_then(Value::as_bool).unwrap_or(true)
}

#[cfg(test)]
mod onward_tests;
#[cfg(test)]
mod rows_tests;
#[cfg(test)]
mod tests;
