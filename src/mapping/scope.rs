//! Which of our resources go onward: a filter over our documents (RFC 7644 §3.4.2.2), and groups also by name.
//!
//! A filter that cannot be read says nothing about anybody: then nobody new is carried and nobody is removed.

use std::collections::BTreeSet;

use crate::model::{Policies, Resource};
use crate::scim::eval;
use crate::scim::filter::Filter;
use crate::scim::fold;
use crate::scim::path::AttrPath;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;

/// Whether a resource goes onward.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carried {
    /// It does.
    In,
    /// It does not: if it was carried before, it leaves.
    Out,
    /// Nobody can tell: the filter cannot be read.
    Unclear,
}

/// Most groups that can be named.
pub(super) const NAMES: usize = 500;
/// Longest name, in characters.
pub(super) const NAME: usize = 250;
/// What a document here does not hold: others know it.
const NOT_OURS: [&str; 6] = ["id", "meta", "groups", "members", "schemas", "password"];

/// The scope of an instance, read.
pub(super) struct Scope<'p> {
    custom: &'p Custom,
    users: Result<Option<Filter>, String>,
    groups: Result<Option<Filter>, String>,
    names: BTreeSet<String>,
}

impl<'p> Scope<'p> {
    pub(super) fn new(policies: &Policies, custom: &'p Custom) -> Self {
        let read = |kind, text: &str| match text.trim() {
            "" => Ok(None),
            text => filter(kind, text, custom).map(Some),
        };
        Self {
            custom,
            users: read(ResourceType::User, &policies.carry_users),
            groups: read(ResourceType::Group, &policies.carry_groups),
            names: policies.carry_group_names.iter().map(|name| fold(name)).collect(),
        }
    }

    pub(super) fn of(&self, ours: &Resource) -> Carried {
        let (filter, names) = match ours.kind {
            ResourceType::User => (&self.users, None),
            ResourceType::Group => (&self.groups, Some(&self.names).filter(|names| !names.is_empty())),
        };
        if names.is_some_and(|names| names.contains(&fold(&ours.name))) {
            return Carried::In;
        }
        let is_in = match filter {
            Err(_) => return Carried::Unclear,
            Ok(None) => names.is_none(),
            Ok(Some(filter)) => eval::matches(filter, ours.kind, self.custom, &ours.attributes),
        };
        if is_in { Carried::In } else { Carried::Out }
    }

    /// Why nobody can tell, if so.
    pub(super) fn flaw(&self) -> Option<String> {
        let of = |what: &str, read: &Result<_, String>| {
            let why = read.as_ref().err()?;
            Some(format!("the filter of {what} cannot be read: {why}"))
        };
        of("users", &self.users).or_else(|| of("groups", &self.groups))
    }
}

/// Reads a filter over our documents.
///
/// # Errors
/// A sentence that says where it goes wrong, or which name leads nowhere: it would match nobody.
pub(super) fn filter(kind: ResourceType, text: &str, custom: &Custom) -> Result<Filter, String> {
    let filter = Filter::parse(text).map_err(|e| e.detail)?;
    paths(&filter, &mut |path| {
        if path.urn.is_none() && NOT_OURS.iter().any(|name| name.eq_ignore_ascii_case(&path.name)) {
            return Err(format!(
                "“{path}” cannot decide here: only what stands in the {} itself can.",
                kind.name()
            ));
        }
        match path.resolve(kind, custom) {
            Some(_) => Ok(()),
            None => Err(format!(
                "“{path}” is no attribute of a {}, so the filter would match none.",
                kind.name()
            )),
        }
    })?;
    Ok(filter)
}

/// Asks about each path of a filter that leads into the resource.
fn paths(filter: &Filter, ask: &mut dyn FnMut(&AttrPath) -> Result<(), String>) -> Result<(), String> {
    match filter {
        Filter::And(all) | Filter::Or(all) => all.iter().try_for_each(|part| paths(part, ask)),
        Filter::Not(part) => paths(part, ask),
        Filter::Compare { path, .. } | Filter::Present(path) => ask(path),
        Filter::ValuePath { attr, filter } => {
            ask(attr)?;
            paths(filter, &mut |inner| {
                ask(&AttrPath {
                    sub: Some(inner.name.clone()),
                    ..attr.clone()
                })
            })
        }
    }
}
