//! Many writes in one request: RFC 7644 §3.7.

use reqwest::Method;
use rollcall::model::{Scope, UserWrites};
use serde_json::{Value, json};

use crate::support::client::{id, patch_op, person};
use crate::support::state::State;
use crate::support::{Scim, TestHub};

const RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

fn message(operations: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations})
}

/// Sends operations; what became of each.
async fn bulk(scim: &Scim, operations: Value) -> Vec<Value> {
    let answer = scim.post("/Bulk", message(&operations)).await.expect(200);
    assert_eq!(answer["schemas"], json!([RESPONSE]));
    answer["Operations"].as_array().unwrap().clone()
}

fn statuses(outcomes: &[Value]) -> Vec<&str> {
    outcomes.iter().map(|o| o["status"].as_str().unwrap()).collect()
}

fn user(bulk_id: &str, name: &str) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": person(name)})
}

fn group(bulk_id: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|m| json!({"value": m})).collect();
    let data = json!({"schemas": [], "displayName": bulk_id, "members": members});
    json!({"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data})
}

/// Ids of a group's members, sorted.
async fn members(scim: &Scim, name: &str) -> Vec<String> {
    let found = scim.named("Groups", name).await.unwrap();
    let read = scim
        .get(&format!("/Groups/{}", found["id"].as_str().unwrap()))
        .await
        .expect(200);
    let all = read["members"].as_array().cloned().unwrap_or_default();
    let mut ids: Vec<String> = all
        .iter()
        .map(|m| m["value"].as_str().unwrap().to_owned())
        .collect();
    ids.sort_unstable();
    ids
}

/// The id at the end of a `location`.
fn made(outcome: &Value) -> String {
    let location = outcome["location"].as_str().unwrap();
    location.rsplit('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_operation_is_answered_in_its_place() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let (ada, ben, cem) = (
        scim.user("ada@example.com").await,
        scim.user("ben@example.com").await,
        scim.user("cem@example.com").await,
    );
    let title = patch_op(&json!([{"op": "replace", "path": "title", "value": "Engineer"}]));
    let outcomes = bulk(&scim, json!([
        user("new", "dan@example.com"),
        {"method": "PUT", "path": format!("/Users/{ada}"), "data": person("ada.b@example.com"), "version": "W/\"1\""},
        {"method": "patch", "path": format!("{}/Users/{ben}", scim.base), "data": title},
        {"method": "DELETE", "path": format!("Users/{cem}"), "version": "W/\"2\""},
        {"method": "DELETE", "path": format!("/Users/{cem}"), "version": "W/\"1\""},
        user("again", "Dan@Example.com"),
        {"method": "PATCH", "path": "/Users/nobody", "data": title},
    ]))
    .await;
    assert_eq!(
        statuses(&outcomes),
        ["201", "200", "200", "412", "204", "409", "404"]
    );
    let location = |id: &str| format!("{}/Users/{id}", scim.base);
    let dan = made(&outcomes[0]);
    assert_eq!(
        outcomes[0],
        json!({"method": "POST", "bulkId": "new", "location": location(&dan), "version": "W/\"1\"", "status": "201"})
    );
    assert_eq!(
        outcomes[1],
        json!({"method": "PUT", "location": location(&ada), "version": "W/\"2\"", "status": "200"})
    );
    assert_eq!(
        (&outcomes[2]["method"], &outcomes[2]["version"]),
        (&json!("patch"), &json!("W/\"2\""))
    );
    assert_eq!(
        outcomes[4],
        json!({"method": "DELETE", "location": location(&cem), "status": "204"})
    );
    let refused = &outcomes[5];
    assert_eq!(refused["response"]["scimType"], "uniqueness");
    assert_eq!(refused["response"]["status"], "409");
    assert!(
        refused.get("location").is_none(),
        "a POST that failed made nothing"
    );
    assert_eq!(outcomes[6]["location"], location("nobody"));
    assert!(
        outcomes
            .iter()
            .all(|o| o.get("response").is_some() == (o["status"].as_str() >= Some("400")))
    );
    assert_eq!(id(scim.named("Users", "dan@example.com").await.unwrap()), dan);
    assert_eq!(
        scim.get(&format!("/Users/{ben}")).await.expect(200)["title"],
        "Engineer"
    );
    assert!(scim.named("Users", "ada.b@example.com").await.is_some());
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn references_are_resolved_in_any_order() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let mut boss = user("boss", "boss@example.com");
    boss["data"]["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] =
        json!({"manager": {"value": "bulkId:owner"}});
    let patch = patch_op(&json!([
        {"op": "remove", "path": "members[value eq \"bulkId:ada\"]"},
        {"op": "add", "path": "members", "value": [{"value": "bulkId:ben"}]},
    ]));
    let outcomes = bulk(
        &scim,
        json!([
            group("all", &["bulkId:inner", "bulkId:ada"]),
            {"method": "PATCH", "path": "/Groups/bulkId:inner", "data": patch},
            {"method": "DELETE", "path": "/Users/bulkId:gone"},
            boss,
            group("inner", &["bulkId:ada"]),
            user("owner", "owner@example.com"),
            user("ada", "ada@example.com"),
            user("ben", "ben@example.com"),
            user("gone", "gone@example.com"),
        ]),
    )
    .await;
    assert_eq!(
        statuses(&outcomes),
        ["201", "204", "204", "201", "201", "201", "201", "201", "201"]
    );
    let ids: Vec<String> = outcomes.iter().map(made).collect();
    let mut inner = vec![ids[4].clone(), ids[6].clone()];
    inner.sort_unstable();
    assert_eq!(members(&scim, "all").await, inner);
    assert_eq!(members(&scim, "inner").await, [ids[7].clone()]);
    let boss = scim.get(&format!("/Users/{}", ids[3])).await.expect(200);
    let manager = &boss["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"]["manager"]["value"];
    assert_eq!(manager, ids[5].as_str());
    scim.get(&format!("/Users/{}", ids[8])).await.refused(404, None);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn those_that_refer_to_each_other_are_made_together_or_not_at_all() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    let mut owner = user("owner", "owner@example.com");
    owner["data"][enterprise] = json!({"manager": {"value": "bulkId:owner"}, "department": "Board"});
    let outcomes = bulk(
        &scim,
        json!([
            group("a", &["bulkId:b", "bulkId:ada"]),
            group("b", &["bulkId:a"]),
            user("ada", "ada@example.com"),
            owner,
        ]),
    )
    .await;
    assert_eq!(statuses(&outcomes), ["201", "201", "201", "201"]);
    let ids: Vec<String> = outcomes.iter().map(made).collect();
    let mut of_a = vec![ids[1].clone(), ids[2].clone()];
    of_a.sort_unstable();
    assert_eq!(members(&scim, "a").await, of_a);
    assert_eq!(members(&scim, "b").await, [ids[0].clone()]);
    let owner = scim.get(&format!("/Users/{}", ids[3])).await;
    assert_eq!(owner.body["meta"]["version"], outcomes[3]["version"]);
    assert_eq!(
        owner.body[enterprise],
        json!({"department": "Board", "manager": {"value": ids[3]}})
    );

    let before = State::read(&scim).await;
    let mut nameless = group("d", &["bulkId:c"]);
    nameless["data"]["displayName"].take();
    let many: Vec<Value> = (0..21)
        .map(|n| group(&format!("m{n}"), &[&format!("bulkId:m{}", (n + 1) % 21)]))
        .collect();
    for (operations, expected) in [
        (
            json!([group("c", &["bulkId:d"]), nameless, group("e", &["bulkId:c"])]),
            vec!["409", "400", "409"],
        ),
        (json!([group("self", &["bulkId:self"])]), vec!["400"]),
        (
            json!([group("c", &["bulkId:d", "bulkId:f"]), group("d", &["bulkId:c"])]),
            vec!["400", "409"],
        ),
        (Value::from(many), vec!["409"; 21]),
    ] {
        let outcomes = bulk(&scim, operations).await;
        assert_eq!(statuses(&outcomes), expected);
        assert_eq!(State::read(&scim).await, before, "half a circle is there");
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_on_a_failure_fails_too() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let outcomes = bulk(&scim, json!([
        user("ada", "ada@example.com"),
        user("twin", "ada@example.com"),
        group("g", &["bulkId:ada", "bulkId:twin"]),
        group("h", &["bulkId:g"]),
        group("i", &["bulkId:nobody"]),
        {"method": "PATCH", "path": "/Users/bulkId:put", "data": patch_op(&json!([{"op": "remove", "path": "title"}]))},
        {"method": "PUT", "path": "/Users/nobody", "bulkId": "put", "data": person("x@example.com")},
        group("j", &["bulkId:ada"]),
    ]))
    .await;
    assert_eq!(
        statuses(&outcomes),
        ["201", "409", "409", "409", "400", "400", "404", "201"]
    );
    for at in [2, 3, 4, 5] {
        let detail = outcomes[at]["response"]["detail"].as_str().unwrap();
        assert!(detail.contains("bulkId"), "{detail}");
        assert!(outcomes[at].get("location").is_none());
    }
    for gone in ["g", "h", "i"] {
        assert!(scim.named("Groups", gone).await.is_none());
    }
    assert_eq!(members(&scim, "j").await.len(), 1);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_after_as_many_errors_as_it_is_told() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    // More than one unit of work, with an error in every third operation.
    let operations: Vec<Value> = (0..90)
        .map(|n| match n % 3 {
            2 => json!({"method": "DELETE", "path": "/Users/nobody"}),
            _ => user(&format!("u{n}"), &format!("u{n}@example.com")),
        })
        .collect();
    for (most, listed) in [
        (json!(1), 3),
        (json!(8), 24),
        (json!(30), 90),
        (json!(31), 90),
        (Value::Null, 90),
    ] {
        let mut body = message(&Value::from(operations.clone()));
        body["failOnErrors"] = most.clone();
        // The names of the round before are free again.
        let list = scim.get("/Users?count=1000&attributes=id").await.expect(200);
        for one in list["Resources"].as_array().unwrap() {
            scim.delete(&format!("/Users/{}", one["id"].as_str().unwrap()))
                .await;
        }
        let answer = scim.post("/Bulk", body).await.expect(200);
        let outcomes = answer["Operations"].as_array().unwrap();
        assert_eq!(outcomes.len(), listed, "{most}");
        for (n, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome["status"], if n % 3 == 2 { "404" } else { "201" });
        }
        let made = scim.get("/Users?count=0").await.expect(200)["totalResults"]
            .as_u64()
            .unwrap();
        assert_eq!(made, (listed - listed / 3) as u64);
    }
    // What has to wait for something later is not reached.
    let body = json!({"failOnErrors": 1, "Operations": [
        group("waits", &["bulkId:late"]), {"method": "DELETE", "path": "/Users/nobody"}, user("late", "late@example.com"),
    ]});
    let answer = scim.post("/Bulk", body).await.expect(200);
    assert_eq!(answer["Operations"].as_array().unwrap().len(), 1);
    assert_eq!(answer["Operations"][0]["method"], "DELETE");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_operation_undoes_itself_and_nothing_else() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let ada = scim.user("ada@example.com").await;
    // The second write of the group is refused only after its attributes were changed.
    let half = patch_op(&json!([
        {"op": "replace", "path": "displayName", "value": "Renamed"},
        {"op": "add", "path": "members", "value": [{"value": "ghost"}]},
    ]));
    let outcomes = bulk(
        &scim,
        json!([
            group("before", &[&ada]),
            group("ghosts", &["ghost"]),
            {"method": "PATCH", "path": "/Groups/bulkId:before", "data": half},
            group("after", &[&ada]),
        ]),
    )
    .await;
    assert_eq!(statuses(&outcomes), ["201", "400", "400", "201"]);
    assert!(scim.named("Groups", "ghosts").await.is_none());
    assert_eq!(members(&scim, "before").await, [ada.as_str()]);
    assert_eq!(members(&scim, "after").await, [ada]);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_are_announced_kept_and_told() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let config = scim.get("/ServiceProviderConfig").await.expect(200)["bulk"].clone();
    let most = usize::try_from(config["maxOperations"].as_u64().unwrap()).unwrap();
    let largest = usize::try_from(config["maxPayloadSize"].as_u64().unwrap()).unwrap();
    let delete = json!({"method": "DELETE", "path": "/Users/nobody"});
    let outcomes = bulk(&scim, Value::from(vec![delete.clone(); most])).await;
    assert_eq!(statuses(&outcomes), vec!["404"; most]);
    let many = scim
        .post("/Bulk", message(&Value::from(vec![delete; most + 1])))
        .await;
    many.refused(413, None);
    assert!(many.text.contains(&most.to_string()), "{}", many.text);
    let mut large = user("large", "large@example.com");
    large["data"]["title"] = json!("x".repeat(largest));
    let large = scim.post("/Bulk", message(&json!([large]))).await;
    large.refused(413, None);
    assert!(large.text.contains(&largest.to_string()), "{}", large.text);
    assert!(scim.named("Users", "large@example.com").await.is_none());
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_instance_does_not_take_is_refused_here_too() {
    let hub = TestHub::start().await;
    let (_, scim) = hub
        .receiver_in("Users", (Scope::Users, UserWrites::default()))
        .await;
    let outcomes = bulk(
        &scim,
        json!([user("ada", "ada@example.com"), group("g", &["bulkId:ada"])]),
    )
    .await;
    assert_eq!(statuses(&outcomes), ["201", "403"]);
    let (_, scim) = hub
        .receiver_in("Groups", (Scope::Groups, UserWrites::Refuse))
        .await;
    let outcomes = bulk(
        &scim,
        json!([
            user("ada", "ada@example.com"),
            group("g", &["bulkId:ada"]),
            group("h", &[])
        ]),
    )
    .await;
    assert_eq!(statuses(&outcomes), ["403", "409", "201"]);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_messages_are_refused_and_broken_operations_answered() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    for body in [
        json!([]),
        json!({}),
        json!({"Operations": 5}),
        json!({"Operations": []}),
    ] {
        scim.post("/Bulk", body).await.refused(400, Some("invalidSyntax"));
    }
    let twice = message(&json!([user("a", "a@example.com"), user("a", "b@example.com")]));
    scim.post("/Bulk", twice).await.refused(400, Some("invalidValue"));
    scim.raw(Method::POST, "/Bulk", b"{".to_vec())
        .await
        .refused(400, Some("invalidSyntax"));
    scim.get("/Bulk").await.refused(405, None);
    let outcomes = bulk(
        &scim,
        json!([
            7,
            {"method": "GET", "path": "/Users"},
            {"method": "POST", "path": "/Me", "data": {}},
            {"method": "POST", "path": "/Bulk", "data": {}},
            {"method": "PUT", "path": "/Users", "data": {}},
            {"method": "POST", "path": "/Users", "data": {"userName": 7}},
            {"method": "PATCH", "path": "/Users/x", "data": {"Operations": [{"op": "shout"}]}},
            {"method": "PUT", "path": "/Users/x", "data": {}, "version": "\""},
            user("good", "good@example.com"),
        ]),
    )
    .await;
    assert_eq!(
        statuses(&outcomes),
        ["400", "400", "501", "404", "405", "400", "400", "400", "201"]
    );
    Scim::new(&scim.base, "wrong")
        .post("/Bulk", message(&json!([])))
        .await
        .refused(401, None);
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_operations_beside_other_writers() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let (_, other) = hub.receiver("Other").await;
    let beside = tokio::spawn(async move {
        for n in 0..50 {
            other.user(&format!("quiet{n}@example.com")).await;
        }
    });
    let mut operations: Vec<Value> = (0..490)
        .flat_map(|n| {
            let name = format!("u{n}");
            let join = patch_op(
                &json!([{"op": "add", "path": "members", "value": [{"value": format!("bulkId:{name}")}]}]),
            );
            let join = json!({"method": "PATCH", "path": "/Groups/bulkId:all", "data": join});
            [join, user(&name, &format!("{name}@example.com"))]
        })
        .collect();
    operations.push(group("all", &[]));
    let outcomes = bulk(&scim, Value::from(operations)).await;
    assert!(
        outcomes
            .iter()
            .all(|o| ["201", "204"].contains(&o["status"].as_str().unwrap()))
    );
    assert_eq!(members(&scim, "all").await.len(), 490);
    beside.await.unwrap();
    hub.stop().await;
}
