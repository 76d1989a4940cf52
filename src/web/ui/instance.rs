//! `/instances/{slug}`: the state of one instance and what to do about it. Its header stands above every other page of
//! the instance.

use std::time::Duration;

use askama::Template;

use super::ask::Ask;
use super::beats::{Beats, Span};
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::keys::last_use;
use super::page::{Live, Page};
use super::parts::{Badge, EventRow, Shape, Tone, When};
use super::serve::show;
use super::{held, log, words};
use crate::model::{Health, Instance, RunPhase, Scope, Target, Time};
use crate::store::{Rx, StoreError, access, conditions, events};
use crate::sync::status::InstanceStatus;

/// A tab of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tab {
    /// `/instances/{slug}`.
    Overview,
    /// `…/keys`.
    Keys,
    /// `…/users`.
    People,
    /// `…/groups`.
    Groups,
    /// `…/activity`.
    Activity,
    /// `…/settings`.
    Settings,
}

impl Tab {
    const ALL: [Self; 6] = [
        Self::Overview,
        Self::Keys,
        Self::People,
        Self::Groups,
        Self::Activity,
        Self::Settings,
    ];

    /// What is read.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Keys => "Keys",
            Self::People => "People",
            Self::Groups => "Groups",
            Self::Activity => "Activity",
            Self::Settings => "Settings",
        }
    }

    /// Its part of the address, after that of the instance.
    #[must_use]
    pub fn address(self) -> &'static str {
        match self {
            Self::Overview => "",
            Self::Keys => "/keys",
            Self::People => "/users",
            Self::Groups => "/groups",
            Self::Activity => "/activity",
            Self::Settings => "/settings",
        }
    }
}

/// The header of every page of an instance.
#[derive(Clone, Debug)]
pub struct Head {
    /// In the address.
    pub slug: String,
    /// What admins call it.
    pub name: String,
    /// Two letters of the app.
    pub mark: String,
    /// Name of the app.
    pub app: String,
    /// `Atlassian Cloud · SCIM · users and groups`.
    pub kind: String,
    /// Its state.
    pub badge: Badge,
    /// Whether it has a target.
    pub has_target: bool,
    /// Off: IdPs get 403.
    pub enabled: bool,
    /// Sends nothing for now.
    pub paused: bool,
    /// A sync runs.
    pub running: bool,
    /// Where we are.
    pub tab: Tab,
}

impl Head {
    /// Beside the state.
    #[must_use]
    pub fn paused_badge(&self) -> Badge {
        Badge::new(Tone::Off, "Paused")
    }

    /// Tabs: (part of the address, word, whether it is this one).
    #[must_use]
    pub fn tabs(&self) -> [(&'static str, &'static str, bool); 6] {
        Tab::ALL.map(|tab| (tab.address(), tab.word(), self.tab == tab))
    }
}

/// The overview tab.
#[derive(Template)]
#[template(path = "instance.html")]
pub struct InstancePage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// Removals that wait.
    pub held: Option<HeldBanner>,
    /// Why it isn't healthy; also `Receives only.`
    pub reason: String,
    /// Since when it is so.
    pub since: Option<When>,
    /// The next automatic try.
    pub next_try: Option<When>,
    /// The sync that runs.
    pub progress: Option<Progress>,
    /// The last day.
    pub beats: Beats,
    /// Newest first, at most ten.
    pub events: Vec<EventRow>,
    /// Full SCIM base URL for the identity provider.
    pub endpoint: String,
    /// The key that was used last.
    pub last_key: Option<KeyUse>,
    /// Live keys.
    pub keys: u64,
    /// Changes that the app refused.
    pub rejected: u64,
    /// Name and value, in order: people, groups, pending, last and next sync, what the app can.
    pub facts: Vec<Fact>,
}

/// The removals that wait for a person.
#[derive(Clone, Debug)]
pub struct HeldBanner {
    /// In bold: `142 of 1,204 people would be deactivated`.
    pub what: String,
    /// The rest of the sentence.
    pub why: String,
    /// How many *Allow* frees.
    pub count: u64,
    /// The newest of those that are shown: *Allow* frees no later one.
    pub up_to: i64,
}

/// A sync that runs.
#[derive(Clone, Debug)]
pub struct Progress {
    /// `First sync: 140 of about 310 people`.
    pub text: String,
    /// How many are done.
    pub done: u64,
    /// About how many there are; none: not known.
    pub total: Option<u64>,
    /// When it began.
    pub started: When,
}

/// The last use of a key.
#[derive(Clone, Debug)]
pub struct KeyUse {
    /// Its first characters.
    pub prefix: String,
    /// When.
    pub at: When,
    /// User-Agent, cut.
    pub agent: String,
    /// Address.
    pub from: String,
}

/// A name and its value.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// Its value.
    pub value: String,
    /// Address, id, key: in the mono face.
    pub mono: bool,
    /// When the value is a time, or a time says more.
    pub when: Option<When>,
}

impl InstancePage {
    /// The shape of *Held*.
    #[must_use]
    pub fn held_shape(&self) -> Shape {
        Shape(Tone::Held)
    }
}

/// Lines of the log on this page.
const LATEST: usize = 10;
/// Conditions drawn in the bar of a day.
const DRAWN: usize = 200;

/// The page.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, base) = (ask.part("slug"), ask.pages.origin.base(&ask.request));
    let store = ask.pages.store().clone();
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            mut page,
            head,
            instance,
            status,
        } = chrome.inside(rx, &slug, Tab::Overview, None)?;
        let now = rx.now();
        page.live = if head.running || status.health == Health::Connecting {
            Live::Running
        } else {
            Live::Watched
        };
        let keys: Vec<_> = access::keys(rx, instance.id)?
            .into_iter()
            .filter(|k| k.is_live(now))
            .collect();
        let uses = keys
            .iter()
            .filter_map(|k| Some((store.telemetry().key_use(k.id)?, k)));
        let last_key = uses
            .max_by_key(|(used, _)| used.at)
            .map(|(used, key)| last_use(used, &key.prefix, now));
        let latest = events::of_instance(rx, instance.id, None, LATEST)?;
        let failing = status.health == Health::Failing;
        Ok::<_, Fail>(InstancePage {
            held: held::banner(rx, &instance, &status)?,
            reason: reason(&status),
            since: status.since.map(|t| When::clock(t, now)).filter(|_| failing),
            next_try: status.next_try.filter(|t| *t > now).map(|t| When::clock(t, now)),
            progress: progress(&status, now),
            beats: beats(rx, &instance)?,
            events: log::rows(latest, &instance.slug, &head.app, now),
            endpoint: endpoint(&base, &instance),
            last_key,
            keys: keys.len() as u64,
            rejected: status.rejected,
            facts: facts(&instance, &status, now),
            page,
            head,
        })
    });
    show(&shown.await?)
}

fn reason(status: &InstanceStatus) -> String {
    match (status.reason.as_str(), status.pending) {
        ("", 0) => "Both sides are in step".into(),
        ("", 1) => "One change is on its way".into(),
        ("", n) => format!("{} changes are on their way", words::number(n)),
        (reason, _) => words::sentence(reason),
    }
}

/// The SCIM base URL of an instance.
#[must_use]
pub fn endpoint(base: &str, instance: &Instance) -> String {
    format!("{base}/scim/{}/v2", instance.slug)
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
        RunPhase::Verify | RunPhase::Done | RunPhase::Failed => (
            format!("{which}: everything read, looking at what was not seen"),
            0,
            None,
        ),
    };
    let total = total.filter(|total| *total >= done && *total > 0);
    Some(Progress {
        text,
        done,
        total,
        started: When::relative(run.started, now),
    })
}

fn facts(instance: &Instance, status: &InstanceStatus, now: Time) -> Vec<Fact> {
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
    facts.push(fact("Carries", carries(instance.scope).into()));
    facts.push(fact("People", words::number(status.users)));
    facts.push(fact("Groups", words::number(status.groups)));
    let Some(target) = &instance.target else {
        facts.push(fact("Sends", "nothing: it only receives".into()));
        return facts;
    };
    facts.push(fact("Pending", words::count(status.pending, "change", "changes")));
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
    facts.push(time("Token set", instance.secret_set_at, "not stored"));
    facts.push(fact("The app can", can(target)));
    facts
}

fn carries(scope: Scope) -> &'static str {
    match scope {
        Scope::UsersAndGroups => "users and groups",
        Scope::Users => "users only",
        Scope::Groups => "groups only",
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
            counts,
            error: None,
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
