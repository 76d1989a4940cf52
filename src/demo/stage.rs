//! The stage: one hub with two instances. "Sandbox app" only receives and plays the app; "Acme people" is connected to it
//! through the relay and is what the identity provider writes to. Set up as an admin would, through the same doors.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::cast;
use super::compare::Side;
use super::endpoint::Endpoint;
use super::error::DemoError;
use super::idp::id_of;
use super::relay::{Relay, Request, Treatment};
use super::voice::Voice;
use super::watch;
use crate::app::Server;
use crate::connector::Token;
use crate::model::{Actor, Health, Instance, Policies, Scope};
use crate::scim::urn;
use crate::secret::Secret;
use crate::store::Store;
use crate::sync::manage::NewConnection;

/// Longest wait for the first sync.
const FIRST_SYNC: Duration = Duration::from_secs(30);
/// Longest wait for both sides to become equal once nothing changes any more.
const SETTLE: Duration = Duration::from_secs(10);
/// The admin of the demo.
pub(super) const ADMIN: &str = "admin@example.com";

/// Everything the story is played with.
pub(super) struct Stage {
    pub(super) voice: Voice,
    pub(super) store: Store,
    /// Where pages and endpoints are, without a trailing slash.
    pub(super) origin: String,
    /// The instance that pushes.
    pub(super) hub: Instance,
    /// The instance that plays the app.
    pub(super) app: Instance,
    /// The hub as its identity provider reaches it.
    pub(super) hub_end: Endpoint,
    /// The app, past the relay.
    pub(super) app_end: Endpoint,
    /// The identity provider's key, for the visitor's own requests.
    pub(super) key: Secret,
    /// The app does not answer, or what waited for it is not there yet.
    pub(super) away: AtomicBool,
    relay: Relay,
}

impl Stage {
    /// Fills the app, connects it, and waits until everybody is imported.
    pub(super) async fn set(server: &Server, voice: Voice) -> Result<Self, DemoError> {
        let address = reachable(server.address());
        let origin = format!("http://{address}");
        let (app, app_key) = instance(server, "Sandbox app", None).await?;
        let net = &server.hub().net;
        let app_end = Endpoint::new(
            net.clone(),
            scim_base(address, &app)?,
            Token::new(app_key.expose().to_owned()),
        );
        fill(&app_end).await?;
        let relay = Relay::start(address)
            .await
            .map_err(|e| DemoError::System("no port for the relay", e))?;
        relay.treat(|request| treatment(false, request));
        let target = scim_base(relay.address(), &app)?;
        let (hub, key) = instance(server, "Acme people", Some((target.to_string(), app_key))).await?;
        let hub_end = Endpoint::new(
            net.clone(),
            scim_base(address, &hub)?,
            Token::new(key.expose().to_owned()),
        );
        let store = server.hub().store.clone();
        let stage = Self {
            voice,
            store,
            origin,
            hub,
            app,
            hub_end,
            app_end,
            key,
            away: AtomicBool::new(false),
            relay,
        };
        stage.imported().await?;
        Ok(stage)
    }

    async fn imported(&self) -> Result<(), DemoError> {
        let everybody = (cast::STAFF.len() as u64, cast::TEAMS.len() as u64);
        let mut news = self.store.subscribe();
        let imported = async {
            loop {
                let now = watch::status_of(self).await?;
                if now.health == Health::Healthy && (now.users, now.groups) == everybody {
                    return Ok(());
                }
                watch::news(&mut news, self.hub.id).await;
            }
        };
        let late = |_| DemoError::Late("the first sync", FIRST_SYNC.as_secs());
        tokio::time::timeout(FIRST_SYNC, imported).await.map_err(late)?
    }

    /// The app answers 503 from now on, or answers again.
    pub(super) fn set_away(&self, away: bool) {
        if away {
            self.away.store(true, Ordering::SeqCst);
        }
        self.relay.treat(move |request| treatment(away, request));
    }

    /// Both sides as they are; read again for up to ten seconds while they differ, if there is `time`.
    pub(super) async fn both(&self, time: bool) -> Result<(Side, Side), DemoError> {
        let end = self.voice.elapsed() + SETTLE;
        let mut news = self.store.subscribe_to_changes();
        loop {
            let sides = (Side::read(&self.hub_end).await?, Side::read(&self.app_end).await?);
            if sides.0 == sides.1 || !time || self.voice.elapsed() > end {
                return Ok(sides);
            }
            watch::news(&mut news, self.app.id).await;
        }
    }
}

/// What the sandbox app makes of a request.
fn treatment(away: bool, request: &Request) -> Treatment {
    if away {
        let mut answer = Treatment::scim_error(503, "down for maintenance");
        if let Treatment::Answer { headers, .. } = &mut answer {
            headers.push(("Retry-After".into(), "2".into()));
        }
        return answer;
    }
    if request.method != "GET" && cast::app_refuses(&request.body) {
        return Treatment::scim_error(400, &format!("userName must end in {}", cast::DOMAIN));
    }
    Treatment::Pass
}

/// Makes an instance and a key for it.
async fn instance(
    server: &Server,
    name: &str,
    target: Option<(String, Secret)>,
) -> Result<(Instance, Secret), DemoError> {
    let manager = &server.hub().manager;
    let app = if target.is_some() {
        ("generic-scim", "Generic SCIM 2.0")
    } else {
        ("receive-only", "")
    };
    let new = NewConnection {
        name: name.into(),
        app: (app.0.into(), app.1.into()),
        scope: Scope::UsersAndGroups,
        policies: Policies::default(),
        target,
        access: Default::default(),
    };
    let by = || Actor::Admin(ADMIN.into());
    let made = manager.create(by(), new).await?;
    let (_, key) = manager.create_key(by(), made.id, "Demo".into(), None).await?;
    Ok((made, key))
}

/// Puts forty people in six groups into the app.
async fn fill(app: &Endpoint) -> Result<(), DemoError> {
    let mut members: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for (n, name) in cast::STAFF.iter().enumerate() {
        let (team, titles) = cast::TEAMS[n % cast::TEAMS.len()];
        let made = app
            .create("Users", cast::user(name, &cast::address(name), team, titles[0]))
            .await?;
        members
            .entry(team)
            .or_default()
            .push(json!({ "value": id_of(&made)? }));
    }
    for (team, members) in members {
        let group = json!({ "schemas": [urn::GROUP], "displayName": team, "members": members });
        app.create("Groups", group).await?;
    }
    Ok(())
}

fn scim_base(address: SocketAddr, instance: &Instance) -> Result<Url, DemoError> {
    let text = format!("http://{address}/scim/{}/v2", instance.slug);
    Url::parse(&text).map_err(|_| DemoError::Shape("address that can be called"))
}

/// Where a server that listens on `address` can be reached from here.
pub(super) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    address
}
