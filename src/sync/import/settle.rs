//! Two ids for what may be one person: did the app make somebody anew, or is this another one of the same name? Nobody
//! can say before the old id is looked for, so the new account waits as a link without a resource.

use super::document_of;
use crate::directory::import;
use crate::model::job::priority;
use crate::model::{Actor, EventDraft, Fingerprint, Instance, InstanceId, JobKind, Link, LinkState, Outcome};
use crate::scim::fold;
use crate::scim::schema::ResourceType;
use crate::store::links::By;
use crate::store::{Rx, StoreError, Tx, events, jobs, links, members, resources};

/// Links of our resources that are known by this externalId or name in the app and that `run` has not seen.
pub(in crate::sync) fn rivals(
    rx: &Rx<'_>,
    instance: InstanceId,
    kind: ResourceType,
    external: Option<&str>,
    name: &str,
    run: i64,
) -> Result<Vec<Link>, StoreError> {
    let mut found = links::known_by(rx, instance, kind, By::Name(name))?;
    found.retain(|l| !matches!((l.external_id.as_deref(), external), (Some(a), Some(b)) if a != b));
    if let Some(external) = external {
        found.extend(links::known_by(rx, instance, kind, By::External(external))?);
    }
    found.retain(|l| {
        l.resource.is_some() && l.remote_id.is_some() && l.state == LinkState::Linked && l.seen_run != run
    });
    Ok(found)
}

/// Nobody else's: it is a new account after all, and appears here.
pub(in crate::sync) fn as_new(tx: &Tx<'_>, instance: &Instance, link: &Link) -> Result<(), StoreError> {
    let attributes = document_of(tx, link.id)?;
    let row = import::create(tx, instance, link.kind, &attributes)?;
    links::save(
        tx,
        &Link {
            resource: Some(row),
            state: LinkState::Linked,
            ..link.clone()
        },
    )
    .map(drop)
}

/// The old id is gone and one new account has its externalId or name: the app made it anew, the link gets the new id.
/// False: there is no such account, or more than one.
pub(in crate::sync) fn made_anew(tx: &Tx<'_>, instance: &Instance, old: &Link) -> Result<bool, StoreError> {
    let mut heirs = Vec::new();
    if let Some(external) = &old.external_id {
        heirs = links::unlinked_by(tx, instance.id, old.kind, By::External(external))?;
    }
    if heirs.is_empty()
        && let Some(name) = &old.name_key
    {
        heirs = links::unlinked_by(tx, instance.id, old.kind, By::Name(&fold(name)))?;
    }
    heirs.retain(|l| l.state == LinkState::Ambiguous && l.remote_id.is_some());
    let (1, Some(heir), Some(row)) = (heirs.len(), heirs.pop(), old.resource) else {
        return Ok(false);
    };
    let attributes = document_of(tx, heir.id)?;
    links::delete(tx, heir.id)?;
    let link = Link {
        id: old.id,
        rev: old.rev,
        resource: Some(row),
        state: LinkState::Linked,
        pushed: Fingerprint::new(),
        ..heir
    };
    links::save(tx, &link)?;
    members::made_anew(tx, row)?;
    import::refresh(tx, instance, row, &attributes)?;
    let subject = resources::load(tx, row)?.map(|r| r.display).unwrap_or_default();
    let draft = EventDraft {
        instance: Some(instance.id),
        resource: Some(row),
        subject,
        actor: Actor::Target,
        action: "app.made_anew",
        outcome: Outcome::Done,
        detail: "The app made it anew under another id; it is followed there.".into(),
        changes: Vec::new(),
    };
    events::record(tx, draft)?;
    let priority = priority::of_push(old.kind, false);
    jobs::enqueue(tx, instance.id, JobKind::Push, row, priority, None)?;
    for group in members::groups_with_delta(tx, row)? {
        jobs::enqueue(tx, instance.id, JobKind::Push, group, priority::GROUP, None)?;
    }
    Ok(true)
}
