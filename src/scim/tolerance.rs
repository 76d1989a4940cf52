//! What real clients send beside the RFC and is served all the same: one variant and one function for each deviation.
//!
//! A deviation is served where it has one possible meaning. Where two are possible and one loses data, it is refused.
//! The request log counts them by [`Tolerance::name`], so an administrator sees what their identity provider relies on.
use serde_json::Value;

use super::Attributes;
use super::schema::{Attribute, ResourceType};

macro_rules! tolerances {
    ($($(#[$doc:meta])+ $variant:ident $name:literal $client:literal $title:literal;)+) => {
        /// A deviation that was served.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Tolerance { $($(#[$doc])+ $variant,)+ }

        impl Tolerance {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the request log.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// Whose clients are known for it.
            pub fn client(self) -> &'static str {
                match self { $(Self::$variant => $client,)+ }
            }

            /// What it is, in a few words for people.
            pub fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// Reads what `name` writes.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }
        }
    };
}

// Variant, name in the log, whose clients are known for it, title.
tolerances! {
    /// Entra: `"active": "True"`, and `primary` so in value paths.
    BooleanAsString "boolean_as_string" "Entra" "true and false sent as text";
    /// OneLogin: `""` and blanks where a template had nothing to fill in.
    BlankValue "blank_value" "OneLogin" "blanks where there is no value";
    /// Entra: the manager, or a value of a multi-valued attribute, as a bare string instead of `{"value": …}`.
    BareValue "bare_value" "Entra" "a plain text in place of an object with a value";
    /// Entra: a single complex value inside of an array.
    ArrayOfOne "array_of_one" "Entra" "a single value inside of a list";
    /// Entra: a simple value as `[{"$ref": null, "value": …}]`.
    ValueInArray "value_in_array" "Entra" "a plain value wrapped in a list";
    /// Hand-written clients: the one value of a multi-valued attribute without its array.
    MissingArray "missing_array" "Hand-written clients" "one value in place of a list";
    /// OneLogin: `manager.managerId` of SCIM 1.1 for `manager.value`.
    ManagerId "manager_id" "OneLogin" "the manager named as in SCIM 1.1";
    /// PingOne: several values of one attribute marked primary; the first stays so.
    SeveralPrimaries "several_primaries" "PingOne" "several values marked primary";
    /// OneLogin: schema URNs from before the RFC.
    OldUrn "old_urn" "OneLogin" "names of schemas from before the standard";
    /// Entra: the enterprise URN without its last colon.
    MisspeltUrn "misspelt_urn" "Entra" "the name of the enterprise schema misspelt";
    /// Entra: `department` or `manager` beside the core attributes instead of inside of the extension.
    ExtensionAttributeAtTop "extension_attribute_at_top" "Entra" "enterprise attributes outside of their extension";
    /// Entra: paths as keys, `"name.givenName"` and `"urn:…:User:department"`.
    PathAsKey "path_as_key" "Entra" "paths used as names of attributes";
    /// Entra: `Add`, `Replace`, `Remove` with a capital.
    CapitalOperation "capital_operation" "Entra" "operations written with a capital";
    /// Entra: `remove` with the values to take away beside the path of the attribute.
    RemoveWithValue "remove_with_value" "Entra" "legacy member removal";
    /// Hand-written clients: a PATCH that does not say `PatchOp` in its `schemas`.
    NoPatchSchema "no_patch_schema" "Hand-written clients" "a PATCH that does not name its schema";
    /// Canaille: a reader that gives the whole service up for an attribute newer than itself.
    StrictReader "strict_reader" "Canaille" "nothing announced that is newer than the reader";
    /// Entra: a base URL that ends in `/Users` or `/Groups`, so that requests go to `/Groups/Users`.
    EndpointInBaseUrl "endpoint_in_base_url" "Entra" "a base URL that ends in /Users or /Groups";
    /// Hand-written clients: `/users` for `/Users`.
    EndpointCase "endpoint_case" "Hand-written clients" "endpoints in other letter case";
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

/// What can follow the base URL.
const ENDPOINTS: [&str; 7] = [
    "Users",
    "Groups",
    "ServiceProviderConfig",
    "ResourceTypes",
    "Schemas",
    "Bulk",
    "Me",
];

/// [`Tolerance::EndpointCase`]: the endpoint that is meant by a first step of a path, as it is written right.
pub fn endpoint_case(step: &str) -> Option<&'static str> {
    ENDPOINTS
        .into_iter()
        .find(|endpoint| endpoint.eq_ignore_ascii_case(step))
}

/// [`Tolerance::EndpointInBaseUrl`]: whether the first of two steps is a rest of the base URL. No resource has the name
/// of an endpoint for its id.
pub fn endpoint_in_base_url(first: &str, second: &str) -> bool {
    matches!(endpoint_case(first), Some("Users" | "Groups")) && endpoint_case(second).is_some()
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
    fn an_endpoint_before_an_endpoint_is_of_the_base_url() {
        for (first, second) in [
            ("Groups", "Users"),
            ("groups", "Groups"),
            ("Users", "ServiceProviderConfig"),
        ] {
            assert!(endpoint_in_base_url(first, second), "{first}/{second}");
        }
        for (first, second) in [
            ("Users", "2819c223"),
            ("Users", ".search"),
            ("Schemas", "Users"),
            ("x", "Users"),
        ] {
            assert!(!endpoint_in_base_url(first, second), "{first}/{second}");
        }
        assert_eq!(
            (endpoint_case("uSERS"), endpoint_case("User")),
            (Some("Users"), None)
        );
    }

    #[test]
    fn names_are_unlike_and_read_back() {
        for one in Tolerance::ALL {
            assert_eq!(Tolerance::named(one.name()), Some(*one));
        }
    }

    #[test]
    fn booleans_are_read_from_text() {
        assert_eq!(boolean("True"), Some(true));
        assert_eq!(boolean("FALSE"), Some(false));
        assert_eq!(boolean("yes"), None);
    }
}
