//! What real clients send beside the RFC and is served all the same: one variant and one function for each deviation.
//!
//! A deviation is served where it has one possible meaning. Where two are possible and one loses data, it is refused.
//! The request log counts them by [`Tolerance::name`], so an administrator sees what their identity provider relies on.
use serde_json::Value;

use super::Attributes;
use super::schema::{Attribute, ResourceType};

/// A deviation that was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tolerance {
    /// Entra: `"active": "True"`, and `primary` so in value paths.
    BooleanAsString,
    /// OneLogin: `""` and blanks where a template had nothing to fill in.
    BlankValue,
    /// Entra: the manager, or a value of a multi-valued attribute, as a bare string instead of `{"value": …}`.
    BareValue,
    /// Entra: a single complex value inside of an array.
    ArrayOfOne,
    /// Entra: a simple value as `[{"$ref": null, "value": …}]`.
    ValueInArray,
    /// Hand-written clients: the one value of a multi-valued attribute without its array.
    MissingArray,
    /// OneLogin: `manager.managerId` of SCIM 1.1 for `manager.value`.
    ManagerId,
    /// PingOne: several values of one attribute marked primary; the first stays so.
    SeveralPrimaries,
    /// OneLogin: schema URNs from before the RFC.
    OldUrn,
    /// Entra: the enterprise URN without its last colon.
    MisspeltUrn,
    /// Entra: `department` or `manager` beside the core attributes instead of inside of the extension.
    ExtensionAttributeAtTop,
    /// Entra: paths as keys, `"name.givenName"` and `"urn:…:User:department"`.
    PathAsKey,
    /// Entra: `Add`, `Replace`, `Remove` with a capital.
    CapitalOperation,
    /// Entra: `remove` with the values to take away beside the path of the attribute.
    RemoveWithValue,
    /// Hand-written clients: a PATCH that does not say `PatchOp` in its `schemas`.
    NoPatchSchema,
    /// Canaille: a reader that gives the whole service up for an attribute newer than itself.
    StrictReader,
}

impl Tolerance {
    /// The name in the request log.
    pub fn name(self) -> &'static str {
        match self {
            Self::BooleanAsString => "boolean_as_string",
            Self::BlankValue => "blank_value",
            Self::BareValue => "bare_value",
            Self::ArrayOfOne => "array_of_one",
            Self::ValueInArray => "value_in_array",
            Self::MissingArray => "missing_array",
            Self::ManagerId => "manager_id",
            Self::SeveralPrimaries => "several_primaries",
            Self::OldUrn => "old_urn",
            Self::MisspeltUrn => "misspelt_urn",
            Self::ExtensionAttributeAtTop => "extension_attribute_at_top",
            Self::PathAsKey => "path_as_key",
            Self::CapitalOperation => "capital_operation",
            Self::RemoveWithValue => "remove_with_value",
            Self::NoPatchSchema => "no_patch_schema",
            Self::StrictReader => "strict_reader",
        }
    }
}

/// The deviations of one request, each once.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Notes(Vec<Tolerance>);

impl Notes {
    pub(super) fn note(&mut self, tolerance: Tolerance) {
        if !self.0.contains(&tolerance) {
            self.0.push(tolerance);
        }
    }

    pub(super) fn as_slice(&self) -> &[Tolerance] {
        &self.0
    }

    pub(super) fn into_vec(self) -> Vec<Tolerance> {
        self.0
    }
}

/// [`Tolerance::StrictReader`]: takes what RFC 9865 adds out of the service provider's configuration. Canaille 0.3 (test:
/// `canaille_as_the_provider`) names only its HTTP library, whose other users lose an announcement and no function.
pub fn for_strict_reader(agent: &str, config: &mut Value) -> Option<Tolerance> {
    let config = config
        .as_object_mut()
        .filter(|_| agent.starts_with("python-httpx/"))?;
    config.shift_remove("pagination").map(|_| Tolerance::StrictReader)
}

/// [`Tolerance::BooleanAsString`]: what `"True"` or `"false"` means.
pub(super) fn boolean(text: &str) -> Option<bool> {
    match text.trim() {
        text if text.eq_ignore_ascii_case("true") => Some(true),
        text if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// [`Tolerance::BlankValue`]: whether the text says nothing.
pub(super) fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}

/// [`Tolerance::BareValue`]: the object that a bare string stands for, where the attribute has a `value`.
pub(super) fn bare_value(attribute: &Attribute, text: &str) -> Option<Attributes> {
    attribute.sub("value")?;
    Some(Attributes::from_iter([("value".to_owned(), Value::from(text))]))
}

/// [`Tolerance::ArrayOfOne`]: the value in an array that holds no other.
pub(super) fn array_of_one(mut values: Vec<Value>) -> Option<Value> {
    if values.len() == 1 { values.pop() } else { None }
}

/// [`Tolerance::ValueInArray`]: the simple value in an array that holds nothing but an object with it.
pub(super) fn value_in_array(values: Vec<Value>) -> Option<Value> {
    match array_of_one(values)? {
        Value::Object(mut parts) => parts.shift_remove("value").filter(|value| !value.is_array()),
        _ => None,
    }
}

/// [`Tolerance::ManagerId`]: the sub-attribute that is meant by `managerId`.
pub(super) fn manager_id(attribute: &'static Attribute, name: &str) -> Option<&'static Attribute> {
    (attribute.name == "manager" && name.eq_ignore_ascii_case("managerId")).then(|| attribute.sub("value"))?
}

/// [`Tolerance::SeveralPrimaries`]: leaves only the first `true`; whether there were more.
pub(super) fn several_primaries(values: &mut [Value]) -> bool {
    let is_primary = |value: &&mut Value| value.get("primary") == Some(&Value::Bool(true));
    let mut more = false;
    for value in values.iter_mut().filter(is_primary).skip(1) {
        value["primary"] = Value::Bool(false);
        more = true;
    }
    more
}

/// [`Tolerance::ExtensionAttributeAtTop`]: the extension attribute with this bare name. None has the name of a core attribute.
pub(super) fn extension_attribute(
    kind: ResourceType,
    name: &str,
) -> Option<(&'static str, &'static Attribute)> {
    kind.extensions()
        .iter()
        .find_map(|schema| Some((schema.urn, schema.attribute(name)?)))
}

/// [`Tolerance::CapitalOperation`]: whether the operation is written otherwise than the RFC has it.
pub(super) fn capital_operation(op: &str) -> bool {
    op.chars().any(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    #[test]
    fn only_a_strict_reader_is_spared_what_is_new() {
        let config = json!({ "sort": { "supported": true }, "pagination": { "cursor": true } });
        for (agent, left) in [("python-httpx/0.28.1", 1), ("Okta SCIM Client 1.0", 2), ("", 2)] {
            let mut config = config.clone();
            let tolerated = for_strict_reader(agent, &mut config);
            assert_eq!(tolerated.is_some(), left == 1, "{agent}");
            assert_eq!(config.as_object().unwrap().len(), left, "{agent}");
        }
    }

    #[test]
    fn only_the_first_primary_stays() {
        let mut values = [
            json!({ "primary": false }),
            json!({ "primary": true }),
            json!({ "primary": true }),
            json!("x"),
        ];
        assert!(several_primaries(&mut values));
        assert_eq!(values[1]["primary"], json!(true));
        assert_eq!(values[2]["primary"], json!(false));
        assert!(!several_primaries(&mut values));
    }

    #[test]
    fn booleans_are_read_from_text() {
        assert_eq!(boolean("True"), Some(true));
        assert_eq!(boolean("FALSE"), Some(false));
        assert_eq!(boolean("yes"), None);
    }
}
