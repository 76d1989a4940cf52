//! The client against scripted servers: what it asks, and what it makes of good, odd and hostile answers.
#![expect(clippy::unwrap_used, reason = "tests")]

mod checking;
mod odd;
mod reading;
mod writing;

use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Clock;
use crate::connector::fake::{Answer, Server};
use crate::connector::{CheckKind, Connector, ConnectorError, Net, NetPolicy, Place, Token, Verdict};
use crate::model::{Capabilities, Target};
use crate::scim::schema::ResourceType::{Group, User};
use crate::scim::{Attributes, urn};

const OUTAGE: Verdict = Verdict::Retry {
    after: None,
    target: true,
};
const SECRET: &str = "s3cret-token-1234";

fn open_with(base_url: String, capabilities: Capabilities) -> Connector {
    open_at(base_url, capabilities, Clock::system())
}

fn open_at(base_url: String, capabilities: Capabilities, clock: Clock) -> Connector {
    let policy = NetPolicy {
        allow_private: true,
        clock,
        request_timeout: Duration::from_secs(1),
        ..NetPolicy::default()
    };
    let target = Target::Scim {
        base_url,
        access: Default::default(),
        capabilities,
    };
    Connector::open(&target, Token::new(SECRET.into()), Net::new(policy).unwrap())
}

fn open(server: &Server) -> Connector {
    open_with(
        server.url("/v2"),
        Capabilities {
            page_size: 2,
            ..Capabilities::default()
        },
    )
}

fn without_patch(server: &Server) -> Connector {
    open_with(
        server.url("/v2"),
        Capabilities {
            patch: false,
            ..Capabilities::default()
        },
    )
}

fn user(id: &str, name: &str) -> Value {
    json!({ "schemas": [urn::USER], "id": id, "userName": name, "active": true })
}

fn list(total: u64, resources: &[Value]) -> Answer {
    Answer::json(
        200,
        &json!({ "schemas": [urn::LIST_RESPONSE], "totalResults": total, "Resources": resources })
            .to_string(),
    )
}

fn object(value: &Value) -> Attributes {
    value.as_object().unwrap().clone()
}

fn error(status: u16, detail: &str) -> Answer {
    Answer::json(
        status,
        &json!({ "schemas": [urn::ERROR], "status": status.to_string(), "detail": detail }).to_string(),
    )
}

fn ids(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn every_status_has_its_verdict() {
    let retry = |after: Option<u64>, target| Verdict::Retry {
        after: after.map(Duration::from_secs),
        target,
    };
    let date = [
        "Date: Sun, 06 Nov 1994 08:49:37 GMT",
        "Retry-After: Sun, 06 Nov 1994 08:50:07 GMT",
    ];
    let table = [
        (error(401, "no"), Verdict::Park, false),
        (error(403, "no"), Verdict::Park, false),
        (error(404, "no"), Verdict::Gone, false),
        (Answer::html(404), OUTAGE, false),
        (Answer::of(404, "", ""), OUTAGE, false),
        (error(409, "no"), Verdict::Exists, false),
        (
            Answer::json(400, "{\"scimType\":\"uniqueness\"}"),
            Verdict::Exists,
            false,
        ),
        (error(400, "no"), Verdict::Reject, false),
        (error(413, "no"), Verdict::Reject, false),
        (error(422, "no"), Verdict::Reject, false),
        (
            error(429, "slow").header("Retry-After: 7"),
            retry(Some(7), true),
            false,
        ),
        (
            error(429, "slow").header(date[0]).header(date[1]),
            retry(Some(30), true),
            false,
        ),
        (
            Answer::of(301, "", "").header("Location: /v2/Users/1/"),
            Verdict::Reject,
            false,
        ),
        (Answer::of(302, "", "").header("Location: /signin"), OUTAGE, false),
        (error(500, "no"), retry(None, false), true),
        (error(502, "no"), OUTAGE, true),
        (
            error(503, "no").header("Retry-After: 60"),
            retry(Some(60), true),
            false,
        ),
        (error(504, "no"), OUTAGE, true),
        (Answer::html(200), OUTAGE, true),
        (Answer::silence(), OUTAGE, true),
        (Answer::stalls(), OUTAGE, true),
    ];
    let server = Server::start(table.iter().map(|row| row.0.clone())).await;
    for (answer, verdict, lost) in table {
        // Each with a way out of its own: after a 429 the next request would have to wait.
        let error = open(&server)
            .update(
                User,
                "1",
                &[("title".into(), Some(json!("T")))],
                &Attributes::new(),
                0,
            )
            .await
            .unwrap_err();
        assert_eq!(
            (&error.verdict, error.lost),
            (&verdict, lost),
            "{answer:?}: {error}"
        );
        assert_eq!(error.host, server.host());
    }
    let unreachable = open_with("http://127.0.0.1:9".into(), Capabilities::default());
    let error = unreachable.delete(User, "1").await.unwrap_err();
    assert_eq!(
        (&error.verdict, error.lost, error.to_string().as_str()),
        (&OUTAGE, false, "127.0.0.1:9 refused the connection")
    );
}

#[tokio::test]
async fn errors_are_sentences_without_the_token() {
    let server = Server::start([
        error(400, &format!("Bad title\r\nfor {SECRET} and more")),
        Answer::html(503),
        Answer::of(400, "text/plain", "no\u{7}thing"),
        Answer::json(400, "{\"Errors\":[{\"description\":\"old form\"}]}"),
        error(400, &"x".repeat(5000)),
        Answer::html(200),
    ])
    .await;
    let c = open(&server);
    let mut said = Vec::new();
    for _ in 0..6 {
        let error: ConnectorError = c.create(User, &object(&user("", "a")), &[]).await.unwrap_err();
        assert!(!format!("{error:?}").contains("s3cret") && error.detail.chars().count() <= 200);
        said.push(error.to_string().replace(&server.host(), "app"));
    }
    assert_eq!(said[0], "app answered 400: Bad title for ••• and more");
    assert_eq!(said[1], "app answered 503");
    assert_eq!(said[2], "app answered 400: no thing");
    assert_eq!(said[3], "app answered 400: old form");
    assert_eq!(said[5], "app answered 200: a web page instead of JSON");
    assert!(!format!("{c:?}").contains("s3cret"));
}
