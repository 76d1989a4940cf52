//! `kill -9` of the real process, over and over, while identity providers write and pushes run. What was acknowledged is
//! there after each start, both sides come together in the end, and nobody was made twice.
//!
//! What a power cut leaves behind is shown elsewhere (`tests/long/durability.sh`): the page cache survives a process.

#[path = "crash/idp.rs"]
mod idp;
#[path = "crash/import.rs"]
mod import;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rollcall::clock::{Clock, Stopwatch};
use rollcall::demo::relay::{Relay, Request, Treatment};
use serde_json::Value;
use tokio::sync::{Notify, watch};

use crate::support::gateway::app;
use crate::support::process::{Process, Rollcall};
use crate::support::state::State;
use crate::support::{Scim, canary};

/// How many times the process is killed: `CRASH_KILLS`, or what is usual.
fn kills(usual: usize) -> usize {
    std::env::var("CRASH_KILLS").map_or(usual, |n| n.parse().unwrap())
}

/// Kills that have to meet an answered write, an unanswered write and a running push.
/// Unless `CRASH_KILLS` says another number.
const KILLS: usize = 20;
const WRITERS: u64 = 4;

/// What the writers, the app's door and the killer share.
struct Stage {
    seed: u64,
    /// The process, while one runs.
    running: Mutex<Option<Process>>,
    /// How to reach it; the count of its starts comes with it.
    place: watch::Sender<(usize, Scim)>,
    /// It was not killed yet.
    alive: AtomicBool,
    /// Writes answered, and writes that wait for their answer, since it started.
    answered: AtomicUsize,
    flying: AtomicUsize,
    /// Writes that the last kill left without an answer.
    lost: AtomicUsize,
    /// The next kill: at which write that reaches the app.
    trap: Mutex<Option<usize>>,
    sprung: Notify,
    rng: Mutex<StdRng>,
    /// Creates the app carried out, by name.
    made: Mutex<BTreeMap<String, usize>>,
    enough: AtomicBool,
}

impl Stage {
    fn new(seed: u64, nowhere: Scim) -> Arc<Self> {
        Arc::new(Self {
            seed,
            running: Mutex::default(),
            place: watch::Sender::new((0, nowhere)),
            alive: AtomicBool::new(false),
            answered: AtomicUsize::new(0),
            flying: AtomicUsize::new(0),
            lost: AtomicUsize::new(0),
            trap: Mutex::default(),
            sprung: Notify::new(),
            rng: Mutex::new(StdRng::seed_from_u64(seed)),
            made: Mutex::default(),
            enough: AtomicBool::new(false),
        })
    }

    /// At the app's door: every write of the hub comes by here, and one of them in each round is its last.
    fn door(&self, request: &Request) -> Treatment {
        if request.method == "GET" {
            return Treatment::Pass;
        }
        let treatment = if self.is_the_last() && self.spring() {
            Treatment::Cut
        } else {
            Treatment::Pass
        };
        if request.method == "POST" && treatment == Treatment::Pass {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let name = body["userName"].as_str().or(body["displayName"].as_str());
            *self
                .made
                .lock()
                .unwrap()
                .entry(name.unwrap().to_owned())
                .or_default() += 1;
        }
        treatment
    }

    /// Counts down; true for the one write at which it happens, if a write was answered and another waits.
    fn is_the_last(&self) -> bool {
        let mut trap = self.trap.lock().unwrap();
        match trap.as_mut() {
            None => false,
            Some(left) if *left > 0 => {
                *left -= 1;
                false
            }
            Some(_) => {
                let met = self.answered.load(Ordering::SeqCst) > 0 && self.flying.load(Ordering::SeqCst) > 0;
                if met {
                    *trap = None;
                }
                met
            }
        }
    }

    /// Kills it, a moment later, while this push waits for its answer. True: the app is not to see the push.
    fn spring(&self) -> bool {
        let (moment, unseen) = {
            let mut rng = self.rng.lock().unwrap();
            (
                Duration::from_micros(rng.random_range(0..20_000)),
                rng.random_bool(0.5),
            )
        };
        std::thread::sleep(moment);
        // Some write waits at nearly every moment; the kill itself has to meet one.
        let watch = Stopwatch::start();
        while self.flying.load(Ordering::SeqCst) == 0 && watch.elapsed() < Duration::from_secs(1) {
            std::hint::spin_loop();
        }
        self.alive.store(false, Ordering::SeqCst);
        let killed = self.running.lock().unwrap().take();
        killed.unwrap().kill();
        self.sprung.notify_one();
        unseen
    }

    fn started(&self, process: Process, scim: Scim) {
        *self.running.lock().unwrap() = Some(process);
        for count in [&self.answered, &self.lost] {
            count.store(0, Ordering::SeqCst);
        }
        self.alive.store(true, Ordering::SeqCst);
        self.place.send_modify(|place| *place = (place.0 + 1, scim));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn kills_lose_nothing_and_double_nobody() {
    let wanted = kills(KILLS);
    let seed = std::env::var("CRASH_SEED").map_or_else(
        |_| Clock::system().now().0.unsigned_abs(),
        |text| text.parse().unwrap(),
    );
    say(&format!("CRASH_SEED={seed}"));
    let dir = tempfile::tempdir().unwrap();
    let (app, app_instance, direct) = app().await;
    let relay = Relay::start(app.server.address()).await.unwrap();
    let stage = Stage::new(seed, direct.clone());
    let door = Arc::clone(&stage);
    relay.treat(move |request| door.door(request));

    let hub = Rollcall::new(dir.path());
    let (process, address) = hub.serve();
    let target = format!("http://{}/scim/{}/v2", relay.address(), app_instance.slug);
    let create = [
        "instance",
        "create",
        "App",
        "--token-stdin",
        "--base-url",
        &target,
    ];
    let slug = hub.ask(&create, &direct.key)["slug"].as_str().unwrap().to_owned();
    let key = hub.ask(&["key", "create", &slug], "")["key"]
        .as_str()
        .unwrap()
        .to_owned();
    hub.run(&["instance", "sync", &slug, "--wait"], "");
    let scim = |address: &str| Scim::new(format!("{address}/scim/{slug}/v2"), &key);
    stage.started(process, scim(&address));
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| tokio::spawn(idp::write(n, Arc::clone(&stage))))
        .collect();

    let (mut met, mut kills) = (0, 0);
    while met < wanted {
        kills += 1;
        assert!(
            kills <= 3 * wanted,
            "only {met} of {kills} kills left a write unanswered"
        );
        let at = stage.rng.lock().unwrap().random_range(0..25);
        *stage.trap.lock().unwrap() = Some(at);
        let sprung = tokio::time::timeout(Duration::from_secs(60), stage.sprung.notified()).await;
        assert!(
            sprung.is_ok(),
            "no push reached the app: {}",
            hub.run(&["instance", "list"], "")
        );
        // Each writer finds out by itself that its answer will not come.
        let watch = Stopwatch::start();
        while stage.flying.load(Ordering::SeqCst) > 0 {
            assert!(
                watch.elapsed() < Duration::from_secs(30),
                "a writer waits for the dead"
            );
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        met += usize::from(stage.lost.load(Ordering::SeqCst) > 0);
        tokio::task::block_in_place(|| {
            integrity(&hub, dir.path());
            let (process, address) = hub.serve();
            stage.started(process, scim(&address));
        });
    }
    stage.enough.store(true, Ordering::SeqCst);
    let (mut people, mut writes) = (0, 0);
    for writer in writers {
        let (its_people, its_writes) = writer.await.unwrap();
        people += its_people;
        writes += its_writes;
    }

    settled(&hub).await;
    let there = stage.place.borrow().1.clone();
    let (ours, theirs) = (State::read(&there).await, State::read(&direct).await);
    let differ = ours.differences(&theirs);
    assert!(differ.is_empty(), "the hub and the app differ: {differ:#?}");
    assert_eq!(ours.users.len(), people);
    let made = stage.made.lock().unwrap().clone();
    let twice: Vec<_> = made.iter().filter(|(_, times)| **times > 1).collect();
    assert!(twice.is_empty(), "made twice: {twice:?}");
    say(&format!(
        "{kills} kills, {writes} acknowledged writes, {people} people"
    ));

    let backup = hub.logs().join("backup.db");
    hub.run(&["backup", backup.to_str().unwrap()], "");
    let process = stage.running.lock().unwrap().take();
    assert_eq!(process.unwrap().terminate(), Some(0));
    hub.run(&["doctor"], "");
    integrity(&hub, dir.path());
    // The grep would find what lies there in clear.
    assert!(canary::find(&hub.data, "p0-0@example.com").is_some());
    let secrets = [key, direct.key.clone()];
    for place in [&hub.data, hub.logs()] {
        canary::grep(place, &secrets);
    }
    app.remember(&direct.key);
    app.stop().await;
}

#[expect(clippy::print_stdout, reason = "with the seed a failure can be had again")]
fn say(line: &str) {
    println!("{line}");
}

/// SQLite's own check, on a copy: opening the files themselves would do the hub's recovery for it.
fn integrity(hub: &Rollcall, dir: &std::path::Path) {
    let copy = dir.join("copy.db");
    std::fs::copy(hub.data.join("rollcall.db"), &copy).unwrap();
    let wal = hub.data.join("rollcall.db-wal");
    let copied_wal = dir.join("copy.db-wal");
    let _ = std::fs::remove_file(dir.join("copy.db-shm"));
    if wal.exists() {
        std::fs::copy(wal, copied_wal).unwrap();
    } else {
        let _ = std::fs::remove_file(copied_wal);
    }
    let database = rusqlite::Connection::open(copy).unwrap();
    let said: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(said, "ok");
}

/// Until nothing is on its way to the app any more.
async fn settled(hub: &Rollcall) {
    let watch = Stopwatch::start();
    loop {
        let list = tokio::task::block_in_place(|| hub.ask(&["instance", "list"], ""));
        let row = &list[0];
        assert_eq!(row["rejected"], 0, "{row}");
        if row["pending"] == 0 && row["health"] == "healthy" {
            return;
        }
        assert!(watch.elapsed() < Duration::from_secs(60), "not settled: {row}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
