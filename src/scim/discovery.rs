//! What the service publishes about itself: RFC 7644 §4, RFC 7643 §5 to §7. It is made from the same definitions that
//! requests are checked against, so it cannot say otherwise. No value is null: Entra's schema import stops at one.
//!
//! `base` is the base URL of the SCIM endpoint, without a slash at the end.
use serde_json::{Value, json};

use super::Attributes;
use super::list::MAX_COUNT;
use super::rules::Limits;
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
        "sort": { "supported": false },
        "etag": { "supported": true },
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
pub fn resource_types(base: &str) -> Vec<Value> {
    ResourceType::ALL
        .into_iter()
        .map(|kind| resource_type(base, kind))
        .collect()
}

fn resource_type(base: &str, kind: ResourceType) -> Value {
    let extensions: Vec<Value> = kind
        .extensions()
        .iter()
        .map(|schema| json!({ "schema": schema.urn, "required": false }))
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
pub fn schemas(base: &str) -> Vec<Value> {
    schema::published()
        .into_iter()
        .map(|schema| published(base, schema))
        .collect()
}

fn published(base: &str, schema: &Schema) -> Value {
    let mut attributes: Vec<Value> = schema.attributes.iter().map(definition).collect();
    if schema.urn == urn::USER {
        attributes.push(password());
    }
    json!({
        "schemas": [urn::SCHEMA],
        "id": schema.urn,
        "name": schema.name,
        "description": schema.description,
        "attributes": attributes,
        "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", schema.urn) },
    })
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
    put("type", type_name(attribute.kind).into());
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

fn type_name(kind: Type) -> &'static str {
    match kind {
        Type::String => "string",
        Type::Boolean => "boolean",
        Type::Integer => "integer",
        Type::DateTime => "dateTime",
        Type::Binary => "binary",
        Type::Reference => "reference",
        Type::Complex => "complex",
    }
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
            resource_types(BASE),
            schemas(BASE),
        ]
        .concat();
        for resource in all {
            assert_no_nulls(&resource);
            assert!(resource["meta"]["location"].as_str().unwrap().starts_with(BASE));
        }
    }

    #[test]
    fn the_published_user_is_the_one_that_is_checked() {
        let user = &schemas(BASE)[0];
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
        assert_eq!(resource_types(BASE)[1]["endpoint"], "/Groups");
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
        described(resource_type, &resource_types(BASE)[0]);
        described(schema, &schemas(BASE)[0]);
    }
}
