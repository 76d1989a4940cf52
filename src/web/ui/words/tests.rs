use super::*;

#[test]
fn numbers_have_thousands() {
    assert_eq!(
        (number(0), number(999), number(1204), number(1_000_000)),
        ("0".into(), "999".into(), "1,204".into(), "1,000,000".into())
    );
    assert_eq!(count(1, "person", "people"), "1 person");
}

#[test]
fn sentences_begin_large_but_hosts_stay() {
    assert_eq!(
        sentence("the first sync is running."),
        "The first sync is running"
    );
    assert_eq!(
        sentence("api.example.com answered 401"),
        "api.example.com answered 401"
    );
    assert_eq!(
        (sentence(""), sentence("paused; 7")),
        (String::new(), "Paused; 7".into())
    );
}

#[test]
fn a_reason_is_cut_where_the_app_speaks() {
    assert_eq!(
        halves("a.example:80 answered 401: no: really"),
        ("a.example:80 answered 401", "no: really")
    );
    assert_eq!(halves("paused: 7 wait"), ("paused: 7 wait", ""));
}

#[test]
fn times_are_said_shortly() {
    let now = Time(1_000_000_000);
    assert_eq!(relative(Time(now.0 - 40_000), now), "40 s ago");
    assert_eq!(relative(Time(now.0 + 5 * 60_000), now), "in 5 min");
    assert_eq!(relative(now, now), "now");
    assert_eq!((span(0).as_str(), span(86_400).as_str()), ("under 1 s", "1 day"));
    assert_eq!(clock(Time(0), Time(1)), "00:00");
    assert_eq!(clock(Time(0), Time(86_400_000)), "1 Jan 00:00");
    assert_eq!(exact(Time(i64::MAX)), format!("{} ms", i64::MAX));
}
