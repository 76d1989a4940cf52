//! What goes to an app under the policies of its instance: of which resources (scope), and of each what (mapping). Only
//! owned attributes are desired, and what templates make of owned ones; a path without a row goes as it is.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::scope::{self, Carried, Scope};
use super::slot::Slot;
use super::template::{Context, Templates};
use super::{cleared, desired, fingerprint, is_owned, name_path, text};
use crate::model::{Fingerprint, MapRow, Policies, Resource};
use crate::scim::path::AttrPath;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, resource};

/// Most rows of a mapping, and most attributes with a drift policy of their own.
pub const ROWS: usize = 50;

/// The policies of an instance, read once for many resources.
pub struct Onward<'p> {
    scope: Scope<'p>,
    rows: Vec<Row<'p>>,
    /// None: there is no mapping.
    templates: Option<Templates<'p>>,
}

struct Row<'p> {
    kind: ResourceType,
    /// As typed, for people.
    path: &'p str,
    template: &'p str,
    slot: Result<Slot, String>,
    /// Whether the template can be run.
    ready: Result<(), String>,
}

/// What the app shall hold of one resource.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The attributes, in canonical form.
    pub document: Attributes,
    /// One hash per path of it.
    pub desired: Fingerprint,
    /// Paths that shall have no value.
    pub cleared: Vec<String>,
    /// userName or displayName, as the app shall know it.
    pub name: String,
    /// externalId, as the app shall know it.
    pub external_id: Option<String>,
    /// The app knows it by another name or externalId than we do, or may.
    pub renamed: bool,
    /// Templates that gave nothing that can be sent, in sentences.
    pub faults: Vec<String>,
    silent: BTreeSet<String>,
}

impl Wanted {
    /// Whether nothing is said to the app about this path: a row gave no value for it, or leaves it out.
    #[must_use]
    pub fn is_silent(&self, path: &str) -> bool {
        is_in(&self.silent, path)
    }
}

/// A path is among them itself, or by the whole that it is part of.
fn is_in(paths: &BTreeSet<String>, path: &str) -> bool {
    paths.contains(path)
        || path
            .rsplit_once('.')
            .is_some_and(|(whole, _)| paths.contains(whole))
}

impl<'p> Onward<'p> {
    /// Reads the policies. What cannot be read is told with each resource it would decide about.
    #[must_use]
    pub fn new(policies: &'p Policies, custom: &'p Custom) -> Self {
        let mut templates = (!policies.mapping.is_empty()).then(Templates::new);
        let rows = policies.mapping.iter().take(ROWS).map(|row| {
            let template = row.template.trim();
            Row {
                kind: row.kind,
                path: &row.path,
                template,
                slot: Slot::read(row.kind, &row.path),
                ready: match template {
                    "" => Ok(()),
                    template => templates.as_mut().map_or(Ok(()), |all| all.read(template)),
                },
            }
        });
        Self {
            scope: Scope::new(policies, custom),
            rows: rows.collect(),
            templates,
        }
    }

    /// Whether a resource goes onward at all.
    #[must_use]
    pub fn carries(&self, ours: &Resource) -> Carried {
        self.scope.of(ours)
    }

    /// Why nobody can tell who goes onward; none: it can be told.
    #[must_use]
    pub fn flaw(&self) -> Option<String> {
        self.scope.flaw()
    }

    /// What the app shall hold of it.
    #[must_use]
    pub fn of(&self, ours: &Resource) -> Wanted {
        let mut wanted = Wanted {
            document: desired(ours),
            cleared: cleared(ours),
            ..Wanted::default()
        };
        if ours.is_managed() {
            self.fill(ours, &mut wanted);
        }
        let name = name_path(ours.kind);
        wanted.name = text(&wanted.document, name).unwrap_or(&ours.name).to_owned();
        wanted.external_id = match self.has(ours.kind, "externalId") {
            true => text(&wanted.document, "externalId").map(str::to_owned),
            false => ours.external_id.clone(),
        };
        wanted.renamed = self.has(ours.kind, name) || self.has(ours.kind, "externalId");
        wanted.desired = fingerprint(ours.kind, &wanted.document);
        wanted
    }

    /// Whether a row decides about this path.
    #[must_use]
    pub fn has(&self, kind: ResourceType, path: &str) -> bool {
        self.of_kind(kind).any(|(_, slot)| slot.path == path)
    }

    fn of_kind(&self, kind: ResourceType) -> impl Iterator<Item = (&Row<'p>, &Slot)> {
        let rows = self.rows.iter().filter(move |row| row.kind == kind);
        rows.filter_map(|row| Some((row, row.slot.as_ref().ok()?)))
    }

    fn fill(&self, ours: &Resource, wanted: &mut Wanted) {
        let context = OnceCell::new();
        for row in self.rows.iter().filter(|row| row.kind == ours.kind) {
            let slot = match &row.slot {
                Ok(slot) => slot,
                Err(why) => {
                    wanted.faults.push(format!("The mapping of {}: {why}.", row.path));
                    continue;
                }
            };
            let path = &slot.path;
            let part = |whole: &str| {
                whole
                    .strip_prefix(path.as_str())
                    .is_some_and(|rest| rest.starts_with('.'))
            };
            let is_whole_of = |whole: &str| {
                path.strip_prefix(whole)
                    .is_some_and(|rest| rest.starts_with(['.', ':']))
            };
            wanted
                .cleared
                .retain(|c| c != path && !part(c) && !is_whole_of(c));
            let made = match row.template {
                "" => Ok(String::new()),
                template => row.ready.clone().and_then(|()| {
                    let context = context.get_or_init(|| Context::of(&owned(ours)));
                    self.templates
                        .as_ref()
                        .map_or(Ok(String::new()), |all| all.run(template, context))
                }),
            };
            let is_name = path == name_path(ours.kind);
            let put = made.and_then(|made| {
                if made.is_empty() && is_name && !row.template.is_empty() {
                    return Err("it gives no value, and there is no account without one".into());
                }
                slot.put(&mut wanted.document, &made).map(|()| made.is_empty())
            });
            let silent = put.unwrap_or_else(|why| {
                wanted.faults.push(format!("The mapping of {}: {why}.", row.path));
                resource::set(&mut wanted.document, path, None);
                true
            });
            if silent {
                wanted.silent.insert(path.clone());
            }
        }
    }
}

/// The attributes that somebody here owns: all that a template sees.
fn owned(ours: &Resource) -> Attributes {
    let mut seen = Attributes::new();
    for path in resource::paths(ours.kind, &ours.attributes) {
        if is_owned(ours, &path) || path == "active" {
            resource::set(&mut seen, &path, resource::get(&ours.attributes, &path).cloned());
        }
    }
    seen
}

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
    let mut drift_of = std::collections::BTreeMap::new();
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
    rows(&mut policies.mapping).map_err(|(row, text)| flaw("mapping", row, text))
}

fn rows(all: &mut [MapRow]) -> Result<(), (Option<usize>, String)> {
    if all.len() > ROWS {
        return Err((None, format!("A mapping has at most {ROWS} rows.")));
    }
    let mut known = BTreeSet::new();
    for (n, row) in all.iter_mut().enumerate() {
        let at = |text: String| (Some(n), text);
        let slot = Slot::read(row.kind, &row.path).map_err(at)?;
        row.path = slot.to_string();
        row.template = row.template.trim().to_owned();
        let is_name = slot.path == name_path(row.kind);
        if row.template.is_empty() {
            if is_name {
                return Err(at(format!(
                    "Nobody can be in the app without {}: give it a template.",
                    row.path
                )));
            }
        } else if slot.is_writable() {
            Templates::new()
                .read(&row.template)
                .map_err(|why| at(format!("The template cannot be read: {why}")))?;
        } else {
            let text = format!(
                "“{}” has several values or parts: leave its template empty to send none of it.",
                row.path
            );
            return Err(at(text));
        }
        let whole = slot
            .path
            .split_once('.')
            .filter(|_| !slot.path.contains(':'))
            .map(|(whole, _)| whole.to_owned());
        let clash = !known.insert((row.kind.name(), slot.path.clone()))
            || whole.is_some_and(|whole| known.contains(&(row.kind.name(), whole)));
        if clash {
            return Err(at(format!("“{}” has a row already.", row.path)));
        }
    }
    Ok(())
}

/// The one spelling of an attribute, of users or of groups, whose drift policy is set.
///
/// # Errors
/// A sentence that says what else to write.
pub fn drift_path(text: &str, custom: &Custom) -> Result<String, String> {
    let text = text.trim();
    if let Ok(slot) = Slot::read(ResourceType::User, text) {
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
