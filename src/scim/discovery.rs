//! What the service publishes about itself: RFC 7644 §4, RFC 7643 §5 to §7. It is made from the same definitions that
//! requests are checked against, so it cannot say otherwise. No value is null: Entra's schema import stops at one.
//!
//! `base` is the base URL of the SCIM endpoint, without a slash at the end.
use serde_json::{Value, json};

use super::Attributes;
use super::list::{DEFAULT_COUNT, MAX_COUNT};
use super::rules::{Custom, Declared, Limits};
use super::schema::{self, Attribute, Mutability, ResourceType, Returned, Schema, Type, Uniqueness};
use super::urn;

/// The body of `/ServiceProviderConfig`.
pub fn service_provider_config(base: &str, limits: &Limits) -> Value {
    json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": { "supported": true },
        "bulk": {
            "supported": true,
            "maxOperations": limits.bulk_operations,
            "maxPayloadSize": limits.body_bytes,
        },
        "filter": { "supported": true, "maxResults": MAX_COUNT },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        // A cursor has no timeout: nothing is kept for it.
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MAX_COUNT,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "API key",
            "description": "An API key of the instance, sent as a bearer token in the Authorization header.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}

/// The resources of `/ResourceTypes`; each is also found at `/ResourceTypes/{id}`.
pub fn resource_types(base: &str, custom: &Custom) -> Vec<Value> {
    ResourceType::ALL
        .into_iter()
        .map(|kind| resource_type(base, kind, custom))
        .collect()
}

fn resource_type(base: &str, kind: ResourceType, custom: &Custom) -> Value {
    let described = kind.extensions().iter().map(|schema| schema.urn);
    let extensions: Vec<Value> = described
        .chain(custom.urns(Some(kind)))
        .map(|urn| json!({ "schema": urn, "required": false }))
        .collect();
    json!({
        "schemas": [urn::RESOURCE_TYPE],
        "id": kind.name(),
        "name": kind.name(),
        "description": kind.core().description,
        "endpoint": format!("/{}", kind.endpoint()),
        "schema": kind.schema(),
        "schemaExtensions": extensions,
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.name()) },
    })
}

/// The resources of `/Schemas`; each is also found at `/Schemas/{id}`.
pub fn schemas(base: &str, custom: &Custom) -> Vec<Value> {
    let ours = schema::published()
        .into_iter()
        .map(|schema| described(base, schema));
    let declared = custom
        .urns(None)
        .into_iter()
        .map(|urn| declared(base, urn, custom));
    ours.chain(declared).collect()
}

fn described(base: &str, schema: &Schema) -> Value {
    let mut attributes: Vec<Value> = schema.attributes.iter().map(definition).collect();
    if schema.urn == urn::USER {
        attributes.push(password());
    }
    published(base, schema.urn, schema.name, schema.description, &attributes)
}

fn published(base: &str, urn: &str, name: &str, description: &str, attributes: &[Value]) -> Value {
    json!({
        "schemas": [urn::SCHEMA],
        "id": urn,
        "name": name,
        "description": description,
        "attributes": attributes,
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{urn}") },
    })
}

/// An extension with declared attributes. What both resource types have is described once.
fn declared(base: &str, urn: &str, custom: &Custom) -> Value {
    let mut attributes: Vec<Value> = Vec::new();
    for declared in custom.declared().iter().filter(|declared| declared.urn == urn) {
        let attribute = declared_attribute(declared);
        if !attributes.contains(&attribute) {
            attributes.push(attribute);
        }
    }
    let description = "Attributes that were declared for this instance.";
    published(base, urn, urn, description, &attributes)
}

fn declared_attribute(declared: &Declared) -> Value {
    let mut definition = json!({
        "name": declared.name,
        "type": declared.form.kind.name(),
        "multiValued": declared.form.multi_valued,
        "description": "Declared for this instance.",
        "required": false,
        "caseExact": declared.form.case_exact,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    });
    if declared.form.kind == Type::Reference {
        definition["referenceTypes"] = json!(["external"]);
    }
    definition
}

/// What is taken at the door and dropped there. Clients that build their model from `/Schemas` (Canaille) send nothing at
/// all to a server that does not announce it; no schema that documents are kept by has it.
fn password() -> Value {
    json!({
        "name": "password",
        "type": "string",
        "multiValued": false,
        "description": "Accepted and dropped at once: it is neither kept nor handed on.",
        "required": false,
        "caseExact": true,
        "mutability": "writeOnly",
        "returned": "never",
        "uniqueness": "none",
    })
}

fn definition(attribute: &Attribute) -> Value {
    let mut definition = Attributes::new();
    let mut put = |name: &str, value: Value| definition.insert(name.to_owned(), value);
    put("name", attribute.name.into());
    put("type", attribute.kind.name().into());
    put("multiValued", attribute.multi_valued.into());
    put("description", attribute.description.into());
    put("required", attribute.required.into());
    if !attribute.canonical_values.is_empty() {
        put("canonicalValues", attribute.canonical_values.into());
    }
    put("caseExact", attribute.case_exact.into());
    put("mutability", mutability(attribute.mutability).into());
    put("returned", returned(attribute.returned).into());
    put("uniqueness", uniqueness(attribute.uniqueness).into());
    if !attribute.reference_types.is_empty() {
        put("referenceTypes", attribute.reference_types.into());
    }
    if !attribute.sub_attributes.is_empty() {
        put(
            "subAttributes",
            attribute.sub_attributes.iter().map(self::definition).collect(),
        );
    }
    Value::Object(definition)
}

fn mutability(mutability: Mutability) -> &'static str {
    match mutability {
        Mutability::ReadOnly => "readOnly",
        Mutability::ReadWrite => "readWrite",
        Mutability::Immutable => "immutable",
    }
}

fn returned(returned: Returned) -> &'static str {
    match returned {
        Returned::Always => "always",
        Returned::Default => "default",
    }
}

fn uniqueness(uniqueness: Uniqueness) -> &'static str {
    match uniqueness {
        Uniqueness::None => "none",
        Uniqueness::Server => "server",
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const BASE: &str = "https://hub.example/scim/x/v2";

    const EXTENSION: &str = "urn:acme:scim:2.0:Thing";

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
            resource_types(BASE, &custom()),
            schemas(BASE, &custom()),
        ]
        .concat();
        for resource in all {
            assert_no_nulls(&resource);
            assert!(resource["meta"]["location"].as_str().unwrap().starts_with(BASE));
        }
    }

    #[test]
    fn the_published_user_is_the_one_that_is_checked() {
        let user = &schemas(BASE, Custom::none())[0];
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
        assert_eq!(resource_types(BASE, Custom::none())[1]["endpoint"], "/Groups");
    }

    #[test]
    fn what_was_declared_is_published_as_a_schema() {
        let (types, schemas) = (resource_types(BASE, &custom()), schemas(BASE, &custom()));
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
        described(resource_type, &resource_types(BASE, Custom::none())[0]);
        described(schema, &schemas(BASE, Custom::none())[0]);
    }
}
