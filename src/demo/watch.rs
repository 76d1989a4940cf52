//! Looking on: when a change is in the app, what the badge says, who is refused. Everything is woken by the store's news;
//! the short wait beside it only covers news that were missed.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::error::DemoError;
use super::idp::{Change, Kind};
use super::stage::Stage;
use super::voice::lasting;
use crate::clock::Stopwatch;
use crate::model::{Health, InstanceId};
use crate::scim::urn;
use crate::store::{StoreError, Topic, jobs};
use crate::sync::status::{InstanceStatus, status};

/// Longest wait for news.
const NEWS: Duration = Duration::from_millis(50);
/// A change that is not in the app by then is told about and not waited for.
const ARRIVAL: Duration = Duration::from_secs(120);
/// Refused people looked at.
const REFUSED: usize = 10;

/// Resolves when something was committed about this instance, at the latest after 50 ms.
pub(super) async fn news(feed: &mut Receiver<(InstanceId, Topic)>, about: InstanceId) {
    let heard = async {
        loop {
            match feed.recv().await {
                Ok((instance, _)) if instance != about => {}
                Ok(_) | Err(RecvError::Lagged(_)) => return,
                // The store is closing; the wait ends with the time.
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    };
    // Either way it is time to look.
    let _ = tokio::time::timeout(NEWS, heard).await;
}

/// How the hub's instance is.
pub(super) async fn status_of(stage: &Stage) -> Result<InstanceStatus, DemoError> {
    let instance = stage.hub.id;
    let read = move |rx: &crate::store::Rx<'_>| -> Result<Option<InstanceStatus>, StoreError> {
        crate::store::instances::by_id(rx, instance)?
            .map(|now| status(rx, &now))
            .transpose()
    };
    stage.store.read(read).await?.ok_or(DemoError::Shape("instance"))
}

/// Tells when `change` is in the app. `began`: when the identity provider began it.
pub(super) async fn arrival(stage: Arc<Stage>, change: Change, began: Stopwatch) -> Result<(), DemoError> {
    let smooth = !stage.away.load(Ordering::SeqCst);
    if !arrived(&stage, &change, began, Some(ARRIVAL)).await? {
        stage
            .voice
            .happened(&format!("{:<40}  is not in the app yet", change.text));
        return Ok(());
    }
    let took = began.elapsed();
    stage.voice.happened(&format!(
        "{:<40}  in the app after {}",
        change.text,
        lasting(took)
    ));
    // What an outage came upon tells nothing about pushing.
    if smooth && !stage.away.load(Ordering::SeqCst) {
        stage.voice.tally().pushed_in(took);
    }
    Ok(())
}

async fn arrived(
    stage: &Stage,
    change: &Change,
    began: Stopwatch,
    longest: Option<Duration>,
) -> Result<bool, DemoError> {
    let mut feed = stage.store.subscribe_to_changes();
    loop {
        if stage
            .app_end
            .user(&change.user_name)
            .await?
            .is_some_and(|user| change.is_in(&user))
        {
            return Ok(true);
        }
        if longest.is_some_and(|longest| began.elapsed() > longest) {
            return Ok(false);
        }
        news(&mut feed, stage.app.id).await;
    }
}

/// Tells that the app refuses somebody, why, and how a visitor mends it; then that it is mended.
pub(super) async fn refusal(stage: Arc<Stage>, change: Change, began: Stopwatch) -> Result<(), DemoError> {
    let mut feed = stage.store.subscribe();
    let instance = stage.hub.id;
    let why = loop {
        let asleep = stage
            .store
            .read(move |rx| jobs::asleep(rx, instance, REFUSED))
            .await?;
        if let Some(job) = asleep.into_iter().find(|job| job.state == "rejected") {
            break job.last_error.unwrap_or_default();
        }
        news(&mut feed, instance).await;
    };
    stage.voice.tally().rejected_seen = true;
    let body = format!(
        r#"{{"schemas":["{}"],"Operations":[{{"op":"replace","path":"userName","value":"{}"}}]}}"#,
        urn::PATCH_OP,
        change.user_name
    );
    let (voice, slug) = (&stage.voice, &stage.hub.slug);
    voice.happened(&format!("{}, but is refused: {why}", change.text));
    voice.say(&format!(
        "         Their page says so too: {}/instances/{slug}/users/{}",
        stage.origin, change.id
    ));
    voice.say("         A mistyped address. This mends it:");
    voice.say(&format!(
        "         curl -X PATCH {} -H 'Authorization: Bearer {}' -H 'Content-Type: application/scim+json' -d '{body}'",
        stage.hub_end.url(&format!("Users/{}", change.id)),
        stage.key.expose(),
    ));
    arrived(&stage, &change, began, None).await?;
    // Mended is what the badge says, not only what the app has.
    while status_of(&stage).await?.health == Health::Degraded {
        news(&mut feed, instance).await;
    }
    stage.voice.tally().mended = true;
    stage
        .voice
        .happened(&format!("{:<40}  in the app, mended", change.text));
    Ok(())
}

/// Tells what the badge tells, until it is dropped.
pub(super) async fn badge(stage: Arc<Stage>) -> Result<(), DemoError> {
    let mut feed = stage.store.subscribe();
    let mut word = Health::Healthy;
    loop {
        let now = status_of(&stage).await?;
        let name = &stage.hub.name;
        match now.health {
            Health::Failing if word != Health::Failing => {
                let waiting = waiting(now.pending);
                stage.voice.happened(&format!(
                    "The badge of {name}: Failing, {}; {waiting}",
                    now.reason
                ));
            }
            Health::Held if word != Health::Held => {
                stage
                    .voice
                    .happened(&format!("The badge of {name}: Held, {}", now.reason));
            }
            Health::Degraded if word != Health::Degraded && now.rejected > 0 => {
                stage
                    .voice
                    .happened(&format!("The badge of {name}: Degraded, {}", now.reason));
            }
            Health::Healthy if word != Health::Healthy => {
                stage.voice.happened(&format!(
                    "The badge of {name}: Healthy again; {}",
                    waiting(now.pending)
                ));
            }
            _ => {}
        }
        // Degraded only because something is tried again is over sooner than it is read.
        if now.health != Health::Degraded || now.rejected > 0 {
            word = now.health;
        }
        look_at_outage(&stage, &now);
        news(&mut feed, stage.hub.id).await;
    }
}

fn look_at_outage(stage: &Stage, now: &InstanceStatus) {
    let mut tally = stage.voice.tally();
    if now.health == Health::Failing && now.reason.contains("answered 503") {
        tally.outage_seen = true;
    } else if tally.outage_seen && !tally.healed && now.health != Health::Failing && now.pending == 0 {
        tally.healed = true;
        drop(tally);
        stage.away.store(false, Ordering::SeqCst);
        stage.voice.happened("All that waited is in the app");
    }
}

/// How many changes wait, in words.
pub(super) fn waiting(pending: u64) -> String {
    match pending {
        0 => "nothing waits".into(),
        1 => "one change waits".into(),
        n => format!("{n} changes wait"),
    }
}

/// Counts a change.
pub(super) fn count(stage: &Stage, kind: Kind) {
    let mut tally = stage.voice.tally();
    *match kind {
        Kind::Joined => &mut tally.joined,
        Kind::Moved => &mut tally.moved,
        Kind::Left => &mut tally.left,
    } += 1;
}
