//! A busy instance does not starve a quiet one: they take turns at the writer, and share the readers.
//!
//! Requests share threads, so beside a flood the quiet one is as slow as the machine is busy; but however deep the line
//! of the busy one, it waits for no more than what runs already.

#![expect(clippy::print_stdout, reason = "the figures are worth reading")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::{join, join_all, join3};
use rollcall::clock::Stopwatch;
use rollcall::store::{Lane, StoreError};
use tokio::task::{JoinSet, unconstrained};

use crate::support::client::person;
use crate::support::{Scim, TestHub};

/// Clients that create as fast as they can.
const FLOOD: usize = 64;
/// Creates of the quiet instance, and the pause between two.
const CALM: usize = 120;
const PAUSE: Duration = Duration::from_millis(5);
/// Longest the test may take, whatever the machine does meanwhile.
const PATIENCE: Duration = Duration::from_secs(120);

/// Creates one person; how long it took.
async fn create(scim: &Scim, name: String) -> Duration {
    let watch = Stopwatch::start();
    scim.post("/Users", person(&name)).await.expect(201);
    watch.elapsed()
}

fn p95(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() * 95 / 100]
}

async fn calm(scim: &Scim, round: &str) -> Duration {
    let mut times = Vec::new();
    for n in 0..CALM {
        times.push(create(scim, format!("{round}{n}@example.com")).await);
        tokio::time::sleep(PAUSE).await;
    }
    p95(times)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_into_one_instance_leaves_another_its_turns() {
    let hub = TestHub::start().await;
    let (_, busy) = hub.receiver("Busy").await;
    let (_, quiet) = hub.receiver("Quiet").await;
    let alone = calm(&quiet, "alone").await;

    let (stop, under_way) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut flood = JoinSet::new();
    for client in 0..FLOOD {
        let (busy, stop, under_way) = (busy.clone(), Arc::clone(&stop), Arc::clone(&under_way));
        flood.spawn(async move {
            let mut times = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                times.push(create(&busy, format!("c{client}n{}@example.com", times.len())).await);
                under_way.fetch_add(1, Ordering::Relaxed);
            }
            times
        });
    }
    let beside = tokio::time::timeout(PATIENCE, async {
        while under_way.load(Ordering::Relaxed) < FLOOD {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        calm(&quiet, "beside").await
    });
    let beside = beside.await.expect("the quiet instance gets through");
    stop.store(true, Ordering::Relaxed);
    let flooding: Vec<Duration> = flood.join_all().await.into_iter().flatten().collect();
    let (count, flooding) = (flooding.len(), p95(flooding));
    println!(
        "p95 of a create: alone {alone:?}, beside the flood {beside:?}, in the flood {flooding:?} ({count} creates)"
    );
    // Far less than a line of its own behind theirs; the machine may do other things meanwhile.
    let bound = flooding * 2 + Duration::from_millis(50);
    assert!(
        beside < bound,
        "it waits longer than the flood: {beside:?}, {flooding:?}"
    );
    hub.stop().await;
}

/// Writes that one instance has waiting; units of one commit.
const LINE: usize = 1000;
const BATCH: usize = 64;

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_line_at_the_writer_is_not_waited_out() {
    let hub = TestHub::start().await;
    let (busy, _) = hub.receiver("Busy").await;
    let (quiet, _) = hub.receiver("Quiet").await;
    let store = hub.server.hub().store.clone();
    // The writer is held while the line grows; then the quiet one comes last.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let (begun, begins) = tokio::sync::oneshot::channel();
    let hold = store.write(Lane::Front, None, move |_| {
        begun.send(()).unwrap();
        wait.recv().unwrap();
        Ok::<(), StoreError>(())
    });
    let turns = async {
        begins.await.unwrap();
        let run = Arc::new(AtomicUsize::new(0));
        let line = (0..LINE).map(|_| {
            let run = Arc::clone(&run);
            store.write(Lane::Front, Some(busy.id), move |_| {
                run.fetch_add(1, Ordering::Relaxed);
                Ok::<(), StoreError>(())
            })
        });
        let before = Arc::clone(&run);
        let last = store.write(Lane::Front, Some(quiet.id), move |_| {
            Ok::<usize, StoreError>(before.load(Ordering::Relaxed))
        });
        // Polled in this order: all of them stand in line before the writer goes on.
        let (_, before, ()) =
            unconstrained(join3(join_all(line), last, async { go.send(()).unwrap() })).await;
        before.unwrap()
    };
    let (held, before) = join(hold, turns).await;
    held.unwrap();
    assert!(before <= BATCH, "{before} of {LINE} writes went before");
    hub.stop().await;
}

/// Members of the group that is read again and again, by so many clients.
const MEMBERS: usize = 400;
const READERS: usize = 100;

#[tokio::test(flavor = "multi_thread")]
async fn big_groups_of_one_instance_leave_readers_for_another() {
    let hub = TestHub::start().await;
    let (_, busy) = hub.receiver("Busy").await;
    let (_, quiet) = hub.receiver("Quiet").await;
    let mut members = Vec::new();
    for n in 0..MEMBERS {
        members.push(busy.user(&format!("m{n}@example.com")).await);
    }
    let members: Vec<&str> = members.iter().map(String::as_str).collect();
    let group = format!("/Groups/{}", busy.group("All", &members).await);
    let person = format!("/Users/{}", quiet.user("ada@example.com").await);
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let mut flood = JoinSet::new();
    for _ in 0..READERS {
        let (busy, group) = (busy.clone(), group.clone());
        let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
        flood.spawn(async move {
            let mut times = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let watch = Stopwatch::start();
                busy.get(&group).await.expect(200);
                times.push(watch.elapsed());
                answered.fetch_add(1, Ordering::Relaxed);
            }
            times
        });
    }
    let beside = tokio::time::timeout(PATIENCE, async {
        while answered.load(Ordering::Relaxed) < READERS {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let mut times = Vec::new();
        for _ in 0..CALM {
            let watch = Stopwatch::start();
            quiet.get(&person).await.expect(200);
            times.push(watch.elapsed());
            tokio::time::sleep(PAUSE).await;
        }
        p95(times)
    });
    let beside = beside.await.expect("the quiet instance gets through");
    stop.store(true, Ordering::Relaxed);
    let flooding: Vec<Duration> = flood.join_all().await.into_iter().flatten().collect();
    let (count, flooding) = (flooding.len(), p95(flooding));
    println!(
        "p95 of a look-up beside the flood {beside:?}, of a group in the flood {flooding:?} ({count} groups)"
    );
    assert!(
        beside * 4 < flooding * 3,
        "it waits as long as the flood: {beside:?}, {flooding:?}"
    );
    hub.stop().await;
}
