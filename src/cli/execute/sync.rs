//! `instance sync` and `instance runs`: asks for a sync, waits for its end if that is wanted, cancels it, lists them.

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::{RunRow, SyncReport};
use crate::model::{Health, InstanceId, Run, RunPhase};
use crate::store::{Rx, StoreError, Topic, instances, jobs, removals, runs as stored};
use crate::sync::credential;
use crate::sync::engine::Engine;
use crate::sync::status::status;

/// Commits bring the news; this is how long one that was missed costs.
const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A sync that broke off is waited for if it goes on within this.
const PATIENCE: Duration = Duration::from_secs(60);
/// Syncs listed.
const LISTED: usize = 100;

/// `wait`: until it has ended and nothing is on its way any more, or for so many seconds.
pub(super) async fn sync(
    hub: &Hub,
    engine: Option<&Engine>,
    slug: String,
    wait: Option<Option<u64>>,
) -> Result<SyncReport, String> {
    let instance = find(hub, slug).await?;
    let id = instance.id;
    if wait.is_some() && instance.target.is_some() {
        credential::can_seal(&hub.keys).map_err(sentence)?;
    }
    // Listening begins before the request, so that a quick end is not missed.
    let news = hub.store.subscribe();
    let before = latest(hub, id).await?;
    hub.manager.sync_now(typist(), id).await.map_err(sentence)?;
    let Some(limit) = wait else {
        return report(hub, id, before.filter(|run| run.ended.is_none())).await;
    };
    // A sync that was under way when this one was asked for is waited for as well: it reads on.
    let after = before.map_or(0, |run| if run.ended.is_none() { run.id - 1 } else { run.id });
    let waited = async {
        let end = end_of(hub, id, after, news);
        match limit {
            None => end.await.map(Some),
            Some(seconds) => match timeout(Duration::from_secs(seconds), end).await {
                Ok(ended) => ended.map(Some),
                Err(_) => Ok(None),
            },
        }
    };
    let ended = match engine {
        Some(_) => waited.await,
        None => {
            let own = hub.start_engine();
            let ended = waited.await;
            own.stop().await;
            ended
        }
    };
    match ended? {
        Some(Ended::Run(run)) => report(hub, id, Some(run)).await,
        Some(Ended::Waits(run)) => {
            let why = format!("{} It goes on where it stopped.", sentence(&run.breaks.last));
            Ok(cut_short(report(hub, id, Some(run)).await?, "interrupted", &why))
        }
        Some(Ended::NotBegun(why)) => Ok(cut_short(report(hub, id, None).await?, "failed", &why)),
        None => {
            let run = latest(hub, id).await?.filter(|run| run.id > after);
            let why = "It was not waited for any longer; the sync goes on.";
            Ok(cut_short(report(hub, id, run).await?, "timeout", why))
        }
    }
}

/// A report of what did not come to its end here.
fn cut_short(mut report: SyncReport, outcome: &str, why: &str) -> SyncReport {
    report.run.outcome = Some(outcome.into());
    report.run.error = Some(why.into());
    report
}

pub(super) async fn cancel(hub: &Hub, slug: String) -> Result<SyncReport, String> {
    let instance = find(hub, slug).await?;
    let ended = hub.manager.cancel_sync(typist(), instance.id).await;
    let run = ended.map_err(sentence)?;
    let waited = run.is_none();
    let mut report = report(hub, instance.id, run).await?;
    if waited {
        report.run.outcome = Some(RunPhase::Cancelled.as_str().into());
    }
    Ok(report)
}

pub(super) async fn runs(hub: &Hub, slug: String) -> Result<Vec<RunRow>, String> {
    let id = find(hub, slug).await?.id;
    let listed = move |rx: &Rx<'_>| -> Result<Vec<RunRow>, StoreError> {
        let all = stored::latest(rx, id, LISTED)?;
        all.iter().map(|run| row(rx, run)).collect()
    };
    hub.store.read(listed).await.map_err(sentence)
}

async fn latest(hub: &Hub, id: InstanceId) -> Result<Option<Run>, String> {
    let read = hub.store.read(move |rx| stored::latest(rx, id, 1)).await;
    Ok(read.map_err(sentence)?.pop())
}

async fn report(hub: &Hub, id: InstanceId, run: Option<Run>) -> Result<SyncReport, String> {
    let read = move |rx: &Rx<'_>| -> Result<Option<SyncReport>, StoreError> {
        let Some(instance) = instances::by_id(rx, id)? else {
            return Ok(None);
        };
        let left = jobs::counts(rx, id)?;
        Ok(Some(SyncReport {
            slug: instance.slug,
            run: run
                .as_ref()
                .map(|run| row(rx, run))
                .transpose()?
                .unwrap_or_default(),
            pending: left.pending,
            rejected: left.rejected,
            held: removals::count_held(rx, id)?.iter().map(|(_, n)| n).sum(),
        }))
    };
    let read = hub.store.read(read).await.map_err(sentence)?;
    read.ok_or_else(|| "The instance was deleted before the sync ended.".into())
}

fn row(rx: &Rx<'_>, run: &Run) -> Result<RunRow, StoreError> {
    let took = run.ended.unwrap_or(rx.now()).since(run.started);
    let counts = &run.counts;
    Ok(RunRow {
        run: Some(run.id),
        phase: Some(run.phase),
        outcome: run.ended.map(|_| run.phase.as_str().to_owned()),
        started_at: Some(run.started.to_string()),
        users: counts.users,
        groups: counts.groups,
        expected: run.expected.filter(|_| run.ended.is_none()),
        created: counts.created,
        changed: counts.changed,
        broken: counts.broken,
        unseen: counts.unseen,
        removed: removals::done_by(rx, run.instance, run.id)?,
        seconds: took.as_secs_f64(),
        ended_at: run.ended.map(|at| at.to_string()),
        error: run.error.clone().filter(|why| !why.is_empty()),
        interrupted: run.breaks.count,
        interruption: Some(run.breaks.first.clone()).filter(|why| !why.is_empty()),
        waiting: run.breaks.waits,
    })
}

/// How the waiting ended.
enum Ended {
    /// With this sync.
    Run(Run),
    /// It broke off, and the app is left alone for longer than anybody should wait here.
    Waits(Run),
    /// Before one began: why.
    NotBegun(String),
}

/// The newest run after `after`, once it has ended and nothing is left to do for now.
async fn end_of(
    hub: &Hub,
    id: InstanceId,
    after: i64,
    mut news: Receiver<(InstanceId, Topic)>,
) -> Result<Ended, String> {
    loop {
        let look = hub.store.read(move |rx| look(rx, id, after)).await;
        if let Some(ended) = look.map_err(sentence)? {
            return Ok(ended);
        }
        heard(&mut news, id).await;
    }
}

fn look(rx: &Rx<'_>, id: InstanceId, after: i64) -> Result<Option<Ended>, StoreError> {
    let Some(instance) = instances::by_id(rx, id)? else {
        let why = "The instance was deleted before the sync ended.";
        return Ok(Some(Ended::NotBegun(why.into())));
    };
    let run = stored::latest(rx, id, 1)?.pop().filter(|run| run.id > after);
    // What waits for the app to come back, or for a person, is not waited for.
    let rests = instance.parked_since.is_some() || instance.retry_at.is_some_and(|at| at > rx.now());
    let off = !instance.enabled || instance.paused || instance.target.is_none();
    match run {
        Some(run) if run.ended.is_some() => {
            let over = run.phase != RunPhase::Done || rests || off || !jobs::is_busy(rx, id)?;
            return Ok(over.then_some(Ended::Run(run)));
        }
        Some(run) if off => return Ok(Some(Ended::Run(run))),
        Some(run) if run.breaks.waits => {
            let next = status(rx, &instance)?.next_try;
            let long = next.is_some_and(|at| at > rx.now().after(PATIENCE));
            return Ok(long.then_some(Ended::Waits(run)));
        }
        Some(_) => return Ok(None),
        None if off => {
            let why = "The instance was switched off before the sync ended.";
            return Ok(Some(Ended::NotBegun(why.into())));
        }
        None => {}
    }
    let status = status(rx, &instance)?;
    // The request let the app be tried at once; that it is left alone again means that it was tried.
    let tried = instance.retry_at.is_some_and(|at| at > rx.now());
    Ok((tried && status.health == Health::Failing).then(|| {
        Ended::NotBegun(format!(
            "The sync did not get through: {}",
            sentence(status.reason)
        ))
    }))
}

/// Resolves when a commit concerns the instance, or when news were missed.
pub(super) async fn heard(news: &mut Receiver<(InstanceId, Topic)>, id: InstanceId) {
    let heard = async {
        loop {
            match news.recv().await {
                Ok((about, _)) if about == id => return,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    // Either way it is time to look.
    let _ = timeout(LOOK_AGAIN, heard).await;
}
