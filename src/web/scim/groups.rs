//! What an instance carries: in scope *users* groups are an empty list, and writing one is refused.

use super::failure::Failure;
use super::gate::Caller;
use crate::model::Scope;
use crate::scim::error::ScimError;
use crate::scim::schema::ResourceType;

/// Whether this instance has resources of this type at all.
pub(super) fn carries(caller: &Caller, kind: ResourceType) -> bool {
    !(kind == ResourceType::Group && caller.instance.scope == Scope::Users)
}

/// Refuses a write to what the instance does not carry.
pub(super) fn writable(caller: &Caller, kind: ResourceType) -> Result<(), Failure> {
    if carries(caller, kind) {
        return Ok(());
    }
    let text = "This instance carries users only. An admin can make an instance for users and groups.";
    Err(ScimError::new(403, text).into())
}
