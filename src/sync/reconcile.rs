//! Walks all our resources and makes a job for each that is not in step: after an app was attached, an instance was
//! switched on again, or scope and policies changed. It asks nobody; the plan knows.

use super::context::{Context, Ended};
use super::health;
use super::plan::Action;
use super::present::{Present, declared};
use crate::mapping::Onward;
use crate::model::job::priority;
use crate::model::{Job, JobKind};
use crate::store::{Rx, StoreError, instances, jobs, removals, resources};

/// Resources in one step.
const CHUNK: usize = 100;

/// Runs a reconciliation; it goes on where it stopped.
pub(super) async fn run(ctx: &Context, job: &Job) -> (bool, Ended) {
    let ended = match walk(ctx, job).await {
        Ok(()) => Ended::Done,
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
        let (last, due) = ctx.read(move |rx| look(rx, id, after)).await?;
        let Some(last) = last else { return Ok(()) };
        after = last;
        let job = job.clone();
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
fn look(rx: &Rx<'_>, id: crate::model::InstanceId, after: i64) -> Result<(Option<i64>, Due), StoreError> {
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
