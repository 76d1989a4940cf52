//! Where a list ends, and whether it was read whole: pure bookkeeping over what each page showed. Apps ignore startIndex,
//! give the same cursor for ever, announce wrong totals or stop too early; none of it may loop, and a list that was not
//! read whole proves nothing about anybody.

use crate::connector::{Page, Place};

/// No list is longer.
const LONGEST: u64 = 5_000_000;
/// Empty pages in a row that a cursor may lead through.
const EMPTY: u32 = 10;
/// People come and go while a list is read: so many, or one in a hundred, may be announced and not shown.
const SLACK: u64 = 10;

/// What a page brought.
#[derive(Clone, Copy, Default, Debug)]
pub(super) struct Brought {
    /// Everything on it.
    pub(super) rows: u64,
    /// Seen before in this run.
    pub(super) again: u64,
    /// Not understood.
    pub(super) broken: u64,
}

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

/// A list under way.
#[derive(Debug)]
pub(super) struct Walk {
    /// The smallest total that was announced.
    least: Option<u64>,
    read: u64,
    empty: u32,
    /// The first page after a start or a resumption may have been seen before.
    first: bool,
}

impl Walk {
    pub(super) fn new() -> Self {
        Self {
            least: None,
            read: 0,
            empty: 0,
            first: true,
        }
    }

    /// Takes note of the page at `place`.
    pub(super) fn after(&mut self, place: &Place, page: &Page, brought: Brought) -> Next {
        self.least = [self.least, page.total].into_iter().flatten().min();
        self.read += brought.rows;
        self.empty = if brought.rows == 0 { self.empty + 1 } else { 0 };
        let first = std::mem::replace(&mut self.first, false);
        let repeated = !first && brought.again > 0 && brought.again + brought.broken >= brought.rows;
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

    /// Whether `seen` different ones are the whole list, now that it ended so; else what is missing, as a sentence's end.
    pub(super) fn is_whole(&self, end: &Next, seen: u64) -> Result<(), String> {
        match (end, self.least) {
            (Next::Circle, Some(least)) if seen >= least => Ok(()),
            (Next::Circle, _) => Err("shows the same page of its list again and again".into()),
            (_, Some(least)) if seen + SLACK.max(least / 100) < least => Err(format!(
                "ended its list after {seen} although {least} are announced"
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(total: Option<u64>, next: Option<Place>) -> Page {
        Page {
            resources: Vec::new(),
            total,
            next,
        }
    }

    fn new(rows: u64) -> Brought {
        Brought {
            rows,
            ..Brought::default()
        }
    }

    fn old(rows: u64) -> Brought {
        Brought {
            rows,
            again: rows,
            broken: 0,
        }
    }

    fn cursor(text: &str) -> Option<Place> {
        Some(Place::Cursor(text.into()))
    }

    #[test]
    fn a_list_ends_where_the_app_says_so() {
        let mut walk = Walk::new();
        let next = walk.after(&Place::START, &page(Some(7), Some(Place::Index(6))), new(5));
        assert_eq!(next, Next::On(Place::Index(6)));
        let end = walk.after(&Place::Index(6), &page(Some(7), None), new(2));
        assert_eq!((walk.is_whole(&end, 7), end), (Ok(()), Next::End));
    }

    #[test]
    fn an_app_that_ignores_the_place_is_whole_only_if_its_total_agrees() {
        for (total, whole) in [
            (Some(5), true),
            (Some(6), false),
            (Some(500), false),
            (None, false),
        ] {
            let mut walk = Walk::new();
            let next = walk.after(&Place::START, &page(total, Some(Place::Index(6))), new(5));
            assert_eq!(next, Next::On(Place::Index(6)));
            for next in [Some(Place::Index(11)), None] {
                let end = walk.after(&Place::Index(6), &page(total, next), old(5));
                assert_eq!(end, Next::Circle);
                assert_eq!(walk.is_whole(&end, 5).is_ok(), whole, "{total:?}");
            }
        }
    }

    #[test]
    fn no_cursor_leads_on_for_ever() {
        let mut walk = Walk::new();
        assert_eq!(
            walk.after(&Place::START, &page(None, cursor("a")), new(5)),
            Next::On(Place::Cursor("a".into()))
        );
        let here = Place::Cursor("a".into());
        assert_eq!(walk.after(&here, &page(None, cursor("a")), new(5)), Next::Circle);
        assert_eq!(walk.after(&here, &page(None, cursor("b")), old(5)), Next::Circle);
        let mut walk = Walk::new();
        let ends = (0..100).find(|n| {
            let place = Place::Cursor(n.to_string());
            walk.after(&place, &page(Some(9), cursor(&(n + 1).to_string())), new(0)) == Next::Circle
        });
        assert_eq!(ends, Some(10));
        assert!(walk.is_whole(&Next::Circle, 0).is_err());
    }

    #[test]
    fn a_list_that_breaks_off_is_not_whole_but_comings_and_goings_are_allowed() {
        let mut walk = Walk::new();
        let end = walk.after(&Place::START, &page(Some(500), None), new(100));
        assert!(
            walk.is_whole(&end, 100)
                .is_err_and(|why| why.contains("100") && why.contains("500"))
        );
        assert!(walk.is_whole(&end, 489).is_err());
        assert_eq!(walk.is_whole(&end, 490), Ok(()));
        let mut walk = Walk::new();
        walk.after(&Place::START, &page(Some(20), cursor("a")), new(10));
        let end = walk.after(&Place::Cursor("a".into()), &page(Some(900), None), new(10));
        assert_eq!(walk.is_whole(&end, 20), Ok(()), "the rest came while it was read");
    }

    #[test]
    fn a_page_read_again_after_a_restart_is_no_circle() {
        let mut walk = Walk::new();
        let next = walk.after(&Place::Index(6), &page(Some(12), Some(Place::Index(11))), old(5));
        assert_eq!(next, Next::On(Place::Index(11)));
    }
}
