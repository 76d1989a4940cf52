//! Hostile and broken input: each gets a clear refusal in SCIM form, never a 500, and nothing is lost.

use reqwest::Method;
use serde_json::json;

use crate::support::TestHub;
use crate::support::client::person;
use crate::support::state::State;

#[tokio::test(flavor = "multi_thread")]
async fn each_is_refused_and_nothing_is_lost() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let user = scim.user("ada@example.com").await;
    let group = scim.group("Design", &[&user]).await;
    let before = State::read(&scim).await;

    for body in [
        "{",
        "[]",
        "\"text\"",
        "null",
        "{\"userName\": }",
        "\u{0}",
        "{\"userName\": \"\\ud800\"}",
    ] {
        scim.raw(Method::POST, "/Users", body.into())
            .await
            .refused(400, Some("invalidSyntax"));
    }
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    scim.raw(Method::POST, "/Users", deep.clone().into_bytes())
        .await
        .refused(400, Some("invalidSyntax"));
    let nested = format!("{{\"userName\": \"x@example.com\", \"emails\": {deep}}}");
    scim.raw(Method::POST, "/Users", nested.into_bytes())
        .await
        .refused(400, Some("invalidSyntax"));

    let mut big = person("big@example.com");
    big["title"] = json!("x".repeat(2 * 1024 * 1024));
    scim.post("/Users", big).await.refused(413, None);

    for body in [
        json!({"userName": 7}),
        json!({"userName": ["a"]}),
        json!({"userName": "b@example.com", "active": "perhaps"}),
        json!({"displayName": "nobody"}),
    ] {
        scim.post("/Users", body).await.refused(400, Some("invalidValue"));
    }
    scim.post("/Users", person("ADA@EXAMPLE.COM"))
        .await
        .refused(409, Some("uniqueness"));
    scim.get("/Users/no-such-id").await.refused(404, None);
    scim.put("/Users/no-such-id", person("x@example.com"))
        .await
        .refused(404, None);
    scim.patch(
        "/Users/no-such-id",
        json!([{"op": "replace", "path": "active", "value": false}]),
    )
    .await
    .refused(404, None);
    scim.delete(&format!("/Groups/{user}")).await.refused(404, None);

    let users = format!("/Users/{user}");
    for (operations, scim_type) in [
        (
            json!([{"op": "shout", "path": "title", "value": "x"}]),
            "invalidSyntax",
        ),
        (
            json!([{"op": "replace", "path": "shoeSize", "value": 9}]),
            "invalidPath",
        ),
        (
            json!([{"op": "replace", "path": "emails[type eq", "value": "x"}]),
            "invalidFilter",
        ),
        (json!([{"op": "remove"}]), "noTarget"),
        (
            json!([{"op": "replace", "path": "id", "value": "x"}]),
            "mutability",
        ),
        (json!([{"op": "remove", "path": "userName"}]), "mutability"),
        (
            json!([{"op": "replace", "path": "title", "value": "kept?"}, {"op": "replace", "path": "nope", "value": 1}]),
            "invalidPath",
        ),
    ] {
        let answer = scim.patch(&users, operations.clone()).await;
        assert_eq!(answer.status, 400, "{operations}: {}", answer.text);
        assert_eq!(
            answer.body["scimType"], scim_type,
            "{operations}: {}",
            answer.text
        );
    }
    scim.raw(
        Method::PATCH,
        &users,
        b"{\"operations\": [{\"op\": \"replace\", \"path\": \"active\", \"value\": false}]}".to_vec(),
    )
    .await
    .refused(400, Some("invalidSyntax"));
    for filter in [
        "userName%20eq",
        "userName%20is%20%22x%22",
        "((((",
        "%22%22",
        &"(".repeat(5000),
    ] {
        scim.get(&format!("/Users?filter={filter}"))
            .await
            .refused(400, Some("invalidFilter"));
    }
    scim.post(&users, json!({})).await.refused(405, None);
    scim.get("/Widgets").await.refused(404, None);
    scim.patch(
        &format!("/Groups/{group}"),
        json!([{"op": "add", "path": "members", "value": "text"}]),
    )
    .await
    .refused(400, Some("invalidValue"));

    assert_eq!(State::read(&scim).await, before);
    hub.stop().await;
}
