//! What a probe of a target found: a checklist for people, and the capabilities that drive the client. How it is found
//! out stands in `connector`, when in `sync`.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Capabilities, Time};
use crate::scim::fold;

/// Begins the names of what a probe makes in an app for itself.
pub const PROBE_PREFIX: &str = "rollcall-probe-";
/// Ends the userName of a probe's user.
pub const PROBE_DOMAIN: &str = "@example.com";

/// When the probe began that gave something this name; none: no probe did. Between prefix and domain stands a UUID of
/// version 7, which begins with the time (RFC 9562 §5.7).
#[must_use]
pub fn probe_of(name: &str) -> Option<Time> {
    let name = fold(name);
    let tag = name.strip_prefix(PROBE_PREFIX)?;
    let tag = Uuid::try_parse(tag.strip_suffix(PROBE_DOMAIN).unwrap_or(tag)).ok()?;
    i64::try_from(tag.as_u128() >> 80).ok().map(Time)
}

/// One look at a target, stored as JSON.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Profile {
    /// When it began.
    pub at: Time,
    /// An instance can work with this target: it was reached, took the credentials and listed its users.
    pub usable: bool,
    /// It made, changed and deleted a user and a group of its own.
    pub writes: bool,
    /// Requests it took.
    pub requests: u32,
    /// Each check once, in the order of the groups.
    pub lines: Vec<Line>,
    /// What the client goes by.
    pub capabilities: Capabilities,
}

/// What one check found.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Fixed for ever: `filter.userName`.
    pub id: String,
    /// Under which heading.
    pub group: LineGroup,
    /// What was looked at.
    pub title: String,
    /// How it is.
    pub state: LineState,
    /// A sentence with facts.
    pub found: String,
    /// What to do; empty when there is nothing to do.
    pub advice: String,
}

/// How it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineState {
    /// As the RFC has it.
    Ok,
    /// It works, with something lost.
    Warn,
    /// It does not work.
    Bad,
    /// The check could not decide.
    Unknown,
    /// There was no reason or no way to look.
    Skipped,
}

impl LineState {
    /// The lower-case word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Unknown => "unknown",
            Self::Skipped => "skipped",
        }
    }
}

/// Headings, in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineGroup {
    /// Name, connection, certificate, credentials, SCIM at all.
    Reachability,
    /// What it says of itself.
    Discovery,
    /// Its users.
    Users,
    /// Its groups and their members.
    Groups,
    /// How lists go on.
    Paging,
    /// How it searches.
    Filters,
    /// Versions of resources.
    Etag,
    /// What it says of PATCH.
    Patch,
    /// How much it takes.
    Limits,
    /// How fast it is.
    Times,
    /// What a check with writes tried.
    Writes,
}

impl LineGroup {
    /// The heading.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Reachability => "Reachability",
            Self::Discovery => "Discovery",
            Self::Users => "Users",
            Self::Groups => "Groups",
            Self::Paging => "Paging",
            Self::Filters => "Filters",
            Self::Etag => "ETag",
            Self::Patch => "PATCH",
            Self::Limits => "Rate limits",
            Self::Times => "Response times",
            Self::Writes => "Writes",
        }
    }
}
