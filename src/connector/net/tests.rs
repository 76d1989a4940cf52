//! `Net` against a real socket: what is capped, cut, refused and masked.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

mod granting;
mod hostile;
mod pacing;

use super::*;
use crate::connector::fake::{Answer, Server};
use crate::model::{Access, Auth, Pace};

fn net(policy: NetPolicy) -> Net {
    Net::new(policy).unwrap()
}

fn private() -> NetPolicy {
    NetPolicy {
        allow_private: true,
        ..NetPolicy::default()
    }
}

fn bearer(secret: &str) -> Caller {
    Caller::new(&Access::default(), Token::new(secret.into()))
}

async fn get(net: &Net, url: &str) -> Result<Response, NetError> {
    send(net, Method::GET, url).await
}

async fn send(net: &Net, method: Method, url: &str) -> Result<Response, NetError> {
    let caller = bearer("s3cret-token-1234");
    let request = Request {
        method,
        url: Url::parse(url).unwrap(),
        caller: &caller,
        accept: "application/json",
        content_type: "application/json",
        body: None,
        pace: Pace::default(),
    };
    net.send(request).await
}

#[tokio::test]
async fn an_answer_arrives_whole() {
    let server = Server::start([Answer::json(200, "{}")
        .header("Retry-After: 3")
        .header("Location: /x/1")])
    .await;
    let answer = get(&net(private()), &server.url("/a?b=c")).await.unwrap();
    assert_eq!(
        (
            answer.status,
            answer.body.as_slice(),
            answer.content_type.as_str()
        ),
        (200, &b"{}"[..], "application/scim+json")
    );
    assert_eq!(
        (answer.retry_after, answer.location.as_deref()),
        (Some(Duration::from_secs(3)), Some("/x/1"))
    );
    let seen = server.seen();
    assert_eq!(seen[0].line, "GET /a?b=c");
    assert!(seen[0].head.contains("authorization: Bearer s3cret-token-1234"));
}

#[tokio::test]
async fn private_addresses_need_the_setting() {
    let server = Server::start([]).await;
    for url in [server.url("/"), server.url("/").replace("127.0.0.1", "localhost")] {
        let error = get(&net(NetPolicy::default()), &url).await.unwrap_err();
        assert!(
            matches!(error.kind, NetErrorKind::Address | NetErrorKind::Url),
            "{error}"
        );
        let error = get(&net(NetPolicy::default()), &url.replace("http:", "https:"))
            .await
            .unwrap_err();
        assert_eq!(error.kind, NetErrorKind::Address, "{error}");
        assert!(!error.lost());
    }
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn metadata_and_public_http_are_refused_without_a_connection() {
    for (url, kind) in [
        ("http://169.254.169.254/latest/meta-data", NetErrorKind::Address),
        ("https://metadata.google.internal/", NetErrorKind::Address),
        ("http://[::ffff:169.254.169.254]/", NetErrorKind::Address),
        ("http://[fd00:ec2::254]/", NetErrorKind::Address),
        ("http://8.8.8.8/", NetErrorKind::Address),
        ("https://user@127.0.0.1/", NetErrorKind::Url),
        ("https://127.0.0.1/#a", NetErrorKind::Url),
    ] {
        let error = get(&net(private()), url).await.unwrap_err();
        assert_eq!(error.kind, kind, "{url}: {error}");
    }
}

#[tokio::test]
async fn large_answers_are_not_read() {
    let server = Server::start([
        Answer::json(200, &"x".repeat(5000)),
        Answer::json(200, &"x".repeat(4096)),
    ])
    .await;
    let net = net(NetPolicy {
        max_body: 4096,
        ..private()
    });
    let error = get(&net, &server.url("/")).await.unwrap_err();
    assert_eq!((error.kind, error.lost()), (NetErrorKind::TooLarge, true));
    assert!(error.to_string().ends_with("sent more than 4 KiB"), "{error}");
    assert_eq!(get(&net, &server.url("/")).await.unwrap().body.len(), 4096);
}

#[tokio::test]
async fn cut_and_lost_answers_are_told_apart_from_no_connection() {
    let server = Server::start([
        Answer::json(200, "{\"a\":1}").cut(3),
        Answer::silence(),
        Answer::stalls(),
    ])
    .await;
    let net = net(NetPolicy {
        request_timeout: Duration::from_secs(1),
        ..private()
    });
    for kind in [
        NetErrorKind::Interrupted,
        NetErrorKind::Interrupted,
        NetErrorKind::Timeout,
    ] {
        let error = get(&net, &server.url("/")).await.unwrap_err();
        assert_eq!((error.kind, error.lost()), (kind, true), "{error}");
    }
    let error = get(&net, "http://127.0.0.1:9/").await.unwrap_err();
    assert_eq!((error.kind, error.lost()), (NetErrorKind::Connect, false));
    assert_eq!(error.to_string(), "127.0.0.1:9 refused the connection");
    let error = get(&net, "https://no-such-name.invalid/").await.unwrap_err();
    assert_eq!((error.kind, error.lost()), (NetErrorKind::Dns, false), "{error}");
}

#[tokio::test]
async fn plain_http_on_a_tls_port_is_a_tls_error() {
    let server = Server::start([Answer::json(200, "{}")]).await;
    let error = get(&net(private()), &server.url("/").replace("http:", "https:"))
        .await
        .unwrap_err();
    assert_eq!((error.kind, error.lost()), (NetErrorKind::Tls, false), "{error}");
}

#[tokio::test]
async fn redirects_stay_within_the_origin() {
    let moved = |to: &str| Answer::json(302, "").header(&format!("Location: {to}"));
    let server = Server::start([moved("/b"), Answer::json(200, "{}")]).await;
    assert_eq!(get(&net(private()), &server.url("/a")).await.unwrap().status, 200);
    assert_eq!(server.seen()[1].line, "GET /b");

    for to in [
        "https://elsewhere.example/a",
        "http://127.0.0.1:1/",
        "//elsewhere.example/",
        "http://u:p@elsewhere.example/",
    ] {
        let server = Server::start([moved(to)]).await;
        let error = get(&net(private()), &server.url("/a")).await.unwrap_err();
        assert_eq!(error.kind, NetErrorKind::Redirect, "{to}: {error}");
        assert_eq!(server.seen().len(), 1);
    }
    let server = Server::start([moved("/1"), moved("/2"), moved("/3"), moved("/4")]).await;
    assert!(
        get(&net(private()), &server.url("/"))
            .await
            .unwrap_err()
            .detail
            .contains("circles")
    );
    // What is written goes where it is said to stay what it is, and nowhere else.
    for status in [307, 308] {
        let kept = Answer::json(status, "").header("Location: /a/");
        let server = Server::start([kept, Answer::json(201, "{}")]).await;
        let answer = send(&net(private()), Method::POST, &server.url("/a")).await;
        assert_eq!(answer.unwrap().status, 201);
        assert_eq!(server.lines(), ["POST /a", "POST /a/"]);
        let kept = Answer::json(status, "").header("Location: https://elsewhere.example/a");
        let server = Server::start([kept]).await;
        let error = send(&net(private()), Method::POST, &server.url("/a")).await;
        assert_eq!(error.unwrap_err().kind, NetErrorKind::Redirect);
    }
    let server = Server::start([moved("/b")]).await;
    let answer = send(&net(private()), Method::POST, &server.url("/a")).await;
    assert_eq!((answer.unwrap().status, server.lines().len()), (302, 1));
    let server = Server::start([moved("https://s3cret-token-1234.example/")]).await;
    assert!(
        !get(&net(private()), &server.url("/a"))
            .await
            .unwrap_err()
            .to_string()
            .contains("s3cret")
    );
}

#[tokio::test]
async fn a_token_that_cannot_be_sent_is_told_without_it() {
    let caller = bearer("line\nbreak");
    let url = Url::parse("http://127.0.0.1:9/").unwrap();
    let request = Request {
        method: Method::GET,
        url,
        caller: &caller,
        accept: "a/b",
        content_type: "a/b",
        body: None,
        pace: Pace::default(),
    };
    let error = net(private()).send(request.clone()).await.unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Url);
    assert!(!format!("{error:?}{error}{request:?}").contains("break"));
}

#[test]
fn extra_authorities_must_be_certificates() {
    for pem in [
        "",
        "nonsense",
        "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----",
    ] {
        assert!(
            Net::new(NetPolicy {
                extra_ca_pem: Some(pem.into()),
                ..NetPolicy::default()
            })
            .is_err(),
            "{pem}"
        );
    }
}
