//! A stored document → what an answer shows: `meta.location`, a user's `groups` and a group's `members` are spliced
//! into the stored bytes, and the version of a user says which groups it was shown with (`crate::scim::etag`). Only a
//! projection makes it worth parsing them.

mod links;

use serde_json::Value;

use links::{push_address, push_groups, push_members, quoted};

use crate::scim::Attributes;
use crate::scim::etag;
use crate::scim::project::Projection;
use crate::scim::schema::ResourceType;
use crate::store::members::{self, Member};
use crate::store::resources::Stored;
use crate::store::{Rx, StoreError};

/// Where a resource is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    /// As the whole answer.
    Alone,
    /// Among others.
    List,
}

/// A resource with what is computed for it.
#[derive(Debug)]
pub(super) struct View {
    pub(super) kind: ResourceType,
    stored: Stored,
    /// `groups` of a user, `members` of a group; empty also when not asked for.
    linked: Vec<Member>,
}

/// A resource as a whole answer.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) location: String,
    pub(super) tag: String,
    pub(super) body: String,
}

impl View {
    /// The document alone, without what is computed.
    pub(super) fn bare(kind: ResourceType, stored: Stored) -> Self {
        Self {
            kind,
            stored,
            linked: Vec::new(),
        }
    }

    /// With what the projection asks for beside the document.
    pub(super) fn load(
        rx: &Rx<'_>,
        kind: ResourceType,
        stored: Stored,
        projection: &Projection,
    ) -> Result<Self, StoreError> {
        let mut view = Self::bare(kind, stored);
        view.fill(rx, projection)?;
        Ok(view)
    }

    /// Reads what the projection asks for beside the document.
    pub(super) fn fill(&mut self, rx: &Rx<'_>, projection: &Projection) -> Result<(), StoreError> {
        let row = self.stored.row;
        match self.kind {
            ResourceType::User if projection.wants("groups") => self.linked = members::groups_of(rx, row)?,
            ResourceType::Group if projection.wants("members") => {
                self.linked = members::list(rx, row, 0, usize::MAX)?;
            }
            ResourceType::User | ResourceType::Group => {}
        }
        Ok(())
    }

    /// Its public id.
    pub(super) fn id(&self) -> &str {
        &self.stored.id
    }

    /// Its version, as header and `meta.version` have it.
    pub(super) fn tag(&self) -> Result<String, StoreError> {
        let (_, version) = self.around_version()?;
        let groups = match self.kind {
            ResourceType::User if !self.linked.is_empty() => Some(members::fingerprint(&self.linked)),
            ResourceType::User | ResourceType::Group => None,
        };
        Ok(etag::tag(version, groups))
    }

    /// It as the whole answer.
    pub(super) fn shown(&self, base: &str, projection: &Projection) -> Result<Shown, StoreError> {
        Ok(Shown {
            location: format!("{base}/{}/{}", self.kind.endpoint(), self.stored.id),
            tag: self.tag()?,
            body: self.text(base, projection, Place::Alone)?,
        })
    }

    /// The answer's text. In a list members bear `display`, which importing tools show; alone, a group is given back
    /// as it was written.
    pub(super) fn text(
        &self,
        base: &str,
        projection: &Projection,
        place: Place,
    ) -> Result<String, StoreError> {
        let whole = self.whole(base, place)?;
        if projection.is_all() {
            return Ok(whole);
        }
        let mut document: Attributes =
            serde_json::from_str(&whole).map_err(|_| StoreError::Damaged("document"))?;
        projection.apply(self.kind, &mut document);
        Ok(Value::Object(document).to_string())
    }

    fn whole(&self, base: &str, place: Place) -> Result<String, StoreError> {
        let (before, _) = self.around_version()?;
        let base = quoted(base);
        let base = base.trim_matches('"');
        // A group may have very many members: room for all of them at once.
        let room = self.stored.doc.len() + (self.linked.len() + 2) * (base.len() + 150);
        let mut text = String::with_capacity(room);
        text.push_str(before);
        text.push_str(&quoted(&self.tag()?));
        text.push_str(",\"location\":");
        push_address(&mut text, base, self.kind, &self.stored.id);
        text.push('}');
        match self.kind {
            ResourceType::User => push_groups(&mut text, base, &self.linked),
            ResourceType::Group => push_members(&mut text, base, &self.linked, place),
        }
        text.push('}');
        Ok(text)
    }

    /// The stored text ends with the version in the meta object, `…"version":"W/\"1\""}}`: what stands before it, and
    /// the number in it.
    fn around_version(&self) -> Result<(&str, &str), StoreError> {
        self.stored
            .doc
            .strip_suffix("\\\"\"}}")
            .and_then(|open| open.rsplit_once("\"W/\\\""))
            .ok_or(StoreError::Damaged("document"))
    }
}

#[cfg(test)]
mod tests;
