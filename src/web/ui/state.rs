//! What is said of an instance's state: the reason, the sync that runs, the bar of a day, the facts.

use std::time::Duration;

use super::beats::{Beats, Span};
use super::carries;
use super::instance::{Fact, Progress};
use super::parts::When;
use super::words;
use crate::model::{Health, Instance, RunPhase, Target, Time};
use crate::store::{Rx, StoreError, conditions};
use crate::sync::status::InstanceStatus;

const MINUTE: Duration = Duration::from_secs(60);
/// Conditions drawn in the bar of a day.
const DRAWN: usize = 200;

/// Why it is as it is, without full stop.
#[must_use]
pub fn reason(status: &InstanceStatus) -> String {
    match (status.reason.as_str(), status.pending) {
        ("", 0) => "Both sides are in step".into(),
        ("", 1) => "One change is on its way".into(),
        ("", n) => format!("{} changes are on their way", words::number(n)),
        (reason, _) => words::sentence(words::halves(reason).0),
    }
}

/// The bar of the last day.
///
/// # Errors
/// When the database fails.
pub fn beats(rx: &Rx<'_>, instance: &Instance) -> Result<Beats, StoreError> {
    let now = rx.now();
    let since = now.before(Duration::from_secs(24 * 3600));
    let mut spans: Vec<Span> = Vec::new();
    if instance.target.is_some() && instance.imported_at.is_none_or(|t| t > since) {
        let (from, reason) = (instance.created, "The first sync was running.".to_owned());
        spans.push(Span {
            from,
            until: instance.imported_at,
            health: Health::Connecting,
            reason,
        });
    }
    spans.extend(
        conditions::timeline(rx, instance.id, since, DRAWN)?
            .iter()
            .map(Span::from),
    );
    if !instance.enabled {
        spans.push(Span {
            from: now,
            until: None,
            health: Health::Disabled,
            reason: "Switched off by an admin.".into(),
        });
    }
    Ok(Beats::new(&spans, instance.created, now))
}

/// The sync that runs, if one does.
#[must_use]
pub fn progress(status: &InstanceStatus, now: Time) -> Option<Progress> {
    let run = status.run.as_ref().filter(|run| run.ended.is_none())?;
    let which = if status.last_sync_at.is_none() {
        "First sync"
    } else {
        "Sync"
    };
    let read = |done: u64, one, many| match run.expected.filter(|total| *total >= done) {
        Some(total) => format!(
            "{which}: {} of about {}",
            words::number(done),
            words::count(total, one, many)
        ),
        None if done == 0 => format!("{which}: reading {many}"),
        None => format!("{which}: {}", words::count(done, one, many)),
    };
    let (text, done, total) = match run.phase {
        RunPhase::Users => (
            read(run.counts.users, "person", "people"),
            run.counts.users,
            run.expected,
        ),
        // What is expected is of the phase before until the first page is read.
        RunPhase::Groups if run.counts.groups > 0 => (
            read(run.counts.groups, "group", "groups"),
            run.counts.groups,
            run.expected,
        ),
        RunPhase::Groups => (
            format!(
                "{which}: {} read, now groups",
                words::count(run.counts.users, "person", "people")
            ),
            0,
            None,
        ),
        RunPhase::Verify | RunPhase::Done | RunPhase::Failed | RunPhase::Cancelled => (
            format!("{which}: everything read, looking at what was not seen"),
            0,
            None,
        ),
    };
    let text = match run.breaks.waits {
        true => format!("{text}; broke off, and goes on by itself"),
        false => text,
    };
    let total = total.filter(|total| *total >= done && *total > 0);
    Some(Progress {
        text,
        done,
        total,
        started: When::relative(run.started, now),
    })
}

/// The connection in names and values.
#[must_use]
pub fn facts(instance: &Instance, status: &InstanceStatus, now: Time) -> Vec<Fact> {
    let fact = |label, value: String| Fact {
        label,
        value,
        mono: false,
        when: None,
    };
    let time = |label, at: Option<Time>, none: &str| {
        let when = at.map(|t| When::relative(t, now));
        Fact {
            label,
            value: if when.is_some() {
                String::new()
            } else {
                none.into()
            },
            mono: false,
            when,
        }
    };
    let mut facts = Vec::new();
    if let Some(target) = &instance.target {
        facts.push(Fact {
            mono: true,
            ..fact("Address", target.base_url().to_owned())
        });
    }
    facts.push(fact("Carries", carries::sentence(instance).into()));
    facts.push(fact("People", words::number(status.users)));
    facts.push(fact("Groups", words::number(status.groups)));
    let Some(target) = &instance.target else {
        facts.push(fact("Sends", "nothing: it only receives".into()));
        return facts;
    };
    facts.push(pending(status, now));
    facts.push(fact("Rejected", words::number(status.rejected)));
    facts.push(time("Last sync", status.last_sync_at, "none yet"));
    let off = if instance.enabled {
        "paused"
    } else {
        "switched off"
    };
    let next = status
        .next_sync_at
        .filter(|_| instance.enabled && !instance.paused);
    facts.push(if instance.enabled && !instance.paused {
        time("Next sync", next, "soon")
    } else {
        fact("Next sync", off.into())
    });
    facts.push(fact(
        "Schedule",
        format!("every {}", words::span(i64::from(instance.sync_every_s))),
    ));
    facts.push(fact("Token", token(instance, now)));
    facts.push(fact("The app can", can(target)));
    facts
}

/// `38,214 changes, 2,460 a minute, done at about 14:32`.
fn pending(status: &InstanceStatus, now: Time) -> Fact {
    let mut value = words::count(status.pending, "change", "changes");
    let mut when = None;
    if let Some(forecast) = status.forecast {
        let pace = words::number(forecast.per_minute);
        value.push_str(&format!(", {pace} a minute, done "));
        // A time of day without seconds would be now.
        if forecast.done_at.since(now) < MINUTE {
            value.push_str("within a minute");
        } else {
            value.push_str("at about");
            when = Some(When::clock(forecast.done_at, now));
        }
    }
    Fact {
        label: "Pending",
        value,
        mono: false,
        when,
    }
}

/// `entered 84 days ago, ends in 6 days`.
fn token(instance: &Instance, now: Time) -> String {
    let Some(set) = instance.secret_set_at else {
        return "not stored".into();
    };
    let entered = format!("entered {}", words::relative(set, now));
    match instance.secret_ends_at {
        Some(at) if at > now => format!("{entered}, ends {}", words::relative(at, now)),
        Some(at) => format!("{entered}, was to end {}", words::relative(at, now)),
        None => entered,
    }
}

fn can(target: &Target) -> String {
    let found = target.capabilities();
    let parts = [
        (found.patch, "PATCH"),
        (!found.patch, "PUT"),
        (found.filter, "filter"),
        (found.groups, "groups"),
    ];
    parts
        .iter()
        .filter(|(can, _)| *can)
        .map(|(_, word)| *word)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{InstanceId, Run, run::RunCounts};

    fn running(phase: RunPhase, users: u64, groups: u64, expected: Option<u64>) -> String {
        let counts = RunCounts {
            users,
            groups,
            ..RunCounts::default()
        };
        let run = Run {
            id: 1,
            instance: InstanceId(1),
            phase,
            started: Time(0),
            ended: None,
            expected,
            place: None,
            saved: Time(0),
            counts,
            troubles: Vec::new(),
            error: None,
            breaks: Default::default(),
        };
        let status = InstanceStatus {
            health: Health::Connecting,
            reason: String::new(),
            since: None,
            next_try: None,
            users,
            groups,
            pending: 0,
            rejected: 0,
            forecast: None,
            last_sync_at: None,
            next_sync_at: None,
            run: Some(run),
        };
        progress(&status, Time(1)).map(|p| p.text).unwrap_or_default()
    }

    #[test]
    fn progress_says_objects() {
        assert_eq!(
            running(RunPhase::Users, 140, 0, Some(310)),
            "First sync: 140 of about 310 people"
        );
        assert_eq!(running(RunPhase::Users, 140, 0, None), "First sync: 140 people");
        assert_eq!(running(RunPhase::Users, 0, 0, None), "First sync: reading people");
        assert_eq!(
            running(RunPhase::Groups, 310, 0, Some(310)),
            "First sync: 310 people read, now groups"
        );
        assert_eq!(
            running(RunPhase::Groups, 310, 12, Some(20)),
            "First sync: 12 of about 20 groups"
        );
    }
}
