//! Pairs that may be one: listed, accepted, separated (DESIGN §1).

use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::{AdoptionCounts, AdoptionReport, AdoptionRow, AdoptionsDecided};
use crate::model::adoption::Pair;
use crate::store::{Lane, Tx};
use crate::sync::adoption::{self, Classes};
use crate::sync::preview::AT_THE_PROMPT;

/// So many are decided in one unit of work: others wait for the writer too.
const AT_ONCE: usize = 25;

pub(super) async fn list(hub: &Hub, slug: String) -> Result<AdoptionReport, String> {
    let instance = find(hub, slug).await?;
    let look = adoption::look(&hub.store, instance.id, AT_THE_PROMPT).await;
    let found = look.map_err(sentence)?;
    let proposed = found.proposed.into_iter().map(|pair| row(pair, "proposed"));
    let ambiguous = found.ambiguous.into_iter().flatten();
    let paused = "The instance is paused, so the app is not read: what else may be the same is found once it is resumed.";
    Ok(AdoptionReport {
        partial: found.is_partial,
        notes: instance.paused.then(|| paused.to_owned()).into_iter().collect(),
        users: counts(found.users),
        groups: counts(found.groups),
        waiting: proposed
            .chain(ambiguous.map(|pair| row(pair, "ambiguous")))
            .collect(),
    })
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
