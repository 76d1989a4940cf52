//! Habits and milestones.

use super::{NOW, open, request};
use crate::model::{InstanceId, Milestone, Request, Time};
use crate::scim::tolerance::Tolerance;
use crate::store::telemetry::Telemetry;

const DAY: i64 = 24 * 3600 * 1000;

#[test]
fn habits_are_counted_by_day_and_for_a_month() {
    let dir = tempfile::tempdir().unwrap();
    let (telemetry, _) = open(dir.path());
    let one = InstanceId(1);
    let served = |days: i64, tolerance| Request {
        at: Time(NOW.0 - days * DAY),
        tolerated: Box::new([tolerance]),
        ..request(1, 0, 204)
    };
    for days in [35, 29, 1, 0, 0] {
        telemetry.note(served(days, Tolerance::RemoveWithValue), None);
        telemetry.flush();
    }
    telemetry.note(served(35, Tolerance::OldUrn), None);
    telemetry.note(served(3, Tolerance::BareValue), None);
    telemetry.note(request(1, 0, 429), None);
    let habits = telemetry.habits(one, NOW).unwrap();
    let told: Vec<_> = habits.iter().map(|h| (h.tolerance, h.today, h.month)).collect();
    assert_eq!(
        told,
        [(Tolerance::RemoveWithValue, 2, 4), (Tolerance::BareValue, 0, 1)]
    );
    assert_eq!((habits[0].first, habits[0].last), (Time(NOW.0 - 35 * DAY), NOW));
    assert_eq!(telemetry.throttled_today(one, NOW).unwrap(), 1);
    assert_eq!(telemetry.throttled_today(InstanceId(2), NOW).unwrap(), 0);
}

#[test]
fn milestones_are_told_once_and_a_refused_key_reached_only_the_door() {
    let dir = tempfile::tempdir().unwrap();
    let (telemetry, path) = open(dir.path());
    let one = InstanceId(1);
    telemetry.note(request(1, 1, 401), None);
    assert_eq!(
        telemetry.milestones(one).unwrap(),
        [(Milestone::Reached, Time(NOW.0 + 1))]
    );
    assert_eq!(telemetry.key_use(7), None);
    drop(telemetry);
    let telemetry = Telemetry::open(&path, &[1]).unwrap();
    telemetry.note(request(1, 2, 200), Some(Milestone::UserRead));
    telemetry.note(request(1, 3, 200), Some(Milestone::UserRead));
    let expected = [
        (Milestone::Reached, Time(NOW.0 + 1)),
        (Milestone::Authenticated, Time(NOW.0 + 2)),
        (Milestone::UserRead, Time(NOW.0 + 2)),
    ];
    assert_eq!(telemetry.milestones(one).unwrap(), expected);
}
