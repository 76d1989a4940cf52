//! `/instances/{slug}`: the state of one instance and what to do about it. Its header stands above every other page of
//! the instance.

use askama::Template;

use super::beats::Beats;
use super::page::Page;
use super::parts::{Badge, EventRow, Shape, Tone, When};
use super::words;

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
        [
            ("", "Overview", self.tab == Tab::Overview),
            ("/keys", "Keys", self.tab == Tab::Keys),
            ("/users", "People", self.tab == Tab::People),
            ("/groups", "Groups", self.tab == Tab::Groups),
            ("/activity", "Activity", self.tab == Tab::Activity),
            ("/settings", "Settings", self.tab == Tab::Settings),
        ]
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
