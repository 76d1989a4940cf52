//! The URNs of schemas and messages (RFC 7643 §10, RFC 7644 §8.2), and which of them a client's spelling means.
//! URNs compare without regard to letter case.
use super::schema::ResourceType;
use super::tolerance::Tolerance;

/// The core User schema.
pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The core Group schema.
pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension of User.
pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
/// The schema of a schema.
pub const SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Schema";
/// The schema of a resource type.
pub const RESOURCE_TYPE: &str = "urn:ietf:params:scim:schemas:core:2.0:ResourceType";
/// The schema of the service provider's configuration.
pub const SERVICE_PROVIDER_CONFIG: &str = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig";
/// A list of resources.
pub const LIST_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";
/// A query in a POST body.
pub const SEARCH_REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:SearchRequest";
/// The body of a PATCH.
pub const PATCH_OP: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";
/// What became of the operations of a bulk request.
pub const BULK_RESPONSE: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";
/// A refusal.
pub const ERROR: &str = "urn:ietf:params:scim:api:messages:2.0:Error";

/// The schemas of resources that this core describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// The core schema of one resource type.
    Core(ResourceType),
    /// A core URN from before the RFC, which named no resource type.
    AnyCore,
    /// The enterprise extension of User.
    Enterprise,
}

/// Which schema a client's URN means, and the tolerance it took to see that.
pub fn known(text: &str) -> Option<(Known, Option<Tolerance>)> {
    let core = Known::Core;
    // Only these few spellings were seen in real traffic; anything else is a schema we do not describe.
    let spellings = [
        (USER, core(ResourceType::User), None),
        (GROUP, core(ResourceType::Group), None),
        (ENTERPRISE_USER, Known::Enterprise, None),
        (
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0User",
            Known::Enterprise,
            Some(Tolerance::MisspeltUrn),
        ),
        (
            "urn:scim:schemas:core:1.0",
            Known::AnyCore,
            Some(Tolerance::OldUrn),
        ),
        (
            "urn:scim:schemas:core:2.0",
            Known::AnyCore,
            Some(Tolerance::OldUrn),
        ),
        (
            "urn:scim:schemas:core:2.0:User",
            core(ResourceType::User),
            Some(Tolerance::OldUrn),
        ),
        (
            "urn:scim:schemas:core:2.0:Group",
            core(ResourceType::Group),
            Some(Tolerance::OldUrn),
        ),
        (
            "urn:scim:schemas:extension:enterprise:1.0",
            Known::Enterprise,
            Some(Tolerance::OldUrn),
        ),
        (
            "urn:scim:schemas:extension:enterprise:2.0",
            Known::Enterprise,
            Some(Tolerance::OldUrn),
        ),
        (
            "urn:scim:schemas:extension:enterprise:2.0:User",
            Known::Enterprise,
            Some(Tolerance::OldUrn),
        ),
    ];
    spellings
        .into_iter()
        .find(|(spelling, ..)| spelling.eq_ignore_ascii_case(text))
        .map(|(_, known, note)| (known, note))
}

impl Known {
    /// The URN as the RFC spells it; `None` for [`Known::AnyCore`], which is the resource's own schema.
    pub fn urn(self) -> Option<&'static str> {
        match self {
            Self::Core(kind) => Some(kind.schema()),
            Self::AnyCore => None,
            Self::Enterprise => Some(ENTERPRISE_USER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_case_and_old_spellings_mean_the_same_schema() {
        assert_eq!(
            known(&USER.to_uppercase()),
            Some((Known::Core(ResourceType::User), None))
        );
        assert_eq!(
            known("urn:scim:schemas:core:1.0"),
            Some((Known::AnyCore, Some(Tolerance::OldUrn)))
        );
        assert_eq!(
            known("urn:ietf:params:scim:schemas:extension:enterprise:2.0User"),
            Some((Known::Enterprise, Some(Tolerance::MisspeltUrn)))
        );
        assert_eq!(known("urn:example:thing"), None);
    }
}
