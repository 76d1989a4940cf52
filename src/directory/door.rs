//! What every change shares: who makes it, the event that tells of it, the job that carries it on.

use serde_json::Value;

use crate::model::job::priority;
use crate::model::{Actor, Change, EventDraft, Instance, JobKind, Outcome, Resource};
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, fold, resource};
use crate::store::resources::Stored;
use crate::store::{StoreError, Tx, events, jobs, removals, resources};

use super::ChangeError;
use crate::scim::error::ScimError;

/// Said of a user in scope *groups*: a shadow of whoever has an account in the app.
const HERE_ONLY: &str =
    "Done here only: this instance carries groups, so nothing about people is sent to the app.";
/// Most changes one event spells out.
const CHANGES: usize = 100;

/// One caller's way in: its transaction, its instance, and who it is.
#[derive(Debug, Clone, Copy)]
pub struct Door<'a> {
    /// The unit of work.
    pub tx: &'a Tx<'a>,
    /// Whose resources.
    pub instance: &'a Instance,
    /// Who asks.
    pub actor: &'a Actor,
}

impl Door<'_> {
    /// Whether changes are carried to an app.
    pub(super) fn has_target(&self) -> bool {
        self.instance.target.is_some()
    }

    /// The paths that are owned as soon as anybody on our side writes to a resource.
    pub(super) fn base_ownership(kind: ResourceType) -> &'static [&'static str] {
        match kind {
            ResourceType::User => &["userName", "active"],
            ResourceType::Group => &["displayName"],
        }
    }

    /// 409 when another managed user has this userName.
    pub(super) fn unique(
        &self,
        kind: ResourceType,
        name: &str,
        except: Option<i64>,
    ) -> Result<(), ChangeError> {
        if kind == ResourceType::Group {
            return Ok(());
        }
        let same = resources::by_name(self.tx, self.instance.id, kind, &fold(name))?;
        if same
            .iter()
            .any(|other| other.is_managed() && Some(other.row) != except)
        {
            return Err(taken(name).into());
        }
        Ok(())
    }

    /// Our side changed: what was rejected or held for this resource is looked at anew.
    pub(super) fn enqueue(&self, resource: &Resource) -> Result<(), StoreError> {
        if !self.has_target() {
            return Ok(());
        }
        removals::clear_for(self.tx, self.instance.id, resource.row)?;
        let leaves = !resource.active || resource.deleted_at.is_some();
        let priority = priority::of_push(resource.kind, leaves);
        jobs::enqueue(
            self.tx,
            self.instance.id,
            JobKind::Push,
            resource.row,
            priority,
            None,
        )
    }

    /// The resource as an answer shows it, after the change.
    pub(super) fn stored(&self, row: i64) -> Result<Stored, ChangeError> {
        Ok(resources::stored_row(self.tx, row)?.ok_or(StoreError::Damaged("resource"))?)
    }

    /// Writes an event about `resource`; its id. Where what is written goes no further, it says so.
    pub(super) fn tell(
        &self,
        resource: &Resource,
        action: &'static str,
        detail: impl Into<String>,
        changes: Vec<Change>,
    ) -> Result<i64, StoreError> {
        let about = (resource.row, resource.kind, resource.display.clone());
        self.tell_of(about, action, detail.into(), changes)
    }

    /// As `tell`, of what is in this row, is of this type and is called so.
    pub(super) fn tell_of(
        &self,
        (row, kind, display): (i64, ResourceType, String),
        action: &'static str,
        mut detail: String,
        changes: Vec<Change>,
    ) -> Result<i64, StoreError> {
        let carried = self.instance.scope.carries(kind);
        if !carried && self.has_target() && *self.actor != Actor::Target {
            let space = if detail.is_empty() { "" } else { " " };
            detail = format!("{detail}{space}{HERE_ONLY}");
        }
        let draft = EventDraft {
            instance: Some(self.instance.id),
            resource: Some(row),
            subject: display,
            actor: self.actor.clone(),
            action,
            outcome: Outcome::Done,
            detail,
            changes,
        };
        events::record(self.tx, draft)
    }
}

pub(super) fn taken(name: &str) -> ScimError {
    ScimError::uniqueness(format!("A user with the userName \"{name}\" exists already."))
}

/// Picks the word for a user or for a group.
pub(super) fn word(kind: ResourceType, user: &'static str, group: &'static str) -> &'static str {
    match kind {
        ResourceType::User => user,
        ResourceType::Group => group,
    }
}

/// What differs between two states, path by path.
pub(super) fn changes(kind: ResourceType, before: &Attributes, after: &Attributes) -> Vec<Change> {
    let mut paths = resource::paths(kind, before);
    paths.extend(resource::paths(kind, after));
    paths.sort_unstable();
    paths.dedup();
    let at =
        |attributes: &Attributes, path: &str| resource::get(attributes, path).cloned().unwrap_or(Value::Null);
    let differ = paths.into_iter().filter_map(|path| {
        let (before, after) = (at(before, &path), at(after, &path));
        (before != after && path != "schemas").then(|| Change {
            path,
            before: events::short(before),
            after: events::short(after),
        })
    });
    differ.take(CHANGES).collect()
}
