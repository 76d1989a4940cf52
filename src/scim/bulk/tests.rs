//! Reading, resolving and ordering, without running anything.
#![expect(clippy::unwrap_used, reason = "tests")]
use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scim::error::ScimType;
use crate::scim::schema::ResourceType;

const BASE: &str = "https://hub.example/scim/x/v2";

fn read(operations: Value) -> BulkRequest {
    BulkRequest::parse(json!({ "Operations": operations }), BASE, 100).unwrap()
}

fn refused(body: Value) -> ScimError {
    BulkRequest::parse(body, BASE, 2).unwrap_err()
}

fn post(bulk_id: &str, refers_to: &[&str]) -> Value {
    let members: Vec<Value> = refers_to
        .iter()
        .map(|id| json!({ "value": format!("bulkId:{id}") }))
        .collect();
    json!({ "method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": { "displayName": bulk_id, "members": members } })
}

fn one(operation: Value) -> Result<Ask, ScimError> {
    read(json!([operation])).operations.pop().unwrap().ask
}

#[test]
fn paths_lead_to_users_and_groups() {
    for (path, kind, id) in [
        ("/Users/5", ResourceType::User, Some("5")),
        ("users/5/", ResourceType::User, Some("5")),
        ("//Groups//5?attributes=id", ResourceType::Group, Some("5")),
        (
            "https://hub.example/scim/x/v2/Groups/bulkId:a",
            ResourceType::Group,
            Some("bulkId:a"),
        ),
        ("/scim/x/v2/Users/5", ResourceType::User, Some("5")),
    ] {
        let ask = one(json!({ "method": "delete", "path": path, "data": 7 })).unwrap();
        assert_eq!((ask.kind, ask.id.as_deref()), (kind, id), "{path}");
        assert_eq!((ask.method, ask.data), (Method::Delete, Value::Null));
    }
    for (path, status) in [
        ("/Users", 405),
        ("/", 404),
        ("", 404),
        ("/Users/5/emails", 404),
        ("/Bulk", 404),
        ("/Schemas/x", 404),
        ("https://elsewhere.example/Users/5", 404),
        ("https://hub.example/scim/x/v2", 404),
        ("/Me", 501),
        ("/me/x", 501),
    ] {
        let refusal = one(json!({ "method": "DELETE", "path": path })).unwrap_err();
        assert_eq!(refusal.status, status, "{path}");
    }
}

#[test]
fn what_is_wrong_with_one_operation_is_its_own() {
    for (operation, status) in [
        (json!(5), 400),
        (json!({}), 400),
        (json!({ "method": "GET", "path": "/Users/5" }), 400),
        (json!({ "method": "POST" }), 400),
        (json!({ "method": "POST", "path": "/Users" }), 400),
        (json!({ "method": "POST", "path": "/Users", "data": "x" }), 400),
        (json!({ "method": "POST", "path": "/Users/5", "data": {} }), 405),
        (json!({ "method": "PUT", "path": "/Users", "data": {} }), 405),
        (
            json!({ "method": "PUT", "path": "/Users/5", "data": {}, "version": 5 }),
            400,
        ),
        (
            json!({ "method": "PUT", "path": "/Users/5", "data": {}, "version": "\"5" }),
            400,
        ),
        (
            json!({ "method": "POST", "path": "/Users", "data": {}, "bulkId": "x".repeat(201) }),
            400,
        ),
    ] {
        let mut request = read(json!([operation]));
        assert_eq!(
            request.operations.pop().unwrap().ask.unwrap_err().status,
            status,
            "{operation}"
        );
    }
    let ask = one(json!({ "Method": "put", "Path": "/Users/5", "Data": {}, "Version": "W/\"5\"" })).unwrap();
    assert!(ask.only_if.permits_write(5).is_ok() && ask.only_if.permits_write(6).is_err());
}

#[test]
fn what_is_wrong_with_the_message_is_refused_as_a_whole() {
    for body in [
        json!([]),
        json!({}),
        json!({ "Operations": {} }),
        json!({ "Operations": [] }),
    ] {
        assert_eq!(refused(body).scim_type, Some(ScimType::InvalidSyntax));
    }
    for errors in [json!(0), json!(-1), json!(1.5), json!("none"), json!([])] {
        let body = json!({ "Operations": [post("a", &[])], "failOnErrors": errors });
        assert_eq!(refused(body).scim_type, Some(ScimType::InvalidValue), "{errors}");
    }
    let twice = json!({ "Operations": [post("a", &[]), post("a", &[])] });
    assert_eq!(refused(twice).status, 400);
    let many = refused(json!({ "Operations": [post("a", &[]), post("b", &[]), post("c", &[])] }));
    assert_eq!(many.status, 413);
    assert!(many.detail.contains("at most 2") && many.detail.contains("has 3"));
    let read = |errors: Value| {
        let body = json!({ "Operations": [{ "method": "POST", "path": "/Users", "data": {} }], "failonerrors": errors });
        BulkRequest::parse(body, BASE, 2).unwrap().fail_on_errors
    };
    assert_eq!(
        (read(json!(3)), read(json!("2")), read(Value::Null)),
        (Some(3), Some(2), None)
    );
}

#[test]
fn references_are_found_wherever_a_value_may_stand() {
    let mut ask = one(
        json!({ "method": "PATCH", "path": "/Groups/bulkId:g", "data": { "Operations": [
        { "op": "add", "path": "members", "value": [{ "value": "bulkId:a", "display": "a bulkId:z" }] },
        { "op": "remove", "path": "members[value eq \"bulkId:b\" or value eq \"5\"]" },
        { "op": "replace", "value": { "manager": { "value": "bulkId:c" } } },
    ] } }),
    )
    .unwrap();
    assert_eq!(Vec::from_iter(references::of(&ask)), ["a", "b", "c", "g"]);
    assert_eq!(ask.about(), None);
    let known = |bulk_id: &str| Ok::<_, ()>((bulk_id != "c").then(|| format!("id-{bulk_id}")));
    resolve(&mut ask, known).unwrap();
    assert_eq!(ask.about(), Some((ResourceType::Group, "id-g".to_owned())));
    let operations = &ask.data["Operations"];
    assert_eq!(
        operations[0]["value"][0],
        json!({ "value": "id-a", "display": "a bulkId:z" })
    );
    assert_eq!(
        operations[1]["path"],
        "members[value eq \"id-b\" or value eq \"5\"]"
    );
    assert_eq!(operations[2]["value"]["manager"]["value"], "bulkId:c");
    let mut created = Created::default();
    created.note("a".into(), Some("id".into()));
    created.note("c".into(), None);
    assert!(created.has("a") && !created.has("c") && !created.has("b"));
    assert_eq!(created.id("a").unwrap(), "id");
    assert_eq!(created.id("b").unwrap_err().status, 400);
    let failed = resolve(&mut ask, |bulk_id| created.id(bulk_id).map(Some));
    assert_eq!(failed.unwrap_err().status, 409);
}

#[test]
fn what_still_refers_is_set_apart_in_the_form_of_the_body() {
    let mut data = json!({
        "displayName": "G", "members": [{ "value": "bulkId:a", "type": "User" }, { "value": "5" }],
        "urn:x": { "manager": { "value": "bulkId:b" }, "department": "D" }, "roles": [{ "value": "bulkId:c" }],
    });
    let apart = set_apart(&mut data).unwrap();
    assert_eq!(
        data,
        json!({ "displayName": "G", "members": [{ "value": "5" }], "urn:x": { "department": "D" } })
    );
    assert_eq!(
        apart,
        json!({
            "members": [{ "value": "bulkId:a", "type": "User" }], "urn:x": { "manager": { "value": "bulkId:b" } },
            "roles": [{ "value": "bulkId:c" }],
        })
    );
    assert_eq!(set_apart(&mut data), None);
}

fn order(operations: Value) -> Vec<Vec<usize>> {
    let request = read(operations);
    let steps = steps(&request.operations);
    steps.iter().map(|step| step.operations().to_vec()).collect()
}

#[test]
fn only_what_has_to_wait_is_moved() {
    let delete = json!({ "method": "DELETE", "path": "/Users/5" });
    let broken = json!({ "method": "SHOUT" });
    assert_eq!(
        order(json!([
            post("g", &["u"]),
            delete,
            broken,
            post("u", &[]),
            post("h", &["g", "unknown"])
        ])),
        [vec![1], vec![2], vec![3], vec![0], vec![4]]
    );
    assert_eq!(
        order(json!([post("a", &[]), post("b", &["a"]), post("c", &["b"])])).concat(),
        [0, 1, 2]
    );
    assert_eq!(
        order(json!([post("a", &["b"]), post("b", &["c"]), post("c", &[])])).concat(),
        [2, 1, 0]
    );
}

#[test]
fn a_circle_is_one_step() {
    assert_eq!(
        order(json!([
            post("z", &["b"]),
            post("a", &["b"]),
            post("b", &["a", "u"]),
            post("u", &[])
        ])),
        [vec![3], vec![1, 2], vec![0]]
    );
    let request = read(json!([post("a", &["a"]), post("b", &[])]));
    assert_eq!(steps(&request.operations), [Step::Circle(vec![0]), Step::One(1)]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = "(bulkId:)?[ab]|members\\[value eq \"bulkId:a\"?\\]?";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        text.prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = "path|value|members|Operations|[ab]";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..4).prop_map(|parts| parts.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_runs_before_what_it_refers_to(edges in proptest::collection::vec((0..12usize, 0..12usize), 0..30)) {
        let named = |at: usize| format!("o{at}");
        let refers = |at: usize| edges.iter().filter(|(from, _)| *from == at).map(|(_, to)| named(*to)).collect::<Vec<_>>();
        let operations: Vec<Value> = (0..12).map(|at| {
            let to = refers(at);
            post(&named(at), &to.iter().map(String::as_str).collect::<Vec<_>>())
        }).collect();
        let steps = order(Value::from(operations));
        let mut all = steps.concat();
        all.sort_unstable();
        prop_assert_eq!(all, Vec::from_iter(0..12));
        let place = |at: usize| steps.iter().position(|step| step.contains(&at)).unwrap();
        // Whom each operation leads to, itself aside.
        let reach: Vec<BTreeSet<usize>> = (0..12).map(|from| {
            let (mut found, mut open) = (BTreeSet::new(), vec![from]);
            while let Some(at) = open.pop() {
                open.extend(edges.iter().filter(|(a, b)| *a == at && found.insert(*b)).map(|(_, b)| *b));
            }
            found
        }).collect();
        for (from, to) in reach.iter().enumerate().flat_map(|(from, all)| all.iter().map(move |to| (from, *to))) {
            if reach[to].contains(&from) {
                prop_assert_eq!(place(from), place(to));
            } else {
                prop_assert!(place(to) < place(from));
            }
        }
    }

    #[test]
    fn no_message_is_too_strange(body in any_json(), method in "POST|PUT|PATCH|DELETE", path in "/?(Users|Groups|Me)?/?(bulkId:)?[a-z]?") {
        for body in [body.clone(), json!({ "Operations": body.clone() }), json!({ "Operations": [{ "method": method, "path": path, "bulkId": "a", "data": body }] })] {
            if let Ok(mut request) = BulkRequest::parse(body, BASE, 5) {
                prop_assert_eq!(steps(&request.operations).iter().map(|s| s.operations().len()).sum::<usize>(), request.operations.len());
                for ask in request.operations.iter_mut().filter_map(|o| o.ask.as_mut().ok()) {
                    let _ = resolve(ask, |_| Ok::<_, ()>(None));
                    set_apart(&mut ask.data);
                    prop_assert_eq!(set_apart(&mut ask.data), None);
                }
            }
        }
    }
}
