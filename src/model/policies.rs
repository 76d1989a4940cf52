//! What an admin may set per instance: what becomes of leavers, of differences, of many removals at once.

use serde::{Deserialize, Serialize};

use super::UserWrites;

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
    /// Folded userNames, as the app knows them, of accounts from which nothing is ever taken away.
    pub protected: Vec<String>,
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
            protected: Vec::new(),
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
