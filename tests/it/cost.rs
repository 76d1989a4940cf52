//! What a sync costs the app, and how fast the first import is beside reading the app alone.

#![expect(clippy::print_stdout, reason = "the figures are worth reading")]

use std::time::Duration;

use rollcall::clock::Stopwatch;
use rollcall::connector::{Connector, Net, NetPolicy, Place, Token};
use rollcall::model::{Access, Capabilities, Target};
use rollcall::scim::schema::ResourceType;
use rollcall::store::probes;

use crate::support::mock::{Mock, PAGE, Size};
use crate::support::{Scim, TestHub};

/// A sync that finds nothing new asks for each page once; there is nothing to be read one by one.
#[tokio::test(flavor = "multi_thread")]
async fn a_sync_without_news_costs_its_pages() {
    costs(false, 0).await;
}

/// The same where lists leave members out: each group is read alone beside, and is known with its members.
#[tokio::test(flavor = "multi_thread")]
async fn groups_whose_members_no_list_shows_cost_one_call_each() {
    costs(true, 200).await;
}

async fn costs(unlisted: bool, alone: usize) {
    let size = Size {
        users: 5000,
        groups: 200,
        members: 25,
        unlisted,
    };
    let mock = Mock::start(size);
    let hub = TestHub::start().await;
    let instance = hub.connect("Mock", &mock.base(), "a-token-of-the-mock").await;
    let there = hub.status(instance.id).await;
    assert_eq!((there.users, there.groups), (5000, 200));
    if unlisted {
        // What the check after connecting found out counts from the next sync on.
        let (id, store) = (instance.id, &hub.server.hub().store);
        let watch = Stopwatch::start();
        while store
            .read(move |rx| probes::of(rx, id))
            .await
            .unwrap()
            .profile
            .is_none()
        {
            assert!(watch.elapsed() < Duration::from_secs(30), "no check");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        hub.sync(id).await;
    }
    mock.calls();
    hub.sync(instance.id).await;
    let (calls, pages) = (mock.calls(), (size.users + size.groups) / PAGE);
    println!("{calls} calls for {pages} pages and {alone} groups alone");
    assert!(calls <= pages + 1 + alone, "{calls} calls for {pages} pages");
    let idp = hub.client(&instance).await;
    let group = idp.named("Groups", "Group 7").await.unwrap();
    assert_eq!(group["members"].as_array().map_or(0, Vec::len), size.members);
    let run = hub.status(instance.id).await.run.unwrap();
    assert_eq!(
        (run.counts.created, run.counts.changed, run.counts.unseen),
        (0, 0, 0)
    );
    hub.stop().await;
    mock.stop().await;
}

/// `tests/long/import.sh` runs it as it is released and with 100,000 users, and asks for half the speed; in a debug build
/// the figures are only told.
#[tokio::test(flavor = "multi_thread")]
async fn the_first_import_beside_reading_alone() {
    let users = std::env::var("IMPORT_USERS").map_or(3000, |n| n.parse().unwrap());
    let size = Size {
        users,
        groups: 0,
        members: 0,
        unlisted: false,
    };
    let mock = Mock::start(size);
    let bytes = Scim::new(mock.base(), "a-token-of-the-mock");
    let watch = Stopwatch::start();
    for start in (1..=users).step_by(PAGE) {
        bytes
            .get(&format!("/Users?startIndex={start}&count={PAGE}"))
            .await
            .expect(200);
    }
    let fetching = watch.elapsed();
    let watch = Stopwatch::start();
    assert_eq!(read_alone(&mock.base()).await, users);
    let reading = watch.elapsed();

    let hub = TestHub::start().await;
    let watch = Stopwatch::start();
    let instance = hub
        .try_connect("Mock", &mock.base(), "a-token-of-the-mock")
        .await
        .unwrap();
    let (mut early, mut most) = (None, 0);
    loop {
        let now = hub.status(instance.id).await;
        let resident = resident();
        most = most.max(resident);
        if early.is_none() && now.users >= users as u64 / 5 {
            early = Some(resident);
        }
        if now.last_sync_at.is_some() {
            break;
        }
        assert!(watch.elapsed() < Duration::from_secs(600), "{now:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let importing = watch.elapsed();
    let rate = |took: Duration| users as f64 / took.as_secs_f64();
    let share = 100.0 * rate(importing) / rate(reading);
    let early = early.unwrap_or(most);
    println!(
        "{users} users: read alone {:.0}/s (bytes alone {:.0}/s), imported {:.0}/s ({share:.0} %); {early} MiB after a fifth, {most} MiB at most",
        rate(reading),
        rate(fetching),
        rate(importing)
    );
    assert_eq!(hub.status(instance.id).await.users, users as u64);
    assert!(
        most < early + 100,
        "memory grows: {early} MiB after a fifth, {most} MiB at most"
    );
    if std::env::var_os("IMPORT_HALF").is_some() {
        assert!(
            share >= 50.0,
            "{share:.0} % of the speed at which the app can be read"
        );
    }
    hub.stop().await;
    mock.stop().await;
}

/// Reads all users as the hub's own client does, and keeps nothing; how many there were.
async fn read_alone(base: &str) -> usize {
    let target = Target::Scim {
        base_url: base.to_owned(),
        access: Access::default(),
        capabilities: Capabilities::default(),
    };
    let net = Net::new(NetPolicy {
        allow_private: true,
        ..NetPolicy::default()
    });
    let app = Connector::open(&target, Token::new("a-token-of-the-mock".into()), net.unwrap());
    let (mut place, mut read) = (Some(Place::START), 0);
    while let Some(at) = place {
        let page = app.page(ResourceType::User, &at).await.unwrap();
        read += page.resources.len();
        place = page.next;
    }
    read
}

/// Resident memory of this process in MiB, the mock's too.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).unwrap();
    let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1024
}
