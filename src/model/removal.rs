//! A Removal: one person, group or membership that would lose something in the app (DESIGN §5).

use super::{InstanceId, Time};

/// Which counter of the limit it falls under.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum RemovalClass {
    /// Deactivate, delete, out of scope.
    Account,
    /// A group deleted.
    Group,
    /// A member taken out of a group.
    Membership,
}

impl RemovalClass {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Group => "group",
            Self::Membership => "membership",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Account, Self::Group, Self::Membership]
            .into_iter()
            .find(|c| c.as_str() == word)
    }
}

/// reserved → done | held → allowed | rejected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RemovalState {
    /// A push has counted it and is calling.
    Reserved,
    /// Done: counts for its window.
    Done,
    /// Over the limit: waits for a person.
    Held,
    /// An admin allowed it.
    Allowed,
    /// An admin rejected it: kept until our side changes.
    Rejected,
}

impl RemovalState {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Done => "done",
            Self::Held => "held",
            Self::Allowed => "allowed",
            Self::Rejected => "rejected",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Reserved,
            Self::Done,
            Self::Held,
            Self::Allowed,
            Self::Rejected,
        ]
        .into_iter()
        .find(|s| s.as_str() == word)
    }
}

/// One removal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Row id.
    pub id: i64,
    /// Whose.
    pub instance: InstanceId,
    /// Which counter.
    pub class: RemovalClass,
    /// The person's or group's row (for a membership: the group's).
    pub subject: i64,
    /// For a membership: the member's row; else 0.
    pub member: i64,
    /// What a person calls it.
    pub label: String,
    /// Where it stands.
    pub state: RemovalState,
    /// Why it was asked for.
    pub reason: String,
    /// When it was first asked for.
    pub at: Time,
}
