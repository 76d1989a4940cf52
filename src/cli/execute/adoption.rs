//! Pairs that may be one: listed, accepted, separated (DESIGN §1).

use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::{AdoptionCounts, AdoptionReport, AdoptionRow, AdoptionsDecided};
use crate::model::adoption::Pair;
use crate::store::{Lane, Rx, StoreError, Tx, adoptions};
use crate::sync::adoption::{self, Classes};

/// So many pairs are listed at most.
const MOST: usize = 20_000;
/// So many are decided in one unit of work: others wait for the writer too.
const AT_ONCE: usize = 25;

pub(super) async fn list(hub: &Hub, slug: String) -> Result<AdoptionReport, String> {
    let id = find(hub, slug).await?.id;
    let look = move |rx: &Rx<'_>| -> Result<AdoptionReport, StoreError> {
        let (proposed, ambiguous) = adoption::sorted(adoptions::waiting(rx, id, MOST)?);
        let [users, groups] = adoption::classes(rx, id, &proposed, &ambiguous)?;
        let proposed = proposed.into_iter().map(|pair| row(pair, "proposed"));
        let ambiguous = ambiguous.into_iter().flatten();
        Ok(AdoptionReport {
            users: counts(users),
            groups: counts(groups),
            waiting: proposed
                .chain(ambiguous.map(|pair| row(pair, "ambiguous")))
                .collect(),
        })
    };
    hub.store.read(look).await.map_err(sentence)
}

fn counts(c: Classes) -> AdoptionCounts {
    AdoptionCounts {
        matched: c.matched,
        proposed: c.proposed,
        ambiguous: c.ambiguous,
        only_here: c.only_here,
        only_in_app: c.only_in_app,
    }
}

fn row(pair: Pair, class: &str) -> AdoptionRow {
    AdoptionRow {
        id: pair.id,
        class: class.into(),
        resource_type: pair.kind,
        ours: pair.ours.name,
        ours_id: pair.ours.id,
        theirs: pair.theirs.name,
        theirs_id: pair.theirs.id,
        remote_id: pair.remote_id,
        why: pair.why.as_str().into(),
        at: pair.at.to_string(),
    }
}

pub(super) async fn decide(
    hub: &Hub,
    slug: String,
    ids: Vec<i64>,
    same: bool,
) -> Result<AdoptionsDecided, String> {
    let instance = find(hub, slug).await?;
    let mut count = 0;
    for some in ids.chunks(AT_ONCE) {
        let (some, instance) = (some.to_vec(), instance.clone());
        let id = instance.id;
        let work = move |tx: &Tx<'_>| {
            if same {
                adoption::accept(tx, &instance, &some, &typist())
            } else {
                adoption::separate(tx, &instance, &some, &typist())
            }
        };
        let decided = hub.store.write(Lane::Front, Some(id), work).await;
        count += decided.map_err(sentence)? as u64;
    }
    if count == 0 {
        return Err("None of these waits. `rollcall adoption list` shows what does.".into());
    }
    Ok(AdoptionsDecided { count })
}
