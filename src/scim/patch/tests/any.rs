//! Whatever the message, it is refused or leads to a document in order.
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scim::resource::tests::any_body;

fn any_operation() -> impl Strategy<Value = Value> {
    let op = prop::sample::select(vec!["add", "Replace", "remove"]);
    let path = prop::sample::select(vec![
        "",
        "title",
        "name",
        "name.givenName",
        "emails",
        "emails.value",
        "emails.primary",
        "emails[type eq \"work\"]",
        "emails[type eq \"home\"].value",
        "emails[primary eq true].primary",
        "addresses[not (type eq \"x\")].locality",
        "roles",
        "manager",
        "urn:a:b:2.0:User",
        "urn:a:b:2.0:User:tag",
        "urn:a:b:2.0:User:tag.x",
        ENTERPRISE_USER,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
        "members",
        "members[value eq \"a\"]",
        "active",
        "userName",
        "x509Certificates[value pr].type",
    ]);
    (op, path, any_body(), any::<u8>()).prop_map(|(op, path, body, pick)| {
        // The values of a body are a good mix of right and wrong ones.
        let parts: Vec<Value> = body.as_object().unwrap().values().cloned().collect();
        let value = if pick % 4 == 0 {
            body.clone()
        } else {
            parts[usize::from(pick) % parts.len()].clone()
        };
        json!({ "op": op, "path": path, "value": value })
    })
}

proptest! {
    #[test]
    fn no_message_makes_it_panic_and_every_result_is_canonical(operations in prop::collection::vec(any_operation(), 1..6)) {
        for kind in ResourceType::ALL {
            let Ok(request) = PatchRequest::parse(kind, &message(&json!(operations)), &Rules::default()) else { continue };
            let current = match kind {
                ResourceType::User => start(),
                ResourceType::Group => accept(kind, json!({ "displayName": "G" }), &Rules::default()).unwrap().attributes,
            };
            if let Ok(patched) = request.apply(&current) {
                let mut arranged = patched.attributes.clone();
                arrange(kind, &mut arranged);
                prop_assert_eq!(Value::Object(arranged).to_string(), Value::Object(patched.attributes.clone()).to_string());
                let primaries = |value: &Value| value.as_array().map_or(0, |values| values.iter().filter(|value| value["primary"] == json!(true)).count());
                prop_assert!(patched.attributes.values().all(|value| primaries(value) <= 1), "{:?}", patched.attributes);
                let again = accept(kind, Value::Object(patched.attributes.clone()), &Rules::default());
                prop_assert!(again.is_ok(), "{:?} {:?}", again, patched.attributes);
            }
        }
    }
}
