//! `instance sync`: asks for a sync, and waits for its end if that is wanted.

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::timeout;

use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::SyncReport;
use crate::model::{Health, InstanceId, Run, RunPhase};
use crate::store::{Rx, StoreError, Topic, instances, runs};
use crate::sync::credential;
use crate::sync::engine::Engine;
use crate::sync::status::status;

/// Commits bring the news; this is how long one that was missed costs.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

pub(super) async fn sync(
    hub: &Hub,
    engine: Option<&Engine>,
    slug: String,
    wait: bool,
) -> Result<SyncReport, String> {
    let instance = find(hub, slug).await?;
    let id = instance.id;
    if wait && instance.target.is_some() {
        credential::can_seal(&hub.keys).map_err(sentence)?;
    }
    // Listening begins before the request, so that a quick end is not missed.
    let news = hub.store.subscribe();
    let before = hub
        .store
        .read(move |rx| runs::latest(rx, id, 1))
        .await
        .map_err(sentence)?
        .pop();
    hub.manager.sync_now(typist(), id).await.map_err(sentence)?;
    if !wait {
        return Ok(report(instance.slug, before.filter(|run| run.ended.is_none())));
    }
    // A sync that was under way when this one was asked for is the one to wait for: it reads on.
    let after = before.map_or(0, |run| if run.ended.is_none() { run.id - 1 } else { run.id });
    let ended = match engine {
        Some(_) => end_of(hub, id, after, news).await,
        None => {
            let own = hub.start_engine();
            let ended = end_of(hub, id, after, news).await;
            own.stop().await;
            ended
        }
    };
    ended.map(|run| report(instance.slug, Some(run)))
}

fn report(slug: String, run: Option<Run>) -> SyncReport {
    let (users, groups) = run
        .as_ref()
        .map_or((0, 0), |run| (run.counts.users, run.counts.groups));
    SyncReport {
        slug,
        phase: run.map(|run| run.phase),
        users,
        groups,
    }
}

/// What can be said of a sync while waiting for it.
enum Look {
    Ended(Run),
    Stopped(String),
    GoesOn,
}

/// The first run after `after` that ended well.
async fn end_of(
    hub: &Hub,
    id: InstanceId,
    after: i64,
    mut news: Receiver<(InstanceId, Topic)>,
) -> Result<Run, String> {
    loop {
        match hub
            .store
            .read(move |rx| look(rx, id, after))
            .await
            .map_err(sentence)?
        {
            Look::Ended(run) if run.phase == RunPhase::Done => return Ok(run),
            Look::Ended(run) => {
                let why = run.error.filter(|why| !why.is_empty());
                return Err(why.map_or_else(
                    || "The sync failed.".into(),
                    |why| format!("The sync failed: {why}"),
                ));
            }
            Look::Stopped(why) => return Err(why),
            Look::GoesOn => {}
        }
        // Either way it is time to look.
        let _ = timeout(LOOK_AGAIN, heard(&mut news, id)).await;
    }
}

fn look(rx: &Rx<'_>, id: InstanceId, after: i64) -> Result<Look, StoreError> {
    let Some(instance) = instances::by_id(rx, id)? else {
        return Ok(Look::Stopped(
            "The instance was deleted before the sync ended.".into(),
        ));
    };
    // Newest first: the last of them that is not older is the one.
    let run = runs::latest(rx, id, 20)?.into_iter().rfind(|run| run.id > after);
    if let Some(run) = run.filter(|run| run.ended.is_some()) {
        return Ok(Look::Ended(run));
    }
    if !instance.enabled || instance.paused || instance.target.is_none() {
        return Ok(Look::Stopped(
            "The instance was switched off before the sync ended.".into(),
        ));
    }
    let status = status(rx, &instance)?;
    // The request let the app be tried at once; that it is left alone again means that it was tried.
    let tried = instance.retry_at.is_some_and(|at| at > rx.now());
    if tried && status.health == Health::Failing {
        return Ok(Look::Stopped(format!(
            "The sync did not get through: {}",
            sentence(status.reason)
        )));
    }
    Ok(Look::GoesOn)
}

/// Resolves when a commit concerns the instance, or when news were missed.
async fn heard(news: &mut Receiver<(InstanceId, Topic)>, id: InstanceId) {
    loop {
        match news.recv().await {
            Ok((about, _)) if about == id => return,
            Ok(_) => {}
            Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
