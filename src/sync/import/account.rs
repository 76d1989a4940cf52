//! One account or group of a page: whose is it?

use super::members::{self, Held};
use super::{Sight, known};
use crate::connector::Remote;
use crate::directory::import;
use crate::mapping::{self, Onward};
use crate::model::adoption::Likeness;
use crate::model::job::priority;
use crate::model::profile::probe_of;
use crate::model::{Actor, EventDraft, Fingerprint, Instance, JobKind, Link, LinkState, Outcome, Resource};
use crate::scim::fold;
use crate::scim::schema::ResourceType;
use crate::store::jobs::Standing;
use crate::store::links::{By, Shown};
use crate::store::{StoreError, Tx, adoptions, events, jobs, links, resources};
use crate::sync::adoption;
use crate::sync::present::declared;

/// A page's look at the app.
pub(super) struct Look<'a> {
    pub(super) tx: &'a Tx<'a>,
    pub(super) instance: &'a Instance,
    pub(super) kind: ResourceType,
    pub(super) run: i64,
    /// The store's sequence when the request was sent.
    pub(super) sent: i64,
    /// If it cannot be understood, that is told.
    pub(super) told: bool,
    /// Nobody here manages users, and the run saw each link there is: a new account can be nobody's but the app's.
    pub(super) strangers: bool,
}

/// What became of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Took {
    Same,
    /// Seen before in this run.
    Again,
    Created,
    Changed,
    Broken,
}

/// Brings one in.
pub(super) fn take_in(look: &Look<'_>, sight: &Sight, held: Option<&Held>) -> Result<Took, StoreError> {
    let remote = &sight.remote;
    let found = if remote.id.is_empty() {
        None
    } else {
        links::by_remote(look.tx, look.instance.id, look.kind, &remote.id)?
    };
    if let Some(link) = &found {
        known::seen_again(look.tx, link)?;
    }
    if let Some(why) = &remote.broken {
        if let Some(link) = found {
            links::mark_seen(look.tx, look.run, &[link.id])?;
        }
        broken(look, remote, why)?;
        return Ok(Took::Broken);
    }
    match found {
        Some(link) if link.seen_run == look.run => {
            known(look, &link, sight, held)?;
            Ok(Took::Again)
        }
        Some(link) => known(look, &link, sight, held),
        None if is_probes(look, remote) => Ok(Took::Same),
        None => new(look, sight, held),
    }
}

/// A probe with writes is under way, or left something behind; it is nobody's account.
fn is_probes(look: &Look<'_>, remote: &Remote) -> bool {
    mapping::text(&remote.attributes, mapping::name_path(look.kind))
        .is_some_and(|name| probe_of(name).is_some())
}

fn known(look: &Look<'_>, link: &Link, sight: &Sight, held: Option<&Held>) -> Result<Took, StoreError> {
    // A push that is under way or came after the request knows better; still it is seen.
    let running = match link.resource {
        Some(row) => jobs::push_stands(look.tx, look.instance.id, row)? == Standing::Running,
        None => false,
    };
    if running || link.written_seq > look.sent {
        links::mark_seen(look.tx, look.run, &[link.id])?;
        return Ok(Took::Same);
    }
    let changed = known::observe(look.tx, look.instance, link, sight, held, look.run)?;
    Ok(if changed { Took::Changed } else { Took::Same })
}

/// An id that was never seen.
fn new(look: &Look<'_>, sight: &Sight, held: Option<&Held>) -> Result<Took, StoreError> {
    let (tx, instance, remote) = (look.tx, look.instance, &sight.remote);
    let (external, name) = (sight.external(), sight.name.clone().unwrap_or_default());
    if look.strangers {
        let row = import::create(tx, instance, look.kind, &remote.attributes)?;
        let shown = Shown {
            instance: instance.id,
            kind: look.kind,
            remote_id: &remote.id,
            external_id: external,
            name_key: &name,
            print: &sight.print,
            active: sight.active,
            run: look.run,
        };
        links::insert_shown(tx, row, &shown)?;
        return Ok(Took::Created);
    }
    if is_being_made(look, external, &name)? {
        return Ok(Took::Same);
    }
    let draft = Link {
        remote_id: Some(remote.id.clone()),
        external_id: external.map(str::to_owned),
        name_key: Some(name.clone()),
        base: sight.print.clone(),
        seen: sight.print.clone(),
        seen_active: sight.active,
        seen_run: look.run,
        ..links::draft(instance.id, look.kind, None, LinkState::Linked)
    };
    let mut claims = Vec::new();
    match waiting(look, external, &name, &remote.id)? {
        Whose::Ours(ours) => {
            let link = attach(look, &ours, draft, remote)?;
            held_members(look, &link, held)?;
            return Ok(Took::Changed);
        }
        Whose::Unclear(several, why) => claims.extend(several.into_iter().map(|ours| (ours, why))),
        Whose::Nobodys => claims.extend(contested(look, external, &name)?),
    }
    if !super::rivals(tx, instance.id, look.kind, external, &name, look.run)?.is_empty() {
        let unsettled = links::insert(
            tx,
            &Link {
                state: LinkState::Ambiguous,
                ..draft
            },
        )?;
        links::set_seen_doc(tx, unsettled.id, &document(remote))?;
        return Ok(Took::Changed);
    }
    let row = import::create(tx, instance, look.kind, &remote.attributes)?;
    let link = Link {
        resource: Some(row),
        ..draft
    };
    held_members(look, &links::insert(tx, &link)?, held)?;
    for (ours, why) in claims {
        let known = adoption::is_undecided(tx, ours.row)?;
        adoptions::propose(tx, instance.id, look.kind, ours.row, &remote.id, why)?;
        if !known {
            adoption::announce(tx, &ours, why)?;
        }
    }
    Ok(Took::Created)
}

/// The document as it is kept for people and for settling later.
pub(super) fn document(remote: &Remote) -> String {
    serde_json::Value::Object(remote.attributes.clone()).to_string()
}

/// A push is making this very account, or has to find out whether it did: it is left to that push.
fn is_being_made(look: &Look<'_>, external: Option<&str>, name: &str) -> Result<bool, StoreError> {
    let (tx, id) = (look.tx, look.instance.id);
    let mut same = links::known_by(tx, id, look.kind, By::Name(name))?;
    if let Some(external) = external {
        same.extend(links::known_by(tx, id, look.kind, By::External(external))?);
    }
    for link in same.iter().filter(|l| l.state == LinkState::Creating) {
        let Some(row) = link.resource else { continue };
        let deleted = resources::load(tx, row)?.is_none_or(|r| r.deleted_at.is_some());
        if deleted || jobs::push_stands(tx, id, row)? == Standing::Running {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whose an account is that was never seen.
enum Whose {
    /// The one managed resource that has no counterpart yet and is this account.
    Ours(Box<Resource>),
    /// One of several, or one that several accounts are like: a person decides.
    Unclear(Vec<Resource>, Likeness),
    /// Nobody here waits for it.
    Nobodys,
}

/// By externalId, then by name. The app knows ours by what goes onward of them.
fn waiting(look: &Look<'_>, external: Option<&str>, name: &str, id: &str) -> Result<Whose, StoreError> {
    let (tx, instance) = (look.tx, look.instance.id);
    let custom = declared(tx, instance, &look.instance.policies)?;
    let onward = Onward::new(&look.instance.policies, &custom);
    if let Some(external) = external {
        let mut same = free(
            look,
            resources::by_external(tx, instance, look.kind, external)?,
            id,
        )?;
        same.retain(|r| onward.of(r).external_id.as_deref() == Some(external));
        if !same.is_empty() {
            return one_of(look, same, Likeness::External);
        }
    }
    let mut same = free(look, resources::by_name(tx, instance, look.kind, name)?, id)?;
    same.retain(|r| fold(&onward.of(r).name) == name);
    if look.instance.scope.carries(look.kind) {
        // Otherwise others made the account, and its externalId is another's too: the name alone says who it is.
        same.retain(|r| !matches!((onward.of(r).external_id, external), (Some(a), Some(b)) if a != b));
    }
    one_of(look, same, Likeness::Name)
}

fn one_of(look: &Look<'_>, mut same: Vec<Resource>, why: Likeness) -> Result<Whose, StoreError> {
    Ok(match (same.len(), same.pop()) {
        (_, None) => Whose::Nobodys,
        (1, Some(ours)) if !adoption::is_undecided(look.tx, ours.row)? => Whose::Ours(Box::new(ours)),
        (_, Some(last)) => {
            same.push(last);
            Whose::Unclear(same, why)
        }
    })
}

/// Until the first import is complete nothing is sent. Two accounts that are like the same one of ours are both looked at
/// then, whatever the order in which the app lists them: the one that was linked a moment ago is parted again.
fn contested(
    look: &Look<'_>,
    external: Option<&str>,
    name: &str,
) -> Result<Vec<(Resource, Likeness)>, StoreError> {
    let (tx, instance) = (look.tx, look.instance);
    if instance.imported_at.is_some() {
        return Ok(Vec::new());
    }
    let mut ours = resources::by_name(tx, instance.id, look.kind, name)?;
    ours.retain(|r| !matches!((r.external_id.as_deref(), external), (Some(a), Some(b)) if a != b));
    let mut same: Vec<_> = ours.into_iter().map(|r| (r, Likeness::Name)).collect();
    if let Some(external) = external {
        let also = resources::by_external(tx, instance.id, look.kind, external)?;
        same.extend(also.into_iter().map(|r| (r, Likeness::External)));
    }
    same.retain(|(r, _)| r.is_managed());
    let mut parted = Vec::new();
    for (ours, why) in same {
        let Some(link) = links::by_resource(tx, ours.row)? else {
            continue;
        };
        let sure =
            why == Likeness::Name && ours.external_id.is_some() && link.external_id == ours.external_id;
        let untouched = link.state == LinkState::Linked && link.remote_id.is_some() && link.pushed.is_empty();
        if sure || !untouched || link.seen_run != look.run {
            continue;
        }
        let seen = super::document_of(tx, link.id)?;
        let row = import::part(tx, instance, &ours, &seen)?;
        let mut theirs = Link {
            resource: Some(row),
            ..link
        };
        // Its members are looked at anew.
        theirs.seen.remove(super::MEMBERS);
        links::save(tx, &theirs)?;
        let remote = theirs.remote_id.as_deref().unwrap_or_default();
        adoptions::propose(tx, instance.id, look.kind, ours.row, remote, why)?;
        adoption::announce(tx, &ours, why)?;
        parted.push((ours, why));
    }
    Ok(parted)
}

/// Those of ours that have no counterpart yet and were not told apart from this account.
fn free(look: &Look<'_>, all: Vec<Resource>, id: &str) -> Result<Vec<Resource>, StoreError> {
    let mut found = Vec::new();
    for ours in all.into_iter().filter(Resource::is_managed) {
        let link = links::by_resource(look.tx, ours.row)?;
        if link.is_none_or(|l| matches!(l.state, LinkState::Creating | LinkState::Missing))
            && !adoptions::told_apart(look.tx, ours.row, id)?
        {
            found.push(ours);
        }
    }
    Ok(found)
}

/// Links one of ours with what the app has; what differs is pushed.
fn attach(look: &Look<'_>, ours: &Resource, draft: Link, remote: &Remote) -> Result<Link, StoreError> {
    let (tx, instance) = (look.tx, look.instance);
    let link = match links::by_resource(tx, ours.row)? {
        Some(old) => {
            if old.state == LinkState::Missing {
                // The app made it anew.
                crate::store::members::made_anew(tx, ours.row)?;
            }
            let link = Link {
                id: old.id,
                rev: old.rev,
                resource: Some(ours.row),
                pushed: Fingerprint::new(),
                ..draft
            };
            links::save(tx, &link)?;
            Link {
                rev: link.rev + 1,
                written_seq: tx.seq(),
                ..link
            }
        }
        None => links::insert(
            tx,
            &Link {
                resource: Some(ours.row),
                ..draft
            },
        )?,
    };
    links::set_seen_doc(tx, link.id, &document(remote))?;
    import::refresh(tx, instance, ours.row, &remote.attributes)?;
    tell(
        look,
        Some(ours.row),
        &ours.display,
        "push.linked",
        Outcome::Done,
        "The app has it already.".into(),
    )?;
    let priority = priority::of_push(look.kind, false);
    jobs::enqueue(tx, instance.id, JobKind::Push, ours.row, priority, None)?;
    for group in crate::store::members::groups_with_delta(tx, ours.row)? {
        jobs::enqueue(tx, instance.id, JobKind::Push, group, priority::GROUP, None)?;
    }
    Ok(link)
}

/// What a newly linked group holds.
fn held_members(look: &Look<'_>, link: &Link, held: Option<&Held>) -> Result<(), StoreError> {
    let (Some(row), Some(held)) = (link.resource, held) else {
        return Ok(());
    };
    let mut link = link.clone();
    if members::take_in(look.tx, look.instance, link.id, row, held, look.run)? {
        link.seen
            .extend(held.digest.clone().map(|d| (super::MEMBERS.to_owned(), d)));
    }
    links::observe(look.tx, &link).map(drop)
}

fn broken(look: &Look<'_>, remote: &Remote, why: &str) -> Result<(), StoreError> {
    if !look.told {
        return Ok(());
    }
    let name = mapping::text(&remote.attributes, mapping::name_path(look.kind))
        .unwrap_or(&remote.id)
        .to_owned();
    tell(
        look,
        None,
        &name,
        "import.broken",
        Outcome::Skipped,
        format!("Not understood: {why}."),
    )
}

pub(super) fn tell(
    look: &Look<'_>,
    row: Option<i64>,
    subject: &str,
    action: &'static str,
    outcome: Outcome,
    detail: String,
) -> Result<(), StoreError> {
    let draft = EventDraft {
        instance: Some(look.instance.id),
        resource: row,
        subject: subject.chars().take(200).collect(),
        actor: Actor::Target,
        action,
        outcome,
        detail,
        changes: Vec::new(),
    };
    events::record(look.tx, draft).map(drop)
}
