//! What an endpoint offers of each type, by what its instance carries: in scope *users* groups are an empty list; in scope
//! *groups* users can be read, and written only where the instance acknowledges that. What follows from a write, and what
//! goes to the app, is not decided here.

use super::gate::Caller;
use crate::model::{Instance, Scope, UserWrites};
use crate::scim::discovery::{Access, Offer};
use crate::scim::error::ScimError;
use crate::scim::schema::ResourceType;

/// What may be done with resources of this type.
fn access(instance: &Instance, kind: ResourceType) -> Access {
    match (instance.scope, kind) {
        (Scope::Users, ResourceType::Group) => Access::None,
        (Scope::Groups, ResourceType::User) if instance.policies.user_writes == UserWrites::Refuse => {
            Access::Read
        }
        _ => Access::Write,
    }
}

/// What is published.
pub(super) fn offer(caller: &Caller) -> Offer<'_> {
    Offer {
        users: access(&caller.instance, ResourceType::User),
        groups: access(&caller.instance, ResourceType::Group),
        custom: &caller.rules.custom,
    }
}

/// Whether the endpoint shows resources of this type at all.
pub(super) fn carries(caller: &Caller, kind: ResourceType) -> bool {
    access(&caller.instance, kind) != Access::None
}

/// Refuses a write that the instance does not take.
pub(super) fn writable(instance: &Instance, kind: ResourceType) -> Result<(), ScimError> {
    let text = match access(instance, kind) {
        Access::Write => return Ok(()),
        Access::None => {
            "This instance carries users only: groups cannot be written here. An admin can make an instance for users and groups."
        }
        Access::Read => {
            "This instance carries groups only: users must exist in the app first, and appear here with the next sync. \
             Nothing was changed; an admin can have writes of users acknowledged on the settings page of the instance."
        }
    };
    Err(ScimError::new(403, text))
}
