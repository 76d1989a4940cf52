//! The app refuses, vanishes, lies or breaks off. Nothing is lost, nothing doubled, nobody removed; it heals by itself.

use std::time::Duration;

use rollcall::connector::CheckKind;
use rollcall::demo::relay::{Relay, Treatment};
use rollcall::model::Health;
use rollcall::secret::Secret;
use rollcall::sync::manage::{Edit, ManageError};
use serde_json::json;

use crate::support::client::id;
use crate::support::gateway::{app, first};
use crate::support::state::State;
use crate::support::{Gateway, TestHub};

const PEOPLE: &[&str] = &[
    "ada@example.com",
    "ben@example.com",
    "cleo@example.com",
    "dan@example.com",
    "eve@example.com",
    "fay@example.com",
];

fn json_answer(status: u16, body: &serde_json::Value) -> Treatment {
    let media = ("Content-Type".to_owned(), "application/scim+json".to_owned());
    Treatment::Answer {
        status,
        headers: vec![media],
        body: body.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_told_with_status_and_host_and_heals() {
    let g = Gateway::with_people(PEOPLE).await;
    let host = g.relay.address().to_string();
    g.relay.treat(|_| Treatment::scim_error(503, "down for a moment"));
    g.idp.user("gus@example.com").await;
    let told = g.hub.wait_health(g.instance.id, Health::Failing, "503").await;
    assert!(told.reason.contains(&host), "{}", told.reason);
    assert!(
        told.since.is_some() && told.next_try.is_some() && told.pending == 1,
        "{told:?}"
    );
    // Whatever is written meanwhile is taken and waits.
    let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
    g.idp
        .patch(
            &format!("/Users/{ada}"),
            json!([{"op": "replace", "path": "title", "value": "x"}]),
        )
        .await
        .expect(200);
    g.relay.pass();
    g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
    g.settled().await;
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vanished_app_comes_back() {
    let Gateway {
        hub,
        app,
        relay,
        instance,
        idp,
        direct,
    } = Gateway::with_people(PEOPLE).await;
    let address = relay.address();
    drop(relay);
    idp.user("gus@example.com").await;
    let told = hub
        .wait_health(instance.id, Health::Failing, &address.to_string())
        .await;
    assert!(told.pending == 1, "{told:?}");
    let relay = loop {
        // The port is ours again as soon as the old listener is gone.
        match Relay::start_at(address, app.server.address()).await {
            Ok(relay) => break relay,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let g = Gateway {
        hub,
        app,
        relay,
        instance,
        idp,
        direct,
    };
    g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
    g.settled().await;
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_credentials_park_the_instance_until_a_new_token_works() {
    let g = Gateway::with_people(PEOPLE).await;
    let (app_instance, token) = (
        g.app.instance(rollcall::model::InstanceId(1)).await,
        g.direct.key.clone(),
    );
    let keys = g
        .app
        .server
        .hub()
        .store
        .read(move |rx| rollcall::store::access::keys(rx, app_instance.id))
        .await
        .unwrap();
    let fresh = g.app.client(&g.app.instance(keys[0].instance).await).await;
    g.app
        .server
        .hub()
        .manager
        .revoke_key(crate::support::hub::admin(), keys[0].instance, keys[0].id)
        .await
        .unwrap();
    g.idp.user("gus@example.com").await;
    let told = g.hub.wait_health(g.instance.id, Health::Failing, "401").await;
    assert!(
        told.reason.contains(&g.relay.address().to_string()),
        "{}",
        told.reason
    );

    // A token that does not work changes nothing.
    let wrong = Edit {
        token: Some(Secret::new("rc_wrong-token".into())),
        ..Edit::default()
    };
    assert!(matches!(
        g.hub.edit(g.instance.id, wrong).await,
        Err(ManageError::Check(_))
    ));
    let _ = token;
    let right = Edit {
        token: Some(Secret::new(format!("Bearer {}", fresh.key))),
        ..Edit::default()
    };
    g.hub.edit(g.instance.id, right).await.unwrap();
    g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
    let g = Gateway { direct: fresh, ..g };
    g.settled().await;
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_that_fails_removes_nobody() {
    let g = Gateway::with_people(PEOPLE).await;
    let before = State::read(&g.idp).await;
    let empty = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []});
    let wrong_total = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 6, "startIndex": 1, "itemsPerPage": 0, "Resources": []});
    let is_list = |r: &rollcall::demo::relay::Request| r.method == "GET" && r.path.contains("startIndex");
    for (name, treatment) in [
        ("a web page", Treatment::Html),
        ("a truncated page", Treatment::Truncate),
        ("no answer", Treatment::Cut),
        ("503", Treatment::scim_error(503, "busy")),
        ("500", Treatment::scim_error(500, "broken")),
        (
            "a redirect elsewhere",
            Treatment::Answer {
                status: 302,
                headers: vec![("Location".into(), "http://192.0.2.1/".into())],
                body: String::new(),
            },
        ),
        ("an empty list with 200", json_answer(200, &empty)),
        ("a short page", json_answer(200, &wrong_total)),
        (
            "something that is no list",
            json_answer(200, &json!({"hello": "world"})),
        ),
    ] {
        for times in [1, 2, 3] {
            g.relay.treat(first(times, is_list, treatment.clone()));
            g.hub
                .server
                .hub()
                .manager
                .sync_now(crate::support::hub::admin(), g.instance.id)
                .await
                .unwrap();
            g.hub
                .wait(g.instance.id, name, |s| {
                    s.health == Health::Healthy && s.run.as_ref().is_some_and(|r| r.ended.is_some())
                })
                .await;
            g.hub.idle().await;
            assert_eq!(State::read(&g.idp).await, before, "after {name}, {times} times");
            assert_eq!(
                State::read(&g.direct).await,
                before,
                "after {name}, {times} times"
            );
        }
    }
    assert_eq!(g.writes(), 0);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_from_the_app_is_verified_one_by_one() {
    let g = Gateway::with_people(PEOPLE).await;
    let fay = id(g.direct.named("Users", "fay@example.com").await.unwrap());
    assert_eq!(g.direct.delete(&format!("/Users/{fay}")).await.status, 204);
    // As long as the answer about her is no proof, she stays.
    let asks_for_her = {
        let fay = fay.clone();
        move |r: &rollcall::demo::relay::Request| r.path.ends_with(&format!("/Users/{fay}"))
    };
    g.relay.treat(first(2, asks_for_her, Treatment::Html));
    g.hub.sync(g.instance.id).await;
    let watch = rollcall::clock::Stopwatch::start();
    while g.idp.named("Users", "fay@example.com").await.is_some() {
        assert!(
            watch.elapsed() < Duration::from_secs(20),
            "she is gone in the end: {:?} {:?}",
            g.relay
                .log()
                .iter()
                .map(|e| (e.method.clone(), e.path.clone(), e.status))
                .collect::<Vec<_>>(),
            g.hub.status(g.instance.id).await
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(g.relay.log().iter().filter(|e| e.path.ends_with(&fay)).count() >= 3);
    assert_eq!(State::read(&g.idp).await, State::read(&g.direct).await);
    assert_eq!(g.writes(), 0);
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_saved_unless_the_app_agrees() {
    let (app, instance, direct) = app().await;
    let relay = Relay::start(app.server.address()).await.unwrap();
    let hub = TestHub::start().await;
    let base = format!("http://{}/scim/{}/v2", relay.address(), instance.slug);
    let kind = |e: ManageError| match e {
        ManageError::Check(check) => check.kind,
        other => panic!("{other:?}"),
    };
    let refused =
        async |base: &str, token: &str| kind(hub.try_connect("App", base, token).await.unwrap_err());
    assert_eq!(
        refused(&base, "rc_not-the-key").await,
        CheckKind::Credentials(401)
    );
    assert_eq!(
        refused(&format!("http://{}/nothing/here", relay.address()), &direct.key).await,
        CheckKind::NotScim
    );
    relay.treat(|_| Treatment::Html);
    assert_eq!(refused(&base, &direct.key).await, CheckKind::NotScim);
    relay.treat(|_| Treatment::Answer {
        status: 302,
        headers: vec![("Location".into(), "http://192.0.2.1/".into())],
        body: String::new(),
    });
    assert_eq!(refused(&base, &direct.key).await, CheckKind::Redirect);
    relay.treat(|_| Treatment::scim_error(503, "busy"));
    assert_eq!(refused(&base, &direct.key).await, CheckKind::Failing(503));
    let closed = {
        let l = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        l.local_addr().unwrap()
    };
    assert_eq!(
        refused(&format!("http://{closed}/scim"), &direct.key).await,
        CheckKind::Unreachable
    );
    assert_eq!(
        refused("http://169.254.169.254/scim", &direct.key).await,
        CheckKind::Address
    );
    let list = hub
        .server
        .hub()
        .store
        .read(rollcall::store::instances::list)
        .await
        .unwrap();
    assert!(list.is_empty(), "nothing was saved");
    relay.pass();
    let made = hub
        .connect(
            "  App  ",
            &format!(" {base}/Users/ "),
            &format!(" Bearer {} ", direct.key),
        )
        .await;
    assert_eq!(made.target.unwrap().base_url(), base);
    hub.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_in_the_middle_loses_nothing() {
    let mut g = Gateway::with_people(PEOPLE).await;
    g.relay.treat(|_| Treatment::scim_error(503, "down"));
    g.idp.user("gus@example.com").await;
    g.hub.wait_health(g.instance.id, Health::Failing, "503").await;
    let key = g.idp.key.clone();
    g.hub = g.hub.restart().await;
    g.idp = crate::support::Scim::new(g.hub.base(&g.instance.slug), &key);
    g.relay.pass();
    g.hub.wait_health(g.instance.id, Health::Healthy, "").await;
    g.settled().await;
    g.stop().await;
}
