//! A sync is a run: it goes on where it stopped, is cancelled without harm, and is kept with what it counted.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use rollcall::clock::Stopwatch;
use rollcall::demo::relay::{Entry, Relay, Request, Treatment};
use rollcall::model::{Run, RunPhase};
use rollcall::store::{events, runs};
use serde_json::{Value, json};

use crate::support::client::id;
use crate::support::gateway::{app, first};
use crate::support::hub::admin;
use crate::support::mock::{Mock, Size};
use crate::support::process::{Process, Rollcall};
use crate::support::{Gateway, TestHub, canary};

const PEOPLE: &[&str] = &[
    "ada@example.com",
    "ben@example.com",
    "cleo@example.com",
    "dan@example.com",
    "eve@example.com",
    "fay@example.com",
];
/// A page is 100.
const MANY: usize = 720;

fn is_list(request: &Request, endpoint: &str) -> bool {
    request.method == "GET" && request.path.contains(&format!("/{endpoint}?startIndex="))
}

/// Where the user lists among these requests began.
fn starts<'a>(log: impl IntoIterator<Item = &'a Entry>) -> Vec<u64> {
    let of = |entry: &Entry| {
        let (_, rest) = entry.path.split_once("/Users?startIndex=")?;
        rest.split('&').next()?.parse().ok()
    };
    log.into_iter().filter_map(of).collect()
}

async fn latest(g: &Gateway) -> Run {
    let id = g.instance.id;
    let store = &g.hub.server.hub().store;
    store
        .read(move |rx| runs::latest(rx, id, 1))
        .await
        .unwrap()
        .remove(0)
}

async fn ended(g: &Gateway, after: i64) -> Run {
    let over = |r: &Run| r.id > after && r.ended.is_some();
    let what = "a sync ended";
    let status = g
        .hub
        .wait(g.instance.id, what, |s| s.run.as_ref().is_some_and(over));
    let run = status.await.run.unwrap();
    g.hub.idle().await;
    run
}

async fn ask(g: &Gateway) {
    let manager = &g.hub.server.hub().manager;
    manager.sync_now(admin(), g.instance.id).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_killed_import_reads_on_where_it_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let (app, app_instance, direct) = app().await;
    for n in 0..MANY {
        direct.user(&format!("u{n:03}@example.com")).await;
    }
    let relay = Relay::start(app.server.address()).await.unwrap();
    let hub = Rollcall::new(dir.path());
    let running: Arc<Mutex<Option<Process>>> = Arc::default();
    let killer = Arc::clone(&running);
    relay.treat(move |request| {
        if is_list(request, "Users") && request.path.contains("startIndex=601&") {
            let process = killer.lock().unwrap().take();
            if let Some(mut process) = process {
                process.kill();
                return Treatment::Cut;
            }
        }
        Treatment::Pass
    });
    let target = format!("http://{}/scim/{}/v2", relay.address(), app_instance.slug);
    let (process, _) = hub.serve();
    *running.lock().unwrap() = Some(process);
    let create = [
        "instance",
        "create",
        "App",
        "--token-stdin",
        "--base-url",
        &target,
    ];
    let slug = tokio::task::block_in_place(|| hub.ask(&create, &direct.key)["slug"].clone());
    let slug = slug.as_str().unwrap();
    let watch = Stopwatch::start();
    while running.lock().unwrap().is_some() {
        assert!(
            watch.elapsed() < Duration::from_secs(60),
            "it never came to the seventh page"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    tokio::task::block_in_place(|| {
        let (mut process, _) = hub.serve();
        let waited = hub.ask(&["instance", "sync", slug, "--wait", "--timeout", "60"], "");
        assert_eq!(waited["outcome"], "done", "{waited}");
        let listed = hub.ask(&["instance", "runs", slug], "");
        let oldest = listed.as_array().unwrap().last().unwrap();
        assert_eq!(
            (
                &oldest["outcome"],
                &oldest["users"],
                &oldest["created"],
                &oldest["unseen"]
            ),
            (&json!("done"), &json!(MANY), &json!(MANY), &json!(0)),
            "{listed}"
        );
        let row = &hub.ask(&["instance", "list"], "")[0];
        assert_eq!(row["users"], MANY, "{row}");
        assert_eq!(process.terminate(), Some(0));
    });
    let log = relay.log();
    let cut = log.iter().position(|e| e.treatment == Treatment::Cut).unwrap();
    let after = starts(&log[cut + 1..]);
    // It reads up to four pages ahead of what is written, so two of the six are sure to be.
    assert!((201..=601).contains(&after[0]), "{after:?}");
    assert_eq!(after[1], after[0] + 100, "{after:?}");
    for place in [&hub.data, hub.logs()] {
        canary::grep(place, std::slice::from_ref(&direct.key));
    }
    app.remember(&direct.key);
    app.stop().await;
}

/// Pages are read ahead of what is written: those behind a unit of work that the database refuses are not lost.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_cannot_be_stored_stops_only_itself() {
    let size = Size {
        users: 950,
        groups: 0,
        members: 0,
        unlisted: false,
    };
    let mock = Mock::start(size);
    let hub = TestHub::start().await;
    let database = rusqlite::Connection::open(hub.dir().join("rollcall.db")).unwrap();
    database
        .execute_batch(
            "CREATE TRIGGER refuse BEFORE INSERT ON resources WHEN new.name IN ('person150@example.com', 'person420@example.com')
             BEGIN SELECT RAISE(ABORT, 'refused by the test'); END",
        )
        .unwrap();
    let instance = hub.connect("Mock", &mock.base(), "a-token-of-the-mock").await;
    let id = instance.id;
    let run = hub.server.hub().store.read(move |rx| runs::latest(rx, id, 1));
    let run = run.await.unwrap().pop().unwrap();
    let counts = &run.counts;
    assert_eq!(
        (run.phase, counts.users, counts.created, counts.broken),
        (RunPhase::Done, 950, 948, 2)
    );
    assert_eq!(hub.status(id).await.users, 948);
    let told: Vec<_> = run.troubles.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(told, ["person150@example.com", "person420@example.com"]);
    hub.stop().await;
    mock.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cancelled_sync_takes_nobody_as_gone() {
    let g = Gateway::with_people(PEOPLE).await;
    let before = latest(&g).await.id;
    let ada = id(g.direct.named("Users", "ada@example.com").await.unwrap());
    g.direct.delete(&format!("/Users/{ada}")).await.expect(204);
    g.relay.clear_log();
    // The groups are asked for, and the answer waits.
    let door = Arc::new((Mutex::new((false, false)), Condvar::new()));
    let inner = Arc::clone(&door);
    g.relay.treat(move |request| {
        if is_list(request, "Groups") {
            let (state, news) = &*inner;
            let mut state = state.lock().unwrap();
            state.0 = true;
            news.notify_all();
            drop(news.wait_while(state, |s| !s.1).unwrap());
        }
        Treatment::Pass
    });
    ask(&g).await;
    tokio::task::block_in_place(|| {
        let (state, news) = &*door;
        let (_state, waited) = news
            .wait_timeout_while(state.lock().unwrap(), Duration::from_secs(60), |s| !s.0)
            .unwrap();
        assert!(!waited.timed_out(), "the groups were never asked for");
    });
    let manager = &g.hub.server.hub().manager;
    let cancelled = manager
        .cancel_sync(admin(), g.instance.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (cancelled.phase, cancelled.counts.users),
        (RunPhase::Cancelled, 5)
    );
    let again = manager.cancel_sync(admin(), g.instance.id).await.unwrap_err();
    assert!(again.to_string().contains("No sync runs"), "{again}");
    door.0.lock().unwrap().1 = true;
    door.1.notify_all();
    g.hub.idle().await;
    let run = latest(&g).await;
    assert_eq!((run.id, run.phase), (cancelled.id, RunPhase::Cancelled));
    assert!(run.id > before);
    assert_eq!(g.count("GET", "/Users/"), 0, "nobody is looked for");
    assert_eq!(g.hub.status(g.instance.id).await.users, 6);
    g.relay.pass();
    g.hub.sync(g.instance.id).await;
    let run = latest(&g).await;
    assert_eq!((run.phase, run.counts.unseen), (RunPhase::Done, 1));
    assert_eq!(g.hub.status(g.instance.id).await.users, 5, "looked for, and gone");
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_place_that_the_app_refuses_begins_its_phase_anew() {
    let names: Vec<String> = (0..130).map(|n| format!("u{n:03}@example.com")).collect();
    let g = Gateway::with_people(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let before = latest(&g).await.id;
    let second = |r: &Request| is_list(r, "Users") && r.path.contains("startIndex=101&");
    for (times, phase) in [(1, RunPhase::Done), (2, RunPhase::Failed)] {
        g.relay.clear_log();
        let refusal = Treatment::scim_error(400, "the cursor has expired");
        g.relay.treat(first(times, second, refusal));
        ask(&g).await;
        let over = |r: &Run| r.id > before && r.phase == phase;
        let id = g.instance.id;
        let store = &g.hub.server.hub().store;
        let watch = Stopwatch::start();
        let run = loop {
            let all = store.read(move |rx| runs::latest(rx, id, 5)).await.unwrap();
            if let Some(run) = all.into_iter().find(over) {
                break run;
            }
            assert!(
                watch.elapsed() < Duration::from_secs(60),
                "no run ended as {phase:?}"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        let begun = starts(&g.relay.log());
        assert_eq!(begun[..4], [1, 101, 1, 101], "{phase:?}");
        if phase == RunPhase::Done {
            assert_eq!(
                (run.counts.users, run.counts.unseen, run.counts.changed),
                (130, 0, 0)
            );
        } else {
            assert!(run.error.unwrap().contains("the cursor has expired"));
        }
        g.hub.idle().await;
    }
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_new_writes_nothing_but_that_it_was_seen() {
    let g = Gateway::with_people(PEOPLE).await;
    let instance = g.instance.id;
    let store = g.hub.server.hub().store.clone();
    let told = || async {
        let all = store.read(move |rx| events::of_instance(rx, instance, None, 1000));
        let actions = all.await.unwrap().into_iter().map(|e| e.action);
        actions.filter(|a| a != "sync.requested").count()
    };
    let before = (g.idp.get("/Users").await.expect(200), told().await);
    g.relay.clear_log();
    g.hub.sync(instance).await;
    assert_eq!((g.idp.get("/Users").await.expect(200), told().await), before);
    let run = latest(&g).await;
    let c = &run.counts;
    assert_eq!(
        (c.users, c.groups, c.created, c.changed, c.broken, c.unseen),
        (6, 1, 0, 0, 0, 0)
    );
    assert_eq!(g.relay.log().len(), 2, "a page of each kind: {:?}", g.relay.log());
    g.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_understood_is_kept_with_the_run() {
    let g = Gateway::with_people(PEOPLE).await;
    let before = latest(&g).await.id;
    let broken: Vec<_> = (0..30)
        .map(|n| json!({"id": format!("x{n}"), "userName": ["no text"]}))
        .collect();
    let mut list = g.direct.get("/Users").await.expect(200);
    list["totalResults"] = json!(36);
    list["Resources"].as_array_mut().unwrap().extend(broken);
    let body = list.to_string();
    g.relay.treat(move |request| {
        if !is_list(request, "Users") {
            return Treatment::Pass;
        }
        Treatment::Answer {
            status: 200,
            headers: vec![("Content-Type".into(), "application/scim+json".into())],
            body: body.clone(),
        }
    });
    ask(&g).await;
    let run = ended(&g, before).await;
    assert_eq!(
        (run.phase, run.counts.users, run.counts.broken),
        (RunPhase::Done, 36, 30),
        "{run:?}"
    );
    assert_eq!(run.troubles.len(), 20);
    assert!(
        run.troubles
            .iter()
            .all(|t| t.kind == "User" && t.id.starts_with('x') && !t.why.is_empty())
    );
    assert_eq!(g.hub.status(g.instance.id).await.users, 6);
    g.stop().await;
}

/// Reads what it says on the way until `found`; the line.
fn says(child: &mut Child, found: &str) -> String {
    let mut lines = BufReader::new(child.stderr.as_mut().unwrap()).lines();
    let line = lines.find(|line| line.as_ref().unwrap().contains(found));
    line.unwrap_or_else(|| panic!("it never said {found:?}")).unwrap()
}

fn ended_with(child: Child) -> (Option<i32>, Value) {
    let done = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&done.stdout);
    let answer = serde_json::from_str(&text);
    (
        done.status.code(),
        answer.unwrap_or_else(|e| panic!("{e}: {text}")),
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_sync_without_a_server_shows_how_it_gets_on_and_can_be_ended() {
    let dir = tempfile::tempdir().unwrap();
    let (app, app_instance, direct) = app().await;
    for n in 0..MANY {
        direct.user(&format!("u{n:03}@example.com")).await;
    }
    let relay = Relay::start(app.server.address()).await.unwrap();
    let hub = Rollcall::new(dir.path());
    let target = format!("http://{}/scim/{}/v2", relay.address(), app_instance.slug);
    let create = [
        "instance",
        "create",
        "App",
        "--token-stdin",
        "--base-url",
        &target,
    ];
    let slug = tokio::task::block_in_place(|| {
        let (mut process, _) = hub.serve();
        let made = hub.ask(&create, &direct.key)["slug"].clone();
        let slug = made.as_str().unwrap().to_owned();
        hub.run(&["instance", "sync", &slug, "--wait", "--timeout", "60"], "");
        assert_eq!(process.terminate(), Some(0));
        slug
    });
    let second = |r: &Request| is_list(r, "Users") && r.path.contains("startIndex=101&");
    // The second page comes only once somebody has asked how it gets on.
    let door = Arc::new((Mutex::new(false), Condvar::new()));
    let inner = Arc::clone(&door);
    relay.treat(move |request| {
        if second(request) {
            let (open, news) = &*inner;
            drop(news.wait_while(open.lock().unwrap(), |open| !*open).unwrap());
        }
        Treatment::Pass
    });
    tokio::task::block_in_place(|| {
        let mut sync = hub.begin(&["instance", "sync", &slug, "--wait"]);
        says(&mut sync, &format!("100 of about {MANY} users read"));
        let listed = hub.ask(&["instance", "runs", &slug], "");
        assert_eq!(
            (&listed[0]["phase"], &listed[0]["users"], &listed[0]["outcome"]),
            (&json!("users"), &json!(100), &Value::Null),
            "{listed}"
        );
        let other = hub.begin(&["key", "create", &slug]).wait_with_output().unwrap();
        let why = String::from_utf8_lossy(&other.stderr);
        assert!(
            !other.status.success() && why.contains("another command works"),
            "{why}"
        );
        hub.run(&["instance", "sync", &slug, "--cancel"], "");
        *door.0.lock().unwrap() = true;
        door.1.notify_all();
        let (code, answer) = ended_with(sync);
        assert_eq!(
            (code, &answer["outcome"]),
            (Some(1), &json!("cancelled")),
            "{answer}"
        );
    });
    // Nobody waits longer than was said; the next one goes on with the same sync.
    relay.treat(first(1, second, Treatment::Late(Duration::from_secs(3))));
    tokio::task::block_in_place(|| {
        let wait = ["instance", "sync", &slug, "--wait", "--timeout", "1"];
        let (code, cut) = ended_with(hub.begin(&wait));
        assert_eq!((code, &cut["outcome"]), (Some(1), &json!("timeout")), "{cut}");
        let (code, done) = ended_with(hub.begin(&wait[..4]));
        assert_eq!((code, &done["outcome"]), (Some(0), &json!("done")), "{done}");
        assert_eq!(
            (&done["run"], &done["users"]),
            (&cut["run"], &json!(MANY)),
            "{done}"
        );
    });
    app.remember(&direct.key);
    app.stop().await;
}
