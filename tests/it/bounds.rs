//! How much may be asked for: each limit counts as it is set, and its error tells the number.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::TestHub;
use crate::support::client::{Answer, patch_op, person};

const SETTINGS: &str = "[limits]\nbody_bytes = 20000\nnesting = 10\nfilter_bytes = 300\nfilter_terms = 12\n\
                        filter_depth = 3\npatch_operations = 11\nmembers = 101\nresults = 100\n\
                        bulk_operations = 3\n";

/// Refused, with this number in a sentence of its own.
#[track_caller]
fn told(answer: &Answer, status: u16, scim_type: Option<&str>, number: &str) {
    answer.refused(status, scim_type);
    let detail = answer.body["detail"].as_str().unwrap();
    let numbers: Vec<&str> = detail.split(|c: char| !c.is_ascii_digit()).collect();
    assert!(numbers.contains(&number), "{number} is not in {detail:?}");
}

fn query(filter: &str) -> String {
    let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    format!("/Users?filter={filter}")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_is_kept_and_told() {
    let hub = TestHub::with_settings(SETTINGS).await;
    let (_, scim) = hub.receiver("Bounds").await;
    let user = scim.user("ada@example.com").await;
    let path = format!("/Users/{user}");

    let mut large = person("ben@example.com");
    large["title"] = "x".repeat(20_000).into();
    told(&scim.post("/Users", large).await, 413, None, "20000");
    let mut deep: Value = json!("x");
    for _ in 0..11 {
        deep = json!([deep]);
    }
    let mut nested = person("ben@example.com");
    nested["title"] = deep;
    told(
        &scim.post("/Users", nested).await,
        400,
        Some("invalidSyntax"),
        "10",
    );

    let term = "userName eq \"a\"";
    let long = format!("title eq \"{}\"", "x".repeat(300));
    told(&scim.get(&query(&long)).await, 400, Some("invalidFilter"), "300");
    let many = ["id pr"; 13].join(" or ");
    told(&scim.get(&query(&many)).await, 400, Some("invalidFilter"), "12");
    assert_eq!(scim.get(&query(&["id pr"; 12].join(" or "))).await.status, 200);
    let nested = format!("(((({term}))))");
    told(&scim.get(&query(&nested)).await, 400, Some("invalidFilter"), "3");

    let change = json!({"op": "replace", "path": "title", "value": "T"});
    let body = |n: usize| patch_op(&json!(vec![change.clone(); n])).to_string().into_bytes();
    assert_eq!(scim.raw(Method::PATCH, &path, body(11)).await.status, 200);
    let answer = scim.raw(Method::PATCH, &path, body(12)).await;
    told(&answer, 400, Some("tooMany"), "11");
    let members: Vec<Value> = (0..102).map(|n| json!({"value": format!("m{n}")})).collect();
    let group = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Team", "members": members});
    told(&scim.post("/Groups", group).await, 400, Some("tooMany"), "101");

    let bulk = |n: usize| {
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": vec![json!({"method": "DELETE", "path": "/Users/none"}); n]})
    };
    assert_eq!(scim.post("/Bulk", bulk(3)).await.status, 200);
    told(&scim.post("/Bulk", bulk(4)).await, 413, None, "3");

    let config = scim.get("/ServiceProviderConfig").await.expect(200);
    assert_eq!(config["filter"]["maxResults"], 100);
    assert_eq!(config["pagination"]["maxPageSize"], 100);
    assert_eq!(
        (
            &config["bulk"]["maxOperations"],
            &config["bulk"]["maxPayloadSize"]
        ),
        (&json!(3), &json!(20_000))
    );
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_asks_too_fast_is_told_how_fast_it_may() {
    let hub = TestHub::with_settings("[limits]\nper_second = 1\nburst = 2\n").await;
    let (_, scim) = hub.receiver("Bounds").await;
    let mut answers = Vec::new();
    for _ in 0..6 {
        answers.push(scim.get("/Users").await);
    }
    assert_eq!(answers[0].status, 200);
    let refused = answers.iter().find(|a| a.status == 429).expect("not all pass");
    told(refused, 429, None, "1");
    assert!(refused.headers.contains_key("retry-after"));
    hub.stop().await;
}
