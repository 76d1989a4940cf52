//! Outward HTTP: what an instance's target can be asked and told. Knows no SQL and keeps no state; what to send is
//! `sync`'s to decide.
//!
//! The set of connectors is closed: one variant each, and one `match` per verb. An App of the catalog is data for one of
//! them. Every error carries what to do about it ([`Verdict`]).

pub mod catalog;
#[cfg(test)]
mod fake;
pub mod form;
pub mod net;
mod place;
mod scim;
mod verdict;

pub use net::{Caller, Net, NetPolicy, Token};
pub use place::Place;
pub use scim::{ProbePlan, Scim};
pub use verdict::{CheckError, CheckKind, ConnectorError, Verdict};

use serde_json::Value;

use crate::model::{Capabilities, Profile, Scope, Target};
use crate::scim::Attributes;
use crate::scim::resource::Member;
use crate::scim::schema::ResourceType;

/// A way to talk to one target.
#[derive(Debug)]
pub enum Connector {
    /// Any app with a SCIM 2.0 endpoint.
    Scim(Scim),
}

/// A user or group as the target holds it.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote {
    /// The target's id; empty when it gave none.
    pub id: String,
    /// What it holds, in canonical form, without `id` and `meta`. Of a broken one only the names are kept.
    pub attributes: Attributes,
    /// A group's members; none: the target did not say.
    pub members: Option<Vec<Member>>,
    /// Why it could not be understood. It still counts as present.
    pub broken: Option<String>,
}

/// A piece of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// What it holds; repeats across pages are possible.
    pub resources: Vec<Remote>,
    /// How many there are in all, as the target says: a hint.
    pub total: Option<u64>,
    /// Where the next page starts; none: this was the last.
    pub next: Option<Place>,
    /// It holds as many as were asked for, so there may be more whatever its total says.
    pub full: bool,
}

impl Connector {
    /// Prepares to talk to `target`; nothing is sent yet.
    #[must_use]
    pub fn open(target: &Target, token: Token, net: Net) -> Self {
        match target {
            Target::Scim {
                base_url,
                access,
                capabilities,
            } => Self::Scim(Scim::new(base_url, Caller::new(access, token), capabilities, net)),
        }
    }

    /// What the target turned out to do otherwise than its capabilities said; none: nothing new.
    #[must_use]
    pub fn learnt(&self) -> Option<Capabilities> {
        match self {
            Self::Scim(c) => c.learnt(),
        }
    }

    /// The target's host, with its port when one is written.
    #[must_use]
    pub fn host(&self) -> &str {
        match self {
            Self::Scim(c) => c.host(),
        }
    }

    /// Whether address, token and endpoint are right, and what the target can do, as far as an instance of this scope
    /// needs it. Reads only.
    ///
    /// # Errors
    /// A sentence that says what to change.
    pub async fn check(&self, scope: Scope) -> Result<Capabilities, CheckError> {
        match self {
            Self::Scim(c) => c.check(scope).await,
        }
    }

    /// What the target really does, as a checklist. It reads only, unless the plan says that it may write.
    pub async fn profile(&self, plan: ProbePlan<'_>) -> Profile {
        match self {
            Self::Scim(c) => c.profile(plan).await,
        }
    }

    /// The app's id of the account behind the token, if it tells.
    pub async fn own_account(&self) -> Option<String> {
        match self {
            Self::Scim(c) => c.own_account().await,
        }
    }

    /// One page of the list, from `place`; [`Place::START`] is the beginning however the target pages.
    ///
    /// # Errors
    /// Retry for anything that is not a whole, plausible page.
    pub async fn page(&self, kind: ResourceType, place: &Place) -> Result<Page, ConnectorError> {
        match self {
            Self::Scim(c) => c.page(kind, place).await,
        }
    }

    /// One resource by the target's id; none only if the target itself says that there is no such id.
    ///
    /// # Errors
    /// Everything else that is not that resource.
    pub async fn get(&self, kind: ResourceType, id: &str) -> Result<Option<Remote>, ConnectorError> {
        match self {
            Self::Scim(c) => c.get(kind, id).await,
        }
    }

    /// Those whose `attribute` (userName, externalId, displayName) is `value`, letter case aside, as the target's filter
    /// finds them.
    ///
    /// # Errors
    /// Reject when the target cannot filter by it.
    pub async fn find(
        &self,
        kind: ResourceType,
        attribute: &str,
        value: &str,
    ) -> Result<Vec<Remote>, ConnectorError> {
        match self {
            Self::Scim(c) => c.find(kind, attribute, value).await,
        }
    }

    /// The same by reading the list, for targets that cannot filter.
    ///
    /// # Errors
    /// Reject when the list is too long for that; else what a page says, or Retry when it was not whole.
    pub async fn look_through(
        &self,
        kind: ResourceType,
        attribute: &str,
        value: &str,
    ) -> Result<Vec<Remote>, ConnectorError> {
        match self {
            Self::Scim(c) => c.look_through(kind, attribute, value).await,
        }
    }

    /// Makes a resource; `members` are ids of the target.
    ///
    /// # Errors
    /// `lost` when it may exist now although no id is known.
    pub async fn create(
        &self,
        kind: ResourceType,
        attributes: &Attributes,
        members: &[String],
    ) -> Result<Remote, ConnectorError> {
        match self {
            Self::Scim(c) => c.create(kind, attributes, members).await,
        }
    }

    /// Sets or removes the values at some paths (those of `scim::resource::paths`) and nothing else. `full` is all that
    /// is wanted, for targets that must be sent whole resources; then `held`, of a group, is as in `members`. None: the
    /// target did not show the result.
    ///
    /// # Errors
    /// Gone when the id is not known there; otherwise as `members`.
    pub async fn update(
        &self,
        kind: ResourceType,
        id: &str,
        changes: &[(String, Option<Value>)],
        full: &Attributes,
        held: u64,
    ) -> Result<Option<Remote>, ConnectorError> {
        match self {
            Self::Scim(c) => c.update(kind, id, changes, full, held).await,
        }
    }

    /// Adds and removes members of a group, in one request of at most `Capabilities::member_chunk` ids. `held`: how many
    /// others it is believed to have there, as far as they were counted; a target that must be sent the whole group and
    /// does not show them is sent nothing.
    ///
    /// # Errors
    /// Gone when the group is not known there. Reject without a status: nothing was sent, for it could not be done safely.
    pub async fn members(
        &self,
        id: &str,
        add: &[String],
        remove: &[String],
        held: u64,
    ) -> Result<(), ConnectorError> {
        match self {
            Self::Scim(c) => c.members(id, add, remove, held).await,
        }
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// It may still be there. Gone when the id is not known there, or so says what stands in front of it: that alone
    /// proves nothing.
    pub async fn delete(&self, kind: ResourceType, id: &str) -> Result<(), ConnectorError> {
        match self {
            Self::Scim(c) => c.delete(kind, id).await,
        }
    }
}
