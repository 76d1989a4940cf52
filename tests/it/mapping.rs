//! Who goes onward and what of them: scope filters, mapping and drift per attribute. The app is a whole other hub, and
//! what it holds in the end is read from it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rollcall::clock::Clock;
use rollcall::model::policies::{Drift, Leaver};
use rollcall::model::{Health, MapRow, Outcome, Policies, Time};
use rollcall::scim::schema::ResourceType;
use rollcall::store::{Lane, StoreError, Tx, events, instances, links, resources};
use rollcall::sync::manage::{Edit, ManageError, Switch};
use rollcall::sync::preview::ON_A_PAGE;
use serde_json::{Value, json};

use crate::support::client::{id, person};
use crate::support::hub::admin;
use crate::support::state::{State, all};
use crate::support::{Gateway, Scim};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const SALES: &str = r#"department eq "Sales""#;

/// Somebody of a department.
fn of(name: &str, department: &str) -> Value {
    let mut body = person(name);
    body[ENTERPRISE] = json!({ "department": department });
    body
}

async fn add(g: &Gateway, name: &str, department: &str) -> String {
    id(g.idp.post("/Users", of(name, department)).await.expect(201))
}

fn move_to(department: &str) -> Value {
    json!([{"op": "replace", "path": format!("{ENTERPRISE}:department"), "value": department}])
}

/// Twelve people: eight in Sales, four in Research; all of them carried.
async fn twelve() -> Gateway {
    let g = Gateway::with_people(&[]).await;
    for n in 0..12 {
        let department = if n < 8 { "Sales" } else { "Research" };
        add(&g, &format!("person{n:02}@example.com"), department).await;
    }
    g.settled().await;
    g
}

async fn edit(g: &Gateway, change: impl FnOnce(&mut Policies)) -> Result<(), ManageError> {
    let mut policies = g.hub.instance(g.instance.id).await.policies;
    change(&mut policies);
    let edit = Edit {
        policies: Some(policies),
        ..Edit::default()
    };
    g.hub.edit(g.instance.id, edit).await.map(drop)
}

fn row(path: &str, template: &str) -> MapRow {
    MapRow {
        kind: ResourceType::User,
        path: path.into(),
        template: template.into(),
        required: false,
    }
}

/// Until nothing is pending; then what the app holds.
async fn rest(g: &Gateway) -> State {
    g.hub.idle().await;
    g.hub.wait(g.instance.id, "at rest", |s| s.pending == 0).await;
    g.hub.idle().await;
    State::read(&g.direct).await
}

async fn there(scim: &Scim, name: &str) -> Value {
    scim.named("Users", name)
        .await
        .unwrap_or_else(|| panic!("{name} is there"))
}

async fn told(g: &Gateway, action: &str) -> usize {
    let instance = g.instance.id;
    let read = g
        .hub
        .server
        .hub()
        .store
        .read(move |rx| events::of_instance(rx, instance, None, 500));
    read.await.unwrap().iter().filter(|e| e.action == action).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn out_of_scope_leaves_and_comes_back_as_the_same_account() {
    let g = twelve().await;
    let before = there(&g.direct, "person09@example.com").await;
    let preview = {
        let mut policies = g.instance.policies.clone();
        policies.carry_users = SALES.into();
        g.hub
            .server
            .hub()
            .manager
            .preview(g.instance.id, &policies, ON_A_PAGE)
            .await
            .unwrap()
    };
    assert_eq!(
        (preview.users, preview.held, preview.created, preview.updated),
        (4, 0, 0, 0)
    );
    let named: BTreeSet<&str> = preview.named.iter().map(|n| n.name.as_str()).collect();
    assert_eq!(named.len(), 4);
    assert!(
        preview
            .named
            .iter()
            .all(|n| n.reason == "out of scope" && !n.is_deleted)
    );
    let writes = g.writes();
    assert_eq!(rest(&g).await.active().len(), 12, "a preview does nothing");
    assert_eq!(g.writes(), writes);

    edit(&g, |p| p.carry_users = SALES.into()).await.unwrap();
    let state = rest(&g).await;
    assert_eq!(state.active().len(), 8);
    assert_eq!(state.users.len(), 12, "deactivated, not deleted");
    let ours = State::read(&g.idp).await;
    assert_eq!(ours.active().len(), 12, "here nobody changed");

    // What changes out of scope is not carried; who comes into scope is, as the account it was.
    let nine = id(there(&g.idp, "person09@example.com").await);
    let title = json!([{"op": "replace", "path": "title", "value": "Doctor"}]);
    g.idp.patch(&format!("/Users/{nine}"), title).await.expect(200);
    add(&g, "new@example.com", "Research").await;
    let state = rest(&g).await;
    assert!(!state.users["person09@example.com"].1.contains("Doctor"));
    assert!(!state.users.contains_key("new@example.com"));
    g.idp
        .patch(&format!("/Users/{nine}"), move_to("Sales"))
        .await
        .expect(200);
    let state = rest(&g).await;
    assert!(
        state.users["person09@example.com"].0 && state.users["person09@example.com"].1.contains("Doctor")
    );
    assert_eq!(there(&g.direct, "person09@example.com").await["id"], before["id"]);

    // Who moves out of it leaves.
    let one = id(there(&g.idp, "person01@example.com").await);
    g.idp
        .patch(&format!("/Users/{one}"), move_to("Research"))
        .await
        .expect(200);
    assert!(!rest(&g).await.users["person01@example.com"].0);

    edit(&g, |p| p.carry_users.clear()).await.unwrap();
    g.settled().await;
    let writes = g.writes();
    g.hub.sync(g.instance.id).await;
    assert_eq!(g.writes(), writes, "a sync with nothing new writes nothing");
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_out_of_scope_wait_for_a_person_and_stay_if_the_scope_is_taken_back() {
    let g = twelve().await;
    let mut policies = g.instance.policies.clone();
    policies.carry_users = r#"department eq "Research""#.into();
    let preview = g
        .hub
        .server
        .hub()
        .manager
        .preview(g.instance.id, &policies, ON_A_PAGE)
        .await
        .unwrap();
    assert_eq!((preview.users, preview.held), (8, 3), "{preview:?}");
    edit(&g, |p| p.carry_users = policies.carry_users).await.unwrap();
    g.hub.wait_health(g.instance.id, Health::Held, "3 accounts").await;
    assert_eq!(
        rest(&g).await.active().len(),
        7,
        "five may leave without a person"
    );
    edit(&g, |p| p.carry_users.clear()).await.unwrap();
    assert_eq!(g.settled().await.active().len(), 12);
    g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_leaver_policy_speaks_for_those_out_of_scope() {
    for policy in [Leaver::Leave, Leaver::Delete] {
        let g = twelve().await;
        let everyone: Vec<String> = all(&g.idp, "Users").await.into_iter().map(id).collect();
        let everyone: Vec<&str> = everyone.iter().map(String::as_str).collect();
        g.idp.group("Everyone", &everyone).await;
        g.settled().await;
        edit(&g, |p| {
            p.leaver = policy;
            p.carry_users = SALES.into();
        })
        .await
        .unwrap();
        let state = rest(&g).await;
        let left = if policy == Leaver::Leave { 12 } else { 8 };
        assert_eq!(
            (state.users.len(), state.active().len()),
            (left, left),
            "{policy:?}"
        );
        assert_eq!(state.groups["Everyone"].len(), left);
        edit(&g, |p| p.carry_users.clear()).await.unwrap();
        let state = g.settled().await;
        assert_eq!((state.users.len(), state.groups["Everyone"].len()), (12, 12));
        g.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_out_of_scope_are_followed_no_longer_and_deleted_only_on_demand() {
    let g = twelve().await;
    let ada = id(there(&g.idp, "person00@example.com").await);
    let (app, other) = (
        g.idp.group("App-A", &[&ada]).await,
        g.idp.group("Other", &[&ada]).await,
    );
    g.settled().await;
    edit(&g, |p| p.carry_groups = r#"displayName sw "App-""#.into())
        .await
        .unwrap();
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}]);
    for group in [&app, &other] {
        g.idp
            .patch(&format!("/Groups/{group}"), remove.clone())
            .await
            .expect(204);
    }
    let state = rest(&g).await;
    assert_eq!((state.groups["App-A"].len(), state.groups["Other"].len()), (0, 1));
    edit(&g, |p| p.carry_group_names = vec!["other".into()])
        .await
        .unwrap();
    assert_eq!(
        g.settled().await.groups["Other"].len(),
        0,
        "by name it is in scope again"
    );
    let back = json!([{"op": "add", "path": "members", "value": [{"value": ada}]}]);
    g.idp.patch(&format!("/Groups/{other}"), back).await.expect(204);
    g.settled().await;
    edit(&g, |p| {
        p.leaver = Leaver::Delete;
        p.carry_group_names.clear();
    })
    .await
    .unwrap();
    let state = rest(&g).await;
    assert_eq!(state.groups.keys().collect::<Vec<_>>(), ["App-A"]);
    edit(&g, |p| p.carry_groups.clear()).await.unwrap();
    assert_eq!(
        g.settled().await.groups["Other"].len(),
        1,
        "made anew with its members"
    );
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_does_not_wait_for_groups_out_of_scope() {
    let g = twelve().await;
    let name = "person00@example.com";
    let user = id(there(&g.idp, name).await);
    g.idp.group("Other", &[&user]).await;
    g.settled().await;
    edit(&g, |p| p.carry_groups = r#"displayName sw "App-""#.into())
        .await
        .unwrap();
    g.idp.delete(&format!("/Users/{user}")).await.expect(204);
    assert!(!rest(&g).await.users[name].0);
    let instance = g.instance.id;
    let store = &g.hub.server.hub().store;
    let graves = store.read(move |rx| resources::tombstones_by_name(rx, instance, ResourceType::User, name));
    assert!(graves.await.unwrap().is_empty(), "nothing of it is waited for");
    // Whoever comes back under the name is not kept waiting.
    add(&g, name, "Sales").await;
    assert!(rest(&g).await.users[name].0);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_were_never_carried_are_left_alone() {
    let g = Gateway::with_people(&["ada@example.com", "ben@example.com"]).await;
    edit(&g, |p| p.carry_users = SALES.into()).await.unwrap();
    // The provider takes hold of two who are there; one of them is out of scope.
    g.idp
        .post("/Users", of("ada@example.com", "Research"))
        .await
        .expect(201);
    g.idp
        .post("/Users", of("ben@example.com", "Sales"))
        .await
        .expect(201);
    let state = rest(&g).await;
    assert_eq!(state.active().len(), 2);
    let ben = there(&g.direct, "ben@example.com").await;
    assert_eq!(ben[ENTERPRISE]["department"], "Sales");
    assert!(
        there(&g.direct, "ada@example.com")
            .await
            .get(ENTERPRISE)
            .is_none()
    );
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_that_cannot_be_read_changes_nothing_and_says_so() {
    let g = twelve().await;
    let refused = edit(&g, |p| p.carry_users = "department eq".into()).await;
    assert!(matches!(refused, Err(ManageError::Policies(flaw)) if flaw.field == "carry_users"));
    // As a damaged or newer database would have it.
    let instance = g.hub.instance(g.instance.id).await;
    let broken = Policies {
        carry_users: "department eq".into(),
        ..instance.policies.clone()
    };
    let store = &g.hub.server.hub().store;
    let (every, name) = (instance.sync_every_s, instance.name.clone());
    let write = move |tx: &Tx<'_>| -> Result<(), StoreError> {
        instances::set_basics(tx, instance.id, &name, every, &broken)
    };
    store
        .write(Lane::Front, Some(g.instance.id), write)
        .await
        .unwrap();
    let manager = &g.hub.server.hub().manager;
    for to in [Switch::Disable, Switch::Enable] {
        manager.switch(admin(), g.instance.id, to).await.unwrap();
    }
    g.hub
        .wait_health(g.instance.id, Health::Degraded, "filter of users cannot be read")
        .await;
    add(&g, "new@example.com", "Sales").await;
    let state = rest(&g).await;
    assert_eq!((state.users.len(), state.active().len()), (12, 12));
    assert_eq!(told(&g, "scope.unreadable").await, 1);
    edit(&g, |p| p.carry_users = SALES.into()).await.unwrap();
    g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
    let state = rest(&g).await;
    assert_eq!((state.users.len(), state.active().len()), (13, 9));
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_mapped_arrives_and_is_not_written_twice() {
    let g = Gateway::with_people(&[]).await;
    edit(&g, |p| {
        p.mapping = vec![
            row("userName", "{{ userName|before('@')|lower }}"),
            row(
                "displayName",
                "{{ name.givenName }} ({{ enterprise.department }})",
            ),
            row("title", ""),
            row("nickName", "{{ nickName }}"),
        ];
    })
    .await
    .unwrap();
    let mut body = of("Ada@Example.com", "Sales");
    body["title"] = json!("Countess");
    body["name"] = json!({"givenName": "Ada", "familyName": "Lovelace"});
    let ada = id(g.idp.post("/Users", body).await.expect(201));
    rest(&g).await;
    let account = there(&g.direct, "ada").await;
    assert_eq!(account["displayName"], "Ada (Sales)");
    assert!(account.get("title").is_none() && account.get("nickName").is_none());
    assert_eq!(account["name"]["familyName"], "Lovelace");
    assert_eq!(
        there(&g.idp, "ada@example.com").await["id"],
        ada,
        "here it is called as before"
    );

    // An empty result takes nothing away, and neither does what is never sent.
    let direct = format!("/Users/{}", account["id"].as_str().unwrap());
    let set = json!([{"op": "add", "value": {"title": "Theirs", "nickName": "Theirs"}}]);
    g.direct.patch(&direct, set).await.expect(200);
    let writes = g.writes();
    g.hub.sync(g.instance.id).await;
    g.hub.sync(g.instance.id).await;
    assert_eq!(g.writes(), writes, "nothing is new on our side");
    let change = json!([{"op": "replace", "path": "title", "value": "Queen"}]);
    g.idp.patch(&format!("/Users/{ada}"), change).await.expect(200);
    g.idp
        .patch(&format!("/Users/{ada}"), move_to("Research"))
        .await
        .expect(200);
    rest(&g).await;
    let account = there(&g.direct, "ada").await;
    assert_eq!(
        (&account["title"], &account["nickName"], &account["displayName"]),
        (&json!("Theirs"), &json!("Theirs"), &json!("Ada (Research)"))
    );
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_under_the_mapped_name_is_found_and_not_made_again() {
    let g = Gateway::with_people(&["ada", "ben"]).await;
    edit(&g, |p| {
        p.mapping = vec![row("userName", "{{ userName|before('@') }}")];
    })
    .await
    .unwrap();
    let account = there(&g.direct, "ada").await;
    let mut body = of("ada@example.com", "Sales");
    body.as_object_mut().unwrap().remove("externalId");
    g.idp.post("/Users", body).await.expect(201);
    add(&g, "cleo@example.com", "Sales").await;
    let state = rest(&g).await;
    assert_eq!(state.users.keys().collect::<Vec<_>>(), ["ada", "ben", "cleo"]);
    assert_eq!(g.count("POST", "/Users"), 1, "cleo alone");
    assert_eq!(there(&g.direct, "ada").await["id"], account["id"]);
    let ours = State::read(&g.idp).await;
    assert_eq!(
        ours.users.keys().collect::<Vec<_>>(),
        ["ada@example.com", "ben", "cleo@example.com"]
    );
    assert_eq!(ours.groups["Everyone"].len(), 2, "the group still holds both");
    assert_eq!(state.groups["Everyone"].len(), 2);

    // It leaves and comes back under its mapped name.
    let cleo = id(there(&g.idp, "cleo@example.com").await);
    g.idp.delete(&format!("/Users/{cleo}")).await.expect(204);
    assert!(!rest(&g).await.users["cleo"].0);
    add(&g, "cleo@example.com", "Sales").await;
    let state = rest(&g).await;
    assert_eq!((state.users.len(), state.users["cleo"].0), (3, true));
    assert_eq!(g.count("POST", "/Users"), 1);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_template_without_a_result_for_the_name_needs_a_person() {
    let g = Gateway::with_people(&[]).await;
    edit(&g, |p| {
        p.mapping = vec![row("userName", "{{ enterprise.employeeNumber }}")];
    })
    .await
    .unwrap();
    let ada = add(&g, "ada@example.com", "Sales").await;
    g.hub.wait(g.instance.id, "rejected", |s| s.rejected == 1).await;
    assert!(rest(&g).await.users.is_empty());
    let number = json!([{"op": "add", "path": format!("{ENTERPRISE}:employeeNumber"), "value": "E7"}]);
    g.idp.patch(&format!("/Users/{ada}"), number).await.expect(200);
    assert_eq!(rest(&g).await.users.keys().collect::<Vec<_>>(), ["e7"]);
    assert_eq!(g.hub.status(g.instance.id).await.rejected, 0);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_directory_is_not_written_after_an_upgrade() {
    let g = twelve().await;
    let old = json!({"leaver": "deactivate", "drift": "report"});
    let read: Policies = serde_json::from_value(old).unwrap();
    assert_eq!(
        read,
        Policies::default(),
        "what an older version stored means the same"
    );
    let writes = g.writes();
    let manager = &g.hub.server.hub().manager;
    for to in [Switch::Disable, Switch::Enable] {
        manager.switch(admin(), g.instance.id, to).await.unwrap();
    }
    g.hub.sync(g.instance.id).await;
    rest(&g).await;
    assert_eq!(g.writes(), writes);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attribute_drifts_by_its_own_policy() {
    let g = Gateway::with_people(&[]).await;
    edit(&g, |p| {
        p.drift_of = BTreeMap::from([
            ("title".into(), Drift::Enforce),
            ("nickName".into(), Drift::Adopt),
            ("name".into(), Drift::Enforce),
        ]);
    })
    .await
    .unwrap();
    let mut body = of("ada@example.com", "Sales");
    for path in ["title", "nickName", "displayName"] {
        body[path] = json!("Ours");
    }
    body["name"] = json!({"givenName": "Ours"});
    let ada = id(g.idp.post("/Users", body).await.expect(201));
    g.settled().await;
    let account = id(there(&g.direct, "ada@example.com").await);
    let theirs = json!([{"op": "replace", "value":
        {"title": "Theirs", "nickName": "Theirs", "displayName": "Theirs", "name.givenName": "Theirs"}}]);
    g.direct
        .patch(&format!("/Users/{account}"), theirs)
        .await
        .expect(200);
    let writes = g.writes();
    g.hub.sync(g.instance.id).await;
    rest(&g).await;
    assert_eq!(g.writes(), writes + 1, "what is enforced is sent in one write");
    let (there, here) = (
        g.direct.get(&format!("/Users/{account}")).await.expect(200),
        g.idp.get(&format!("/Users/{ada}")).await.expect(200),
    );
    let of = |user: &Value| {
        [
            &user["title"],
            &user["nickName"],
            &user["displayName"],
            &user["name"]["givenName"],
        ]
        .map(|v| v.as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(of(&there), ["Ours", "Theirs", "Theirs", "Ours"]);
    assert_eq!(of(&here), ["Ours", "Theirs", "Ours", "Ours"]);
    let writes = g.writes();
    g.hub.sync(g.instance.id).await;
    assert_eq!(g.writes(), writes, "told once, and not fought about");
    assert_eq!(told(&g, "drift.seen").await, 1);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hubs_on_one_app_do_not_fight_for_ever() {
    let clock = Clock::manual(Time(1_800_000_000_000));
    let g = Gateway::with_clock(&[], clock.clone()).await;
    edit(&g, |p| {
        p.drift_of = BTreeMap::from([("title".into(), Drift::Enforce)]);
    })
    .await
    .unwrap();
    let mut body = person("ada@example.com");
    body["title"] = json!("Ours");
    g.idp.post("/Users", body).await.expect(201);
    g.settled().await;
    let account = id(there(&g.direct, "ada@example.com").await);
    for n in 0..5 {
        clock.advance(Duration::from_secs(600));
        let theirs = json!([{"op": "replace", "path": "title", "value": format!("Theirs {n}")}]);
        g.direct
            .patch(&format!("/Users/{account}"), theirs)
            .await
            .expect(200);
        g.hub.sync(g.instance.id).await;
        rest(&g).await;
        let now = g.direct.get(&format!("/Users/{account}")).await.expect(200);
        let expected = if n < 3 {
            "Ours".to_owned()
        } else {
            format!("Theirs {n}")
        };
        assert_eq!(now["title"], expected.as_str());
    }
    assert_eq!(
        (told(&g, "drift.enforced").await, told(&g, "drift.fought").await),
        (3, 2)
    );
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_keeps_it_otherwise_is_told_once() {
    use rollcall::demo::relay::Treatment;
    let g = Gateway::with_people(&[]).await;
    edit(&g, |p| p.drift = Drift::Enforce).await.unwrap();
    let ada = id(g.idp.post("/Users", person("ada@example.com")).await.expect(201));
    g.settled().await;
    // It accepts a title and keeps none.
    g.relay.treat(|request| match request.method.as_str() {
        "PATCH" => Treatment::Answer {
            status: 204,
            headers: Vec::new(),
            body: String::new(),
        },
        _ => Treatment::Pass,
    });
    let title = json!([{"op": "replace", "path": "title", "value": "Countess"}]);
    g.idp.patch(&format!("/Users/{ada}"), title).await.expect(200);
    rest(&g).await;
    g.relay.pass();
    let writes = g.writes();
    g.hub.sync(g.instance.id).await;
    g.hub.sync(g.instance.id).await;
    rest(&g).await;
    assert_eq!(g.writes(), writes, "it is never pushed again");
    assert!(there(&g.direct, "ada@example.com").await.get("title").is_none());
    let instance = g.instance.id;
    let read = g.hub.server.hub().store.read(move |rx| -> Result<_, StoreError> {
        let ours = resources::by_id(rx, instance, ResourceType::User, &ada)?.unwrap();
        let link = links::by_resource(rx, ours.row)?.unwrap();
        let pushes = events::of_resource(rx, ours.row, None, 50)?;
        let told = pushes
            .iter()
            .filter(|e| e.outcome == Outcome::Done && e.detail.contains("keeps otherwise"));
        Ok((link, told.count()))
    });
    let (link, told) = read.await.unwrap();
    assert_eq!(told, 1);
    assert_eq!(
        link.seen.get("title"),
        link.base.get("title"),
        "not changed there since"
    );
    assert_ne!(
        link.base.get("title"),
        link.pushed.get("title"),
        "but kept otherwise"
    );
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_says_who_would_lose_access_and_saves_with_yes() {
    use rollcall::cli::change::Change;
    use rollcall::cli::command::Command;
    let g = twelve().await;
    let run = |yes| {
        let change = Change {
            carry_users: Some(SALES.into()),
            yes,
            ..Change::default()
        };
        let command = Command::InstanceEdit {
            slug: g.instance.slug.clone(),
            change: Box::new(change),
            auth: None,
            headers: None,
            token: None,
        };
        rollcall::cli::execute::execute(g.hub.server.hub(), None, "http://hub.example", command)
    };
    let said = run(false).await.unwrap_err();
    assert!(
        said.contains("4 people would lose access")
            && said.contains("person09")
            && said.ends_with("add --yes to do it."),
        "{said}"
    );
    assert_eq!(rest(&g).await.active().len(), 12);
    let saved = run(true).await.unwrap();
    assert_eq!(saved["policies"]["carry_users"], SALES);
    assert_eq!(rest(&g).await.active().len(), 8);
    g.stop().await;
}
