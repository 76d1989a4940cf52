//! The schedule is data (`next_sync_at`, `due_at`); this is the dumb clock beside it. One cron job, never a repeated one:
//! in tokio-cron-scheduler 0.15 a repeated job that stalled once never runs again.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_cron_scheduler::{Job, JobScheduler};

use super::{probe, removal, token};
use crate::clock::Stopwatch;
use crate::model::job::priority;
use crate::model::{Instance, InstanceId, JobKind, Time};
use crate::store::{Lane, Rx, Store, StoreError, Tx, instances, jobs, probes};

/// Each five seconds.
const EACH: &str = "*/5 * * * * *";
/// No wait of the engine is longer than a day; a due time beyond is the work of a clock that jumped back.
const FURTHEST: Duration = Duration::from_secs(25 * 60 * 60);
/// Housekeeping runs after so many ticks: ten minutes.
const HOUSEKEEPING: u64 = 120;

/// What a schedule says about one instance: its next sync, and whether one is due now.
#[must_use]
pub fn next(instance: &Instance, now: Time) -> Option<(Time, bool)> {
    if instance.target.is_none() || !instance.enabled || instance.paused {
        return None;
    }
    let every = Duration::from_secs(u64::from(instance.sync_every_s.max(60)));
    match instance.next_sync_at {
        // Overdue once or many times: one sync, and the next in step with now.
        None => Some((now.after(every), true)),
        Some(at) if at <= now => Some((now.after(every), true)),
        // The clock jumped back, or the interval was made shorter.
        Some(at) if at > now.after(every) => Some((now.after(every), false)),
        Some(_) => None,
    }
}

/// Turns due syncs into jobs and moves their next time on, and says which tokens end soon. Costs reads while nothing is
/// due.
///
/// # Errors
/// When the database fails.
pub async fn tick(store: &Store) -> Result<(), StoreError> {
    let due: Vec<InstanceId> = store.read(due).await?;
    for id in due {
        store
            .write(Lane::Engine, Some(id), move |tx| turn(tx, id))
            .await?;
    }
    for id in store.read(token::due).await? {
        store
            .write(Lane::Engine, Some(id), move |tx| token::remind(tx, id))
            .await?;
    }
    Ok(())
}

fn due(rx: &Rx<'_>) -> Result<Vec<InstanceId>, StoreError> {
    let all = instances::list(rx)?;
    Ok(all
        .iter()
        .filter(|i| next(i, rx.now()).is_some())
        .map(|i| i.id)
        .collect())
}

fn turn(tx: &Tx<'_>, id: InstanceId) -> Result<(), StoreError> {
    let Some(instance) = instances::by_id(tx, id)? else {
        return Ok(());
    };
    let Some((at, due)) = next(&instance, tx.now()) else {
        return Ok(());
    };
    instances::set_next_sync(tx, id, Some(at))?;
    if due {
        jobs::enqueue(tx, id, JobKind::Import, 0, priority::IMPORT, None)
    } else {
        Ok(())
    }
}

/// The running cron job.
pub(super) struct Ticker {
    tick: Arc<Notify>,
    cron: Option<JobScheduler>,
}

/// Starts the cron job. Without it (it cannot start) commits and due times still wake the engine.
pub(super) async fn start(store: Store) -> Ticker {
    let tick = Arc::new(Notify::new());
    let cron = match scheduled(store, Arc::clone(&tick)).await {
        Ok(cron) => Some(cron),
        Err(error) => {
            tracing::error!(%error, "the schedule could not be started; syncs run when something else wakes the engine");
            None
        }
    };
    Ticker { tick, cron }
}

async fn scheduled(
    store: Store,
    tick: Arc<Notify>,
) -> Result<JobScheduler, tokio_cron_scheduler::JobSchedulerError> {
    let cron = JobScheduler::new().await?;
    let beats = Arc::new(std::sync::Mutex::new(Beats {
        watch: Stopwatch::start(),
        began: store.clock().now(),
        count: 0,
    }));
    let job = Job::new_async(EACH, move |_, _| {
        let (store, tick, beats) = (store.clone(), Arc::clone(&tick), Arc::clone(&beats));
        Box::pin(async move {
            let (jumped, housekeeping) = match beats.lock() {
                Ok(mut beats) => beats.beat(store.clock().now()),
                Err(_) => (false, false),
            };
            if let Err(error) = keep(&store, jumped, housekeeping).await {
                tracing::warn!(%error, "housekeeping failed; it is tried again");
            }
            tick.notify_one();
        })
    })?;
    cron.add(job).await?;
    cron.start().await?;
    Ok(cron)
}

/// Tells a jump of the wall clock from time that passed.
struct Beats {
    watch: Stopwatch,
    began: Time,
    count: u64,
}

impl Beats {
    fn beat(&mut self, now: Time) -> (bool, bool) {
        let passed = self.began.after(self.watch.elapsed());
        let jumped = passed.since(now) > Duration::from_secs(60);
        if jumped {
            *self = Self {
                watch: Stopwatch::start(),
                began: now,
                count: self.count,
            };
        }
        self.count += 1;
        (jumped || self.count == 1, self.count % HOUSEKEEPING == 1)
    }
}

async fn keep(store: &Store, jumped: bool, housekeeping: bool) -> Result<(), StoreError> {
    if !jumped && !housekeeping {
        return Ok(());
    }
    store
        .write(Lane::Engine, None, move |tx| {
            if jumped {
                jobs::clamp(tx, tx.now().after(FURTHEST))?;
                probes::clamp(tx, tx.now().after(probe::EACH))?;
            }
            if housekeeping {
                removal::purge(tx, tx.now())
            } else {
                Ok(())
            }
        })
        .await
}

impl Ticker {
    /// Resolves at the next beat.
    pub(super) async fn ticked(&self) {
        self.tick.notified().await;
    }

    pub(super) async fn stop(&mut self) {
        if let Some(mut cron) = self.cron.take() {
            let _ = cron.shutdown().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Capabilities, Policies, Scope, Target};

    const HOUR: i64 = 3_600_000;

    fn instance(next_sync_at: Option<i64>) -> Instance {
        Instance {
            id: InstanceId(1),
            slug: "a".into(),
            name: "A".into(),
            app: "scim".into(),
            scope: Scope::UsersAndGroups,
            enabled: true,
            paused: false,
            target: Some(Target::Scim {
                base_url: "https://a.example".into(),
                access: Default::default(),
                capabilities: Capabilities::default(),
            }),
            policies: Policies::default(),
            sync_every_s: 3600,
            next_sync_at: next_sync_at.map(Time),
            last_sync_at: None,
            imported_at: None,
            retry_at: None,
            retry_count: 0,
            parked_since: None,
            secret_set_at: None,
            secret_ends_at: None,
            created: Time(0),
        }
    }

    #[test]
    fn a_sync_is_due_once_however_long_it_is_overdue() {
        let now = Time(100 * HOUR);
        assert_eq!(next(&instance(None), now), Some((Time(101 * HOUR), true)));
        assert_eq!(
            next(&instance(Some(3 * HOUR)), now),
            Some((Time(101 * HOUR), true))
        );
        assert_eq!(
            next(&instance(Some(100 * HOUR)), now),
            Some((Time(101 * HOUR), true))
        );
        assert_eq!(next(&instance(Some(100 * HOUR + 1)), now), None);
    }

    #[test]
    fn a_clock_that_jumped_back_does_not_stop_the_schedule() {
        assert_eq!(
            next(&instance(Some(500 * HOUR)), Time(100 * HOUR)),
            Some((Time(101 * HOUR), false))
        );
        let mut beats = Beats {
            watch: Stopwatch::start(),
            began: Time(100 * HOUR),
            count: 0,
        };
        assert_eq!(beats.beat(Time(100 * HOUR)), (true, true));
        assert_eq!(beats.beat(Time(100 * HOUR + 5)), (false, false));
        assert_eq!(beats.beat(Time(99 * HOUR)), (true, false));
        assert_eq!(beats.beat(Time(99 * HOUR)), (false, false));
    }

    #[test]
    fn nobody_syncs_what_sends_nothing() {
        let now = Time(HOUR);
        assert_eq!(
            next(
                &Instance {
                    enabled: false,
                    ..instance(None)
                },
                now
            ),
            None
        );
        assert_eq!(
            next(
                &Instance {
                    paused: true,
                    ..instance(None)
                },
                now
            ),
            None
        );
        assert_eq!(
            next(
                &Instance {
                    target: None,
                    ..instance(None)
                },
                now
            ),
            None
        );
    }
}
