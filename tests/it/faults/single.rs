//! The faults where one is read alone or looked for: the account that a list did not show, the control beside it, whoever
//! may be there already, and what is read before it is written whole.

use std::sync::atomic::Ordering;
use std::time::Duration;

use rollcall::demo::relay::{Lie, Treatment};
use rollcall::model::RunPhase;

use super::{ALWAYS, Fault, rests};
use crate::support::Storm;
use crate::support::client::id;
use crate::support::state::State;
use crate::support::storm::{Door, name, repeated, team};

/// Tries of the hub while a fault lasts.
const TRIES: usize = 3;
/// Longer than any wait of the hub but the hourly ones.
const A_WHILE: Duration = Duration::from_secs(61);

/// The app's id of whoever has this name.
async fn app_id(storm: &Storm, endpoint: &str, name: &str) -> &'static str {
    id(storm.g.direct.named(endpoint, name).await.unwrap()).leak()
}

/// A list did not show somebody: each is read alone, and so is another as a control.
pub(super) async fn verifications(storm: &mut Storm, fault: &Fault) {
    let mut leavers = 24..;
    for times in [1, ALWAYS] {
        for (endpoint, whom) in [("Users", name(30)), ("Groups", team(7))] {
            hidden(storm, fault, endpoint, &whom, times).await;
        }
        for control in [false, true] {
            let leaver = name(leavers.next().unwrap());
            gone(storm, fault, &leaver, control, times).await;
        }
    }
}

/// The list hides who is there, and the fault meets whoever asks after them: they stay.
async fn hidden(storm: &Storm, fault: &Fault, endpoint: &'static str, whom: &str, times: usize) {
    let when = format!("{whom} is hidden, {times} times");
    let their_id = app_id(storm, endpoint, whom).await;
    storm.g.relay.clear_log();
    storm.script.carried();
    storm.script.hide(Some(whom.to_owned().leak()));
    storm
        .script
        .arm(&[Door::One(endpoint, their_id)], fault.treatment.clone(), times);
    storm.sync().await;
    let run = storm.status().await.run.unwrap();
    assert_eq!(
        (run.phase, run.counts.unseen),
        (RunPhase::Done, 1),
        "{when}: {run:?}"
    );
    assert!(storm.script.met() >= 1, "{when}: the fault was not met");
    storm.unharmed(&format!("{when}, while it lasts")).await;
    rests(storm, fault, &when).await;
    storm.script.disarm();
    storm.calm().await;
    storm.sync().await;
    storm.unharmed(&format!("{when}, still hidden")).await;
    storm.script.hide(None);
    storm.sync().await;
    let run = storm.status().await.run.unwrap();
    assert_eq!(
        (run.phase, run.counts.unseen),
        (RunPhase::Done, 0),
        "{when}: {run:?}"
    );
    storm.unharmed(&format!("{when}, afterwards")).await;
    let wrote = storm.script.carried();
    assert!(wrote.is_empty(), "{when}: a read writes nothing: {wrote:?}");
}

/// Somebody was deleted in the app, and the fault meets whoever makes sure of it: as long as it lasts, they stay.
async fn gone(storm: &mut Storm, fault: &Fault, whom: &str, control: bool, times: usize) {
    let when = format!("{whom} is gone, control {control}, {times} times");
    let their_id = app_id(storm, "Users", whom).await;
    let answer = storm.g.direct.delete(&format!("/Users/{their_id}")).await;
    assert_eq!(answer.status, 204, "{when}");
    let door = if control { Door::Other } else { Door::One }("Users", their_id);
    storm.g.relay.clear_log();
    storm.script.carried();
    storm.script.arm(&[door], fault.treatment.clone(), times);
    storm.sync().await;
    assert!(storm.script.met() >= 1, "{when}: the fault was not met");
    // Lies about lists say nothing about one that is read alone.
    if times == ALWAYS && fault.on_writes && !fault.harmless {
        for _ in 0..TRIES {
            storm.clock.advance(A_WHILE);
            storm.g.hub.idle().await;
        }
        storm.unharmed_here(&format!("{when}, while it lasts")).await;
    }
    storm.source.model.users.remove(whom);
    rests(storm, fault, &when).await;
    storm.script.disarm();
    storm.calm().await;
    storm.sync().await;
    storm.unharmed(&format!("{when}, afterwards")).await;
    let wrote = storm.script.carried();
    assert!(wrote.is_empty(), "{when}: a read writes nothing: {wrote:?}");
}

/// The answer to a create was lost, and the fault meets the search for what may be there.
pub(super) async fn searches(storm: &mut Storm, fault: &Fault) {
    let mut n = 0;
    for endpoint in ["Users", "Groups"] {
        for carried_out in [true, false] {
            for times in [1, ALWAYS] {
                // An app that denies a group once, and then finds the others, cannot be told from one that has none such;
                // users it refuses to make twice by their name.
                let denied_once = times == 1 && fault.treatment == Treatment::Retold(Lie::Empty);
                if denied_once && carried_out && endpoint == "Groups" {
                    continue;
                }
                n += 1;
                searched(storm, fault, endpoint, carried_out, times, n).await;
            }
        }
    }
}

async fn searched(
    storm: &mut Storm,
    fault: &Fault,
    endpoint: &'static str,
    carried_out: bool,
    times: usize,
    n: usize,
) {
    let when = format!("search among {endpoint}, carried out {carried_out}, {times} times");
    let whom: &'static str = if endpoint == "Users" {
        format!("sought{n}@example.com")
    } else {
        format!("Sought {n}")
    }
    .leak();
    let lost = if carried_out {
        Treatment::PassAndCut
    } else {
        Treatment::Cut
    };
    storm.g.relay.clear_log();
    storm.script.carried();
    storm.script.arm(&[Door::Write("POST", endpoint, whom)], lost, 1);
    match endpoint {
        "Users" => storm.source.joins(whom).await,
        _ => storm.source.founded(whom, &[&name(4), &name(5)]).await,
    }
    // A group is also searched for before it is made: the fault is for the search afterwards.
    storm.g.hub.idle().await;
    assert_eq!(storm.script.met(), 1, "{when}: the create was not lost");
    storm
        .script
        .arm(&[Door::Search(endpoint)], fault.treatment.clone(), times);
    let mut waits = 0;
    while storm.script.met() == 0 || (times == ALWAYS && waits < TRIES) {
        storm.g.hub.idle().await;
        storm.clock.advance(A_WHILE);
        waits += 1;
        assert!(waits < 20, "{when}: nobody was searched for");
    }
    storm.g.hub.idle().await;
    rests(storm, fault, &when).await;
    storm.script.disarm();
    storm.calm().await;
    storm.unharmed(&when).await;
    let carried = storm.script.carried();
    let (twice, again) = repeated(&carried);
    // Whoever was made is found, in the end even behind searches that found nobody.
    assert!(twice.is_empty(), "{when}: made twice: {twice:?}");
    assert_eq!(again, 0, "{when}: {carried:#?}");
}

/// What is written whole is read first.
pub(super) async fn reads_before_a_put(storm: &mut Storm, fault: &Fault) {
    storm.script.put_only.store(true, Ordering::SeqCst);
    let mut lost = 0;
    let mut carried = Vec::new();
    for (n, times) in [1, ALWAYS].into_iter().enumerate() {
        for endpoint in ["Users", "Groups"] {
            let when = format!("before a PUT of {endpoint}, {times} times");
            let (person, group) = (name(16 + n), team(8 + n));
            let whom = if endpoint == "Users" { &person } else { &group };
            let door = Door::One(endpoint, app_id(storm, endpoint, whom).await);
            storm.g.relay.clear_log();
            storm.script.arm(&[door], fault.treatment.clone(), times);
            match endpoint {
                "Users" => storm.source.titled(&person, "Purser").await,
                _ => storm.source.entered(&group, &person).await,
            }
            let mut waits = 0;
            while storm.script.met() == 0 || (times == ALWAYS && waits < TRIES) {
                storm.g.hub.idle().await;
                storm.clock.advance(A_WHILE);
                waits += 1;
                assert!(waits < 20, "{when}: nothing was read");
            }
            storm.g.hub.idle().await;
            rests(storm, fault, &when).await;
            storm.script.disarm();
            storm.calm().await;
            storm.unharmed(&when).await;
            lost += usize::from(fault.in_the_dark);
            carried.extend(storm.script.carried());
            let (twice, again) = repeated(&carried);
            assert!(twice.is_empty(), "{when}: made twice: {twice:?}");
            assert!(again <= lost, "{when}: {carried:#?}");
        }
    }
    storm.script.put_only.store(false, Ordering::SeqCst);
}

/// An answer of 404 that is no answer of SCIM, and one that the app gives to whatever is asked for: both say nothing.
#[tokio::test(flavor = "multi_thread")]
async fn a_404_that_says_nothing_removes_nobody() {
    let mut storm = Storm::new().await;
    let page = Treatment::Answer {
        status: 404,
        headers: vec![("Content-Type".into(), "text/html".into())],
        body: "<html><h1>Not Found</h1></html>".into(),
    };
    let bare = Treatment::Answer {
        status: 404,
        headers: Vec::new(),
        body: String::new(),
    };
    for treatment in [page, bare] {
        let fault = Fault::new(treatment);
        for (endpoint, whom) in [("Users", name(30)), ("Groups", team(7))] {
            hidden(&storm, &fault, endpoint, &whom, ALWAYS).await;
        }
    }
    let denied = Treatment::scim_error(404, "there is no such resource");
    for (endpoint, whom) in [("Users", name(31)), ("Groups", team(8))] {
        let their_id = app_id(&storm, endpoint, &whom).await;
        storm.script.hide(Some(whom.leak()));
        let all = [Door::One(endpoint, their_id), Door::Other(endpoint, their_id)];
        storm.script.arm(&all, denied.clone(), ALWAYS);
        for day in 1..=3 {
            storm.sync().await;
            storm
                .unharmed(&format!("{endpoint} by id are denied, day {day}"))
                .await;
            storm.clock.advance(Duration::from_secs(24 * 60 * 60));
        }
        assert!(storm.script.disarm() >= 6, "two were asked for each day");
        storm.script.hide(None);
        storm.calm().await;
        storm.sync().await;
        storm.unharmed(&format!("{endpoint} are shown again")).await;
    }
    // It is the fault that keeps them: who is really gone goes.
    let leaver = name(33);
    gone(&mut storm, &Fault::new(Treatment::Cut), &leaver, true, 1).await;
    assert!(!State::read(&storm.g.idp).await.users.contains_key(&leaver));
    storm.g.stop().await;
}

/// An app without PATCH shows a group without its members: what is written whole from that would take them all out.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_shown_without_its_members_is_not_emptied() {
    let mut storm = Storm::new().await;
    storm.script.put_only.store(true, Ordering::SeqCst);
    let group = app_id(&storm, "Groups", &team(5)).await;
    let silent = Treatment::Retold(Lie::Without("members"));
    storm.script.arm(&[Door::One("Groups", group)], silent, ALWAYS);
    storm.source.entered(&team(5), &name(20)).await;
    while storm.script.met() == 0 {
        storm.g.hub.idle().await;
        storm.clock.advance(A_WHILE);
    }
    storm.g.hub.idle().await;
    let held = State::read(&storm.g.direct).await;
    let before = [5, 6, 7].map(name);
    assert!(
        before.iter().all(|n| held.groups[&team(5)].contains(n)),
        "somebody was taken out: {:?}",
        held.groups[&team(5)]
    );
    assert_eq!(storm.held().await, 0);
    storm.script.disarm();
    storm.calm().await;
    storm.unharmed("when they are shown again").await;
    storm.g.stop().await;
}
