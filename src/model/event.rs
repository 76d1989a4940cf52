//! An Event: what happened to whom, by whom, before → after, and how it ended. Append-only.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{InstanceId, Time};

/// Who caused a change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Actor {
    /// An identity provider, by the name of its key.
    Idp(String),
    /// An admin, by e-mail.
    Admin(String),
    /// The connected app, seen by an import.
    Target,
    /// The hub itself: schedule, retry, engine.
    Hub,
}

impl Actor {
    /// The stored form: a word, then what names it.
    #[must_use]
    pub fn to_stored(&self) -> String {
        match self {
            Self::Idp(name) => format!("idp {name}"),
            Self::Admin(email) => format!("admin {email}"),
            Self::Target => "app".into(),
            Self::Hub => "hub".into(),
        }
    }

    /// Reads what `to_stored` wrote.
    #[must_use]
    pub fn from_stored(text: &str) -> Self {
        match text.split_once(' ') {
            Some(("idp", name)) => Self::Idp(name.into()),
            Some(("admin", email)) => Self::Admin(email.into()),
            _ if text == "app" => Self::Target,
            _ => Self::Hub,
        }
    }
}

/// How it ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Done.
    Done,
    /// Not done, on purpose.
    Skipped,
    /// Tried again later.
    Retried,
    /// Needs a person.
    Rejected,
    /// Waits for Allow or Reject.
    Held,
}

impl Outcome {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Retried => "retried",
            Self::Rejected => "rejected",
            Self::Held => "held",
        }
    }

    /// Reads the stored word; unknown ones (a newer writer) read as done.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        [Self::Skipped, Self::Retried, Self::Rejected, Self::Held]
            .into_iter()
            .find(|o| o.as_str() == word)
            .unwrap_or(Self::Done)
    }
}

/// One attribute that changed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Change {
    /// Path, as `Resource` ownership writes it.
    pub path: String,
    /// Before, null when unassigned.
    pub before: Value,
    /// After, null when unassigned.
    pub after: Value,
}

/// An event about to be written; the transaction adds id and time.
#[derive(Clone, Debug)]
pub struct EventDraft {
    /// Of which instance; none: of the hub.
    pub instance: Option<InstanceId>,
    /// The resource's row, if it is about one.
    pub resource: Option<i64>,
    /// What a person calls the subject: userName, displayName, instance name.
    pub subject: String,
    /// Who caused it.
    pub actor: Actor,
    /// A word like `user.created`, `push.updated`, `sync.finished`.
    pub action: &'static str,
    /// How it ended.
    pub outcome: Outcome,
    /// A sentence for people; empty when the action says all.
    pub detail: String,
    /// Before → after.
    pub changes: Vec<Change>,
}

/// An event as it was written.
#[derive(Clone, Debug)]
pub struct Event {
    /// Row id, rising.
    pub id: i64,
    /// When.
    pub at: Time,
    /// Of which instance.
    pub instance: Option<InstanceId>,
    /// The resource's public id, if it still exists.
    pub resource_id: Option<String>,
    /// What a person calls the subject.
    pub subject: String,
    /// Who caused it.
    pub actor: Actor,
    /// What happened.
    pub action: String,
    /// How it ended.
    pub outcome: Outcome,
    /// A sentence for people.
    pub detail: String,
    /// Before → after.
    pub changes: Vec<Change>,
}
