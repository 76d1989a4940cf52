//! How an instance is, for pages and the command line: one read.

use super::forecast::{Forecast, forecast};
use super::health::{health, word_of};
use crate::model::{Health, Instance, Run, RunPhase, Time};
use crate::store::{Rx, StoreError, conditions, jobs, resources, runs};

/// How an instance is.
#[derive(Clone, Debug, PartialEq)]
pub struct InstanceStatus {
    /// The one word.
    pub health: Health,
    /// Why, as a sentence without its full stop; may be empty when all is well.
    pub reason: String,
    /// Since when it is so, if a condition says so.
    pub since: Option<Time>,
    /// The next automatic try.
    pub next_try: Option<Time>,
    /// Users on the endpoint.
    pub users: u64,
    /// Groups on the endpoint.
    pub groups: u64,
    /// Changes on their way to the app.
    pub pending: u64,
    /// Changes that the app refused.
    pub rejected: u64,
    /// How fast they go and until when, while it is known.
    pub forecast: Option<Forecast>,
    /// End of the last complete sync.
    pub last_sync_at: Option<Time>,
    /// The next scheduled sync.
    pub next_sync_at: Option<Time>,
    /// The newest sync, running or ended.
    pub run: Option<Run>,
}

/// Reads how an instance is.
///
/// # Errors
/// When the database fails.
pub fn status(rx: &Rx<'_>, instance: &Instance) -> Result<InstanceStatus, StoreError> {
    let open = conditions::open_of(rx, instance.id)?;
    let jobs = jobs::counts(rx, instance.id)?;
    let there = resources::counts(rx, instance.id)?;
    let (health, mut reason) = health(instance, &open, &jobs);
    let run = runs::latest(rx, instance.id, 1)?.pop();
    if health == Health::Connecting && run.as_ref().is_some_and(|r| r.phase == RunPhase::Cancelled) {
        reason = "the first sync was cancelled; nothing is sent before one is complete".into();
    }
    let speaking = open
        .iter()
        .find(|c| c.reason == reason && word_of(c.kind) == health);
    Ok(InstanceStatus {
        health,
        since: speaking.map(|c| c.since),
        next_try: speaking
            .and_then(|c| c.next_try)
            .or(instance.retry_at)
            .filter(|_| health == Health::Failing),
        reason,
        users: there.users,
        groups: there.groups,
        pending: jobs.pending,
        rejected: jobs.rejected,
        forecast: forecast(rx, instance, jobs.pending)?,
        last_sync_at: instance.last_sync_at,
        next_sync_at: instance.next_sync_at,
        run,
    })
}
