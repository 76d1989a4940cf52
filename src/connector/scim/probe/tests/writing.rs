//! What a probe with writes touches, and what it leaves behind.
use super::*;

/// A probe with writes, where nobody waits for its patience.
async fn in_no_time(mock: &Mock) -> Profile {
    let clock = Clock::manual(Time(1_800_000_000_000));
    let profile = tried(mock, true, &clock);
    tokio::pin!(profile);
    loop {
        tokio::select! {
            biased;
            done = &mut profile => return done,
            () = tokio::task::yield_now() => clock.advance(Duration::from_secs(1)),
        }
    }
}

#[tokio::test]
async fn writes_that_are_answered_oddly_leave_nothing_behind_unsaid() {
    let (_, mock) = probed(&[], None, true).await;
    for n in 0..mock.asked.load(Ordering::SeqCst) {
        for garbage in [(500, "{}"), (200, "[]"), (418, "")] {
            let mock = Mock::start(&[], Some((n, garbage))).await;
            let profile = in_no_time(&mock).await;
            let clean = state(&profile, "write.clean");
            if mock.held() != (7, 3) {
                assert!(
                    matches!(clean, LineState::Bad | LineState::Unknown),
                    "request {n}: {}",
                    told(&profile)
                );
            }
        }
    }
}

#[tokio::test]
async fn whoever_a_post_shows_instead_is_left_alone() {
    for (defects, left) in [(vec![], 0), (vec![D::FiltersRefused], 1)] {
        let mock = Mock::start(&[&[D::CreateShowsOther], defects.as_slice()].concat(), None).await;
        let before = mock.users();
        let profile = in_no_time(&mock).await;
        let after = mock.users();
        assert_eq!(after[..7], before[..], "{}", told(&profile));
        assert_eq!(after.len() - 7, left, "{}", told(&profile));
        let clean = if left == 0 {
            LineState::Ok
        } else {
            LineState::Unknown
        };
        assert_eq!(state(&profile, "write.clean"), clean, "{}", told(&profile));
        assert_eq!(state(&profile, "write.user"), LineState::Warn);
    }
}

#[tokio::test]
async fn an_app_that_turns_a_delete_away_is_asked_again() {
    let mock = Mock::start(&[D::DeleteBusy], None).await;
    let profile = in_no_time(&mock).await;
    assert_eq!(mock.held(), (7, 3), "{}", told(&profile));
    assert_eq!(state(&profile, "write.clean"), LineState::Ok);
}

#[tokio::test]
async fn what_an_earlier_probe_left_is_deleted_and_told() {
    let old = "rollcall-probe-0192d3b4-7c1f-7a11-8000-00000000aaaa@example.com";
    for defects in [vec![], vec![D::FiltersRefused]] {
        let mock = Mock::start(&defects, None).await;
        mock.add(old);
        mock.add("rollcall-probe-of-our-own");
        let profile = in_no_time(&mock).await;
        assert_eq!(mock.held(), (8, 3), "{}", told(&profile));
        assert_eq!(mock.users()[7]["userName"], "rollcall-probe-of-our-own");
        let line = profile.lines.iter().find(|l| l.id == "write.clean").unwrap();
        assert!(
            line.state == LineState::Ok && line.found.contains(old),
            "{}",
            told(&profile)
        );
    }
}

#[tokio::test]
async fn what_an_earlier_probe_left_is_not_deleted_unread() {
    let old = "rollcall-probe-0192d3b4-7c1f-7a11-8000-00000000aaaa@example.com";
    let mock = Mock::start(&[D::NoReadById], None).await;
    mock.add(old);
    let profile = in_no_time(&mock).await;
    assert_eq!(mock.users()[7]["userName"], old, "{}", told(&profile));
    assert_eq!(state(&profile, "write.clean"), LineState::Unknown);
}
