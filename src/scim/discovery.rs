//! What the service publishes about itself: RFC 7644 §4, RFC 7643 §5 to §7. It is made from the same definitions that
//! requests are checked against, so it cannot say otherwise. No value is null: Entra's schema import stops at one.
//!
//! `base` is the base URL of the SCIM endpoint, without a slash at the end.
use serde_json::{Value, json};

use super::Attributes;
use super::rules::Limits;
use super::schema::{self, Attribute, Mutability, ResourceType, Returned, Schema, Type, Uniqueness};
use super::urn;

/// What an endpoint lets its callers do with resources of one type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// There are none, and the type is not published.
    None,
    /// They can be read.
    Read,
    /// They can be read and written.
    Write,
}

/// The body of `/ServiceProviderConfig`.
pub fn service_provider_config(base: &str, limits: &Limits) -> Value {
    json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": { "supported": true },
        "bulk": { "supported": false, "maxOperations": 0, "maxPayloadSize": 0 },
        "filter": { "supported": true, "maxResults": limits.results },
        "changePassword": { "supported": false },
        "sort": { "supported": false },
        "etag": { "supported": false },
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

/// The resources of `/ResourceTypes`; each is also found at `/ResourceTypes/{id}`. Of types that are not offered, none.
pub fn resource_types(base: &str, access: impl Fn(ResourceType) -> Access) -> Vec<Value> {
    ResourceType::ALL
        .into_iter()
        .filter(|kind| access(*kind) != Access::None)
        .map(|kind| resource_type(base, kind, access(kind)))
        .collect()
}

fn resource_type(base: &str, kind: ResourceType, access: Access) -> Value {
    let only = if access == Access::Read {
        " Read only here: accounts must exist in the app."
    } else {
        ""
    };
    let extensions: Vec<Value> = kind
        .extensions()
        .iter()
        .map(|schema| json!({ "schema": schema.urn, "required": false }))
        .collect();
    json!({
        "schemas": [urn::RESOURCE_TYPE],
        "id": kind.name(),
        "name": kind.name(),
        "description": format!("{}{only}", kind.core().description),
        "endpoint": format!("/{}", kind.endpoint()),
        "schema": kind.schema(),
        "schemaExtensions": extensions,
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.name()) },
    })
}

/// The resources of `/Schemas`; each is also found at `/Schemas/{id}`. Of types that are not offered, none; of those that
/// can only be read, no attribute can be written.
pub fn schemas(base: &str, access: impl Fn(ResourceType) -> Access) -> Vec<Value> {
    schema::published()
        .into_iter()
        .map(|schema| (schema, described(schema).map_or(Access::Write, &access)))
        .filter(|(_, access)| *access != Access::None)
        .map(|(schema, access)| published(base, schema, access))
        .collect()
}

/// The type that a schema is of; none for those of the service itself.
fn described(schema: &Schema) -> Option<ResourceType> {
    let of = |kind: &ResourceType| {
        kind.core().urn == schema.urn
            || kind
                .extensions()
                .iter()
                .any(|extension| extension.urn == schema.urn)
    };
    ResourceType::ALL.into_iter().find(of)
}

fn published(base: &str, schema: &Schema, access: Access) -> Value {
    let mut attributes: Vec<Value> = schema.attributes.iter().map(definition).collect();
    match access {
        Access::Write if schema.urn == urn::USER => attributes.push(password()),
        Access::Write => {}
        Access::Read | Access::None => attributes.iter_mut().for_each(read_only),
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

fn read_only(definition: &mut Value) {
    if let Some(parts) = definition.as_object_mut() {
        parts.insert("mutability".into(), mutability(Mutability::ReadOnly).into());
        if let Some(Value::Array(inner)) = parts.get_mut("subAttributes") {
            inner.iter_mut().for_each(read_only);
        }
    }
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

    fn all(_: ResourceType) -> Access {
        Access::Write
    }

    #[test]
    fn what_is_not_offered_is_not_published() {
        let users = |kind| match kind {
            ResourceType::User => Access::Write,
            ResourceType::Group => Access::None,
        };
        let names = |list: Vec<Value>| -> Vec<String> {
            list.iter()
                .map(|v| v["name"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(names(resource_types(BASE, users)), ["User"]);
        assert!(!names(schemas(BASE, users)).contains(&"Group".to_owned()));
        let groups = |kind| match kind {
            ResourceType::User => Access::Read,
            ResourceType::Group => Access::Write,
        };
        let types = resource_types(BASE, groups);
        assert!(
            types[0]["description"]
                .as_str()
                .unwrap()
                .contains("Read only here")
        );
        assert_eq!(types[1], resource_types(BASE, all)[1]);
        fn writable(attributes: &Value) -> bool {
            attributes
                .as_array()
                .into_iter()
                .flatten()
                .any(|a| a["mutability"] != "readOnly" || writable(&a["subAttributes"]))
        }
        let published = schemas(BASE, groups);
        let of = |urn: &str| published.iter().find(|s| s["id"] == urn).unwrap();
        assert!(!writable(&of(urn::USER)["attributes"]));
        assert!(writable(&of(urn::GROUP)["attributes"]));
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
            resource_types(BASE, all),
            schemas(BASE, all),
        ]
        .concat();
        for resource in all {
            assert_no_nulls(&resource);
            assert!(resource["meta"]["location"].as_str().unwrap().starts_with(BASE));
        }
    }

    #[test]
    fn the_published_user_is_the_one_that_is_checked() {
        let user = &schemas(BASE, all)[0];
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
        assert_eq!(resource_types(BASE, all)[1]["endpoint"], "/Groups");
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
        described(resource_type, &resource_types(BASE, all)[0]);
        described(schema, &schemas(BASE, all)[0]);
    }
}
