//! Servers as they are: other ways to page, no PATCH whatever they announce, refusals in disguise.
use super::*;
use crate::model::{Access, Auth, Paging, Scope};

fn part(resources: &[Value], cursor: Option<&str>) -> Answer {
    let mut body = json!({ "schemas": [urn::LIST_RESPONSE], "totalResults": 3, "Resources": resources });
    if let Some(cursor) = cursor {
        body["nextCursor"] = cursor.into();
    }
    Answer::json(200, &body.to_string())
}

fn by_cursor(server: &Server) -> Connector {
    let capabilities = Capabilities {
        page_size: 2,
        paging: Paging::Cursor,
        ..Capabilities::default()
    };
    open_with(server.url("/v2"), capabilities)
}

#[tokio::test]
async fn a_list_is_read_by_cursor_where_the_app_says_so() {
    let two = [user("1", "a"), user("2", "b")];
    let server = Server::start([part(&two, Some("a b/=")), part(&[user("3", "c")], None)]).await;
    let c = by_cursor(&server);
    let page = c.page(User, &Place::START).await.unwrap();
    let next = page.next.unwrap();
    assert_eq!((&next, page.total), (&Place::Cursor("a b/=".into()), Some(3)));
    let last = c.page(User, &Place::parse(&next.to_string())).await.unwrap();
    assert_eq!((last.next, last.resources.len()), (None, 1));
    assert_eq!(
        server.lines(),
        [
            "GET /v2/Users?cursor&count=2",
            "GET /v2/Users?cursor=a%20b%2F%3D&count=2"
        ]
    );
    assert_eq!(c.learnt(), None);
}

#[tokio::test]
async fn an_app_that_refuses_index_paging_is_read_by_cursor_and_that_is_learnt() {
    let refusal = || Answer::json(400, "{\"scimType\":\"invalidValue\",\"detail\":\"startIndex?\"}");
    let server = Server::start([
        refusal(),
        part(&[user("1", "a")], Some("x")),
        part(&[user("1", "a")], Some("x")),
    ])
    .await;
    let c = open(&server);
    let page = c.page(User, &Place::START).await.unwrap();
    assert_eq!(page.next, Some(Place::Cursor("x".into())));
    assert_eq!(c.learnt().unwrap().paging, Paging::Cursor);
    c.page(User, &Place::START).await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /v2/Users?startIndex=1&count=2",
            "GET /v2/Users?cursor&count=2",
            "GET /v2/Users?cursor&count=2"
        ]
    );
    // The same word in the middle of a list, or from an app without cursors, is a refusal.
    let server = Server::start([refusal(), refusal(), refusal()]).await;
    let c = open(&server);
    for place in [Place::START, Place::Index(5)] {
        assert_eq!(c.page(User, &place).await.unwrap_err().verdict, Verdict::Reject);
    }
    assert_eq!((c.learnt(), server.seen().len()), (None, 3));
}

#[tokio::test]
async fn a_check_finds_how_the_app_pages() {
    let config = json!({ "patch": { "supported": true }, "filter": { "supported": true },
        "pagination": { "cursor": true, "index": false, "maxPageSize": 20 } });
    let server = Server::start([Answer::json(200, &config.to_string()), list(0, &[])]).await;
    let found = open(&server).check(Scope::Users).await.unwrap();
    assert_eq!((found.paging, found.page_size), (Paging::Cursor, 20));
    assert_eq!(server.lines()[1], "GET /v2/Users?cursor&count=1");
    let server = Server::start([
        error(404, "no"),
        error(400, "no index"),
        part(&[], None),
        part(&[], None),
    ])
    .await;
    let found = open(&server).check(Scope::UsersAndGroups).await.unwrap();
    assert_eq!((found.paging, found.groups), (Paging::Cursor, true));
    assert_eq!(server.lines()[3], "GET /v2/Groups?cursor&count=1");
}

#[tokio::test]
async fn a_search_on_an_app_without_index_names_none() {
    let server = Server::start([list(1, &[user("1", "a")])]).await;
    assert_eq!(
        by_cursor(&server)
            .find(User, "userName", "a")
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        server.lines(),
        ["GET /v2/Users?filter=userName%20eq%20%22a%22&count=2"]
    );
}

#[tokio::test]
async fn a_cursor_that_cannot_be_sent_is_no_page() {
    let odd = json!({ "schemas": [urn::LIST_RESPONSE], "Resources": [], "nextCursor": 7 });
    let long = part(&[], Some(&"x".repeat(5000)));
    let server = Server::start([Answer::json(200, &odd.to_string()), long]).await;
    let c = by_cursor(&server);
    for _ in 0..2 {
        assert_eq!(c.page(User, &Place::START).await.unwrap_err().verdict, OUTAGE);
    }
}

#[tokio::test]
async fn a_refused_patch_is_learnt_once_and_for_its_kind_alone() {
    let held = || Answer::json(200, &user("1", "a").to_string());
    let html = Answer::of(404, "text/html", "<pre>Cannot PATCH /v2/Users/1</pre>");
    for refusal in [
        error(405, "no"),
        error(501, "no"),
        error(400, "PATCH is not supported"),
        html,
    ] {
        let server = Server::start([
            refusal,
            held(),
            Answer::of(204, "", ""),
            held(),
            Answer::of(200, "", ""),
            Answer::of(204, "", ""),
        ])
        .await;
        let c = open(&server);
        let title = [("title".to_owned(), Some(json!("T")))];
        for _ in 0..2 {
            c.update(User, "1", &title, &Attributes::new(), 0).await.unwrap();
        }
        assert_eq!(c.learnt().unwrap().put_only, [User]);
        c.update(Group, "1", &title, &Attributes::new(), 0).await.unwrap();
        assert_eq!(
            server.lines(),
            [
                "PATCH /v2/Users/1",
                "GET /v2/Users/1",
                "PUT /v2/Users/1",
                "GET /v2/Users/1",
                "PUT /v2/Users/1",
                "PATCH /v2/Groups/1"
            ]
        );
    }
    // A refusal of the change teaches nothing, nor does one whose PUT fails too.
    let server = Server::start([error(400, "title?"), error(405, "no"), held(), error(405, "no")]).await;
    let c = open(&server);
    let title = [("title".to_owned(), Some(json!("T")))];
    for _ in 0..2 {
        let error = c
            .update(User, "1", &title, &Attributes::new(), 0)
            .await
            .unwrap_err();
        assert_eq!(error.verdict, Verdict::Reject);
    }
    assert_eq!(c.learnt(), None);
}

#[tokio::test]
async fn a_refusal_in_the_dress_of_a_200_is_a_refusal_and_nobody_is_gone_by_it() {
    let disguised = |status: Value| {
        let mut body = json!({ "schemas": [urn::ERROR], "detail": "no such user" });
        if !status.is_null() {
            body["status"] = status;
        }
        Answer::json(200, &body.to_string())
    };
    let server = Server::start([
        disguised("404".into()),
        disguised(404.into()),
        disguised("400".into()),
        disguised("409".into()),
        disguised(Value::Null),
        disguised("403".into()),
        disguised("404".into()),
    ])
    .await;
    let c = open(&server);
    assert_eq!(c.get(User, "1").await.unwrap_err().verdict, OUTAGE);
    let title = [("title".to_owned(), Some(json!("T")))];
    for verdict in [
        OUTAGE,
        Verdict::Reject,
        Verdict::Exists,
        Verdict::Retry {
            after: None,
            target: false,
        },
    ] {
        let error = c
            .update(User, "1", &title, &Attributes::new(), 0)
            .await
            .unwrap_err();
        assert_eq!((error.verdict, error.status), (verdict, Some(200)));
        assert_eq!(error.detail, "no such user");
    }
    for verdict in [Verdict::Park, OUTAGE] {
        assert_eq!(c.delete(User, "1").await.unwrap_err().verdict, verdict);
    }
}

#[tokio::test]
async fn an_error_without_status_or_schemas_is_read_by_its_http_status() {
    let server = Server::start([
        Answer::json(404, "{\"detail\":\"gone\"}"),
        Answer::json(409, "{}"),
        Answer::json(400, "{\"message\":\"no\"}"),
    ])
    .await;
    let c = open(&server);
    let title = [("title".to_owned(), Some(json!("T")))];
    for verdict in [Verdict::Gone, Verdict::Exists, Verdict::Reject] {
        let error = c
            .update(User, "1", &title, &Attributes::new(), 0)
            .await
            .unwrap_err();
        assert_eq!(error.verdict, verdict);
    }
}

#[tokio::test]
async fn the_id_of_what_was_made_is_found_in_any_form_of_location() {
    for location in [
        "/v2/Users/7",
        "Users/7",
        "../v2/Users/7",
        "https://other.example/x/users/7",
        "?x=1",
    ] {
        let server = Server::start([Answer::of(201, "", "").header(&format!("Location: {location}"))]).await;
        let made = open(&server).create(User, &object(&user("", "a")), &[]).await;
        match location {
            "?x=1" => assert!(made.unwrap_err().lost),
            _ => assert_eq!(made.unwrap().id, "7", "{location}"),
        }
    }
}

#[tokio::test]
async fn a_refused_client_parks_and_the_check_names_the_issuer() {
    let refusal = || Answer::json(400, "{\"error\":\"invalid_client\"}");
    let issuer = Server::start([refusal(), refusal(), refusal(), refusal()]).await;
    let app = Server::start([]).await;
    let target = Target::Scim {
        base_url: app.url("/v2"),
        access: Access {
            auth: Auth::OAuth {
                token_url: issuer.url("/token"),
                client_id: "me".into(),
                scope: None,
            },
            headers: Vec::new(),
        },
        capabilities: Capabilities::default(),
    };
    let policy = NetPolicy {
        allow_private: true,
        ..NetPolicy::default()
    };
    let c = Connector::open(&target, Token::new(SECRET.into()), Net::new(policy).unwrap());
    assert_eq!(c.delete(User, "1").await.unwrap_err().verdict, Verdict::Park);
    let error = c.check(Scope::Users).await.unwrap_err();
    assert_eq!(error.kind, CheckKind::Credentials(400));
    assert!(
        error.sentence.starts_with(&issuer.host()) && error.sentence.contains("invalid_client"),
        "{error}"
    );
    assert!(app.seen().is_empty());
}

#[tokio::test]
async fn an_app_that_gave_up_its_cursors_is_read_on_by_index() {
    let two = [user("1", "a"), user("2", "b")];
    let server = Server::start([list(3, &two), list(3, &[user("3", "c")])]).await;
    let c = by_cursor(&server);
    let page = c.page(User, &Place::START).await.unwrap();
    assert_eq!(page.next, Some(Place::Index(3)));
    assert_eq!(c.page(User, &Place::Index(3)).await.unwrap().next, None);
    assert_eq!(server.lines()[1], "GET /v2/Users?startIndex=3&count=2");
}
