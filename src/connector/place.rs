//! A place in a target's list, and its text, under which a run is resumed.

use std::fmt;

/// Where a page starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// Counted from 1 (RFC 7644 §3.4.2.4).
    Index(u64),
    /// As the page before said (RFC 9865).
    Cursor(String),
}

/// Before a cursor in a place's text.
const CURSOR: &str = "cursor:";

impl Place {
    /// The beginning of any list.
    pub const START: Self = Self::Index(1);

    /// Reads the text of a place; whatever is none is the beginning, so that at worst a list is read again.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.strip_prefix(CURSOR) {
            Some(cursor) if !cursor.is_empty() => Self::Cursor(cursor.to_owned()),
            _ => Self::Index(text.parse().unwrap_or(1).max(1)),
        }
    }
}

/// The text that `parse` reads.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(start) => write!(f, "{start}"),
            Self::Cursor(cursor) => write!(f, "{CURSOR}{cursor}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_survives_its_text() {
        for place in [
            Place::START,
            Place::Index(u64::MAX),
            Place::Cursor("VZUTiyhEQJ94IR".into()),
            Place::Cursor("7".into()),
            Place::Cursor("cursor: x".into()),
        ] {
            assert_eq!(Place::parse(&place.to_string()), place);
        }
        for text in ["", "0", "-1", "x", "cursor:", "99999999999999999999999"] {
            assert_eq!(Place::parse(text), Place::START, "{text}");
        }
    }
}
