//! Lists through HTTP: sorted, by index, by cursor beside writes, and on the root.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::client::{id, person};
use crate::support::{Scim, TestHub};

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn names(page: &Value) -> Vec<&str> {
    let resources = page["Resources"].as_array().unwrap();
    resources
        .iter()
        .map(|r| {
            r.get("userName")
                .unwrap_or_else(|| &r["displayName"])
                .as_str()
                .unwrap()
        })
        .collect()
}

/// Four users and two groups, in this order: b, C (no title), a, d, and the groups Alpha and beta.
async fn six(scim: &Scim) {
    for (name, title, level) in [("b", "two", 10), ("C", "", 9), ("a", "Two", 2), ("d", "one", 1)] {
        let mut body = person(&format!("{name}@x"));
        if !title.is_empty() {
            body["title"] = json!(title);
        }
        body["urn:example:ext:2.0:User"] = json!({"level": level});
        scim.post("/Users", body).await.expect(201);
    }
    scim.group("Alpha", &[]).await;
    scim.group("beta", &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_sorted_as_asked_for() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    six(&scim).await;
    for (query, expected) in [
        ("", ["b@x", "C@x", "a@x", "d@x"]),
        ("sortBy=userName", ["a@x", "b@x", "C@x", "d@x"]),
        (
            "sortBy=urn:ietf:params:scim:schemas:core:2.0:User:USERNAME&sortOrder=descending",
            ["d@x", "C@x", "b@x", "a@x"],
        ),
        ("sortBy=title", ["d@x", "b@x", "a@x", "C@x"]),
        ("sortBy=title&sortOrder=Descending", ["C@x", "b@x", "a@x", "d@x"]),
        (
            "sortBy=emails.value&sortOrder=ascending",
            ["a@x", "b@x", "C@x", "d@x"],
        ),
        (
            "sortBy=urn:example:ext:2.0:User:Level",
            ["d@x", "a@x", "C@x", "b@x"],
        ),
        (
            "sortBy=meta.created&sortOrder=descending",
            ["d@x", "a@x", "C@x", "b@x"],
        ),
        ("sortBy=externalId", ["C@x", "a@x", "b@x", "d@x"]),
    ] {
        let list = scim.get(&format!("/Users?{query}")).await.expect(200);
        assert_eq!(names(&list), expected, "{query}");
        assert_eq!(
            (&list["totalResults"], &list["startIndex"]),
            (&json!(4), &json!(1))
        );
        let second = scim
            .get(&format!("/Users?{query}&startIndex=2&count=2"))
            .await
            .expect(200);
        assert_eq!(names(&second), expected[1..3], "{query}");
        assert!(second.get("nextCursor").is_none());
    }
    for query in [
        "sortBy=nick",
        "sortBy=name",
        "sortBy=userName&sortOrder=up",
        "sortBy=members.value",
    ] {
        let refused = scim.get(&format!("/Users?{query}")).await;
        refused.refused(400, Some("invalidValue"));
    }
    let config = scim.get("/ServiceProviderConfig").await.expect(200);
    assert_eq!(config["sort"]["supported"], true);
    assert_eq!(
        config["pagination"],
        json!({"cursor": true, "index": true, "defaultPaginationMethod": "index", "defaultPageSize": 100, "maxPageSize": 1000})
    );
    hub.stop().await;
}

/// Every page from an empty cursor to the last; the names of each.
async fn pages(scim: &Scim, path: &str, mut search: Value) -> Vec<Vec<String>> {
    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        search["cursor"] = json!(cursor);
        let page = scim.post(path, search.clone()).await.expect(200);
        assert!(page.get("startIndex").is_none() && page["totalResults"].is_u64());
        pages.push(names(&page).into_iter().map(str::to_owned).collect());
        match page.get("nextCursor") {
            Some(next) => cursor = next.as_str().unwrap().to_owned(),
            None => return pages,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_root_holds_an_order_over_both_types() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    six(&scim).await;
    let plain = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "count": 4});
    let in_pages = |names: [&str; 6]| {
        [&names[..4], &names[4..]].map(|page| page.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(
        pages(&scim, "/.search", plain.clone()).await,
        in_pages(["b@x", "C@x", "a@x", "d@x", "Alpha", "beta"])
    );
    let sorted = |by: &str, order: &str| {
        let mut search = plain.clone();
        search["sortBy"] = json!(by);
        search["sortOrder"] = json!(order);
        search
    };
    let by_id = sorted("meta.created", "descending");
    assert_eq!(
        pages(&scim, "/.search", by_id).await,
        in_pages(["beta", "Alpha", "d@x", "a@x", "C@x", "b@x"])
    );
    // Groups have no userName: they come last, in the order in which they were made.
    assert_eq!(
        pages(&scim, "/.search", sorted("userName", "ascending")).await,
        in_pages(["a@x", "b@x", "C@x", "d@x", "Alpha", "beta"])
    );
    let mut filtered = sorted("displayName", "ascending");
    filtered["filter"] = json!("displayName sw \"A\" or userName sw \"a\"");
    assert_eq!(pages(&scim, "/.search", filtered).await, [["Alpha", "a@x"]]);
    let mut second = sorted("userName", "descending");
    second["startIndex"] = json!(3);
    let page = scim.post("/.search", second).await.expect(200);
    assert_eq!(
        (names(&page), &page["totalResults"]),
        (vec!["d@x", "C@x", "b@x", "a@x"], &json!(6))
    );
    scim.post("/.search", sorted("nick", "ascending"))
        .await
        .refused(400, Some("invalidValue"));
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_list_or_of_nobody_is_refused() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let (_, other) = hub.receiver("Other").await;
    six(&scim).await;
    six(&other).await;
    let first = scim.get("/Users?count=2&cursor").await.expect(200);
    assert_eq!(names(&first), ["b@x", "C@x"]);
    let cursor = first["nextCursor"].as_str().unwrap().to_owned();
    // The cursor counts, and startIndex is left aside.
    let second = scim
        .get(&format!("/Users?count=2&cursor={cursor}&startIndex=1"))
        .await
        .expect(200);
    assert_eq!(
        (names(&second), second.get("nextCursor")),
        (vec!["a@x", "d@x"], None)
    );
    let none = scim.get("/Users?count=0&cursor=").await.expect(200);
    assert_eq!(
        (&none["totalResults"], &none["Resources"]),
        (&json!(4), &json!([]))
    );
    assert!(none.get("nextCursor").is_none());
    for query in [
        format!("/Users?cursor={cursor}&sortBy=userName"),
        format!("/Users?cursor={cursor}&filter=title+pr"),
        format!("/Groups?cursor={cursor}"),
        format!("/Users?cursor={}", &cursor[1..]),
        format!("/Users?cursor={cursor}A"),
        "/Users?cursor=x".into(),
        format!("/Users?cursor={}", encoded("é\u{0} ../../etc/passwd")),
        format!("/Users?cursor={}", "A".repeat(9000)),
    ] {
        scim.get(&query).await.refused(400, Some("invalidCursor"));
    }
    other
        .get(&format!("/Users?cursor={cursor}"))
        .await
        .refused(400, Some("invalidCursor"));
    for body in [json!({"cursor": 7}), json!({"cursor": cursor})] {
        scim.post("/.search", body)
            .await
            .refused(400, Some("invalidCursor"));
    }
    scim.get("/Users?cursor&count=many")
        .await
        .refused(400, Some("invalidCount"));
    scim.get("/Users?count=many")
        .await
        .refused(400, Some("invalidValue"));
    hub.stop().await;
}

/// Creates, changes and deletes, a thousand times; who was made, and who is gone.
async fn thousand_writes(scim: Scim, mut mine: Vec<String>) -> BTreeSet<String> {
    let mut gone = BTreeSet::new();
    let mut seed = 7_u64;
    for n in 0..1000 {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let pick = usize::try_from(seed >> 33).unwrap();
        match pick % 3 {
            0 => mine.push(scim.user(&format!("new{n}@x")).await),
            1 => {
                let who = &mine[pick / 3 % mine.len()];
                let title = json!([{"op": "replace", "path": "title", "value": format!("t{n}")}]);
                scim.patch(&format!("/Users/{who}"), title).await.expect(200);
            }
            _ => {
                let who = mine.swap_remove(pick / 3 % mine.len());
                assert_eq!(scim.delete(&format!("/Users/{who}")).await.status, 204);
                gone.insert(who);
            }
        }
    }
    gone
}

#[tokio::test(flavor = "multi_thread")]
async fn a_walk_beside_a_thousand_writes_sees_whoever_stays_once() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let mut all = Vec::new();
    for n in 0..400 {
        all.push(scim.user(&format!("u{:03}@x", n * 7919 % 400)).await);
    }
    let writes = tokio::spawn(thousand_writes(scim.clone(), all.clone()));
    let walks = [
        "",
        "&sortBy=userName",
        "&sortBy=userName&sortOrder=descending",
        "&sortBy=name.familyName",
        "&filter=name.familyName+sw+%22u%22",
    ];
    let mut seen: Vec<Vec<BTreeMap<String, usize>>> = vec![Vec::new(); walks.len()];
    // As many walks as fit beside the writes, and one of each at least.
    while seen.iter().any(Vec::is_empty) || !writes.is_finished() {
        for (query, seen) in walks.iter().zip(&mut seen) {
            let (mut times, mut cursor) = (BTreeMap::new(), String::new());
            loop {
                let page = scim
                    .get(&format!("/Users?count=23&attributes=id&cursor={cursor}{query}"))
                    .await
                    .expect(200);
                for resource in page["Resources"].as_array().unwrap() {
                    *times.entry(id(resource.clone())).or_default() += 1;
                }
                match page.get("nextCursor") {
                    Some(next) => cursor = next.as_str().unwrap().to_owned(),
                    None => break,
                }
            }
            seen.push(times);
        }
    }
    let gone = writes.await.unwrap();
    let stayed: Vec<_> = all.iter().filter(|id| !gone.contains(*id)).collect();
    assert!(
        gone.len() > 100 && stayed.len() > 50,
        "{} {}",
        gone.len(),
        stayed.len()
    );
    for (query, walks) in walks.iter().zip(&seen) {
        for times in walks {
            assert!(times.values().all(|times| *times == 1), "doubled: {query}");
            assert!(stayed.iter().all(|id| times.contains_key(*id)), "missed: {query}");
        }
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn too_much_is_told_with_the_limit_and_what_to_do() {
    let hub = TestHub::start().await;
    let (_, scim) = hub.receiver("Directory").await;
    let mut members = Vec::new();
    for n in 0..20 {
        members.push(scim.user(&format!("u{n}@x")).await);
    }
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    scim.group("All", &members).await;
    let store = &hub.server.hub().store;
    store.set_scan_budget(rollcall::store::ScanBudget {
        rows: 15,
        ..Default::default()
    });
    for query in [
        "/Users?filter=title+pr",
        "/Users?sortBy=nickName",
        "/Groups",
        "/Groups?filter=members.display+co+%22u%22",
    ] {
        let refused = scim.get(query).await;
        refused.refused(400, Some("tooMany"));
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(
            detail.contains("15 users, groups and memberships") && detail.contains("userName"),
            "{detail}"
        );
    }
    for query in [
        "/Users",
        "/Users?sortBy=userName",
        "/Users?filter=userName+sw+%22u1%22",
        "/Groups?excludedAttributes=members",
    ] {
        scim.get(query).await.expect(200);
    }
    hub.stop().await;
}
