//! A Run (one sync with its counts) and a Condition (why an instance isn't healthy, since when).

use serde::{Deserialize, Serialize};

use super::{InstanceId, Time};

/// Where a sync stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunPhase {
    /// Reading users.
    Users,
    /// Reading groups.
    Groups,
    /// Looking at what was not seen.
    Verify,
    /// Complete.
    Done,
    /// Ended early; what was read stays, nothing is taken as gone.
    Failed,
    /// Ended by a person; the same.
    Cancelled,
}

impl RunPhase {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Groups => "groups",
            Self::Verify => "verify",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the stored word; an unknown one reads as failed.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        [
            Self::Users,
            Self::Groups,
            Self::Verify,
            Self::Done,
            Self::Cancelled,
        ]
        .into_iter()
        .find(|p| p.as_str() == word)
        .unwrap_or(Self::Failed)
    }
}

/// An object of the app that could not be understood.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Trouble {
    /// `User` or `Group`.
    pub kind: String,
    /// The app's id; empty when it gave none.
    pub id: String,
    /// What a person calls it; may be empty.
    pub name: String,
    /// Why, without full stop.
    pub why: String,
}

/// What a run counted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RunCounts {
    /// Users read.
    pub users: u64,
    /// Groups read.
    pub groups: u64,
    /// Resources made.
    pub created: u64,
    /// Resources or links changed.
    pub changed: u64,
    /// Objects that could not be understood.
    pub broken: u64,
    /// Links no longer seen.
    pub unseen: u64,
    /// Units of work that brought pages in: how each knows that the one before it was written.
    pub steps: u64,
}

/// How often a run broke off for a passing reason: it waits then, and goes on where it stopped.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Breaks {
    /// How often.
    pub count: u64,
    /// Why the first time, as a sentence without its full stop.
    pub first: String,
    /// Why the last time.
    pub last: String,
    /// Where the last time; two in a row at one place mean that it did not get on.
    pub at: String,
    /// It waits for the next try.
    pub waits: bool,
    /// The host asked the last time to be left alone until then.
    pub until: Option<Time>,
}

/// One sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Row id.
    pub id: i64,
    /// Whose.
    pub instance: InstanceId,
    /// Where it stands.
    pub phase: RunPhase,
    /// When it began.
    pub started: Time,
    /// When it ended.
    pub ended: Option<Time>,
    /// About how many objects its phase has, as the target said; a hint.
    pub expected: Option<u64>,
    /// Where its phase goes on, as the connector wrote it; none: from its beginning.
    pub place: Option<String>,
    /// When it last got on.
    pub saved: Time,
    /// What it counted.
    pub counts: RunCounts,
    /// The first objects that could not be understood; `counts.broken` says how many there are.
    pub troubles: Vec<Trouble>,
    /// Why it failed.
    pub error: Option<String>,
    /// How often it broke off on the way.
    pub breaks: Breaks,
}

/// Why an instance is not healthy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum ConditionKind {
    /// Credentials refused: parked.
    Credentials,
    /// The target does not answer, or answers errors.
    Unreachable,
    /// The key file that opens the stored token is missing or another.
    Sealed,
    /// People who left still have access.
    Leavers,
    /// Removals wait for Allow or Reject.
    Held,
    /// Resources the app rejected.
    Rejected,
    /// A scope filter cannot be read.
    Scope,
    /// The token ends soon, or was to have ended.
    TokenEnds,
    /// A new token was refused, and the one before it is used on.
    TokenRefused,
}

impl ConditionKind {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Unreachable => "unreachable",
            Self::Sealed => "sealed",
            Self::Leavers => "leavers",
            Self::Held => "held",
            Self::Rejected => "rejected",
            Self::Scope => "scope",
            Self::TokenEnds => "token_ends",
            Self::TokenRefused => "token_refused",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Credentials,
            Self::Unreachable,
            Self::Sealed,
            Self::Leavers,
            Self::Held,
            Self::Rejected,
            Self::Scope,
            Self::TokenEnds,
            Self::TokenRefused,
        ]
        .into_iter()
        .find(|k| k.as_str() == word)
    }
}

/// An open or ended reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Whose.
    pub instance: InstanceId,
    /// What kind.
    pub kind: ConditionKind,
    /// A sentence: status, host, how many.
    pub reason: String,
    /// Since when.
    pub since: Time,
    /// Ended then; none: open.
    pub until: Option<Time>,
    /// The next automatic try.
    pub next_try: Option<Time>,
}
