//! A gateway in bad weather: the app shows small pages, the relay before it breaks what it is told to break, and the hub's
//! clock stands still until it is moved, so that no wait costs time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rollcall::clock::Clock;
use rollcall::demo::relay::{Lie, Relay, Request, Treatment};
use rollcall::model::policies::Leaver;
use rollcall::model::{Health, Instance, Policies, Time};
use rollcall::store::{Lane, StoreError, jobs, removals};
use rollcall::sync::manage::Edit;
use rollcall::sync::status::InstanceStatus;
use serde_json::{Value, json};

use super::gateway::app;
use super::hub::admin;
use super::state::State;
use super::{Gateway, Generator, TestHub};

/// In the app at the start: four pages of users, two of groups.
pub const USERS: usize = 35;
pub const GROUPS: usize = 12;
const PAGE: usize = 10;
/// Longest the hub waits for an answer.
pub const PATIENCE: Duration = Duration::from_millis(1500);
/// Waits of the hub that `calm` sits out, one after the other.
const WAITS: usize = 60;

/// Which requests of the hub a fault is for.
#[derive(Clone, Copy, Debug)]
pub enum Door {
    /// A page of this list that begins here.
    Page(&'static str, usize),
    /// Any page of this list.
    Pages(&'static str),
    /// Whatever is asked for under a path with this in it.
    Under(&'static str),
    /// A write to these resources whose body has this in it.
    Write(&'static str, &'static str, &'static str),
    /// A search among these.
    Search(&'static str),
    /// One of these, read by this id.
    One(&'static str, &'static str),
    /// Any other of these, read by id.
    Other(&'static str, &'static str),
}

impl Door {
    fn is(self, request: &Request) -> bool {
        let to = |endpoint: &str| {
            let mut parts = request.path.split(['/', '?']);
            parts.any(|part| part == endpoint)
        };
        let is_search = request.method == "GET" && request.path.contains("?filter=");
        let is_page = request.method == "GET" && request.path.ends_with(&format!("&count={PAGE}"));
        // The id, where one is read.
        let one = |endpoint: &str| {
            let (before, id) = request.path.rsplit_once('/')?;
            let reads = request.method == "GET" && before.rsplit('/').next() == Some(endpoint);
            reads.then_some(id)
        };
        match self {
            Self::Page(endpoint, start) => {
                is_page && to(endpoint) && request.path.contains(&format!("?startIndex={start}&"))
            }
            Self::Pages(endpoint) => is_page && to(endpoint) && request.path.contains("?startIndex="),
            Self::Under(part) => request.path.contains(part),
            Self::Write(method, endpoint, says) => {
                request.method == method
                    && to(endpoint)
                    && String::from_utf8_lossy(&request.body).contains(says)
            }
            Self::Search(endpoint) => is_search && to(endpoint),
            Self::One(endpoint, id) => one(endpoint) == Some(id),
            Self::Other(endpoint, id) => one(endpoint).is_some_and(|other| other != id),
        }
    }
}

/// A fault in force.
struct Armed {
    doors: Vec<Door>,
    treatment: Treatment,
    /// How often it still strikes.
    left: usize,
    met: usize,
}

/// What the relay does.
#[derive(Default)]
pub struct Script {
    /// The fault in force.
    armed: Mutex<Option<Armed>>,
    /// Whom no list shows.
    hidden: Mutex<Option<&'static str>>,
    /// Writes that reached the app, in words.
    carried: Mutex<Vec<String>>,
    /// The app has no PATCH.
    pub put_only: AtomicBool,
}

impl Script {
    pub fn treat(&self, request: &Request) -> Treatment {
        if request.path.ends_with("/ServiceProviderConfig") && !self.is_shut(request) {
            return small_pages();
        }
        if request.method == "PATCH" && self.put_only.load(Ordering::SeqCst) {
            return Treatment::scim_error(405, "there is no PATCH here");
        }
        let is_page = [Door::Pages("Users"), Door::Pages("Groups")].map(|door| door.is(request));
        let mut treatment = match *self.hidden.lock().unwrap() {
            Some(name) if is_page.contains(&true) => Treatment::Retold(Lie::Hides(name)),
            _ => Treatment::Pass,
        };
        let mut armed = self.armed.lock().unwrap();
        let here = armed
            .as_mut()
            .filter(|a| a.left > 0 && a.doors.iter().any(|door| door.is(request)));
        if let Some(fault) = here {
            fault.left -= 1;
            fault.met += 1;
            treatment = fault.treatment.clone();
        }
        drop(armed);
        let seen = !matches!(
            treatment,
            Treatment::Answer { .. } | Treatment::Html | Treatment::Cut
        );
        if seen && request.method != "GET" {
            let body = String::from_utf8_lossy(&request.body);
            let said = format!("{} {} {body}", request.method, request.path);
            self.carried.lock().unwrap().push(said);
        }
        treatment
    }

    /// A fault for all that is asked for is in force.
    fn is_shut(&self, request: &Request) -> bool {
        let armed = self.armed.lock().unwrap();
        let doors = armed.as_ref().map_or(&[][..], |fault| &fault.doors);
        doors
            .iter()
            .any(|door| matches!(door, Door::Under(_)) && door.is(request))
    }

    /// The first `times` requests at these doors are treated so.
    pub fn arm(&self, doors: &[Door], treatment: Treatment, times: usize) {
        *self.armed.lock().unwrap() = Some(Armed {
            doors: doors.to_vec(),
            treatment,
            left: times,
            met: 0,
        });
    }

    /// No list shows whoever has this name, if any.
    pub fn hide(&self, name: Option<&'static str>) {
        *self.hidden.lock().unwrap() = name;
    }

    /// Fair weather from now on; how often the fault struck.
    pub fn disarm(&self) -> usize {
        self.armed.lock().unwrap().take().map_or(0, |fault| fault.met)
    }

    /// How often the fault struck.
    pub fn met(&self) -> usize {
        self.armed.lock().unwrap().as_ref().map_or(0, |fault| fault.met)
    }

    /// Writes that reached the app since this was last asked.
    pub fn carried(&self) -> Vec<String> {
        std::mem::take(&mut *self.carried.lock().unwrap())
    }
}

/// An app that gives ten at a time.
pub fn small_pages() -> Treatment {
    let config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "filter": {"supported": true, "maxResults": PAGE},
    });
    Treatment::Answer {
        status: 200,
        headers: vec![("Content-Type".into(), "application/scim+json".into())],
        body: config.to_string(),
    }
}

/// Who was made more than once, and how many writes were sent again as they were.
pub fn repeated(carried: &[String]) -> (Vec<String>, usize) {
    let (mut made, mut same) = (BTreeMap::new(), BTreeMap::new());
    for write in carried {
        *same.entry(write).or_insert(0) += 1;
        if write.starts_with("POST ") {
            let body: Value = serde_json::from_str(&write[write.find('{').unwrap()..]).unwrap();
            let name = body["userName"].as_str().or(body["displayName"].as_str());
            *made.entry(name.unwrap().to_lowercase()).or_insert(0) += 1;
        }
    }
    let twice = made.into_iter().filter(|(_, times)| *times > 1);
    let again = same.values().map(|times| times - 1).sum();
    (twice.map(|(name, _)| name).collect(), again)
}

pub struct Storm {
    pub g: Gateway,
    pub clock: Clock,
    pub script: Arc<Script>,
    pub source: Generator,
}

pub fn name(n: usize) -> String {
    format!("u{n}@example.com")
}

pub fn team(n: usize) -> String {
    format!("Team {n}")
}

impl Storm {
    /// Connected and read. Leavers are deleted in the app.
    pub async fn new() -> Self {
        let (app, app_instance, direct) = app().await;
        let mut ids = Vec::new();
        for n in 0..USERS {
            ids.push(direct.user(&name(n)).await);
        }
        for n in 0..GROUPS {
            let members: Vec<&str> = ids[n..n + 3].iter().map(String::as_str).collect();
            direct.group(&team(n), &members).await;
        }
        let relay = Relay::start(app.server.address()).await.unwrap();
        let script = Arc::new(Script::default());
        let at_relay = Arc::clone(&script);
        relay.treat(move |request| at_relay.treat(request));
        let clock = Clock::manual(Time(1_800_000_000_000));
        let hub = TestHub::with_patience(clock.clone(), PATIENCE).await;
        let base = format!("http://{}/scim/{}/v2", relay.address(), app_instance.slug);
        let instance = hub.connect("App", &base, &direct.key).await;
        let policies = Policies {
            leaver: Leaver::Delete,
            ..Policies::default()
        };
        let edit = Edit {
            policies: Some(policies),
            ..Edit::default()
        };
        let instance = hub.edit(instance.id, edit).await.unwrap();
        let idp = hub.client(&instance).await;
        let source = Generator {
            idp: idp.clone(),
            model: State::read(&direct).await,
        };
        assert_eq!(
            (source.model.users.len(), source.model.groups.len()),
            (USERS, GROUPS)
        );
        let g = Gateway {
            hub,
            app,
            relay,
            instance,
            idp,
            direct,
        };
        let storm = Self {
            g,
            clock,
            script,
            source,
        };
        storm.calm().await;
        storm
    }

    /// Another instance of the same hub at the same app.
    pub async fn another(&self) -> Instance {
        let target = self.g.instance.target.as_ref().unwrap();
        let (base, token) = (target.base_url().to_owned(), self.g.direct.key.clone());
        self.g.hub.try_connect("Another", &base, &token).await.unwrap()
    }

    pub async fn status(&self) -> InstanceStatus {
        self.g.hub.status(self.g.instance.id).await
    }

    /// A sync, until it ends one way or the other, or waits for the app.
    pub async fn sync(&self) {
        let before = self.status().await.run.map_or(0, |run| run.id);
        let (hub, id) = (&self.g.hub, self.g.instance.id);
        hub.server.hub().manager.sync_now(admin(), id).await.unwrap();
        hub.wait(id, "at the end of a sync", |s| {
            s.run
                .as_ref()
                .is_some_and(|r| r.id > before && (r.ended.is_some() || r.breaks.waits))
        })
        .await;
        hub.idle().await;
    }

    /// Sits out whatever the hub waits for, until it has nothing left to do and nothing to complain of. What the app
    /// refused is tried again, as an admin would.
    pub async fn calm(&self) {
        for _ in 0..WAITS {
            self.g.hub.idle().await;
            let now = self.status().await;
            if now.rejected > 0 {
                let id = self.g.instance.id;
                let store = &self.g.hub.server.hub().store;
                let again = store.write(Lane::Front, Some(id), move |tx| -> Result<_, StoreError> {
                    jobs::try_all_again(tx, id)
                });
                again.await.unwrap();
            } else if now.pending == 0 && now.health == Health::Healthy {
                return;
            } else {
                self.clock.advance(Duration::from_secs(61));
            }
        }
        panic!("it does not calm down: {:?}", self.status().await);
    }

    /// Both sides hold what the model says, and nobody waits to be removed.
    pub async fn unharmed(&self, when: &str) {
        self.source
            .is(&State::read(&self.g.direct).await, &format!("the app, {when}"));
        self.unharmed_here(when).await;
    }

    /// The hub holds what the model says, and nobody waits to be removed.
    pub async fn unharmed_here(&self, when: &str) {
        self.source
            .is(&State::read(&self.g.idp).await, &format!("the hub, {when}"));
        assert_eq!(self.held().await, 0, "{when}");
    }

    /// Removals that wait for a person.
    pub async fn held(&self) -> usize {
        let id = self.g.instance.id;
        let store = &self.g.hub.server.hub().store;
        store
            .read(move |rx| removals::held(rx, id, 1000))
            .await
            .unwrap()
            .len()
    }
}
