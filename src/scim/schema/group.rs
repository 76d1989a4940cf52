//! The core Group schema: RFC 7643 §4.2.
use super::{Attribute, Schema};
use crate::scim::urn;

/// `urn:ietf:params:scim:schemas:core:2.0:Group`.
pub(super) static GROUP: Schema = Schema {
    urn: urn::GROUP,
    name: "Group",
    description: "A set of users and groups.",
    attributes: &[
        Attribute::string("displayName", "The name of the group for people.").required(),
        Attribute::complex("members", MEMBERS, "The users and groups in the group.").many(),
    ],
};

const MEMBERS: &[Attribute] = &[
    Attribute::string("value", "The id of the member.")
        .case_exact()
        .immutable(),
    Attribute::reference("$ref", &["User", "Group"], "The URL of the member.").immutable(),
    Attribute::string("display", "What people call the member.").read_only(),
    Attribute::string("type", "Whether the member is a User or a Group.")
        .canonical(&["User", "Group"])
        .immutable(),
];
