//! What a target can do, as the last check or probe found it. Data only: the connector fills it, `sync::plan` and the
//! client read it. What is `None` was never decided: then the client tries and sees.

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
    /// PATCH is announced (or nothing was announced) and was not found wanting; else PUT.
    pub patch: bool,
    /// Filters are announced (or nothing was announced).
    pub filter: bool,
    /// The app has groups on its endpoint; asked only where the instance carries groups.
    pub groups: bool,
    /// `/ServiceProviderConfig` answered.
    pub discovery: bool,
    /// The app's id of the account behind the token, where it tells (`/Me`, RFC 7644 §3.11): it is protected.
    pub own: Option<String>,
    /// Most membership changes in one request.
    pub member_chunk: u32,
    /// Page size to ask for.
    pub page_size: u32,
    /// How lists are read.
    pub paging: Paging,
    /// Kinds whose PATCH was refused whatever was announced: they are written whole.
    pub put_only: Vec<ResourceType>,
    /// Most resources that ever came in one page although more were asked for and there.
    pub page_given: Option<u32>,
    /// Which attributes of users and groups can be searched by, as tried.
    pub filters: Filters,
    /// A list of groups shows their members; `Some(false)`: only a group that is read alone does.
    pub members_listed: Option<bool>,
    /// Resources bear an ETag.
    pub etag: Option<bool>,
}

impl Capabilities {
    /// Whether resources of this kind are changed by PATCH.
    #[must_use]
    pub fn patches(&self, kind: ResourceType) -> bool {
        self.patch && !self.put_only.contains(&kind)
    }
}

/// Whether `eq` on an attribute finds whom it should and nobody else.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// Of users.
    pub user_name: Option<bool>,
    /// Of users.
    pub external_id: Option<bool>,
    /// `emails.value` of users.
    pub emails: Option<bool>,
    /// Of groups.
    pub display_name: Option<bool>,
    /// Letter case does not matter to `userName`.
    pub folds_case: Option<bool>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            patch: true,
            filter: true,
            groups: true,
            discovery: false,
            own: None,
            member_chunk: 100,
            page_size: 100,
            paging: Paging::Index,
            put_only: Vec::new(),
            page_given: None,
            filters: Filters::default(),
            members_listed: None,
            etag: None,
        }
    }
}
