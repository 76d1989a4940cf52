//! A Resource: a User or Group of one instance (RFC 7643 §3), and which of its attributes are owned.

use std::collections::BTreeSet;

use super::{InstanceId, Time};
use crate::scim::Attributes;
use crate::scim::schema::ResourceType;

/// A User or Group. `attributes` are without `id`, `meta`, `groups` and `members`.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Row: the order of creation, and what jobs, links and members point at.
    pub row: i64,
    /// Whose.
    pub instance: InstanceId,
    /// User or Group.
    pub kind: ResourceType,
    /// Public id (RFC 7643 §3.1), opaque.
    pub id: String,
    /// What a person calls it: displayName, else userName.
    pub display: String,
    /// userName or displayName, as given.
    pub name: String,
    /// externalId (RFC 7643 §3.1).
    pub external_id: Option<String>,
    /// `active`; groups always are.
    pub active: bool,
    /// Paths an identity provider or admin has written; empty: unmanaged, it follows the app.
    pub owned: BTreeSet<String>,
    /// Rises with each change; `meta.version`.
    pub version: i64,
    /// `meta.created`.
    pub created: Time,
    /// `meta.lastModified`.
    pub last_modified: Time,
    /// Deleted then: a tombstone until its link is done.
    pub deleted_at: Option<Time>,
    /// The attributes.
    pub attributes: Attributes,
}

impl Resource {
    /// Whether somebody on our side has written to it.
    #[must_use]
    pub fn is_managed(&self) -> bool {
        !self.owned.is_empty()
    }
}
