//! Where a list ends, and whether it was read whole: pure bookkeeping over what each page showed. Apps ignore startIndex,
//! give the same cursor for ever, announce wrong totals or stop too early; none of it may loop, and a list that was not
//! read whole proves nothing about anybody.

use std::collections::HashSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::connector::{Page, Place};

/// No list is longer.
const LONGEST: u64 = 5_000_000;
/// Empty pages in a row that a cursor may lead through.
const EMPTY: u32 = 10;
/// People come and go while a list is read: so many, or one in a hundred, may be announced and not shown.
const SLACK: u64 = 10;

/// What comes after a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Next {
    /// The page at this place.
    On(Place),
    /// Nothing: the app says that this was all.
    End,
    /// Nothing: it goes round in circles.
    Circle,
}

/// A list under way, since its start or the last resumption.
#[derive(Clone, Default, Debug)]
pub(super) struct Walk {
    /// The smallest total that was announced.
    least: Option<u64>,
    read: u64,
    empty: u32,
    /// The last page was full: some count no more than the page, and ignore where it is to begin.
    full: bool,
    /// What each page held.
    pages: HashSet<u64>,
}

impl Walk {
    /// Takes note of the page at `place`.
    pub(super) fn after(&mut self, place: &Place, page: &Page) -> Next {
        self.least = [self.least, page.total].into_iter().flatten().min();
        let rows = page.resources.len() as u64;
        self.read += rows;
        self.empty = if rows == 0 { self.empty + 1 } else { 0 };
        self.full = page.full;
        let repeated = self.is_known(page);
        let Some(next) = &page.next else {
            return if repeated { Next::Circle } else { Next::End };
        };
        let stands = match (place, next) {
            (Place::Index(from), Place::Index(to)) => to <= from || *to > LONGEST,
            (from, to) => from == to,
        };
        if repeated || stands || self.empty > EMPTY || self.read > LONGEST {
            Next::Circle
        } else {
            Next::On(next.clone())
        }
    }

    /// Whether a page held the same before; one that names nobody is never known.
    fn is_known(&mut self, page: &Page) -> bool {
        let mut ids: Vec<&str> = page.resources.iter().map(|r| r.id.as_str()).collect();
        ids.retain(|id| !id.is_empty());
        ids.sort_unstable();
        let mut hash = DefaultHasher::new();
        ids.hash(&mut hash);
        !ids.is_empty() && !self.pages.insert(hash.finish())
    }

    /// Whether `seen` different ones are the whole list, now that it ended so; else what is missing, as a sentence's end.
    pub(super) fn is_whole(&self, end: &Next, seen: u64) -> Result<(), String> {
        match (end, self.least) {
            (Next::Circle, Some(least)) if seen >= least && !self.full => Ok(()),
            (Next::Circle, Some(least)) if seen >= least => Err(format!(
                "shows the same {seen} again where its list should go on, as many as are asked for at once: it may hold more"
            )),
            (Next::Circle, _) => Err("shows the same page of its list again and again".into()),
            (_, Some(least)) if seen + SLACK.max(least / 100) < least => Err(format!(
                "ended its list after {seen} although {least} are announced"
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
