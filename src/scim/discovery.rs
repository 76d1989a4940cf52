//! What the service publishes about itself: RFC 7644 §4, RFC 7643 §5 to §7. It is made from the same definitions that
//! requests are checked against, so it cannot say otherwise. No value is null: Entra's schema import stops at one.
//!
//! `base` is the base URL of the SCIM endpoint, without a slash at the end.
use serde_json::{Value, json};

use super::Attributes;
use super::list::DEFAULT_COUNT;
use super::rules::{Custom, Declared, Limits};
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

/// What an endpoint offers beside the protocol.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// Of users.
    pub users: Access,
    /// Of groups.
    pub groups: Access,
    /// Declared for it.
    pub custom: &'a Custom,
}

impl Offer<'_> {
    fn access(&self, kind: ResourceType) -> Access {
        match kind {
            ResourceType::User => self.users,
            ResourceType::Group => self.groups,
        }
    }

    fn kinds(&self) -> impl Iterator<Item = ResourceType> {
        ResourceType::ALL
            .into_iter()
            .filter(|kind| self.access(*kind) != Access::None)
    }
}

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
        "filter": { "supported": true, "maxResults": limits.results },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        // A cursor has no timeout: nothing is kept for it.
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": limits.results,
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

/// The resources of `/ResourceTypes`; each is also found at `/ResourceTypes/{id}`. Of types that are not offered, none.
pub fn resource_types(base: &str, offer: &Offer<'_>) -> Vec<Value> {
    offer
        .kinds()
        .map(|kind| resource_type(base, kind, offer))
        .collect()
}

fn resource_type(base: &str, kind: ResourceType, offer: &Offer<'_>) -> Value {
    let only = match offer.access(kind) {
        Access::Read => " Read only here: accounts must exist in the app.",
        Access::None | Access::Write => "",
    };
    let described = kind.extensions().iter().map(|schema| schema.urn);
    let extensions: Vec<Value> = described
        .chain(offer.custom.urns(Some(kind)))
        .map(|urn| json!({ "schema": urn, "required": false }))
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
pub fn schemas(base: &str, offer: &Offer<'_>) -> Vec<Value> {
    let ours = schema::published()
        .into_iter()
        .map(|schema| {
            (
                schema,
                of_type(schema).map_or(Access::Write, |kind| offer.access(kind)),
            )
        })
        .filter(|(_, access)| *access != Access::None)
        .map(|(schema, access)| described(base, schema, access));
    let urns = offer.custom.urns(None).into_iter();
    ours.chain(urns.filter_map(|urn| declared(base, urn, offer)))
        .collect()
}

/// The type that a schema is of; none for those of the service itself.
fn of_type(schema: &Schema) -> Option<ResourceType> {
    let of = |kind: &ResourceType| {
        kind.core().urn == schema.urn
            || kind
                .extensions()
                .iter()
                .any(|extension| extension.urn == schema.urn)
    };
    ResourceType::ALL.into_iter().find(of)
}

fn described(base: &str, schema: &Schema, access: Access) -> Value {
    let mut attributes: Vec<Value> = schema.attributes.iter().map(definition).collect();
    match access {
        Access::Write if schema.urn == urn::USER => attributes.push(password()),
        Access::Write => {}
        Access::Read | Access::None => attributes.iter_mut().for_each(read_only),
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

/// An extension with declared attributes; none if no type that is offered has it. What both types have is described once,
/// and can be written if it can in one of them.
fn declared(base: &str, urn: &str, offer: &Offer<'_>) -> Option<Value> {
    let (mut known, mut attributes) = (Vec::new(), Vec::new());
    for access in [Access::Write, Access::Read] {
        let of = |declared: &&Declared| declared.urn == urn && offer.access(declared.resource) == access;
        for attribute in offer.custom.declared().iter().filter(of).map(declared_attribute) {
            if known.contains(&attribute) {
                continue;
            }
            let mut shown = attribute.clone();
            if access == Access::Read {
                read_only(&mut shown);
            }
            attributes.push(shown);
            known.push(attribute);
        }
    }
    let description = "Attributes that were declared for this instance.";
    (!known.is_empty()).then(|| published(base, urn, urn, description, &attributes))
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
}
