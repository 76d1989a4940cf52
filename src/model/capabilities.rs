//! What a target can do, as the last check found it. Data only: the connector fills it, `sync::plan` reads it.

use serde::{Deserialize, Serialize};

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
    /// The app's id of the account behind the token, where it tells (`/Me`, RFC 7644 §3.11): it is protected.
    pub own: Option<String>,
    /// Most membership changes in one request.
    pub member_chunk: u32,
    /// Page size to ask for.
    pub page_size: u32,
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
        }
    }
}
