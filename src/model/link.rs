//! A Link: our Resource ↔ the app's id, with three fingerprints (DESIGN §4).

use std::collections::BTreeMap;

use super::InstanceId;
use crate::scim::schema::ResourceType;

/// Attribute path → short hash of its canonical value. An unassigned attribute is absent.
pub type Fingerprint = BTreeMap<String, String>;

/// How far a link has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkState {
    /// Written before the create call: search before creating again.
    Creating,
    /// Both sides known.
    Linked,
    /// Several accounts match: a person decides.
    Ambiguous,
    /// We deactivated or left it behind; import makes no Resource for it.
    Left,
    /// Verified as gone from the app.
    Missing,
}

impl LinkState {
    /// The stored word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Linked => "linked",
            Self::Ambiguous => "ambiguous",
            Self::Left => "left",
            Self::Missing => "missing",
        }
    }

    /// Reads the stored word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [
            Self::Creating,
            Self::Linked,
            Self::Ambiguous,
            Self::Left,
            Self::Missing,
        ]
        .into_iter()
        .find(|s| s.as_str() == word)
    }
}

/// One link.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Row id.
    pub id: i64,
    /// Whose.
    pub instance: InstanceId,
    /// User or Group.
    pub kind: ResourceType,
    /// Our resource's row; none when only the app has it (left behind).
    pub resource: Option<i64>,
    /// The app's id; none while creating.
    pub remote_id: Option<String>,
    /// How far it has come.
    pub state: LinkState,
    /// The externalId under which the app knows it.
    pub external_id: Option<String>,
    /// Folded userName or displayName in the app.
    pub name_key: Option<String>,
    /// What the app accepted from us.
    pub pushed: Fingerprint,
    /// What the app held right after.
    pub base: Fingerprint,
    /// The latest observation.
    pub seen: Fingerprint,
    /// The app's `active` at the latest observation.
    pub seen_active: bool,
    /// Whether we ended this account's access ourselves.
    pub ended_by_us: bool,
    /// Optimistic lock: a write names the `rev` it read.
    pub rev: i64,
    /// Store sequence of the last write: older observations are dropped.
    pub written_seq: i64,
    /// The last run that saw it.
    pub seen_run: i64,
}
