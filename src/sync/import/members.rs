//! A group's members as the app shows them. A list may leave some of them out, as it may leave out accounts; so before
//! anybody loses a membership by it, the group is read alone, and only what both reads miss is believed. What is missed is
//! lost within the limit of removals (DESIGN §5), unless a person allows more.

use super::{MEMBERS, drift};
use crate::connector::{Connector, Remote, Verdict};
use crate::directory::import;
use crate::mapping;
use crate::model::InstanceId;
use crate::model::policies::Drift;
use crate::model::{Instance, Link};
use crate::scim::resource::Member;
use crate::scim::schema::ResourceType;
use crate::store::members::Stored;
use crate::store::{Rx, StoreError, Tx, links, members};
use crate::sync::context::{Context, Ended};
use crate::sync::removal::Losses;

/// The members of a remote group that are known here.
#[derive(Clone, Debug)]
pub(in crate::sync) struct Held {
    /// Whom the app holds, sorted.
    rows: Vec<i64>,
    /// Of what the list shows: tells whether that is news.
    pub(super) digest: Option<String>,
    /// What is known here and not shown.
    missing: Vec<Stored>,
    /// That was worked out. It is not for a group that shows what it showed before, or that had no link.
    compared: bool,
    /// Nobody shows them who could be asked: they are not believed to be gone.
    unsure: bool,
}

/// Which of ours a remote group shows; none: it says nothing of its members.
pub(super) fn shown(rx: &Rx<'_>, instance: InstanceId, remote: &Remote) -> Result<Option<Held>, StoreError> {
    let Some(shown) = &remote.members else {
        return Ok(None);
    };
    let link = links::by_remote(rx, instance, ResourceType::Group, &remote.id)?;
    let group = link.as_ref().and_then(|link| link.resource);
    if shown.is_empty() && is_silent(rx, instance, group)? {
        return Ok(None);
    }
    let rows = rows_of(rx, instance, shown)?;
    let text: Vec<String> = rows.iter().map(ToString::to_string).collect();
    let digest = mapping::digest(&text.join(",").into());
    let is_news = |link: &Link| link.seen.get(MEMBERS) != digest.as_ref();
    let news_of = group.filter(|_| link.as_ref().is_some_and(is_news));
    let missing = match news_of {
        Some(group) => {
            let mut stored = members::stored(rx, group)?;
            stored.retain(|m| may_be_missed(m) && rows.binary_search(&m.member).is_err());
            stored
        }
        None => Vec::new(),
    };
    Ok(Some(Held {
        compared: news_of.is_some(),
        rows,
        digest,
        missing,
        unsure: false,
    }))
}

/// Whether it makes a difference that the app does not show this one.
fn may_be_missed(stored: &Stored) -> bool {
    stored.held || !stored.wanted || stored.keep
}

fn rows_of(rx: &Rx<'_>, instance: InstanceId, shown: &[Member]) -> Result<Vec<i64>, StoreError> {
    let mut rows = Vec::with_capacity(shown.len());
    for member in shown {
        let kinds = match member.kind {
            Some(kind) => vec![kind],
            None => vec![ResourceType::User, ResourceType::Group],
        };
        for kind in kinds {
            if let Some(row) = links::by_remote(rx, instance, kind, &member.value)?.and_then(|l| l.resource) {
                rows.push(row);
                break;
            }
        }
    }
    rows.sort_unstable();
    rows.dedup();
    Ok(rows)
}

/// Some apps show every group as empty. Whoever took members from us and never showed one, of any group, says nothing by
/// an empty list.
fn is_silent(rx: &Rx<'_>, instance: InstanceId, group: Option<i64>) -> Result<bool, StoreError> {
    let Some(row) = group else {
        return Ok(false);
    };
    let none = mapping::digest(&"".into());
    Ok(members::any_held(rx, row)? && !links::shows_groups_with(rx, instance, MEMBERS, none.as_deref())?)
}

/// If the list misses somebody, the group is asked for alone. An app that does not show it so proves nothing by its list.
pub(super) async fn confirmed(
    ctx: &Context,
    app: &Connector,
    instance: InstanceId,
    mut held: Held,
    remote: &Remote,
) -> Result<Held, Ended> {
    if held.missing.is_empty() {
        return Ok(held);
    }
    let alone = match app.get(ResourceType::Group, &remote.id).await {
        Ok(found) => found.and_then(|group| group.members),
        Err(error) if matches!(error.verdict, Verdict::Wait { .. }) => return Err(error.into()),
        Err(error) => {
            tracing::debug!(%error, "a group could not be read alone; nobody is taken as gone from it");
            None
        }
    };
    match alone {
        Some(shown) => {
            let also = ctx.read(move |rx| rows_of(rx, instance, &shown)).await?;
            held.rows.extend(also);
        }
        None => {
            let as_known = held.missing.iter().filter(|m| m.held || !m.wanted);
            held.rows.extend(as_known.map(|m| m.member));
            held.unsure = true;
        }
    }
    held.rows.sort_unstable();
    held.rows.dedup();
    Ok(held)
}

/// Takes in what the app holds of a group of ours. False: it is not all taken in, and to be looked at again even if the
/// app shows the same.
pub(super) fn take_in(
    tx: &Tx<'_>,
    instance: &Instance,
    link: i64,
    group: i64,
    held: &Held,
    run: i64,
) -> Result<bool, StoreError> {
    if !held.compared && members::stored(tx, group)?.iter().any(may_be_missed) {
        // It was read before this was known of the group: what it does not show was not asked for.
        return Ok(false);
    }
    let mut policy = instance.policies.drift_at(MEMBERS);
    let mut enforced = links::enforced(tx, link)?;
    if policy == Drift::Enforce && !drift::may_push(&mut enforced, MEMBERS, tx.now()) {
        // Two sides fight: it is told, and left so until something changes here.
        policy = Drift::Report;
    }
    let mut losses = Losses::new(tx, instance, group, run);
    let pushed = import::members(tx, instance, group, &held.rows, policy, |member| {
        if held.unsure {
            Ok(false)
        } else {
            losses.may_go(member)
        }
    })?;
    if pushed && policy == Drift::Enforce {
        links::set_enforced(tx, link, &enforced)?;
    }
    // A read that proves nothing does not make moot either what was asked of a person.
    Ok(!held.unsure && losses.end()?)
}
