//! An import that breaks off for a passing reason goes on where it stopped, and takes nobody as gone for it.

use std::time::Duration;

use super::app::{App, Lists, USER};
use super::hub::Hub;
use crate::clock::Clock;
use crate::model::{Health, Policies, Run, RunPhase, Time};
use crate::store::runs;

/// Seven to a page.
const MANY: usize = 40;
/// It is asked for a second time at once, so that one failure is two answers.
const ONCE: usize = 2;

async fn app() -> App {
    let app = App::start().await;
    for n in 0..MANY {
        app.add_user(&format!("u{n:02}"));
    }
    app
}

async fn all(hub: &Hub) -> Vec<Run> {
    hub.read(|rx, i| runs::latest(rx, i.id, 100)).await
}

async fn until(hub: &Hub, what: &str, met: impl Fn(&[Run]) -> bool) -> Vec<Run> {
    for _ in 0..1000 {
        let now = all(hub).await;
        if met(&now) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("{what} never came: {:?}", all(hub).await)
}

fn waits(runs: &[Run]) -> bool {
    runs.first().is_some_and(|run| run.breaks.waits)
}

#[tokio::test]
async fn it_goes_on_where_it_stopped_however_often_it_breaks_off() {
    let app = app().await;
    app.add_group("staff", &[]);
    for place in [("Users", 15), ("Users", 36), ("Groups", 1)] {
        app.state().bad_places.insert(place, (503, ONCE));
    }
    let hub = Hub::with(app, Policies::default()).await;
    let done = until(&hub, "the end", |runs| {
        runs.first().is_some_and(|r| r.ended.is_some())
    })
    .await;
    let [run] = done.as_slice() else {
        panic!("one run: {done:?}")
    };
    let c = &run.counts;
    assert_eq!(
        (
            run.phase,
            c.users,
            c.groups,
            c.created,
            c.unseen,
            run.breaks.count
        ),
        (RunPhase::Done, 40, 1, 41, 0, 3)
    );
    assert!(
        run.breaks.first.contains("503") && !run.breaks.waits && run.error.is_none(),
        "{run:?}"
    );
    let asked = std::mem::take(&mut hub.app.state().places);
    let of = |endpoint: &str| {
        let of = asked.iter().filter(|(of, _)| of == endpoint);
        of.map(|(_, place)| *place).collect::<Vec<_>>()
    };
    assert_eq!(of("Users"), [1, 8, 15, 15, 15, 22, 29, 36, 36, 36]);
    assert_eq!(of("Groups"), [1, 1, 1]);
    hub.until(Health::Healthy).await;
}

#[tokio::test]
async fn one_that_failed_before_it_read_anything_ended() {
    let app = app().await;
    app.state().bad_places.insert(("Users", 1), (503, ONCE));
    let hub = Hub::with(app, Policies::default()).await;
    let ended = until(&hub, "the second run", |runs| {
        runs.len() == 2 && runs[0].ended.is_some()
    })
    .await;
    assert_eq!(
        (ended[1].phase, ended[1].breaks.count, ended[0].phase),
        (RunPhase::Failed, 0, RunPhase::Done)
    );
    assert!(ended[1].error.as_ref().unwrap().contains("503"));
}

#[tokio::test]
async fn who_moved_in_the_list_meanwhile_is_looked_for_and_stays() {
    let app = app().await;
    let hub = Hub::with(app, Policies::default()).await;
    hub.until(Health::Healthy).await;
    hub.app
        .state()
        .bad_places
        .insert(("Users", 22), (503, usize::MAX));
    hub.ask_sync().await;
    until(&hub, "the break", waits).await;
    assert_eq!(hub.status().await.health, Health::Failing);
    // The one at the beginning leaves, so each after it moves up: one of them is on no page that is read from here.
    hub.app.state().users.retain(|_, user| user["userName"] != "u00");
    hub.app.state().bad_places.clear();
    let done = until(&hub, "the end", |runs| runs[0].ended.is_some()).await;
    assert_eq!((done.len(), done[0].phase), (2, RunPhase::Done));
    assert_eq!(done[0].counts.unseen, 1);
    hub.until(Health::Healthy).await;
    hub.engine.idle().await;
    assert_eq!(hub.status().await.users, 40, "u00 was seen in this run");
    hub.sync().await;
    assert_eq!(hub.status().await.users, 39);
    assert_eq!(hub.id_of(USER, "u00").await, None);
}

#[tokio::test]
async fn a_place_that_the_app_forgot_is_left_for_the_beginning() {
    let app = app().await;
    app.state().lists = Lists::Cursor;
    // As often as it is asked for: the first time, at once again, and the same after the break.
    app.state().bad_places.insert(("Users", 21), (500, 2 * ONCE));
    let hub = Hub::with(app, Policies::default()).await;
    let done = until(&hub, "the end", |runs| {
        runs.first().is_some_and(|r| r.ended.is_some())
    })
    .await;
    let [run] = done.as_slice() else {
        panic!("one run: {done:?}")
    };
    assert_eq!(
        (run.phase, run.counts.users, run.counts.created, run.breaks.count),
        (RunPhase::Done, 40, 40, 1)
    );
}

#[tokio::test]
async fn what_is_too_old_to_go_on_from_ends_and_is_read_anew() {
    let clock = Clock::manual(Time(1_800_000_000_000));
    let app = app().await;
    app.state().bad_places.insert(("Users", 22), (503, usize::MAX));
    let hub = Hub::at(app, Policies::default(), clock.clone()).await;
    until(&hub, "the break", waits).await;
    // The first wait is shorter than the clock tells.
    hub.engine.idle().await;
    clock.advance(Duration::from_secs(4 * 60 * 60));
    hub.app.state().bad_places.clear();
    let done = until(&hub, "the second run", |runs| {
        runs.len() == 2 && runs[0].ended.is_some()
    })
    .await;
    assert_eq!(
        (done[1].phase, done[0].phase, done[0].counts.users),
        (RunPhase::Failed, RunPhase::Done, 40)
    );
    assert!(done[1].error.as_ref().unwrap().contains("503"), "{done:?}");
}

#[tokio::test]
async fn as_long_as_a_host_asks_to_be_left_alone_no_run_grows_old() {
    const HOUR: u64 = 60 * 60;
    for (asked, passed, runs) in [(20, 21, 1), (100, 25, 1), (100, 28, 2)] {
        let clock = Clock::manual(Time(1_800_000_000_000));
        let app = app().await;
        app.state().bad_places.insert(("Users", 22), (503, usize::MAX));
        let hub = Hub::at(app, Policies::default(), clock.clone()).await;
        until(&hub, "the break", waits).await;
        hub.engine.idle().await;
        hub.write(move |tx, i| {
            runs::break_off(tx, i.id, "asked", Some(Duration::from_secs(asked * HOUR)))?;
            Ok(())
        })
        .await;
        hub.app.state().bad_places.clear();
        clock.advance(Duration::from_secs(passed * HOUR));
        let done = until(&hub, "the end", |all| {
            all.first().is_some_and(|run| run.phase == RunPhase::Done)
        })
        .await;
        assert_eq!(done.len(), runs, "{asked} {passed}");
    }
}
