//! A stored document → what an answer shows: `meta.location`, a user's `groups` and a group's `members` are spliced
//! into the stored bytes. Only a projection makes it worth parsing them.

use serde_json::{Value, json};

use crate::scim::Attributes;
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
    kind: ResourceType,
    stored: Stored,
    /// `groups` of a user, `members` of a group; `None`: not asked for.
    linked: Option<Vec<Member>>,
}

impl View {
    /// Reads what the projection asks for beside the document.
    pub(super) fn load(
        rx: &Rx<'_>,
        kind: ResourceType,
        stored: Stored,
        projection: &Projection,
    ) -> Result<Self, StoreError> {
        let linked = match kind {
            ResourceType::User if projection.wants("groups") => Some(members::groups_of(rx, stored.row)?),
            ResourceType::Group if projection.wants("members") => {
                Some(members::list(rx, stored.row, 0, usize::MAX)?)
            }
            ResourceType::User | ResourceType::Group => None,
        };
        Ok(Self { kind, stored, linked })
    }

    /// Its address.
    pub(super) fn location(&self, base: &str) -> String {
        format!("{base}/{}/{}", self.kind.endpoint(), self.stored.id)
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
        // The stored text ends with the meta object: `…"version":"W/\"1\""}}`.
        let open = self
            .stored
            .doc
            .strip_suffix("}}")
            .ok_or(StoreError::Damaged("document"))?;
        let location = Value::from(self.location(base));
        let linked = match (&self.linked, self.kind) {
            (Some(list), ResourceType::User) if !list.is_empty() => {
                format!(",\"groups\":{}", groups(base, list))
            }
            (Some(list), ResourceType::Group) if !list.is_empty() => {
                format!(",\"members\":{}", members_of(base, list, place))
            }
            _ => String::new(),
        };
        Ok(format!("{open},\"location\":{location}}}{linked}}}"))
    }
}

/// RFC 7643 §4.1.2.
fn groups(base: &str, list: &[Member]) -> Value {
    let one =
        |m: &Member| json!({"value": m.id, "$ref": address(base, m), "display": m.display, "type": "direct"});
    list.iter().map(one).collect()
}

/// RFC 7643 §4.2.
fn members_of(base: &str, list: &[Member], place: Place) -> Value {
    let one = |m: &Member| match place {
        Place::List => {
            json!({"value": m.id, "$ref": address(base, m), "display": m.display, "type": m.kind.name()})
        }
        Place::Alone => json!({"value": m.id, "$ref": address(base, m), "type": m.kind.name()}),
    };
    list.iter().map(one).collect()
}

fn address(base: &str, member: &Member) -> String {
    format!("{base}/{}/{}", member.kind.endpoint(), member.id)
}
