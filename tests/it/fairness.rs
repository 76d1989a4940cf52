//! A busy instance does not starve a quiet one: they take turns at the writer.
//!
//! Requests share threads, so beside a flood the quiet one is as slow as the machine is busy; but however deep the line
//! of the busy one, it waits for no more than what runs already.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use rollcall::clock::Stopwatch;
use rollcall::store::{Lane, StoreError};
use tokio::task::JoinSet;

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
    assert!(
        beside < flooding,
        "it waited as long as the flood: {beside:?}, {flooding:?}"
    );
    hub.stop().await;
}
