//! The catalog of Apps: data for tiles, forms, hints and first limits (`apps.json`). A new SCIM app is an entry there and
//! no code. Null, or a field left out, means that nobody has seen the fact, not that it is false.
//!
//! It is no list of what an endpoint can do: that is asked of the endpoint itself. What the makers document only narrows
//! what was found ([`App::bounded`]): sizes, pace, and what is refused whatever is sent.

mod address;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use serde::Deserialize;

use crate::model::{self, Capabilities, MapRow, Pace, Scope, Verb};
use crate::scim::schema::ResourceType;

/// The App of a SCIM endpoint that has no entry of its own.
pub const GENERIC: &str = "generic-scim";

/// What every admin is reminded of.
pub const TOKEN_REMINDER: &str = "A token is usually shown only once: copy it to a safe place now, and replace it as often as your policy asks.";

/// One App.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Names the App in instances and URLs; never changes.
    pub slug: String,
    /// What its makers call it.
    pub name: String,
    /// The shelf it stands on.
    pub kind: Kind,
    /// Shown on the tile.
    pub tags: Vec<String>,
    /// One sentence.
    pub description: String,
    /// Two letters for the tile.
    pub initials: String,
    /// The form may be sent without an instance name.
    pub name_optional: bool,
    /// Instance name written into the form.
    pub proposed_name: String,
    /// Shapes of the SCIM base URL with `{placeholders}`, the usual one first; none: not known, anything goes.
    pub base_urls: Vec<String>,
    /// How requests are authenticated.
    pub auth: Auth,
    /// Why this version cannot connect it, one sentence; none: it can.
    pub not_yet: Option<String>,
    /// What must be there before connecting; the first stands on the tile.
    pub prerequisites: Vec<String>,
    /// How to get base URL and token; empty: not known, `token_note` says so.
    pub token_steps: Vec<String>,
    /// What to know about this App's token.
    pub token_note: Option<String>,
    /// What the endpoint is known to do.
    pub facts: Facts,
    /// Where it is narrower than SCIM.
    pub limits: Limits,
    /// What it does otherwise than one expects.
    pub quirks: Vec<String>,
    /// The mapping that a new instance begins with: what the makers say the App requires, or does not take.
    #[serde(default)]
    pub mapping: Vec<MapRow>,
    /// The makers' own page.
    pub docs: Option<String>,
}

/// A shelf of the catalog. The order is that of the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// No app in particular.
    Any,
    /// Chat, documents, tasks.
    Work,
    /// Code and what runs it.
    Development,
    /// Watching and mending.
    Operations,
    /// Stores and reports.
    Data,
    /// Directories, passwords, clouds.
    Access,
    /// Contracts, forms, people.
    Business,
}

impl Kind {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 7] = [
        Self::Any,
        Self::Work,
        Self::Development,
        Self::Operations,
        Self::Data,
        Self::Access,
        Self::Business,
    ];

    /// In addresses.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Any => "any",
            Self::Work => "work",
            Self::Development => "development",
            Self::Operations => "operations",
            Self::Data => "data",
            Self::Access => "access",
            Self::Business => "business",
        }
    }

    /// What is read above the shelf.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Any => "Any app",
            Self::Work => "Working together",
            Self::Development => "Development",
            Self::Operations => "Operations",
            Self::Data => "Data and reports",
            Self::Access => "Identity, passwords, cloud",
            Self::Business => "Contracts, forms, people",
        }
    }
}

/// How requests of an App are authenticated.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// The kind.
    #[serde(rename = "type")]
    pub kind: AuthKind,
    /// Name of the header that carries the key; only of kind `Header`.
    #[serde(default)]
    pub header: Option<String>,
    /// What else is to be known, in sentences.
    #[serde(default)]
    pub note: Option<String>,
}

/// A kind of authentication.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthKind {
    /// `Authorization: Bearer` (RFC 6750).
    Bearer,
    /// A header of the App's own.
    Header,
    /// `Authorization: Basic` (RFC 7617).
    Basic,
    /// OAuth 2.0 (RFC 6749); which grant, the note says.
    Oauth,
    /// Nobody has seen it.
    Unknown,
}

/// What is known of an App's endpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Users.
    pub users: Verbs,
    /// Groups.
    pub groups: Verbs,
    /// PATCH works.
    pub patch: Option<bool>,
    /// PUT works.
    pub put: Option<bool>,
    /// Which filters it takes.
    pub filter: Option<String>,
    /// How often it may be called, in words.
    pub rate_limit: Option<String>,
}

/// What can be done to one type of resource.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verbs {
    /// POST.
    pub create: Option<bool>,
    /// Changes, for groups a new name.
    pub update: Option<bool>,
    /// `active: false`.
    pub deactivate: Option<bool>,
    /// DELETE ends it for good.
    pub delete: Option<bool>,
    /// GET of all.
    pub list: Option<bool>,
}

/// Where an App is known to be narrower than SCIM. What is not known is not limited.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most membership changes in one request.
    pub member_chunk: Option<u32>,
    /// Largest page.
    pub page_max: Option<u32>,
    /// Most writes in a minute; the smallest figure where several are told.
    pub writes_per_minute: Option<u32>,
    /// Most requests of any kind in a minute.
    pub requests_per_minute: Option<u32>,
    /// Most requests at once, where that is less than a tenth of those in a minute.
    pub burst: Option<u32>,
    /// PATCH of users is not offered, or not in a form that sets values: they are written whole.
    pub users_by_put: bool,
    /// DELETE of a user only deactivates.
    pub delete_is_deactivate: bool,
    /// Of a group only the members can be changed.
    pub groups_by_members_only: bool,
    /// `active: false` deletes the user for good.
    pub deactivate_is_delete: bool,
}

impl App {
    /// What was found at the endpoint, narrowed by what is known of the App. Nothing is ever widened: an app that has
    /// grown is asked for less than it could give.
    #[must_use]
    pub fn bounded(&self, found: Capabilities) -> Capabilities {
        let most = |found: u32, limit: Option<u32>| limit.map_or(found, |limit| found.min(limit));
        let least = |found: Option<u32>, told: Option<u32>| found.into_iter().chain(told).min();
        let mut bounded = Capabilities {
            patch: found.patch && self.facts.patch != Some(false),
            groups: found.groups && !self.has_no_groups(),
            member_chunk: most(found.member_chunk, self.limits.member_chunk),
            page_size: most(found.page_size, self.limits.page_max),
            pace: Pace {
                writes: least(found.pace.writes, self.limits.writes_per_minute),
                requests: least(found.pace.requests, self.limits.requests_per_minute),
                burst: least(found.pace.burst, self.limits.burst),
            },
            ..found
        };
        if self.limits.users_by_put {
            bounded.note_put_only(ResourceType::User, true);
        }
        for (kind, verb) in self.refusals() {
            bounded.note(kind, verb, true);
        }
        bounded
    }

    /// What its makers say it refuses, whatever is sent.
    fn refusals(&self) -> impl Iterator<Item = (ResourceType, Verb)> {
        let (users, groups, limits) = (&self.facts.users, &self.facts.groups, &self.limits);
        let no = |answer: Option<bool>| answer == Some(false);
        let (user, group) = (ResourceType::User, ResourceType::Group);
        [
            (no(users.create), (user, Verb::Create)),
            (no(users.update), (user, Verb::Update)),
            // Where that deletes, access ends all the same.
            (
                no(users.deactivate) && !limits.deactivate_is_delete,
                (user, Verb::Deactivate),
            ),
            (
                no(users.delete) || limits.delete_is_deactivate,
                (user, Verb::Delete),
            ),
            (no(groups.create), (group, Verb::Create)),
            (limits.groups_by_members_only, (group, Verb::Update)),
            (no(groups.update), (group, Verb::Rename)),
            (no(groups.delete), (group, Verb::Delete)),
        ]
        .into_iter()
        .filter_map(|(refused, what)| refused.then_some(what))
    }

    /// What an instance of it had best carry.
    #[must_use]
    pub fn proposed_scope(&self) -> Scope {
        if self.facts.users.create == Some(false) {
            Scope::Groups
        } else if self.has_no_groups() {
            Scope::Users
        } else {
            Scope::default()
        }
    }

    /// How requests are authenticated, as a form begins; what the App alone knows (a user name, where access tokens are
    /// issued) is empty. Not known: a bearer token.
    #[must_use]
    pub fn proposed_auth(&self) -> model::Auth {
        match self.auth.kind {
            AuthKind::Bearer | AuthKind::Unknown => model::Auth::Bearer,
            AuthKind::Header => model::Auth::Header {
                name: self.auth.header.clone().unwrap_or_default(),
            },
            AuthKind::Basic => model::Auth::Basic { user: String::new() },
            AuthKind::Oauth => model::Auth::OAuth {
                token_url: String::new(),
                client_id: String::new(),
                scope: None,
            },
        }
    }

    /// Groups are known not to be offered.
    #[must_use]
    pub fn has_no_groups(&self) -> bool {
        let groups = &self.facts.groups;
        groups.list == Some(false) || (groups.create == Some(false) && groups.update == Some(false))
    }
}

static APPS: LazyLock<Vec<App>> = LazyLock::new(|| parse().unwrap_or_default());

fn parse() -> Result<Vec<App>, serde_json::Error> {
    serde_json::from_str(include_str!("apps.json"))
}

/// All Apps, in the order of the tiles.
#[must_use]
pub fn all() -> &'static [App] {
    &APPS
}

/// The App with this slug.
#[must_use]
pub fn find(slug: &str) -> Option<&'static App> {
    all().iter().find(|app| app.slug == slug)
}
