//! What a target can do, as the last check or probe found it. Data only: the connector fills it, `sync::plan` and the
//! client read it. What is `None` was never decided: then the client tries and sees.

use serde::{Deserialize, Serialize};

use crate::scim::schema::ResourceType;

/// How a target gives out long lists.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Paging {
    /// From a place counted from 1 (RFC 7644 §3.4.2.4).
    #[default]
    Index,
    /// By a cursor that each page gives for the next (RFC 9865).
    Cursor,
}

/// What can be refused to all resources of a kind, whatever is said of them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verb {
    /// Making one.
    Create,
    /// Changing attributes; of a group all but its members, of a user all but `active`.
    Update,
    /// Changing the name of a group.
    Rename,
    /// `active: false`, and back.
    Deactivate,
    /// Deleting one; an app that only deactivates then counts as refusing.
    Delete,
}

/// How often a target may be called, in a minute, as its makers tell. What is `None` is not known.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Pace {
    /// Requests that change something.
    pub writes: Option<u32>,
    /// Requests of any kind.
    pub requests: Option<u32>,
    /// Requests at once, where that is less than a tenth of those in a minute.
    pub burst: Option<u32>,
}

/// What a target can do. The default is what RFC 7644 lets a client hope for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct Capabilities {
    /// PATCH is announced (or nothing was announced) and was not found wanting; else PUT.
    pub patch: bool,
    /// Filters are announced (or nothing was announced).
    pub filter: bool,
    /// The app has groups on its endpoint; asked only where the instance carries groups.
    pub groups: bool,
    /// `/ServiceProviderConfig` answered.
    pub discovery: bool,
    /// The app's id of the account behind the token, where it tells (`/Me`, RFC 7644 §3.11): it is protected.
    pub own: Option<String>,
    /// Most membership changes in one request.
    pub member_chunk: u32,
    /// Page size to ask for.
    pub page_size: u32,
    /// How lists are read.
    pub paging: Paging,
    /// Kinds whose PATCH was refused whatever was announced: they are written whole.
    pub put_only: Vec<ResourceType>,
    /// Most resources that ever came in one page although more were asked for and there.
    pub page_given: Option<u32>,
    /// Which attributes of users and groups can be searched by, as tried.
    pub filters: Filters,
    /// A list of groups shows their members; `Some(false)`: only a group that is read alone does.
    pub members_listed: Option<bool>,
    /// A read shows whom a group holds, in a list or alone; `Some(false)`: none does, so an empty group proves nothing.
    pub members_shown: Option<bool>,
    /// What is refused to a kind, as its makers tell or as a probe with writes tried: it is not asked for.
    pub refuses: Vec<(ResourceType, Verb)>,
    /// What was refused to a kind on the way: it is not asked for until the next check, and then again.
    pub refused: Vec<(ResourceType, Verb)>,
    /// How often it may be called.
    pub pace: Pace,
    /// Resources bear an ETag.
    pub etag: Option<bool>,
}

impl Capabilities {
    /// Whether resources of this kind are changed by PATCH.
    #[must_use]
    pub fn patches(&self, kind: ResourceType) -> bool {
        self.patch && !self.put_only.contains(&kind)
    }

    /// Whether this is known to be refused to resources of this kind.
    #[must_use]
    pub fn refuses(&self, kind: ResourceType, verb: Verb) -> bool {
        self.refuses.contains(&(kind, verb)) || self.refused.contains(&(kind, verb))
    }

    /// All that is known to be refused, each once.
    pub fn refusals(&self) -> impl Iterator<Item = (ResourceType, Verb)> {
        self.refuses.iter().chain(&self.refused).copied()
    }

    /// Notes that a request on the way was refused so that no other of its kind would fare better.
    pub fn note_refused(&mut self, kind: ResourceType, verb: Verb) {
        if !self.refuses(kind, verb) {
            self.refused.push((kind, verb));
            self.refused.sort_unstable();
        }
    }

    /// Notes for good that this is refused, or that it is not.
    pub fn note(&mut self, kind: ResourceType, verb: Verb, refused: bool) {
        self.refuses.retain(|known| *known != (kind, verb));
        self.refused.retain(|known| *known != (kind, verb));
        if refused {
            self.refuses.push((kind, verb));
            self.refuses.sort_unstable();
        }
    }

    /// Notes that resources of this kind are written whole, or that PATCH works.
    pub fn note_put_only(&mut self, kind: ResourceType, put_only: bool) {
        self.put_only.retain(|known| *known != kind);
        if put_only {
            self.put_only.push(kind);
        }
    }

    /// Whether a search by this attribute can be believed. What was tried counts more than what is announced.
    #[must_use]
    pub fn searches_by(&self, kind: ResourceType, attribute: &str) -> bool {
        let tried = match (kind, attribute) {
            (ResourceType::User, "userName") => self.filters.user_name,
            (ResourceType::Group, "displayName") => self.filters.display_name,
            (_, "externalId") => self.filters.external_id,
            _ => None,
        };
        tried.unwrap_or(self.filter)
    }

    /// What a new check of the same target found, with all that was learnt of it before and that no check asks. What was
    /// refused on the way is asked for again.
    #[must_use]
    pub fn remembering(self, before: &Self) -> Self {
        let mut now = Self {
            page_given: before.page_given,
            filters: before.filters.clone(),
            members_listed: before.members_listed,
            members_shown: before.members_shown,
            etag: before.etag,
            ..self
        };
        now.learn(before, &Self::default());
        now.refused.clear();
        now
    }

    /// Takes over what `other` learnt of PATCH and refusals since it was as `since`.
    pub fn learn(&mut self, other: &Self, since: &Self) {
        for kind in other
            .put_only
            .iter()
            .filter(|kind| !since.put_only.contains(kind))
        {
            self.note_put_only(*kind, true);
        }
        for known in other
            .refuses
            .iter()
            .filter(|known| !since.refuses.contains(known))
        {
            self.note(known.0, known.1, true);
        }
        for known in other
            .refused
            .iter()
            .filter(|known| !since.refused.contains(known))
        {
            self.note_refused(known.0, known.1);
        }
    }
}

/// Whether `eq` on an attribute finds whom it should and nobody else.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// Of users.
    pub user_name: Option<bool>,
    /// Of users.
    pub external_id: Option<bool>,
    /// `emails.value` of users.
    pub emails: Option<bool>,
    /// Of groups.
    pub display_name: Option<bool>,
    /// Letter case does not matter to `userName`.
    pub folds_case: Option<bool>,
}

impl Default for Capabilities {
    fn default() -> Self {
        Self {
            patch: true,
            filter: true,
            groups: true,
            discovery: false,
            own: None,
            member_chunk: 100,
            page_size: 100,
            paging: Paging::Index,
            put_only: Vec::new(),
            page_given: None,
            filters: Filters::default(),
            members_listed: None,
            members_shown: None,
            refuses: Vec::new(),
            refused: Vec::new(),
            pace: Pace::default(),
            etag: None,
        }
    }
}
