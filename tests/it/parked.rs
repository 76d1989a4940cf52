//! A token that is refused for three days while people go on coming and going. The app is left alone but for a look now and
//! then, another instance notices nothing, and when the token works again it heals in order: what happened in the app is
//! read first, then leavers, then users, then groups.

use std::time::Duration;

use rollcall::demo::relay::Treatment;
use rollcall::model::Health;

use crate::support::Storm;
use crate::support::client::person;
use crate::support::state::{State, shown};
use crate::support::storm::{Door, name};

/// Joiners that wait, unless `WAITING` says another number.
const WAITING: usize = 1500;
const HOUR: Duration = Duration::from_secs(60 * 60);
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
        (told.health, told.pending),
        (Health::Failing, waiting as u64 + 4),
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
    storm.g.relay.clear_log();
    storm.script.disarm();
    storm.clock.advance(HOUR);
    storm.calm().await;
    storm.unharmed("after three days").await;

    let log = storm.g.relay.log();
    let log: Vec<_> = log
        .iter()
        .filter(|e| e.path.contains(&format!("/{slug}/")))
        .collect();
    let first = log.iter().position(|e| e.method != "GET").unwrap();
    let pages = log[..first].iter().filter(|e| e.path.ends_with("&count=10"));
    assert!(pages.count() >= 6, "the app is read first");
    let places = |what: &dyn Fn(&str, &str) -> bool| -> Vec<usize> {
        let found = log.iter().enumerate().filter(|(_, e)| what(&e.method, &e.path));
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
    let (theirs, there) = (State::read(&other_idp).await, storm.g.hub.status(other.id).await);
    assert_eq!((theirs.users.len(), there.health), (3, Health::Healthy));
    storm.g.hub.remember(&key);
    storm.g.stop().await;
}
