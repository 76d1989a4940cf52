//! What every job needs: the store, the way out, and the credentials of the moment. Also how a job can end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::credential::{self, CredentialError};
use super::engine::EngineConfig;
use super::manage::tell;
use super::plan;
use crate::connector::{Connector, ConnectorError, Net, Verdict};
use crate::model::{Access, Actor, Capabilities, Instance, InstanceId, Time};
use crate::secret::KeyState;
use crate::store::{Lane, Rx, Store, StoreError, Tx, instances};

/// Shared by all jobs of an engine.
pub(super) struct Context {
    pub(super) store: Store,
    pub(super) key: Arc<KeyState>,
    pub(super) net: Net,
    pub(super) config: EngineConfig,
    stopping: AtomicBool,
    dice: AtomicU64,
}

/// How a job ends. What the app said is `settle`'s to judge.
#[derive(Debug)]
pub(super) enum Ended {
    /// Its row was dealt with in the last unit of work.
    Settled,
    /// Nothing is left to do: its row may go, unless somebody asked again.
    Done,
    /// There is more to do, now.
    Again,
    /// The rest waits for a person to allow it.
    Held(&'static str),
    /// This one resource needs a person; `access`: somebody who should have none still has it.
    Rejected { why: String, access: bool },
    /// The target said or did something that another try may mend.
    Failed(ConnectorError),
    /// 401 or 403 to ending somebody's access: if the credentials work, they still have it.
    StillIn(ConnectorError),
    /// An answer that proves nothing either way: later.
    Unclear(String),
    /// The stored token cannot be opened.
    Sealed(String),
    /// The database could not do it.
    Store(StoreError),
}

/// What was learnt of an app, in sentences; how its lists go on is no news to anybody.
fn news(before: &Capabilities, now: &Capabilities) -> String {
    let whole = now.put_only.iter().filter(|kind| !before.put_only.contains(kind));
    let whole = whole.map(|kind| {
        let plural = kind.endpoint().to_lowercase();
        format!("The app refuses PATCH of {plural}, whatever it announces: they are written whole (PUT) from now on.")
    });
    let refused = now
        .refusals()
        .filter(|(kind, verb)| !before.refuses(*kind, *verb));
    let refused = refused.filter_map(|(kind, verb)| plan::refusal(now, kind, verb).map(str::to_owned));
    whole.chain(refused).collect::<Vec<_>>().join(" ")
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ConnectorError> for Ended {
    fn from(error: ConnectorError) -> Self {
        match error.verdict {
            Verdict::Retry { .. } | Verdict::Wait { .. } | Verdict::Park => Self::Failed(error),
            Verdict::Reject | Verdict::Gone | Verdict::Exists => Self::Rejected {
                why: error.to_string(),
                access: false,
            },
        }
    }
}

/// Whether an instance, as it was read at two times, led to the same address with the same credentials.
pub(super) fn leads_alike(one: &Instance, other: &Instance) -> bool {
    fn way(instance: &Instance) -> Option<(&str, &Access)> {
        instance.target.as_ref().map(|t| (t.base_url(), t.access()))
    }
    way(one) == way(other) && one.secret_set_at == other.secret_set_at
}

impl Context {
    pub(super) fn new(store: Store, key: Arc<KeyState>, net: Net, config: EngineConfig) -> Self {
        // A seed that differs between boots is all that jitter needs.
        let seed = config.boot_id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
            (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
        });
        Self {
            store,
            key,
            net,
            config,
            stopping: AtomicBool::new(false),
            dice: AtomicU64::new(seed),
        }
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Rx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.store.read(work).await
    }

    pub(super) fn write<T, F>(
        &self,
        instance: InstanceId,
        work: F,
    ) -> impl Future<Output = Result<T, StoreError>> + Send + use<T, F>
    where
        T: Send + 'static,
        F: FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        self.store.write(Lane::Engine, Some(instance), work)
    }

    /// The instance as it is now, and a way to talk to its app. `Done` when there is nobody to talk to.
    pub(super) async fn connector(&self, id: InstanceId) -> Result<(Instance, Connector), Ended> {
        // At one moment: a token goes to no address that it was not entered for.
        let found = self
            .store
            .look_up(move |rx| {
                Ok::<_, StoreError>((instances::by_id(rx, id)?, instances::sealed_secret(rx, id)?))
            })
            .await?;
        let (Some(instance), sealed) = found else {
            return Err(Ended::Done);
        };
        let Some(target) = instance
            .target
            .clone()
            .filter(|_| instance.enabled && !instance.paused)
        else {
            return Err(Ended::Again);
        };
        let token = sealed
            .ok_or(CredentialError::Absent)
            .and_then(|sealed| credential::open(&self.key, id, &sealed))
            .map_err(|e| Ended::Sealed(e.to_string()))?;
        Ok((instance, Connector::open(&target, token, self.net.clone())))
    }

    /// Keeps what the app turned out to do otherwise than was thought, so that the next job begins with it.
    pub(super) async fn note_learnt(&self, instance: &Instance, app: &Connector) {
        let Some(learnt) = app.learnt() else {
            return;
        };
        let (id, asked) = (instance.id, instance.clone());
        let noted = self
            .write(id, move |tx| {
                // A connection that was edited meanwhile may lead to another app.
                let now = instances::by_id(tx, id)?.filter(|now| leads_alike(now, &asked));
                let (Some(mut target), Some(since)) = (now.and_then(|now| now.target), &asked.target) else {
                    return Ok(());
                };
                let known = target.capabilities_mut();
                let before = known.clone();
                known.learn(&learnt, since.capabilities());
                known.paging = learnt.paging;
                if *known == before {
                    return Ok(());
                }
                let news = news(&before, known);
                instances::set_target(tx, id, &target)?;
                match instances::by_id(tx, id)? {
                    Some(instance) if !news.is_empty() => {
                        tell(tx, &instance, &Actor::Hub, "instance.learnt", &news)
                    }
                    _ => Ok(()),
                }
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "what was learnt of an app could not be kept; it is learnt again");
        }
    }

    /// Waits for the next try after `failures`, in this context's own rhythm.
    pub(super) fn wait(&self, failures: u32, asked: Option<Duration>) -> Duration {
        super::backoff::wait(self.config.retry_base, failures, asked, self.chance())
    }

    /// From 0 to 1, different each time (SplitMix64).
    fn chance(&self) -> f64 {
        let mut z = self.dice.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        f64::from((z ^ (z >> 31)) as u32) / f64::from(u32::MAX)
    }

    pub(super) fn now(&self) -> Time {
        self.store.clock().now()
    }

    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}
