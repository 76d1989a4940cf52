//! What is written after a step: the link's new state, and the event that people read.

use serde_json::Value;

use crate::connector::Remote;
use crate::mapping;
use crate::model::{Actor, Change, EventDraft, Fingerprint, Link, LinkState, Outcome, Resource};
use crate::scim::{Attributes, fold, resource};
use crate::store::{StoreError, Tx, events};

/// The link after the app showed `remote`.
pub(super) fn observed(mut link: Link, remote: &Remote) -> Link {
    link.seen = mapping::fingerprint(link.kind, &remote.attributes);
    link.base = link.seen.clone();
    link.seen_active = mapping::is_active(&remote.attributes);
    // Many apps take an externalId and never show it: then it is the one that they were told.
    link.external_id = mapping::text(&remote.attributes, "externalId")
        .map(str::to_owned)
        .or(link.external_id);
    link.name_key = mapping::text(&remote.attributes, mapping::name_path(link.kind))
        .map(fold)
        .or(link.name_key);
    link.remote_id = Some(remote.id.clone());
    link.state = LinkState::Linked;
    // What the app adds of its own is taken over by the next import, which looks at every link it has not seen.
    link.seen_run = 0;
    link
}

/// What had been changed in the app before stays a difference: an answer to what was sent at `sent` says nothing of it.
pub(super) fn keep_drift(link: &mut Link, before: &Link, sent: &[String]) {
    for path in mapping::drifted(&before.pushed, &before.base, &before.seen) {
        if sent.contains(&path) {
            continue;
        }
        match before.base.get(&path) {
            Some(hash) => link.base.insert(path, hash.clone()),
            None => link.base.remove(&path),
        };
    }
}

/// The paths that the app keeps otherwise than it was told.
pub(super) fn kept_otherwise(link: &Link, paths: &[String]) -> Vec<String> {
    let told = |path: &String| link.pushed.get(path).filter(|hash| *hash != mapping::UNASSIGNED);
    paths
        .iter()
        .filter(|path| told(path) != link.base.get(*path))
        .cloned()
        .collect()
}

/// Notes that the app accepted what is wanted at `paths`; where nothing is wanted, that.
pub(super) fn accepted(pushed: &mut Fingerprint, desired: &Fingerprint, paths: &[String]) {
    for path in paths {
        let hash = desired
            .get(path)
            .cloned()
            .unwrap_or_else(|| mapping::UNASSIGNED.into());
        pushed.insert(path.clone(), hash);
    }
}

/// The same for what the app shows: where nothing is wanted, nothing is shown.
pub(super) fn assumed(seen: &mut Fingerprint, desired: &Fingerprint, paths: &[String]) {
    for path in paths {
        match desired.get(path) {
            Some(hash) => seen.insert(path.clone(), hash.clone()),
            None => seen.remove(path),
        };
    }
}

/// The values that were sent, as an event tells them; what the app held before is not known by value.
pub(super) fn sent(wanted: &Attributes, paths: &[String]) -> Vec<Change> {
    paths
        .iter()
        .map(|path| Change {
            path: path.clone(),
            before: Value::Null,
            after: resource::get(wanted, path)
                .cloned()
                .map_or(Value::Null, events::short),
        })
        .collect()
}

/// An event about a push; its row.
pub(super) fn tell(
    tx: &Tx<'_>,
    ours: &Resource,
    action: &'static str,
    outcome: Outcome,
    detail: String,
    changes: Vec<Change>,
) -> Result<i64, StoreError> {
    events::record(
        tx,
        EventDraft {
            instance: Some(ours.instance),
            resource: Some(ours.row),
            subject: ours.display.clone(),
            actor: Actor::Hub,
            action,
            outcome,
            detail,
            changes,
        },
    )
}
