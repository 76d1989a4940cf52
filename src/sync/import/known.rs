//! An account that has a link: what is new about it? What nobody here owns follows the app; a difference in what we own
//! is drift. Where nothing is new, nothing is written but that it was seen.

use super::account::document;
use super::members::{self, Held};
use super::{MEMBERS, Sight, drift};
use crate::connector::Remote;
use crate::directory::import;
use crate::model::job::priority;
use crate::model::{Actor, EventDraft, Fingerprint, Instance, JobKind, Link, LinkState, Outcome};
use crate::scim::schema::ResourceType;
use crate::store::{StoreError, Tx, events, jobs, links, removals, resources};
use crate::sync::present::class_of;
use crate::sync::protected;
use crate::sync::{health, names};

/// Takes an observation in, which the caller knows to be newer than the link, and made while no push of it ran. `held`:
/// our rows among a group's members. True: something is different now.
pub(in crate::sync) fn observe(
    tx: &Tx<'_>,
    instance: &Instance,
    link: &Link,
    sight: &Sight,
    held: Option<&Held>,
    run: i64,
) -> Result<bool, StoreError> {
    let (remote, active, name) = (&sight.remote, sight.active, sight.name.clone());
    // Many apps take an externalId and never show it: then it is the one that they were told.
    let external = sight.external().or(link.external_id.as_deref());
    let mut print = sight.print.clone();
    if let Some(known) = link.seen.get(MEMBERS) {
        print.insert(MEMBERS.to_owned(), known.clone());
    }
    let new_members = held.filter(|held| link.seen.get(MEMBERS) != held.digest.as_ref());
    let same = print == link.seen && active == link.seen_active && external == link.external_id.as_deref();
    let settled = same && name == link.name_key && new_members.is_none() && link.state != LinkState::Missing;
    if settled && link.seen_run != 0 {
        links::mark_seen(tx, run, &[link.id])?;
        return Ok(false);
    }
    let mut now = Link {
        seen: print.clone(),
        seen_active: active,
        external_id: external.map(str::to_owned),
        name_key: name,
        seen_run: run,
        ..link.clone()
    };
    if link.state == LinkState::Missing {
        now.state = LinkState::Linked;
        tell(tx, instance, link, "app.returned", "The app shows it again.")?;
    }
    if link.pushed.is_empty() {
        now.base = without_members(&print);
    }
    if !same {
        links::set_seen_doc(tx, link.id, &document(remote))?;
    }
    if let Some(row) = link.resource {
        of_resource(tx, instance, link, &mut now, row, remote)?;
        if let Some(held) = new_members {
            let is_done = members::take_in(tx, instance, link.id, row, held, run)?;
            match held.digest.clone().filter(|_| is_done) {
                Some(digest) => now.seen.insert(MEMBERS.to_owned(), digest),
                None => now.seen.remove(MEMBERS),
            };
        }
    } else if link.state == LinkState::Left && link.ended_by_us && active && !link.seen_active {
        tell(
            tx,
            instance,
            link,
            "app.reactivated",
            "The account that was left behind is active again in the app.",
        )?;
    }
    if link.kind == ResourceType::User {
        protected::follow(tx, instance, link.name_key.as_deref(), now.name_key.as_deref())?;
    }
    links::observe(tx, &now)?;
    names::follow(
        tx,
        instance,
        link.kind,
        link.name_key.as_deref(),
        now.name_key.as_deref(),
    )?;
    Ok(!settled)
}

/// It is there: a removal that waits since an earlier read did not show it is moot.
pub(in crate::sync) fn seen_again(tx: &Tx<'_>, link: &Link) -> Result<(), StoreError> {
    if let Some(row) = link.resource
        && removals::dissolve(tx, link.instance, class_of(link.kind), row)?
    {
        health::look_at_held(tx, link.instance)?;
    }
    Ok(())
}

fn of_resource(
    tx: &Tx<'_>,
    instance: &Instance,
    link: &Link,
    now: &mut Link,
    row: i64,
    remote: &Remote,
) -> Result<(), StoreError> {
    let Some(ours) = resources::load(tx, row)?.filter(|r| r.deleted_at.is_none()) else {
        return Ok(());
    };
    import::refresh(tx, instance, row, &remote.attributes)?;
    if link.state == LinkState::Missing {
        jobs::enqueue(tx, instance.id, JobKind::Push, row, priority::USER, None)?;
    }
    if ours.is_managed() {
        drift::judge(tx, instance, &ours, link, now, remote)?;
    }
    Ok(())
}

fn without_members(print: &Fingerprint) -> Fingerprint {
    let mut print = print.clone();
    print.remove(MEMBERS);
    print
}

fn tell(
    tx: &Tx<'_>,
    instance: &Instance,
    link: &Link,
    action: &'static str,
    text: &str,
) -> Result<(), StoreError> {
    let ours = link
        .resource
        .map(|row| resources::load(tx, row))
        .transpose()?
        .flatten();
    let draft = EventDraft {
        instance: Some(instance.id),
        resource: link.resource,
        subject: ours
            .map(|r| r.display)
            .or_else(|| link.name_key.clone())
            .unwrap_or_default(),
        actor: Actor::Target,
        action,
        outcome: Outcome::Done,
        detail: text.to_owned(),
        changes: Vec::new(),
    };
    events::record(tx, draft).map(drop)
}
