//! The schemas of what is published about the service itself: RFC 7643 §5 to §7. All of it is read-only.
use super::{Attribute, Schema, Type};
use crate::scim::urn;

const fn text(name: &'static str, description: &'static str) -> Attribute {
    Attribute::string(name, description).read_only()
}

const fn flag(name: &'static str, description: &'static str) -> Attribute {
    Attribute::boolean(name, description).read_only()
}

const fn number(name: &'static str, description: &'static str) -> Attribute {
    Attribute::new(name, Type::Integer, description).read_only()
}

const fn uri(name: &'static str, description: &'static str) -> Attribute {
    Attribute::reference(name, &["uri"], description).read_only()
}

const fn group(name: &'static str, parts: &'static [Attribute], description: &'static str) -> Attribute {
    Attribute::complex(name, parts, description).read_only()
}

/// `urn:ietf:params:scim:schemas:core:2.0:ResourceType`.
pub(super) static RESOURCE_TYPE: Schema = Schema {
    urn: urn::RESOURCE_TYPE,
    name: "ResourceType",
    description: "A type of resource that the service has.",
    attributes: &[
        text("name", "The name of the resource type.").required(),
        text("description", "What the resource type is."),
        Attribute::reference("endpoint", &["uri"], "The endpoint, relative to the base URL.")
            .read_only()
            .required(),
        uri("schema", "The core schema.").required(),
        group(
            "schemaExtensions",
            SCHEMA_EXTENSIONS,
            "The extensions that the service describes.",
        )
        .many(),
    ],
};

const SCHEMA_EXTENSIONS: &[Attribute] = &[
    uri("schema", "The URN of the extension.").required(),
    flag("required", "Whether a resource has to have it.").required(),
];

/// `urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig`.
pub(super) static SERVICE_PROVIDER_CONFIG: Schema = Schema {
    urn: urn::SERVICE_PROVIDER_CONFIG,
    name: "ServiceProviderConfig",
    description: "What the service can do.",
    attributes: &[
        Attribute::reference(
            "documentationUri",
            &["external"],
            "Where the service is described.",
        )
        .read_only(),
        group("patch", SUPPORTED, "PATCH.").required(),
        group("bulk", BULK, "Many changes in one request.").required(),
        group("filter", FILTER, "Filters.").required(),
        group("changePassword", SUPPORTED, "Changes of a password.").required(),
        group("sort", SUPPORTED, "Sorted lists.").required(),
        group("etag", SUPPORTED, "Versions of resources.").required(),
        group("pagination", PAGINATION, "Lists in pages."),
        group(
            "authenticationSchemes",
            AUTHENTICATION_SCHEMES,
            "How clients authenticate.",
        )
        .many()
        .required(),
    ],
};

const IS_SUPPORTED: Attribute = flag("supported", "Whether the service can do it.").required();
const SUPPORTED: &[Attribute] = &[IS_SUPPORTED];

const BULK: &[Attribute] = &[
    IS_SUPPORTED,
    number("maxOperations", "The most operations in one request.").required(),
    number("maxPayloadSize", "The most bytes in one request.").required(),
];

const FILTER: &[Attribute] = &[
    IS_SUPPORTED,
    number("maxResults", "The most resources in one answer.").required(),
];

/// RFC 9865 §4.
const PAGINATION: &[Attribute] = &[
    flag("cursor", "Whether pages are had by cursor.").required(),
    flag("index", "Whether pages are had by index.").required(),
    text(
        "defaultPaginationMethod",
        "What holds if the request does not say.",
    )
    .canonical(&["cursor", "index"]),
    number(
        "defaultPageSize",
        "The resources of a page if the request does not say.",
    ),
    number("maxPageSize", "The most resources of a page."),
    number("cursorTimeout", "The seconds for which a cursor is good."),
];

const AUTHENTICATION_SCHEMES: &[Attribute] = &[
    text("type", "The scheme.")
        .canonical(&["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"])
        .required(),
    text("name", "The name of the scheme for people.").required(),
    text("description", "How it is used.").required(),
    Attribute::reference("specUri", &["external"], "Where the scheme is specified.").read_only(),
    Attribute::reference("documentationUri", &["external"], "Where its use is described.").read_only(),
    flag("primary", "Whether it is the preferred scheme."),
];

/// `urn:ietf:params:scim:schemas:core:2.0:Schema`.
pub(super) static SCHEMA: Schema = Schema {
    urn: urn::SCHEMA,
    name: "Schema",
    description: "A schema that the service describes.",
    attributes: &[
        text("name", "The name of the schema for people.").required(),
        text("description", "What the schema describes."),
        group("attributes", ATTRIBUTES, "The attributes.")
            .many()
            .required(),
    ],
};

const NAME: Attribute = text("name", "The name of the attribute.").case_exact().required();
const TYPE: Attribute = text("type", "The data type.")
    .case_exact()
    .required()
    .canonical(&[
        "string",
        "complex",
        "boolean",
        "decimal",
        "integer",
        "dateTime",
        "reference",
        "binary",
    ]);
const MULTI_VALUED: Attribute = flag("multiValued", "Whether the value is an array.").required();
const DESCRIPTION: Attribute = text("description", "What the attribute means.");
const REQUIRED: Attribute = flag("required", "Whether a resource cannot be without it.").required();
const CANONICAL_VALUES: Attribute = text("canonicalValues", "Suggested values.").case_exact().many();
const CASE_EXACT: Attribute = flag("caseExact", "Whether letter case counts.");
const MUTABILITY: Attribute = text("mutability", "Who may write it, and when.")
    .case_exact()
    .canonical(&["readOnly", "readWrite", "immutable", "writeOnly"]);
const RETURNED: Attribute = text("returned", "When it is part of an answer.")
    .case_exact()
    .canonical(&["always", "never", "default", "request"]);
const UNIQUENESS: Attribute = text("uniqueness", "Within what values differ.")
    .case_exact()
    .canonical(&["none", "server", "global"]);
const REFERENCE_TYPES: Attribute = text("referenceTypes", "What a reference may point to.")
    .case_exact()
    .many();

const ATTRIBUTES: &[Attribute] = &[
    NAME,
    TYPE,
    MULTI_VALUED,
    DESCRIPTION,
    REQUIRED,
    CANONICAL_VALUES,
    CASE_EXACT,
    MUTABILITY,
    RETURNED,
    UNIQUENESS,
    REFERENCE_TYPES,
    group("subAttributes", SUB_ATTRIBUTES, "The parts of a complex value.").many(),
];

const SUB_ATTRIBUTES: &[Attribute] = &[
    NAME,
    TYPE,
    MULTI_VALUED,
    DESCRIPTION,
    REQUIRED,
    CANONICAL_VALUES,
    CASE_EXACT,
    MUTABILITY,
    RETURNED,
    UNIQUENESS,
    REFERENCE_TYPES,
];
