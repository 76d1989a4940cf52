//! What a target can do, as the last check found it. Data only: the connector fills it, `sync::plan` reads it.

use serde::{Deserialize, Serialize};

use crate::scim::schema::ResourceType;

/// How a target gives out long lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paging {
    /// From a place counted from 1 (RFC 7644 §3.4.2.4).
    #[default]
    Index,
    /// By a cursor that each page gives for the next (RFC 9865).
    Cursor,
}

/// What a target can do. The default is what RFC 7644 lets a client hope for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// PATCH is announced (or nothing was announced); else PUT.
    pub patch: bool,
    /// Filters are announced (or nothing was announced).
    pub filter: bool,
    /// The app has groups on its endpoint; asked only where the instance carries groups.
    pub groups: bool,
    /// `/ServiceProviderConfig` answered.
    pub discovery: bool,
    /// Most membership changes in one request.
    pub member_chunk: u32,
    /// Page size to ask for.
    pub page_size: u32,
    /// How lists are read.
    pub paging: Paging,
    /// Kinds whose PATCH was refused whatever was announced: they are written whole.
    pub put_only: Vec<ResourceType>,
}

impl Capabilities {
    /// Whether resources of this kind are changed by PATCH.
    #[must_use]
    pub fn patches(&self, kind: ResourceType) -> bool {
        self.patch && !self.put_only.contains(&kind)
    }
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            patch: true,
            filter: true,
            groups: true,
            discovery: false,
            member_chunk: 100,
            page_size: 100,
            paging: Paging::Index,
            put_only: Vec::new(),
        }
    }
}
