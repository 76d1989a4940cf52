//! Create, update, members, delete.
use super::*;
use crate::model::{Pace, Time, Verb};

#[tokio::test]
async fn a_create_is_known_by_body_or_location_or_is_lost() {
    let server = Server::start([
        Answer::json(201, &user("7", "a").to_string()),
        Answer::of(201, "", "").header("Location: /v2/Users/a%2Fb+c=="),
        Answer::json(201, "{\"id\":null}").header("Location: /elsewhere/8"),
        Answer::of(201, "", ""),
        Answer::silence(),
        error(409, "taken"),
        Answer::json(201, &json!({ "id": "g", "displayName": "G" }).to_string()),
    ])
    .await;
    let c = open(&server);
    let wanted = object(&json!({ "schemas": [urn::USER], "userName": "a" }));
    assert_eq!(c.create(User, &wanted, &[]).await.unwrap().id, "7");
    let made = c.create(User, &wanted, &[]).await.unwrap();
    assert_eq!((made.id.as_str(), &made.attributes), ("a/b+c==", &wanted));
    for _ in 0..3 {
        assert!(c.create(User, &wanted, &[]).await.unwrap_err().lost);
    }
    let error = c.create(User, &wanted, &[]).await.unwrap_err();
    assert_eq!((error.verdict, error.lost), (Verdict::Exists, false));
    c.create(Group, &object(&json!({ "displayName": "G" })), &ids(&["1", "2"]))
        .await
        .unwrap();
    let seen = server.seen();
    assert_eq!(
        (seen[0].line.as_str(), &seen[0].body),
        ("POST /v2/Users", &Value::Object(wanted))
    );
    assert!(seen[0].head.contains("content-type: application/scim+json"));
    assert_eq!(
        seen[6].body,
        json!({ "displayName": "G", "schemas": [urn::GROUP], "members": [{ "value": "1" }, { "value": "2" }] })
    );
}

#[tokio::test]
async fn a_patch_names_each_path_once() {
    let server = Server::start([
        Answer::of(204, "", ""),
        Answer::json(200, &user("1", "b").to_string()),
        Answer::of(200, "", ""),
    ])
    .await;
    let c = open(&server);
    let department = format!("{}:department", urn::ENTERPRISE_USER);
    let changes = [
        ("userName".to_owned(), Some(json!("b"))),
        ("name.givenName".to_owned(), None),
        (department.clone(), Some(json!("D"))),
    ];
    assert_eq!(
        c.update(User, "1", &changes, &Attributes::new(), 0)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        c.update(User, "1", &changes, &Attributes::new(), 0)
            .await
            .unwrap()
            .unwrap()
            .attributes["userName"],
        "b"
    );
    assert_eq!(
        c.update(User, "1", &changes, &Attributes::new(), 0)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        c.update(User, "1", &[], &Attributes::new(), 0).await.unwrap(),
        None
    );
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].line.as_str()), (3, "PATCH /v2/Users/1"));
    let body = json!({ "schemas": [urn::PATCH_OP], "Operations": [
        { "op": "replace", "path": "userName", "value": "b" },
        { "op": "remove", "path": "name.givenName" },
        { "op": "replace", "path": department, "value": "D" },
    ]});
    assert_eq!(seen[0].body, body);
}

#[tokio::test]
async fn a_server_without_patch_gets_the_whole_resource() {
    let held = json!({ "schemas": [urn::USER], "id": "1", "userName": "a", "title": "T", "badge": 7, "active": true, "meta": {} });
    let wanted = json!({ "schemas": [urn::USER], "userName": "b", "badge": 7, "active": true, "id": "1" });
    let changes = [
        ("userName".to_owned(), Some(json!("b"))),
        ("title".to_owned(), None),
    ];
    let server = Server::start([
        Answer::json(200, &held.to_string()),
        Answer::json(200, &wanted.to_string()),
    ])
    .await;
    let shown = without_patch(&server)
        .update(User, "1", &changes, &Attributes::new(), 0)
        .await
        .unwrap();
    assert_eq!(shown.unwrap().attributes["userName"], "b");
    assert_eq!(server.lines(), ["GET /v2/Users/1", "PUT /v2/Users/1"]);
    assert_eq!(server.seen()[1].body, wanted);

    // PATCH was announced, but is not there.
    let server = Server::start([
        error(501, "no"),
        Answer::json(200, &held.to_string()),
        Answer::of(204, "", ""),
    ])
    .await;
    assert_eq!(
        open(&server)
            .update(User, "1", &changes, &Attributes::new(), 0)
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        server.lines(),
        ["PATCH /v2/Users/1", "GET /v2/Users/1", "PUT /v2/Users/1"]
    );

    let server = Server::start([error(404, "no")]).await;
    let error = without_patch(&server)
        .update(User, "1", &changes, &Attributes::new(), 0)
        .await
        .unwrap_err();
    assert_eq!(error.verdict, Verdict::Gone);
}

#[tokio::test]
async fn members_go_out_in_one_request() {
    let server = Server::start([Answer::of(204, "", ""), Answer::json(200, "{}")]).await;
    let c = open(&server);
    c.members("g", &ids(&["1", "2"]), &ids(&["3", "a\"b"]), 0)
        .await
        .unwrap();
    c.members("g", &[], &ids(&["3"]), 0).await.unwrap();
    c.members("g", &[], &[], 0).await.unwrap();
    let seen = server.seen();
    assert_eq!((seen.len(), seen[0].line.as_str()), (2, "PATCH /v2/Groups/g"));
    let body = json!({ "schemas": [urn::PATCH_OP], "Operations": [
        { "op": "add", "path": "members", "value": [{ "value": "1" }, { "value": "2" }] },
        { "op": "remove", "path": "members[value eq \"3\"]" },
        { "op": "remove", "path": "members[value eq \"a\\\"b\"]" },
    ]});
    assert_eq!(seen[0].body, body);
    assert_eq!(seen[1].body["Operations"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn members_of_a_server_without_patch_are_written_whole() {
    let held = json!({ "schemas": [urn::GROUP], "id": "g", "displayName": "G", "meta": {}, "members": [{ "value": "1", "display": "One" }, { "value": 2 }, { "value": "3" }] });
    let server = Server::start([
        Answer::json(200, &held.to_string()),
        Answer::json(200, &held.to_string()),
    ])
    .await;
    without_patch(&server)
        .members("g", &ids(&["3", "4"]), &ids(&["2"]), 0)
        .await
        .unwrap();
    let body = json!({ "schemas": [urn::GROUP], "id": "g", "displayName": "G", "members": [{ "value": "1", "display": "One" }, { "value": "3" }, { "value": "4" }] });
    assert_eq!(server.lines(), ["GET /v2/Groups/g", "PUT /v2/Groups/g"]);
    assert_eq!(server.seen()[1].body, body);

    // A group that could not be read is not written.
    let server = Server::start([list(0, &[])]).await;
    assert_eq!(
        without_patch(&server)
            .members("g", &ids(&["1"]), &[], 0)
            .await
            .unwrap_err()
            .verdict,
        OUTAGE
    );
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn deleted_is_what_the_server_says_it_deleted() {
    let server = Server::start([
        Answer::of(204, "", ""),
        Answer::of(200, "", ""),
        error(404, "no"),
        Answer::json(404, "{\"message\":\"no Route matched\"}"),
        Answer::of(404, "", ""),
        Answer::html(404),
        Answer::html(200),
        error(403, "no"),
    ])
    .await;
    let c = open(&server);
    for _ in 0..2 {
        c.delete(User, "1").await.unwrap();
    }
    // It may come from a gateway that has lost its routes.
    for _ in 0..3 {
        assert_eq!(c.delete(User, "1").await.unwrap_err().verdict, Verdict::Gone);
    }
    for _ in 0..2 {
        assert_eq!(c.delete(User, "1").await.unwrap_err().verdict, OUTAGE);
    }
    assert_eq!(c.delete(User, "1").await.unwrap_err().verdict, Verdict::Park);
    assert_eq!(server.lines()[0], "DELETE /v2/Users/1");
}

#[tokio::test]
async fn a_group_is_not_written_whole_by_a_read_that_shows_too_few() {
    let retry = Verdict::Retry {
        after: None,
        target: false,
    };
    let shown = |members: Value| json!({ "id": "g", "displayName": "G", "members": members });
    let two = json!([{ "value": "1" }, { "value": "2" }]);
    let name = [("displayName".to_owned(), Some(json!("H")))];
    for (members, held, verdict) in [
        (json!(null), 1, Some(Verdict::Reject)),
        (json!([]), 1, Some(Verdict::Reject)),
        (two.clone(), 5, Some(retry)),
        (two.clone(), 4, None),
        (two, 0, None),
        (json!([]), 0, None),
    ] {
        let read = Answer::json(200, &shown(members.clone()).to_string());
        let server = Server::start([read.clone(), Answer::of(204, "", "")]).await;
        let known = Capabilities {
            put_only: vec![Group],
            ..Capabilities::default()
        };
        let c = open_with(server.url("/v2"), known.clone());
        let by_members = c.members("g", &ids(&["9"]), &[], held).await;
        assert_eq!(by_members.err().map(|e| e.verdict), verdict, "{members} {held}");
        let server = Server::start([read, Answer::of(204, "", "")]).await;
        let c = open_with(server.url("/v2"), known);
        let by_name = c.update(Group, "g", &name, &Attributes::new(), held).await;
        assert_eq!(by_name.err().map(|e| e.verdict), verdict, "{members} {held}");
        assert_eq!(server.seen().len(), if verdict.is_some() { 1 } else { 2 });
    }
}

#[tokio::test]
async fn where_patch_is_only_said_to_be_missing_it_is_tried_before_a_group_is_given_up() {
    let hidden = || Answer::json(200, &json!({ "id": "g", "displayName": "G" }).to_string());
    let server = Server::start([hidden(), Answer::of(204, "", ""), hidden(), error(405, "no")]).await;
    let c = without_patch(&server);
    c.members("g", &ids(&["9"]), &[], 3).await.unwrap();
    let error = c.members("g", &ids(&["9"]), &[], 3).await.unwrap_err();
    assert!(
        error.is_our_own() && error.to_string().contains("try again"),
        "{error}"
    );
    assert_eq!(
        server.lines(),
        [
            "GET /v2/Groups/g",
            "PATCH /v2/Groups/g",
            "GET /v2/Groups/g",
            "PATCH /v2/Groups/g"
        ]
    );
}

#[tokio::test]
async fn a_refused_delete_is_learnt_if_it_is_the_apps_own_word() {
    for status in [405, 501] {
        let server = Server::start([error(status, "no"), list(0, &[])]).await;
        let c = open(&server);
        assert_eq!(c.delete(User, "1").await.unwrap_err().verdict, Verdict::Reject);
        let learnt = c.learnt().unwrap();
        assert!(learnt.refuses(User, Verb::Delete) && !learnt.refuses(Group, Verb::Delete));
        // A check takes it back, not what is known for good.
        let mut before = learnt.clone();
        before.note(Group, Verb::Delete, true);
        let now = Capabilities::default().remembering(&before);
        assert!(!now.refuses(User, Verb::Delete) && now.refuses(Group, Verb::Delete));
        // What stands in front of it says the same of everything.
        for page in [
            vec![Answer::html(status)],
            vec![error(status, "no"), Answer::html(503)],
        ] {
            let asked = page.len();
            let server = Server::start(page.into_iter().chain([list(0, &[])])).await;
            let c = open(&server);
            c.create(User, &object(&user("", "ann")), &[]).await.unwrap_err();
            assert_eq!((c.learnt(), server.seen().len()), (None, asked), "{status}");
        }
    }
}

#[tokio::test]
async fn the_pace_of_an_app_holds_for_all_who_write_to_its_host() {
    let clock = Clock::manual(Time(0));
    let policy = NetPolicy {
        allow_private: true,
        clock: clock.clone(),
        ..NetPolicy::default()
    };
    let net = Net::new(policy).unwrap();
    let server = Server::start((0..4).map(|_| Answer::of(204, "", ""))).await;
    let other = |pace| {
        let target = Target::Scim {
            base_url: server.url("/v2"),
            access: Default::default(),
            capabilities: Capabilities {
                pace,
                ..Capabilities::default()
            },
        };
        Connector::open(&target, Token::new(SECRET.into()), net.clone())
    };
    let slow = other(Pace {
        writes: Some(2),
        ..Pace::default()
    });
    let unknowing = other(Pace::default());
    slow.delete(User, "1").await.unwrap();
    for c in [&slow, &unknowing] {
        let error = c.delete(User, "2").await.unwrap_err();
        let after = Duration::from_secs(30);
        assert_eq!((error.verdict, error.lost), (Verdict::Wait { after }, false));
    }
    let _ = slow.get(User, "1").await;
    assert_eq!(
        server.lines(),
        ["DELETE /v2/Users/1", "GET /v2/Users/1"],
        "reads go on"
    );
    clock.advance(Duration::from_secs(30));
    unknowing.delete(User, "2").await.unwrap();
    assert!(slow.delete(User, "3").await.is_err());
}
