//! What an admin may set per instance: what becomes of leavers, of differences, of many removals at once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::UserWrites;
use crate::scim::schema::ResourceType;

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

/// One row of the attribute mapping: what the app gets at a path.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct MapRow {
    /// Of users or of groups.
    pub kind: ResourceType,
    /// Where in the app: `displayName`, `name.givenName`, `emails[type eq "work"].value`.
    pub path: String,
    /// The value, made of our attributes; empty: nothing is ever sent for this path.
    pub template: String,
    /// The app takes nobody new without a value here.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
}

/// What an admin may set per instance.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Policies {
    /// What becomes of leavers' accounts.
    pub leaver: Leaver,
    /// What becomes of changes made in the app.
    pub drift: Drift,
    /// The same for single attributes, by path; a part goes by its whole where it has none of its own.
    pub drift_of: BTreeMap<String, Drift>,
    /// Which users go onward: a SCIM filter over ours; empty: all.
    pub carry_users: String,
    /// Which groups go onward: a SCIM filter over ours. Empty: all, unless some are named.
    pub carry_groups: String,
    /// Groups that go onward beside those of the filter, by displayName.
    pub carry_group_names: Vec<String>,
    /// What the app gets otherwise than we hold it; a path without a row goes as it is.
    pub mapping: Vec<MapRow>,
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
            drift_of: BTreeMap::new(),
            carry_users: String::new(),
            carry_groups: String::new(),
            carry_group_names: Vec::new(),
            mapping: Vec::new(),
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

impl Policies {
    /// What becomes of a change made in the app at this path.
    #[must_use]
    pub fn drift_at(&self, path: &str) -> Drift {
        let whole = path.rsplit_once('.').map(|(whole, _)| whole);
        let own = self
            .drift_of
            .get(path)
            .or_else(|| whole.and_then(|whole| self.drift_of.get(whole)));
        own.copied().unwrap_or(self.drift)
    }
}
