//! Walks all our resources and makes a job for each that is not in step: after an app was attached, an instance was
//! switched on again, or scope and policies changed. It asks nobody; the plan knows. A walk of its own looks for whoever
//! waits for a name in the app: names are given up one by one, and often many at a time.

use std::time::Duration;

use super::context::{Context, Ended};
use super::health;
use super::plan::Action;
use super::present::{Present, declared};
use crate::mapping::Onward;
use crate::model::job::priority;
use crate::model::{InstanceId, Job, JobKind};
use crate::scim::fold;
use crate::store::{Rx, StoreError, Tx, instances, jobs, removals, resources};

/// Resources in one step.
const CHUNK: usize = 100;
/// The subject of a walk that looks only at those who have not the name in the app that they are to have.
const HEIRS: i64 = 1;
/// So long such a walk waits for more names to be given up.
const GATHER: Duration = Duration::from_secs(60);

/// Some name was given up in the app, and who is to have it cannot be looked up by it.
///
/// # Errors
/// When the database fails.
pub(super) fn look_for_heirs(tx: &Tx<'_>, id: InstanceId) -> Result<(), StoreError> {
    let due = tx.now().after(GATHER);
    jobs::enqueue_later(tx, id, JobKind::Reconcile, HEIRS, priority::LATER, due)
}

/// Runs a reconciliation; it goes on where it stopped.
pub(super) async fn run(ctx: &Context, job: &Job) -> (bool, Ended) {
    let ended = match walk(ctx, job).await {
        Ok(()) => Ended::Settled,
        Err(ended) => ended,
    };
    (false, ended)
}

async fn walk(ctx: &Context, job: &Job) -> Result<(), Ended> {
    let id = job.instance;
    ctx.write(id, move |tx| health::look_at_scope(tx, id)).await?;
    let at = job.clone();
    let cursor = ctx.read(move |rx| jobs::cursor(rx, &at)).await?;
    let mut after: i64 = cursor.and_then(|c| c.parse().ok()).unwrap_or(0);
    loop {
        if ctx.is_stopping() {
            return Err(Ended::Again);
        }
        let heirs = job.subject == HEIRS;
        let (last, due) = ctx.read(move |rx| look(rx, id, after, heirs)).await?;
        let job = job.clone();
        let Some(last) = last else {
            let ended = ctx.write(id, move |tx| {
                let next = if heirs { GATHER } else { Duration::ZERO };
                jobs::finish_for_now(tx, &job, tx.now().after(next))
            });
            return Ok(ended.await?);
        };
        after = last;
        ctx.write(id, move |tx| {
            for (row, priority) in due {
                jobs::enqueue(tx, id, JobKind::Push, row, priority, None)?;
            }
            jobs::set_cursor(tx, &job, &last.to_string())
        })
        .await?;
    }
}

/// Rows that have something to do, each with its priority.
type Due = Vec<(i64, i64)>;

/// The last row of the next chunk, and which of them have something to do.
fn look(rx: &Rx<'_>, id: InstanceId, after: i64, heirs: bool) -> Result<(Option<i64>, Due), StoreError> {
    let Some(instance) = instances::by_id(rx, id)?.filter(|i| i.target.is_some()) else {
        return Ok((None, Vec::new()));
    };
    let custom = declared(rx, id, &instance.policies)?;
    let onward = Onward::new(&instance.policies, &custom);
    let rows = resources::rows_after(rx, id, after, CHUNK)?;
    let mut due = Vec::new();
    for row in &rows {
        let Some(now) = Present::look(rx, &instance, &onward, *row)? else {
            continue;
        };
        if heirs && !may_inherit(rx, &now)? {
            continue;
        }
        let action = now.plan();
        // A removal that a push asked for and nobody wants any more is taken back by a push that finds nothing to do.
        let moot = match &now.removal {
            Some(removal) if action != Action::Blocked => {
                removals::by_id(rx, id, removal.id)?.is_some_and(|(_, run)| run == 0)
            }
            _ => false,
        };
        if !action.is_idle() || moot {
            let leaves = now.ours.deleted_at.is_some()
                || !now.ours.active
                || matches!(action, Action::Deactivate | Action::Delete);
            due.push((*row, priority::of_push(now.ours.kind, leaves)));
        }
    }
    Ok((rows.last().copied(), due))
}

/// Whether a name that was given up may be what it waits for: it has another one there, or none, and no try is due anyway.
fn may_inherit(rx: &Rx<'_>, now: &Present) -> Result<bool, StoreError> {
    let has = now.link.as_ref().and_then(|link| link.name_key.as_deref());
    if has == Some(fold(&now.wanted.name).as_str())
        && now.link.as_ref().is_some_and(|l| l.remote_id.is_some())
    {
        return Ok(false);
    }
    let job = jobs::of_resource(rx, now.instance.id, now.ours.row)?;
    Ok(job.is_none_or(|job| !matches!(job.state.as_str(), "retrying" | "held")))
}
