//! Versions: RFC 7644 §3.14. What a client holds is not sent again, and nobody overwrites what they have not seen.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::client::{id, patch_op, person};
use crate::support::{Answer, Scim, TestHub};

fn tag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

fn title(value: &str) -> Value {
    patch_op(&json!([{"op": "replace", "path": "title", "value": value}]))
}

async fn read_if(scim: &Scim, path: &str, header: &'static str, tag: &str) -> Answer {
    scim.with(Method::GET, path, &Value::Null, &[(header, tag)]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_the_version() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let made = scim.post("/Users", person("ada@example.com")).await;
    assert_eq!(tag(&made), "W/\"1\"");
    assert_eq!(made.body["meta"]["version"], "W/\"1\"");
    let path = format!("/Users/{}", id(made.body));
    let mut other = person("ada@example.com");
    other["title"] = json!("Engineer");
    let answers = [
        scim.get(&path).await,
        scim.put(&path, other).await,
        scim.with(Method::PATCH, &path, &title("Engineer"), &[]).await,
        scim.with(Method::PATCH, &path, &title("Architect"), &[]).await,
    ];
    let tags: Vec<String> = answers.iter().map(tag).collect();
    assert_eq!(tags, ["W/\"1\"", "W/\"2\"", "W/\"2\"", "W/\"3\""]);
    for answer in answers {
        assert_eq!(answer.body["meta"]["version"], tag(&answer));
        assert_eq!(
            answer.headers["location"].to_str().unwrap(),
            format!("{}{path}", scim.base)
        );
    }
    let group = scim.group("Design", &[]).await;
    let join = json!([{"op": "add", "path": "members", "value": [{"value": path.split_at(7).1}]}]);
    let joined = scim.patch(&format!("/Groups/{group}"), join).await;
    assert_eq!((joined.status, tag(&joined)), (204, "W/\"2\"".to_owned()));
    assert_eq!(scim.delete(&path).await.status, 204);
    let config = scim.get("/ServiceProviderConfig").await.expect(200);
    assert_eq!(config["etag"], json!({"supported": true}));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_holds_is_not_sent_again() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let user = scim.user("ada@example.com").await;
    let group = scim.group("Design", &[&user]).await;
    for path in [format!("/Users/{user}"), format!("/Groups/{group}")] {
        let held = tag(&scim.get(&path).await);
        for header in [
            held.as_str(),
            "*",
            "\"x\", W/\"y\", *",
            &format!("\"x\" , {held}"),
        ] {
            let answer = read_if(&scim, &path, "if-none-match", header).await;
            let same = header != "\"x\", W/\"y\", *";
            assert_eq!(answer.status, if same { 304 } else { 200 }, "{header}");
            assert_eq!(tag(&answer), held);
            assert_eq!(answer.text.is_empty(), same);
        }
        assert_eq!(
            read_if(&scim, &path, "if-none-match", "W/\"9\"").await.status,
            200
        );
        assert_eq!(
            read_if(&scim, &path, "if-none-match", "\"broken").await.status,
            200
        );
        assert_eq!(read_if(&scim, &path, "if-match", &held).await.status, 200);
        read_if(&scim, &path, "if-match", "W/\"9\"")
            .await
            .refused(412, None);
    }
    read_if(&scim, "/Users/nobody", "if-none-match", "*")
        .await
        .refused(404, None);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_groups_is_never_hidden() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let user = scim.user("ada@example.com").await;
    let path = format!("/Users/{user}");
    let group = format!("/Groups/{}", scim.group("Design", &[]).await);
    let mut seen = vec![tag(&scim.get(&path).await)];
    for change in [
        json!([{"op": "add", "path": "members", "value": [{"value": user}]}]),
        json!([{"op": "replace", "path": "displayName", "value": "Studio"}]),
        json!([{"op": "remove", "path": format!("members[value eq \"{user}\"]")}]),
    ] {
        assert!([200, 204].contains(&scim.patch(&group, change).await.status));
        let before = seen.last().unwrap();
        let read = read_if(&scim, &path, "if-none-match", before).await;
        assert_eq!(read.status, 200, "the groups of {before} are others now");
        assert_ne!(&tag(&read), before);
        assert_eq!(read.body["meta"]["version"], tag(&read));
        assert_eq!(
            read_if(&scim, &path, "if-none-match", &tag(&read)).await.status,
            304
        );
        let list = scim.get("/Users").await.expect(200);
        assert_eq!(list["Resources"][0]["meta"]["version"], tag(&read));
        seen.push(tag(&read));
    }
    assert_eq!(seen.first(), seen.last(), "out of all groups it is what it was");
    let held = tag(&scim.get(&path).await);
    let add = json!([{"op": "add", "path": "members", "value": [{"value": user}]}]);
    assert_eq!(scim.patch(&group, add).await.status, 204);
    let written = scim
        .with(Method::PATCH, &path, &title("other"), &[("if-match", &held)])
        .await;
    assert_eq!(written.status, 200, "{}", written.text);
    scim.with(Method::PATCH, &path, &title("third"), &[("if-match", &held)])
        .await
        .refused(412, None);
    let held = tag(&written);
    assert!(held.contains('-'));
    assert_eq!(
        scim.with(Method::PATCH, &path, &title("third"), &[("if-match", &held)])
            .await
            .status,
        200
    );
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_holds_for_the_version_it_names() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let user = scim.user("ada@example.com").await;
    let path = format!("/Users/{user}");
    let old = tag(&scim.get(&path).await);
    scim.patch(&path, json!([{"op": "replace", "path": "title", "value": "A"}]))
        .await
        .expect(200);
    let before = scim.get(&path).await.expect(200);
    let writes = [
        (Method::PUT, person("eve@example.com")),
        (Method::PATCH, title("B")),
        (Method::DELETE, Value::Null),
    ];
    for (method, body) in &writes {
        for (header, tag, status) in [
            ("if-match", old.as_str(), 412),
            ("if-match", "W/\"7\", \"8\"", 412),
            ("if-none-match", "*", 412),
            ("if-none-match", "W/\"2\"", 412),
            ("if-match", "\"2", 400),
            ("if-none-match", "a b", 400),
        ] {
            let refused = scim.with(method.clone(), &path, body, &[(header, tag)]).await;
            assert_eq!(refused.status, status, "{method} {header}: {tag}");
            refused.refused(status, (status == 400).then_some("invalidValue"));
        }
    }
    assert_eq!(scim.get(&path).await.expect(200), before);
    for (method, body) in &writes {
        // Where nothing is, there is nothing to compare.
        let absent = scim
            .with(method.clone(), "/Users/nobody", body, &[("if-match", "*")])
            .await;
        absent.refused(404, None);
    }
    let written = scim
        .with(
            Method::PATCH,
            &path,
            &title("B"),
            &[("if-match", "W/\"1\", W/\"2\"")],
        )
        .await;
    assert_eq!(tag(&written), "W/\"3\"");
    let written = scim
        .with(
            Method::PUT,
            &path,
            &person("ada@example.com"),
            &[("if-match", "\"3\"")],
        )
        .await;
    assert_eq!(tag(&written), "W/\"4\"");
    let gone = scim.with(
        Method::DELETE,
        &path,
        &Value::Null,
        &[("if-match", "*"), ("if-none-match", "W/\"3\"")],
    );
    assert_eq!(gone.await.status, 204);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_writers_with_the_same_version_one_wins() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let user = scim.user("ada@example.com").await;
    let group = scim.group("Design", &[]).await;
    for round in 0..10 {
        for (path, attribute) in [
            (format!("/Users/{user}"), "title"),
            (format!("/Groups/{group}"), "displayName"),
        ] {
            let held = tag(&scim.get(&path).await);
            let mut writers = tokio::task::JoinSet::new();
            for n in 0..8 {
                let (scim, path, held) = (scim.clone(), path.clone(), held.clone());
                writers.spawn(async move {
                    let value = format!("{round}.{n}");
                    let body = patch_op(&json!([{"op": "replace", "path": attribute, "value": value}]));
                    let answer = scim
                        .with(Method::PATCH, &path, &body, &[("if-match", &held)])
                        .await;
                    (answer.status, value)
                });
            }
            let done = writers.join_all().await;
            let won: Vec<_> = done.iter().filter(|(status, _)| *status == 200).collect();
            assert_eq!(won.len(), 1, "{done:?}");
            assert!(
                done.iter().all(|(status, _)| [200, 412].contains(status)),
                "{done:?}"
            );
            assert_eq!(scim.get(&path).await.expect(200)[attribute], won[0].1.as_str());
        }
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_can_ask_for_somebody_new() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let new = [("if-none-match", "*")];
    let made = scim
        .with(Method::POST, "/Users", &person("ada@example.com"), &new)
        .await;
    let path = format!("/Users/{}", id(made.expect(201)));
    scim.with(Method::POST, "/Users", &person("ada@example.com"), &new)
        .await
        .refused(409, Some("uniqueness"));
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    scim.patch(&path, off).await.expect(200);
    scim.with(Method::POST, "/Users", &person("ada@example.com"), &new)
        .await
        .refused(412, None);
    assert_eq!(scim.post("/Users", person("ada@example.com")).await.status, 201);
    hub.stop().await;
}
