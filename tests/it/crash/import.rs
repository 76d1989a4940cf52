//! `kill -9` while the app is read, again and again. Each start reads on where the last one was killed; in the end nobody is
//! forgotten, and the app was not written to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rollcall::clock::{Clock, Stopwatch};
use rollcall::demo::relay::{Relay, Request, Treatment};
use tokio::sync::Notify;

use super::{integrity, kills, say, settled};
use crate::support::Scim;
use crate::support::gateway::app;
use crate::support::process::{Process, Rollcall};
use crate::support::state::State;
use crate::support::storm::small_pages;

/// Unless `CRASH_KILLS` says another number.
/// Pages that an import reads ahead, and one that is being written.
const AHEAD: usize = 5;
const KILLS: usize = 10;
const USERS: usize = 300;
const GROUPS: usize = 15;
/// Of both lists, ten at a time; the one of the users may be asked to go on once.
const PAGES: usize = 34;

/// Where the hub's requests come by.
struct Door {
    running: Mutex<Option<Process>>,
    /// Pages until the next kill.
    trap: Mutex<Option<usize>>,
    sprung: Notify,
    rng: Mutex<StdRng>,
    pages: AtomicUsize,
    writes: AtomicUsize,
}

impl Door {
    fn pass(self: &Arc<Self>, request: &Request) -> Treatment {
        if request.path.ends_with("/ServiceProviderConfig") {
            return small_pages();
        }
        if request.method != "GET" {
            self.writes.fetch_add(1, Ordering::SeqCst);
        }
        if request.path.ends_with("&count=10") {
            self.pages.fetch_add(1, Ordering::SeqCst);
            let mut trap = self.trap.lock().unwrap();
            match *trap {
                Some(0) => {
                    *trap = None;
                    self.spring();
                }
                Some(left) => *trap = Some(left - 1),
                None => {}
            }
        }
        Treatment::Pass
    }

    /// Some moment after this page was asked for: before it comes, or while it is brought in.
    fn spring(self: &Arc<Self>) {
        let moment = Duration::from_micros(self.rng.lock().unwrap().random_range(0..40_000));
        let door = Arc::clone(self);
        std::thread::spawn(move || {
            std::thread::sleep(moment);
            // A process that has just come up is put here a moment later.
            loop {
                let running = door.running.lock().unwrap().take();
                if let Some(mut process) = running {
                    process.kill();
                    door.sprung.notify_one();
                    return;
                }
                std::thread::sleep(Duration::from_millis(1));
            }
        });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn kills_during_an_import_forget_nobody() {
    let kills = kills(KILLS);
    let seed = Clock::system().now().0.unsigned_abs();
    say(&format!("seed {seed}"));
    let dir = tempfile::tempdir().unwrap();
    let (app, app_instance, direct) = app().await;
    let mut ids = Vec::new();
    for n in 0..USERS {
        ids.push(direct.user(&format!("u{n}@example.com")).await);
    }
    for n in 0..GROUPS {
        let members: Vec<&str> = ids[n * 10..n * 10 + 20].iter().map(String::as_str).collect();
        direct.group(&format!("Team {n}"), &members).await;
    }
    let relay = Relay::start(app.server.address()).await.unwrap();
    let door = Arc::new(Door {
        running: Mutex::default(),
        trap: Mutex::default(),
        sprung: Notify::new(),
        rng: Mutex::new(StdRng::seed_from_u64(seed)),
        pages: AtomicUsize::new(0),
        writes: AtomicUsize::new(0),
    });
    let at_relay = Arc::clone(&door);
    relay.treat(move |request| at_relay.pass(request));

    let hub = Rollcall::new(dir.path());
    let serve = || {
        tokio::task::block_in_place(|| {
            let (process, address) = hub.serve();
            *door.running.lock().unwrap() = Some(process);
            address
        })
    };
    let mut place = serve();
    let target = format!("http://{}/scim/{}/v2", relay.address(), app_instance.slug);
    let create = [
        "instance",
        "create",
        "App",
        "--token-stdin",
        "--base-url",
        &target,
    ];
    let slug = tokio::task::block_in_place(|| hub.ask(&create, &direct.key))["slug"].clone();
    let slug = slug.as_str().unwrap();
    let key = hub.ask(&["key", "create", slug], "")["key"].clone();
    *door.trap.lock().unwrap() = Some(3);
    let (mut met, mut first_import) = (0, None);
    while met < kills {
        let watch = Stopwatch::start();
        loop {
            let sprung = tokio::time::timeout(Duration::from_millis(200), door.sprung.notified()).await;
            if sprung.is_ok() {
                break;
            }
            assert!(watch.elapsed() < Duration::from_secs(60), "no page is asked for");
            // The kill may come while it answers.
            let list = tokio::task::block_in_place(|| hub.try_ask(&["instance", "list"]));
            if list.is_some_and(|list| list[0]["health"] == "healthy") {
                first_import.get_or_insert((met, door.pages.load(Ordering::SeqCst)));
                tokio::task::block_in_place(|| hub.try_ask(&["instance", "sync", slug]));
            }
        }
        met += 1;
        let next = door.rng.lock().unwrap().random_range(0..6);
        *door.trap.lock().unwrap() = (met < kills).then_some(next);
        tokio::task::block_in_place(|| integrity(&hub, dir.path()));
        place = serve();
    }
    settled(&hub).await;
    let idp = Scim::new(format!("{place}/scim/{slug}/v2"), key.as_str().unwrap());
    let (ours, theirs) = (State::read(&idp).await, State::read(&direct).await);
    let differ = ours.differences(&theirs);
    assert!(differ.is_empty(), "the hub and the app differ: {differ:#?}");
    assert_eq!((ours.users.len(), ours.groups.len()), (USERS, GROUPS));
    assert_eq!(door.writes.load(Ordering::SeqCst), 0, "reading writes nothing");
    // A kill costs the page that was under way, and those before it that were read ahead of what is written.
    let pages = door.pages.load(Ordering::SeqCst);
    let (before, pages) = first_import.unwrap_or((kills, pages));
    assert!(
        pages <= PAGES + (1 + AHEAD) * before,
        "{pages} pages read with {before} kills: it begins anew"
    );
    say(&format!(
        "{kills} kills; the first import read {pages} pages through {before} of them"
    ));
    let process = door.running.lock().unwrap().take();
    assert_eq!(process.unwrap().terminate(), Some(0));
    app.remember(&direct.key);
    app.stop().await;
}
