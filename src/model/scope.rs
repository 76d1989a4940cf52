//! What an instance carries, and what it says to whoever writes what it does not.

use serde::{Deserialize, Serialize};

use crate::scim::schema::ResourceType;

/// What an instance carries: users, groups, or both.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Users only; groups are an empty list.
    Users,
    /// Groups only; users must exist in the app ([`UserWrites`]).
    Groups,
    /// Both, the default.
    #[default]
    UsersAndGroups,
}

impl Scope {
    /// The word in the command line, the database and the pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
            Self::UsersAndGroups => "users-and-groups",
        }
    }

    /// Reads the word that `as_str` writes.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Users, Self::Groups, Self::UsersAndGroups]
            .into_iter()
            .find(|s| s.as_str() == word)
    }

    /// Whether what is written here of resources of this type goes to the app. In scope *groups* users are only read
    /// there; in scope *users* nothing at all is asked of groups.
    #[must_use]
    pub fn carries(self, kind: ResourceType) -> bool {
        match kind {
            ResourceType::User => self != Self::Groups,
            ResourceType::Group => self != Self::Users,
        }
    }
}

/// What an instance in scope *groups* answers to whoever writes a user.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum UserWrites {
    /// Done: the user is kept here, as a shadow of whoever has an account in the app; nothing is sent onward.
    #[default]
    Acknowledge,
    /// 403: users must exist in the app first.
    Refuse,
}

impl UserWrites {
    /// The word in the command line and the pages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Acknowledge => "acknowledge",
            Self::Refuse => "refuse",
        }
    }

    /// Reads the word that `as_str` writes.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Acknowledge, Self::Refuse]
            .into_iter()
            .find(|w| w.as_str() == word)
    }
}
