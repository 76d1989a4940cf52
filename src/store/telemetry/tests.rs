#![expect(clippy::unwrap_used, reason = "tests")]
//! What is noted is found again, bounded, and of nobody else.

mod tallies;

use std::path::{Path, PathBuf};

use super::rings::{ACCEPTED, REFUSED, WAITING};
use super::*;
use crate::model::{Refusal, RequestId, Time, Why};
use crate::scim::tolerance::Tolerance;

const NOW: Time = Time(1_800_000_000_000);

fn request(instance: i64, n: u64, status: u16) -> Request {
    Request {
        id: RequestId(n),
        instance: InstanceId(instance),
        key: Some(7),
        at: Time(NOW.0 + n.cast_signed()),
        took_us: 1234,
        method: "PATCH",
        path: format!("/scim/a/v2/Users/{n}").into(),
        status,
        agent: "Okta".into(),
        address: "203.0.113.7".parse().ok(),
        tolerated: Box::default(),
        refusal: None,
    }
}

fn open(dir: &Path) -> (Telemetry, PathBuf) {
    let path = dir.join("telemetry.db");
    (Telemetry::open(&path, &[1, 2]).unwrap(), path)
}

#[test]
fn the_last_ones_are_kept_of_each_kind_also_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let (telemetry, path) = open(dir.path());
    for n in 0..ACCEPTED as u64 + 30 {
        telemetry.note(request(1, n, 200), None);
        if n % 100 == 0 {
            telemetry.flush();
        }
    }
    let mut refused = request(1, 5000, 401);
    refused.tolerated = Box::new([Tolerance::EndpointInBaseUrl]);
    refused.refusal = Some(Box::new(Refusal {
        scim_type: Some("invalidValue".into()),
        detail: "No.".into(),
        why: Some(Why::Foreign),
    }));
    telemetry.note(refused.clone(), None);
    drop(telemetry);
    let telemetry = Telemetry::open(&path, &[1]).unwrap();
    let one = InstanceId(1);
    // Nothing was flushed after the last hundred: that much a crash may lose.
    telemetry.note(refused.clone(), None);
    let accepted = telemetry.requests(one, Only::Accepted, None, 10_000).unwrap();
    assert_eq!(accepted.len(), ACCEPTED);
    let all = telemetry.requests(one, Only::All, None, 2).unwrap();
    assert_eq!(all[0].1, refused);
    assert!(!all[1].1.is_refused() && all[0].0 > all[1].0);
    let older = telemetry.requests(one, Only::All, Some(all[1].0), 10).unwrap();
    assert_eq!(older.len(), 10);
    assert!(older[0].0 < all[1].0);
    assert_eq!(telemetry.request(one, RequestId(5000)).unwrap(), Some(refused));
    assert_eq!(telemetry.request(InstanceId(2), RequestId(5000)).unwrap(), None);
}

#[test]
fn memory_is_bounded_before_the_flush() {
    let dir = tempfile::tempdir().unwrap();
    let (telemetry, _) = open(dir.path());
    for n in 0..3000 {
        telemetry.note(request(1, n, if n % 2 == 0 { 200 } else { 404 }), None);
    }
    let waiting = |t: &Telemetry| lock(&t.fresh).requests.len;
    assert_eq!(waiting(&telemetry), ACCEPTED + REFUSED);
    for n in 0..50 {
        for i in 0..1000 {
            telemetry.note(request(10 + n, i, 200), None);
        }
    }
    assert_eq!(waiting(&telemetry), WAITING);
    telemetry.forget(InstanceId(1));
    assert_eq!(waiting(&telemetry), WAITING - ACCEPTED - REFUSED);
}

#[test]
fn what_a_full_disk_refused_is_written_later() {
    let dir = tempfile::tempdir().unwrap();
    let (telemetry, _) = open(dir.path());
    let one = InstanceId(1);
    lock(&telemetry.conn)
        .execute_batch("PRAGMA query_only=ON")
        .unwrap();
    let mut served = request(1, 1, 200);
    served.tolerated = Box::new([Tolerance::RemoveWithValue]);
    telemetry.note(served.clone(), Some(Milestone::UserRead));
    telemetry.flush();
    telemetry.note(
        Request {
            id: RequestId(2),
            ..served
        },
        None,
    );
    lock(&telemetry.conn)
        .execute_batch("PRAGMA query_only=OFF")
        .unwrap();
    let found = telemetry.requests(one, Only::All, None, 10).unwrap();
    assert_eq!(found.iter().map(|(_, r)| r.id.0).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(telemetry.habits(one, NOW).unwrap()[0].today, 2);
    assert!(
        telemetry
            .milestones(one)
            .unwrap()
            .contains(&(Milestone::UserRead, Time(NOW.0 + 1)))
    );
    assert_eq!(telemetry.key_use(7).unwrap().address, "203.0.113.7");
}

#[test]
fn nothing_stays_of_a_deleted_instance() {
    let dir = tempfile::tempdir().unwrap();
    let (telemetry, path) = open(dir.path());
    for id in [1, 2] {
        telemetry.note(request(id, 1, 200), Some(Milestone::UserRead));
    }
    telemetry.flush();
    telemetry.note(request(1, 2, 200), None);
    telemetry.forget(InstanceId(1));
    assert!(
        telemetry
            .requests(InstanceId(1), Only::All, None, 10)
            .unwrap()
            .is_empty()
    );
    assert!(telemetry.milestones(InstanceId(1)).unwrap().is_empty());
    drop(telemetry);
    let telemetry = Telemetry::open(&path, &[]).unwrap();
    assert!(
        telemetry
            .requests(InstanceId(2), Only::All, None, 10)
            .unwrap()
            .is_empty()
    );
}
