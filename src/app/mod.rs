//! Wiring: one process, its parts put together and taken down in order. No logic of its own; what a part does stands
//! with the part.
//!
//! Start: lock → store → key file → way out → engine → listeners. Stop: listeners end their requests, the engine its
//! jobs, then the writer commits what waits.

mod renew;
#[cfg(test)]
mod tests;
mod tls;

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, web};
use thiserror::Error;
use tokio::task::JoinHandle;

use crate::clock::Clock;
use crate::config::{Config, Limits};
use crate::connector::{Net, NetPolicy};
use crate::secret::{KeyState, Sealer, SecretError, SetupCode};
use crate::store::{Lane, ScanBudget, Store, StoreError, access, settings};
use crate::sync::engine::{Engine, EngineConfig};
use crate::sync::health;
use crate::sync::manage::Manager;
use crate::web::origin::Origin;
use crate::web::scim::{Gate, Throttle};

pub use renew::{RenewError, Renewed};

/// Threads of each worker that wait for the database: more would only queue for readers, and cost memory.
const BLOCKING_THREADS: usize = 8;
/// Requests in progress get this long to end.
const GRACE_SECONDS: u64 = 30;

/// Why the hub did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The key file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// A file named in the settings.
    #[error("{0}: {1}")]
    File(PathBuf, String),
    /// The way out.
    #[error("the client for outgoing requests could not be made: {0}")]
    Net(String),
    /// The address to listen on.
    #[error("cannot listen on {0}: {1}. Choose another address with --listen.")]
    Listen(SocketAddr, std::io::Error),
}

/// What tests hold in their hands.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// The clock.
    pub clock: Clock,
    /// First wait after a failed try.
    pub retry_base: Duration,
    /// Longest wait for an app's whole answer.
    pub request_timeout: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            retry_base: Duration::from_secs(2),
            request_timeout: NetPolicy::default().request_timeout,
        }
    }
}

/// The parts below the listeners: enough for a command without a server.
#[derive(Clone)]
pub struct Hub {
    /// The database.
    pub store: Store,
    /// The key file's state.
    pub keys: Arc<KeyState>,
    /// The way out.
    pub net: Net,
    /// What admins do.
    pub manager: Manager,
    /// Settings it was started with.
    pub config: Arc<Config>,
    tuning: Tuning,
}

impl Hub {
    /// Opens the data directory that `config` names. The caller holds its lock.
    ///
    /// # Errors
    /// Any of `StartError`.
    pub async fn open(config: Config, tuning: Tuning) -> Result<Self, StartError> {
        let store = Store::open(&config.data_dir, tuning.clock.clone())?;
        store.set_scan_budget(ScanBudget {
            rows: config.limits.scan_rows as u64,
            time: Duration::from_secs(config.limits.scan_seconds as u64),
        });
        let keys = open_keys(&store, &config).await?;
        let extra_ca_pem = match &config.extra_ca_file {
            None => None,
            Some(path) => {
                Some(std::fs::read(path).map_err(|e| StartError::File(path.clone(), e.to_string()))?)
            }
        };
        let policy = NetPolicy {
            allow_private: config.allow_private_targets,
            extra_ca_pem,
            clock: store.clock().clone(),
            request_timeout: tuning.request_timeout,
            ..NetPolicy::default()
        };
        let net = Net::new(policy).map_err(StartError::Net)?;
        let manager = Manager {
            store: store.clone(),
            net: net.clone(),
            keys: Arc::clone(&keys),
        };
        Ok(Self {
            store,
            keys,
            net,
            manager,
            config: Arc::new(config),
            tuning,
        })
    }

    /// Starts the engine on the running tokio runtime.
    #[must_use]
    pub fn start_engine(&self) -> Engine {
        let config = EngineConfig {
            retry_base: self.tuning.retry_base,
            ..EngineConfig::new(self.store.clock().new_id())
        };
        Engine::start(
            self.store.clone(),
            Arc::clone(&self.keys),
            self.net.clone(),
            config,
        )
    }
}

/// The key file, made only for a database that never had one. What it does not open shows in the health of its instance.
async fn open_keys(store: &Store, config: &Config) -> Result<Arc<KeyState>, StartError> {
    let known = store
        .read(|rx| settings::get(rx, settings::KEY_FINGERPRINT))
        .await?;
    let keys = Sealer::open_or_create(&config.data_dir, known.as_deref())?;
    match &keys {
        KeyState::Ready(sealer) if known.is_none() => {
            let fingerprint = sealer.fingerprint();
            let note = store.write(Lane::Front, None, move |tx| {
                settings::set(tx, settings::KEY_FINGERPRINT, &fingerprint)
            });
            note.await?;
        }
        KeyState::Ready(_) => {}
        KeyState::Missing | KeyState::Foreign => {
            tracing::error!(
                "secret.key is missing or another one: stored tokens cannot be opened, their instances are Failing"
            );
        }
    }
    let keys = Arc::new(keys);
    let tokens = Arc::clone(&keys);
    let look = store.write(Lane::Front, None, move |tx| health::look_at_tokens(tx, &tokens));
    look.await?;
    Ok(keys)
}

/// A running hub.
pub struct Server {
    hub: Hub,
    engine: Engine,
    address: SocketAddr,
    handle: ServerHandle,
    /// None once it has ended by itself.
    serving: Option<JoinHandle<std::io::Result<()>>>,
    chores: JoinHandle<()>,
    setup: Arc<SetupCode>,
}

impl Server {
    /// Starts everything; it listens when this returns.
    ///
    /// # Errors
    /// Any of `StartError`.
    pub async fn start(config: Config, tuning: Tuning) -> Result<Self, StartError> {
        let listener = TcpListener::bind(config.listen).map_err(|e| StartError::Listen(config.listen, e))?;
        let address = listener
            .local_addr()
            .map_err(|e| StartError::Listen(config.listen, e))?;
        let hub = Hub::open(config, tuning).await?;
        let engine = hub.start_engine();
        let admins = hub.store.read(access::count_admins).await?;
        let setup = Arc::new(SetupCode::new(admins == 0));
        let origin = Origin::new(
            hub.config.public_url.as_ref(),
            hub.config.trusted_proxies.clone(),
            hub.config.tls.is_some(),
        );
        let gate = Gate::new(
            hub.store.clone(),
            origin.clone(),
            hub.config.limits.request,
            throttle(&hub.config.limits),
        );
        let gate = web::Data::new(gate);
        let pages = web::Data::new(crate::web::ui::Pages::new(
            hub.manager.clone(),
            engine.clone(),
            Arc::clone(&setup),
            origin,
            hub.config.allow_insecure_sign_in,
        ));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(gate.clone())
                .app_data(pages.clone())
                .configure(crate::web::routes)
        })
        .workers(
            hub.config
                .workers
                .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, usize::from)),
        )
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .disable_signals()
        .shutdown_timeout(GRACE_SECONDS);
        let server = match &hub.config.tls {
            None => server.listen(listener),
            Some(files) => server.listen_rustls_0_23(listener, tls::server_config(files)?),
        };
        let running = server.map_err(|e| StartError::Listen(address, e))?.run();
        let handle = running.handle();
        let serving = tokio::spawn(running);
        let chores = tokio::spawn(flush_each_second(hub.store.clone()));
        Ok(Self {
            hub,
            engine,
            address,
            handle,
            serving: Some(serving),
            chores,
            setup,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it is made of.
    #[must_use]
    pub fn hub(&self) -> &Hub {
        &self.hub
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The code to type at `/setup`, until the first admin exists.
    #[must_use]
    pub fn setup(&self) -> &Arc<SetupCode> {
        &self.setup
    }

    /// Waits until the listener ends by itself, which leaves a hub that nobody reaches; a sentence that says why. May be
    /// dropped and called again; does not end while it listens.
    pub async fn failed(&mut self) -> String {
        let Some(serving) = self.serving.as_mut() else {
            return std::future::pending().await;
        };
        let ended = serving.await;
        self.serving = None;
        match ended {
            Ok(Ok(())) => "The listener ended.".into(),
            Ok(Err(error)) => format!("The listener ended: {error}."),
            Err(error) => format!("The listener ended: {error}."),
        }
    }

    /// Ends it in order; what was acknowledged is on the disk.
    pub async fn stop(self) {
        if let Some(serving) = self.serving {
            self.handle.stop(true).await;
            if let Ok(Err(e)) = serving.await {
                tracing::error!(error = %e, "the listener ended with an error");
            }
        }
        self.engine.stop().await;
        self.chores.abort();
        let store = self.hub.store.clone();
        // Joining the writer may wait for the disk.
        if let Err(e) = tokio::task::spawn_blocking(move || store.close()).await {
            tracing::error!(error = %e, "the store could not be closed in order");
        }
    }
}

/// How much one instance and one key may ask for at once.
fn throttle(limits: &Limits) -> Throttle {
    let number = |limit: usize| u32::try_from(limit).unwrap_or(u32::MAX);
    Throttle {
        in_flight: limits.in_flight,
        per_second: NonZeroU32::new(number(limits.per_second)),
        burst: number(limits.burst),
    }
}

/// Telemetry goes to its file once a second, off the async threads.
async fn flush_each_second(store: Store) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let store = store.clone();
        if tokio::task::spawn_blocking(move || store.telemetry().flush())
            .await
            .is_err()
        {
            return;
        }
    }
}
