//! Who is who, where nobody can tell: one of ours has no account, and something in the app may be it (DESIGN §1).
//!
//! externalId and name match by themselves if exactly one on each side bears them. Several, or the same work e-mail under
//! another name, wait for a person; until then nothing is written for either. It is looked for at the one place where an
//! account would be made, so none is made beside one that may be the same; where people are only looked up, once one of them
//! is missing from a group for want of an account.

use std::time::Duration;

use super::context::Context;
use crate::clock::Stopwatch;
use crate::directory::import;
use crate::mapping;
use crate::model::adoption::{Likeness, Matching, Pair};
use crate::model::job::priority;
use crate::model::{
    Actor, EventDraft, Fingerprint, Instance, InstanceId, JobKind, Link, LinkState, Outcome, Resource,
};
use crate::scim::fold;
use crate::scim::schema::ResourceType;
use crate::store::{Rx, Store, StoreError, Tx, adoptions, events, jobs, links, members, resources};

/// Most candidates of one of ours.
const CANDIDATES: usize = 20;
/// Of ours looked at in one unit of work.
const CHUNK: usize = 50;

/// What a look at both sides found for one of ours that has no account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::sync) enum Found {
    /// Nothing in the app is like it.
    Nothing,
    /// It is there and linked now.
    Linked,
    /// A person has to decide.
    Undecided,
}

/// Something in the app that nobody here manages.
struct Candidate {
    row: i64,
    link: Link,
}

/// Looks for `ours` among what the app holds and nobody manages.
///
/// # Errors
/// When the database fails.
pub(in crate::sync) fn look_for(
    tx: &Tx<'_>,
    instance: &Instance,
    ours: &Resource,
) -> Result<Found, StoreError> {
    if is_undecided(tx, ours.row)? {
        return Ok(Found::Undecided);
    }
    for why in [Likeness::External, Likeness::Name, Likeness::Email] {
        let there = candidates(tx, instance, ours, why)?;
        let alone = why != Likeness::Email && here(tx, instance, ours, why)? == 1;
        match there.as_slice() {
            [] => {}
            [one] if alone => {
                let text = "The app has it already; it is not made again.";
                join(tx, instance, ours, one, &Actor::Hub, "push.linked", text)?;
                return Ok(Found::Linked);
            }
            several => {
                for one in several.iter().take(CANDIDATES) {
                    let remote = one.link.remote_id.as_deref().unwrap_or_default();
                    adoptions::propose(tx, instance.id, ours.kind, ours.row, remote, why)?;
                }
                announce(tx, ours, why)?;
                return Ok(Found::Undecided);
            }
        }
    }
    Ok(Found::Nothing)
}

/// Whether a person has to decide about one of ours before anything is written for it.
///
/// # Errors
/// When the database fails.
pub fn is_undecided(rx: &Rx<'_>, ours: i64) -> Result<bool, StoreError> {
    Ok(!adoptions::of_ours(rx, ours)?.is_empty())
}

/// What the app holds, nobody manages, and is like `ours` in this way.
fn candidates(
    rx: &Rx<'_>,
    instance: &Instance,
    ours: &Resource,
    why: Likeness,
) -> Result<Vec<Candidate>, StoreError> {
    let mut found = Vec::new();
    for other in alike(rx, instance, ours, why)? {
        if other.is_managed() {
            continue;
        }
        let Some(link) = links::by_resource(rx, other.row)? else {
            continue;
        };
        let remote = link.remote_id.as_deref().unwrap_or_default();
        let usable = link.state == LinkState::Linked && !remote.is_empty();
        if usable && !adoptions::told_apart(rx, ours.row, remote)? {
            found.push(Candidate { row: other.row, link });
        }
    }
    Ok(found)
}

/// How many of ours without an account are like this, `ours` among them.
fn here(rx: &Rx<'_>, instance: &Instance, ours: &Resource, why: Likeness) -> Result<usize, StoreError> {
    let mut n = 0;
    for other in alike(rx, instance, ours, why)? {
        n += usize::from(other.is_managed() && links::by_resource(rx, other.row)?.is_none());
    }
    Ok(n)
}

/// All resources of the instance that are like `ours` in this way.
fn alike(
    rx: &Rx<'_>,
    instance: &Instance,
    ours: &Resource,
    why: Likeness,
) -> Result<Vec<Resource>, StoreError> {
    let differ =
        |other: &Resource| matches!((&other.external_id, &ours.external_id), (Some(a), Some(b)) if a != b);
    match (why, &ours.external_id) {
        (Likeness::External, None) => Ok(Vec::new()),
        (Likeness::External, Some(external)) => resources::by_external(rx, instance.id, ours.kind, external),
        (Likeness::Name, _) => {
            let mut same = resources::by_name(rx, instance.id, ours.kind, &fold(&ours.name))?;
            same.retain(|other| !differ(other));
            Ok(same)
        }
        (Likeness::Email, _) if ours.kind == ResourceType::Group => Ok(Vec::new()),
        (Likeness::Email, _) => {
            let Some((_, address)) = mapping::work_email(&ours.attributes) else {
                return Ok(Vec::new());
            };
            let address = fold(address);
            let mut same = resources::by_email(rx, instance.id, &address)?;
            same.retain(|other| {
                mapping::work_email(&other.attributes).is_some_and(|(_, there)| fold(there) == address)
            });
            Ok(same)
        }
    }
}

/// A person says that these are the same: ours is linked with what the app holds, and from then on ours is desired. Those
/// that do not wait any more are passed over. How many were decided.
///
/// # Errors
/// When the database fails.
pub fn accept(tx: &Tx<'_>, instance: &Instance, ids: &[i64], actor: &Actor) -> Result<usize, StoreError> {
    let mut decided = 0;
    for id in ids {
        let Some(pair) = adoptions::by_id(tx, instance.id, *id)? else {
            continue;
        };
        let (Some(ours), Some(link)) = (
            resources::load(tx, pair.ours.row)?,
            links::by_remote(tx, instance.id, pair.kind, &pair.remote_id)?,
        ) else {
            continue;
        };
        let there = Candidate {
            row: pair.theirs.row,
            link,
        };
        let text = match instance.scope.carries(pair.kind) {
            true => format!("It is “{}” in the app; ours is sent there.", pair.theirs.name),
            false => format!("It is “{}” in the app.", pair.theirs.name),
        };
        join(tx, instance, &ours, &there, actor, "adoption.same", &text)?;
        decided += 1;
    }
    Ok(decided)
}

/// A person says that these are not the same: ours gets an account of its own as soon as nothing else waits for it, theirs
/// stays as it is, and the pair is never proposed again. How many were decided.
///
/// # Errors
/// When the database fails.
pub fn separate(tx: &Tx<'_>, instance: &Instance, ids: &[i64], actor: &Actor) -> Result<usize, StoreError> {
    let mut decided = 0;
    for id in ids {
        let Some(pair) = adoptions::by_id(tx, instance.id, *id)? else {
            continue;
        };
        adoptions::tell_apart(tx, instance.id, pair.id)?;
        let text = format!("It is not “{}” in the app, who stays as it is.", pair.theirs.name);
        record(
            tx,
            instance.id,
            (pair.ours.row, &pair.ours.display),
            actor,
            "adoption.apart",
            Outcome::Done,
            text,
        )?;
        if !is_undecided(tx, pair.ours.row)? {
            wake(tx, instance.id, pair.kind, pair.ours.row)?;
        }
        decided += 1;
    }
    Ok(decided)
}

/// One of ours is what the app holds: it takes over the link, the memberships, and what nobody here owns. What differs is
/// pushed.
fn join(
    tx: &Tx<'_>,
    instance: &Instance,
    ours: &Resource,
    there: &Candidate,
    actor: &Actor,
    action: &'static str,
    text: &str,
) -> Result<(), StoreError> {
    let seen = resources::load(tx, there.row)?
        .map(|copy| copy.attributes)
        .unwrap_or_default();
    let held: Vec<i64> = members::stored(tx, there.row)?
        .into_iter()
        .filter(|m| m.held)
        .map(|m| m.member)
        .collect();
    import::merge(tx, instance, there.row, ours.row)?;
    let link = Link {
        resource: Some(ours.row),
        pushed: Fingerprint::new(),
        ..there.link.clone()
    };
    links::save(tx, &link)?;
    adoptions::forget(tx, instance.id, ours.row)?;
    import::refresh(tx, instance, ours.row, &seen)?;
    if ours.kind == ResourceType::Group {
        let policy = instance.policies.drift_at("members");
        import::members(tx, instance, ours.row, &held, policy, |_| Ok(true))?;
    }
    record(
        tx,
        instance.id,
        (ours.row, &ours.display),
        actor,
        action,
        Outcome::Done,
        text.to_owned(),
    )?;
    wake(tx, instance.id, ours.kind, ours.row)?;
    for group in members::groups_with_delta(tx, ours.row)? {
        wake(tx, instance.id, ResourceType::Group, group)?;
    }
    // Others who were like it wait for it no more.
    let remote = there.link.remote_id.as_deref().unwrap_or_default();
    for other in adoptions::like(tx, instance.id, ours.kind, remote)? {
        go_on(tx, instance.id, other)?;
    }
    Ok(())
}

/// After an import: of whom nothing waits any more, since the other side is gone or somebody's by now, goes on.
///
/// # Errors
/// When the database fails.
pub(in crate::sync) async fn review_all(ctx: &Context, instance: InstanceId) -> Result<(), StoreError> {
    let mut after = 0;
    while let Some(last) = ctx
        .write(instance, move |tx| review(tx, instance, after, CHUNK))
        .await?
    {
        after = last;
    }
    Ok(())
}

fn review(tx: &Tx<'_>, instance: InstanceId, after: i64, limit: usize) -> Result<Option<i64>, StoreError> {
    let noted = adoptions::noted(tx, instance, after, limit)?;
    for row in &noted {
        go_on(tx, instance, *row)?;
    }
    Ok(noted.last().copied())
}

/// One of ours is pushed, if nothing waits for it any more.
fn go_on(tx: &Tx<'_>, instance: InstanceId, row: i64) -> Result<(), StoreError> {
    if is_undecided(tx, row)? {
        return Ok(());
    }
    adoptions::forget(tx, instance, row)?;
    match resources::load(tx, row)? {
        Some(ours) => wake(tx, instance, ours.kind, row),
        None => Ok(()),
    }
}

/// Told once per person: the pairs stand on the page.
pub(in crate::sync) fn announce(tx: &Tx<'_>, ours: &Resource, why: Likeness) -> Result<(), StoreError> {
    let (action, text) = match why {
        Likeness::Email => (
            "adoption.proposed",
            "The app has somebody with the same work e-mail under another name: decide whether they are one. Until then nothing is sent for either.",
        ),
        Likeness::Name | Likeness::External => (
            "adoption.ambiguous",
            "Several in the app or here can be meant: choose one. Until then nothing is sent for them.",
        ),
    };
    record(
        tx,
        ours.instance,
        (ours.row, &ours.display),
        &Actor::Hub,
        action,
        Outcome::Held,
        text.to_owned(),
    )
}

fn wake(tx: &Tx<'_>, instance: InstanceId, kind: ResourceType, row: i64) -> Result<(), StoreError> {
    let priority = priority::of_push(kind, false);
    jobs::enqueue(tx, instance, JobKind::Push, row, priority, None)
}

fn record(
    tx: &Tx<'_>,
    instance: InstanceId,
    (row, subject): (i64, &str),
    actor: &Actor,
    action: &'static str,
    outcome: Outcome,
    detail: String,
) -> Result<(), StoreError> {
    let draft = EventDraft {
        instance: Some(instance),
        resource: Some(row),
        subject: subject.to_owned(),
        actor: actor.clone(),
        action,
        outcome,
        detail,
        changes: Vec::new(),
    };
    events::record(tx, draft).map(drop)
}

/// The pairs that wait, sorted: proposed are those where either side has exactly this one and the work e-mail says so; all
/// others are ambiguous, together for each of ours.
#[must_use]
pub fn sorted(waiting: Vec<Pair>) -> (Vec<Pair>, Vec<Vec<Pair>>) {
    let mut theirs = std::collections::BTreeMap::<i64, usize>::new();
    for pair in &waiting {
        *theirs.entry(pair.theirs.row).or_default() += 1;
    }
    let mut of_ours = std::collections::BTreeMap::<i64, Vec<Pair>>::new();
    for pair in waiting {
        of_ours.entry(pair.ours.row).or_default().push(pair);
    }
    let (mut proposed, mut ambiguous) = (Vec::new(), Vec::new());
    for mut pairs in of_ours.into_values() {
        let alone = match pairs.as_slice() {
            [one] => one.why == Likeness::Email && theirs.get(&one.theirs.row) == Some(&1),
            _ => false,
        };
        match (alone, pairs.pop()) {
            (true, Some(one)) => proposed.push(one),
            (_, last) => {
                pairs.extend(last);
                ambiguous.push(pairs);
            }
        }
    }
    (proposed, ambiguous)
}

/// How many resources of one type stand in each class; each stands in one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Classes {
    /// On both sides, and linked.
    pub matched: u64,
    /// Ours with exactly one in the app that has the same work e-mail.
    pub proposed: u64,
    /// Ours that can be several, or share one.
    pub ambiguous: u64,
    /// Ours like which there is nothing in the app.
    pub only_here: u64,
    /// What nobody here manages, and is like none of ours that waits.
    pub only_in_app: u64,
}

/// How the two sides match.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Match {
    /// Pairs of which the work e-mail speaks.
    pub proposed: Vec<Pair>,
    /// All others, together for each of ours.
    pub ambiguous: Vec<Vec<Pair>>,
    /// Users.
    pub users: Classes,
    /// Groups.
    pub groups: Classes,
    /// Not everybody was counted: the numbers are the least.
    pub is_partial: bool,
}

/// Pairs that are looked at, at most: who waits beyond them is seen when these are decided.
const PAIRS: usize = 20_000;
/// Resources counted in one read.
const COUNTED: usize = 5_000;

/// Looks how the two sides match: what waits, and the classes as far as can be counted in this time.
///
/// # Errors
/// When the database fails.
pub async fn look(store: &Store, instance: InstanceId, time: Duration) -> Result<Match, StoreError> {
    let waiting = store
        .read(move |rx| adoptions::waiting(rx, instance, PAIRS))
        .await?;
    let (proposed, ambiguous) = sorted(waiting);
    let (watch, mut is_partial) = (Stopwatch::start(), false);
    let mut both = [Classes::default(); 2];
    for (kind, classes) in ResourceType::ALL.into_iter().zip(&mut both) {
        let mut counted = Matching::default();
        let mut after = 0;
        loop {
            let read = store.read(move |rx| adoptions::matching(rx, instance, kind, after, COUNTED));
            let (some, Some(last)) = read.await? else { break };
            counted.matched += some.matched;
            counted.only_here += some.only_here;
            counted.only_there += some.only_there;
            if watch.elapsed() > time {
                is_partial = true;
                break;
            }
            after = last;
        }
        let of_kind = |pair: &&Pair| pair.kind == kind;
        classes.matched = counted.matched;
        classes.proposed = proposed.iter().filter(of_kind).count() as u64;
        classes.ambiguous = ambiguous
            .iter()
            .filter(|pairs| pairs.first().is_some_and(|p| p.kind == kind))
            .count() as u64;
        let theirs: std::collections::BTreeSet<i64> = proposed
            .iter()
            .chain(ambiguous.iter().flatten())
            .filter(of_kind)
            .map(|pair| pair.theirs.row)
            .collect();
        let waiting = classes.proposed + classes.ambiguous;
        classes.only_here = counted.only_here.saturating_sub(waiting);
        classes.only_in_app = counted.only_there.saturating_sub(theirs.len() as u64);
    }
    let [users, groups] = both;
    Ok(Match {
        proposed,
        ambiguous,
        users,
        groups,
        is_partial,
    })
}
