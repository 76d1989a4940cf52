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
    assert_eq!(budget.take(at(0), true), Ok(()));
    budget.heard(at(0), &answer(200, Some(2), 60, None));
    assert_eq!(budget.take(at(1), true), Ok(()));
    assert_eq!(budget.take(at(1), true), Ok(()));
    assert_eq!(budget.take(at(2), true), Err(at(60)));
    assert_eq!(budget.take(at(60), true), Ok(()), "a new window");
    assert_eq!(
        budget.take(at(60), true),
        Ok(()),
        "and nothing is known of it yet"
    );
}

#[test]
fn answers_that_overtake_each_other_never_raise_the_count() {
    let mut budget = Budget::default();
    budget.heard(at(0), &answer(200, Some(3), 60, None));
    budget.heard(at(1), &answer(200, Some(1), 59, None));
    budget.heard(at(1), &answer(200, Some(2), 59, None));
    assert_eq!(budget.take(at(1), true), Ok(()));
    assert_eq!(budget.take(at(1), true), Err(at(60)));
    budget.heard(at(30), &answer(200, Some(9), 60, None));
    assert_eq!(budget.take(at(31), true), Ok(()), "a later end is a new window");
}

#[test]
fn a_refusal_is_obeyed_and_no_rest_is_longer_than_any() {
    let mut budget = Budget::default();
    budget.heard(at(0), &answer(429, None, 0, Some(30)));
    assert_eq!(budget.take(at(29), true), Err(at(30)));
    assert_eq!(budget.take(at(30), true), Ok(()));
    budget.heard(at(30), &answer(429, Some(0), 20, None));
    assert_eq!(budget.take(at(31), true), Err(at(50)));
    budget.heard(at(100), &answer(200, Some(0), 10_000_000, None));
    assert_eq!(budget.take(at(100), true), Err(at(100).after(LONGEST)));
    assert_eq!(budget.take(at(-100_000), true), Ok(()), "the clock was set back");
    budget.heard(at(0), &answer(503, None, 0, Some(30)));
    assert_eq!(
        budget.take(at(0), true),
        Ok(()),
        "an outage is no matter of the budget"
    );
}

#[test]
fn each_origin_has_its_own() {
    let all = Budgets::default();
    all.heard("https://a.example", at(0), &answer(429, None, 0, Some(30)));
    assert_eq!(
        all.take("https://a.example", at(1), Pace::default(), true),
        Err(at(30))
    );
    assert_eq!(
        all.take("https://b.example", at(1), Pace::default(), true),
        Ok(())
    );
    for n in 0..2 * MOST {
        all.heard(
            &format!("https://{n}.example"),
            at(40),
            &answer(429, None, 0, Some(1)),
        );
    }
    assert!(all.0.lock().is_ok_and(|all| all.len() <= MOST));
}

#[test]
fn what_the_makers_tell_is_never_passed_in_any_minute() {
    for most in [1, 2, 9, 10, 60, 180, 600] {
        let mut budget = Budget::default();
        budget.writes.narrow(Some(most), None);
        let (mut now, mut sent) = (Time(0), Vec::new());
        while now < at(300) {
            match budget.take(now, true) {
                Ok(()) => sent.push(now),
                Err(later) => {
                    assert!(later > now, "{most}: it says when");
                    now = later;
                }
            }
        }
        for (n, first) in sent.iter().enumerate() {
            let within = sent[n..]
                .iter()
                .filter(|t| t.since(*first) < Duration::from_secs(60));
            assert!(within.count() <= most as usize, "{most} from {first:?}");
        }
        assert!(
            sent.len() as u32 >= most * 5 * 8 / 10,
            "{most}: and it is made use of"
        );
        assert_eq!(budget.take(now, false), Ok(()), "a read is no write");
        assert_eq!(
            budget.take(Time(-9_000_000), true),
            Ok(()),
            "the clock was set back"
        );
    }
}

#[test]
fn a_pace_that_one_instance_knows_holds_for_all_of_its_host() {
    let all = Budgets::default();
    let slow = Pace {
        requests: Some(2),
        ..Pace::default()
    };
    let faster = Pace {
        requests: Some(50),
        ..slow
    };
    let host = "https://a.example";
    assert_eq!(all.take(host, at(0), slow, false), Ok(()));
    assert_eq!(all.take(host, at(1), Pace::default(), false), Err(at(30)));
    assert_eq!(
        all.take(host, at(2), faster, true),
        Err(at(30)),
        "the smallest figure"
    );
    assert_eq!(
        all.take("https://b.example", at(2), Pace::default(), true),
        Ok(())
    );
    assert_eq!(all.take(host, at(30), Pace::default(), false), Ok(()));
}

#[test]
fn so_many_a_second_are_not_sent_at_once() {
    let all = Budgets::default();
    let pace = Pace {
        requests: Some(300),
        burst: Some(1),
        ..Pace::default()
    };
    let (mut now, mut sent) = (Time(0), Vec::new());
    while now < at(10) {
        match all.take("https://a.example", now, pace, false) {
            Ok(()) => sent.push(now),
            Err(later) => now = later,
        }
    }
    assert_eq!(sent.len(), 50, "all of them are made use of");
    for (n, first) in sent.iter().enumerate() {
        let within = sent[n..]
            .iter()
            .filter(|t| t.since(*first) < Duration::from_secs(1));
        assert!(within.count() <= 5, "five a second, from {first:?}");
    }
}
