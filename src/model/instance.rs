//! An Instance: one connection to one app, with its own SCIM endpoint. Credentials are not in it: they stay sealed in
//! the store until the connector needs them.

use serde::{Deserialize, Serialize};

use super::{Capabilities, Time};
use crate::scim::schema::ResourceType;

/// The row of an instance; small, never shown to people (they see the slug).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct InstanceId(pub i64);

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

/// Where an instance sends to: the connector and its settings, without the credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Target {
    /// Any app with a SCIM 2.0 endpoint.
    Scim {
        /// Without trailing slash; `/Users` and `/Groups` are appended (vendor line OL-4).
        base_url: String,
        /// What the last check found; drives the client.
        #[serde(default)]
        capabilities: Capabilities,
    },
}

impl Target {
    /// The address an admin typed.
    #[must_use]
    pub fn base_url(&self) -> &str {
        match self {
            Self::Scim { base_url, .. } => base_url,
        }
    }

    /// What the target can do.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        match self {
            Self::Scim { capabilities, .. } => capabilities,
        }
    }
}

/// What happens in the app to somebody who left.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Leaver {
    /// `active: false`; the account stays.
    #[default]
    Deactivate,
    /// The account is deleted.
    Delete,
    /// Nothing is sent.
    Leave,
}

/// What happens when the app holds another value than we sent (DESIGN §1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Drift {
    /// Say so.
    #[default]
    Report,
    /// Push our value again.
    Enforce,
    /// Take the app's value.
    Adopt,
}

/// One counter of the removal limit (DESIGN §5): more than `max(floor, percent)` waits for a person.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limit {
    /// So many are always allowed, unless it is more than half or all of them.
    pub floor: u32,
    /// Per cent of what there was when the window began.
    pub percent: u32,
}

/// What an admin may set per instance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Policies {
    /// What becomes of leavers' accounts.
    pub leaver: Leaver,
    /// What becomes of changes made in the app.
    pub drift: Drift,
    /// What is answered to writes of users; counts in scope *groups* only.
    pub user_writes: UserWrites,
    /// Removal limit of accounts.
    pub accounts: Limit,
    /// Removal limit of groups.
    pub groups: Limit,
    /// Removal limit of memberships.
    pub memberships: Limit,
}

impl Default for Policies {
    fn default() -> Self {
        Self {
            leaver: Leaver::default(),
            drift: Drift::default(),
            user_writes: UserWrites::default(),
            accounts: Limit {
                floor: 5,
                percent: 10,
            },
            groups: Limit {
                floor: 5,
                percent: 10,
            },
            memberships: Limit {
                floor: 50,
                percent: 20,
            },
        }
    }
}

/// One connection: a name, an endpoint, and perhaps a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Row id.
    pub id: InstanceId,
    /// In URLs; fixed for life, never reused.
    pub slug: String,
    /// What admins call it.
    pub name: String,
    /// Slug of the catalog App.
    pub app: String,
    /// What it carries.
    pub scope: Scope,
    /// Off: IdPs get 403 with the reason, nothing is sent.
    pub enabled: bool,
    /// Receives and queues, sends nothing.
    pub paused: bool,
    /// None: receives only.
    pub target: Option<Target>,
    /// Policies an admin may set.
    pub policies: Policies,
    /// Seconds between scheduled syncs.
    pub sync_every_s: u32,
    /// When the next scheduled sync is due.
    pub next_sync_at: Option<Time>,
    /// End of the last complete sync.
    pub last_sync_at: Option<Time>,
    /// End of the first complete import; before it nothing is pushed.
    pub imported_at: Option<Time>,
    /// The target is left alone until then (outage, throttling).
    pub retry_at: Option<Time>,
    /// Failed tries in a row; drives the backoff.
    pub retry_count: u32,
    /// Since when the credentials are refused; only `check()` runs.
    pub parked_since: Option<Time>,
    /// When the stored token was last set.
    pub secret_set_at: Option<Time>,
    /// When it was made.
    pub created: Time,
}

/// The one word for an instance's state (DESIGN §6), worst last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// All in order.
    Healthy,
    /// Switched off by an admin.
    Disabled,
    /// The first sync is running.
    Connecting,
    /// Something is rejected or being retried.
    Degraded,
    /// Removals wait for a person.
    Held,
    /// Credentials refused, target unreachable, leavers not removed.
    Failing,
}

impl Health {
    /// The lower-case word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Disabled => "disabled",
            Self::Connecting => "connecting",
            Self::Degraded => "degraded",
            Self::Held => "held",
            Self::Failing => "failing",
        }
    }
}
