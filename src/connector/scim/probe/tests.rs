//! The confusion matrix: each defect of the mock alone and with each other, and answers that no check knows.
#![expect(clippy::unwrap_used, reason = "tests")]

mod reach;
mod writing;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::mock::{Defect, Garbage, Mock};
use super::*;
use crate::clock::Clock;
use crate::connector::fake::Server;
use crate::connector::net::{Caller, Net, NetPolicy, Token};
use crate::model::{Access, Paging, Verb};
use crate::scim::schema::ResourceType;

const TAG: &str = "0192d3b4-7c1f-7a11-8000-00000000beef";

use Defect as D;

/// The checks that each defect has to be named by (their lines are *warn* or *bad*), and those it leaves undecided.
const DEFECTS: &[(Defect, &str, &str)] = &[
    (
        D::NoDiscovery,
        "discovery.config discovery.schemas discovery.types",
        "patch etag",
    ),
    (D::HtmlErrors, "users.absent", ""),
    (D::ShowsAnybody, "users.absent", "write.delete write.clean"),
    (
        D::NoReadById,
        "users.one",
        "users.absent etag write.replace write.remove write.add write.put write.deactivate",
    ),
    (D::BrokenUser, "users.list", ""),
    (
        D::NoGroups,
        "groups.list",
        "groups.members filter.displayName write.group write.join write.leave",
    ),
    (D::MembersUnlisted, "groups.members", ""),
    (D::SizeIgnored, "paging.size", ""),
    (D::StartIgnored, "paging.kind", ""),
    (D::CursorOnly, "", ""),
    (D::TotalOfPage, "paging.totals", ""),
    (D::TotalTooHigh, "paging.totals", ""),
    (D::TotalMissing, "paging.totals", ""),
    (D::EndRepeats, "paging.totals", ""),
    (
        D::FiltersRefused,
        "filter.nobody filter.userName filter.externalId filter.emails filter.displayName",
        "filter.case",
    ),
    (
        D::FiltersIgnored,
        "filter.nobody filter.userName filter.externalId filter.emails filter.displayName",
        "filter.case",
    ),
    (D::NamesNotFound, "filter.userName", "filter.case"),
    (D::CaseMatters, "filter.case", ""),
    (D::NobodyIs404, "filter.nobody", ""),
    (D::ExternalIdRefused, "filter.externalId", ""),
    (D::ExternalIdIgnored, "filter.externalId", ""),
    (D::EmailsRefused, "filter.emails", ""),
    (D::EtagMissing, "etag", ""),
    (D::PatchDenied, "patch", ""),
    (D::Slow, "times", ""),
    (D::CreateWithoutId, "write.user write.group", ""),
    (D::CreateSays200, "write.user write.group", ""),
    (
        D::PatchRefused,
        "write.replace write.join",
        "write.remove write.add write.leave",
    ),
    (
        D::PatchIgnored,
        "write.replace write.remove write.add write.join write.deactivate",
        "write.leave",
    ),
    (D::PutRefused, "write.put", ""),
    (D::GroupsReadOnly, "write.group", "write.join write.leave"),
    (D::DeactivatingDeletes, "write.deactivate", ""),
    (D::DeleteRefused, "write.delete write.clean", ""),
    (D::DeleteKeeps, "write.delete write.clean", ""),
];

/// Pairs that cannot be at once, or of which one takes away what shows the other; and why.
const EXCLUDED: &[(Defect, Defect, &str)] = &[
    (
        D::StartIgnored,
        D::CursorOnly,
        "a server of cursors has no startIndex to ignore",
    ),
    (
        D::SizeIgnored,
        D::CursorOnly,
        "a list that comes whole has no next page",
    ),
    (
        D::StartIgnored,
        D::TotalTooHigh,
        "the end of a list that cannot be reached is not counted",
    ),
    (
        D::CursorOnly,
        D::TotalTooHigh,
        "the end of a list of cursors is not counted",
    ),
    (
        D::StartIgnored,
        D::EndRepeats,
        "the end of a list that cannot be reached is not looked beyond",
    ),
    (
        D::CursorOnly,
        D::EndRepeats,
        "the end of a list of cursors is not looked beyond",
    ),
    (
        D::CreateWithoutId,
        D::FiltersRefused,
        "what was made can neither be named nor found: nothing more is tried",
    ),
    (
        D::CreateWithoutId,
        D::NamesNotFound,
        "what was made can neither be named nor found: nothing more is tried",
    ),
    (
        D::PatchRefused,
        D::PutRefused,
        "nothing can be changed: deactivating fails as well (a case of its own below)",
    ),
    (D::PatchRefused, D::PatchIgnored, "PATCH is one or the other"),
    (D::PatchIgnored, D::DeactivatingDeletes, "nobody is deactivated"),
    (
        D::NoReadById,
        D::FiltersRefused,
        "what was made can neither be read nor found: nothing more is tried",
    ),
    (
        D::NoReadById,
        D::NamesNotFound,
        "what was made can neither be read nor found: nothing more is tried",
    ),
    (D::NoReadById, D::DeactivatingDeletes, "nobody is read afterwards"),
    (
        D::NoReadById,
        D::DeleteRefused,
        "nobody is read afterwards: what is left is not known",
    ),
    (
        D::NoReadById,
        D::DeleteKeeps,
        "nobody is read afterwards: what is left is not known",
    ),
];

fn caller(token: Token) -> Caller {
    Caller::new(&Access::default(), token)
}

fn words(text: &str) -> BTreeSet<&str> {
    text.split_whitespace().collect()
}

async fn probed(defects: &[Defect], garble: Option<(usize, Garbage)>, writes: bool) -> (Profile, Mock) {
    let mock = Mock::start(defects, garble).await;
    (tried(&mock, writes, &Clock::system()).await, mock)
}

/// Of a mock that is there, by this clock.
async fn tried(mock: &Mock, writes: bool, clock: &Clock) -> Profile {
    let net = Net::new(NetPolicy {
        allow_private: true,
        clock: clock.clone(),
        ..NetPolicy::default()
    });
    let app = Scim::new(
        &mock.url(),
        caller(Token::new("t0ken".into())),
        &Capabilities::default(),
        net.unwrap(),
    );
    let took = std::sync::Arc::clone(&mock.took);
    let elapsed = move || Duration::from_millis(took.load(Ordering::SeqCst));
    let plan = ProbePlan {
        scope: Scope::UsersAndGroups,
        tag: TAG,
        writes,
        now: Time(1_800_000_000_000),
        elapsed: &elapsed,
    };
    app.profile(plan).await
}

/// The checks that found something wrong.
fn named(profile: &Profile) -> BTreeSet<&str> {
    let wrong = profile
        .lines
        .iter()
        .filter(|l| matches!(l.state, LineState::Warn | LineState::Bad));
    wrong.map(|l| l.id.as_str()).collect()
}

fn state(profile: &Profile, id: &str) -> LineState {
    profile.lines.iter().find(|l| l.id == id).unwrap().state
}

fn told(profile: &Profile) -> String {
    let lines = profile
        .lines
        .iter()
        .map(|l| format!("{:8} {}: {}\n", l.state.as_str(), l.id, l.found));
    lines.collect()
}

#[tokio::test]
async fn a_server_in_order_raises_no_alarm() {
    let (profile, mock) = probed(&[], None, true).await;
    for line in &profile.lines {
        let wanted = match line.id.as_str() {
            // An address, and no TLS.
            "reach.dns" | "reach.tls" => LineState::Skipped,
            _ => LineState::Ok,
        };
        assert_eq!(line.state, wanted, "{}: {}", line.id, line.found);
        assert_eq!(line.advice, "", "{}", line.id);
    }
    assert!(profile.usable);
    assert_eq!(mock.held(), (7, 3), "what was made is gone");
    assert_eq!(profile.requests as usize, mock.asked.load(Ordering::SeqCst));
    let found = &profile.capabilities;
    assert_eq!(
        (found.paging, found.members_listed, found.etag),
        (Paging::Index, Some(true), Some(true))
    );
    assert!(found.patch && found.filter && found.discovery && found.groups);
    assert_eq!(
        found
            .filters
            .user_name
            .and(found.filters.external_id)
            .and(found.filters.emails),
        Some(true)
    );
    assert_eq!(found.filters.folds_case, Some(true));

    let (reading, mock) = probed(&[], None, false).await;
    assert!(reading.requests <= READS, "{}", reading.requests);
    assert_eq!(named(&reading), BTreeSet::new());
    assert_eq!(state(&reading, "write.user"), LineState::Skipped);
    assert_eq!(mock.held(), (7, 3));
}

#[tokio::test]
async fn every_defect_is_named_alone_and_in_pairs() {
    let expected: BTreeMap<Defect, (BTreeSet<&str>, BTreeSet<&str>)> = DEFECTS
        .iter()
        .map(|(d, flags, hides)| (*d, (words(flags), words(hides))))
        .collect();
    let mut cases: Vec<Vec<Defect>> = Vec::new();
    for (n, (a, ..)) in DEFECTS.iter().enumerate() {
        cases.push(vec![*a]);
        for (b, ..) in &DEFECTS[n + 1..] {
            let excluded = |x: &Defect, y: &Defect| (x == a && y == b) || (x == b && y == a);
            if !EXCLUDED
                .iter()
                .any(|(x, y, why)| excluded(x, y) && !why.is_empty())
            {
                cases.push(vec![*a, *b]);
            }
        }
    }
    assert!(cases.len() > 500, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let (profile, _) = probed(case, None, true).await;
        let hidden: BTreeSet<&str> = case.iter().flat_map(|d| expected[d].1.iter().copied()).collect();
        let wanted: BTreeSet<&str> = case
            .iter()
            .flat_map(|d| expected[d].0.iter().copied())
            .filter(|id| !hidden.contains(id))
            .collect();
        let found: BTreeSet<&str> = named(&profile)
            .into_iter()
            .filter(|id| !hidden.contains(id))
            .collect();
        if found != wanted {
            wrong.push(format!(
                "{case:?}: found {found:?}, wanted {wanted:?}\n{}",
                told(&profile)
            ));
        }
        if case.contains(&D::CursorOnly) {
            assert_eq!(
                profile.capabilities.paging,
                Paging::Cursor,
                "{case:?}\n{}",
                told(&profile)
            );
        }
        assert!(profile.usable, "{case:?}");
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn where_nothing_can_be_changed_nobody_can_be_deactivated() {
    let (profile, mock) = probed(&[D::PatchRefused, D::PutRefused], None, true).await;
    let wanted = words("write.replace write.put write.join write.deactivate");
    assert_eq!(named(&profile), wanted, "{}", told(&profile));
    assert!(profile.capabilities.patch, "PUT is no way out");
    assert_eq!(mock.held(), (7, 3));
    let (profile, _) = probed(&[D::PatchRefused], None, true).await;
    assert!(!profile.capabilities.patch, "from now on PUT");
    assert_eq!(
        profile.capabilities.put_only,
        ResourceType::ALL,
        "whatever is announced"
    );
}

#[tokio::test]
async fn what_writes_show_to_be_refused_is_kept_for_the_client() {
    let refused = |defects: &'static [D]| async move {
        let (profile, _) = probed(defects, None, true).await;
        profile.capabilities.refuses
    };
    assert_eq!(refused(&[]).await, []);
    assert!(
        refused(&[D::DeleteRefused])
            .await
            .contains(&(ResourceType::User, Verb::Delete))
    );
    assert_eq!(refused(&[D::GroupsReadOnly]).await, [], "403 may be the token's");
    let (clean, _) = probed(&[], None, true).await;
    assert_eq!(clean.capabilities.members_shown, Some(true));
}

/// Answers that no check foresees.
const GARBAGE: &[Garbage] = &[
    (200, "[]"),
    (200, "{}"),
    (200, "\"hello\""),
    (200, ""),
    (
        200,
        "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListRes",
    ),
    (
        200,
        "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],\"totalResults\":\"many\",\"Resources\":[]}",
    ),
    (
        200,
        "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:ListResponse\"],\"totalResults\":1,\"Resources\":[1]}",
    ),
    (
        200,
        "{\"schemas\":[\"urn:else\"],\"totalResults\":0,\"Resources\":[]}",
    ),
    (299, "{}"),
    (418, "{}"),
    (500, "{}"),
];

#[tokio::test]
async fn what_no_check_knows_is_never_fine() {
    let (clean, mock) = probed(&[], None, false).await;
    for n in 0..mock.asked.load(Ordering::SeqCst) {
        for garbage in GARBAGE {
            let (profile, _) = probed(&[], Some((n, *garbage)), false).await;
            let doubted = |line: &Line| {
                state(&clean, &line.id) == LineState::Ok
                    && matches!(line.state, LineState::Unknown | LineState::Warn | LineState::Bad)
            };
            assert!(
                profile.lines.iter().any(doubted),
                "request {n}, {garbage:?}\n{}",
                told(&profile)
            );
            let unread = profile.lines.iter().filter(|l| l.state == LineState::Unknown);
            for line in unread {
                assert!(!line.found.is_empty(), "{}", line.id);
            }
        }
    }
}

#[tokio::test]
async fn time_that_runs_out_ends_in_unknown_and_a_clean_app() {
    for late in [20_000, 60_000, 80_000] {
        let mock = Mock::start(&[D::Slow], None).await;
        mock.took.store(late, Ordering::SeqCst);
        let net = Net::new(NetPolicy {
            allow_private: true,
            ..NetPolicy::default()
        });
        let app = Scim::new(
            &mock.url(),
            caller(Token::new("t".into())),
            &Capabilities::default(),
            net.unwrap(),
        );
        let took = std::sync::Arc::clone(&mock.took);
        let elapsed = move || Duration::from_millis(took.load(Ordering::SeqCst));
        let plan = ProbePlan {
            scope: Scope::UsersAndGroups,
            tag: TAG,
            writes: true,
            now: Time(0),
            elapsed: &elapsed,
        };
        let profile = app.profile(plan).await;
        assert_eq!(mock.held(), (7, 3), "{}", told(&profile));
        if late > 40_000 {
            assert!(
                profile.lines.iter().any(|l| l.state == LineState::Unknown),
                "{}",
                told(&profile)
            );
        }
    }
}
