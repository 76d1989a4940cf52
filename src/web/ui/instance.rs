//! `/instances/{slug}`: the state of one instance and what to do about it. Its header stands above every other page of
//! the instance.

use askama::Template;

use super::ask::Ask;
use super::beats::Beats;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::habits::{Habits, habits};
use super::keys::last_use;
use super::page::{Live, Page};
use super::parts::{Badge, EventRow, Shape, Tone, When};
use super::runs::in_short;
use super::serve::show;
use super::state::{beats, facts, progress, reason};
use super::{adoption, held, log, words};
use crate::model::{Health, Instance, Scope};
use crate::scim::schema::ResourceType;
use crate::store::{access, events};

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
    /// `…/requests`.
    Requests,
    /// `…/activity`.
    Activity,
    /// `…/settings`.
    Settings,
}

impl Tab {
    const ALL: [Self; 7] = [
        Self::Overview,
        Self::Keys,
        Self::People,
        Self::Groups,
        Self::Requests,
        Self::Activity,
        Self::Settings,
    ];

    /// Under which a user or group stands.
    #[must_use]
    pub fn of(kind: ResourceType) -> Self {
        match kind {
            ResourceType::User => Self::People,
            ResourceType::Group => Self::Groups,
        }
    }

    /// What is read.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Keys => "Keys",
            Self::People => "People",
            Self::Groups => "Groups",
            Self::Requests => "Requests",
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
            Self::Requests => "/requests",
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
    /// What it carries.
    pub scope: Scope,
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
    pub fn tabs(&self) -> Vec<(&'static str, &'static str, bool)> {
        let shown = |tab: &Tab| *tab != Tab::Groups || self.carries_groups() || self.tab == Tab::Groups;
        let tabs = Tab::ALL.into_iter().filter(shown);
        tabs.map(|tab| (tab.address(), tab.word(), self.tab == tab))
            .collect()
    }

    /// Whether what is written of users goes to the app.
    #[must_use]
    pub fn carries_users(&self) -> bool {
        self.scope.carries(ResourceType::User)
    }

    /// Whether there can be groups.
    #[must_use]
    pub fn carries_groups(&self) -> bool {
        self.scope.carries(ResourceType::Group)
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
    /// `3 pairs wait for a decision` who they are in the app; empty: none does.
    pub undecided: String,
    /// Why it isn't healthy; also `Receives only.`
    pub reason: String,
    /// What the app itself said of it; may be empty.
    pub detail: String,
    /// Since when it is so.
    pub since: Option<When>,
    /// The next automatic try.
    pub next_try: Option<When>,
    /// The sync that runs.
    pub progress: Option<Progress>,
    /// The last sync in one sentence; may be empty.
    pub last_run: String,
    /// The last day.
    pub beats: Beats,
    /// Newest first, at most ten.
    pub events: Vec<EventRow>,
    /// Full SCIM base URL for the identity provider.
    pub endpoint: String,
    /// What its identity provider does its own way.
    pub habits: Habits,
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
    /// Who or what asked for them.
    pub origins: Vec<held::OriginRow>,
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
        let endpoint = endpoint(&base, &instance);
        let mut keys = access::keys(rx, instance.id)?;
        let habits = habits(store.telemetry(), instance.id, &keys, &endpoint, now)?;
        keys.retain(|k| k.is_live(now));
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
            undecided: adoption::undecided(rx, instance.id)?,
            reason: reason(&status),
            detail: words::sentence(words::halves(&status.reason).1),
            since: status.since.map(|t| When::clock(t, now)).filter(|_| failing),
            next_try: status.next_try.filter(|t| *t > now).map(|t| When::clock(t, now)),
            progress: progress(&status, now),
            last_run: in_short(status.run.as_ref(), now),
            beats: beats(rx, &instance)?,
            events: log::rows(latest, &instance.slug, &head.app, now),
            endpoint,
            habits,
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

/// The SCIM base URL of an instance.
#[must_use]
pub fn endpoint(base: &str, instance: &Instance) -> String {
    format!("{base}/scim/{}/v2", instance.slug)
}
