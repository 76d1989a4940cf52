//! A stored document → what an answer shows: `meta.location`, a user's `groups` and a group's `members` are spliced
//! into the stored bytes. Only a projection makes it worth parsing them.

use serde_json::{Value, json};

use crate::scim::Attributes;
use crate::scim::project::Projection;
use crate::scim::schema::ResourceType;
use crate::store::members::{self, Member};
use crate::store::resources::Stored;
use crate::store::{Rx, StoreError};

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

    /// The answer's text.
    pub(super) fn text(&self, base: &str, projection: &Projection) -> Result<String, StoreError> {
        let whole = self.whole(base)?;
        if projection.is_all() {
            return Ok(whole);
        }
        let mut document: Attributes =
            serde_json::from_str(&whole).map_err(|_| StoreError::Damaged("document"))?;
        projection.apply(self.kind, &mut document);
        Ok(Value::Object(document).to_string())
    }

    fn whole(&self, base: &str) -> Result<String, StoreError> {
        // The stored text ends with the meta object: `…"version":"W/\"1\""}}`.
        let open = self
            .stored
            .doc
            .strip_suffix("}}")
            .ok_or(StoreError::Damaged("document"))?;
        let location = Value::from(self.location(base));
        let linked = match (&self.linked, self.kind) {
            (Some(list), ResourceType::User) if !list.is_empty() => {
                format!(",\"groups\":{}", references(base, list, false))
            }
            (Some(list), ResourceType::Group) if !list.is_empty() => {
                format!(",\"members\":{}", references(base, list, true))
            }
            _ => String::new(),
        };
        Ok(format!("{open},\"location\":{location}}}{linked}}}"))
    }
}

fn references(base: &str, list: &[Member], members: bool) -> Value {
    let one = |m: &Member| {
        let kind = if members { m.kind.name() } else { "direct" };
        json!({"value": m.id, "$ref": format!("{base}/{}/{}", m.kind.endpoint(), m.id), "display": m.display, "type": kind})
    };
    list.iter().map(one).collect()
}
