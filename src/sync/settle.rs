//! How a job ends: its row, the instance's backoff and conditions, the event. One unit of work for each ending.

use std::time::Duration;

use super::backoff;
use super::context::{Context, Ended};
use super::{health, names, token};
use crate::connector::{CheckError, Connector, ConnectorError, Verdict};
use crate::model::job::OUR_MAPPING;
use crate::model::{Actor, ConditionKind, EventDraft, Instance, InstanceId, Job, JobKind, Outcome, RunPhase};
use crate::store::{StoreError, Tx, events, instances, jobs, resources, runs};

/// A rejected removal of access is tried again after this.
const ACCESS: Duration = Duration::from_secs(60 * 60);

/// Writes how `job` ended; `contact`: the app answered at least once as it should. Tries until the database takes it, for
/// a lease of this boot frees itself only at the next start.
pub(super) async fn settle(ctx: &Context, job: &Job, contact: bool, ended: Ended) {
    let ending = judge(ctx, job, ended).await;
    let mut pause = Duration::from_millis(50);
    loop {
        let (job, ending, base) = (job.clone(), ending.clone(), ctx.config.retry_base);
        let written = ctx
            .write(job.instance, move |tx| apply(tx, &job, contact, &ending, base))
            .await;
        let Err(error) = written else { return };
        if ctx.is_stopping() {
            return;
        }
        tracing::error!(%error, "the end of a job could not be written; trying again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(5));
    }
}

/// What an ending comes to, once it is known whether it concerns the whole target.
#[derive(Clone, Debug)]
enum Ending {
    Settled,
    Done,
    Again,
    Held(&'static str),
    Rejected {
        why: String,
        access: bool,
    },
    /// Only this job waits. `passing`: an import goes on then where it stopped.
    Later {
        why: String,
        after: Duration,
        passing: bool,
    },
    /// The target as a whole waits.
    Target {
        why: String,
        after: Option<Duration>,
    },
    /// The host has had all the requests it allows for now: everything waits, and nobody is to blame.
    Paced {
        after: Duration,
    },
    Parked {
        why: String,
    },
    Sealed {
        why: String,
    },
}

async fn judge(ctx: &Context, job: &Job, ended: Ended) -> Ending {
    let later = |why: String, asked: Option<Duration>, passing: bool| Ending::Later {
        after: ctx.wait(job.attempts + 1, asked),
        why,
        passing,
    };
    match ended {
        Ended::Settled => Ending::Settled,
        Ended::Done => Ending::Done,
        Ended::Again => Ending::Again,
        Ended::Held(why) => Ending::Held(why),
        Ended::Rejected { why, .. } if job.kind != JobKind::Push => later(why, None, false),
        Ended::Rejected { why, access } => Ending::Rejected { why, access },
        Ended::Unclear(why) => later(why, None, false),
        Ended::Sealed(why) => Ending::Sealed { why },
        Ended::Store(error) => {
            tracing::warn!(%error, "a job could not use the database; it is tried again");
            later(error.to_string(), None, error.is_passing())
        }
        Ended::Failed(error) => match error.verdict {
            Verdict::Retry { after, target: false } => later(error.to_string(), after, true),
            Verdict::Retry { after, target: true } => Ending::Target {
                why: error.to_string(),
                after,
            },
            Verdict::Wait { after } => Ending::Paced { after },
            _ => refused(ctx, job, &error, false).await,
        },
        Ended::StillIn(error) => refused(ctx, job, &error, true).await,
    }
}

/// 401 or 403: is it the credentials, or only this resource? `access`: it was to end somebody's access.
async fn refused(ctx: &Context, job: &Job, error: &ConnectorError, access: bool) -> Ending {
    let check = match ctx.connector(job.instance).await {
        Ok((instance, connector)) => match check(ctx, &instance, &connector).await {
            Ok(Credentials::Before) => return Ending::Again,
            checked => checked,
        },
        Err(_) => return Ending::Again,
    };
    match check {
        // The check is of another token than this job had.
        Ok(_) if token::fell_back_lately(ctx, job.instance).await => Ending::Later {
            why: error.to_string(),
            after: ctx.wait(job.attempts + 1, None),
            passing: false,
        },
        Ok(_) if job.kind == JobKind::Push => Ending::Rejected {
            why: error.to_string(),
            access,
        },
        Ok(_) => Ending::Later {
            why: error.to_string(),
            after: ctx.wait(job.attempts + 1, None),
            passing: false,
        },
        Err(failed) => of_check(&failed),
    }
}

/// Which credentials work.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Credentials {
    /// Those that are stored.
    Stored,
    /// Those before them, which are used from now on.
    Before,
}

/// Whether the credentials work: the stored ones, else those before, which are kept until the new ones have worked.
async fn check(ctx: &Context, instance: &Instance, app: &Connector) -> Result<Credentials, CheckError> {
    match app.check(instance.scope).await {
        Ok(_) => Ok(Credentials::Stored),
        Err(failed) if failed.error.verdict == Verdict::Park && token::fall_back(ctx, instance).await => {
            Ok(Credentials::Before)
        }
        Err(failed) => Err(failed),
    }
}

fn of_check(failed: &CheckError) -> Ending {
    let why = failed.error.to_string();
    match &failed.error.verdict {
        Verdict::Park => Ending::Parked { why },
        Verdict::Retry { after, .. } => Ending::Target { why, after: *after },
        Verdict::Wait { after } => Ending::Paced { after: *after },
        Verdict::Reject | Verdict::Gone | Verdict::Exists => Ending::Target { why, after: None },
    }
}

fn apply(tx: &Tx<'_>, job: &Job, contact: bool, ending: &Ending, base: Duration) -> Result<(), StoreError> {
    let now = tx.now();
    match ending {
        Ending::Settled => {}
        Ending::Done => {
            jobs::finish(tx, job)?;
        }
        Ending::Again => jobs::release(tx, job)?,
        Ending::Held(why) => jobs::hold(tx, job, why)?,
        Ending::Rejected { why, access } => {
            jobs::reject(tx, job, why, access.then(|| now.after(ACCESS)))?;
            if jobs::of_resource(tx, job.instance, job.subject)?.is_some_and(|view| view.state == "rejected")
            {
                tell(tx, job, why)?;
            }
        }
        Ending::Later { why, after, passing } => {
            let next = now.after(*after);
            if *passing {
                break_off(tx, job, why, None)?;
            } else {
                fail_run(tx, job, why)?;
            }
            if job.kind == JobKind::Import
                && let Some(instance) = instances::by_id(tx, job.instance)?
            {
                health::fail(tx, &instance, ConditionKind::Unreachable, why, Some(next))?;
            }
            jobs::retry(tx, job, next, why)?;
        }
        Ending::Target { why, after } => {
            let got_on = break_off(tx, job, why, *after)?;
            back_off(tx, job.instance, why, *after, base, got_on)?;
            // The wait is the instance's: as soon as that ends, the job may run.
            jobs::retry(tx, job, now, why)?;
        }
        // A sync goes on where it stopped, and no try is counted.
        Ending::Paced { after } => {
            rest(tx, job.instance, *after)?;
            jobs::release(tx, job)?;
        }
        Ending::Parked { why } => {
            fail_run(tx, job, why)?;
            park(tx, job.instance, ConditionKind::Credentials, why, false)?;
            jobs::retry(tx, job, now, why)?;
        }
        Ending::Sealed { why } => {
            park(tx, job.instance, ConditionKind::Sealed, why, false)?;
            jobs::retry(tx, job, now, why)?;
        }
    }
    if contact
        && !matches!(
            ending,
            Ending::Target { .. } | Ending::Paced { .. } | Ending::Parked { .. } | Ending::Sealed { .. }
        )
    {
        health::recover(tx, job.instance, false)?;
    }
    if job.kind == JobKind::Push {
        if matches!(ending, Ending::Held(_) | Ending::Rejected { .. }) {
            names::not_given_up(tx, job.subject)?;
        }
        match ending {
            Ending::Rejected { .. } => health::look_at_rejected(tx, job.instance)?,
            _ => health::after_push(tx, job.instance)?,
        }
    }
    Ok(())
}

/// A sync that breaks off for a passing reason goes on where it stopped. True: it got on since it last did.
fn break_off(tx: &Tx<'_>, job: &Job, why: &str, asked: Option<Duration>) -> Result<bool, StoreError> {
    Ok(job.kind == JobKind::Import && runs::break_off(tx, job.instance, why, asked)?)
}

/// A sync that ends early is over: what was read stays, nothing is taken as gone, the next one begins anew.
fn fail_run(tx: &Tx<'_>, job: &Job, why: &str) -> Result<(), StoreError> {
    if job.kind == JobKind::Import {
        runs::end(tx, job.instance, RunPhase::Failed, Some(why))?;
    }
    Ok(())
}

/// The target is left alone for a while. Parallel jobs that fail together count once; one that got on before it failed
/// counts as the first.
fn back_off(
    tx: &Tx<'_>,
    id: InstanceId,
    why: &str,
    asked: Option<Duration>,
    base: Duration,
    got_on: bool,
) -> Result<(), StoreError> {
    let Some(instance) = instances::by_id(tx, id)?.filter(|i| i.parked_since.is_none()) else {
        return Ok(());
    };
    let (next, count) = match instance.retry_at.filter(|t| *t > tx.now()) {
        Some(next) => (
            next.max(tx.now().after(asked.unwrap_or_default())),
            instance.retry_count,
        ),
        None => {
            let count = if got_on {
                1
            } else {
                instance.retry_count.saturating_add(1)
            };
            let chance = f64::from((tx.seq() % 97) as u32) / 96.0;
            (tx.now().after(backoff::wait(base, count, asked, chance)), count)
        }
    };
    if instance.retry_at != Some(next) {
        instances::set_backoff(tx, id, Some(next), count, None)?;
    }
    health::fail(tx, &instance, ConditionKind::Unreachable, why, Some(next))
}

/// The target is left alone until its host takes requests again.
fn rest(tx: &Tx<'_>, id: InstanceId, after: Duration) -> Result<(), StoreError> {
    let Some(instance) = instances::by_id(tx, id)?.filter(|i| i.parked_since.is_none()) else {
        return Ok(());
    };
    let next = tx.now().after(after);
    if instance.retry_at.is_none_or(|at| at < next) {
        instances::set_backoff(tx, id, Some(next), instance.retry_count, None)?;
    }
    Ok(())
}

/// Nothing but the check runs until it passes. `checked`: it has just failed again; a job that failed beside another
/// changes nothing.
fn park(
    tx: &Tx<'_>,
    id: InstanceId,
    kind: ConditionKind,
    why: &str,
    checked: bool,
) -> Result<(), StoreError> {
    let Some(instance) = instances::by_id(tx, id)? else {
        return Ok(());
    };
    let count = match instance.parked_since {
        Some(_) if !checked => return Ok(()),
        Some(_) => instance.retry_count.saturating_add(1),
        None => 1,
    };
    let next = tx.now().after(backoff::parked(count));
    let since = instance.parked_since.unwrap_or(tx.now());
    instances::set_backoff(tx, id, Some(next), count, Some(since))?;
    health::only(tx, id, kind)?;
    health::fail(tx, &instance, kind, why, Some(next))
}

fn tell(tx: &Tx<'_>, job: &Job, why: &str) -> Result<(), StoreError> {
    let subject = resources::load(tx, job.subject)?
        .map(|r| r.display)
        .unwrap_or_default();
    let draft = EventDraft {
        instance: Some(job.instance),
        resource: Some(job.subject),
        subject,
        actor: Actor::Hub,
        action: match why.starts_with(OUR_MAPPING) {
            true => "push.unmapped",
            false => "push.rejected",
        },
        outcome: Outcome::Rejected,
        detail: why.to_owned(),
        changes: Vec::new(),
    };
    events::record(tx, draft).map(drop)
}

/// The check of a parked instance: it goes on where it stopped, or waits longer. Gives back whether it may go on.
pub(super) async fn check_parked(ctx: &Context, id: InstanceId) -> Result<bool, String> {
    let checked = match ctx.connector(id).await {
        Ok((instance, connector)) => check(ctx, &instance, &connector)
            .await
            .map(drop)
            .map_err(|e| (of_check(&e), e.sentence.clone())),
        Err(Ended::Sealed(why)) => Err((Ending::Sealed { why: why.clone() }, why)),
        Err(_) => return Ok(false),
    };
    let base = ctx.config.retry_base;
    let written = match &checked {
        Ok(()) => ctx.write(id, move |tx| go_on(tx, id)).await,
        Err((Ending::Parked { why }, _)) => {
            let why = why.clone();
            ctx.write(id, move |tx| park(tx, id, ConditionKind::Credentials, &why, true))
                .await
        }
        Err((Ending::Sealed { why }, _)) => {
            let why = why.clone();
            ctx.write(id, move |tx| park(tx, id, ConditionKind::Sealed, &why, true))
                .await
        }
        Err((Ending::Target { why, after }, _)) => {
            let (why, after) = (why.clone(), *after);
            ctx.write(id, move |tx| stay_parked(tx, id, &why, after, base))
                .await
        }
        Err((Ending::Paced { after }, why)) => {
            let (why, after) = (why.clone(), Some(*after));
            ctx.write(id, move |tx| stay_parked(tx, id, &why, after, base))
                .await
        }
        Err(_) => Ok(()),
    };
    if let Err(error) = written {
        return Err(error.to_string());
    }
    checked.map(|()| true).map_err(|(_, sentence)| sentence)
}

/// Unreachable while parked: whether the credentials work is still not known.
fn stay_parked(
    tx: &Tx<'_>,
    id: InstanceId,
    why: &str,
    asked: Option<Duration>,
    base: Duration,
) -> Result<(), StoreError> {
    let Some(instance) = instances::by_id(tx, id)? else {
        return Ok(());
    };
    let Some(since) = instance.parked_since else {
        return back_off(tx, id, why, asked, base, false);
    };
    let count = instance.retry_count.saturating_add(1);
    let next = tx.now().after(backoff::parked(count));
    instances::set_backoff(tx, id, Some(next), count, Some(since))?;
    health::only(tx, id, ConditionKind::Unreachable)?;
    health::fail(tx, &instance, ConditionKind::Unreachable, why, Some(next))
}

/// After a long stop the app is read first: much may have changed there.
fn go_on(tx: &Tx<'_>, id: InstanceId) -> Result<(), StoreError> {
    let Some(instance) = instances::by_id(tx, id)? else {
        return Ok(());
    };
    let long = instance
        .parked_since
        .is_some_and(|since| tx.now().since(since) > Duration::from_secs(60 * 60));
    health::recover(tx, id, true)?;
    if long {
        jobs::enqueue(
            tx,
            id,
            JobKind::Import,
            0,
            crate::model::job::priority::IMPORT,
            None,
        )?;
    }
    tx.tell(id, crate::store::Topic::Jobs);
    Ok(())
}
