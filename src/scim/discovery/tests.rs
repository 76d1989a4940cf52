//! What is published: complete, and what is offered alone.
#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::scim::rules::Declared;
use crate::scim::schema::{self, Schema, Type};

const BASE: &str = "https://hub.example/scim/x/v2";

const EXTENSION: &str = "urn:acme:scim:2.0:Thing";

fn all(custom: &Custom) -> Offer<'_> {
    Offer {
        users: Access::Write,
        groups: Access::Write,
        custom,
    }
}

#[test]
fn what_is_not_offered_is_not_published() {
    let custom = custom();
    let users = Offer {
        groups: Access::None,
        ..all(&custom)
    };
    let names = |list: Vec<Value>| -> Vec<String> {
        list.iter()
            .map(|v| v["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(resource_types(BASE, &users)), ["User"]);
    assert!(!names(schemas(BASE, &users)).contains(&"Group".to_owned()));
    let groups = Offer {
        users: Access::Read,
        ..all(&custom)
    };
    let types = resource_types(BASE, &groups);
    assert!(
        types[0]["description"]
            .as_str()
            .unwrap()
            .contains("Read only here")
    );
    assert_eq!(types[1], resource_types(BASE, &all(&custom))[1]);
    fn writable(attributes: &Value) -> bool {
        attributes
            .as_array()
            .into_iter()
            .flatten()
            .any(|a| a["mutability"] != "readOnly" || writable(&a["subAttributes"]))
    }
    let published = schemas(BASE, &groups);
    let of = |urn: &str| published.iter().find(|s| s["id"] == urn).unwrap();
    assert!(!writable(&of(urn::USER)["attributes"]));
    assert!(writable(&of(urn::GROUP)["attributes"]));
    // What both types have declared can be written in the one that can; what only the other has cannot.
    let declared = of(EXTENSION)["attributes"].as_array().unwrap();
    let mutability: Vec<&Value> = declared.iter().map(|a| &a["mutability"]).collect();
    assert_eq!(mutability, [&json!("readWrite"), &json!("readOnly")]);
    let neither = Offer {
        users: Access::None,
        groups: Access::None,
        ..all(&custom)
    };
    assert!(schemas(BASE, &neither).iter().all(|s| s["id"] != EXTENSION));
}

fn custom() -> Custom {
    let mut custom = Custom::default();
    for (resource, name, kind) in [
        (ResourceType::User, "badge", Type::Integer),
        (ResourceType::User, "home", Type::Reference),
        (ResourceType::Group, "badge", Type::Integer),
    ] {
        let declared = Declared::new(resource, EXTENSION, name, kind, true);
        custom.add(declared).unwrap();
    }
    custom
}

fn assert_no_nulls(value: &Value) {
    match value {
        Value::Null => panic!("a null is published"),
        Value::Array(values) => values.iter().for_each(assert_no_nulls),
        Value::Object(parts) => parts.values().for_each(assert_no_nulls),
        _ => {}
    }
}

#[test]
fn nothing_published_is_null_and_all_has_a_location() {
    let all = [
        vec![service_provider_config(BASE, &Limits::default())],
        resource_types(BASE, &all(&custom())),
        schemas(BASE, &all(&custom())),
    ]
    .concat();
    for resource in all {
        assert_no_nulls(&resource);
        assert!(resource["meta"]["location"].as_str().unwrap().starts_with(BASE));
    }
}

#[test]
fn the_published_user_is_the_one_that_is_checked() {
    let user = &schemas(BASE, &all(Custom::none()))[0];
    assert_eq!(user["id"], urn::USER);
    let mut published: Vec<&str> = user["attributes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|attribute| attribute["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        published.pop(),
        Some("password"),
        "announced, and in no schema that is kept by"
    );
    let known: Vec<&str> = ResourceType::User
        .core()
        .attributes
        .iter()
        .map(|attribute| attribute.name)
        .collect();
    assert_eq!(published, known);
    assert_eq!(user["attributes"][0]["uniqueness"], "server");
    assert_eq!(
        resource_types(BASE, &all(Custom::none()))[1]["endpoint"],
        "/Groups"
    );
}

#[test]
fn what_was_declared_is_published_as_a_schema() {
    let (types, schemas) = (
        resource_types(BASE, &all(&custom())),
        schemas(BASE, &all(&custom())),
    );
    let named = |kind: usize| {
        types[kind]["schemaExtensions"]
            .as_array()
            .unwrap()
            .last()
            .unwrap()["schema"]
            .clone()
    };
    assert_eq!((named(0), named(1)), (json!(EXTENSION), json!(EXTENSION)));
    let extension = schemas.last().unwrap();
    assert_eq!(extension["id"], EXTENSION);
    let attributes = extension["attributes"].as_array().unwrap();
    assert_eq!(attributes.len(), 2, "what both types have is described once");
    assert_eq!(
        (
            &attributes[0]["type"],
            &attributes[0]["multiValued"],
            &attributes[1]["caseExact"]
        ),
        (&json!("integer"), &json!(true), &json!(true))
    );
    let core = schemas[0]["attributes"][0].as_object().unwrap();
    for attribute in attributes {
        assert!(core.keys().all(|key| attribute.get(key).is_some()), "{attribute}");
    }
}

#[test]
fn the_service_is_described_by_its_own_schemas() {
    let described = |schema: &Schema, resource: &Value| {
        for name in resource
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| !["schemas", "id", "meta"].contains(&name.as_str()))
        {
            assert!(schema.attribute(name).is_some(), "{name}");
        }
    };
    let [_, _, _, resource_type, config, schema] = schema::published();
    described(config, &service_provider_config(BASE, &Limits::default()));
    described(resource_type, &resource_types(BASE, &all(Custom::none()))[0]);
    described(schema, &schemas(BASE, &all(Custom::none()))[0]);
}
