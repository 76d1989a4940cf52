//! Whatever the message, it is refused or leads to a document in order.
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::scim::resource::tests::any_body;
use crate::scim::rules::Declared;
use crate::scim::schema::Type;

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

/// No declarations, and one that half of the paths above meet.
fn any_rules() -> impl Strategy<Value = Rules> {
    let kinds = prop::sample::select(vec![Type::String, Type::Boolean, Type::Integer, Type::DateTime]);
    prop::option::of((kinds, any::<bool>())).prop_map(|declared| {
        let mut rules = Rules::default();
        if let Some((kind, many)) = declared {
            let tag = Declared::new(ResourceType::User, "urn:a:b:2.0:User", "tag", kind, many);
            rules.custom.add(tag).unwrap();
        }
        rules
    })
}

proptest! {
    #[test]
    fn no_message_makes_it_panic_and_every_result_is_canonical(operations in prop::collection::vec(any_operation(), 1..6), rules in any_rules()) {
        for kind in ResourceType::ALL {
            let Ok(request) = PatchRequest::parse(kind, &message(&json!(operations)), &rules) else { continue };
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
                let again = accept(kind, Value::Object(patched.attributes.clone()), &rules);
                prop_assert!(again.is_ok(), "{:?} {:?}", again, patched.attributes);
            }
        }
    }
}
