//! The check of a connection.
use super::*;
use crate::model::Scope;

#[tokio::test]
async fn a_check_finds_what_the_server_can() {
    let config =
        json!({ "patch": { "supported": false }, "filter": { "supported": true, "maxResults": 50 } });
    let server = Server::start([
        Answer::json(200, &config.to_string()),
        list(1, &[user("1", "a")]),
        list(0, &[]),
    ])
    .await;
    let found = open(&server).check(Scope::UsersAndGroups).await.unwrap();
    let expected = Capabilities {
        patch: false,
        discovery: true,
        page_size: 50,
        ..Capabilities::default()
    };
    assert_eq!(found, expected);
    assert_eq!(
        server.lines(),
        [
            "GET /v2/ServiceProviderConfig",
            "GET /v2/Users?startIndex=1&count=1",
            "GET /v2/Groups?startIndex=1&count=1"
        ]
    );

    for (config, groups) in [
        (error(404, "no"), error(404, "no")),
        (Answer::html(200), error(501, "no")),
        (Answer::silence(), error(403, "no")),
    ] {
        let server = Server::start([config, list(0, &[]), groups]).await;
        assert_eq!(
            open(&server).check(Scope::UsersAndGroups).await.unwrap(),
            Capabilities {
                groups: false,
                ..Capabilities::default()
            }
        );
    }
    // A failure of the moment does not take the groups away for good.
    let server = Server::start([error(404, "no"), list(0, &[]), error(503, "no")]).await;
    assert_eq!(
        open(&server).check(Scope::UsersAndGroups).await.unwrap_err().kind,
        CheckKind::Failing(503)
    );
}

#[tokio::test]
async fn a_check_asks_what_the_scope_needs() {
    // Users only: not a word about groups.
    let server = Server::start([error(404, "no"), list(0, &[])]).await;
    assert!(!open(&server).check(Scope::Users).await.unwrap().groups);
    assert_eq!(
        server.lines(),
        [
            "GET /v2/ServiceProviderConfig",
            "GET /v2/Users?startIndex=1&count=1"
        ]
    );
    // Groups only: they must be there, and the sentence says what else could be done.
    for (answer, words) in [
        (error(403, "no"), "may not read groups"),
        (Answer::html(404), "carry users only"),
    ] {
        let server = Server::start([error(404, "no"), list(0, &[]), answer]).await;
        let error = open(&server).check(Scope::Groups).await.unwrap_err();
        assert!(error.sentence.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_check_says_what_to_fix() {
    for (answer, kind, words) in [
        (
            error(401, "no"),
            CheckKind::Credentials(401),
            "token is not accepted",
        ),
        (
            error(403, "no"),
            CheckKind::Credentials(403),
            "may not read users",
        ),
        (Answer::html(404), CheckKind::NotScim, "there is no /v2/Users"),
        (
            Answer::html(200),
            CheckKind::NotScim,
            "a web page instead of JSON",
        ),
        (Answer::json(200, "{}"), CheckKind::NotScim, "no SCIM list"),
        (error(400, "odd"), CheckKind::NotScim, "odd"),
        (error(503, "no"), CheckKind::Failing(503), "Try again later"),
        (
            Answer::json(301, "").header("Location: https://b.example/"),
            CheckKind::Redirect,
            "redirects elsewhere (https://b.example)",
        ),
        (Answer::stalls(), CheckKind::Timeout, "did not answer in 1 s"),
    ] {
        let server = Server::start([error(404, "no"), answer]).await;
        let error = open(&server).check(Scope::UsersAndGroups).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(
            error.sentence.contains(words) && error.sentence.starts_with(&server.host()),
            "{error}"
        );
    }
    for (base, kind, sentence) in [
        (
            "http://127.0.0.1:9",
            CheckKind::Unreachable,
            "127.0.0.1:9 refused the connection. Check the host and port of the SCIM Base URL.",
        ),
        (
            "https://no-such-name.invalid",
            CheckKind::Unreachable,
            "no-such-name.invalid could not be found",
        ),
        (
            "https://169.254.169.254",
            CheckKind::Address,
            "169.254.169.254 may not be called",
        ),
        ("nonsense", CheckKind::Url, "the SCIM Base URL cannot be called"),
    ] {
        let error = open_with(base.into(), Capabilities::default())
            .check(Scope::UsersAndGroups)
            .await
            .unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.sentence.starts_with(sentence), "{error}");
    }
}

#[tokio::test]
async fn the_account_behind_the_token_is_known_only_where_the_app_tells() {
    let me = Answer::json(200, &user("me-1", "admin@example.com").to_string());
    let server = Server::start([me]).await;
    assert_eq!(open(&server).own_account().await.as_deref(), Some("me-1"));
    assert_eq!(server.lines(), ["GET /v2/Me"]);
    for other in [
        error(501, "no"),
        Answer::html(200),
        Answer::silence(),
        list(1, &[user("1", "a")]),
        Answer::json(200, "{\"id\": \"1\"}"),
    ] {
        let server = Server::start([other]).await;
        assert_eq!(open(&server).own_account().await, None);
    }
}
