//! Access tokens by client credentials, from an issuer that may be anything.
use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::model::Time;

const SECRET: &str = "client-secret-0123456789";

fn caller(token_url: String, secret: &str) -> Caller {
    let access = Access {
        auth: Auth::OAuth {
            token_url,
            client_id: "me & you".into(),
            scope: Some("scim read".into()),
        },
        headers: Vec::new(),
    };
    Caller::new(&access, Token::new(secret.into()))
}

async fn ask(net: &Net, caller: &Caller, url: &str) -> Result<Response, NetError> {
    let request = Request {
        method: Method::GET,
        url: Url::parse(url).unwrap(),
        caller,
        accept: "a/b",
        content_type: "a/b",
        body: None,
        pace: Pace::default(),
    };
    net.send(request).await
}

fn issued(token: &str, lasts: u64) -> Answer {
    let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": lasts });
    Answer::json(200, &body.to_string())
}

fn good() -> Answer {
    Answer::json(200, "{}")
}

#[tokio::test]
async fn a_token_is_bought_once_and_kept_until_shortly_before_its_end() {
    let issuer = Server::start([issued("first-token-1", 600), issued("second-token-2", 600)]).await;
    let app = Server::start([good(), good(), good()]).await;
    let clock = Clock::manual(Time(0));
    let net = net(NetPolicy {
        clock: clock.clone(),
        ..private()
    });
    let caller = caller(issuer.url("/token"), SECRET);
    ask(&net, &caller, &app.url("/a")).await.unwrap();
    clock.advance(Duration::from_secs(539));
    ask(&net, &caller, &app.url("/b")).await.unwrap();
    assert_eq!(issuer.lines(), ["POST /token"]);
    clock.advance(Duration::from_secs(1));
    ask(&net, &caller, &app.url("/c")).await.unwrap();
    assert_eq!(issuer.seen().len(), 2);
    let shown: Vec<bool> = ["first-token-1", "first-token-1", "second-token-2"]
        .iter()
        .zip(app.seen())
        .map(|(token, seen)| seen.head.contains(&format!("authorization: Bearer {token}")))
        .collect();
    assert_eq!(shown, [true; 3]);
    let asked = &issuer.seen()[0];
    // Each half in percent-encoding first (RFC 6749 §2.3.1).
    assert!(
        asked
            .head
            .contains("authorization: Basic bWUrJTI2K3lvdTpjbGllbnQtc2VjcmV0LTAxMjM0NTY3ODk="),
        "{}",
        asked.head
    );
    assert!(
        asked
            .head
            .contains("content-type: application/x-www-form-urlencoded")
    );
    assert_eq!(asked.text, "grant_type=client_credentials&scope=scim+read");
    assert!(
        !app.seen().iter().any(|seen| seen.head.contains(SECRET)),
        "the app never sees the secret"
    );
}

#[tokio::test]
async fn many_requests_at_once_buy_one_token() {
    let issuer = Server::start([issued("only-token-1", 600)]).await;
    let app = Server::start(std::iter::repeat_with(good).take(8)).await;
    let net = net(private());
    let caller = caller(issuer.url("/token"), SECRET);
    let url = app.url("/");
    let all = futures_util::future::join_all((0..8).map(|_| ask(&net, &caller, &url))).await;
    assert!(all.iter().all(|a| a.as_ref().is_ok_and(|a| a.status == 200)));
    assert_eq!(issuer.seen().len(), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let issuer = Server::start([issued("first-token-1", 600), issued("second-token-2", 600)]).await;
    let refusal = || Answer::json(401, "{}");
    let app = Server::start([refusal(), good(), refusal(), refusal()]).await;
    let net = net(private());
    let caller = caller(issuer.url("/token"), SECRET);
    assert_eq!(ask(&net, &caller, &app.url("/")).await.unwrap().status, 200);
    assert_eq!((issuer.seen().len(), app.seen().len()), (2, 2));
    // The issuer's script has ended: what is refused again is refused.
    let error = ask(&net, &caller, &app.url("/")).await.unwrap_err();
    assert_eq!((error.kind, error.lost()), (NetErrorKind::NoToken, false));
}

#[tokio::test]
async fn an_issuer_that_wants_them_in_the_body_gets_them_there() {
    let refusal = Answer::json(401, "{\"error\":\"invalid_client\"}");
    let issuer = Server::start([refusal, issued("first-token-1", 0), issued("second-token-2", 0)]).await;
    let app = Server::start([good(), good()]).await;
    let net = net(private());
    let caller = caller(issuer.url("/token"), "a secret&b");
    ask(&net, &caller, &app.url("/")).await.unwrap();
    ask(&net, &caller, &app.url("/")).await.unwrap();
    let asked = issuer.seen();
    assert!(asked[0].head.contains("authorization: Basic"));
    for seen in &asked[1..] {
        assert!(!seen.head.contains("authorization"));
        assert!(
            seen.text
                .ends_with("&client_id=me+%26+you&client_secret=a+secret%26b"),
            "{}",
            seen.text
        );
    }
    assert_eq!(asked.len(), 3, "it is remembered where they belong");
}

#[tokio::test]
async fn what_an_issuer_refuses_is_told_without_the_secret() {
    let body = json!({ "error": "invalid_client", "error_description": format!("no {SECRET}\r\nhere") });
    let refusal = || Answer::json(401, &body.to_string());
    let issuer = Server::start([refusal(), refusal()]).await;
    let app = Server::start([]).await;
    let error = ask(
        &net(private()),
        &caller(issuer.url("/token"), SECRET),
        &app.url("/"),
    )
    .await
    .unwrap_err();
    assert_eq!((error.kind, error.lost()), (NetErrorKind::Refused(401), false));
    assert_eq!(error.host, issuer.host());
    assert!(
        error.detail.ends_with("access token: invalid_client no ••• here"),
        "{error}"
    );
    assert!(app.seen().is_empty());
}

#[tokio::test]
async fn whatever_else_an_issuer_answers_is_no_token() {
    for answer in [
        Answer::html(200),
        Answer::json(200, "{}"),
        Answer::json(200, "[1]"),
        Answer::json(200, "{\"access_token\":\"a b\"}"),
        Answer::json(200, "{\"access_token\":\"a\",\"token_type\":\"mac\"}"),
        Answer::json(200, &json!({ "access_token": "x".repeat(20_000) }).to_string()),
        Answer::json(200, &"x".repeat(300_000)),
        Answer::json(503, "{}").header("Retry-After: 7"),
        Answer::json(302, "").header("Location: https://elsewhere.example/"),
        Answer::json(200, "{}").cut(1),
        Answer::silence(),
    ] {
        let issuer = Server::start([answer.clone()]).await;
        let app = Server::start([]).await;
        let error = ask(
            &net(private()),
            &caller(issuer.url("/token"), SECRET),
            &app.url("/"),
        )
        .await
        .unwrap_err();
        assert_eq!(
            (error.kind, error.lost()),
            (NetErrorKind::NoToken, false),
            "{answer:?}: {error}"
        );
        assert!(app.seen().is_empty() && !format!("{error:?}").contains(SECRET));
    }
}

#[tokio::test]
async fn the_issuer_stands_under_the_same_address_policy() {
    let app = Server::start([]).await;
    for url in [
        "http://169.254.169.254/token",
        "https://metadata.google.internal/",
        "http://8.8.8.8/",
        "nonsense",
    ] {
        let error = ask(&net(private()), &caller(url.into(), SECRET), &app.url("/"))
            .await
            .unwrap_err();
        assert_eq!(error.kind, NetErrorKind::NoToken, "{url}: {error}");
        assert!(error.detail.contains("called"), "{error}");
    }
    let issuer = Server::start([issued("token-0123456", 600)]).await;
    let error = ask(
        &net(NetPolicy::default()),
        &caller(issuer.url("/token"), SECRET),
        "https://app.example.invalid/",
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind, NetErrorKind::NoToken, "{error}");
    assert!(issuer.seen().is_empty());
    // An app that may not be called is known before anybody is asked for a token.
    let issuer = Server::start([issued("token-0123456", 600)]).await;
    let error = ask(
        &net(private()),
        &caller(issuer.url("/token"), SECRET),
        "http://169.254.169.254/",
    )
    .await
    .unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Address);
    assert!(issuer.seen().is_empty());
}

#[tokio::test]
async fn an_access_token_never_shows_in_what_the_app_says() {
    let issuer = Server::start([issued("access-token-abcdef", 600)]).await;
    let app =
        Server::start([Answer::json(302, "").header("Location: https://access-token-abcdef.example/")]).await;
    let caller = caller(issuer.url("/token"), SECRET);
    let error = ask(&net(private()), &caller, &app.url("/")).await.unwrap_err();
    assert_eq!(error.kind, NetErrorKind::Redirect);
    assert!(!format!("{error} {error:?} {caller:?}").contains("access-token"));
}

#[tokio::test]
async fn an_issuer_that_repeats_what_it_was_sent_gives_no_secret_away() {
    const SHOWN: &str = "bWUrJTI2K3lvdTpjbGllbnQtc2VjcmV0LTAxMjM0NTY3ODk=";
    let body = json!({ "error": "invalid", "error_description": format!("Basic {SHOWN} is wrong") });
    let refusal = || Answer::json(401, &body.to_string());
    let issuer = Server::start([refusal(), refusal()]).await;
    let app = Server::start([]).await;
    let caller = caller(issuer.url("/token"), SECRET);
    let error = ask(&net(private()), &caller, &app.url("/")).await.unwrap_err();
    assert!(error.detail.contains("is wrong"), "{error}");
    assert!(!error.detail.contains("bWUr"), "{error}");
    assert!(!caller.clean(&format!("You sent {SHOWN}.")).contains("bWUr"));
}
