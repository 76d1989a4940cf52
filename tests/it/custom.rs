//! Declared attributes: published, held to their types, found, changed, carried into a second hub, and never lost.

use rollcall::cli::command::Command;
use rollcall::cli::execute::execute;
use rollcall::scim::schema::{ResourceType, Type};
use serde_json::{Value, json};

use crate::support::client::{id, person};
use crate::support::{Gateway, Scim, TestHub};

const URN: &str = "urn:acme:people";
const ATTRIBUTES: [(&str, Type, bool); 4] = [
    ("badge", Type::Integer, false),
    ("remote", Type::Boolean, false),
    ("since", Type::DateTime, false),
    ("tags", Type::String, true),
];

async fn command(hub: &TestHub, command: Command) -> Result<Value, String> {
    execute(hub.server.hub(), None, "https://hub.example", command).await
}

fn add(slug: &str, resource: ResourceType, name: &str, kind: Type, multi_valued: bool) -> Command {
    Command::AttributeAdd {
        slug: slug.into(),
        resource,
        urn: URN.into(),
        name: name.into(),
        kind,
        multi_valued,
    }
}

fn remove(slug: &str, resource: Option<ResourceType>, name: &str) -> Command {
    Command::AttributeRemove {
        slug: slug.into(),
        resource,
        urn: URN.to_uppercase(),
        name: name.into(),
    }
}

async fn declare_all(hub: &TestHub, slug: &str) {
    for (name, kind, many) in ATTRIBUTES {
        command(hub, add(slug, ResourceType::User, name, kind, many))
            .await
            .unwrap();
    }
}

fn with(name: &str, extension: &Value) -> Value {
    let mut body = person(name);
    body[URN] = extension.clone();
    body
}

/// The userNames that a filter finds.
async fn found(scim: &Scim, filter: &str) -> Vec<String> {
    let filter: String = url::form_urlencoded::byte_serialize(filter.as_bytes()).collect();
    let list = scim.get(&format!("/Users?filter={filter}")).await.expect(200);
    let names = list["Resources"].as_array().unwrap().iter();
    names
        .map(|user| user["userName"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declared_is_published_checked_and_found() {
    let hub = TestHub::start().await;
    let (instance, scim) = hub.receiver("People").await;
    let (_, other) = hub.receiver("Other").await;
    let slug = instance.slug.as_str();
    // The key's rules are remembered from here on; a declaration is still seen at once.
    assert_eq!(scim.get(&format!("/Schemas/{URN}")).await.status, 404);
    declare_all(&hub, slug).await;

    let schema = scim.get(&format!("/Schemas/{URN}")).await.expect(200);
    let published = schema["attributes"].as_array().unwrap().iter();
    let published: Vec<_> = published
        .map(|a| {
            (
                a["name"].as_str().unwrap(),
                a["type"].as_str().unwrap(),
                a["multiValued"] == true,
            )
        })
        .collect();
    assert_eq!(
        published,
        ATTRIBUTES.map(|(name, kind, many)| (name, kind.name(), many))
    );
    let user = scim.get("/ResourceTypes/User").await.expect(200);
    assert_eq!(
        user["schemaExtensions"][1],
        json!({ "schema": URN, "required": false })
    );
    assert!(
        !scim
            .get("/ResourceTypes/Group")
            .await
            .expect(200)
            .to_string()
            .contains(URN)
    );
    assert_eq!(other.get(&format!("/Schemas/{URN}")).await.status, 404);

    let sent = json!({ "Badge": 7, "remote": "True", "since": "2024-05-01T10:00:00+02:00", "tags": "a", "else": [{ "x": 1 }] });
    let kept = json!({ "badge": 7, "remote": true, "since": "2024-05-01T10:00:00+02:00", "tags": ["a"], "else": [{ "x": 1 }] });
    let ada = scim.post("/Users", with("ada@x", &sent)).await.expect(201);
    assert_eq!(ada[URN], kept);
    assert!(ada["schemas"].as_array().unwrap().contains(&json!(URN)));
    let path = format!("/Users/{}", id(ada));
    scim.post("/Users", with("ben@x", &json!({ "badge": 70, "tags": ["B"] })))
        .await
        .expect(201);

    for (name, value) in [
        ("badge", json!("7")),
        ("remote", json!("yes")),
        ("since", json!("2024")),
        ("tags", json!([1])),
    ] {
        let wrong = json!({ name: value });
        let answers = [
            scim.post("/Users", with("eve@x", &wrong)).await,
            scim.put(&path, with("ada@x", &wrong)).await,
            scim.patch(
                &path,
                json!([{ "op": "add", "path": format!("{URN}:{name}"), "value": value }]),
            )
            .await,
            scim.patch(&path, json!([{ "op": "add", "value": { URN: wrong } }]))
                .await,
        ];
        for answer in answers {
            answer.refused(400, Some("invalidValue"));
            assert!(answer.text.contains(&format!("{URN}:{name}")), "{}", answer.text);
        }
    }
    assert_eq!(
        scim.get(&path).await.body[URN],
        kept,
        "nothing refused was applied"
    );
    let any = with("any@x", &json!({ "badge": "7" }));
    other.post("/Users", any).await.expect(201);

    for (filter, names) in [
        ("badge gt 8", vec!["ben@x"]),
        ("BADGE le 70", vec!["ada@x", "ben@x"]),
        ("since eq \"2024-05-01T08:00:00Z\"", vec!["ada@x"]),
        ("tags eq \"b\"", vec!["ben@x"]),
        ("remote eq true", vec!["ada@x"]),
    ] {
        assert_eq!(found(&scim, &format!("{URN}:{filter}")).await, names, "{filter}");
    }

    let patched = scim
        .patch(
            &path,
            json!([
                { "op": "replace", "path": format!("{URN}:badge"), "value": 8 },
                { "op": "add", "path": format!("{URN}:tags"), "value": ["b"] },
                { "op": "remove", "path": format!("{URN}:tags"), "value": ["a"] },
                { "op": "replace", "path": URN, "value": { "remote": false } },
            ]),
        )
        .await
        .expect(200);
    let since = &kept["since"];
    assert_eq!(
        patched[URN],
        json!({ "badge": 8, "remote": false, "since": since, "tags": ["b"], "else": [{ "x": 1 }] })
    );
    let only = scim
        .get(&format!("{path}?attributes={URN}:badge"))
        .await
        .expect(200);
    assert_eq!((&only[URN], only.get("userName")), (&json!({ "badge": 8 }), None));
    let without = scim
        .get(&format!("{path}?excludedAttributes={URN}"))
        .await
        .expect(200);
    assert!(without.get(URN).is_none() && without.get("userName").is_some());
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn they_arrive_in_the_app() {
    let g = Gateway::with_people(&["ada@example.com"]).await;
    declare_all(&g.hub, &g.instance.slug).await;
    let sent = json!({ "badge": 7, "remote": "True", "tags": ["a", "b"] });
    let ben = id(g
        .idp
        .post("/Users", with("ben@example.com", &sent))
        .await
        .expect(201));
    let ada = id(g.idp.named("Users", "ada@example.com").await.unwrap());
    let badge = json!([{ "op": "add", "path": format!("{URN}:badge"), "value": 1 }]);
    g.idp.patch(&format!("/Users/{ada}"), badge).await.expect(200);
    g.settled().await;
    let there = async |name: &str| g.direct.named("Users", name).await.unwrap()[URN].clone();
    assert_eq!(
        there("ben@example.com").await,
        json!({ "badge": 7, "remote": true, "tags": ["a", "b"] })
    );
    assert_eq!(there("ada@example.com").await, json!({ "badge": 1 }));

    let path = format!("/Users/{ben}");
    let change = json!([
        { "op": "replace", "path": format!("{URN}:badge"), "value": 8 },
        { "op": "remove", "path": format!("{URN}:tags"), "value": ["a"] },
        { "op": "remove", "path": format!("{URN}:remote") },
    ]);
    g.idp.patch(&path, change).await.expect(200);
    g.settled().await;
    assert_eq!(
        there("ben@example.com").await,
        json!({ "badge": 8, "tags": ["b"] })
    );

    // Whatever the app says of them, a sync is in step and a wrong value there never stops it.
    let writes = g.writes();
    let strange = g
        .direct
        .post("/Users", with("eve@example.com", &json!({ "badge": "none" })))
        .await;
    strange.expect(201);
    g.hub.sync(g.instance.id).await;
    assert_eq!(g.writes(), writes, "nothing is pushed again");
    let eve = g.idp.named("Users", "eve@example.com").await.unwrap();
    assert_eq!(eve[URN], json!({ "badge": "none" }));
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_declaration_an_attribute_stays() {
    let hub = TestHub::start().await;
    let (instance, scim) = hub.receiver("People").await;
    let slug = instance.slug.as_str();
    let old = scim
        .post("/Users", with("old@x", &json!({ "badge": "seven", "tags": "a" })))
        .await
        .expect(201);
    declare_all(&hub, slug).await;
    let path = format!("/Users/{}", id(old));
    let title = json!([{ "op": "replace", "path": "title", "value": "T" }]);
    let after = scim.patch(&path, title).await.expect(200);
    assert_eq!(
        after[URN],
        json!({ "badge": "seven", "tags": "a" }),
        "until it is written anew"
    );

    let group = add(slug, ResourceType::Group, "badge", Type::Integer, false);
    command(&hub, group.clone()).await.unwrap();
    assert!(
        command(&hub, group)
            .await
            .unwrap_err()
            .contains("declared already")
    );
    let wrong = add(slug, ResourceType::Group, "tags", Type::String, false);
    assert!(command(&hub, wrong).await.unwrap_err().contains("another type"));
    let list = Command::AttributeList { slug: slug.into() };
    let rows = command(&hub, list.clone()).await.unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 5);
    assert_eq!(
        rows[3],
        json!({ "resource_type": "User", "urn": URN, "name": "tags", "type": "string", "multi_valued": true })
    );

    let gone = command(&hub, remove(slug, None, "BADGE")).await.unwrap();
    assert_eq!(gone.as_array().unwrap().len(), 2, "of both resource types");
    assert!(
        command(&hub, remove(slug, None, "badge"))
            .await
            .unwrap_err()
            .contains("not declared")
    );
    let user = Some(ResourceType::User);
    for (name, ..) in &ATTRIBUTES[1..] {
        command(&hub, remove(slug, user, name)).await.unwrap();
    }
    assert_eq!(command(&hub, list).await.unwrap(), json!([]));
    assert_eq!(scim.get(&format!("/Schemas/{URN}")).await.status, 404);
    let stays = scim.get(&path).await.expect(200);
    assert_eq!(stays[URN], json!({ "badge": "seven", "tags": "a" }));
    let free = json!([{ "op": "replace", "path": format!("{URN}:badge"), "value": ["anything"] }]);
    assert_eq!(
        scim.patch(&path, free).await.expect(200)[URN]["badge"],
        json!(["anything"])
    );
    let hub = hub.restart().await;
    hub.stop().await;
}
