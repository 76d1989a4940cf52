//! Who may come in: admins with a role, and inbound API keys of one instance.

use serde::{Deserialize, Serialize};

use super::{InstanceId, Time};

/// What an admin may do; later ones may do all that earlier ones may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Looks.
    Viewer,
    /// Acts on instances.
    Operator,
    /// Everything, admins included.
    Owner,
}

impl Role {
    /// The word in the database and the pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Owner => "owner",
        }
    }

    /// Reads the word that `as_str` writes.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Viewer, Self::Operator, Self::Owner]
            .into_iter()
            .find(|r| r.as_str() == word)
    }
}

/// A person who signs in to the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admin {
    /// Row id.
    pub id: i64,
    /// As typed; compared folded.
    pub email: String,
    /// What they may do.
    pub role: Role,
    /// When the account was made.
    pub created: Time,
}

/// An inbound key, without anything that could open a door.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiKey {
    /// Row id.
    pub id: i64,
    /// The one instance it opens.
    pub instance: InstanceId,
    /// What an admin calls it.
    pub name: String,
    /// First characters, enough to tell keys apart.
    pub prefix: String,
    /// When it was made.
    pub created: Time,
    /// Who made it.
    pub created_by: String,
    /// It ends then; none: never.
    pub expires_at: Option<Time>,
    /// Revoked then.
    pub revoked_at: Option<Time>,
}

impl ApiKey {
    /// Whether it opens its instance at `now`.
    #[must_use]
    pub fn is_live(&self, now: Time) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}
