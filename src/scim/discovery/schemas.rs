//! `/Schemas` (RFC 7643 §7): the schemas that documents are kept by, and those of declared attributes.

use serde_json::{Value, json};

use super::{Access, Offer};
use crate::scim::rules::Declared;
use crate::scim::schema::{self, Attribute, Mutability, ResourceType, Returned, Schema, Type, Uniqueness};
use crate::scim::{Attributes, urn};

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
