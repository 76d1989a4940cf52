//! The enterprise extension of User: RFC 7643 §4.3.
use super::{Attribute, Schema};
use crate::scim::urn;

/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`.
pub(super) static ENTERPRISE_USER: Schema = Schema {
    urn: urn::ENTERPRISE_USER,
    name: "EnterpriseUser",
    description: "What an organization knows about its people.",
    attributes: &[
        Attribute::string(
            "employeeNumber",
            "The number or code the organization gave the person.",
        ),
        Attribute::string("costCenter", "The name of the cost center."),
        Attribute::string("organization", "The name of the organization."),
        Attribute::string("division", "The name of the division."),
        Attribute::string("department", "The name of the department."),
        Attribute::complex("manager", MANAGER, "The person's manager."),
    ],
};

const MANAGER: &[Attribute] = &[
    Attribute::string("value", "The id of the manager's User resource.").case_exact(),
    Attribute::reference("$ref", &["User"], "The URL of the manager's User resource."),
    Attribute::string("displayName", "The manager's display name.").read_only(),
];
