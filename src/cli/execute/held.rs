//! What the removal limit holds back: listed, allowed, rejected (DESIGN §5).

use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::{HeldDecided, HeldRow};
use crate::cli::command::Which;
use crate::model::{InstanceId, Removal};
use crate::store::{Lane, Tx, instances, removals};
use crate::sync::removal;

/// So many are listed and decided at most by one command.
const MOST: usize = 200_000;
/// So many are decided in one unit of work: others wait for the writer too.
const AT_ONCE: usize = 100;

pub(super) async fn list(hub: &Hub, slug: Option<String>) -> Result<Vec<HeldRow>, String> {
    let asked = match slug {
        Some(slug) => vec![find(hub, slug).await?],
        None => hub.store.read(instances::list).await.map_err(sentence)?,
    };
    let mut rows = Vec::new();
    for instance in asked {
        let row = |one: Removal| HeldRow {
            slug: instance.slug.clone(),
            id: one.id,
            class: one.class.as_str().into(),
            label: one.label,
            reason: one.reason,
            at: one.at.to_string(),
        };
        rows.extend(held(hub, instance.id).await?.into_iter().map(row));
        rows.truncate(MOST);
    }
    Ok(rows)
}

pub(super) async fn decide(
    hub: &Hub,
    slug: String,
    which: Which,
    allow: bool,
) -> Result<HeldDecided, String> {
    let id = find(hub, slug).await?.id;
    let (ids, named) = match which {
        Which::All => (
            held(hub, id).await?.into_iter().map(|one| one.id).collect(),
            false,
        ),
        Which::Ids(ids) => (ids, true),
    };
    let mut count = 0;
    for some in ids.chunks(AT_ONCE) {
        let some = some.to_vec();
        let work = move |tx: &Tx<'_>| {
            if allow {
                removal::allow(tx, id, &some, &typist())
            } else {
                removal::reject(tx, id, &some, &typist())
            }
        };
        let decided = hub.store.write(Lane::Front, Some(id), work).await;
        count += decided.map_err(sentence)? as u64;
    }
    if named && count == 0 {
        return Err("None of these waits. `rollcall held list` shows what does.".into());
    }
    Ok(HeldDecided { count })
}

async fn held(hub: &Hub, id: InstanceId) -> Result<Vec<Removal>, String> {
    let read = hub.store.read(move |rx| removals::held(rx, id, MOST)).await;
    read.map_err(sentence)
}
