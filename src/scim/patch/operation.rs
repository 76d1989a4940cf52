//! One operation of a PATCH to the changes it means. What depends on a document is left to [`Action::apply`].
use std::collections::BTreeSet;

use serde_json::Value;

use super::values::{Selected, Taken, check_filter, ids};
use super::{MemberChange, Step};
use crate::scim::Attributes;
use crate::scim::error::{ScimError, quote};
use crate::scim::filter::Filter;
use crate::scim::path::{AttrPath, PatchPath, Place};
use crate::scim::resource::key::{self, Key, expand};
use crate::scim::resource::write::{Mode, Target, Write};
use crate::scim::resource::{member_ids, members};
use crate::scim::rules::Rules;
use crate::scim::schema::{Attribute, Mutability, ResourceType};
use crate::scim::tolerance::{self, Notes, Tolerance};
use crate::scim::urn;

/// A change of a document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Action {
    /// Write or clear at a path.
    Write(Write, Mode),
    /// Change the values that a filter selects.
    Select(Selected),
    /// Take values away that are named one by one.
    Take(Taken),
}

impl Action {
    pub(super) fn apply(
        &self,
        document: &mut Attributes,
        touched: &mut BTreeSet<String>,
    ) -> Result<(), ScimError> {
        match self {
            Self::Write(write, mode) => write.apply(*mode, document, touched),
            Self::Select(selected) => selected.apply(document, touched),
            Self::Take(taken) => {
                taken.apply(document, touched);
                Ok(())
            }
        }
    }
}

/// What an operation is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Write(Mode),
    Remove,
}

/// Collects what the operations mean.
pub(super) struct Compiler<'r> {
    kind: ResourceType,
    rules: &'r Rules,
    number: usize,
    pub(super) steps: Vec<Step>,
    pub(super) members: Vec<MemberChange>,
    pub(super) ids: Vec<String>,
    pub(super) notes: Notes,
}

impl<'r> Compiler<'r> {
    pub(super) fn new(kind: ResourceType, rules: &'r Rules) -> Self {
        Self {
            kind,
            rules,
            number: 0,
            steps: Vec::new(),
            members: Vec::new(),
            ids: Vec::new(),
            notes: Notes::default(),
        }
    }

    /// Reads one operation; names of its keys in any letter case.
    pub(super) fn operation(&mut self, number: usize, operation: &Value) -> Result<(), ScimError> {
        self.number = number;
        let operation = operation
            .as_object()
            .ok_or_else(|| ScimError::invalid_syntax("An operation has to be an object."))?;
        let part = |name: &str| {
            operation
                .iter()
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value)
        };
        let op = self.op(part("op"))?;
        let value = part("value").cloned();
        match part("path") {
            None | Some(Value::Null) => self.without_path(op, value),
            Some(Value::String(path)) if tolerance::is_blank(path) => self.without_path(op, value),
            Some(Value::String(path)) => self.with_path(op, path, value),
            Some(_) => Err(ScimError::invalid_syntax("'path' has to be a string.")),
        }
    }

    fn op(&mut self, op: Option<&Value>) -> Result<Op, ScimError> {
        let name = op
            .and_then(Value::as_str)
            .ok_or_else(|| ScimError::invalid_syntax("An operation has to have an 'op'."))?;
        let op = match name.to_ascii_lowercase().as_str() {
            "add" => Op::Write(Mode::Add),
            "replace" => Op::Write(Mode::Replace),
            "remove" => Op::Remove,
            _ => {
                return Err(ScimError::invalid_syntax(format!(
                    "The op {} is none; it has to be add, replace or remove.",
                    quote(name)
                )));
            }
        };
        if tolerance::capital_operation(name) {
            self.notes.note(Tolerance::CapitalOperation);
        }
        Ok(op)
    }

    /// The value is an object of attributes. What POST would leave out is left out here.
    fn without_path(&mut self, op: Op, value: Option<Value>) -> Result<(), ScimError> {
        let Op::Write(mode) = op else {
            return Err(ScimError::no_target("A remove has to have a 'path'."));
        };
        let Some(Value::Object(attributes)) = value else {
            return Err(ScimError::invalid_value(
                "Without a 'path', 'value' has to be an object of attributes.",
            ));
        };
        for (name, value) in attributes {
            if name.contains('[') {
                self.notes.note(Tolerance::PathAsKey);
                self.with_path(op, &name, Some(value))?;
                continue;
            }
            match key::read(self.kind, &name, &value, self.rules, &mut self.notes) {
                Key::Schemas | Key::Ignored => {}
                Key::Id => self.ids.extend(value.as_str().map(str::to_owned)),
                Key::Members => self.members(op, None, Some(value))?,
                Key::Place(target) => self.write(mode, target, value)?,
            }
        }
        Ok(())
    }

    fn with_path(&mut self, op: Op, text: &str, value: Option<Value>) -> Result<(), ScimError> {
        match PatchPath::parse(text, self.rules)? {
            PatchPath::Attr(path) => self.attribute(op, &path, value),
            PatchPath::Value { attr, filter, sub } => self.values(op, &attr, filter, sub.as_deref(), value),
            PatchPath::Extension(urn) => self.extension(op, urn, value),
        }
    }

    fn attribute(&mut self, op: Op, path: &AttrPath, value: Option<Value>) -> Result<(), ScimError> {
        if is_password(path) {
            return Ok(());
        }
        let place = self.resolve(path)?;
        if let Place::Known {
            extension: None,
            attribute,
            sub,
        } = place
        {
            match (attribute.name, sub) {
                // What is listed there follows from the content.
                ("schemas", _) => return Ok(()),
                ("members", None) => return self.members(op, None, value),
                ("members", Some(_)) => return Err(members_are_whole()),
                _ => {}
            }
        }
        if let Place::Known { attribute, sub, .. } = place {
            refuse_read_only(attribute, sub)?;
        }
        let target = Target::Place(place.clone());
        match (op, value) {
            (Op::Write(mode), Some(value)) => self.write(mode, target, value),
            (Op::Write(_), None) => Err(no_value()),
            (Op::Remove, value) => match place {
                _ if Taken::can(&place) && value.as_ref().is_some_and(|value| !value.is_null()) => {
                    self.notes.note(Tolerance::RemoveWithValue);
                    let taken = Taken::new(place, value.unwrap_or_default(), &mut self.notes)?;
                    self.step(Action::Take(taken));
                    Ok(())
                }
                Place::Known {
                    attribute, sub: None, ..
                } if attribute.required => Err(ScimError::mutability(format!(
                    "A {} has to have a {}.",
                    self.kind.name(),
                    attribute.name
                ))),
                _ => {
                    self.step(Action::Write(Write { target, value: None }, Mode::Replace));
                    Ok(())
                }
            },
        }
    }

    fn extension(&mut self, op: Op, urn: String, value: Option<Value>) -> Result<(), ScimError> {
        let is_core = urn == self.kind.schema()
            || urn::known(&urn).is_some_and(|(known, _)| known == urn::Known::AnyCore);
        if !is_core && urn::known(&urn).is_some() && self.kind.extension(&urn).is_none() {
            return Err(unknown(&urn, self.kind));
        }
        match (op, value) {
            (Op::Remove, _) if is_core => {
                Err(ScimError::mutability("A resource cannot lose its core schema."))
            }
            (Op::Remove, _) => {
                self.step(Action::Write(
                    Write {
                        target: Target::Extension(urn),
                        value: None,
                    },
                    Mode::Replace,
                ));
                Ok(())
            }
            (Op::Write(_), None) => Err(no_value()),
            (Op::Write(_), value) if is_core => self.without_path(op, value),
            (Op::Write(mode), Some(value)) => self.write(mode, Target::Extension(urn), value),
        }
    }

    /// A path with a filter.
    fn values(
        &mut self,
        op: Op,
        path: &AttrPath,
        filter: Filter,
        sub: Option<&str>,
        value: Option<Value>,
    ) -> Result<(), ScimError> {
        let place = self.resolve(path)?;
        let Place::Known {
            attribute, sub: None, ..
        } = place
        else {
            return Err(ScimError::invalid_path(format!(
                "'{path}' has no values that a filter could select."
            )));
        };
        if !attribute.multi_valued || attribute.sub_attributes.is_empty() {
            return Err(ScimError::invalid_path(format!(
                "'{path}' has no values that a filter could select."
            )));
        }
        check_filter(attribute, &filter)?;
        let sub = match sub {
            None => None,
            Some(name) => Some(
                attribute
                    .sub(name)
                    .ok_or_else(|| unknown(&format!("{path}[…].{name}"), self.kind))?,
            ),
        };
        if attribute.name == "members" {
            return if sub.is_none() {
                self.members(op, Some(filter), value)
            } else {
                Err(members_are_whole())
            };
        }
        refuse_read_only(attribute, sub)?;
        let selected = match (op, value) {
            (Op::Remove, _) => Selected::remove(attribute, filter, sub),
            (Op::Write(_), None) => return Err(no_value()),
            (Op::Write(mode), Some(value)) => {
                Selected::write(attribute, filter, sub, mode, value, &mut self.notes)?
            }
        };
        self.step(Action::Select(selected));
        Ok(())
    }

    /// Members are in no document: their changes are collected beside the steps.
    fn members(&mut self, op: Op, filter: Option<Filter>, value: Option<Value>) -> Result<(), ScimError> {
        let change = match (op, filter, value) {
            (Op::Write(Mode::Add), None, Some(value)) => {
                MemberChange::Add(members(value, &self.rules.limits, &mut self.notes)?)
            }
            (Op::Write(Mode::Replace), None, Some(value)) => {
                MemberChange::Replace(members(value, &self.rules.limits, &mut self.notes)?)
            }
            (Op::Write(_), None, None) => return Err(no_value()),
            (Op::Write(_), Some(_), _) => return Err(members_are_whole()),
            (Op::Remove, Some(filter), _) => match ids(&filter) {
                Some(ids) => MemberChange::Remove(ids),
                None => MemberChange::RemoveMatching(filter),
            },
            (Op::Remove, None, None | Some(Value::Null)) => MemberChange::RemoveAll,
            (Op::Remove, None, Some(value)) => {
                self.notes.note(Tolerance::RemoveWithValue);
                let ids = member_ids(value, &self.rules.limits, &mut self.notes)?;
                // Read by the RFC the whole group would go, read as Entra means it nobody: so neither.
                if ids.is_empty() {
                    return Err(ScimError::invalid_value(
                        "The list of members to remove is empty.",
                    ));
                }
                MemberChange::Remove(ids)
            }
        };
        self.members.push(change);
        Ok(())
    }

    fn write(&mut self, mode: Mode, target: Target, value: Value) -> Result<(), ScimError> {
        let mut writes = Vec::new();
        expand(
            self.kind,
            target,
            value,
            &self.rules.custom,
            &mut self.notes,
            &mut writes,
        )?;
        for write in writes {
            if write.value.is_none()
                && let Target::Place(Place::Known { extension: None, attribute, .. }) = &write.target
                // A blank must neither take a required attribute nor let a leaver back in.
                && (attribute.required || attribute.name == "active")
            {
                return Err(ScimError::invalid_value(format!(
                    "'{}' cannot be empty.",
                    attribute.name
                )));
            }
            self.step(Action::Write(write, mode));
        }
        Ok(())
    }

    fn resolve(&mut self, path: &AttrPath) -> Result<Place, ScimError> {
        let place = path
            .resolve(self.kind, &self.rules.custom)
            .ok_or_else(|| unknown(&path.to_string(), self.kind))?;
        path.deviation(self.kind)
            .into_iter()
            .for_each(|note| self.notes.note(note));
        Ok(place)
    }

    fn step(&mut self, action: Action) {
        self.steps.push(Step {
            operation: self.number,
            action,
        });
    }
}

/// `password` is accepted and dropped: it is in no schema, but Okta and others send it.
fn is_password(path: &AttrPath) -> bool {
    let is_core = path.urn.as_deref().is_none_or(|urn| urn == urn::USER);
    is_core && path.sub.is_none() && path.name.eq_ignore_ascii_case("password")
}

fn refuse_read_only(attribute: &Attribute, sub: Option<&Attribute>) -> Result<(), ScimError> {
    match [Some(attribute), sub]
        .into_iter()
        .flatten()
        .find(|part| part.mutability == Mutability::ReadOnly)
    {
        Some(part) => Err(ScimError::mutability(format!("'{}' is read-only.", part.name))),
        None => Ok(()),
    }
}

fn members_are_whole() -> ScimError {
    ScimError::mutability("A member is added or removed as a whole; it cannot be changed.")
}

fn no_value() -> ScimError {
    ScimError::invalid_value("An add or replace has to have a 'value'.")
}

fn unknown(path: &str, kind: ResourceType) -> ScimError {
    ScimError::invalid_path(format!("A {} has no attribute {}.", kind.name(), quote(path)))
}
