//! Lists, one by id, search.
use super::*;
use crate::model::capabilities::Filters;
use crate::model::{Pace, Time};

#[tokio::test]
async fn pages_follow_what_really_came() {
    let server = Server::start([
        list(3, &[user("1", "a"), json!({ "id": "2" })]),
        list(3, &[user("3", "c")]),
        list(0, &[]),
        Answer::json(
            200,
            &json!({ "schemas": [urn::LIST_RESPONSE], "Resources": [user("1", "a")] }).to_string(),
        ),
        Answer::json(
            200,
            &json!({ "schemas": [urn::LIST_RESPONSE], "totalResults": "7", "resources": [user("1", "a")] })
                .to_string(),
        ),
    ])
    .await;
    let c = open(&server);
    let page = c.page(User, &Place::Index(1)).await.unwrap();
    assert_eq!(
        (page.total, page.next, page.resources.len()),
        (Some(3), Some(Place::Index(3)), 2)
    );
    assert_eq!(
        (page.resources[1].id.as_str(), page.resources[1].broken.is_some()),
        ("2", true)
    );
    assert_eq!(c.page(User, &Place::Index(3)).await.unwrap().next, None);
    assert_eq!(c.page(User, &Place::Index(1)).await.unwrap().next, None);
    // No total, or a total as text; an unknown total goes on until a page is empty.
    assert_eq!(
        c.page(User, &Place::Index(1)).await.unwrap().next,
        Some(Place::Index(2))
    );
    assert_eq!(
        c.page(Group, &Place::Index(3)).await.unwrap().next,
        Some(Place::Index(4))
    );
    assert_eq!(
        server.lines()[..2],
        [
            "GET /v2/Users?startIndex=1&count=2",
            "GET /v2/Users?startIndex=3&count=2"
        ]
    );
    assert_eq!(server.lines()[4], "GET /v2/Groups?startIndex=3&count=2");
    assert!(server.seen()[0].head.contains("accept: application/scim+json"));
}

#[tokio::test]
async fn an_implausible_page_is_tried_again_and_never_an_empty_one() {
    let whole = list(1, &[user("1", "a")]);
    let server = Server::start([
        list(500, &[]),
        whole.clone().cut(5),
        Answer::html(200),
        Answer::json(200, "{\"schemas\":["),
        Answer::json(200, "[]"),
        Answer::json(200, "{\"error\":\"no\"}"),
        Answer::json(
            200,
            &json!({ "schemas": [urn::ERROR], "Resources": [], "totalResults": 0 }).to_string(),
        ),
        Answer::json(
            200,
            &json!({ "schemas": [urn::LIST_RESPONSE], "Resources": "x", "totalResults": 0 }).to_string(),
        ),
        Answer::json(
            200,
            &json!({ "schemas": [urn::LIST_RESPONSE], "totalResults": -1 }).to_string(),
        ),
        Answer::of(204, "", ""),
        Answer::html(404),
        error(404, "no"),
        Answer::silence(),
        Answer::stalls(),
        Answer::json(302, "").header("Location: https://elsewhere.example/"),
    ])
    .await;
    let c = open(&server);
    for n in 0..15 {
        let error = c.page(User, &Place::Index(1)).await.unwrap_err();
        assert_eq!((&error.verdict, error.lost), (&OUTAGE, false), "{n}: {error}");
    }
    assert_eq!(server.seen().len(), 15);
}

#[tokio::test]
async fn a_page_too_large_to_read_is_asked_for_in_pieces() {
    let many = vec![json!({ "value": "x".repeat(100) }); 20];
    let group = |id: &str| json!({ "id": id, "displayName": "G", "members": many });
    let server = Server::start([list(2, &[group("1"), group("2")]), list(2, &[group("1")])]).await;
    let policy = NetPolicy {
        allow_private: true,
        max_body: 4096,
        ..NetPolicy::default()
    };
    let capabilities = Capabilities {
        page_size: 10,
        ..Capabilities::default()
    };
    let target = Target::Scim {
        base_url: server.url(""),
        access: Default::default(),
        capabilities,
    };
    let c = Connector::open(&target, Token::new(SECRET.into()), Net::new(policy).unwrap());
    let page = c.page(Group, &Place::Index(1)).await.unwrap();
    assert_eq!((page.resources.len(), page.next), (1, Some(Place::Index(2))));
    assert_eq!(
        server.lines(),
        [
            "GET /Groups?startIndex=1&count=10",
            "GET /Groups?startIndex=1&count=1"
        ]
    );
}

#[tokio::test]
async fn one_by_id_is_that_one_or_none() {
    let server = Server::start([
        Answer::json(200, &user("a/b c", "n").to_string()),
        error(404, "no"),
        Answer::html(404),
        Answer::json(200, &user("2", "n").to_string()),
        list(0, &[]),
    ])
    .await;
    let c = open(&server);
    assert_eq!(c.get(User, "a/b c").await.unwrap().unwrap().id, "a/b c");
    assert_eq!(c.get(User, "1").await.unwrap(), None);
    for _ in 0..3 {
        assert_eq!(c.get(User, "1").await.unwrap_err().verdict, OUTAGE);
    }
    assert_eq!(server.lines()[0], "GET /v2/Users/a%2Fb%20c");
    // An id must not turn one resource into the whole list or another path.
    for id in ["", ".", "..", ".\t.", "\r..\n", "7\u{7}"] {
        assert_eq!(c.delete(User, id).await.unwrap_err().verdict, Verdict::Reject);
    }
    assert_eq!(server.seen().len(), 5);
}

#[tokio::test]
async fn a_search_is_escaped_and_checked_on_our_side() {
    let ignored = [user("1", "other"), user("2", "another")];
    let server = Server::start([
        list(1, &[user("1", "R&D \"É\"@x")]),
        list(0, &[]),
        error(404, "no"),
        list(2, &ignored),
        list(90, &ignored),
        list(
            90,
            &[
                user("1", "other"),
                user("2", "WANTED"),
                json!({ "id": "3", "username": "wanted", "active": 5 }),
            ],
        ),
        error(400, "no filters"),
        error(501, "no filters"),
        Answer::html(404),
    ])
    .await;
    let c = open(&server);
    assert_eq!(c.find(User, "userName", "r&d \"é\"@X").await.unwrap()[0].id, "1");
    assert_eq!(
        server.lines()[0],
        "GET /v2/Users?filter=userName%20eq%20%22r%26d%20%5C%22%C3%A9%5C%22%40X%22&startIndex=1&count=2"
    );
    for _ in 0..3 {
        assert!(c.find(User, "userName", "wanted").await.unwrap().is_empty());
    }
    // The beginning of a long list that ignores the filter does not prove that nobody is there.
    assert_eq!(
        c.find(User, "userName", "wanted").await.unwrap_err().verdict,
        Verdict::Reject
    );
    let found = c.find(User, "userName", "wanted").await.unwrap();
    assert_eq!(
        found
            .iter()
            .map(|r| (r.id.as_str(), r.broken.is_some()))
            .collect::<Vec<_>>(),
        [("2", false), ("3", true)]
    );
    for verdict in [Verdict::Reject, Verdict::Reject, OUTAGE] {
        assert_eq!(
            c.find(User, "userName", "wanted").await.unwrap_err().verdict,
            verdict
        );
    }
}

#[tokio::test]
async fn a_filter_that_was_found_wanting_is_not_asked_and_the_list_is_read() {
    let known = || Capabilities {
        page_size: 2,
        filters: Filters {
            user_name: Some(false),
            ..Filters::default()
        },
        ..Capabilities::default()
    };
    let server = Server::start([
        list(3, &[user("1", "a"), user("2", "B")]),
        list(3, &[user("2", "B"), user("3", "b")]),
        list(3, &[]),
    ])
    .await;
    let c = open_with(server.url("/v2"), known());
    assert!(c.find(User, "userName", "b").await.unwrap_err().is_our_own());
    assert!(server.lines().is_empty());
    let found = c.look_through(User, "userName", "b").await.unwrap();
    let found: Vec<&str> = found.iter().map(|r| r.id.as_str()).collect();
    assert_eq!(found, ["2", "3"], "each once");

    // A list that does not come to its end finds nobody, and nobody is said to be missing.
    let stuck = || list(9, &[user("1", "a"), user("2", "c")]);
    let server = Server::start([stuck(), stuck()]).await;
    let c = open_with(server.url("/v2"), known());
    let error = c.look_through(User, "userName", "b").await.unwrap_err();
    assert!(
        matches!(error.verdict, Verdict::Retry { target: false, .. }),
        "{error}"
    );
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn where_letter_case_matters_an_empty_answer_proves_nothing() {
    let server = Server::start([list(0, &[]), list(1, &[user("1", "Ann")])]).await;
    let known = Capabilities {
        filters: Filters {
            user_name: Some(true),
            folds_case: Some(false),
            ..Filters::default()
        },
        ..Capabilities::default()
    };
    let c = open_with(server.url("/v2"), known);
    let error = c.find(User, "userName", "ann").await.unwrap_err();
    assert_eq!(error.verdict, Verdict::Reject);
    assert_eq!(c.look_through(User, "userName", "ann").await.unwrap().len(), 1);
}

#[tokio::test]
async fn groups_whose_members_no_list_shows_are_read_alone() {
    let named = |id: &str| json!({ "id": id, "displayName": id });
    let with = |id: &str, members: Value| json!({ "id": id, "displayName": id, "members": members });
    let groups = [
        named("a"),
        with("b", json!([{ "value": "1" }])),
        with("c", json!([])),
        named("d"),
    ];
    let alone = |group: Value| Answer::json(200, &group.to_string());
    let server = Server::start([
        list(4, &groups),
        list(4, &groups),
        alone(with("a", json!([{ "value": "2" }]))),
        alone(with("c", json!([]))),
        Answer::json(
            404,
            &json!({ "schemas": [urn::ERROR], "status": "404" }).to_string(),
        ),
        // One that cannot be read holds up nobody, and only where the app is away no other is asked for.
        list(4, &groups),
        Answer::json(500, "{}"),
        alone(with("c", json!([]))),
        Answer::json(403, "{}"),
        list(4, &groups),
        alone(with("c", json!([]))),
        Answer::json(503, "{}"),
    ])
    .await;
    let c = open(&server);
    let shown = |page: &crate::connector::Page| -> Vec<Option<usize>> {
        let members = page.resources.iter().map(|r| r.members.as_ref());
        members.map(|m| m.map(Vec::len)).collect()
    };
    let page = c.page(Group, &Place::START).await.unwrap();
    assert_eq!(shown(&page), [None, Some(1), Some(0), None]);
    let known = Capabilities {
        members_listed: Some(false),
        page_size: 2,
        ..Capabilities::default()
    };
    let clock = Clock::manual(Time(0));
    let c = open_at(server.url("/v2"), known, clock.clone());
    let page = c.page(Group, &Place::START).await.unwrap();
    assert_eq!(shown(&page), [Some(1), Some(1), Some(0), None]);
    assert_eq!(
        server.lines()[2..5],
        ["GET /v2/Groups/a", "GET /v2/Groups/c", "GET /v2/Groups/d"]
    );
    let page = c.page(Group, &Place::START).await.unwrap();
    assert_eq!(shown(&page), [None, Some(1), Some(0), None]);
    // Another time others are first.
    clock.advance(Duration::from_secs(1));
    let page = c.page(Group, &Place::START).await.unwrap();
    assert_eq!(shown(&page), [None, Some(1), Some(0), None]);
    assert_eq!(server.lines()[10..], ["GET /v2/Groups/c", "GET /v2/Groups/d"]);
}

#[tokio::test]
async fn groups_of_which_none_may_be_asked_for_yet_are_a_page_that_waits() {
    let groups = [json!({ "id": "a", "displayName": "a" })];
    let server = Server::start([list(1, &groups)]).await;
    let known = Capabilities {
        members_listed: Some(false),
        pace: Pace {
            requests: Some(1),
            ..Pace::default()
        },
        ..Capabilities::default()
    };
    let c = open_at(server.url("/v2"), known, Clock::manual(Time(0)));
    let waits = c.page(Group, &Place::START).await.unwrap_err().verdict;
    assert!(matches!(waits, Verdict::Wait { .. }), "{waits:?}");
}
