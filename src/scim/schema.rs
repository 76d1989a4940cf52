//! What attributes there are: RFC 7643 §4 (User, Group, enterprise extension) as static data, in the form of §7.
//!
//! `password` is in none of them: this server accepts it and forgets it at once (see [`super::resource`]).
//! Names compare without regard to letter case (§2.1); what is stored and answered has the spelling given here.
mod common;
mod enterprise;
mod group;
mod service;
mod user;

use serde::{Deserialize, Serialize};

use super::urn;

/// The two kinds of resources.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ResourceType {
    /// A person or service account.
    User,
    /// A set of users and groups.
    Group,
}

impl ResourceType {
    /// Both, in the order they are published.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// `User` or `Group`, as in `meta.resourceType`.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// `Users` or `Groups`, the last part of the endpoint's URL.
    pub fn endpoint(self) -> &'static str {
        match self {
            Self::User => "Users",
            Self::Group => "Groups",
        }
    }

    /// The URN of the core schema.
    pub fn schema(self) -> &'static str {
        match self {
            Self::User => urn::USER,
            Self::Group => urn::GROUP,
        }
    }

    /// The type served at `Users` or `Groups`, in any letter case.
    pub fn of_endpoint(endpoint: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.endpoint().eq_ignore_ascii_case(endpoint))
    }

    /// The type called `User` or `Group`, in any letter case.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }

    /// The core schema.
    pub fn core(self) -> &'static Schema {
        match self {
            Self::User => &user::USER,
            Self::Group => &group::GROUP,
        }
    }

    /// The extensions that we describe. Others are kept, but nothing is known about their attributes.
    pub fn extensions(self) -> &'static [&'static Schema] {
        static OF_USERS: [&Schema; 1] = [&enterprise::ENTERPRISE_USER];
        match self {
            Self::User => &OF_USERS,
            Self::Group => &[],
        }
    }

    /// An attribute of the core schema, or one that every resource has (`id`, `externalId`, `meta`, `schemas`).
    pub fn attribute(self, name: &str) -> Option<&'static Attribute> {
        self.core().attribute(name).or_else(|| find(common::COMMON, name))
    }

    /// The described extension with this URN, in any letter case.
    pub fn extension(self, urn: &str) -> Option<&'static Schema> {
        self.extensions()
            .iter()
            .copied()
            .find(|schema| schema.urn.eq_ignore_ascii_case(urn))
    }
}

/// The schemas that are published at `/Schemas`.
pub fn published() -> [&'static Schema; 6] {
    [
        &user::USER,
        &group::GROUP,
        &enterprise::ENTERPRISE_USER,
        &service::RESOURCE_TYPE,
        &service::SERVICE_PROVIDER_CONFIG,
        &service::SCHEMA,
    ]
}

/// A schema: RFC 7643 §7.
#[derive(Debug, PartialEq, Eq)]
pub struct Schema {
    /// Its URN, which is its `id`.
    pub urn: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// What it describes.
    pub description: &'static str,
    /// Its attributes, in the order in which documents hold them.
    pub attributes: &'static [Attribute],
}

impl Schema {
    /// An attribute by name, in any letter case.
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        find(self.attributes, name)
    }
}

/// The definition of an attribute: RFC 7643 §2.2 and §7.
#[derive(Debug, PartialEq, Eq)]
pub struct Attribute {
    /// The name, in the spelling that is stored and answered.
    pub name: &'static str,
    /// The data type of one value.
    pub kind: Type,
    /// Whether the value is an array.
    pub multi_valued: bool,
    /// Whether a resource cannot be without it.
    pub required: bool,
    /// Whether letter case counts when values are compared.
    pub case_exact: bool,
    /// Who may write it, and when.
    pub mutability: Mutability,
    /// When it is part of an answer.
    pub returned: Returned,
    /// Within what values have to differ.
    pub uniqueness: Uniqueness,
    /// Suggested values; others are accepted.
    pub canonical_values: &'static [&'static str],
    /// What a reference may point to.
    pub reference_types: &'static [&'static str],
    /// What it means.
    pub description: &'static str,
    /// The parts of a complex value.
    pub sub_attributes: &'static [Attribute],
}

impl Attribute {
    /// A sub-attribute by name, in any letter case.
    pub fn sub(&self, name: &str) -> Option<&'static Attribute> {
        find(self.sub_attributes, name)
    }

    /// How its values are checked and compared.
    pub fn form(&self) -> Form {
        Form {
            kind: self.kind,
            multi_valued: self.multi_valued,
            case_exact: self.case_exact,
        }
    }

    /// Whether the value is a single JSON object, whose parts are written one by one.
    pub fn is_single_complex(&self) -> bool {
        self.kind == Type::Complex && !self.multi_valued
    }
}

/// What has to be known of values to check and compare them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Form {
    /// The data type of one value.
    pub kind: Type,
    /// Whether the value is an array.
    pub multi_valued: bool,
    /// Whether letter case counts when values are compared.
    pub case_exact: bool,
}

/// Data types: RFC 7643 §2.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Type {
    /// Text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// An xsd:dateTime.
    DateTime,
    /// Base64 text.
    Binary,
    /// A URI.
    Reference,
    /// An object with sub-attributes.
    Complex,
}

impl Type {
    /// All of them.
    const ALL: [Self; 8] = [
        Self::String,
        Self::Boolean,
        Self::Integer,
        Self::Decimal,
        Self::DateTime,
        Self::Binary,
        Self::Reference,
        Self::Complex,
    ];

    /// The name in a schema, such as `dateTime`.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::DateTime => "dateTime",
            Self::Binary => "binary",
            Self::Reference => "reference",
            Self::Complex => "complex",
        }
    }

    /// The type of this name, in any letter case.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.name().eq_ignore_ascii_case(name))
    }
}

/// Who may write an attribute: RFC 7643 §7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutability {
    /// The server alone; ignored in a POST or PUT, refused as the path of a PATCH.
    ReadOnly,
    /// Any time.
    ReadWrite,
    /// When the value is made, and never after.
    Immutable,
}

/// When an attribute is part of an answer: RFC 7643 §7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Returned {
    /// Always, even if the request excludes it.
    Always,
    /// Unless the request asks otherwise.
    Default,
}

/// Within what the values of an attribute have to differ: RFC 7643 §7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uniqueness {
    /// Nowhere.
    None,
    /// Among the resources of one instance.
    Server,
}

/// Finds an attribute by name, in any letter case.
fn find(attributes: &'static [Attribute], name: &str) -> Option<&'static Attribute> {
    attributes
        .iter()
        .find(|attribute| attribute.name.eq_ignore_ascii_case(name))
}

/// How definitions are written: a type and a name, then what is not the default.
impl Attribute {
    const fn new(name: &'static str, kind: Type, description: &'static str) -> Self {
        Self {
            name,
            kind,
            multi_valued: false,
            required: false,
            case_exact: false,
            mutability: Mutability::ReadWrite,
            returned: Returned::Default,
            uniqueness: Uniqueness::None,
            canonical_values: &[],
            reference_types: &[],
            description,
            sub_attributes: &[],
        }
    }

    const fn string(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Type::String, description)
    }

    const fn boolean(name: &'static str, description: &'static str) -> Self {
        Self::new(name, Type::Boolean, description)
    }

    /// References and binaries compare by letter case: RFC 7643 §2.3.6, §2.3.7.
    const fn reference(
        name: &'static str,
        types: &'static [&'static str],
        description: &'static str,
    ) -> Self {
        Self {
            reference_types: types,
            case_exact: true,
            ..Self::new(name, Type::Reference, description)
        }
    }

    const fn complex(
        name: &'static str,
        sub_attributes: &'static [Attribute],
        description: &'static str,
    ) -> Self {
        Self {
            sub_attributes,
            ..Self::new(name, Type::Complex, description)
        }
    }

    const fn many(self) -> Self {
        Self {
            multi_valued: true,
            ..self
        }
    }

    const fn required(self) -> Self {
        Self {
            required: true,
            ..self
        }
    }

    const fn case_exact(self) -> Self {
        Self {
            case_exact: true,
            ..self
        }
    }

    const fn read_only(self) -> Self {
        Self {
            mutability: Mutability::ReadOnly,
            ..self
        }
    }

    const fn immutable(self) -> Self {
        Self {
            mutability: Mutability::Immutable,
            ..self
        }
    }

    const fn always(self) -> Self {
        Self {
            returned: Returned::Always,
            ..self
        }
    }

    const fn unique(self) -> Self {
        Self {
            uniqueness: Uniqueness::Server,
            ..self
        }
    }

    const fn canonical(self, values: &'static [&'static str]) -> Self {
        Self {
            canonical_values: values,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn names_are_found_in_any_letter_case() {
        assert_eq!(ResourceType::User.attribute("USERNAME").unwrap().name, "userName");
        assert_eq!(
            ResourceType::User.attribute("externalid").unwrap().name,
            "externalId"
        );
        assert_eq!(
            ResourceType::User
                .attribute("emails")
                .unwrap()
                .sub("Value")
                .unwrap()
                .name,
            "value"
        );
        assert!(ResourceType::Group.attribute("userName").is_none());
        assert_eq!(ResourceType::of_endpoint("groups"), Some(ResourceType::Group));
    }

    #[test]
    fn no_schema_has_a_password() {
        for schema in published() {
            assert!(schema.attribute("password").is_none());
        }
    }

    #[test]
    fn definitions_hold_together() {
        fn check(attribute: &Attribute) {
            assert_eq!(
                attribute.kind == Type::Complex,
                !attribute.sub_attributes.is_empty(),
                "{}",
                attribute.name
            );
            assert_eq!(
                attribute.kind == Type::Reference,
                !attribute.reference_types.is_empty(),
                "{}",
                attribute.name
            );
            attribute.sub_attributes.iter().for_each(check);
        }
        published()
            .iter()
            .flat_map(|schema| schema.attributes)
            .for_each(check);
        common::COMMON.iter().for_each(check);
    }
}
