//! A token that is refused for three days while people go on coming and going. The app is left alone but for a look now and
//! then, another instance notices nothing, and when the token works again it heals in order: what happened in the app is
//! read first, then leavers, then users, then groups; with more and more at once, and an end that is told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use rollcall::cli::command::Command;
use rollcall::cli::execute::execute;
use rollcall::clock::Stopwatch;
use rollcall::demo::relay::{Request, Treatment};
use rollcall::model::Health;
use rollcall::sync::manage::Edit;
use rollcall::sync::status::InstanceStatus;

use crate::support::Storm;
use crate::support::client::person;
use crate::support::pages::Visitor;
use crate::support::state::{State, shown};
use crate::support::storm::{Door, name};

/// Joiners that wait, unless `WAITING` says another number.
const WAITING: usize = 1500;
const HOUR: Duration = Duration::from_secs(60 * 60);
/// What a write takes by the hub's clock.
const MOMENT: Duration = Duration::from_millis(50);
/// Pushes of this instance while one of another goes through.
const MEANWHILE: u64 = 100;
/// Pushes of one instance at once: so many may overtake each other.
const TOGETHER: usize = 4;
/// Identity providers call in parallel.
const CALLERS: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn three_days_of_a_refused_token_heal_in_order() {
    let waiting = std::env::var("WAITING").map_or(WAITING, |n| n.parse().unwrap());
    let mut storm = Storm::new().await;
    let base = storm.g.instance.target.as_ref().unwrap().base_url().to_owned();
    let slug = base.rsplit('/').nth(1).unwrap().to_owned();
    // Another instance of the hub, at another tenant of the same app.
    let (tenant, _) = storm.g.app.receiver("Tenant").await;
    let key = storm.g.app.client(&tenant).await.key;
    let elsewhere = base.replace(&format!("/{slug}/"), &format!("/{}/", tenant.slug));
    let other = storm.g.hub.connect("Other", &elsewhere, &key).await;
    let other_idp = storm.g.hub.client(&other).await;
    // Its syncs would be seen among ours.
    let rarely = Edit {
        sync_every_s: Some(7 * 24 * 60 * 60),
        ..Edit::default()
    };
    storm.g.hub.edit(other.id, rarely).await.unwrap();

    storm.g.relay.clear_log();
    storm.script.carried();
    let refused = Treatment::scim_error(401, "the token has expired");
    storm
        .script
        .arm(&[Door::Under(format!("/{slug}/").leak())], refused, usize::MAX);
    storm.source.founded("Joiners", &[&name(0)]).await;
    for n in 1..4 {
        storm.source.deactivated(&name(n)).await;
    }
    storm
        .g
        .hub
        .wait_health(storm.g.instance.id, Health::Failing, "401")
        .await;
    let mut callers = tokio::task::JoinSet::new();
    for caller in 0..CALLERS {
        let idp = storm.g.idp.clone();
        callers.spawn(async move {
            for n in (caller..waiting).step_by(CALLERS) {
                idp.user(&format!("joiner{n}@example.com")).await;
            }
        });
    }
    callers.join_all().await;
    for n in 0..waiting {
        let joiner = format!("joiner{n}@example.com");
        let there = (true, shown(&person(&joiner)));
        storm.source.model.users.insert(joiner, there);
    }

    let asked = storm.g.relay.log().len();
    for hour in 0..72 {
        storm.clock.advance(HOUR);
        storm.g.hub.idle().await;
        if hour % 24 == 12 {
            other_idp.user(&format!("day{hour}@example.com")).await;
            storm.g.hub.wait(other.id, "in step", |s| s.pending == 0).await;
            assert_eq!(storm.g.hub.status(other.id).await.health, Health::Healthy);
        }
    }
    let told = storm.status().await;
    assert_eq!(
        (told.health, told.pending, told.forecast),
        (Health::Failing, waiting as u64 + 4, None),
        "{told:?}"
    );
    let log = storm.g.relay.log();
    let looks = log[asked..]
        .iter()
        .filter(|e| e.path.contains(&format!("/{slug}/")));
    // A look asks for up to three things, and there is one an hour.
    assert!(looks.count() <= 3 * 80, "the app is left alone");
    let ours = |writes: Vec<String>| -> Vec<String> {
        let ours = writes.into_iter().filter(|w| w.contains(&format!("/{slug}/")));
        ours.collect()
    };
    assert!(
        ours(storm.script.carried()).is_empty(),
        "nothing is written meanwhile"
    );

    // Somebody was made in the app meanwhile; the token is mended.
    storm.g.direct.user("late@example.com").await;
    let late = (true, shown(&person("late@example.com")));
    storm.source.model.users.insert("late@example.com".into(), late);
    let asked = watched(&storm, &slug);
    storm.script.disarm();
    storm.clock.advance(HOUR);

    // Half of them are through: it is said when the others will be, and the other instance is not kept waiting.
    let told = until_left(&storm, waiting as u64 / 2).await;
    let (half, forecast) = (storm.clock.now(), told.forecast.unwrap());
    says_when(&storm).await;
    other_idp.user("meanwhile@example.com").await;
    let before = storm.status().await.pending;
    storm.g.hub.wait(other.id, "in step", |s| s.pending == 0).await;
    let after = storm.status().await.pending;
    assert!(
        after > 0 && before - after <= MEANWHILE,
        "one of another instance waited for {} of these, {after} are left",
        before - after
    );

    until_left(&storm, 0).await;
    let (expected, took) = (forecast.done_at.since(half), storm.clock.now().since(half));
    assert!(
        expected > took / 2 && expected < took * 2,
        "half way the end was expected after {expected:?}; it took {took:?}"
    );
    assert_eq!(storm.status().await.forecast, None, "nothing waits");
    storm.calm().await;
    storm.unharmed("after three days").await;

    let asked = asked.lock().unwrap().clone();
    let first = asked.iter().position(|e| e.method != "GET").unwrap();
    let pages = asked[..first].iter().filter(|e| e.path.ends_with("&count=10"));
    assert!(pages.count() >= 6, "the app is read first");
    let places = |what: &dyn Fn(&str, &str) -> bool| -> Vec<usize> {
        let found = asked.iter().enumerate().filter(|(_, e)| what(&e.method, &e.path));
        found.map(|(at, _)| at).collect()
    };
    let leavers = places(&|m, p| m == "PATCH" && p.contains("/Users/"));
    let users = places(&|m, p| m == "POST" && p.ends_with("/Users"));
    let groups = places(&|m, p| m == "POST" && p.ends_with("/Groups"));
    assert_eq!((leavers.len(), groups.len()), (3, 1));
    assert_eq!(users.len(), waiting);
    assert!(
        leavers[2] < users[TOGETHER],
        "leavers before users: {leavers:?} {:?}",
        &users[..5]
    );
    assert!(groups[0] > users[waiting - 1 - TOGETHER], "users before groups");
    // The check and the reading come one by one; with each success one more may go at once, and never more than usual.
    assert!(asked[..first].iter().all(|e| e.together == 1), "read one by one");
    for (n, write) in asked[first..].iter().enumerate() {
        // The sync was the first success. One push of the other instance may be on its way too.
        let most = (n + 2).min(TOGETHER) + usize::from(n > waiting / 4);
        assert!(write.together <= most, "{} at once as number {n}", write.together);
    }
    let together = asked.iter().map(|e| e.together).max();
    assert!(together > Some(1), "it never grew");
    let (theirs, there) = (State::read(&other_idp).await, storm.g.hub.status(other.id).await);
    assert_eq!((theirs.users.len(), there.health), (4, Health::Healthy));
    storm.g.hub.remember(&key);
    storm.g.stop().await;
}

/// Everything that is asked of the app from now on, in order. Each write takes the hub's clock a moment further.
fn watched(storm: &Storm, slug: &str) -> Arc<Mutex<Vec<Request>>> {
    let asked = Arc::<Mutex<Vec<Request>>>::default();
    let (script, clock, under) = (
        Arc::clone(&storm.script),
        storm.clock.clone(),
        format!("/{slug}/"),
    );
    let here = Arc::clone(&asked);
    storm.g.relay.treat(move |request| {
        if request.path.contains(&under) {
            if request.method != "GET" {
                clock.advance(MOMENT);
            }
            let body = Vec::new();
            here.lock().unwrap().push(Request {
                body,
                ..request.clone()
            });
        }
        script.treat(request)
    });
    asked
}

/// Until no more than these wait.
async fn until_left(storm: &Storm, left: u64) -> InstanceStatus {
    let (mut watch, mut before) = (Stopwatch::start(), u64::MAX);
    loop {
        let now = storm.status().await;
        if now.pending <= left {
            return now;
        }
        if now.pending < before {
            (watch, before) = (Stopwatch::start(), now.pending);
        }
        assert!(
            watch.elapsed() < Duration::from_secs(60),
            "it stands still: {now:?}"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The page and the command line say how fast it goes and when it will be through.
async fn says_when(storm: &Storm) {
    let hub = storm.g.hub.server.hub();
    let show = Command::InstanceShow {
        slug: storm.g.instance.slug.clone(),
    };
    let told = execute(hub, None, "https://hub.example.com", show).await.unwrap();
    assert!(told["pushed_per_minute"].as_u64() > Some(0), "{told}");
    let end = told["expected_end_at"].as_str().unwrap();
    assert!(*end > *storm.clock.now().to_string(), "{end}");
    let page = Visitor::operator(&storm.g.hub).await;
    let page = page.get(&format!("/instances/{}", storm.g.instance.slug)).await;
    // Within a minute, or at a time of day: as fast as this machine is.
    assert!(page.text.contains(" a minute, done "), "{}", page.text);
}
