//! Versions of resources, and requests that hold only for some of them: RFC 7644 §3.14, RFC 9110 §8.8.3 and §13.1.
//!
//! A tag is `W/"5"`, where 5 counts the changes of the stored document; members of a group are changes of the group. The
//! tag of a user who is in groups is `W/"5-c3ab8ff13720e8ad"`: `groups` are computed and change without the user's
//! version, so a fingerprint of them follows the dash, and no 304 hides a group. A write compares what stands before the
//! dash alone: no write to a user can lose a group.
//!
//! Tags compare weakly, for these are weak and clients are told to send them back in If-Match (RFC 7644 §3.14). Dates
//! (If-Modified-Since) are not evaluated, and no answer has any.
mod header;

use super::error::ScimError;
use header::tags;

/// The tag of a version, as header and `meta.version` have it. `groups` is the fingerprint of what is computed beside the
/// document, if anything is.
pub fn tag(version: &str, groups: Option<u64>) -> String {
    match groups {
        None => format!("W/\"{version}\""),
        Some(groups) => format!("W/\"{version}-{groups:016x}\""),
    }
}

/// What a request asks of the version that it meets. By default nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Precondition {
    only_if: Option<Tags>,
    not_if: Option<Tags>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Tags {
    /// Any version of a resource that is there.
    Any,
    /// What stands between the quotes of each.
    These(Vec<String>),
}

impl Precondition {
    /// Reads If-Match and If-None-Match; several lines of a header are joined by commas. 400 `invalidValue` for what is
    /// no list of tags: to pass over it would write where the client asked not to. A tag without its quotes is taken.
    pub fn parse(if_match: Option<&str>, if_none_match: Option<&str>) -> Result<Self, ScimError> {
        let read = |text: Option<&str>| text.map_or(Ok(None), tags);
        Ok(Self {
            only_if: read(if_match)?,
            not_if: read(if_none_match)?,
        })
    }

    /// Whether a write to a resource of this version may go on; else 412.
    pub fn permits_write(&self, version: i64) -> Result<(), ScimError> {
        let version = version.to_string();
        let same = |tag: &str| tag.split('-').next() == Some(version.as_str());
        self.holds(&same, &tag(&version, None))?;
        match &self.not_if {
            Some(tags) if tags.name(&same) => Err(ScimError::new(
                412,
                format!(
                    "The resource is there at version {}, which If-None-Match rules out; nothing was changed.",
                    tag(&version, None)
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Whether a GET is to be answered with the representation that has this tag; `false`: the client has it (304).
    /// 412 when If-Match asks for another.
    pub fn wants(&self, current: &str) -> Result<bool, ScimError> {
        let opaque = opaque(current);
        let same = |tag: &str| tag == opaque;
        self.holds(&same, current)?;
        Ok(!self.not_if.as_ref().is_some_and(|tags| tags.name(&same)))
    }

    fn holds(&self, same: &dyn Fn(&str) -> bool, current: &str) -> Result<(), ScimError> {
        match &self.only_if {
            Some(tags) if !tags.name(same) => Err(ScimError::new(
                412,
                format!(
                    "The resource is at version {current} now, which the request does not name; nothing was changed. \
                     Read it again."
                ),
            )),
            _ => Ok(()),
        }
    }
}

impl Tags {
    fn name(&self, same: &dyn Fn(&str) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::These(tags) => tags.iter().any(|tag| same(tag)),
        }
    }
}

/// What stands between the quotes of a tag of ours.
fn opaque(tag: &str) -> &str {
    tag.trim_start_matches("W/").trim_matches('"')
}

#[cfg(test)]
mod tests;
