//! PATCH: RFC 7644 §3.5.2, and the shapes that identity providers really send.
//!
//! [`PatchRequest::parse`] reads the message and refuses what can be refused without a document; [`PatchRequest::apply`]
//! says what it makes of one, all or nothing. Changes of a group's members are taken out in their order and applied
//! elsewhere, because members are in no document.
mod operation;
mod values;

use std::collections::BTreeSet;

use serde_json::Value;

use super::Attributes;
use super::error::ScimError;
use super::filter::Filter;
use super::resource::{Member, arrange, limits, require};
use super::rules::{Limits, Rules};
use super::schema::ResourceType;
use super::tolerance::{Notes, Tolerance};
use super::urn;
use operation::{Action, Compiler};

/// Most of them that concern a group's members as a whole: each costs as much as the group has.
const MAX_WHOLE: usize = 10;

/// A PATCH message that was read, for resources of one type.
#[derive(Debug, Clone, PartialEq)]
pub struct PatchRequest {
    kind: ResourceType,
    steps: Vec<Step>,
    members: Vec<MemberChange>,
    /// The `id`s in path-less values, which have to be that of the resource.
    ids: Vec<String>,
    notes: Notes,
}

/// A change of a document, and the number of the operation it comes from.
#[derive(Debug, Clone, PartialEq)]
struct Step {
    operation: usize,
    action: Action,
}

/// A change of a group's members.
#[derive(Debug, Clone, PartialEq)]
pub enum MemberChange {
    /// Put these into the group.
    Add(Vec<Member>),
    /// Take these ids out.
    Remove(Vec<String>),
    /// Take all out.
    RemoveAll,
    /// Take out whom the filter matches; its names are the sub-attributes of `members` (see [`MemberChange::matches`]).
    RemoveMatching(Filter),
    /// Have these in the group and no others.
    Replace(Vec<Member>),
}

impl MemberChange {
    /// Whether a member matches the filter of [`MemberChange::RemoveMatching`]; `member` has `value`, `type`, `$ref`.
    pub fn matches(filter: &Filter, member: &Value) -> bool {
        ResourceType::Group
            .attribute("members")
            .is_some_and(|members| super::eval::value_matches(filter, members, member))
    }

    /// How many members it names.
    fn len(&self) -> usize {
        match self {
            Self::Add(members) | Self::Replace(members) => members.len(),
            Self::Remove(ids) => ids.len(),
            Self::RemoveAll | Self::RemoveMatching(_) => 0,
        }
    }
}

/// What a PATCH makes of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    /// The canonical document.
    pub attributes: Attributes,
    /// The paths that were written or cleared, sorted, in the granularity of [`super::resource::Accepted::touched`].
    pub touched: Vec<String>,
}

impl PatchRequest {
    /// Reads a PATCH message. 400 with the number of the operation for everything that cannot be done to any document:
    /// `invalidSyntax`, `invalidPath`, `invalidFilter`, `invalidValue`, `noTarget`, `mutability`, `tooMany`.
    pub fn parse(kind: ResourceType, body: &Value, rules: &Rules) -> Result<Self, ScimError> {
        let body = body
            .as_object()
            .ok_or_else(|| ScimError::invalid_syntax("The body has to be a JSON object."))?;
        let mut compiler = Compiler::new(kind, rules);
        let listed = body.get("schemas").and_then(Value::as_array);
        let says_so = |schema: &Value| {
            schema
                .as_str()
                .is_some_and(|urn| urn.eq_ignore_ascii_case(urn::PATCH_OP))
        };
        if !listed.is_some_and(|listed| listed.iter().any(says_so)) {
            compiler.notes.note(Tolerance::NoPatchSchema);
        }
        let operations = operations(body, &rules.limits)?;
        for (n, operation) in operations.iter().enumerate() {
            compiler
                .operation(n + 1, operation)
                .map_err(|error| in_operation(n + 1, &error))?;
        }
        let request = Self {
            kind,
            steps: compiler.steps,
            members: compiler.members,
            ids: compiler.ids,
            notes: compiler.notes,
        };
        rules
            .limits
            .hold_members(request.members.iter().map(MemberChange::len).sum())?;
        let whole =
            |change: &&MemberChange| !matches!(change, MemberChange::Add(_) | MemberChange::Remove(_));
        if request.members.iter().filter(whole).count() > MAX_WHOLE {
            return Err(ScimError::too_many(format!(
                "A request may replace all members, or remove them by a filter, at most {MAX_WHOLE} times; split it."
            )));
        }
        Ok(request)
    }

    /// The changes of the group's members, in the order of the operations. Empty for users.
    pub fn member_changes(&self) -> &[MemberChange] {
        &self.members
    }

    /// Whether it changes members and nothing else.
    pub fn only_members(&self) -> bool {
        self.steps.is_empty() && !self.members.is_empty()
    }

    /// The deviations that were served.
    pub fn tolerated(&self) -> &[Tolerance] {
        self.notes.as_slice()
    }

    /// What the request makes of a document. `current` may carry the `id`: another one in the request is then refused.
    /// 400 `noTarget` if a replaced value is not there, `mutability` or `invalidValue` if the result would not do.
    pub fn apply(&self, current: &Attributes) -> Result<Patched, ScimError> {
        if let Some(id) = current.get("id").and_then(Value::as_str)
            && self.ids.iter().any(|named| named != id)
        {
            return Err(ScimError::mutability("The id of a resource cannot be changed."));
        }
        let mut attributes = current.clone();
        let mut touched = BTreeSet::new();
        for step in &self.steps {
            step.action
                .apply(&mut attributes, &mut touched)
                .map_err(|error| in_operation(step.operation, &error))?;
        }
        if !self.steps.is_empty() {
            require(self.kind, &attributes)?;
            limits(self.kind, &attributes)?;
        }
        arrange(self.kind, &mut attributes);
        Ok(Patched {
            attributes,
            touched: touched.into_iter().collect(),
        })
    }
}

/// The list of operations. A key in another letter case is refused and not passed over: a PATCH that is answered 2xx
/// and does nothing would leave a leaver with access.
fn operations<'a>(body: &'a Attributes, limits: &Limits) -> Result<&'a [Value], ScimError> {
    let operations = match body.get("Operations") {
        Some(Value::Array(operations)) => operations,
        Some(_) => return Err(ScimError::invalid_syntax("'Operations' has to be a list.")),
        None if body.keys().any(|key| key.eq_ignore_ascii_case("operations")) => {
            return Err(ScimError::invalid_syntax(
                "The list of operations has to be called 'Operations', with a capital O.",
            ));
        }
        None => return Err(ScimError::invalid_syntax("A PATCH has to have 'Operations'.")),
    };
    match operations.len() {
        0 => Err(ScimError::invalid_syntax("'Operations' is empty.")),
        many if many > limits.patch_operations => Err(ScimError::too_many(format!(
            "A PATCH has at most {} operations; split it.",
            limits.patch_operations
        ))),
        _ => Ok(operations),
    }
}

fn in_operation(number: usize, error: &ScimError) -> ScimError {
    ScimError {
        status: error.status,
        scim_type: error.scim_type,
        detail: format!("Operation {number}: {}", error.detail),
    }
}

#[cfg(test)]
mod tests;
