//! Which versions a request holds for.
#![expect(clippy::unwrap_used, reason = "tests")]
use super::*;

fn only_if(text: &str) -> Precondition {
    Precondition::parse(Some(text), None).unwrap()
}

fn not_if(text: &str) -> Precondition {
    Precondition::parse(None, Some(text)).unwrap()
}

#[test]
fn a_write_meets_its_version_or_any() {
    for good in [
        "W/\"5\"",
        "\"5\"",
        "5",
        "w/\"5\"",
        "*",
        " * ",
        "\"4\", W/\"5\"",
        "\"a,b\",,\t\"5\" ,",
        "W/\"5-00000000000000ff\"",
        "",
        " ",
    ] {
        assert_eq!(only_if(good).permits_write(5), Ok(()), "{good:?}");
    }
    for other in ["W/\"4\"", "\"55\"", "\"\"", "4, 6", "\"5 \"", "\"-5\"", "\"05\""] {
        let judged = Precondition::parse(Some(other), None).and_then(|p| p.permits_write(5));
        assert!(judged.is_err_and(|e| [400, 412].contains(&e.status)), "{other:?}");
    }
    assert_eq!(only_if("W/\"4\"").permits_write(5).unwrap_err().status, 412);
    assert_eq!(Precondition::default().permits_write(5), Ok(()));
}

#[test]
fn a_write_may_ask_that_nothing_is_there() {
    assert_eq!(not_if("*").permits_write(1).unwrap_err().status, 412);
    assert_eq!(not_if("W/\"1\"").permits_write(1).unwrap_err().status, 412);
    assert_eq!(not_if("W/\"1\"").permits_write(2), Ok(()));
}

#[test]
fn a_read_compares_the_groups_too() {
    let (alone, in_groups) = (tag("5", None), tag("5", Some(0xff)));
    assert_eq!(
        (alone.as_str(), in_groups.as_str()),
        ("W/\"5\"", "W/\"5-00000000000000ff\"")
    );
    assert_eq!(not_if(&alone).wants(&alone), Ok(false));
    assert_eq!(not_if(&in_groups).wants(&in_groups), Ok(false));
    assert_eq!(not_if("\"9\", \"5\"").wants(&alone), Ok(false));
    assert_eq!(not_if("*").wants(&alone), Ok(false));
    assert_eq!(not_if(&alone).wants(&in_groups), Ok(true));
    assert_eq!(not_if(&in_groups).wants(&alone), Ok(true));
    assert_eq!(Precondition::default().wants(&alone), Ok(true));
    assert_eq!(only_if("W/\"4\"").wants(&alone).unwrap_err().status, 412);
    assert_eq!(only_if(&alone).permits_write(5), Ok(()));
    assert_eq!(only_if(&in_groups).permits_write(5), Ok(()));
}

#[test]
fn what_is_no_list_of_tags_is_refused() {
    let many = "\"1\",".repeat(101);
    for bad in [
        "\"5",
        "\"5\"\"6\"",
        "a b",
        "W/",
        "\"a\u{7}\"",
        "\"a\" b",
        "*, \"5\" x",
        &many,
    ] {
        let refused = Precondition::parse(Some(bad), None).unwrap_err();
        assert_eq!(refused.status, 400, "{bad:?}");
    }
}
