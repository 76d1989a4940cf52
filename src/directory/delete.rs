//! DELETE (RFC 7644 §3.6). What the app may still hold leaves a tombstone until its link is done; otherwise nobody
//! would remember what to remove.

use super::door::word;
use super::update::find;
use super::{ChangeError, Door};
use crate::model::{JobKind, Resource};
use crate::scim::etag::Precondition;
use crate::scim::schema::ResourceType;
use crate::store::{StoreError, jobs, links, members, resources};

/// Deletes a user or group.
///
/// # Errors
/// 404; 412.
pub fn delete(
    door: Door<'_>,
    kind: ResourceType,
    id: &str,
    only_if: &Precondition,
) -> Result<(), ChangeError> {
    let resource = find(door, kind, id, only_if)?;
    door.tell(
        &resource,
        word(kind, "user.deleted", "group.deleted"),
        "",
        Vec::new(),
    )?;
    leave_groups(door, &resource)?;
    if door.has_target() && links::by_resource(door.tx, resource.row)?.is_some() {
        let rows = members::member_rows(door.tx, resource.row)?;
        members::remove(door.tx, resource.row, &rows, true)?;
        resources::bury(door.tx, resource.row, door.instance.id)?;
        door.enqueue(&Resource {
            deleted_at: Some(door.tx.now()),
            ..resource
        })?;
    } else {
        jobs::drop_job(door.tx, door.instance.id, JobKind::Push, resource.row)?;
        resources::bury(door.tx, resource.row, door.instance.id)?;
        resources::forget_tombstone(door.tx, resource.row)?;
    }
    Ok(())
}

/// A deleted user is a member of nothing. Where users are not carried, a word about one of them changes nothing in the
/// app: there it stays a member until somebody writes the group.
pub(super) fn leave_groups(door: Door<'_>, resource: &Resource) -> Result<(), StoreError> {
    let carried = door.instance.scope.carries(resource.kind);
    for row in members::group_rows(door.tx, resource.row)? {
        let Some(group) = resources::load(door.tx, row)? else {
            continue;
        };
        members::remove(door.tx, row, &[resource.row], door.has_target())?;
        let group = resources::touch(door.tx, &group)?;
        if carried {
            door.enqueue(&group)?;
        } else {
            members::set_kept(door.tx, row, resource.row, true)?;
        }
    }
    Ok(())
}
