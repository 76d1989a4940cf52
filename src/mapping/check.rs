//! Policies are read as they will be read when they apply, before they are saved: what cannot be is told with the field
//! and, in the mapping, the row. What stands here already is not judged again: that each resource tells.

use std::collections::{BTreeMap, BTreeSet};

use super::name_path;
use super::onward::ROWS;
use super::scope;
use super::slot::Slot;
use super::template::Templates;
use crate::model::{MapRow, Policies};
use crate::scim::path::AttrPath;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;

/// What is wrong with policies: in which field, and a sentence. `mapping` has the row as well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flaw {
    /// `carry_users`, `carry_groups`, `carry_group_names`, `drift_of` or `mapping`.
    pub field: &'static str,
    /// Which row of the mapping.
    pub row: Option<usize>,
    /// What to change.
    pub text: String,
}

/// Reads policies as they will be read when they apply, before they are saved; paths get their one spelling.
///
/// # Errors
/// The first flaw.
pub fn check(policies: &mut Policies, custom: &Custom) -> Result<(), Flaw> {
    let flaw = |field, row, text: String| Flaw { field, row, text };
    for (field, kind, text) in [
        ("carry_users", ResourceType::User, &mut policies.carry_users),
        ("carry_groups", ResourceType::Group, &mut policies.carry_groups),
    ] {
        *text = text.trim().to_owned();
        if !text.is_empty() {
            scope::filter(kind, text, custom).map_err(|why| flaw(field, None, why))?;
        }
    }
    let names = &mut policies.carry_group_names;
    names.retain(|name| !name.trim().is_empty());
    if names.len() > scope::NAMES || names.iter().any(|name| name.chars().count() > scope::NAME) {
        let text = format!(
            "Name at most {} groups, each with at most {} characters.",
            scope::NAMES,
            scope::NAME
        );
        return Err(flaw("carry_group_names", None, text));
    }
    if policies.drift_of.len() > ROWS {
        return Err(flaw(
            "drift_of",
            None,
            format!("At most {ROWS} attributes have a policy of their own."),
        ));
    }
    let mut drift_of = BTreeMap::new();
    for (path, drift) in std::mem::take(&mut policies.drift_of) {
        let path = drift_path(&path, custom).map_err(|why| flaw("drift_of", None, why))?;
        if drift_of
            .insert(path.clone(), drift)
            .is_some_and(|other| other != drift)
        {
            return Err(flaw("drift_of", None, format!("“{path}” has two policies.")));
        }
    }
    policies.drift_of = drift_of;
    rows(&mut policies.mapping, custom).map_err(|(row, text)| flaw("mapping", row, text))
}

fn rows(all: &mut [MapRow], custom: &Custom) -> Result<(), (Option<usize>, String)> {
    if all.len() > ROWS {
        return Err((None, format!("A mapping has at most {ROWS} rows.")));
    }
    let mut known = BTreeSet::new();
    for (n, row) in all.iter_mut().enumerate() {
        let slot = one(row, custom).map_err(|text| (Some(n), text))?;
        let whole = slot
            .path
            .split_once('.')
            .filter(|_| !slot.path.contains(':'))
            .map(|(whole, _)| whole.to_owned());
        let clash = !known.insert((row.kind.name(), slot.path.clone()))
            || whole.is_some_and(|whole| known.contains(&(row.kind.name(), whole)));
        if clash {
            return Err((Some(n), format!("“{}” has a row already.", row.path)));
        }
    }
    Ok(())
}

/// One row, brought into its one spelling; where it writes.
fn one(row: &mut MapRow, custom: &Custom) -> Result<Slot, String> {
    let slot = Slot::read(row.kind, &row.path, custom)?;
    row.path = slot.to_string();
    row.template = row.template.trim().to_owned();
    let path = &row.path;
    match row.template.as_str() {
        "" if slot.path == name_path(row.kind) => Err(format!(
            "Nobody can be in the app without {path}: give it a template."
        )),
        "" if row.required => Err(format!(
            "“{path}” cannot be required and never sent: give it a template, or do not require it."
        )),
        "" => Ok(()),
        _ if slot.is_rest() => Err(
            "“*” stands for all attributes without a row: leave its template empty to send none of them."
                .into(),
        ),
        template if slot.is_as_it_is(template) => Ok(()),
        _ if !slot.is_writable() => Err(format!(
            "“{path}” has several values or parts: leave its template empty to send none of it, or write {{{{ {} }}}} to \
             send it as it is.",
            slot.path
        )),
        template => {
            let mut templates = Templates::new();
            let read = templates.read(template);
            read.and_then(|()| templates.check(template, row.kind, custom))
                .map_err(|why| format!("The template cannot be read: {why}"))
        }
    }?;
    Ok(slot)
}

/// The one spelling of an attribute, of users or of groups, whose drift policy is set.
///
/// # Errors
/// A sentence that says what else to write.
pub fn drift_path(text: &str, custom: &Custom) -> Result<String, String> {
    let text = text.trim();
    if let Ok(slot) = Slot::read(ResourceType::User, text, custom)
        && !slot.is_rest()
    {
        return Ok(slot.path);
    }
    let unknown = || {
        format!("“{text}” is no attribute. Write one like title, name.givenName or enterprise.department.")
    };
    let path = AttrPath::parse(text).map_err(|_| unknown())?;
    let found = ResourceType::ALL
        .iter()
        .find_map(|kind| path.canonical(*kind, custom));
    found.ok_or_else(unknown)
}
