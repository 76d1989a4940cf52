//! The attributes that every resource has (RFC 7643 §3.1). They belong to no schema and are not published.
use super::{Attribute, Type};

/// In the order in which documents hold them.
pub(super) const COMMON: &[Attribute] = &[
    Attribute::reference(
        "schemas",
        &["uri"],
        "The schemas whose attributes the resource has.",
    )
    .many()
    .always(),
    Attribute::string("id", "The server's identifier of the resource.")
        .case_exact()
        .read_only()
        .always()
        .unique(),
    Attribute::string("externalId", "The client's identifier of the resource.").case_exact(),
    Attribute::complex("meta", META, "What the server knows about the resource.").read_only(),
];

const META: &[Attribute] = &[
    Attribute::string("resourceType", "The name of the resource type.")
        .case_exact()
        .read_only(),
    Attribute::new("created", Type::DateTime, "When the resource was made.").read_only(),
    Attribute::new(
        "lastModified",
        Type::DateTime,
        "When the resource was changed last.",
    )
    .read_only(),
    Attribute::reference("location", &["uri"], "The URL of the resource.").read_only(),
    Attribute::string("version", "The version of the resource.")
        .case_exact()
        .read_only(),
];
