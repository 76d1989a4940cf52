//! The story: what happens at which second. The hub is told nothing of it.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::error::DemoError;
use super::idp::{Change, Idp};
use super::stage::Stage;
use super::watch::{self, waiting};
use crate::clock::Stopwatch;
use crate::model::Time;

/// Seconds after the start.
const FIRST_CHANGE: u32 = 6;
const EVERY: u32 = 3;
const AWAY: u32 = 20;
const BACK: u32 = 30;
const MISTYPED: u32 = 39;
/// Seconds before the end: by then nothing new begins; and the identity provider mends what the visitor did not.
const QUIET: u32 = 6;
const MEND: u32 = 8;
/// A demo must last so long for the outage, and so long for the refusal, to come out well.
const WITH_OUTAGE: u32 = 38;
const WITH_REFUSAL: u32 = 52;

/// Something that happens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Beat {
    Change,
    Away,
    Back,
    Mistyped,
    Mend,
}

/// What happens at this second of a demo that ends at `end`.
fn beats(second: u32, end: Option<u32>) -> Vec<Beat> {
    let lasts = |needed| end.is_none_or(|end| end >= needed);
    let left = end.map(|end| end.saturating_sub(second));
    let mut beats = Vec::new();
    if second == AWAY && lasts(WITH_OUTAGE) {
        beats.push(Beat::Away);
    }
    if second == BACK && lasts(WITH_OUTAGE) {
        beats.push(Beat::Back);
    }
    if second == MISTYPED && lasts(WITH_REFUSAL) {
        beats.push(Beat::Mistyped);
    } else if second >= FIRST_CHANGE
        && (second - FIRST_CHANGE).is_multiple_of(EVERY)
        && left.is_none_or(|l| l >= QUIET)
    {
        beats.push(Beat::Change);
    }
    if left == Some(MEND) && lasts(WITH_REFUSAL) {
        beats.push(Beat::Mend);
    }
    beats
}

/// What will be seen, a line each.
pub(super) fn programme(end: Option<u32>) -> Vec<String> {
    let mut lines = vec![
        "by 00:05  40 people and 6 groups of the app are here, and the badge says Healthy".to_owned(),
        "   00:06  every 3 seconds somebody joins, moves or leaves; the app has it within a second"
            .to_owned(),
    ];
    if end.is_none_or(|end| end >= WITH_OUTAGE) {
        lines.push("   00:20  the app answers 503 for ten seconds: changes wait, nothing is lost".to_owned());
    }
    if end.is_none_or(|end| end >= WITH_REFUSAL) {
        lines.push("   00:39  the app refuses one person, for a reason that you can mend".to_owned());
    }
    lines
}

/// Plays from now to the end; without an end until it is dropped. `start`: when the demo began.
pub(super) async fn play(stage: &Arc<Stage>, start: Time, end: Option<u32>) -> Result<(), DemoError> {
    let mut watchers = JoinSet::new();
    watchers.spawn(watch::badge(Arc::clone(stage)));
    let mut idp = Idp::connect(stage.hub_end.clone()).await?;
    let mut mistyped = None;
    let mut second = 0;
    loop {
        let late = stage.voice.elapsed() > Duration::from_secs(u64::from(second) + 1);
        stage
            .store
            .clock()
            .sleep_until(start.after(Duration::from_secs(second.into())))
            .await;
        for beat in beats(second, end) {
            // On a slow machine the first changes are left out; the rest keeps its times.
            if !(late && beat == Beat::Change) {
                perform(beat, stage, &mut idp, &mut mistyped, &mut watchers).await?;
            }
        }
        while let Some(ended) = watchers.try_join_next() {
            ended.map_err(|_| DemoError::Ended)??;
        }
        if end.is_some_and(|end| second >= end) {
            return Ok(());
        }
        second = second.saturating_add(1);
    }
}

async fn perform(
    beat: Beat,
    stage: &Arc<Stage>,
    idp: &mut Idp,
    mistyped: &mut Option<Change>,
    watchers: &mut JoinSet<Result<(), DemoError>>,
) -> Result<(), DemoError> {
    let began = Stopwatch::start();
    match beat {
        Beat::Change => {
            let change = idp.step(stage.voice.elapsed()).await?;
            watch::count(stage, change.kind);
            watchers.spawn(watch::arrival(Arc::clone(stage), change, began));
        }
        Beat::Away => {
            stage.set_away(true);
            stage
                .voice
                .happened("The app answers 503 from now on, for ten seconds");
        }
        Beat::Back => {
            stage.set_away(false);
            let pending = watch::status_of(stage).await?.pending;
            stage
                .voice
                .happened(&format!("The app answers again; {}", waiting(pending)));
        }
        Beat::Mistyped => {
            let change = idp.join_mistyped().await?;
            watch::count(stage, change.kind);
            *mistyped = Some(change.clone());
            watchers.spawn(watch::refusal(Arc::clone(stage), change, began));
        }
        Beat::Mend => {
            if let Some(change) = mistyped.take().filter(|_| !stage.voice.tally().mended) {
                stage
                    .voice
                    .happened("The identity provider corrects the address itself");
                idp.mend(&change).await?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(end: Option<u32>, what: Beat) -> Vec<u32> {
        (0..=end.unwrap_or(90))
            .filter(|s| beats(*s, end).contains(&what))
            .collect()
    }

    #[test]
    fn a_minute_has_everything() {
        let end = Some(60);
        for (beat, seconds) in [
            (Beat::Away, 20),
            (Beat::Back, 30),
            (Beat::Mistyped, 39),
            (Beat::Mend, 52),
        ] {
            assert_eq!(times(end, beat), [seconds]);
        }
        let changes = times(end, Beat::Change);
        assert_eq!((changes.len(), changes[0], changes.last()), (16, 6, Some(&54)));
        assert!(!changes.contains(&39));
        assert_eq!(programme(end).len(), 4);
    }

    #[test]
    fn what_would_not_come_out_well_is_left_out() {
        assert!(times(Some(51), Beat::Mistyped).is_empty() && times(Some(51), Beat::Mend).is_empty());
        assert!(times(Some(37), Beat::Away).is_empty() && times(Some(37), Beat::Back).is_empty());
        assert_eq!(times(Some(1), Beat::Change), [0; 0]);
        assert_eq!(programme(Some(10)).len(), 2);
        assert_eq!(times(None, Beat::Mend), [0; 0]);
        assert_eq!(times(None, Beat::Change).last(), Some(&90));
    }
}
