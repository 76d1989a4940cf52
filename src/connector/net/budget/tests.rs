use super::super::Observed;
use super::super::answer::Allowance;
use super::*;

fn at(seconds: i64) -> Time {
    Time(seconds * 1000)
}

fn answer(status: u16, remaining: Option<u64>, reset: u64, retry_after: Option<u64>) -> Response {
    Response {
        status,
        retry_after: retry_after.map(Duration::from_secs),
        allowance: remaining.map(|remaining| Allowance {
            remaining,
            reset: Duration::from_secs(reset),
        }),
        content_type: String::new(),
        location: None,
        body: Vec::new(),
        observed: Observed::default(),
    }
}

#[test]
fn when_nothing_remains_it_rests_until_the_reset() {
    let mut budget = Budget::default();
    assert_eq!(budget.take(at(0)), Ok(()));
    budget.heard(at(0), &answer(200, Some(2), 60, None));
    assert_eq!(budget.take(at(1)), Ok(()));
    assert_eq!(budget.take(at(1)), Ok(()));
    assert_eq!(budget.take(at(2)), Err(at(60)));
    assert_eq!(budget.take(at(60)), Ok(()), "a new window");
    assert_eq!(budget.take(at(60)), Ok(()), "and nothing is known of it yet");
}

#[test]
fn answers_that_overtake_each_other_never_raise_the_count() {
    let mut budget = Budget::default();
    budget.heard(at(0), &answer(200, Some(3), 60, None));
    budget.heard(at(1), &answer(200, Some(1), 59, None));
    budget.heard(at(1), &answer(200, Some(2), 59, None));
    assert_eq!(budget.take(at(1)), Ok(()));
    assert_eq!(budget.take(at(1)), Err(at(60)));
    budget.heard(at(30), &answer(200, Some(9), 60, None));
    assert_eq!(budget.take(at(31)), Ok(()), "a later end is a new window");
}

#[test]
fn a_refusal_is_obeyed_and_no_rest_is_longer_than_any() {
    let mut budget = Budget::default();
    budget.heard(at(0), &answer(429, None, 0, Some(30)));
    assert_eq!(budget.take(at(29)), Err(at(30)));
    assert_eq!(budget.take(at(30)), Ok(()));
    budget.heard(at(30), &answer(429, Some(0), 20, None));
    assert_eq!(budget.take(at(31)), Err(at(50)));
    budget.heard(at(100), &answer(200, Some(0), 10_000_000, None));
    assert_eq!(budget.take(at(100)), Err(at(100).after(LONGEST)));
    assert_eq!(budget.take(at(-100_000)), Ok(()), "the clock was set back");
    budget.heard(at(0), &answer(503, None, 0, Some(30)));
    assert_eq!(budget.take(at(0)), Ok(()), "an outage is no matter of the budget");
}

#[test]
fn each_origin_has_its_own() {
    let all = Budgets::default();
    all.heard("https://a.example", at(0), &answer(429, None, 0, Some(30)));
    assert_eq!(all.take("https://a.example", at(1)), Err(at(30)));
    assert_eq!(all.take("https://b.example", at(1)), Ok(()));
    for n in 0..2 * MOST {
        all.heard(
            &format!("https://{n}.example"),
            at(40),
            &answer(429, None, 0, Some(1)),
        );
    }
    assert!(all.0.lock().is_ok_and(|all| all.len() <= MOST));
}
