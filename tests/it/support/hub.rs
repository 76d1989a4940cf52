//! A real hub in this process: real store, engine and listener; only the directory is temporary and waiting is short.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rollcall::app::{Server, Tuning};
use rollcall::clock::{Clock, Stopwatch};
use rollcall::config::Config;
use rollcall::model::{Actor, Health, Instance, InstanceId, Policies, Scope, UserWrites};
use rollcall::secret::Secret;
use rollcall::store::{StoreError, instances};
use rollcall::sync::manage::{Edit, ManageError, NewConnection};
use rollcall::sync::status::{InstanceStatus, status};

use super::client::Scim;

/// Longest a test waits for a condition.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct TestHub {
    pub server: Server,
    dir: tempfile::TempDir,
    tuning: Tuning,
    /// Every secret that was sent or made, for the canary grep.
    secrets: std::sync::Mutex<Vec<String>>,
}

/// What an instance carries, and what it says to writes of users.
pub type Carries = (Scope, UserWrites);

pub fn admin() -> Actor {
    Actor::Admin("admin@example.com".into())
}

impl TestHub {
    pub async fn start() -> Self {
        Self::with_clock(Clock::system()).await
    }

    pub async fn with_clock(clock: Clock) -> Self {
        Self::of(tuning(clock), "").await
    }

    /// That waits no longer than this for an app's answer.
    pub async fn with_patience(clock: Clock, request_timeout: Duration) -> Self {
        let tuning = Tuning {
            request_timeout,
            ..tuning(clock)
        };
        Self::of(tuning, "").await
    }

    /// With this in its settings file.
    pub async fn with_settings(toml: &str) -> Self {
        Self::of(tuning(Clock::system()), toml).await
    }

    async fn of(tuning: Tuning, settings: &str) -> Self {
        super::log::keep();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("rollcall.toml"), settings).unwrap();
        let server = serve(dir.path(), tuning.clone()).await;
        Self {
            server,
            dir,
            tuning,
            secrets: std::sync::Mutex::default(),
        }
    }

    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Stops and starts again on the same directory.
    pub async fn restart(self) -> Self {
        self.restart_with(async {}).await
    }

    /// As `restart`, with something done in between.
    pub async fn restart_with(self, between: impl Future<Output = ()>) -> Self {
        self.server.stop().await;
        between.await;
        let server = serve(self.dir.path(), self.tuning.clone()).await;
        Self { server, ..self }
    }

    pub fn base(&self, slug: &str) -> String {
        format!("http://{}/scim/{slug}/v2", self.server.address())
    }

    pub fn remember(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }

    /// An instance that only receives, and a client with a key of it.
    pub async fn receiver(&self, name: &str) -> (Instance, Scim) {
        self.receiver_in(name, Carries::default()).await
    }

    pub async fn receiver_in(&self, name: &str, carries: Carries) -> (Instance, Scim) {
        let made = self.make(name, carries, None).await.unwrap();
        let scim = self.client(&made).await;
        (made, scim)
    }

    /// A new key of an instance, in a client's hands.
    pub async fn client(&self, instance: &Instance) -> Scim {
        let (_, key) = self
            .server
            .hub()
            .manager
            .create_key(admin(), instance.id, "test".into(), None)
            .await
            .unwrap();
        self.remember(key.expose());
        Scim::new(self.base(&instance.slug), key.expose())
    }

    async fn make(
        &self,
        name: &str,
        (scope, user_writes): Carries,
        target: Option<(&str, &str)>,
    ) -> Result<Instance, ManageError> {
        let app = if target.is_some() {
            "generic-scim"
        } else {
            "receive-only"
        };
        let new = NewConnection {
            name: name.into(),
            app: (app.into(), name.into()),
            scope,
            policies: Policies {
                user_writes,
                ..Policies::default()
            },
            target: target.map(|(base, token)| (base.to_owned(), Secret::new(token.to_owned()))),
            access: Default::default(),
        };
        self.server.hub().manager.create(admin(), new).await
    }

    pub async fn try_connect(
        &self,
        name: &str,
        base_url: &str,
        token: &str,
    ) -> Result<Instance, ManageError> {
        self.try_connect_in(name, Carries::default(), base_url, token)
            .await
    }

    pub async fn try_connect_in(
        &self,
        name: &str,
        carries: Carries,
        base_url: &str,
        token: &str,
    ) -> Result<Instance, ManageError> {
        self.remember(token);
        self.make(name, carries, Some((base_url, token))).await
    }

    /// Connects an app and waits until it is read.
    pub async fn connect(&self, name: &str, base_url: &str, token: &str) -> Instance {
        self.connect_in(name, Carries::default(), base_url, token).await
    }

    pub async fn connect_in(&self, name: &str, carries: Carries, base_url: &str, token: &str) -> Instance {
        let made = self.try_connect_in(name, carries, base_url, token).await.unwrap();
        self.wait(made.id, "imported", |s| s.last_sync_at.is_some()).await;
        self.idle().await;
        self.instance(made.id).await
    }

    pub async fn edit(&self, id: InstanceId, edit: Edit) -> Result<Instance, ManageError> {
        if let Some(token) = &edit.token {
            self.remember(token.expose());
        }
        self.server.hub().manager.edit(admin(), id, edit).await
    }

    pub async fn sync(&self, id: InstanceId) {
        let before = self.instance(id).await.last_sync_at;
        self.server.hub().manager.sync_now(admin(), id).await.unwrap();
        self.wait(id, "synced", |s| s.last_sync_at > before).await;
        self.idle().await;
    }

    pub async fn instance(&self, id: InstanceId) -> Instance {
        self.server
            .hub()
            .store
            .read(move |rx| instances::by_id(rx, id))
            .await
            .unwrap()
            .unwrap()
    }

    pub async fn status(&self, id: InstanceId) -> InstanceStatus {
        let read = self.server.hub().store.read(move |rx| -> Result<_, StoreError> {
            let instance = instances::by_id(rx, id)?.unwrap();
            status(rx, &instance)
        });
        read.await.unwrap()
    }

    /// Until nothing runs and nothing is due.
    pub async fn idle(&self) {
        tokio::time::timeout(PATIENCE, self.server.engine().idle())
            .await
            .expect("the engine comes to rest");
    }

    pub async fn wait(
        &self,
        id: InstanceId,
        what: &str,
        met: impl Fn(&InstanceStatus) -> bool,
    ) -> InstanceStatus {
        let watch = Stopwatch::start();
        loop {
            let now = self.status(id).await;
            if met(&now) {
                return now;
            }
            assert!(watch.elapsed() < PATIENCE, "not {what} in time: {now:?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn wait_health(&self, id: InstanceId, health: Health, reason: &str) -> InstanceStatus {
        self.wait(id, &format!("{health:?} because of {reason:?}"), |s| {
            s.health == health && s.reason.contains(reason)
        })
        .await
    }

    /// Whether this text lies in its files: what the canary grep would find, if it were a secret.
    #[cfg(feature = "tools")]
    pub fn holds(&self, text: &str) -> bool {
        super::canary::find(self.dir.path(), text).is_some()
    }

    /// Stops, then looks for every secret in all that lies in the directory, a backup among it, and in what was logged.
    pub async fn stop(self) {
        let backup = self.dir.path().join("canary-backup.db");
        self.server.hub().store.backup(backup).await.unwrap();
        super::canary::grep(self.dir.path(), &self.secrets.lock().unwrap());
        self.server.stop().await;
        super::canary::grep(self.dir.path(), &self.secrets.lock().unwrap());
        super::log::grep(&self.secrets.lock().unwrap());
    }
}

fn tuning(clock: Clock) -> Tuning {
    Tuning {
        clock,
        retry_base: Duration::from_millis(5),
        ..Tuning::default()
    }
}

async fn serve(dir: &Path, tuning: Tuning) -> Server {
    let flags = BTreeMap::from([
        ("listen", "127.0.0.1:0".to_owned()),
        ("allow_private_targets", "true".to_owned()),
        ("workers", "1".to_owned()),
    ]);
    let config = Config::load(dir, None, &BTreeMap::new(), &flags).unwrap();
    Server::start(config, tuning).await.unwrap()
}
