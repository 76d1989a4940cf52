//! An app without PATCH, whether it says so or only answers so: everything arrives by PUT, and nobody is lost by it.

use rollcall::demo::relay::{Request, Treatment};
use rollcall::secret::Secret;
use rollcall::sync::manage::Edit;
use serde_json::json;

use crate::support::Gateway;
use crate::support::client::id;

const PEOPLE: &[&str] = &[
    "ada@example.com",
    "ben@example.com",
    "cleo@example.com",
    "dan@example.com",
    "eve@example.com",
    "fay@example.com",
];

fn refuse(status: u16) -> impl Fn(&Request) -> Treatment + Send + Sync + 'static {
    move |request| match request.method.as_str() {
        "PATCH" => Treatment::scim_error(status, "there is no PATCH here"),
        _ => Treatment::Pass,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_answers_so() {
    for status in [405, 501] {
        let g = Gateway::with_people(PEOPLE).await;
        g.relay.treat(refuse(status));
        all_arrives(&g).await;
        g.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_says_so() {
    let g = Gateway::with_people(PEOPLE).await;
    let config = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": false},
        "filter": {"supported": true, "maxResults": 200},
    });
    let answer = Treatment::Answer {
        status: 200,
        headers: vec![("Content-Type".into(), "application/scim+json".into())],
        body: config.to_string(),
    };
    g.relay.treat(
        move |request| match request.path.contains("ServiceProviderConfig") {
            true => answer.clone(),
            false => Treatment::Pass,
        },
    );
    let token = Edit {
        token: Some(Secret::new(g.direct.key.clone())),
        ..Edit::default()
    };
    g.hub.edit(g.instance.id, token).await.unwrap();
    all_arrives(&g).await;
    assert_eq!(g.count("PATCH", "/"), 0, "what is not there is not tried");
    g.stop().await;
}

/// Lists and single reads show groups without their members: writing one whole would empty it.
#[tokio::test(flavor = "multi_thread")]
async fn that_shows_no_members() {
    let g = Gateway::with_people(PEOPLE).await;
    let everyone = id(g.idp.named("Groups", "Everyone").await.unwrap());
    let remote = id(g.direct.named("Groups", "Everyone").await.unwrap());
    let shown = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "id": remote,
        "displayName": "Everyone",
    });
    let bare = Treatment::Answer {
        status: 200,
        headers: vec![("Content-Type".into(), "application/scim+json".into())],
        body: shown.to_string(),
    };
    let refused = Treatment::scim_error(405, "there is no PATCH here");
    g.relay.treat(move |request| match request.method.as_str() {
        "PATCH" => refused.clone(),
        "GET" if request.path.contains(&remote) => bare.clone(),
        _ => Treatment::Pass,
    });
    let gus = g.idp.user("gus@example.com").await;
    let add = json!([{"op": "add", "path": "members", "value": [{"value": gus}]}]);
    g.idp.patch(&format!("/Groups/{everyone}"), add).await.expect(204);
    g.hub
        .wait(g.instance.id, "the push is refused", |s| s.rejected == 1)
        .await;
    assert_eq!(g.count("PUT", "/Groups"), 0);
    let there = g.direct.named("Groups", "Everyone").await.unwrap();
    assert_eq!(there["members"].as_array().map(Vec::len), Some(PEOPLE.len()));
    g.stop().await;
}

async fn all_arrives(g: &Gateway) {
    let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
    let ben = id(g.idp.named("Users", "ben@example.com").await.unwrap());
    let gus = g.idp.user("gus@example.com").await;
    let title = json!([{"op": "replace", "path": "title", "value": "Captain"}]);
    g.idp.patch(&format!("/Users/{ada}"), title).await.expect(200);
    let team = g.idp.group("Team", &[&ada, &gus]).await;
    let state = g.settled().await;
    assert!(state.users["ada@example.com"].1.contains("Captain"));
    assert_eq!(state.groups["Team"].len(), 2);

    // Members by difference, in a group whose other members the hub must not disturb.
    let everyone = id(g.idp.named("Groups", "Everyone").await.unwrap());
    let add = json!([{"op": "add", "path": "members", "value": [{"value": gus}]}]);
    g.idp.patch(&format!("/Groups/{everyone}"), add).await.expect(204);
    let change = json!([
        {"op": "add", "path": "members", "value": [{"value": ben}]},
        {"op": "remove", "path": format!("members[value eq \"{ada}\"]")},
        {"op": "replace", "path": "displayName", "value": "Crew"},
    ]);
    g.idp.patch(&format!("/Groups/{team}"), change).await.expect(200);
    let off = json!([{"op": "replace", "path": "active", "value": false}]);
    g.idp.patch(&format!("/Users/{gus}"), off).await.expect(200);
    let state = g.settled().await;
    assert_eq!(state.users.len(), 7);
    assert!(!state.users["gus@example.com"].0);
    assert_eq!(state.groups["Everyone"].len(), 7);
    let crew: Vec<&str> = state.groups["Crew"].iter().map(String::as_str).collect();
    assert_eq!(crew, ["ben@example.com", "gus@example.com"]);
    assert!(g.count("PUT", "/Users") > 0 && g.count("PUT", "/Groups") > 0);
}
