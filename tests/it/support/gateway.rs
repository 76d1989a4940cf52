//! A hub between an identity provider and an app. The app is a second hub that only receives, behind a relay that can
//! break: both halves of the product meet each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rollcall::clock::Clock;
use rollcall::demo::relay::{Relay, Request, Treatment};
use rollcall::model::Instance;

use super::hub::Carries;
use super::state::State;
use super::{Scim, TestHub};

pub struct Gateway {
    pub hub: TestHub,
    pub app: TestHub,
    pub relay: Relay,
    /// The instance of the hub.
    pub instance: Instance,
    /// The identity provider's hand.
    pub idp: Scim,
    /// The app, past the relay.
    pub direct: Scim,
}

impl Gateway {
    /// An app with these people and one group `Everyone` of them all, connected and read.
    pub async fn with_people(names: &[&str]) -> Self {
        Self::with_clock(names, Clock::system()).await
    }

    /// As `with_people`; the hub goes by this clock, the app by the machine's.
    pub async fn with_clock(names: &[&str], clock: Clock) -> Self {
        Self::of(names, clock, Carries::default()).await
    }

    /// As `with_people`, for an instance that carries less.
    pub async fn carrying(carries: Carries, names: &[&str]) -> Self {
        Self::of(names, Clock::system(), carries).await
    }

    async fn of(names: &[&str], clock: Clock, carries: Carries) -> Self {
        let (app, app_instance, direct) = app().await;
        let mut ids = Vec::new();
        for name in names {
            ids.push(direct.user(name).await);
        }
        if !ids.is_empty() {
            direct
                .group("Everyone", &ids.iter().map(String::as_str).collect::<Vec<_>>())
                .await;
        }
        let relay = Relay::start(app.server.address()).await.unwrap();
        let hub = TestHub::with_clock(clock).await;
        let base = format!("http://{}/scim/{}/v2", relay.address(), app_instance.slug);
        let instance = hub.connect_in("App", carries, &base, &direct.key).await;
        let idp = hub.client(&instance).await;
        Self {
            hub,
            app,
            relay,
            instance,
            idp,
            direct,
        }
    }

    /// Until nothing is pending, then both sides must be equal; the state.
    pub async fn settled(&self) -> State {
        self.hub
            .wait(self.instance.id, "settled", |s| s.pending == 0)
            .await;
        self.hub.idle().await;
        let (ours, theirs) = (State::read(&self.idp).await, State::read(&self.direct).await);
        assert_eq!(ours, theirs, "the hub and the app differ");
        theirs
    }

    /// How many requests of this kind reached the app's side of the relay.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.relay
            .log()
            .iter()
            .filter(|e| e.method == method && e.path.contains(path))
            .count()
    }

    /// Writes the app saw.
    pub fn writes(&self) -> usize {
        self.relay.log().iter().filter(|e| e.method != "GET").count()
    }

    pub async fn stop(self) {
        for secret in [&self.direct.key, &self.idp.key] {
            self.hub.remember(secret);
            self.app.remember(secret);
        }
        self.hub.stop().await;
        self.app.stop().await;
    }
}

/// A hub with one instance `app` that only receives.
pub async fn app() -> (TestHub, Instance, Scim) {
    let app = TestHub::start().await;
    let (instance, direct) = app.receiver("App").await;
    (app, instance, direct)
}

/// Treats the first `times` requests that `which` picks, and lets the others pass.
pub fn first(
    times: usize,
    which: impl Fn(&Request) -> bool + Send + Sync + 'static,
    treatment: Treatment,
) -> impl Fn(&Request) -> Treatment + Send + Sync + 'static {
    let left = Arc::new(AtomicUsize::new(times));
    move |request| {
        let picked = which(request)
            && left
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
                .is_ok();
        if picked {
            treatment.clone()
        } else {
            Treatment::Pass
        }
    }
}
