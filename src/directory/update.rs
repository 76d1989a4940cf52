//! PUT (RFC 7644 §3.5.1) and PATCH (§3.5.2). A write that changes nothing changes neither version nor time and makes
//! no event.

use std::collections::BTreeSet;

use super::door::{changes, word};
use super::membership::{self, MemberChanges};
use super::{ChangeError, Door};
use crate::model::Resource;
use crate::scim::Attributes;
use crate::scim::error::ScimError;
use crate::scim::etag::Precondition;
use crate::scim::patch::PatchRequest;
use crate::scim::resource::{self, Accepted};
use crate::scim::schema::ResourceType;
use crate::store::resources::{self, Stored};

/// PUT: what the body does not name is unassigned, members included. What is stored then.
///
/// # Errors
/// 404; 412; 409 when the new userName is taken; 400 when no member of a group is known.
pub fn replace(
    door: Door<'_>,
    kind: ResourceType,
    id: &str,
    accepted: Accepted,
    only_if: &Precondition,
) -> Result<Stored, ChangeError> {
    let before = find(door, kind, id, only_if)?;
    let mut accepted = accepted;
    if kind == ResourceType::User && !accepted.touched.iter().any(|p| p == "active") {
        // A profile update that does not speak of it must not give a leaver access again.
        resource::set(&mut accepted.attributes, "active", Some(before.active.into()));
    }
    // What a PUT leaves out, it takes away: both are decisions of the caller.
    let mut touched = accepted.touched;
    touched.extend(resource::paths(kind, &before.attributes));
    let members = match (kind, accepted.members) {
        (ResourceType::User, _) => MemberChanges::default(),
        (ResourceType::Group, list) => membership::replacing(door, &before, &list.unwrap_or_default())?,
    };
    save(door, &before, accepted.attributes, touched, members)
}

/// PATCH: all operations or none. What is stored then.
///
/// # Errors
/// 404; 412; 409 when the new userName is taken; 400 when an operation on members names nobody who is known.
pub fn patch(
    door: Door<'_>,
    kind: ResourceType,
    id: &str,
    request: &PatchRequest,
    only_if: &Precondition,
) -> Result<Stored, ChangeError> {
    let before = find(door, kind, id, only_if)?;
    let (attributes, touched) = if request.only_members() {
        (before.attributes.clone(), Vec::new())
    } else {
        let patched = request.apply(&before.attributes)?;
        (patched.attributes, patched.touched)
    };
    let members = membership::patching(door, &before, request.member_changes())?;
    save(door, &before, attributes, touched, members)
}

/// The resource of this id, if it is of a version that the request is for.
pub(super) fn find(
    door: Door<'_>,
    kind: ResourceType,
    id: &str,
    only_if: &Precondition,
) -> Result<Resource, ChangeError> {
    let found = resources::by_id(door.tx, door.instance.id, kind, id)?;
    let found = found.ok_or_else(|| {
        let id: String = id.chars().take(100).collect();
        let text = format!(
            "There is no {} with the id \"{id}\" on this endpoint.",
            kind.name()
        );
        ScimError::not_found(text)
    })?;
    only_if.permits_write(found.version)?;
    Ok(found)
}

fn save(
    door: Door<'_>,
    before: &Resource,
    attributes: Attributes,
    touched: Vec<String>,
    members: MemberChanges,
) -> Result<Stored, ChangeError> {
    let kind = before.kind;
    let mut owned: BTreeSet<String> = before.owned.iter().cloned().chain(touched).collect();
    owned.extend(Door::base_ownership(kind).iter().map(|&p| p.to_owned()));
    owned.remove("schemas");
    if members.decided {
        owned.insert("members".into());
    }
    let differs = changes(kind, &before.attributes, &attributes);
    let name_path = word(kind, "userName", "displayName");
    if differs.iter().any(|c| c.path == name_path) || !before.is_managed() {
        let name = attributes
            .get(name_path)
            .and_then(|v| v.as_str())
            .unwrap_or_default();
        door.unique(kind, name, Some(before.row))?;
    }
    let visible = !differs.is_empty() || members.changes_anything();
    let newly_owned = owned != before.owned;
    membership::own(door, before, &members)?;
    let leaving = members.decided && membership::let_go(door, before)?;
    if !visible && !newly_owned {
        if leaving {
            door.enqueue(before)?;
        }
        return door.stored(before.row);
    }
    let now = resources::update(door.tx, before, attributes, owned, visible)?;
    if !differs.is_empty() {
        door.tell(&now, verb(before, &now), "", differs)?;
    }
    membership::apply(door, &now, &members)?;
    door.enqueue(&now)?;
    door.stored(now.row)
}

fn verb(before: &Resource, now: &Resource) -> &'static str {
    match (before.active, now.active) {
        (true, false) => word(now.kind, "user.deactivated", "group.updated"),
        (false, true) => word(now.kind, "user.activated", "group.updated"),
        _ => word(now.kind, "user.updated", "group.updated"),
    }
}
