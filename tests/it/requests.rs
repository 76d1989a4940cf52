//! The request log: what was sent is found in it, a refusal with its reason, and never a secret.

use std::time::Duration;

use reqwest::Method;
use rollcall::clock::Clock;
use rollcall::model::{InstanceId, Milestone, Request, Time, Why};
use rollcall::scim::tolerance::Tolerance;
use rollcall::secret::NewKey;
use rollcall::store::telemetry::Only;
use rollcall::sync::manage::Switch;
use serde_json::{Value, json};

use crate::support::client::person;
use crate::support::hub::admin;
use crate::support::{Scim, TestHub, raw};

impl TestHub {
    fn log(&self, instance: InstanceId, only: Only) -> Vec<Request> {
        let telemetry = self.server.hub().store.telemetry();
        let found = telemetry.requests(instance, only, None, 1000).unwrap();
        found.into_iter().map(|(_, request)| request).collect()
    }

    /// The request that was answered last.
    fn latest(&self, instance: InstanceId) -> Request {
        self.log(instance, Only::All).into_iter().next().unwrap()
    }
}

fn why(request: &Request) -> Option<Why> {
    request.refusal.as_ref().and_then(|refusal| refusal.why)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_is_found_again_also_after_a_restart() {
    let hub = TestHub::start().await;
    let (mine, scim) = hub.receiver("Directory").await;
    let id = scim.user("ada@example.com").await;
    let list = "/Users?filter=userName%20eq%20%22ada%40example.com%22&count=1";
    let answer = scim.get(list).await;
    let request = hub.latest(mine.id);
    assert_eq!(answer.headers["x-request-id"], request.id.to_string().as_str());
    assert_eq!(
        (request.method, request.status, request.is_refused()),
        ("GET", 200, false)
    );
    assert_eq!(&*request.path, format!("/scim/{}/v2{list}", mine.slug));
    assert_eq!(request.address, "127.0.0.1".parse().ok());
    assert!(request.key.is_some() && request.refusal.is_none());

    // Each is refused elsewhere: in the handler, by the routes, by the writer, for the size of its body.
    let title = "x".repeat(2 * 1024 * 1024);
    scim.get("/Users/no-such-id").await.refused(404, None);
    scim.get("/Widgets").await.refused(404, None);
    scim.post(&format!("/Users/{id}"), json!({}))
        .await
        .refused(405, None);
    scim.post("/Users", person("ada@example.com"))
        .await
        .refused(409, Some("uniqueness"));
    scim.post("/Users", json!({"userName": "b@example.com", "title": title}))
        .await
        .refused(413, None);
    scim.raw(Method::POST, "/Users", b"{".to_vec())
        .await
        .refused(400, Some("invalidSyntax"));
    let refused = hub.log(mine.id, Only::Refused);
    let codes: Vec<u16> = refused.iter().rev().map(|r| r.status).collect();
    assert_eq!(codes, [404, 404, 405, 409, 413, 400]);
    for request in &refused {
        let refusal = request.refusal.as_ref().unwrap();
        assert!(refusal.detail.len() > 10 && request.key.is_some(), "{request:?}");
    }
    let uniqueness = refused[2].refusal.as_ref().unwrap();
    assert_eq!(uniqueness.scim_type.as_deref(), Some("uniqueness"));
    assert_eq!(why(&refused[4]), Some(Why::NoEndpoint));
    let without_v2 = Scim::new(scim.base.trim_end_matches("/v2"), &scim.key);
    let lost = without_v2.get("/Users").await;
    lost.refused(404, None);
    assert!(
        lost.text.contains(&scim.base),
        "it is told the right one: {}",
        lost.text
    );
    assert_eq!(why(&hub.latest(mine.id)), Some(Why::NoEndpoint));

    let telemetry = hub.server.hub().store.telemetry();
    let reached: Vec<Milestone> = telemetry
        .milestones(mine.id)
        .unwrap()
        .into_iter()
        .map(|(m, _)| m)
        .collect();
    let expected = [
        Milestone::Reached,
        Milestone::Authenticated,
        Milestone::UserRead,
        Milestone::UserCreated,
    ];
    assert_eq!(reached, expected);
    let before = hub.log(mine.id, Only::All);
    let hub = hub.restart().await;
    assert_eq!(hub.log(mine.id, Only::All), before);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_of_a_401_stands_in_the_log_alone() {
    let clock = Clock::manual(Time(1_800_000_000_000));
    let hub = TestHub::with_clock(clock.clone()).await;
    let manager = &hub.server.hub().manager;
    let (mine, _) = hub.receiver("Mine").await;
    let (other, foreign) = hub.receiver("Other").await;
    let minute = Duration::from_secs(60);
    let (short, expired) = manager
        .create_key(admin(), mine.id, "short".into(), Some(minute))
        .await
        .unwrap();
    let (gone, revoked) = manager
        .create_key(admin(), mine.id, "gone".into(), None)
        .await
        .unwrap();
    manager.revoke_key(admin(), mine.id, gone).await.unwrap();
    clock.advance(minute + minute);
    let stranger = NewKey::generate().plain;
    let bearer = |key: &str| Some(format!("Bearer {key}"));
    let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL3N0cyJ9.c2lnbmF0dXJlLW9mLWVudHJh";
    let basic = "Basic YWRtaW46aHVudGVyMmh1bnRlcjI=";
    let cases = [
        (None, Why::NoKey, None),
        (bearer(""), Why::NoKey, None),
        (Some(foreign.key.clone()), Why::NoBearer, None),
        (Some(basic.to_owned()), Why::OtherScheme, None),
        (bearer(jwt), Why::Jwt, None),
        (bearer(&foreign.key[..40]), Why::Malformed, None),
        (bearer(stranger.expose()), Why::Unknown, None),
        (bearer(&foreign.key), Why::Foreign, None),
        (bearer(expired.expose()), Why::Expired, Some(short)),
        (bearer(revoked.expose()), Why::Revoked, Some(gone)),
    ];
    for secret in [
        jwt,
        basic,
        stranger.expose(),
        expired.expose(),
        revoked.expose(),
        &foreign.key[..40],
    ] {
        hub.remember(secret);
    }
    let target = format!("/scim/{}/v2/Users", mine.slug);
    let mut bodies = Vec::new();
    for (header, reason, key) in cases {
        let header = header.map(|value| [("Authorization", value)]);
        let headers: Vec<_> = header.iter().flatten().map(|(n, v)| (*n, v.as_str())).collect();
        let (status, answer) = raw::get(hub.server.address(), &target, &headers).await;
        assert_eq!(status, 401, "{reason:?}");
        let request = hub.latest(mine.id);
        assert_eq!((why(&request), request.key), (Some(reason), key));
        // All that differs is the time and the id of the request.
        let same = |line: &&str| !line.starts_with("date:") && !line.starts_with("x-request-id:");
        bodies.push(answer.lines().filter(same).collect::<Vec<_>>().join("\n"));
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    assert!(
        hub.log(other.id, Only::All).is_empty(),
        "a foreign key tells its own instance nothing"
    );

    // A disabled instance, and one that is none.
    let scim = hub.client(&mine).await;
    manager.switch(admin(), mine.id, Switch::Disable).await.unwrap();
    scim.get("/Users").await.refused(403, None);
    assert_eq!(why(&hub.latest(mine.id)), Some(Why::Disabled));
    let count = hub.log(mine.id, Only::All).len();
    let nowhere = Scim::new(hub.base("no-such-instance"), &scim.key);
    nowhere.get("/Users").await.refused(401, None);
    assert_eq!(hub.log(mine.id, Only::All).len(), count);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_an_address_is_left_out() {
    let hub = TestHub::start().await;
    let (mine, scim) = hub.receiver("Mine").await;
    let password = "correct-horse-battery";
    hub.remember(password);
    let id = scim.user("ada@example.com").await;
    for path in [
        format!("/Users/{}", scim.key),
        format!("/Users?filter=password%20eq%20%22{password}%22"),
        format!("/Users?access_token={password}"),
        format!("/Users?count=1&x={}", scim.key),
    ] {
        scim.get(&path).await;
        assert!(hub.latest(mine.id).path.contains('…'), "{path}");
    }
    let change =
        json!([{"op": "replace", "path": format!("password[value eq \"{password}\"]"), "value": password}]);
    scim.patch(&format!("/Users/{id}"), change).await;
    let body = format!("{{\"userName\": \"b@example.com\", \"password\": \"{password}\"");
    scim.raw(Method::POST, "/Users", body.into_bytes())
        .await
        .refused(400, Some("invalidSyntax"));
    // The canary grep of `stop` looks through the file, too.
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_kept_of_a_deleted_instance() {
    let hub = TestHub::start().await;
    let (mine, scim) = hub.receiver("Mine").await;
    scim.user("somebody.to.forget@example.com").await;
    scim.get("/Users?filter=userName%20eq%20%22somebody.to.forget%22")
        .await
        .expect(200);
    assert_eq!(hub.log(mine.id, Only::All).len(), 2);
    hub.server.hub().manager.delete(admin(), mine.id).await.unwrap();
    scim.get("/Users").await.refused(401, None);
    assert!(hub.log(mine.id, Only::All).is_empty());
    let telemetry = hub.server.hub().store.telemetry();
    assert!(telemetry.milestones(mine.id).unwrap().is_empty());
    hub.stop().await;
}

/// Everything that is served beside the RFC: what somebody sends, and that the log names it.
#[tokio::test(flavor = "multi_thread")]
async fn each_deviation_is_served_and_told() {
    let hub = TestHub::start().await;
    let (mine, scim) = hub.receiver("Mine").await;
    let ada = scim.user("ada@example.com").await;
    let (user, group) = (
        format!("/Users/{ada}"),
        format!("/Groups/{}", scim.group("Design", &[&ada]).await),
    );
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let misspelt = "urn:ietf:params:scim:schemas:extension:enterprise:2.0User";
    let posted = |name: &str, value: Value| (Method::POST, "/Users".to_owned(), json!({name: value}));
    let patched = |path: &str, operation: Value| {
        let schema = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
        (
            Method::PATCH,
            path.to_owned(),
            json!({"schemas": [schema], "Operations": [operation]}),
        )
    };
    let title = json!({"op": "replace", "path": "title", "value": "T"});
    let mail = |name: &str| json!({"value": format!("{name}@example.com"), "primary": true});
    let requests = Tolerance::ALL.iter().map(|tolerance| {
        let sent = match tolerance {
            Tolerance::BooleanAsString => posted("active", json!("True")),
            Tolerance::BlankValue => posted("title", json!("")),
            Tolerance::BareValue => posted("emails", json!(["bare@example.com"])),
            Tolerance::ArrayOfOne => posted("name", json!([{"givenName": "A"}])),
            Tolerance::ValueInArray => posted("title", json!([{"$ref": null, "value": "T"}])),
            Tolerance::MissingArray => posted("emails", mail("one")),
            Tolerance::ManagerId => posted(enterprise, json!({"manager": {"managerId": ada}})),
            Tolerance::SeveralPrimaries => posted("emails", json!([mail("one"), mail("two")])),
            Tolerance::OldUrn => posted("schemas", json!(["urn:scim:schemas:core:1.0"])),
            Tolerance::MisspeltUrn => posted(misspelt, json!({"department": "D"})),
            Tolerance::ExtensionAttributeAtTop => posted("department", json!("D")),
            Tolerance::PathAsKey => posted("name.givenName", json!("A")),
            Tolerance::CapitalOperation => {
                patched(&user, json!({"op": "Replace", "path": "title", "value": "T"}))
            }
            Tolerance::RemoveWithValue => patched(
                &group,
                json!({"op": "remove", "path": "members", "value": [{"value": ada}]}),
            ),
            Tolerance::NoPatchSchema => (Method::PATCH, user.clone(), json!({"Operations": [title]})),
            Tolerance::StrictReader => (Method::GET, "/ServiceProviderConfig".into(), Value::Null),
            Tolerance::EndpointInBaseUrl => (Method::GET, "/Groups/Users?count=1".into(), Value::Null),
            Tolerance::EndpointCase => (Method::GET, "/users?count=1".into(), Value::Null),
        };
        (*tolerance, sent)
    });
    // Known by its name alone.
    let bearer = format!("Bearer {}", scim.key);
    let strict = [
        ("Authorization", bearer.as_str()),
        ("User-Agent", "python-httpx/0.28.1"),
    ];
    for (n, (tolerance, (method, path, mut body))) in requests.enumerate() {
        if method == Method::POST {
            body["userName"] = json!(format!("person{n}@example.com"));
        }
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        let status = if tolerance == Tolerance::StrictReader {
            let target = format!("/scim/{}/v2{path}", mine.slug);
            raw::get(hub.server.address(), &target, &strict).await.0
        } else {
            scim.raw(method, &path, body).await.status
        };
        assert!(status < 300, "{tolerance:?}: {status}");
        let request = hub.latest(mine.id);
        assert!(
            request.tolerated.contains(&tolerance),
            "{tolerance:?}: {request:?}"
        );
    }
    let store = &hub.server.hub().store;
    let habits = store.telemetry().habits(mine.id, store.clock().now()).unwrap();
    assert_eq!(habits.len(), Tolerance::ALL.len());
    hub.stop().await;
}
