//! The first so many of a list, while its resources come in any order: no more are kept than the page may need.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::{Part, Start};
use crate::scim::schema::ResourceType;
use crate::scim::sort::Key;

/// One that meets the filter. Its order is that of the list.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Item {
    key: Directed,
    /// The row number; in descending order of creation, its opposite.
    rank: i64,
    kind: ResourceType,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Directed {
    Creation,
    Ascending(Key),
    Descending(Reverse<Key>),
}

/// The first of those that were taken, as many as the page needs, and how many there were.
pub(super) struct Best<'a> {
    start: &'a Start,
    count: u64,
    descending: bool,
    after: Option<Item>,
    /// The most to keep.
    most: u64,
    /// The last of those that are kept is on top.
    kept: BinaryHeap<Item>,
    total: u64,
}

impl<'a> Best<'a> {
    pub(super) fn new(start: &'a Start, count: u64, descending: bool) -> Self {
        let mut best = Self {
            start,
            count,
            descending,
            after: None,
            most: match start {
                Start::Skip(_) if count == 0 => 0,
                Start::Skip(skip) => skip.saturating_add(count),
                // One more tells whether there is more.
                Start::After(_) => count.saturating_add(1),
            },
            kept: BinaryHeap::new(),
            total: 0,
        };
        if let Start::After(Some(place)) = start {
            best.after = Some(best.item(place.kind, place.row, place.key.clone()));
        }
        best
    }

    fn item(&self, kind: ResourceType, row: i64, key: Option<Key>) -> Item {
        match key {
            None => Item {
                key: Directed::Creation,
                rank: if self.descending { -row } else { row },
                kind,
            },
            Some(key) => Item {
                key: if self.descending {
                    Directed::Descending(Reverse(key))
                } else {
                    Directed::Ascending(key)
                },
                rank: row,
                kind,
            },
        }
    }

    /// Counts one, and keeps it if the page may need it. True: more are kept than before.
    pub(super) fn take(&mut self, kind: ResourceType, row: i64, key: Option<Key>) -> bool {
        self.total += 1;
        let item = self.item(kind, row, key);
        if self.after.as_ref().is_some_and(|after| item <= *after) {
            return false;
        }
        if (self.kept.len() as u64) < self.most {
            self.kept.push(item);
            return true;
        }
        if let Some(mut last) = self.kept.peek_mut()
            && item < *last
        {
            *last = item;
        }
        false
    }

    pub(super) fn part(self) -> Part {
        let descending = self.descending;
        let (skip, look_ahead) = match self.start {
            Start::Skip(skip) => (*skip, false),
            Start::After(_) => (0, true),
        };
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        let count = usize::try_from(self.count).unwrap_or(usize::MAX);
        let more = look_ahead && self.kept.len() > count;
        let on_page = self.kept.into_sorted_vec().into_iter().skip(skip).take(count);
        let rows = on_page.map(|item| match item.key {
            Directed::Creation => (item.kind, if descending { -item.rank } else { item.rank }, None),
            Directed::Ascending(key) | Directed::Descending(Reverse(key)) => {
                (item.kind, item.rank, Some(key))
            }
        });
        Part {
            total: self.total,
            rows: rows.collect(),
            more,
        }
    }
}
