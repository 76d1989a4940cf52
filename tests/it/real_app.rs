//! From end to end with real components: another project's SCIM server as the app, an identity provider's own client, and
//! a proxy between that refuses, vanishes and loses answers. What the app holds in the end is compared with a model that
//! the hub had no part in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rollcall::model::policies::Drift;
use rollcall::model::{Health, Instance, Policies};
use rollcall::secret::Secret;
use rollcall::store::access;
use rollcall::sync::manage::Edit;
use serde_json::{Value, json};

use crate::support::client::{id, person};
use crate::support::hub::admin;
use crate::support::state::{State, shown};
use crate::support::tools::{App, FaultProxy, carried_out, run, writes};
use crate::support::{Gateway, Scim, TestHub};

const USERS: usize = 500;
const GROUPS: usize = 20;
const TEAM: &str = "Seed group 3";

struct Scene {
    dir: tempfile::TempDir,
    app: App,
    proxy: FaultProxy,
    hub: TestHub,
    instance: Instance,
    idp: Scim,
    /// The app, past the proxy.
    direct: Scim,
    /// What the app has to hold.
    model: State,
}

/// An admin connects the app.
async fn connect(hub: &TestHub, base: &str, token: &str) -> Instance {
    hub.try_connect("Real app", base, token).await.unwrap()
}

impl Scene {
    async fn set() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (app, proxy) = tokio::task::block_in_place(|| {
            let app = App::start(dir.path(), "a-token-of-the-real-app-7Jq2");
            app.seed(USERS, GROUPS);
            let proxy = FaultProxy::start(dir.path(), &app);
            (app, proxy)
        });
        let direct = Scim::new(app.base(), &app.token);
        let model = State::read(&direct).await;
        assert_eq!((model.users.len(), model.groups.len()), (USERS, GROUPS));
        let hub = TestHub::start().await;
        let instance = connect(&hub, &proxy.base(), &app.token).await;
        let idp = hub.client(&instance).await;
        Self {
            dir,
            app,
            proxy,
            hub,
            instance,
            idp,
            direct,
            model,
        }
    }

    /// A joiner, who also joins a team; somebody of the team goes elsewhere, and gets a title.
    async fn changes(&mut self, n: usize) {
        let joiner = format!("joiner{n}@example.com");
        let their_id = self.idp.user(&joiner).await;
        let there = (true, shown(&person(&joiner)));
        self.model.users.insert(joiner.clone(), there);

        let mover = format!("seed{n}@example.com");
        let movers_id = id(self.idp.named("Users", &mover).await.unwrap());
        let team = id(self.idp.named("Groups", TEAM).await.unwrap());
        let change = json!([
            {"op": "add", "path": "members", "value": [{"value": their_id}]},
            {"op": "remove", "path": format!("members[value eq \"{movers_id}\"]")},
        ]);
        let answer = self.idp.patch(&format!("/Groups/{team}"), change).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
        let members = self.model.groups.get_mut(TEAM).unwrap();
        assert!(members.remove(&mover) && members.insert(joiner));

        let title = json!([{"op": "replace", "path": "title", "value": format!("Title {n}")}]);
        self.idp
            .patch(&format!("/Users/{movers_id}"), title)
            .await
            .expect(200);
        let shown = &mut self.model.users.get_mut(&mover).unwrap().1;
        *shown = shown.replace("title=null", &format!("title=\"Title {n}\""));
    }

    /// Until the hub says so, with its reason; what it says names the app's host.
    async fn failing(&self, reason: &str) {
        let told = self
            .hub
            .wait_health(self.instance.id, Health::Failing, reason)
            .await;
        assert!(told.reason.contains(&self.proxy.host()), "{}", told.reason);
        assert!(told.since.is_some() && told.next_try.is_some(), "{told:?}");
        assert!(told.pending > 0, "{told:?}");
    }

    /// An admin presses *Sync now*; a hub that waits for working credentials tries them.
    async fn press(&self) {
        let manager = &self.hub.server.hub().manager;
        manager.sync_now(admin(), self.instance.id).await.unwrap();
        self.hub.server.engine().wake();
    }

    async fn settled(&self) -> State {
        self.hub
            .wait(self.instance.id, "settled", |s| {
                s.pending == 0 && s.health == Health::Healthy
            })
            .await;
        self.hub.idle().await;
        State::read(&self.direct).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_real_provider_a_real_app_and_all_that_happens_between() {
    let mut scene = Scene::set().await;
    let there = scene
        .hub
        .wait_health(scene.instance.id, Health::Healthy, "")
        .await;
    assert_eq!((there.users, there.groups), (USERS as u64, GROUPS as u64));
    assert!(
        writes(&scene.proxy.seen().await).is_empty(),
        "reading writes nothing"
    );

    provider_pushes(&mut scene).await;
    outage(&mut scene).await;
    lost_answers(&mut scene).await;
    let theirs = scene.settled().await;
    assert_eq!(theirs, scene.model, "the app differs from the model");
    assert_eq!(State::read(&scene.idp).await, scene.model, "the hub differs");
    nobody_twice(&scene.proxy.seen().await);
    syncs(&mut scene).await;
    key_rotation(&mut scene).await;
    let theirs = scene.settled().await;
    assert_eq!(theirs, scene.model, "the app differs from the model");
    assert_eq!(State::read(&scene.idp).await, scene.model, "the hub differs");
    nobody_twice(&scene.proxy.seen().await);

    // The grep that follows would find what lies there in clear.
    assert!(scene.hub.holds("joiner1@example.com"));
    scene.hub.remember(&scene.app.token);
    scene.hub.stop().await;
    drop(scene.dir);
}

/// Canaille makes people and a group, changes them and takes them away again; the app ends without the group and with
/// nobody of them who may sign in.
async fn provider_pushes(scene: &mut Scene) {
    let arguments = [scene.idp.base.as_str(), &scene.idp.key, "6"];
    run("conformance/clients/canaille_push.sh", &arguments)
        .await
        .clean(8);
    let mut theirs = scene.settled().await;
    let created = scene.proxy.seen().await;
    let created = writes(&created).iter().filter(|e| e["method"] == "POST").count();
    assert!(created > 0, "the provider's people reached the app");
    theirs.users.retain(|name, (active, _)| {
        let of_canaille = name.starts_with("canaille.");
        assert!(!of_canaille || !*active, "{name} left and may still sign in");
        !of_canaille
    });
    assert_eq!(theirs, scene.model);
    // They are left behind in the app, and are no part of the hub: from here on the model leaves them out, so an admin of
    // the app clears them away.
    for user in crate::support::state::all(&scene.direct, "Users").await {
        if user["userName"].as_str().unwrap().starts_with("canaille.") {
            let path = format!("/Users/{}", user["id"].as_str().unwrap());
            assert_eq!(scene.direct.delete(&path).await.status, 204);
        }
    }
}

/// Refused, locked out, gone, back: what is written meanwhile is taken, waits, and arrives.
async fn outage(scene: &mut Scene) {
    scene
        .proxy
        .fault(json!({"path": "^/v2", "status": 503, "headers": {"Retry-After": "1"}}))
        .await;
    scene.changes(1).await;
    scene.failing("503").await;
    scene.proxy.pass().await;
    scene.proxy.fault(json!({"path": "^/v2", "status": 401})).await;
    scene.changes(2).await;
    scene.failing("401").await;
    scene.proxy.vanish().await;
    scene.changes(3).await;
    scene.press().await;
    scene.failing("refused").await;
    // People who come and go while the app is away are never known to it.
    let arguments = [scene.idp.base.as_str(), &scene.idp.key, "3"];
    run("conformance/clients/canaille_push.sh", &arguments)
        .await
        .clean(8);
    tokio::task::block_in_place(|| scene.proxy.come_back());
    scene.changes(4).await;
    scene.press().await;
    let theirs = scene.settled().await;
    assert_eq!(theirs, scene.model, "after the outage");
}

/// Writes that the app carried out and whose answer never came.
async fn lost_answers(scene: &mut Scene) {
    let fault =
        |method: &str, path: &str| json!({"method": method, "path": path, "mode": "drop_after", "times": 1});
    let mut injected = 0;
    for (method, path) in [
        ("POST", "^/v2/Users"),
        ("PATCH", "^/v2/Users"),
        ("PATCH", "^/v2/Groups"),
    ] {
        scene.proxy.fault(fault(method, path)).await;
        scene.changes(5 + injected).await;
        let theirs = scene.settled().await;
        assert_eq!(theirs, scene.model, "after a lost answer to {method} {path}");
        injected += 1;
    }
    scene.proxy.fault(fault("POST", "^/v2/Groups")).await;
    scene.idp.group("Made in the dark", &[]).await;
    scene
        .model
        .groups
        .insert("Made in the dark".into(), Default::default());
    injected += 1;
    assert_eq!(scene.settled().await, scene.model, "after a lost group");

    let seen = scene.proxy.seen().await;
    let lost = seen.iter().filter(|e| e["fault"]["mode"] == "drop_after");
    assert_eq!(lost.count(), injected, "every fault was met");
    // The same write again is what a lost answer costs, once.
    let mut same: BTreeMap<String, usize> = BTreeMap::new();
    for write in writes(&seen).into_iter().filter(|e| carried_out(e)) {
        let what = format!("{} {} {}", write["method"], write["path"], write["body"]);
        *same.entry(what).or_default() += 1;
    }
    let repeated: Vec<_> = same.iter().filter(|(_, times)| **times > 1).collect();
    let times: usize = repeated.iter().map(|(_, times)| *times - 1).sum();
    assert!(times <= injected, "{repeated:?}");
}

/// Creates that the app carried out, by name.
fn nobody_twice(seen: &[Value]) {
    let mut made: BTreeMap<String, usize> = BTreeMap::new();
    for create in seen.iter().filter(|e| e["method"] == "POST" && carried_out(e)) {
        let body: Value = serde_json::from_str(create["body"].as_str().unwrap()).unwrap();
        let name = body["userName"].as_str().or(body["displayName"].as_str());
        *made.entry(name.unwrap().to_lowercase()).or_default() += 1;
    }
    assert!(made.len() > 10, "{made:?}");
    let twice: Vec<_> = made.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "made twice: {twice:?}");
}

/// A sync of what is equal writes nothing; one change made in the app is one write under policy *enforce*.
async fn syncs(scene: &mut Scene) {
    let policies = Policies {
        drift: Drift::Enforce,
        ..Policies::default()
    };
    let edit = Edit {
        policies: Some(policies),
        ..Edit::default()
    };
    scene.hub.edit(scene.instance.id, edit).await.unwrap();
    scene.hub.idle().await;
    for round in ["first", "second"] {
        scene.proxy.pass().await;
        scene.hub.sync(scene.instance.id).await;
        let seen = scene.proxy.fresh().await;
        assert!(
            writes(&seen).is_empty(),
            "the {round} sync wrote: {:?}",
            writes(&seen)
        );
    }
    let theirs = id(scene.direct.named("Users", "seed1@example.com").await.unwrap());
    let change = json!([{"op": "replace", "path": "title", "value": "Pirate"}]);
    assert_eq!(
        scene
            .direct
            .patch(&format!("/Users/{theirs}"), change)
            .await
            .status,
        204
    );
    scene.proxy.pass().await;
    scene.hub.sync(scene.instance.id).await;
    let seen = scene.proxy.fresh().await;
    assert_eq!(writes(&seen).len(), 1, "{:?}", writes(&seen));
    assert_eq!(scene.settled().await, scene.model, "the title is ours again");
}

/// The provider's key is replaced while it writes; no request fails, also not after the old key is gone.
async fn key_rotation(scene: &mut Scene) {
    let manager = scene.hub.server.hub().manager.clone();
    let (instance, store) = (scene.instance.id, scene.hub.server.hub().store.clone());
    let keys = store.read(move |rx| access::keys(rx, instance)).await.unwrap();
    let pushing = Pushing::start(scene.idp.clone(), "rotating");
    let (_, fresh) = manager
        .rotate_key(admin(), instance, keys[0].id, Duration::from_secs(3600))
        .await
        .unwrap();
    scene.hub.remember(fresh.expose());
    pushing.some_more().await;
    scene.idp = Scim::new(scene.idp.base.clone(), fresh.expose());
    pushing.with(scene.idp.clone()).await;
    pushing.some_more().await;
    manager.revoke_key(admin(), instance, keys[0].id).await.unwrap();
    pushing.some_more().await;
    for name in pushing.stop().await {
        let there = (true, shown(&person(&name)));
        scene.model.users.insert(name, there);
    }
}

/// The app's token is replaced while pushes go on: neither side refuses anything.
#[tokio::test(flavor = "multi_thread")]
async fn the_apps_token_is_rotated_while_pushes_go_on() {
    let mut g = Gateway::with_people(&["ada@example.com"]).await;
    let manager = g.app.server.hub().manager.clone();
    let instance = rollcall::model::InstanceId(1);
    let store = g.app.server.hub().store.clone();
    let keys = store.read(move |rx| access::keys(rx, instance)).await.unwrap();
    let pushing = Pushing::start(g.idp.clone(), "rotating");
    pushing.some_more().await;
    let (_, fresh) = manager
        .rotate_key(admin(), instance, keys[0].id, Duration::from_secs(3600))
        .await
        .unwrap();
    let edit = Edit {
        token: Some(Secret::new(fresh.expose().to_owned())),
        ..Edit::default()
    };
    g.hub.edit(g.instance.id, edit).await.unwrap();
    pushing.some_more().await;
    // Pushes that began with the old token end; from now on only the new one is used.
    let revoked_at = g.writes();
    let watch = rollcall::clock::Stopwatch::start();
    while g.writes() < revoked_at + 10 {
        assert!(watch.elapsed() < Duration::from_secs(30), "pushes go on");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    manager.revoke_key(admin(), instance, keys[0].id).await.unwrap();
    pushing.some_more().await;
    let names = pushing.stop().await;
    g.app.remember(&g.direct.key);
    g.direct = Scim::new(g.direct.base.clone(), fresh.expose());
    let state = g.settled().await;
    assert!(names.iter().all(|name| state.users.contains_key(name)));
    let refused: Vec<_> = g
        .relay
        .log()
        .into_iter()
        .filter(|e| match e.status {
            // Whoever asks what the app can do may be told that there is no /Me.
            Some(401 | 403) => true,
            Some(s) => e.method != "GET" && !(200..300).contains(&s),
            None => true,
        })
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
    g.stop().await;
}

/// A provider that makes one person after another; every request has to succeed.
struct Pushing {
    scim: Arc<tokio::sync::RwLock<Scim>>,
    made: tokio::sync::watch::Receiver<usize>,
    enough: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<Vec<String>>,
}

impl Pushing {
    fn start(scim: Scim, name: &'static str) -> Self {
        let scim = Arc::new(tokio::sync::RwLock::new(scim));
        let enough = Arc::new(AtomicBool::new(false));
        let (count, made) = tokio::sync::watch::channel(0);
        let (hand, stop) = (Arc::clone(&scim), Arc::clone(&enough));
        let task = tokio::spawn(async move {
            let mut names = Vec::new();
            while !stop.load(Ordering::SeqCst) {
                let name = format!("{name}{}@example.com", names.len());
                hand.read().await.user(&name).await;
                names.push(name);
                count.send_replace(names.len());
                // As fast as the app behind the proxy can be followed by, more or less.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            names
        });
        Self {
            scim,
            made,
            enough,
            task,
        }
    }

    /// From the next request on with this key.
    async fn with(&self, scim: Scim) {
        *self.scim.write().await = scim;
    }

    /// Until some requests more have succeeded.
    async fn some_more(&self) {
        let mut made = self.made.clone();
        let now = *made.borrow_and_update();
        made.wait_for(|n| *n >= now + 8)
            .await
            .expect("the provider is not refused");
    }

    async fn stop(self) -> Vec<String> {
        self.enough.store(true, Ordering::SeqCst);
        self.task.await.unwrap()
    }
}
