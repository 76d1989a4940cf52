//! Each treatment over real sockets, and what hostile callers and targets get.

#![expect(clippy::unwrap_used, reason = "tests")]

use tokio::io::AsyncReadExt;

use super::*;

/// A target that answers each connection with `answer` and sends back what it was asked.
async fn target(answer: &'static str) -> (SocketAddr, tokio::sync::mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (told, asked) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (caller, _) = listener.accept().await.unwrap();
            let mut caller = BufReader::new(caller);
            let Ok(request) = http::read_request(&mut caller).await else {
                continue;
            };
            let _ = told.send(String::from_utf8(request.to_bytes(false)).unwrap());
            caller.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    (address, asked)
}

const CREATED: &str = "HTTP/1.1 201 Created\r\nLocation: /Users/1\r\nContent-Length: 8\r\n\r\n{\"a\": 1}";
const POST: &str = "POST /Users?x=1 HTTP/1.1\r\nHost: relay.example:99\r\nAuthorization: Bearer t\r\nContent-Length: 2\r\n\r\n{}";

/// Sends `sent` and reads until the relay closes or has sent nothing for a while.
async fn talk(relay: &Relay, sent: &str) -> String {
    let mut stream = TcpStream::connect(relay.address()).await.unwrap();
    stream.write_all(sent.as_bytes()).await.unwrap();
    let mut got = Vec::new();
    let _ = tokio::time::timeout(Duration::from_millis(300), stream.read_to_end(&mut got)).await;
    String::from_utf8(got).unwrap()
}

fn entry(relay: &Relay) -> (Option<u16>, Treatment) {
    let log = relay.log();
    assert_eq!(log.len(), 1);
    assert_eq!(
        (log[0].method.as_str(), log[0].path.as_str()),
        ("POST", "/Users?x=1")
    );
    (log[0].status, log[0].treatment.clone())
}

#[tokio::test]
async fn what_passes_arrives_whole() {
    let (address, mut asked) = target(CREATED).await;
    let relay = Relay::start(address).await.unwrap();
    let got = talk(&relay, POST).await;
    assert_eq!(
        got,
        "HTTP/1.1 201 Created\r\nLocation: /Users/1\r\nContent-Length: 8\r\nConnection: keep-alive\r\n\r\n{\"a\": 1}"
    );
    let asked = asked.recv().await.unwrap();
    assert!(
        asked
            .starts_with("POST /Users?x=1 HTTP/1.1\r\nHost: relay.example:99\r\nAuthorization: Bearer t\r\n")
    );
    assert!(asked.ends_with("\r\n\r\n{}"));
    assert_eq!(entry(&relay), (Some(201), Treatment::Pass));
    relay.clear_log();
    assert!(relay.log().is_empty());
}

#[tokio::test]
async fn answers_of_its_own_do_not_reach_the_target() {
    let (address, mut asked) = target(CREATED).await;
    let relay = Relay::start(address).await.unwrap();
    relay.treat(|r| {
        assert_eq!(r.body, b"{}");
        Treatment::scim_error(503, "later")
    });
    let got = talk(&relay, POST).await;
    assert!(
        got.starts_with("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/scim+json\r\n"),
        "{got}"
    );
    assert!(got.contains("\"detail\":\"later\""), "{got}");
    assert_eq!(entry(&relay).0, Some(503));

    relay.clear_log();
    relay.treat(|_| Treatment::Html);
    let got = talk(&relay, POST).await;
    assert!(
        got.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/html") && got.contains("<form>"),
        "{got}"
    );
    assert_eq!(entry(&relay), (Some(200), Treatment::Html));

    relay.clear_log();
    relay.treat(|_| Treatment::Cut);
    assert_eq!(talk(&relay, POST).await, "");
    assert_eq!(entry(&relay), (None, Treatment::Cut));
    assert!(asked.try_recv().is_err());
}

#[tokio::test]
async fn lost_and_torn_answers_are_carried_out() {
    let (address, mut asked) = target(CREATED).await;
    let relay = Relay::start(address).await.unwrap();
    relay.treat(|_| Treatment::PassAndCut);
    assert_eq!(talk(&relay, POST).await, "");
    assert!(asked.recv().await.is_some());
    assert_eq!(entry(&relay), (None, Treatment::PassAndCut));

    relay.clear_log();
    relay.treat(|_| Treatment::Truncate);
    let got = talk(&relay, POST).await;
    assert!(
        got.contains("Content-Length: 8\r\n") && got.ends_with("\r\n\r\n{\"a\""),
        "{got}"
    );
    assert!(asked.recv().await.is_some());
    assert_eq!(entry(&relay), (Some(201), Treatment::Truncate));
}

#[tokio::test]
async fn a_connection_serves_many_requests() {
    let (address, _asked) = target(CREATED).await;
    let relay = Relay::start(address).await.unwrap();
    let got = talk(&relay, &format!("{POST}{POST}\r\n{POST}")).await;
    assert_eq!(got.matches("HTTP/1.1 201").count(), 3, "{got}");
    let closing = POST.replace("Host", "Connection: close\r\nHost");
    let got = talk(&relay, &format!("{closing}{POST}")).await;
    assert_eq!(got.matches("HTTP/1.1 201").count(), 1);
    assert!(got.contains("Connection: close\r\n"));
    let old = talk(&relay, "GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n").await;
    assert_eq!(old.matches("HTTP/1.1 201").count(), 1);
}

#[tokio::test]
async fn chunks_are_put_together_both_ways() {
    let chunked = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\n";
    let (address, mut asked) = target(chunked).await;
    let relay = Relay::start(address).await.unwrap();
    let sent = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n";
    let got = talk(&relay, sent).await;
    assert!(
        got.starts_with("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n") && got.ends_with("\r\n\r\nabcde"),
        "{got}"
    );
    let asked = asked.recv().await.unwrap();
    assert!(
        asked.contains("Content-Length: 4\r\n") && asked.ends_with("\r\n\r\nbody"),
        "{asked}"
    );
}

#[tokio::test]
async fn answers_without_a_body_end_at_once() {
    let (address, _asked) = target("HTTP/1.1 204 No Content\r\n\r\n").await;
    let relay = Relay::start(address).await.unwrap();
    assert_eq!(
        talk(&relay, POST).await,
        "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n"
    );
    let (address, _asked) = target("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n").await;
    let relay = Relay::start(address).await.unwrap();
    let got = talk(&relay, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(
        got,
        "HTTP/1.1 200 OK\r\nContent-Length: 999\r\nConnection: keep-alive\r\n\r\n"
    );
}

#[tokio::test]
async fn a_target_that_is_gone_is_a_bad_gateway_and_a_relay_comes_back() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let relay = Relay::start(free).await.unwrap();
    assert!(talk(&relay, POST).await.starts_with("HTTP/1.1 502 "));
    let address = relay.address();
    let mut open = TcpStream::connect(address).await.unwrap();
    drop(relay);
    // Its connections end with it, and its port is free again.
    assert_eq!(open.read(&mut [0; 8]).await.unwrap_or(0), 0);
    assert!(TcpStream::connect(address).await.is_err());
    let (target, _asked) = target(CREATED).await;
    let relay = Relay::start_at(address, target).await.unwrap();
    assert!(talk(&relay, POST).await.starts_with("HTTP/1.1 201 "));
}

#[tokio::test]
async fn what_is_not_http_or_too_large_is_refused() {
    let (address, mut asked) = target(CREATED).await;
    let relay = Relay::start(address).await.unwrap();
    let long = format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "x".repeat(70_000));
    for (sent, status) in [
        ("nonsense\r\n\r\n", 400),
        ("GET / SPDY/3\r\n\r\n", 400),
        ("G T / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nA: b\u{0}c\r\n\r\n", 400),
        ("POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n", 413),
        ("POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            400,
        ),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\na\r\n",
            400,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
            413,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
            400,
        ),
        (long.as_str(), 431),
    ] {
        let got = talk(&relay, sent).await;
        assert!(
            got.starts_with(&format!("HTTP/1.1 {status} ")),
            "{sent:.60}\n{got}"
        );
    }
    assert!(asked.try_recv().is_err());
    assert!(relay.log().is_empty());
}
