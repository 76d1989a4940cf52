use std::ops::Range;

use super::*;
use crate::connector::Remote;
use crate::scim::Attributes;

/// A page with these ids.
fn page(ids: Range<u64>, total: Option<u64>, next: Option<Place>) -> Page {
    let remote = |n: u64| Remote {
        id: n.to_string(),
        attributes: Attributes::new(),
        members: None,
        broken: None,
    };
    Page {
        resources: ids.map(remote).collect(),
        total,
        next,
        full: false,
    }
}

fn cursor(text: &str) -> Option<Place> {
    Some(Place::Cursor(text.into()))
}

#[test]
fn a_list_ends_where_the_app_says_so() {
    let mut walk = Walk::default();
    let next = walk.after(&Place::START, &page(0..5, Some(7), Some(Place::Index(6))));
    assert_eq!(next, Next::On(Place::Index(6)));
    let end = walk.after(&Place::Index(6), &page(5..7, Some(7), None));
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
        let mut walk = Walk::default();
        let next = walk.after(&Place::START, &page(0..5, total, Some(Place::Index(6))));
        assert_eq!(next, Next::On(Place::Index(6)));
        for next in [Some(Place::Index(11)), None] {
            let end = walk.after(&Place::Index(6), &page(0..5, total, next));
            assert_eq!(end, Next::Circle);
            assert_eq!(walk.is_whole(&end, 5).is_ok(), whole, "{total:?}");
        }
    }
}

#[test]
fn a_full_page_that_repeats_is_not_the_whole_list() {
    for (full, whole) in [(false, true), (true, false)] {
        let page = || Page {
            full,
            ..page(0..50, Some(50), Some(Place::Index(51)))
        };
        let mut walk = Walk::default();
        assert_eq!(walk.after(&Place::START, &page()), Next::On(Place::Index(51)));
        let end = walk.after(&Place::Index(51), &page());
        assert_eq!(end, Next::Circle);
        assert_eq!(walk.is_whole(&end, 50).is_ok(), whole);
    }
}

#[test]
fn no_cursor_leads_on_for_ever() {
    let mut walk = Walk::default();
    assert_eq!(
        walk.after(&Place::START, &page(0..5, None, cursor("a"))),
        Next::On(Place::Cursor("a".into()))
    );
    let here = Place::Cursor("a".into());
    assert_eq!(walk.after(&here, &page(5..9, None, cursor("a"))), Next::Circle);
    assert_eq!(walk.after(&here, &page(0..5, None, cursor("b"))), Next::Circle);
    let mut walk = Walk::default();
    let ends = (0..100).find(|n| {
        let place = Place::Cursor(n.to_string());
        walk.after(&place, &page(0..0, Some(9), cursor(&(n + 1).to_string()))) == Next::Circle
    });
    assert_eq!(ends, Some(10));
    assert!(walk.is_whole(&Next::Circle, 0).is_err());
}

#[test]
fn a_list_that_breaks_off_is_not_whole_but_comings_and_goings_are_allowed() {
    let mut walk = Walk::default();
    let end = walk.after(&Place::START, &page(0..100, Some(500), None));
    assert!(
        walk.is_whole(&end, 100)
            .is_err_and(|why| why.contains("100") && why.contains("500"))
    );
    assert!(walk.is_whole(&end, 489).is_err());
    assert_eq!(walk.is_whole(&end, 490), Ok(()));
    let mut walk = Walk::default();
    walk.after(&Place::START, &page(0..10, Some(20), cursor("a")));
    let end = walk.after(&Place::Cursor("a".into()), &page(10..20, Some(900), None));
    assert_eq!(walk.is_whole(&end, 20), Ok(()), "the rest came while it was read");
}

#[test]
fn a_page_read_again_after_a_restart_is_no_circle() {
    let mut walk = Walk::default();
    let next = walk.after(&Place::Index(6), &page(5..10, Some(12), Some(Place::Index(11))));
    assert_eq!(next, Next::On(Place::Index(11)));
}
