//! What a resource is sorted by, as one value that can be compared and kept in a cursor.
use std::cmp::Ordering;

use jiff::Timestamp;

/// Characters of a text that count.
pub const LONGEST: usize = 200;

/// What one resource is sorted by. Its own order is that of an ascending list.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// `false` before `true`.
    Flag(bool),
    /// A number.
    Number(Number),
    /// A point in time.
    Time(Timestamp),
    /// A text as it is compared: cut, and folded where letter case does not count.
    Text(String),
    /// There is no value.
    Unassigned,
}

/// A number of JSON, which is never NaN.
#[derive(Debug, Clone, Copy)]
pub struct Number(pub f64);

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        // Adding zero makes the two zeros one.
        (self.0 + 0.0).total_cmp(&(other.0 + 0.0))
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

impl Key {
    /// The key of a text that is compared as it stands.
    pub fn text(text: &str) -> Self {
        if text.is_empty() {
            return Self::Unassigned;
        }
        Self::Text(text.chars().take(LONGEST).collect())
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn keys_stand_in_the_order_of_an_ascending_list() {
        let number = |n| Key::Number(Number(n));
        let ordered = [
            Key::Flag(false),
            Key::Flag(true),
            number(-1.5),
            number(2.0),
            number(10.0),
            Key::Time("2024-01-01T00:00:00Z".parse().unwrap()),
            Key::text("a"),
            Key::text("b"),
            Key::text("é"),
            Key::Unassigned,
        ];
        assert!(ordered.is_sorted());
        assert_eq!(number(0.0), number(-0.0));
        let long = "x".repeat(LONGEST);
        assert_eq!(Key::text(&format!("{long}a")), Key::text(&format!("{long}b")));
    }
}
