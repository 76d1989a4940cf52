//! The list of tags in If-Match and If-None-Match: RFC 9110 §8.8.3, and what clients make of it.
use super::Tags;
use crate::scim::error::{ScimError, quote};

/// Most tags that one header may list.
const MAX_TAGS: usize = 100;

/// `*`, or tags with commas between them. Nothing at all is no condition.
pub(super) fn tags(text: &str) -> Result<Option<Tags>, ScimError> {
    let bad = || {
        ScimError::invalid_value(format!(
            "{} is no list of versions; it has to be like W/\"5\", or *.",
            quote(text)
        ))
    };
    let mut rest = text.trim();
    if rest == "*" {
        return Ok(Some(Tags::Any));
    }
    let mut tags = Vec::new();
    while !rest.is_empty() {
        let (tag, after) = one(rest).ok_or_else(bad)?;
        if tags.len() == MAX_TAGS {
            return Err(bad());
        }
        tags.push(tag.to_owned());
        rest = after.trim_start();
        // Empty elements of a list are passed over (RFC 9110 §5.6.1.2).
        match rest.strip_prefix(',') {
            Some(next) => rest = next.trim_start_matches([',', ' ', '\t']),
            None if rest.is_empty() => {}
            None => return Err(bad()),
        }
    }
    Ok((!tags.is_empty()).then_some(Tags::These(tags)))
}

/// The first tag of a list, and what follows it.
fn one(text: &str) -> Option<(&str, &str)> {
    let text = text
        .strip_prefix("W/")
        .or_else(|| text.strip_prefix("w/"))
        .unwrap_or(text);
    let (tag, rest) = match text.strip_prefix('"') {
        Some(text) => text.split_once('"')?,
        None => {
            let (tag, rest) = text.split_at(text.find(',').unwrap_or(text.len()));
            let tag = tag.trim_end();
            if tag.is_empty() || tag.contains(['"', ' ']) {
                return None;
            }
            (tag, rest)
        }
    };
    let fits = |c: char| c > ' ' && c != '\u{7f}' && c != '"';
    tag.chars().all(fits).then_some((tag, rest))
}
