//! Cursors: RFC 9865. One says after which resource of a list the next page begins, and of which list. So nothing is kept
//! for it here, it never expires by time, and whoever stays is seen once however many others come and go meanwhile.
//!
//! It is opaque, not secret: who makes one up gets a page that they may read anyway, or `invalidCursor`.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::base64url::{decoded, encoded};
use super::error::ScimError;
use super::filter::Filter;
use super::schema::ResourceType;
use super::sort::{Key, LONGEST, Number, Sort};

/// Longest cursor that is read, in bytes.
const MAX_CURSOR: usize = 4096;

/// The place of one resource in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Its type.
    pub kind: ResourceType,
    /// Its number in the order of creation.
    pub row: i64,
    /// What it was sorted by, in a sorted list.
    pub key: Option<Key>,
}

/// Which list a cursor is of: equal for equal queries to one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListId([u8; 8]);

impl ListId {
    /// The list of these types on the endpoint with this number.
    pub fn of(endpoint: i64, kinds: &[ResourceType], filter: Option<&Filter>, sort: Option<&Sort>) -> Self {
        let mut text = format!("1 {endpoint}");
        for kind in kinds {
            text.push(' ');
            text.push_str(kind.name());
        }
        if let Some(sort) = sort {
            let by = sort.by.to_string().to_ascii_lowercase();
            text.push_str(&format!("\nby {by} {}", sort.descending));
        }
        if let Some(filter) = filter {
            text.push_str(&format!("\nif {filter}"));
        }
        let hash = Sha256::digest(text.as_bytes());
        let mut id = [0; 8];
        id.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
        Self(id)
    }

    /// The cursor for what comes after this place.
    pub fn cursor(self, after: &Position) -> String {
        let mut bytes = self.0.to_vec();
        bytes.push(match after.kind {
            ResourceType::User => 1,
            ResourceType::Group => 2,
        });
        bytes.extend(after.row.to_be_bytes());
        match &after.key {
            None => {}
            Some(Key::Flag(flag)) => bytes.extend([b'b', u8::from(*flag)]),
            Some(Key::Number(number)) => {
                bytes.push(b'n');
                bytes.extend(number.0.to_be_bytes());
            }
            Some(Key::Time(time)) => {
                bytes.push(b't');
                bytes.extend(time.as_nanosecond().to_be_bytes());
            }
            Some(Key::Text(text)) => {
                bytes.push(b's');
                bytes.extend(text.as_bytes());
            }
            Some(Key::Unassigned) => bytes.push(b'u'),
        }
        encoded(&bytes)
    }

    /// The place that a cursor names; 400 `invalidCursor` if it is none of this list.
    pub fn position(self, cursor: &str) -> Result<Position, ScimError> {
        let refused = |why: &str| {
            ScimError::invalid_cursor(format!(
                "{why} Begin with an empty cursor, and then send each 'nextCursor' as it was given, with the same filter and order."
            ))
        };
        let bytes = Some(cursor).filter(|cursor| cursor.len() <= MAX_CURSOR);
        let bytes = bytes.and_then(decoded).unwrap_or_default();
        let Some((list, place)) = bytes.split_first_chunk() else {
            return Err(refused("This is not a cursor of this server."));
        };
        if *list != self.0 {
            return Err(refused("This cursor is of another list."));
        }
        read(place).ok_or_else(|| refused("This cursor is damaged."))
    }
}

fn read(place: &[u8]) -> Option<Position> {
    let (kind, rest) = place.split_first()?;
    let kind = match kind {
        1 => ResourceType::User,
        2 => ResourceType::Group,
        _ => return None,
    };
    let (row, rest) = rest.split_first_chunk()?;
    let row = i64::from_be_bytes(*row);
    let key = match rest.split_first() {
        None => None,
        Some((b'b', [flag @ 0..=1])) => Some(Key::Flag(*flag == 1)),
        Some((b'n', number)) => {
            let number = f64::from_be_bytes(number.try_into().ok()?);
            Some(Key::Number(Number(number))).filter(|_| number.is_finite())
        }
        Some((b't', time)) => {
            let time = i128::from_be_bytes(time.try_into().ok()?);
            Some(Key::Time(Timestamp::from_nanosecond(time).ok()?))
        }
        Some((b's', text)) => {
            let text = str::from_utf8(text).ok()?;
            Some(Key::text(text)).filter(|_| !text.is_empty() && text.chars().count() <= LONGEST)
        }
        Some((b'u', [])) => Some(Key::Unassigned),
        Some(_) => return None,
    };
    (row >= 0 && (rest.is_empty() || key.is_some())).then_some(Position { kind, row, key })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::scim::error::ScimType;
    use crate::scim::path::AttrPath;

    fn list(filter: Option<&str>, by: Option<&str>) -> ListId {
        let filter = filter.map(|text| Filter::parse(text).unwrap());
        let sort = by.map(|by| Sort {
            by: AttrPath::parse(by).unwrap(),
            descending: false,
        });
        ListId::of(7, &[ResourceType::User], filter.as_ref(), sort.as_ref())
    }

    #[test]
    fn places_come_back_whole_and_url_safe() {
        let plain = list(None, None);
        for key in [
            None,
            Some(Key::Flag(true)),
            Some(Key::Number(Number(-2.5))),
            Some(Key::Time("1969-12-31T23:59:59.5Z".parse().unwrap())),
            Some(Key::text("é/\"+\u{0}")),
            Some(Key::text(&"\u{10FFFF}".repeat(300))),
            Some(Key::Unassigned),
        ] {
            let place = Position {
                kind: ResourceType::Group,
                row: 1 << 40,
                key,
            };
            let cursor = plain.cursor(&place);
            assert!(
                cursor
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'),
                "{cursor}"
            );
            assert_eq!(plain.position(&cursor).unwrap(), place);
        }
    }

    #[test]
    fn a_cursor_is_of_one_list_alone() {
        let place = Position {
            kind: ResourceType::User,
            row: 5,
            key: None,
        };
        let mine = list(Some("title pr"), Some("userName"));
        let cursor = mine.cursor(&place);
        assert!(
            list(Some(" title  pr "), Some("USERNAME"))
                .position(&cursor)
                .is_ok()
        );
        for other in [
            list(None, Some("userName")),
            list(Some("title pr"), None),
            list(Some("not (title pr)"), Some("userName")),
            list(Some("title pr"), Some("id")),
            ListId::of(8, &[ResourceType::User], None, None),
            ListId::of(7, &ResourceType::ALL, None, None),
        ] {
            let refused = other.position(&cursor).unwrap_err();
            assert_eq!(refused.scim_type, Some(ScimType::InvalidCursor));
        }
    }

    proptest! {
        #[test]
        fn garbage_is_refused_and_nothing_else(text in any::<String>(), letters in "[A-Za-z0-9_-]{0,60}", tail in prop::collection::vec(any::<u8>(), 0..30)) {
            let id = list(None, None);
            for text in [text, letters, encoded(&[id.0.to_vec(), tail].concat())] {
                match id.position(&text) {
                    Ok(place) => prop_assert_eq!(id.position(&id.cursor(&place)).unwrap(), place),
                    Err(error) => prop_assert_eq!(error.scim_type, Some(ScimType::InvalidCursor)),
                }
            }
        }
    }
}
