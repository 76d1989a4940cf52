//! What goes to an app under the policies of its instance: of which resources (scope), and of each what (mapping). Only
//! owned attributes are desired, and what templates make of owned ones; a path without a row goes as it is.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::scope::{Carried, Scope};
use super::slot::Slot;
use super::template::{Context, Templates};
use super::{cleared, desired, fingerprint, is_owned, name_path, text};
use crate::model::job::OUR_MAPPING;
use crate::model::{Fingerprint, Policies, Resource};
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, resource};

/// Most rows of a mapping, and most attributes with a drift policy of their own.
pub const ROWS: usize = 50;

/// The policies of an instance, read once for many resources.
pub struct Onward<'p> {
    custom: &'p Custom,
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
    required: bool,
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
    /// Templates that gave nothing that can be sent. Each begins with [`OUR_MAPPING`] and is a sentence but for its end.
    pub faults: Vec<String>,
    /// Attributes without a value that the app requires of somebody new, in the same words. Who is there stays.
    pub missing: Vec<String>,
    silent: BTreeSet<String>,
    /// Where nothing but the rows speaks: their paths.
    only: Option<BTreeSet<String>>,
}

impl Wanted {
    /// Whether nothing is said to the app about this path: a row gave no value for it, or leaves it out.
    #[must_use]
    pub fn is_silent(&self, path: &str) -> bool {
        is_in(&self.silent, path) || self.only.as_ref().is_some_and(|only| !is_in(only, path))
    }

    /// Why nobody can be made in the app of it; none: somebody can.
    #[must_use]
    pub fn obstacle(&self) -> Option<&str> {
        self.faults.first().or(self.missing.first()).map(String::as_str)
    }
}

/// A path is among them itself, or by the whole that it is part of.
fn is_in(paths: &BTreeSet<String>, path: &str) -> bool {
    paths.contains(path)
        || path
            .rsplit_once('.')
            .is_some_and(|(whole, _)| paths.contains(whole))
}

fn fault(path: &str, why: &str) -> String {
    format!("{OUR_MAPPING}{path}: {why}")
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
                required: row.required,
                slot: Slot::read(row.kind, &row.path, custom),
                ready: match template {
                    "" => Ok(()),
                    template => templates.as_mut().map_or(Ok(()), |all| all.read(template)),
                },
            }
        });
        Self {
            custom,
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
        if ours.is_managed() {
            self.narrow(ours.kind, &mut wanted);
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
            || self.only(kind).is_some_and(|only| !is_in(&only, path))
    }

    /// The paths that go onward if no other does.
    fn only(&self, kind: ResourceType) -> Option<BTreeSet<String>> {
        self.of_kind(kind).find(|(_, slot)| slot.is_rest())?;
        let rows = self.of_kind(kind).map(|(_, slot)| slot.path.clone());
        Some(rows.chain([name_path(kind).into(), "active".into()]).collect())
    }

    /// Takes out what has no row, if a row says so.
    fn narrow(&self, kind: ResourceType, wanted: &mut Wanted) {
        let Some(only) = self.only(kind) else { return };
        for path in resource::paths(kind, &wanted.document) {
            if !is_in(&only, &path) {
                resource::set(&mut wanted.document, &path, None);
            }
        }
        wanted.cleared.retain(|path| is_in(&only, path));
        wanted.only = Some(only);
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
                    wanted.faults.push(fault(row.path, why.trim_end_matches('.')));
                    // As it is, it is not meant to go either.
                    resource::set(&mut wanted.document, row.path, None);
                    wanted.silent.insert(row.path.to_owned());
                    continue;
                }
            };
            if slot.is_rest() || slot.is_as_it_is(row.template) {
                Self::require(row, slot, wanted);
                continue;
            }
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
                    let seen = || Context::of(ours.kind, &owned(ours), self.custom);
                    let context = context.get_or_init(seen);
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
            match put {
                Ok(false) => {}
                Ok(true) => {
                    wanted.silent.insert(path.clone());
                    Self::require(row, slot, wanted);
                }
                Err(why) => {
                    wanted.faults.push(fault(row.path, why.trim_end_matches('.')));
                    resource::set(&mut wanted.document, path, None);
                    wanted.silent.insert(path.clone());
                }
            }
        }
    }

    /// Notes that a value is missing which the app requires.
    fn require(row: &Row<'_>, slot: &Slot, wanted: &mut Wanted) {
        if row.required && resource::get(&wanted.document, &slot.path).is_none() {
            let why = "it gives no value, and the app takes nobody new without one";
            wanted.missing.push(fault(row.path, why));
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
