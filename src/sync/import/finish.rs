//! The end of a run that read every page: what it did not see is to be looked for, what was unsettled is settled, and the
//! instance is in step as far as a list can tell.

use std::time::Duration;

use super::{as_new, reads_groups, rivals};
use crate::connector::Connector;
use crate::model::job::priority;
use crate::model::run::RunCounts;
use crate::model::{Actor, EventDraft, Instance, Job, JobKind, Outcome, Run, RunPhase, Time};
use crate::scim::schema::ResourceType;
use crate::store::{StoreError, Tx, events, instances, jobs, links, runs};
use crate::sync::adoption;
use crate::sync::context::{Context, Ended};
use crate::sync::{health, token};

/// Links looked at in one unit of work.
const CHUNK: usize = 100;

pub(super) async fn finish(
    ctx: &Context,
    job: &Job,
    instance: &Instance,
    app: &Connector,
    mut run: Run,
    since: i64,
) -> Result<(), Ended> {
    nobody_at_all(ctx, app, &run).await?;
    settle(ctx, instance, &run).await?;
    adoption::review_all(ctx, run.instance).await?;
    // Said before any verification can start: each asks which run was complete.
    run.phase = RunPhase::Verify;
    let complete = run.clone();
    open(
        ctx.write(run.instance, move |tx| runs::save(tx, &complete))
            .await?,
    )?;
    let kinds = if reads_groups(instance) {
        &ResourceType::ALL[..]
    } else {
        &ResourceType::ALL[..1]
    };
    for kind in kinds {
        run.counts.unseen += look_for(ctx, &run, *kind, since).await?;
    }
    let job = job.clone();
    let set_at = instance.secret_set_at;
    let ended = ctx.write(run.instance, move |tx| {
        health::look_at_scope(tx, run.instance)?;
        done(tx, &job, run, set_at)
    });
    open(ended.await?)
}

/// `Done` if the run was ended meanwhile: nothing follows from it.
fn open(is_open: bool) -> Result<(), Ended> {
    if is_open { Ok(()) } else { Err(Ended::Done) }
}

/// An empty list of users although some are known is an app that is out of order, not one without people.
async fn nobody_at_all(ctx: &Context, app: &Connector, run: &Run) -> Result<(), Ended> {
    let (instance, id) = (run.instance, run.id);
    let (known, seen) = ctx
        .read(move |rx| links::known(rx, instance, ResourceType::User, id))
        .await?;
    if known == 0 || seen > 0 || run.counts.users > 0 {
        return Ok(());
    }
    Err(Ended::Unclear(format!(
        "{} answered an empty list of users although {known} are known; nobody is taken as gone",
        app.host()
    )))
}

/// New accounts whose namesake was seen after all are other people. The rest waits for the verification of the namesake.
async fn settle(ctx: &Context, instance: &Instance, run: &Run) -> Result<(), Ended> {
    let (mut after, id) = (0, instance.id);
    loop {
        let (instance, run) = (instance.clone(), run.id);
        let last = ctx.write(id, move |tx| {
            let unsettled = links::unsettled(tx, id, after, CHUNK)?;
            for link in &unsettled {
                let name = link.name_key.as_deref().unwrap_or_default();
                if rivals(tx, id, link.kind, link.external_id.as_deref(), name, run)?.is_empty() {
                    as_new(tx, &instance, link)?;
                }
            }
            Ok(unsettled.last().map(|l| l.id))
        });
        match last.await? {
            Some(last) => after = last,
            None => return Ok(()),
        }
    }
}

/// One verification for each link that was not seen; how many.
async fn look_for(ctx: &Context, run: &Run, kind: ResourceType, since: i64) -> Result<u64, Ended> {
    let (mut after, mut n) = (0, 0);
    loop {
        let run = run.clone();
        let chunk = ctx.write(run.instance, move |tx| {
            if runs::going_on(tx, run.id)?.is_none() {
                return Ok(None);
            }
            let unseen = links::unseen(tx, &run, kind, since, after, CHUNK)?;
            for link in &unseen {
                jobs::enqueue(tx, run.instance, JobKind::Verify, *link, priority::LATER, None)?;
            }
            Ok(Some(unseen))
        });
        let chunk = chunk.await?.ok_or(Ended::Done)?;
        let Some(last) = chunk.last() else { return Ok(n) };
        after = *last;
        n += chunk.len() as u64;
    }
}

/// `token`: when the one was typed with which all was read. False: the run was ended meanwhile.
fn done(tx: &Tx<'_>, job: &Job, mut run: Run, token: Option<Time>) -> Result<bool, StoreError> {
    let Some(instance) = instances::by_id(tx, run.instance)? else {
        return Ok(false);
    };
    run.phase = RunPhase::Done;
    run.ended = Some(tx.now());
    if !runs::save(tx, &run)? {
        return Ok(false);
    }
    let next = tx
        .now()
        .after(Duration::from_secs(u64::from(instance.sync_every_s.max(60))));
    instances::set_synced(tx, instance.id, tx.now(), next)?;
    if instance.imported_at.is_none() {
        instances::set_imported(tx, instance.id, Some(tx.now()))?;
        jobs::enqueue(tx, instance.id, JobKind::Reconcile, 0, priority::LATER, None)?;
    }
    health::recover(tx, instance.id, true)?;
    token::worked(tx, &instance, token)?;
    let RunCounts {
        created,
        changed,
        broken,
        unseen,
        ..
    } = run.counts;
    if instance.imported_at.is_none() || created + changed + broken + unseen > 0 {
        events::record(tx, told(&instance, &run))?;
    }
    jobs::finish(tx, job)?;
    Ok(true)
}

fn told(instance: &Instance, run: &Run) -> EventDraft {
    let c = &run.counts;
    let mut text = format!(
        "{} users and {} groups read, {} new, {} changed",
        c.users, c.groups, c.created, c.changed
    );
    if c.unseen > 0 {
        text.push_str(&format!(", {} not seen and looked for", c.unseen));
    }
    if c.broken > 0 {
        text.push_str(&format!(", {} not understood", c.broken));
    }
    EventDraft {
        instance: Some(instance.id),
        resource: None,
        subject: instance.name.clone(),
        actor: Actor::Hub,
        action: "sync.finished",
        outcome: Outcome::Done,
        detail: format!("{text}."),
        changes: Vec::new(),
    }
}
