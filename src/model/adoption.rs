//! An adoption that waits for a person: one of our resources and an account or group of the app that may be the same.

use super::Time;
use crate::scim::schema::ResourceType;

/// Why two may be the same.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Likeness {
    /// The same work e-mail under another name: it only proposes.
    Email,
    /// The same name, but several bear it.
    Name,
    /// The same externalId, but several bear it.
    External,
}

impl Likeness {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Name => "name",
            Self::External => "external",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Email, Self::Name, Self::External]
            .into_iter()
            .find(|l| l.as_str() == word)
    }
}

/// One side of a pair, as people know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    /// Row of the resource: ours, or the unmanaged one under which the app's shows here.
    pub row: i64,
    /// Its public id.
    pub id: String,
    /// What a person calls it.
    pub display: String,
    /// userName or displayName.
    pub name: String,
}

/// A pair that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Row id.
    pub id: i64,
    /// User or Group.
    pub kind: ResourceType,
    /// Ours.
    pub ours: Side,
    /// The app's.
    pub theirs: Side,
    /// The app's id.
    pub remote_id: String,
    /// Why they may be the same.
    pub why: Likeness,
    /// Since when it waits.
    pub at: Time,
}

/// How the two sides match, in numbers of resources of one type; each stands in one class.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Matching {
    /// On both sides, and linked.
    pub matched: u64,
    /// Only here, and nothing is like it there.
    pub only_here: u64,
    /// Only in the app, and nobody here manages it.
    pub only_there: u64,
}
