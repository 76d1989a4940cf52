//! POST (RFC 7644 §3.3), and what it may turn out to be: a new resource, the adoption of one that the app holds
//! already, or somebody who comes back.

use std::collections::BTreeSet;

use super::door::{changes, taken, word};
use super::{ChangeError, Door, membership};
use crate::model::{JobKind, Resource};
use crate::scim::error::ScimError;
use crate::scim::etag::Precondition;
use crate::scim::resource::Accepted;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, fold, resource};
use crate::store::jobs::Standing;
use crate::store::resources::Stored;
use crate::store::{StoreError, jobs, links, members, removals, resources};

/// Creates, adopts or brings back; what is stored then. `only_if` is asked of a resource that is there already, so with
/// `If-None-Match: *` only a new one is made.
///
/// # Errors
/// 409 `uniqueness` when the name is taken or matches several; 400 when no member of a group is known; 412.
pub fn create(
    door: Door<'_>,
    kind: ResourceType,
    accepted: Accepted,
    only_if: &Precondition,
) -> Result<Stored, ChangeError> {
    let name = name_of(kind, &accepted.attributes);
    let same = resources::by_name(door.tx, door.instance.id, kind, &fold(&name))?;
    let (managed, unmanaged): (Vec<_>, Vec<_>) = same.into_iter().partition(Resource::is_managed);
    if let Some(there) = managed.first().filter(|_| kind == ResourceType::User) {
        return bring_back(door, there, accepted, only_if);
    }
    let external = resource::get(&accepted.attributes, "externalId").and_then(|v| v.as_str());
    if let Some(external) = external.filter(|_| kind == ResourceType::Group) {
        // Names of groups may repeat; a request that is sent a second time is known by this.
        let same = resources::by_external(door.tx, door.instance.id, kind, external)?;
        if same.iter().any(Resource::is_managed) {
            let text = format!("A group with the externalId \"{external}\" exists already.");
            return Err(ScimError::uniqueness(text).into());
        }
    }
    match unmanaged.as_slice() {
        [] => insert(door, kind, accepted),
        [one] => {
            only_if.permits_write(one.version)?;
            adopt(door, one, accepted)
        }
        several => {
            let text = format!(
                "{} resources of the app match \"{name}\"; an admin has to choose one.",
                several.len()
            );
            Err(ScimError::uniqueness(text).into())
        }
    }
}

fn insert(door: Door<'_>, kind: ResourceType, accepted: Accepted) -> Result<Stored, ChangeError> {
    let owned = owned(kind, accepted.touched, accepted.members.is_some());
    let made = resources::insert(door.tx, door.instance.id, kind, accepted.attributes, owned)?;
    door.tell(&made, word(kind, "user.created", "group.created"), "", Vec::new())?;
    inherit(door, &made)?;
    if let Some(list) = accepted.members {
        membership::set(door, &made, &list)?;
    }
    door.enqueue(&made)?;
    door.stored(made.row)
}

/// What the app holds under this name becomes ours: it keeps its id, and what the request does not name.
fn adopt(door: Door<'_>, there: &Resource, accepted: Accepted) -> Result<Stored, ChangeError> {
    let mut attributes = there.attributes.clone();
    for path in &accepted.touched {
        resource::set(
            &mut attributes,
            path,
            resource::get(&accepted.attributes, path).cloned(),
        );
    }
    let owned = owned(there.kind, accepted.touched, accepted.members.is_some());
    if there.kind == ResourceType::User {
        resource::set(
            &mut attributes,
            "active",
            resource::get(&accepted.attributes, "active").cloned(),
        );
    }
    let differs = changes(there.kind, &there.attributes, &attributes);
    let now = resources::update(door.tx, there, attributes, owned, true)?;
    let text = "It was in the app already; it is managed from here on.";
    door.tell(
        &now,
        word(now.kind, "user.adopted", "group.adopted"),
        text,
        differs,
    )?;
    if let Some(list) = accepted.members {
        membership::set(door, &now, &list)?;
    }
    door.enqueue(&now)?;
    door.stored(now.row)
}

/// What a POST decides about: the paths that it names, and who is in a group if it says so.
fn owned(kind: ResourceType, touched: Vec<String>, members: bool) -> BTreeSet<String> {
    let base = Door::base_ownership(kind).iter().copied();
    let named = base.chain(members.then_some("members")).map(str::to_owned);
    touched.into_iter().chain(named).collect()
}

/// A managed, inactive user with the same externalId comes back; anybody else finds the name taken.
fn bring_back(
    door: Door<'_>,
    there: &Resource,
    accepted: Accepted,
    only_if: &Precondition,
) -> Result<Stored, ChangeError> {
    let external = resource::get(&accepted.attributes, "externalId").and_then(|v| v.as_str());
    let same_person = external.is_some() && external == there.external_id.as_deref();
    if there.active || !same_person {
        return Err(taken(&there.name).into());
    }
    only_if.permits_write(there.version)?;
    let mut owned = there.owned.clone();
    owned.extend(accepted.touched);
    let differs = changes(there.kind, &there.attributes, &accepted.attributes);
    let now = resources::update(door.tx, there, accepted.attributes, owned, true)?;
    door.tell(
        &now,
        "user.restored",
        "Created anew with the same externalId: brought back.",
        differs,
    )?;
    door.enqueue(&now)?;
    door.stored(now.row)
}

/// A delete that has not run yet and a create of the same person: the account moves to the new resource; of the same group:
/// with all whom the app holds in it.
/// Another externalId means another person: then the push waits until the delete is done.
fn inherit(door: Door<'_>, made: &Resource) -> Result<(), StoreError> {
    if !door.has_target() {
        return Ok(());
    }
    for grave in resources::tombstones_by_name(door.tx, door.instance.id, made.kind, &fold(&made.name))? {
        let other_person = matches!((&grave.external_id, &made.external_id), (Some(a), Some(b)) if a != b);
        if other_person || jobs::push_stands(door.tx, door.instance.id, grave.row)? == Standing::Running {
            continue;
        }
        if let Some(link) = links::by_resource(door.tx, grave.row)? {
            links::move_to(door.tx, link.id, made.row, "members")?;
            members::move_to(door.tx, grave.row, made.row)?;
            members::inherit(door.tx, grave.row, made.row)?;
            removals::move_to(door.tx, door.instance.id, grave.row, made.row)?;
            jobs::drop_job(door.tx, door.instance.id, JobKind::Push, grave.row)?;
            resources::forget_tombstone(door.tx, grave.row)?;
            return Ok(());
        }
    }
    Ok(())
}

fn name_of(kind: ResourceType, attributes: &Attributes) -> String {
    let path = word(kind, "userName", "displayName");
    attributes
        .get(path)
        .and_then(|v| v.as_str())
        .unwrap_or_default()
        .to_owned()
}
