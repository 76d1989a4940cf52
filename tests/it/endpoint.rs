//! What an identity provider sees: RFC 7644 on an instance that only receives.

use reqwest::Method;
use rollcall::scim::tolerance::Tolerance;
use serde_json::json;

use crate::support::client::{id, person};
use crate::support::{Scim, TestHub, raw};

#[tokio::test(flavor = "multi_thread")]
async fn a_user_lives_and_dies() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let made = scim.post("/Users", person("ada@example.com")).await;
    let location = made.headers["location"].to_str().unwrap().to_owned();
    let made = made.expect(201);
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    assert_eq!(location, format!("{}{path}", scim.base));
    assert_eq!(made["meta"]["location"], location);
    let read = scim.get(&path).await.expect(200);
    assert_eq!(read, made);
    let patched = scim
        .patch(
            &path,
            json!([{"op": "replace", "path": "title", "value": "Engineer"}]),
        )
        .await
        .expect(200);
    assert_eq!(patched["title"], "Engineer");
    assert_ne!(patched["meta"]["version"], made["meta"]["version"]);
    let put = scim.put(&path, person("ada@example.com")).await.expect(200);
    assert!(
        put.get("title").is_none(),
        "a PUT takes away what it does not name"
    );
    assert_eq!(scim.delete(&path).await.status, 204);
    scim.get(&path).await.refused(404, None);
    scim.delete(&path).await.refused(404, None);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_changes_nothing_changes_nothing() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let user = scim.user("ada@example.com").await;
    let path = format!("/Users/{user}");
    let before = scim.get(&path).await.expect(200);
    let same = scim
        .patch(&path, json!([{"op": "replace", "path": "active", "value": true}]))
        .await
        .expect(200);
    assert_eq!(same, before);
    let group = scim.group("Design", &[&user]).await;
    let before = scim.get(&format!("/Groups/{group}")).await.expect(200);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": user}]}]);
    assert_eq!(scim.patch(&format!("/Groups/{group}"), add).await.status, 204);
    assert_eq!(scim.get(&format!("/Groups/{group}")).await.expect(200), before);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn members_come_and_go_and_show_on_both_sides() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let (ada, ben) = (
        scim.user("ada@example.com").await,
        scim.user("ben@example.com").await,
    );
    let group = scim.group("Design", &[&ada]).await;
    let path = format!("/Groups/{group}");
    let operations = json!([
        {"op": "remove", "path": format!("members[value eq \"{ada}\"]")},
        {"op": "add", "path": "members", "value": [{"value": ben}]},
    ]);
    assert_eq!(scim.patch(&path, operations).await.status, 204);
    let members = scim.get(&path).await.expect(200)["members"].clone();
    assert_eq!(members.as_array().unwrap().len(), 1);
    assert_eq!(members[0]["value"], ben.as_str());
    let user = scim.get(&format!("/Users/{ben}")).await.expect(200);
    assert_eq!(user["groups"][0]["display"], "Design");
    assert!(
        scim.get(&format!("/Users/{ada}"))
            .await
            .expect(200)
            .get("groups")
            .is_none()
    );
    let renamed = scim
        .patch(
            &path,
            json!([{"op": "replace", "path": "displayName", "value": "Studio"}]),
        )
        .await
        .expect(200);
    assert_eq!(renamed["members"][0]["value"], ben.as_str());
    assert_eq!(scim.delete(&format!("/Users/{ben}")).await.status, 204);
    assert!(
        scim.get(&path).await.expect(200).get("members").is_none(),
        "a deleted user is a member of nothing"
    );
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_members_never_clear_a_group() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let (ada, ben) = (
        scim.user("ada@example.com").await,
        scim.user("ben@example.com").await,
    );
    let path = format!("/Groups/{}", scim.group("Design", &[&ada]).await);
    let ghosts = json!([{"op": "replace", "path": "members", "value": [{"value": "ghost"}]}]);
    scim.patch(&path, ghosts).await.refused(400, Some("invalidValue"));
    assert_eq!(
        scim.get(&path).await.expect(200)["members"][0]["value"],
        ada.as_str()
    );
    let mixed = json!([{"op": "replace", "path": "members", "value": [{"value": "ghost"}, {"value": ben}]}]);
    assert_eq!(scim.patch(&path, mixed).await.status, 204);
    let members = scim.get(&path).await.expect(200)["members"].clone();
    assert_eq!(
        (members.as_array().unwrap().len(), members[0]["value"].as_str()),
        (1, Some(ben.as_str()))
    );
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_lose_nothing() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let group = scim.group("All", &[]).await;
    let add = async |n: usize, scim: Scim, group: String| {
        let user = scim.user(&format!("u{n}@example.com")).await;
        let add = json!([{"op": "add", "path": "members", "value": [{"value": user}]}]);
        assert_eq!(scim.patch(&format!("/Groups/{group}"), add).await.status, 204);
    };
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64 {
        tasks.spawn(add(n, scim.clone(), group.clone()));
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let members = scim.get(&format!("/Groups/{group}")).await.expect(200)["members"]
        .as_array()
        .unwrap()
        .len();
    assert_eq!(members, 64);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn equal_creates_at_once_make_one() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..16 {
        let scim = scim.clone();
        let name = if n % 2 == 0 {
            "Ada@Example.com"
        } else {
            "ada@example.com"
        };
        tasks.spawn(async move { scim.post("/Users", person(name)).await.status });
    }
    let mut codes = tasks.join_all().await;
    codes.sort_unstable();
    assert_eq!(codes, [vec![201], vec![409; 15]].concat());
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_comes_back_under_the_same_id() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let user = scim.user("ada@example.com").await;
    let path = format!("/Users/{user}");
    scim.patch(
        &path,
        json!([{"op": "replace", "path": "active", "value": "False"}]),
    )
    .await
    .expect(200);
    let stranger = json!({"schemas": [], "userName": "ADA@example.com", "externalId": "somebody else"});
    scim.post("/Users", stranger)
        .await
        .refused(409, Some("uniqueness"));
    let back = scim.post("/Users", person("ada@example.com")).await.expect(201);
    assert_eq!(back["active"], true);
    assert_eq!(id(back), user);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_can_be_read_and_not_written() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    for path in [
        "/ServiceProviderConfig",
        "/ResourceTypes",
        "/ResourceTypes/User",
        "/Schemas",
        "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
    ] {
        assert_eq!(scim.get(path).await.status, 200, "{path}");
        scim.post(path, json!({})).await.refused(405, None);
        scim.delete(path).await.refused(405, None);
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_nobody() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    for path in ["/Me", "/Me/", "/Me/emails", "/Me?attributes=userName"] {
        for method in [
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ] {
            let answer = scim.raw(method, path, Vec::new()).await;
            answer.refused(501, None);
            assert!(answer.text.contains("no person"), "{}", answer.text);
        }
    }
    Scim::new(&scim.base, "wrong").get("/Me").await.refused(401, None);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_answers_with_what_was_asked_for() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let names =
        |answer: serde_json::Value| -> Vec<String> { answer.as_object().unwrap().keys().cloned().collect() };
    let made = scim
        .post("/Users?attributes=userName", person("ada@example.com"))
        .await;
    let location = made.headers["location"].to_str().unwrap().to_owned();
    assert_eq!(made.headers["etag"], "W/\"1\"");
    let made = made.expect(201);
    let path = format!("/Users/{}", made["id"].as_str().unwrap());
    assert_eq!(location, format!("{}{path}", scim.base));
    assert_eq!(names(made), ["schemas", "id", "userName"]);
    let without = format!("{path}?excludedAttributes=emails,name,meta");
    let put = scim.put(&without, person("ada@example.com"));
    assert_eq!(
        names(put.await.expect(200)),
        ["schemas", "id", "externalId", "userName", "active"]
    );
    let title = json!([{"op": "replace", "path": "title", "value": "Engineer"}]);
    let patched = scim
        .patch(&format!("{path}?attributes=title"), title)
        .await
        .expect(200);
    assert_eq!(names(patched), ["schemas", "id", "title"]);
    let group = json!({"schemas": [], "displayName": "Design", "members": [{"value": path.split_at(7).1}]});
    let made = scim
        .post("/Groups?excludedAttributes=members", group)
        .await
        .expect(201);
    assert!(made.get("members").is_none());
    let path = format!("/Groups/{}", id(made));
    let read = scim.get(&path).await.expect(200);
    let leave = json!([{"op": "remove", "path": "members"}]);
    let seen = scim
        .patch(&format!("{path}?attributes=displayName,members"), leave)
        .await
        .expect(200);
    assert_eq!(names(seen), ["schemas", "id", "displayName"]);
    assert_eq!(read["members"].as_array().unwrap().len(), 1);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_put_cannot_change_is_passed_over() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let user = scim.user("ada@example.com").await;
    let group = scim.group("Design", &[&user]).await;
    let path = format!("/Users/{user}");
    let before = scim.get(&path).await.expect(200);
    let mut body = person("ada@example.com");
    body["id"] = json!("another");
    body["groups"] = json!([]);
    body["meta"] = json!({"resourceType": "Group", "created": "1999-01-01T00:00:00Z", "version": "W/\"99\""});
    // The same as before, so nothing changes, not even the version.
    assert_eq!(scim.put(&path, body).await.expect(200), before);
    assert_eq!(before["groups"][0]["value"], group.as_str());
    let nameless = json!({"schemas": [], "displayName": "Ada"});
    scim.put(&path, nameless).await.refused(400, Some("invalidValue"));
    assert_eq!(scim.get(&path).await.expect(200), before);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_dropped_at_the_door() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let secret = "correct horse battery staple";
    hub.remember(secret);
    let mut body = person("ada@example.com");
    body["password"] = json!(secret);
    let made = scim.post("/Users", body.clone()).await;
    assert!(!made.text.contains(secret));
    let path = format!("/Users/{}", id(made.expect(201)));
    scim.put(&path, body).await.expect(200);
    scim.patch(
        &path,
        json!([{"op": "replace", "path": "password", "value": secret}]),
    )
    .await
    .expect(200);
    scim.patch(&path, json!([{"op": "replace", "value": {"password": secret}}]))
        .await
        .expect(200);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_does_not_speak_of_active_lets_nobody_in_again() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let path = format!("/Users/{}", scim.user("ada@example.com").await);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    scim.patch(&path, off).await.expect(200);
    let profile = json!({"schemas": [], "userName": "ada@example.com", "title": "Engineer"});
    assert_eq!(scim.put(&path, profile).await.expect(200)["active"], false);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_waited_goes_by_what_is_so_when_it_runs() {
    let hub = TestHub::start().await;
    let (instance, scim) = hub.receiver("App").await;
    scim.user("ada@example.com").await;
    // The writer is busy while the request comes in, and the instance is off when its turn comes.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let store = hub.server.hub().store.clone();
    let id = instance.id;
    let busy = tokio::spawn(async move {
        let work = move |tx: &rollcall::store::Tx<'_>| {
            begun.send(()).unwrap();
            wait.recv().unwrap();
            rollcall::store::instances::set_switches(tx, id, false, false)
        };
        store.write(rollcall::store::Lane::Front, None, work).await
    });
    begins.await.unwrap();
    let late = tokio::spawn(async move { scim.post("/Users", person("ben@example.com")).await });
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    go.send(()).unwrap();
    busy.await.unwrap().unwrap();
    late.await.unwrap().refused(403, None);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_change_is_never_denied() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let user = scim.user("ada@example.com").await;
    // All readers are busy until the group was written.
    let store = hub.server.hub().store.clone();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Arc::new(std::sync::Mutex::new(wait));
    let mut busy = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (store, wait) = (store.clone(), std::sync::Arc::clone(&wait));
        busy.spawn(async move {
            let hold = move |_: &rollcall::store::Rx<'_>| -> Result<(), rollcall::store::StoreError> {
                let _ = wait.lock().unwrap().recv();
                Ok(())
            };
            store.read(hold).await
        });
    }
    let looked = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        while store
            .look_up(|_| Ok::<_, rollcall::store::StoreError>(()))
            .await
            .is_ok()
        {
            tokio::task::yield_now().await;
        }
    });
    looked.await.unwrap();
    let group = json!({"schemas": [], "displayName": "Design", "members": [{"value": user}]});
    let unread = scim.post("/Groups", group).await;
    drop(go);
    while busy.join_next().await.is_some() {}
    unread.refused(503, None);
    assert!(unread.text.contains("The change is stored"), "{}", unread.text);
    assert!(
        unread.headers.get("retry-after").is_none(),
        "nobody is asked to send it again"
    );
    assert!(scim.named("Groups", "Design").await.is_some());
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_url_that_ends_in_an_endpoint_works_and_is_told() {
    let hub = TestHub::start().await;
    let (mine, scim) = hub.receiver("Directory").await;
    for rest in ["/Groups", "/Users", "/groups/"] {
        let odd = Scim::new(format!("{}{rest}", scim.base), &scim.key);
        let name = format!("ada{}@example.com", rest.len());
        let user = odd.user(&name).await;
        let path = format!("/Users/{user}");
        let read = odd.get(&path).await.expect(200);
        assert_eq!(
            read["meta"]["location"],
            format!("{}{path}", scim.base),
            "the right one"
        );
        assert_eq!(odd.named("Users", &name).await.unwrap()["id"], user.as_str());
        let group = format!("/Groups/{}", odd.group(&format!("Group {rest}"), &[&user]).await);
        let remove = json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}]);
        assert_eq!(odd.patch(&group, remove).await.status, 204);
        odd.put(&path, person(&name)).await.expect(200);
        let search = json!({"filter": format!("userName eq \"{name}\"")});
        assert_eq!(
            odd.post("/Users/.search", search).await.expect(200)["totalResults"],
            1
        );
        for discovery in [
            "/ServiceProviderConfig",
            "/ResourceTypes/User",
            "/Schemas",
            "/Schemas/urn:ietf:params:scim:schemas:core:2.0:User",
        ] {
            odd.get(discovery).await.expect(200);
        }
        assert_eq!(odd.delete(&group).await.status, 204);
    }
    let store = &hub.server.hub().store;
    let habits = store.telemetry().habits(mine.id, store.clock().now()).unwrap();
    assert_eq!(habits[0].tolerance, Tolerance::EndpointInBaseUrl);
    assert_eq!(habits[0].today, 36);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn dirty_addresses_are_answered_directly() {
    let hub = TestHub::start().await;
    let (mine, scim) = hub.receiver("Directory").await;
    let id = scim.user("ada@example.com").await;
    let bearer = format!("Bearer {}", scim.key);
    for sent in [
        "//Users",
        "//Users//",
        "/Users/",
        "/Users?",
        "/Users?&",
        "/Users?filter=userName+eq+%22ada%40example.com%22&",
        "/Users?filter=userName+eq+%22ada%40example.com%22&?",
        "/Users?aadOptscim062020",
        "/users",
        "/USERS/",
        "//Groups//users?",
        &format!("/users//{id}"),
        &format!("/Users/{id}/?"),
        &format!("/Users/{id}?&"),
    ] {
        for before in ["/scim", "//scim"] {
            let target = format!("{before}/{}/v2{sent}", mine.slug);
            let (status, answer) =
                raw::get(hub.server.address(), &target, &[("Authorization", &bearer)]).await;
            assert_eq!(status, 200, "{target}: {answer}");
            assert!(answer.contains(&id), "{target}: {answer}");
        }
    }
    let target = format!("/scim/{}/v2//groups/?", mine.slug);
    let (status, _) = raw::get(hub.server.address(), &target, &[("Authorization", &bearer)]).await;
    assert_eq!(status, 200);
    hub.stop().await;
}
