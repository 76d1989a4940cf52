//! The engine's loop: it claims what may run, runs it, and sleeps until there is news or something is due. One per
//! process; whoever writes a job need not know it, for commits wake it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, broadcast, watch};
use tokio::task::{Id, JoinError, JoinSet};

use super::context::{Context, Ended};
use super::{import, probe, push, reconcile, schedule, settle, verify};
use crate::connector::Net;
use crate::model::{InstanceId, Job, JobKind, Time};
use crate::secret::KeyState;
use crate::store::{Lane, Store, StoreError, Topic, jobs, probes};

/// How long a stop waits for what is under way.
const GRACE: Duration = Duration::from_secs(20);

/// How an engine runs.
#[derive(Clone, Debug)]
pub struct EngineConfig {
    /// Differs at each start: leases of other boots are free.
    pub boot_id: String,
    /// First wait after a failure.
    pub retry_base: Duration,
    /// Jobs at once.
    pub concurrency: usize,
    /// Jobs at once of one instance.
    pub per_instance: usize,
}

impl EngineConfig {
    /// What a server runs with.
    #[must_use]
    pub fn new(boot_id: String) -> Self {
        Self {
            boot_id,
            retry_base: Duration::from_secs(2),
            concurrency: 8,
            per_instance: 4,
        }
    }
}

/// The handle of a running engine. Cheap to clone; the engine runs until `stop`.
#[derive(Clone)]
pub struct Engine(Arc<Handle>);

struct Handle {
    ctx: Arc<Context>,
    wake: Notify,
    stop: watch::Sender<bool>,
    quiet: watch::Sender<bool>,
    task: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

impl Engine {
    /// Starts the loop and its schedule on the running tokio runtime.
    #[must_use]
    pub fn start(store: Store, key: Arc<KeyState>, net: Net, config: EngineConfig) -> Self {
        // Listening begins before the first look, so that no commit between the two is missed.
        let news = store.subscribe();
        let engine = Self(Arc::new(Handle {
            ctx: Arc::new(Context::new(store, key, net, config)),
            wake: Notify::new(),
            stop: watch::channel(false).0,
            quiet: watch::channel(false).0,
            task: Mutex::new(None),
        }));
        let handle = Arc::clone(&engine.0);
        let task = tokio::spawn(async move { Loop::new(handle, news).run().await });
        if let Ok(mut slot) = engine.0.task.try_lock() {
            *slot = Some(task);
        }
        engine
    }

    /// Looks for work now.
    pub fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Resolves when nothing is running and nothing could run now. What waits for a later try or a person is not waited
    /// for.
    pub async fn idle(&self) {
        let mut quiet = self.0.quiet.subscribe();
        loop {
            self.0.quiet.send_replace(false);
            self.wake();
            if quiet.wait_for(|q| *q).await.is_err() || *self.0.stop.borrow() {
                return;
            }
            let due = self
                .0
                .ctx
                .read(|rx| Ok(jobs::next_due(rx, &BTreeSet::new())?.is_some_and(|t| t <= rx.now())))
                .await;
            if matches!(due, Ok(false)) && *quiet.borrow() {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Tries the stored credentials now, which the engine does at times of its own; if they work, a parked instance goes on.
    #[cfg(test)]
    pub(super) async fn check_now(&self, instance: InstanceId) -> Result<(), String> {
        let checked = settle::check_parked(&self.0.ctx, instance).await.map(drop);
        self.wake();
        checked
    }

    /// Takes no more work, waits up to 20 seconds for what is under way, and frees what is left.
    pub async fn stop(&self) {
        self.0.ctx.stop();
        self.0.stop.send_replace(true);
        let task = self.0.task.lock().await.take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}

/// One piece of work.
enum Work {
    Job(Job),
    Check(InstanceId),
    /// Takes no room from the others: no push waits for it.
    Probe,
}

struct Loop {
    handle: Arc<Handle>,
    ctx: Arc<Context>,
    news: broadcast::Receiver<(InstanceId, Topic)>,
    running: JoinSet<Option<bool>>,
    work: HashMap<Id, Work>,
    /// One job at once after a failure, or when the host allows no more for now; one more with each success.
    room: BTreeMap<InstanceId, usize>,
    last: InstanceId,
    /// The schedule has to be looked at.
    schedule: bool,
}

impl Loop {
    fn new(handle: Arc<Handle>, news: broadcast::Receiver<(InstanceId, Topic)>) -> Self {
        let ctx = Arc::clone(&handle.ctx);
        Self {
            handle,
            ctx,
            news,
            running: JoinSet::new(),
            work: HashMap::new(),
            room: BTreeMap::new(),
            last: InstanceId(0),
            schedule: true,
        }
    }

    async fn run(mut self) {
        let boot = self.ctx.config.boot_id.clone();
        let freed = self
            .ctx
            .store
            .write(Lane::Engine, None, move |tx| {
                probes::forget_begun(tx)?;
                jobs::release_foreign_leases(tx, &boot)
            })
            .await;
        if let Err(error) = freed {
            tracing::error!(%error, "leases of an earlier start could not be freed");
        }
        let mut clock = schedule::start(self.ctx.store.clone()).await;
        let mut stop = self.handle.stop.subscribe();
        while !*stop.borrow_and_update() {
            // Before anything is claimed: whoever sees no due job and `quiet` may rely on both.
            self.handle
                .quiet
                .send_if_modified(|q| std::mem::replace(q, false));
            let wait = self.look().await;
            let quiet = self.running.is_empty() && wait.is_none_or(|t| t > self.ctx.now());
            self.handle
                .quiet
                .send_if_modified(|q| std::mem::replace(q, quiet) != quiet);
            tokio::select! {
                biased;
                _ = stop.changed() => {}
                Some(ended) = self.running.join_next_with_id(), if !self.running.is_empty() => self.ended(ended),
                () = self.handle.wake.notified() => {}
                () = clock.ticked() => self.schedule = true,
                access = heard(&mut self.news) => self.schedule |= access,
                () = until(&self.ctx, wait) => {}
            }
        }
        clock.stop().await;
        self.finish().await;
    }

    /// Claims and starts what may run now; when to look again, if nothing wakes it before.
    async fn look(&mut self) -> Option<Time> {
        // What is heard from here on wakes again; what was heard before is looked for now.
        loop {
            match self.news.try_recv() {
                Ok((_, topic)) => self.schedule |= topic == Topic::Access,
                Err(broadcast::error::TryRecvError::Lagged(_)) => self.schedule = true,
                Err(_) => break,
            }
        }
        match self.claim().await {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "the engine could not look for work; it looks again");
                Some(self.ctx.now().after(Duration::from_secs(1)))
            }
        }
    }

    async fn claim(&mut self) -> Result<Option<Time>, StoreError> {
        if std::mem::take(&mut self.schedule) {
            schedule::tick(&self.ctx.store).await?;
            for id in self.ctx.read(jobs::parked_due).await? {
                self.check(id);
            }
        }
        let limit = self.ctx.config.concurrency.saturating_sub(self.busy());
        if limit == 0 {
            // The end of a job is the next moment to look.
            return Ok(None);
        }
        let next = self.next().await?;
        if next.is_none_or(|t| t > self.ctx.now()) {
            return Ok(next);
        }
        let (boot, last) = (self.ctx.config.boot_id.clone(), self.last);
        let (free, each) = (self.free(), self.ctx.config.per_instance);
        let claimed = self
            .ctx
            .store
            .write(Lane::Engine, None, move |tx| {
                jobs::claim(tx, &boot, limit, last, &free, each)
            })
            .await?;
        for job in claimed {
            self.last = job.instance;
            let (ctx, copy) = (Arc::clone(&self.ctx), job.clone());
            let task = self.running.spawn(async move { Some(run(&ctx, &copy).await) });
            self.work.insert(task.id(), Work::Job(job));
        }
        if self.busy() >= self.ctx.config.concurrency {
            Ok(None)
        } else {
            self.next().await
        }
    }

    /// When something is due that there is room for. A check of a parked instance that is due is looked for at once.
    async fn next(&mut self) -> Result<Option<Time>, StoreError> {
        let busy: BTreeSet<InstanceId> = self
            .free()
            .into_iter()
            .filter(|(_, room)| *room == 0)
            .map(|(id, _)| id)
            .collect();
        let (jobs, checks, mut probes) = self
            .ctx
            .read(move |rx| {
                Ok((
                    jobs::next_due(rx, &busy)?,
                    jobs::next_check(rx)?,
                    probes::next_due(rx)?,
                ))
            })
            .await?;
        if probes.is_some_and(|t| t <= self.ctx.now()) {
            self.probe().await?;
            // What is due still waits for the end of another; what is due later is looked for when that is near.
            probes = self.ctx.read(probes::next_due).await?;
        }
        if checks.is_some_and(|t| t <= self.ctx.now()) {
            for id in self.ctx.read(jobs::parked_due).await? {
                self.check(id);
            }
        }
        let now = self.ctx.now();
        let later = |t: &Time| *t > now;
        Ok([jobs, checks.filter(later), probes.filter(later)]
            .into_iter()
            .flatten()
            .min())
    }

    /// Starts the check of a parked instance, unless it is under way.
    fn check(&mut self, id: InstanceId) {
        if self
            .work
            .values()
            .any(|w| matches!(w, Work::Check(other) if *other == id))
        {
            return;
        }
        self.room.insert(id, 1);
        let ctx = Arc::clone(&self.ctx);
        let task = self.running.spawn(async move {
            if let Err(why) = settle::check_parked(&ctx, id).await {
                tracing::info!(instance = id.0, why, "the target is not used yet");
            }
            None
        });
        self.work.insert(task.id(), Work::Check(id));
    }

    /// Starts probes that are due, a few at once.
    async fn probe(&mut self) -> Result<(), StoreError> {
        while self.work.len() - self.busy() < probe::AT_ONCE {
            let Some((id, writes)) = probe::begin(&self.ctx).await? else {
                return Ok(());
            };
            let ctx = Arc::clone(&self.ctx);
            let task = self.running.spawn(async move {
                probe::run(ctx, id, writes).await;
                None
            });
            self.work.insert(task.id(), Work::Probe);
        }
        Ok(())
    }

    /// Jobs and checks under way.
    fn busy(&self) -> usize {
        self.work.values().filter(|w| !matches!(w, Work::Probe)).count()
    }

    /// What each busy or cautious instance may still take.
    fn free(&self) -> BTreeMap<InstanceId, usize> {
        let each = self.ctx.config.per_instance;
        let mut free = self.room.clone();
        for work in self.work.values() {
            if let Work::Job(job) = work {
                let room = free.entry(job.instance).or_insert(each);
                *room = room.saturating_sub(1);
            }
        }
        free
    }

    fn ended(&mut self, ended: Result<(Id, Option<bool>), JoinError>) {
        let (id, well) = ended.unwrap_or_else(|error| (error.id(), Some(false)));
        let Some(Work::Job(job)) = self.work.remove(&id) else {
            return;
        };
        if well == Some(false) {
            self.room.insert(job.instance, 1);
        } else if let Some(room) = self.room.get_mut(&job.instance) {
            *room += 1;
            if *room >= self.ctx.config.per_instance {
                self.room.remove(&job.instance);
            }
        }
    }

    /// Waits for what is under way, then frees the rest.
    async fn finish(&mut self) {
        let all = async { while self.running.join_next().await.is_some() {} };
        if tokio::time::timeout(GRACE, all).await.is_err() {
            tracing::warn!(
                left = self.running.len(),
                "jobs were still running at the stop; they begin anew at the next start"
            );
            self.running.shutdown().await;
        }
        let boot = self.ctx.config.boot_id.clone();
        let _ = self
            .ctx
            .store
            .write(Lane::Engine, None, move |tx| jobs::release_own_leases(tx, &boot))
            .await;
        self.handle.quiet.send_replace(true);
    }
}

/// Runs one job to its end, whatever happens in it. True: the target did nothing wrong.
async fn run(ctx: &Arc<Context>, job: &Job) -> bool {
    let (inner, copy) = (Arc::clone(ctx), job.clone());
    let task = tokio::spawn(async move {
        match copy.kind {
            JobKind::Push => push::run(&inner, &copy).await,
            JobKind::Import => import::run(&inner, &copy).await,
            JobKind::Verify => verify::run(&inner, &copy).await,
            JobKind::Reconcile => reconcile::run(&inner, &copy).await,
        }
    });
    // If this future is dropped at a stop, so is the task.
    let task = AbortOnDrop(task);
    let (contact, ended) = match task.wait().await {
        Ok(outcome) => outcome,
        Err(_) => {
            tracing::error!(kind = ?job.kind, subject = job.subject, "a job stopped by an internal error; it counts as a failed try");
            (false, Ended::Unclear("an internal error stopped it".into()))
        }
    };
    let well = !matches!(ended, Ended::Failed(_) | Ended::StillIn(_) | Ended::Sealed(_));
    settle::settle(ctx, job, contact, ended).await;
    well
}

struct AbortOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> AbortOnDrop<T> {
    async fn wait(mut self) -> Result<T, tokio::task::JoinError> {
        (&mut self.0).await
    }
}

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Resolves when a commit concerns the engine, or news were missed. True: instances may have changed.
async fn heard(news: &mut broadcast::Receiver<(InstanceId, Topic)>) -> bool {
    loop {
        match news.recv().await {
            Ok((_, Topic::Jobs)) => return false,
            Ok((_, Topic::Access)) | Err(broadcast::error::RecvError::Lagged(_)) => return true,
            Ok(_) => {}
            // The store is closed: nothing will come any more.
            Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
        }
    }
}

async fn until(ctx: &Context, at: Option<Time>) {
    match at {
        Some(at) => ctx.store.clock().sleep_until(at).await,
        None => std::future::pending().await,
    }
}
