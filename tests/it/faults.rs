//! The fault matrix: each fault that an app, or what stands between, is known for; on each page of a read and on each kind
//! of write, once and for as long as the hub tries. Nobody is removed by a read that was not whole, nobody is made twice,
//! a write is sent again only if its answer was lost, and in the end the app holds what the model says. Where one is read
//! alone or looked for, see `single`.

#[path = "faults/single.rs"]
mod single;

use std::sync::atomic::Ordering;
use std::time::Duration;

use rollcall::demo::relay::{Lie, Treatment};
use rollcall::model::{Health, RunPhase};

use crate::support::Storm;
use crate::support::state::State;
use crate::support::storm::{Door, PATIENCE, name, repeated, team};

/// Pages of the lists: first, middle and last of the users, first and last of the groups.
const PAGES: [Door; 5] = [
    Door::Page("Users", 1),
    Door::Page("Users", 11),
    Door::Page("Users", 31),
    Door::Page("Groups", 1),
    Door::Page("Groups", 11),
];
/// More often than the hub tries before it gives a sync up.
const ALWAYS: usize = usize::MAX;
/// What an app that is busy asks for.
const WAIT: Duration = Duration::from_secs(30);

/// One kind of write.
#[derive(Clone, Copy, Debug)]
enum Write {
    CreateUser,
    ChangeUser,
    RenameUser,
    Deactivate,
    DeleteUser,
    CreateGroup,
    RenameGroup,
    AddMember,
    RemoveMember,
    DeleteGroup,
    PutUser,
    PutGroup,
}

const WRITES: [Write; 12] = [
    Write::CreateUser,
    Write::ChangeUser,
    Write::RenameUser,
    Write::Deactivate,
    Write::DeleteUser,
    Write::CreateGroup,
    Write::RenameGroup,
    Write::AddMember,
    Write::RemoveMember,
    Write::DeleteGroup,
    Write::PutUser,
    Write::PutGroup,
];

impl Write {
    /// The hub's request that carries it out.
    fn door(self) -> Door {
        match self {
            Self::CreateUser => Door::Write("POST", "Users", "joiner@"),
            Self::ChangeUser => Door::Write("PATCH", "Users", "Captain"),
            Self::RenameUser => Door::Write("PATCH", "Users", "renamed@"),
            Self::Deactivate => Door::Write("PATCH", "Users", "\"active\""),
            Self::DeleteUser => Door::Write("DELETE", "Users", ""),
            Self::CreateGroup => Door::Write("POST", "Groups", "Made here"),
            Self::RenameGroup => Door::Write("PATCH", "Groups", "Other name"),
            Self::AddMember => Door::Write("PATCH", "Groups", "\"add\""),
            Self::RemoveMember => Door::Write("PATCH", "Groups", "\"remove\""),
            Self::DeleteGroup => Door::Write("DELETE", "Groups", ""),
            Self::PutUser => Door::Write("PUT", "Users", "Pilot"),
            Self::PutGroup => Door::Write("PUT", "Groups", ""),
        }
    }

    async fn ask_for(self, storm: &mut Storm) {
        let put_only = matches!(self, Self::PutUser | Self::PutGroup);
        storm.script.put_only.store(put_only, Ordering::SeqCst);
        let source = &mut storm.source;
        match self {
            Self::CreateUser => source.joins("joiner@example.com").await,
            Self::ChangeUser => source.titled(&name(1), "Captain").await,
            Self::RenameUser => source.renamed(&name(2), "renamed@example.com").await,
            Self::Deactivate => source.deactivated(&name(3)).await,
            Self::DeleteUser => source.deleted(&name(20)).await,
            Self::CreateGroup => source.founded("Made here", &[&name(4), &name(5)]).await,
            Self::RenameGroup => source.group_renamed(&team(0), "Other name").await,
            Self::AddMember => source.entered(&team(1), &name(9)).await,
            Self::RemoveMember => source.taken_out(&team(1), &name(1)).await,
            Self::DeleteGroup => source.disbanded(&team(2)).await,
            Self::PutUser => source.titled(&name(6), "Pilot").await,
            Self::PutGroup => source.entered(&team(4), &name(9)).await,
        }
    }
}

/// A fault, and what may come of it.
struct Fault {
    treatment: Treatment,
    /// It strikes writes too.
    on_writes: bool,
    /// The app carried a write out all the same, so the hub cannot know.
    in_the_dark: bool,
    /// The app is left alone for `WAIT`.
    asks_for_rest: bool,
    /// Nothing is wrong but the time it takes.
    harmless: bool,
}

impl Fault {
    fn new(treatment: Treatment) -> Self {
        Self {
            treatment,
            on_writes: true,
            in_the_dark: false,
            asks_for_rest: false,
            harmless: false,
        }
    }

    fn status(status: u16, headers: &[(&str, &str)]) -> Self {
        let mut fault = Self::new(Treatment::scim_error(status, "injected fault"));
        if let Treatment::Answer { headers: all, .. } = &mut fault.treatment {
            all.extend(headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        }
        fault
    }

    fn resting(self) -> Self {
        Self {
            asks_for_rest: true,
            ..self
        }
    }

    fn in_the_dark(treatment: Treatment) -> Self {
        Self {
            in_the_dark: true,
            ..Self::new(treatment)
        }
    }

    fn list(lie: Lie) -> Self {
        Self {
            on_writes: false,
            ..Self::new(Treatment::Retold(lie))
        }
    }
}

macro_rules! matrix {
    ($($name:ident: $fault:expr;)*) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            everywhere(&$fault).await;
        }
    )* };
}

matrix! {
    unavailable: Fault::status(503, &[]);
    unavailable_for_a_while: Fault::status(503, &[("Retry-After", "30")]).resting();
    too_many_requests: Fault::status(429, &[("Retry-After", "30")]).resting();
    too_many_requests_until_a_date: Fault::status(429, &[
        ("Date", "Sun, 06 Nov 1994 08:49:37 GMT"),
        ("Retry-After", "Sun, 06 Nov 1994 08:50:07 GMT"),
    ]).resting();
    an_internal_error: Fault::status(500, &[]);
    no_answer_in_time: Fault::in_the_dark(Treatment::Late(10 * PATIENCE));
    slow: Fault { harmless: true, ..Fault::new(Treatment::Late(PATIENCE / 15)) };
    dropped_before: Fault::new(Treatment::Cut);
    dropped_after: Fault::in_the_dark(Treatment::PassAndCut);
    truncated: Fault::in_the_dark(Treatment::Truncate);
    a_web_page: Fault::new(Treatment::Html);
    unauthorized: Fault::status(401, &[]);
    forbidden: Fault::status(403, &[]);
    a_total_too_small: Fault::list(Lie::Total(3));
    a_total_too_large: Fault::list(Lie::Total(1000));
    a_short_page: Fault { harmless: true, ..Fault::list(Lie::Short(3)) };
    a_page_of_nothing: Fault::list(Lie::Short(0));
    an_empty_list: Fault::list(Lie::Empty);
    nobody_has_an_id: Fault::list(Lie::Without("id"));
    nobody_has_a_name: Fault::list(Lie::Without("userName"));
}

async fn everywhere(fault: &Fault) {
    let mut storm = Storm::new().await;
    for door in PAGES {
        for times in [1, ALWAYS] {
            a_page(&storm, fault, door, times).await;
        }
    }
    the_first_import(&storm, fault).await;
    single::verifications(&mut storm, fault).await;
    single::searches(&mut storm, fault).await;
    storm.script.carried();
    let mut lost = 0;
    let mut carried = Vec::new();
    for write in WRITES.into_iter().filter(|_| fault.on_writes) {
        a_write(&mut storm, fault, write).await;
        lost += usize::from(fault.in_the_dark);
        carried.extend(storm.script.carried());
        let (twice, again) = repeated(&carried);
        assert!(twice.is_empty(), "made twice: {twice:?}");
        assert!(again <= lost, "after {write:?}: {carried:#?}");
    }
    if fault.on_writes {
        single::reads_before_a_put(&mut storm, fault).await;
    }
    storm.g.stop().await;
}

/// The app is left alone as long as it asked for.
async fn rests(storm: &Storm, fault: &Fault, when: &str) {
    if !fault.asks_for_rest {
        return;
    }
    storm.g.hub.idle().await;
    let asked = storm.g.relay.log().len();
    storm.clock.advance(WAIT * 2 / 3);
    storm.g.hub.idle().await;
    assert_eq!(
        storm.g.relay.log().len(),
        asked,
        "{when}: before the time it asked for"
    );
}

/// A sync that meets the fault on this page.
async fn a_page(storm: &Storm, fault: &Fault, door: Door, times: usize) {
    let when = format!("{door:?}, {times} times");
    storm.g.relay.clear_log();
    storm.script.carried();
    storm.script.arm(&[door], fault.treatment.clone(), times);
    storm.sync().await;
    assert!(storm.script.met() >= 1, "{when}: the fault was not met");
    storm.unharmed(&format!("{when}, while it lasts")).await;
    if fault.harmless {
        let run = storm.status().await.run.unwrap();
        assert_eq!(
            (run.phase, run.counts.unseen),
            (RunPhase::Done, 0),
            "{when}: {run:?}"
        );
    }
    rests(storm, fault, &when).await;
    storm.script.disarm();
    storm.calm().await;
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

/// An instance that is read for the first time, and meets the fault in the middle.
async fn the_first_import(storm: &Storm, fault: &Fault) {
    storm
        .script
        .arm(&[Door::Page("Users", 11)], fault.treatment.clone(), ALWAYS);
    let another = storm.another().await;
    let hub = &storm.g.hub;
    hub.wait(another.id, "at the end of its first sync", |s| {
        s.run
            .as_ref()
            .is_some_and(|r| r.ended.is_some() || r.breaks.waits)
    })
    .await;
    storm.script.disarm();
    for _ in 0..20 {
        hub.idle().await;
        let now = hub.status(another.id).await;
        if now.last_sync_at.is_some() && now.health == Health::Healthy {
            break;
        }
        storm.clock.advance(Duration::from_secs(61));
    }
    storm.clock.advance(Duration::from_secs(1));
    hub.sync(another.id).await;
    let there = State::read(&hub.client(&another).await).await;
    storm.source.is(&there, "after a first import that met the fault");
    let manager = &hub.server.hub().manager;
    manager
        .delete(crate::support::hub::admin(), another.id)
        .await
        .unwrap();
}

/// One write of the hub meets the fault, once.
async fn a_write(storm: &mut Storm, fault: &Fault, write: Write) {
    let when = format!("{write:?}");
    storm.g.relay.clear_log();
    storm.script.arm(&[write.door()], fault.treatment.clone(), 1);
    write.ask_for(storm).await;
    let watch = rollcall::clock::Stopwatch::start();
    while storm.script.met() == 0 {
        assert!(
            watch.elapsed() < Duration::from_secs(20),
            "{when}: no such write: {:?} {:?}",
            storm.status().await,
            storm.script.carried()
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    rests(storm, fault, &when).await;
    storm.calm().await;
    assert_eq!(storm.script.disarm(), 1, "{when}");
    storm.unharmed(&when).await;
}
