//! Three servers of other projects as apps: connected, imported, and pushed every kind of change. What each holds in the
//! end, read from it directly, is the model, whole; the prober says what is peculiar about each; a sync of what is equal writes nothing, and one change made in the app
//! under policy *enforce* is one write.

use std::collections::BTreeMap;

use rollcall::cli::command::Command;
use rollcall::cli::execute::execute;
use rollcall::demo::relay::Relay;
use rollcall::model::policies::{Drift, Leaver};
use rollcall::model::{Health, Instance, Policies};
use rollcall::sync::manage::Edit;
use serde_json::{Value, json};

use crate::support::client::{id, patch_op};
use crate::support::state::{State, all};
use crate::support::tools::{App, Software};
use crate::support::{Generator, Scim, TestHub};

const BASE: &str = "https://hub.example.com";
const GROUPS: usize = 20;
/// Of each group.
const MEMBERS: usize = 30;

#[tokio::test(flavor = "multi_thread")]
async fn scim2_server() {
    in_step(Software::Scim2Server, 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scimmy() {
    in_step(Software::Scimmy, 1000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn jackson() {
    in_step(Software::Jackson, 1000).await;
}

fn seeded(n: usize) -> String {
    format!("seed{n}@example.com")
}

fn team(n: usize) -> String {
    format!("Seed group {n}")
}

/// A hub between a provider and the app.
struct Scene {
    app: App,
    hub: TestHub,
    relay: Relay,
    instance: Instance,
    /// The app, past the relay.
    direct: Scim,
    source: Generator,
}

impl Scene {
    async fn set(app: App) -> Self {
        let relay = Relay::start(([127, 0, 0, 1], app.port).into()).await.unwrap();
        let hub = TestHub::start().await;
        let base = app.base_at(relay.address());
        let instance = hub.connect("Real app", &base, &app.token).await;
        let direct = Scim::new(app.base(), &app.token);
        let source = Generator {
            idp: hub.client(&instance).await,
            model: held_by(&app, &direct).await,
        };
        Self {
            app,
            hub,
            relay,
            instance,
            direct,
            source,
        }
    }

    async fn policies(&self, drift: Drift) {
        let policies = Policies {
            leaver: Leaver::Delete,
            drift,
            ..Policies::default()
        };
        let edit = Edit {
            policies: Some(policies),
            ..Edit::default()
        };
        self.hub.edit(self.instance.id, edit).await.unwrap();
        self.hub.idle().await;
    }

    /// Until nothing is pending; then both sides must be as the model says.
    async fn settled(&self, when: &str) {
        let told = self.hub.wait(self.instance.id, when, |s| s.pending == 0).await;
        self.hub.idle().await;
        assert_eq!(
            (told.health, told.rejected),
            (Health::Healthy, 0),
            "{when}: {told:?}"
        );
        self.source.is(
            &held_by(&self.app, &self.direct).await,
            &format!("the app, {when}"),
        );
        self.source
            .is(&State::read(&self.source.idp).await, &format!("the hub, {when}"));
    }

    /// What a sync writes to the app.
    async fn writes_of_a_sync(&self) -> Vec<(String, String)> {
        self.relay.clear_log();
        self.hub.sync(self.instance.id).await;
        let all = self.relay.log().into_iter();
        all.filter(|e| e.method != "GET")
            .map(|e| (e.method, e.path))
            .collect()
    }
}

/// What the prober has to find of each, as `check state`; all else is in order.
fn peculiar(software: Software) -> &'static [&'static str] {
    match software {
        Software::Scim2Server => &[],
        Software::Scimmy => &["paging.totals warn", "filter.case warn"],
        // Totals are those of the page, and of its attributes it searches by e-mail and names alone.
        Software::Jackson => &[
            "discovery.config warn",
            "discovery.schemas warn",
            "discovery.types warn",
            "groups.members unknown",
            "paging.totals bad",
            "filter.case warn",
            "filter.externalId bad",
            "patch unknown",
            "write.join unknown",
            "write.leave skipped",
        ],
    }
}

/// Lines of a report that are not *ok*, but for those that say no more than that it runs on this machine.
fn peculiarities(report: &Value) -> Vec<String> {
    let here = ["reach.dns", "reach.tls", "limits"];
    let lines = report["lines"].as_array().unwrap().iter();
    lines
        .map(|line| (line["id"].as_str().unwrap(), line["state"].as_str().unwrap()))
        .filter(|(id, state)| *state != "ok" && !here.contains(id))
        .map(|(id, state)| format!("{id} {state}"))
        .collect()
}

/// The whole state of the app. Jackson shows no members over SCIM; it tells its own application of each.
async fn held_by(app: &App, direct: &Scim) -> State {
    let mut state = State::read(direct).await;
    if app.software != Software::Jackson {
        return state;
    }
    let mut names = BTreeMap::new();
    for user in all(direct, "Users").await {
        names.insert(id(user.clone()), user["userName"].as_str().unwrap().to_owned());
    }
    let mut teams = BTreeMap::new();
    for group in all(direct, "Groups").await {
        teams.insert(
            id(group.clone()),
            group["displayName"].as_str().unwrap().to_owned(),
        );
    }
    for event in app.events() {
        let group = teams.get(event["data"]["group"]["id"].as_str().unwrap_or_default());
        let user = names.get(event["data"]["id"].as_str().unwrap_or_default());
        let (Some(group), Some(user)) = (group, user) else {
            continue;
        };
        let members = state.groups.get_mut(group).unwrap();
        match event["event"].as_str().unwrap() {
            "group.user_added" => members.insert(user.clone()),
            "group.user_removed" => members.remove(user),
            _ => continue,
        };
    }
    state
}

async fn in_step(software: Software, users: usize) {
    let dir = tempfile::tempdir().unwrap();
    let app = tokio::task::block_in_place(|| {
        let app = App::of(software, dir.path(), "a-token-of-the-real-app-7Jq2");
        app.seed_with(users, GROUPS, MEMBERS);
        app
    });
    let mut scene = Scene::set(app).await;
    let there = scene.hub.status(scene.instance.id).await;
    assert_eq!((there.users, there.groups), (users as u64, GROUPS as u64));
    let wrote: Vec<_> = scene
        .relay
        .log()
        .into_iter()
        .filter(|e| e.method != "GET")
        .collect();
    assert!(wrote.is_empty(), "an import writes nothing: {wrote:?}");
    scene.settled("after the import").await;
    let probe = Command::ProbeInstance {
        slug: scene.instance.slug.clone(),
        writes: true,
    };
    let (rollcall, engine) = (scene.hub.server.hub(), scene.hub.server.engine());
    let report = execute(rollcall, Some(engine), BASE, probe).await.unwrap();
    assert_eq!(peculiarities(&report), peculiar(software), "{report:#}");
    assert_eq!(report["usable"], true);
    scene.settled("after the probe").await;

    scene.policies(Drift::Enforce).await;
    changes(&mut scene.source).await;
    scene.settled("after the changes").await;
    for round in ["first", "second", "third"] {
        let wrote = scene.writes_of_a_sync().await;
        assert!(wrote.is_empty(), "the {round} sync wrote {wrote:?}");
    }
    scene.settled("after syncs of what is equal").await;

    let path = format!(
        "/Users/{}",
        id(scene.direct.named("Users", &seeded(1)).await.unwrap())
    );
    let pirate = patch_op(&json!([{"op": "replace", "value": {"title": "Pirate"}}]));
    let answer = scene
        .direct
        .raw(reqwest::Method::PATCH, &path, pirate.to_string().into_bytes())
        .await;
    assert!(matches!(answer.status, 200 | 204), "{}", answer.text);
    assert_eq!(scene.direct.get(&path).await.expect(200)["title"], "Pirate");
    let wrote = scene.writes_of_a_sync().await;
    assert_eq!(wrote.len(), 1, "one change in the app, one write: {wrote:?}");
    scene.settled("after a change in the app").await;

    scene.hub.remember(&scene.app.token);
    scene.hub.stop().await;
}

/// Every kind of change.
async fn changes(source: &mut Generator) {
    for n in 0..10 {
        source.joins(&format!("joiner{n}@example.com")).await;
        source.titled(&seeded(n), &format!("Title {n}")).await;
    }
    for n in 10..13 {
        source
            .renamed(&seeded(n), &format!("renamed{n}@example.com"))
            .await;
        source.deactivated(&seeded(n + 10)).await;
        source.deleted(&seeded(n + 90)).await;
    }
    let first: Vec<String> = (0..5).map(|n| format!("joiner{n}@example.com")).collect();
    let first: Vec<&str> = first.iter().map(String::as_str).collect();
    source.founded("Newcomers", &first).await;
    source.entered("Newcomers", &seeded(1)).await;
    source.taken_out("Newcomers", first[0]).await;
    source.entered(&team(0), first[1]).await;
    source.entered(&team(3), &seeded(40)).await;
    if source.model.groups[&team(0)].contains(&seeded(2)) {
        source.taken_out(&team(0), &seeded(2)).await;
    }
    source.group_renamed(&team(1), "Another name").await;
    source.disbanded(&team(2)).await;
    source.deleted("joiner9@example.com").await;
}
