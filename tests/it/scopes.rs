//! What an instance carries: users alone, or groups alone. The app is a whole other hub, and its whole state is compared.

use std::collections::BTreeSet;

use reqwest::Method;
use rollcall::demo::relay::{Relay, Treatment};
use rollcall::model::{Event, Policies, Scope, UserWrites};
use rollcall::scim::schema::ResourceType;
use rollcall::store::{StoreError, events, resources};
use rollcall::sync::manage::{Edit, Switch};
use serde_json::{Value, json};

use crate::support::client::{Answer, id, person};
use crate::support::hub::admin;
use crate::support::state::State;
use crate::support::{Gateway, Scim, TestHub};

const USERS: (Scope, UserWrites) = (Scope::Users, UserWrites::Acknowledge);
const SHADOWS: (Scope, UserWrites) = (Scope::Groups, UserWrites::Acknowledge);
const REFUSING: (Scope, UserWrites) = (Scope::Groups, UserWrites::Refuse);

const PEOPLE: &[&str] = &["ada@example.com", "ben@example.com"];

fn set(path: &str, value: Value) -> Value {
    json!([{"op": "replace", "path": path, "value": value}])
}

/// Until nothing is pending; then what the app holds.
async fn rest(g: &Gateway) -> State {
    g.hub.wait(g.instance.id, "at rest", |s| s.pending == 0).await;
    g.hub.idle().await;
    State::read(&g.direct).await
}

async fn log(g: &Gateway) -> Vec<Event> {
    let id = g.instance.id;
    let read = g
        .hub
        .server
        .hub()
        .store
        .read(move |rx| events::of_instance(rx, id, None, 500));
    read.await.unwrap()
}

/// Deleted users who are still remembered.
async fn graves(g: &Gateway) -> usize {
    let id = g.instance.id;
    let read = g
        .hub
        .server
        .hub()
        .store
        .read(move |rx| -> Result<usize, StoreError> {
            let named = |name| resources::tombstones_by_name(rx, id, ResourceType::User, name);
            Ok(PEOPLE
                .iter()
                .map(|name| named(name))
                .collect::<Result<Vec<_>, _>>()?
                .concat()
                .len())
        });
    read.await.unwrap()
}

fn names(list: &[&str]) -> BTreeSet<String> {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn listed(list: &Value, field: &str) -> BTreeSet<String> {
    let all = list["Resources"].as_array().into_iter().flatten();
    all.map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

/// 403 in SCIM form, with these words.
#[track_caller]
fn forbidden(answer: Answer, words: &str) {
    answer.refused(403, None);
    assert!(answer.text.contains(words), "{}", answer.text);
}

async fn writes(scim: &Scim, endpoint: &str, id: &str, body: &Value, words: &str) {
    let one = format!("/{endpoint}/{id}");
    forbidden(scim.post(&format!("/{endpoint}"), body.clone()).await, words);
    forbidden(scim.put(&one, body.clone()).await, words);
    forbidden(scim.patch(&one, set("displayName", json!("X"))).await, words);
    forbidden(scim.delete(&one).await, words);
}

/// OI-5: a provider that never asks for groups, and one that asks all the same. Nothing about groups reaches the app.
#[tokio::test(flavor = "multi_thread")]
async fn users_only() {
    let g = Gateway::carrying(USERS, PEOPLE).await;
    let everyone = State::read(&g.direct).await.groups;

    let none = g
        .idp
        .get("/Groups?filter=displayName%20eq%20%22Everyone%22")
        .await;
    let none = none.expect(200);
    assert_eq!(
        (&none["totalResults"], &none["Resources"]),
        (&json!(0), &json!([]))
    );
    g.idp.get("/Groups/whatever").await.refused(404, None);
    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Team"});
    writes(&g.idp, "Groups", "whatever", &group, "carries users only").await;
    let all = g
        .idp
        .post(
            "/.search",
            json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"]}),
        )
        .await
        .expect(200);
    assert_eq!(listed(&all, "userName"), names(PEOPLE));

    let types = g.idp.get("/ResourceTypes").await.expect(200);
    assert_eq!(listed(&types, "id"), names(&["User"]));
    g.idp.get("/ResourceTypes/Group").await.refused(404, None);
    let schemas = listed(&g.idp.get("/Schemas").await.expect(200), "name");
    assert!(
        schemas.contains("User") && !schemas.contains("Group"),
        "{schemas:?}"
    );

    let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
    let cleo = g.idp.user("cleo@example.com").await;
    g.idp
        .patch(&format!("/Users/{ada}"), set("title", json!("Captain")))
        .await
        .expect(200);
    let state = rest(&g).await;
    assert!(state.users["ada@example.com"].1.contains("Captain"));
    assert!(state.users.contains_key("cleo@example.com"));
    assert_eq!(g.idp.delete(&format!("/Users/{cleo}")).await.status, 204);
    g.hub.sync(g.instance.id).await;
    let state = rest(&g).await;
    assert!(!state.users["cleo@example.com"].0, "a leaver is deactivated");
    assert_eq!(state.groups, everyone);
    assert_eq!(
        g.relay.log().iter().filter(|e| e.path.contains("Groups")).count(),
        0
    );
    g.stop().await;
}

/// OP-1 to OP-6, SF-9: users are answered as done and nothing of them is sent; groups and who is in them are.
#[tokio::test(flavor = "multi_thread")]
async fn groups_only_with_shadows() {
    let g = Gateway::carrying(SHADOWS, PEOPLE).await;
    let before = State::read(&g.direct).await;

    // Ada has an account, Cleo has none, and Dan's was made by somebody who knows him by another externalId.
    let mut dan = person("dan@example.com");
    dan["externalId"] = json!("another client's");
    let ada = id(g.idp.post("/Users", person("ada@example.com")).await.expect(201));
    let cleo = g.idp.user("cleo@example.com").await;
    g.idp
        .patch(&format!("/Users/{ada}"), set("title", json!("Captain")))
        .await
        .expect(200);
    g.idp
        .put(&format!("/Users/{cleo}"), person("cleo@example.com"))
        .await
        .expect(200);
    assert_eq!(rest(&g).await, before);
    assert_eq!(
        g.idp.get(&format!("/Users/{ada}")).await.expect(200)["title"],
        "Captain"
    );

    let team = g.idp.group("Team", &[&ada, &cleo]).await;
    let state = rest(&g).await;
    assert_eq!(state.users, before.users);
    assert_eq!(state.groups["Team"], names(&["ada@example.com"]));
    assert_eq!(state.groups["Everyone"], before.groups["Everyone"]);
    let shown = g.idp.get(&format!("/Groups/{team}")).await.expect(200);
    assert_eq!(
        shown["members"].as_array().unwrap().len(),
        2,
        "SCIM shows what was written"
    );

    // The log says it, each time for a write and once for a missing account.
    let told = log(&g).await;
    let of = |action: &str| told.iter().filter(|e| e.action == action).collect::<Vec<_>>();
    for action in ["user.adopted", "user.created", "user.updated"] {
        assert!(
            of(action)
                .iter()
                .all(|e| e.detail.contains("nothing about people is sent")),
            "{told:?}"
        );
        assert_eq!(of(action).len(), 1, "{action}");
    }
    let [missing] = of("push.no_account")[..] else {
        panic!("{told:?}")
    };
    assert!(
        missing.subject.contains("cleo") && missing.detail.contains("Team"),
        "{missing:?}"
    );

    // She gets one, which the next sync finds; Dan's is looked for when he joins.
    g.direct.user("cleo@example.com").await;
    g.hub.sync(g.instance.id).await;
    let state = rest(&g).await;
    assert_eq!(
        state.groups["Team"],
        names(&["ada@example.com", "cleo@example.com"])
    );
    let shadow = g.idp.user("dan@example.com").await;
    rest(&g).await;
    g.direct.post("/Users", dan).await.expect(201);
    let join = json!([{"op": "add", "path": "members", "value": [{"value": shadow}]}]);
    assert_eq!(g.idp.patch(&format!("/Groups/{team}"), join).await.status, 204);
    let before = rest(&g).await;
    assert_eq!(before.groups["Team"].len(), 3);

    // Deactivated, renamed, deleted: whatever is said of a person changes nothing there.
    let ada_path = format!("/Users/{ada}");
    g.idp
        .patch(&ada_path, set("active", json!(false)))
        .await
        .expect(200);
    assert_eq!(rest(&g).await, before);
    g.idp
        .patch(
            &format!("/Users/{shadow}"),
            set("userName", json!("daniel@example.com")),
        )
        .await
        .expect(200);
    assert_eq!(g.idp.delete(&ada_path).await.status, 204);
    assert_eq!(rest(&g).await, before);
    g.idp.get(&ada_path).await.refused(404, None);
    let shown = g.idp.get(&format!("/Groups/{team}")).await.expect(200);
    assert_eq!(shown["members"].as_array().unwrap().len(), 2);

    // Nor does a sync, nor a walk over everything.
    g.hub.sync(g.instance.id).await;
    let manager = &g.hub.server.hub().manager;
    for to in [Switch::Disable, Switch::Enable] {
        manager.switch(admin(), g.instance.id, to).await.unwrap();
    }
    assert_eq!(rest(&g).await, before);

    // The next word about the group takes her out of it, even one that names only her.
    let out = json!([{"op": "remove", "path": format!("members[value eq \"{ada}\"]")}]);
    assert_eq!(g.idp.patch(&format!("/Groups/{team}"), out).await.status, 204);
    let state = rest(&g).await;
    assert_eq!(state.users, before.users);
    assert_eq!(
        state.groups["Team"],
        names(&["cleo@example.com", "dan@example.com"])
    );
    // She comes back as somebody new, and is the same account.
    let ada = g.idp.user("ada@example.com").await;
    let all = json!([ada, shadow].map(|member| json!({"value": member})));
    g.idp.patch(&format!("/Groups/{team}"), set("members", all)).await;
    let state = rest(&g).await;
    assert_eq!(
        state.groups["Team"],
        names(&["ada@example.com", "dan@example.com"])
    );
    assert_eq!(g.idp.delete(&format!("/Groups/{team}")).await.status, 204);
    let state = rest(&g).await;
    assert_eq!(
        (state.users, state.groups.contains_key("Team")),
        (before.users, false)
    );
    let user_writes = g.relay.log();
    let user_writes = user_writes
        .iter()
        .filter(|e| e.method != "GET" && e.path.contains("Users"));
    assert_eq!(user_writes.count(), 0);
    g.stop().await;
}

/// People who were deleted are remembered as long as a group of the app has them, and no longer.
#[tokio::test(flavor = "multi_thread")]
async fn a_shadow_that_goes_leaves_nothing_behind() {
    let g = Gateway::carrying(SHADOWS, &[PEOPLE, &["cleo@example.com"]].concat()).await;
    let ada = g.idp.user("ada@example.com").await;
    let ben = g.idp.user("ben@example.com").await;
    let team = g.idp.group("Team", &[&ada, &ben]).await;
    let before = rest(&g).await;
    assert_eq!(before.groups["Team"], names(PEOPLE));
    for user in [&ada, &ben] {
        assert_eq!(g.idp.delete(&format!("/Users/{user}")).await.status, 204);
    }
    assert_eq!(rest(&g).await, before);
    assert_eq!(graves(&g).await, 2);

    // Somebody else under the same name has that account now, and is in no group.
    let mut other = person("ada@example.com");
    other["externalId"] = json!("somebody else");
    g.idp.post("/Users", other).await.expect(201);
    let state = rest(&g).await;
    assert_eq!(
        (&state.users, &state.groups["Team"]),
        (&before.users, &names(&["ben@example.com"]))
    );
    assert_eq!(
        (graves(&g).await, g.hub.status(g.instance.id).await.rejected),
        (1, 0)
    );

    // What the app does itself ends it too, and so does the end of the group.
    assert_eq!(g.idp.delete(&format!("/Groups/{team}")).await.status, 204);
    let state = rest(&g).await;
    assert_eq!(
        (state.users, state.groups.contains_key("Team")),
        (before.users, false)
    );
    assert_eq!(graves(&g).await, 1, "the app has him in another group");
    let everyone = id(g.direct.named("Groups", "Everyone").await.unwrap());
    let ben = id(g.direct.named("Users", "ben@example.com").await.unwrap());
    let out = json!([{"op": "remove", "path": format!("members[value eq \"{ben}\"]")}]);
    g.direct.patch(&format!("/Groups/{everyone}"), out).await;
    g.hub.sync(g.instance.id).await;
    rest(&g).await;
    assert_eq!(graves(&g).await, 0);
    g.stop().await;
}

/// OP-6, SF-14: whoever has an account can be read and be a member; nobody is made or changed.
#[tokio::test(flavor = "multi_thread")]
async fn groups_only_refusing_users() {
    let g = Gateway::carrying(REFUSING, PEOPLE).await;
    let before = State::read(&g.direct).await;
    let there = g.idp.get("/Users").await.expect(200);
    assert_eq!(listed(&there, "userName"), names(PEOPLE));
    let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
    let words = "users must exist in the app first";
    writes(&g.idp, "Users", &ada, &person("ada@example.com"), words).await;
    forbidden(g.idp.post("/Users", person("cleo@example.com")).await, words);
    let team = g.idp.group("Team", &[&ada]).await;
    let state = rest(&g).await;
    assert_eq!(state.users, before.users);
    assert_eq!(state.groups["Team"], names(&["ada@example.com"]));

    // What is published says so.
    let user = g.idp.get("/ResourceTypes/User").await.expect(200);
    assert!(
        user["description"].as_str().unwrap().contains("Read only"),
        "{user}"
    );
    let schema = g
        .idp
        .get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User")
        .await
        .expect(200);
    let attributes = schema["attributes"].as_array().unwrap();
    assert!(
        attributes.iter().all(|a| a["mutability"] == "readOnly"),
        "{schema}"
    );
    let types = g.idp.get("/ResourceTypes").await.expect(200);
    assert_eq!(listed(&types, "id"), names(&["User", "Group"]));

    // Who gets an account appears with the next sync, and can join.
    g.direct.user("cleo@example.com").await;
    g.hub.sync(g.instance.id).await;
    let cleo = id(g.idp.named("Users", "cleo@example.com").await.unwrap());
    let join = json!([{"op": "add", "path": "members", "value": [{"value": cleo}]}]);
    assert_eq!(g.idp.patch(&format!("/Groups/{team}"), join).await.status, 204);
    assert_eq!(rest(&g).await.groups["Team"].len(), 2);

    // An admin may choose otherwise, and it counts at once.
    let policies = Policies {
        user_writes: UserWrites::Acknowledge,
        ..g.instance.policies.clone()
    };
    let edit = Edit {
        policies: Some(policies),
        ..Edit::default()
    };
    g.hub.edit(g.instance.id, edit).await.unwrap();
    let state = rest(&g).await;
    g.idp.user("dan@example.com").await;
    g.idp
        .patch(&format!("/Users/{ada}"), set("active", json!(false)))
        .await
        .expect(200);
    assert_eq!(rest(&g).await, state);
    g.stop().await;
}

/// OP-9, OP-10 meet an endpoint without an app too: what is carried decides alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_scope_needs_no_app() {
    let hub = TestHub::start().await;
    let (_, users) = hub.receiver_in("People", USERS).await;
    let ada = users.user("ada@example.com").await;
    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Team"});
    forbidden(users.post("/Groups", group).await, "carries users only");
    assert_eq!(users.get("/Groups").await.expect(200)["totalResults"], 0);
    let shown = users.get(&format!("/Users/{ada}")).await.expect(200);
    assert!(shown.get("groups").is_none());

    let (_, groups) = hub.receiver_in("Teams", SHADOWS).await;
    let ada = groups.user("ada@example.com").await;
    let team = groups.group("Team", &[&ada]).await;
    assert_eq!(groups.delete(&format!("/Users/{ada}")).await.status, 204);
    let shown = groups.get(&format!("/Groups/{team}")).await.expect(200);
    assert!(shown.get("members").is_none());
    let (_, refusing) = hub.receiver_in("Strict", REFUSING).await;
    forbidden(
        refusing.post("/Users", person("ada@example.com")).await,
        "users must exist",
    );
    let bulk = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [
        {"method": "POST", "path": "/Users", "bulkId": "a", "data": person("ada@example.com")}]});
    let answer = refusing.post("/Bulk", bulk).await.expect(200);
    assert_eq!(answer["Operations"][0]["status"], "403", "{answer}");
    assert_eq!(refusing.raw(Method::GET, "/Users", Vec::new()).await.status, 200);
    hub.stop().await;
}

/// An app without groups cannot be connected for groups alone; for users alone it can, and is asked for nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn an_app_must_have_what_is_carried() {
    let (app, there, direct) = crate::support::gateway::app().await;
    let relay = Relay::start(app.server.address()).await.unwrap();
    relay.treat(|r| {
        if r.path.contains("/Groups") {
            Treatment::scim_error(404, "no groups here")
        } else {
            Treatment::Pass
        }
    });
    let base = format!("http://{}/scim/{}/v2", relay.address(), there.slug);
    let hub = TestHub::start().await;
    let refused = hub.try_connect_in("Teams", SHADOWS, &base, &direct.key).await;
    assert!(refused.unwrap_err().to_string().contains("carry users only"));
    hub.connect_in("People", USERS, &base, &direct.key).await;
    hub.stop().await;
    app.stop().await;
}
