//! Mappings that give nothing that can be sent: it is told as ours and not as the app's, stops that one alone, and heals by
//! itself. Also what a mapping begins with for an app of the catalog, and attributes that were declared.

use rollcall::cli::change::Change;
use rollcall::cli::command::{Command, NewTarget, WireSecret};
use rollcall::cli::execute::execute;
use rollcall::model::{Health, MapRow, Policies, Scope};
use rollcall::scim::schema::{ResourceType, Type};
use rollcall::secret::Secret;
use rollcall::store::{events, resources};
use rollcall::sync::manage::Edit;
use serde_json::{Value, json};

use crate::support::client::{id, person};
use crate::support::state::State;
use crate::support::{Gateway, TestHub};

const URN: &str = "urn:acme:people";

fn row(path: &str, template: &str, required: bool) -> MapRow {
    MapRow {
        kind: ResourceType::User,
        path: path.into(),
        template: template.into(),
        required,
    }
}

async fn map(g: &Gateway, mapping: Vec<MapRow>) {
    let policies = Policies {
        mapping,
        ..g.hub.instance(g.instance.id).await.policies
    };
    let edit = Edit {
        policies: Some(policies),
        ..Edit::default()
    };
    g.hub.edit(g.instance.id, edit).await.unwrap();
}

async fn run(hub: &TestHub, command: Command) -> Result<Value, String> {
    execute(hub.server.hub(), None, "https://hub.example", command).await
}

async fn declare(g: &Gateway, name: &str, kind: Type) {
    let declared = Command::AttributeAdd {
        slug: g.instance.slug.clone(),
        resource: ResourceType::User,
        urn: URN.into(),
        name: name.into(),
        kind,
        multi_valued: false,
    };
    run(&g.hub, declared).await.unwrap();
}

/// Until nothing is pending; then what the app holds.
async fn rest(g: &Gateway) -> State {
    g.hub.idle().await;
    g.hub.wait(g.instance.id, "at rest", |s| s.pending == 0).await;
    g.hub.idle().await;
    State::read(&g.direct).await
}

/// What was told last of somebody's pushes: the action, and the detail.
async fn told(g: &Gateway, id: &str) -> (String, String) {
    let (instance, id) = (g.instance.id, id.to_owned());
    let read = g.hub.server.hub().store.read(move |rx| {
        let ours = resources::by_id(rx, instance, ResourceType::User, &id)?;
        events::of_resource(rx, ours.unwrap().row, None, 50)
    });
    let all = read.await.unwrap();
    let last = all.into_iter().find(|e| e.action.starts_with("push."));
    last.map(|e| (e.action, e.detail)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_new_without_what_the_app_requires_is_not_sent_and_the_reason_is_ours() {
    let g = Gateway::with_people(&[]).await;
    map(&g, vec![row("title", "{{ title }}", true)]).await;
    let ada = id(g.idp.post("/Users", person("ada@example.com")).await.expect(201));
    g.idp.user("ben@example.com").await;
    g.hub.wait(g.instance.id, "rejected", |s| s.rejected == 2).await;
    assert!(rest(&g).await.users.is_empty());
    assert_eq!(g.writes(), 0, "the app was not asked");
    let (action, detail) = told(&g, &ada).await;
    assert_eq!(action, "push.unmapped");
    assert!(
        detail.starts_with("our mapping of title: it gives no value"),
        "{detail}"
    );
    g.hub
        .wait_health(
            g.instance.id,
            Health::Degraded,
            "2 users and groups were not sent: our mapping gives nothing that can be",
        )
        .await;

    // The person changes: that one goes, the other waits on.
    let title = json!([{"op": "add", "path": "title", "value": "Countess"}]);
    g.idp.patch(&format!("/Users/{ada}"), title).await.expect(200);
    assert_eq!(
        rest(&g).await.users.keys().collect::<Vec<_>>(),
        ["ada@example.com"]
    );
    g.hub
        .wait_health(g.instance.id, Health::Degraded, "1 user or group was not sent")
        .await;

    // The mapping changes: the other goes as well, without a word of anybody.
    map(&g, vec![row("title", "{{ title|default('None') }}", true)]).await;
    g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
    let state = rest(&g).await;
    assert_eq!(state.users.len(), 2);
    assert!(state.users["ben@example.com"].1.contains("None"));

    // Who is there stays as they are, whatever is required of somebody new.
    map(&g, vec![row("nickName", "{{ nickName }}", true)]).await;
    rest(&g).await;
    assert_eq!(g.hub.status(g.instance.id).await.rejected, 0);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_at_fault_stops_its_attribute_alone_and_heals_where_nothing_differs() {
    let g = Gateway::with_people(&["ben@example.com", "cleo@example.com"]).await;
    declare(&g, "badge", Type::Integer).await;
    let ada = id(g.idp.post("/Users", person("ada@example.com")).await.expect(201));
    rest(&g).await;
    map(&g, vec![row("custom.badge", "{{ title }}", false)]).await;
    let change = json!([{"op": "add", "value": {"title": "not a number", "nickName": "A"}}]);
    g.idp.patch(&format!("/Users/{ada}"), change).await.expect(200);
    g.hub.wait(g.instance.id, "rejected", |s| s.rejected == 1).await;
    rest(&g).await;
    let (action, detail) = told(&g, &ada).await;
    assert_eq!(action, "push.unmapped");
    assert_eq!(
        detail,
        format!("our mapping of {URN}:badge: it gives something else than a whole number")
    );
    let account = g.direct.named("Users", "ada@example.com").await.unwrap();
    assert_eq!((&account["nickName"], account.get(URN)), (&json!("A"), None));

    // A leaver leaves all the same.
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    g.idp.patch(&format!("/Users/{ada}"), off).await.expect(200);
    assert!(!rest(&g).await.users["ada@example.com"].0);

    // Without the row there is nothing to send: the fault is gone with it.
    let writes = g.writes();
    map(&g, Vec::new()).await;
    g.hub
        .wait(g.instance.id, "healed", |s| s.rejected == 0 && s.pending == 0)
        .await;
    assert_eq!(g.writes(), writes);
    g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn declared_attributes_are_written_and_read_by_a_mapping_and_kept_while_it_uses_them() {
    let g = Gateway::with_people(&[]).await;
    declare(&g, "badge", Type::Integer).await;
    declare(&g, "desk", Type::String).await;
    map(
        &g,
        vec![
            row("custom.desk", "{{ custom.desk|upper }}", false),
            row("displayName", "{{ userName }} ({{ custom.badge }})", false),
        ],
    )
    .await;
    let saved = g.hub.instance(g.instance.id).await.policies.mapping;
    assert_eq!(saved[0].path, format!("{URN}:desk"), "in its one spelling");
    let mut body = person("ada@example.com");
    body[URN] = json!({ "badge": 7, "desk": "b12" });
    g.idp.post("/Users", body).await.expect(201);
    rest(&g).await;
    let account = g.direct.named("Users", "ada@example.com").await.unwrap();
    assert_eq!(account["displayName"], "ada@example.com (7)");
    assert_eq!(account[URN], json!({ "badge": 7, "desk": "B12" }));
    let writes = g.writes();
    g.hub.sync(g.instance.id).await;
    assert_eq!(g.writes(), writes, "a sync with nothing new writes nothing");

    let remove = |name: &str| Command::AttributeRemove {
        slug: g.instance.slug.clone(),
        resource: None,
        urn: URN.into(),
        name: name.into(),
    };
    for name in ["desk", "badge"] {
        let why = run(&g.hub, remove(name)).await.unwrap_err();
        assert!(why.contains("The mapping uses this attribute"), "{why}");
    }
    map(&g, Vec::new()).await;
    for name in ["desk", "badge"] {
        run(&g.hub, remove(name)).await.unwrap();
    }
    rest(&g).await;
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_begins_with_its_mapping_which_can_be_changed_and_come_back_to() {
    let (app, there, direct) = crate::support::gateway::app().await;
    let hub = TestHub::start().await;
    hub.remember(&direct.key);
    let create = Command::InstanceCreate {
        name: "Pager".into(),
        app: Some("pagerduty".into()),
        scope: None,
        user_writes: None,
        target: Some(NewTarget {
            base_url: format!("http://{}/scim/{}/v2", app.server.address(), there.slug),
            token: WireSecret(Secret::new(direct.key.clone())),
            auth: None,
            headers: Vec::new(),
        }),
        token_ends: None,
    };
    run(&hub, create).await.unwrap();
    let show = || Command::InstanceShow { slug: "pager".into() };
    let proposed = run(&hub, show()).await.unwrap()["policies"]["mapping"].clone();
    assert_eq!(proposed[0]["path"], "userName");
    assert_eq!(
        (&proposed[1]["path"], &proposed[1]["required"]),
        (&json!("displayName"), &json!(true))
    );

    let found = hub
        .server
        .hub()
        .store
        .read(|rx| rollcall::store::instances::by_slug(rx, "pager"));
    let instance = found.await.unwrap().unwrap();
    let idp = hub.client(&instance).await;
    let mut body = person("alo");
    body["emails"] = json!([{ "value": "ada@example.com", "type": "work" }]);
    body["name"] = json!({ "givenName": "Ada", "familyName": "Lovelace" });
    idp.post("/Users", body).await.expect(201);
    hub.wait(instance.id, "pushed", |s| {
        s.last_sync_at.is_some() && s.pending == 0
    })
    .await;
    hub.idle().await;
    let account = direct.named("Users", "ada@example.com").await.unwrap();
    assert_eq!(account["displayName"], "Ada Lovelace");

    let edit = |change: Change| Command::InstanceEdit {
        slug: "pager".into(),
        change: Box::new(change),
        auth: None,
        headers: None,
        token: None,
    };
    let own = Change {
        map: vec!["displayName={{ userName }}".into()],
        unmap: vec!["userName".into()],
        ..Change::default()
    };
    let changed = run(&hub, edit(own)).await.unwrap()["policies"]["mapping"].clone();
    assert_eq!(changed.as_array().unwrap().len(), 1);
    assert_eq!(changed[0]["required"], true, "it is required as before");
    let back = Change {
        map_default: true,
        ..Change::default()
    };
    assert_eq!(
        run(&hub, edit(back)).await.unwrap()["policies"]["mapping"],
        proposed
    );

    // Without a word about it an app is asked for what it takes, and how it wants to be called.
    let create = |app: &str, base_url: Option<&str>| Command::InstanceCreate {
        name: app.into(),
        app: Some(app.into()),
        scope: None,
        user_writes: None,
        target: base_url.map(|base_url| NewTarget {
            base_url: base_url.into(),
            token: WireSecret(Secret::new("t0ken".into())),
            auth: None,
            headers: Vec::new(),
        }),
        token_ends: None,
    };
    run(&hub, create("logfire", None)).await.unwrap();
    let found = hub
        .server
        .hub()
        .store
        .read(|rx| rollcall::store::instances::by_slug(rx, "logfire"));
    assert_eq!(found.await.unwrap().unwrap().scope, Scope::Groups);
    let why = run(&hub, create("pingone", Some("https://scim.example.com/v2")))
        .await
        .unwrap_err();
    assert!(why.contains("--auth oauth:"), "{why}");
    app.stop().await;
    hub.stop().await;
}
