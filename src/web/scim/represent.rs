//! A stored document → what an answer shows: `meta.location`, a user's `groups` and a group's `members` are spliced
//! into the stored bytes, and the version of a user says which groups it was shown with (`crate::scim::etag`). Only a
//! projection makes it worth parsing them.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

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
            ResourceType::User if !self.linked.is_empty() => Some(fingerprint(&self.linked)),
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

/// What a user's groups look like, in one number. It need not be the same in another version of the program: a client
/// then reads once more.
fn fingerprint(groups: &[Member]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for group in groups {
        (&group.id, &group.display).hash(&mut hasher);
    }
    hasher.finish()
}

/// RFC 7643 §4.1.2.
fn push_groups(text: &mut String, base: &str, groups: &[Member]) {
    push_list(text, "groups", groups, |text, group| {
        push_link(text, base, group);
        text.push_str(",\"display\":");
        text.push_str(&quoted(&group.display));
        text.push_str(",\"type\":\"direct\"");
    });
}

/// RFC 7643 §4.2.
fn push_members(text: &mut String, base: &str, members: &[Member], place: Place) {
    push_list(text, "members", members, |text, member| {
        push_link(text, base, member);
        if place == Place::List {
            text.push_str(",\"display\":");
            text.push_str(&quoted(&member.display));
        }
        text.push_str(",\"type\":\"");
        text.push_str(member.kind.name());
        text.push('"');
    });
}

fn push_list(text: &mut String, name: &str, list: &[Member], push: impl Fn(&mut String, &Member)) {
    for (at, one) in list.iter().enumerate() {
        if at == 0 {
            text.push_str(",\"");
            text.push_str(name);
            text.push_str("\":[{");
        } else {
            text.push_str(",{");
        }
        push(text, one);
        text.push('}');
    }
    if !list.is_empty() {
        text.push(']');
    }
}

fn push_link(text: &mut String, base: &str, member: &Member) {
    text.push_str("\"value\":\"");
    text.push_str(&member.id);
    text.push_str("\",\"$ref\":");
    push_address(text, base, member.kind, &member.id);
}

/// Ids are ours and need no escaping; `base` has been escaped.
fn push_address(text: &mut String, base: &str, kind: ResourceType, id: &str) {
    for part in ["\"", base, "/", kind.endpoint(), "/", id, "\""] {
        text.push_str(part);
    }
}

/// A JSON string.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;

    fn view(kind: ResourceType, linked: &[(&str, &str, ResourceType)]) -> View {
        let meta = json!({"resourceType": kind.name(), "version": "W/\"7\""});
        let doc = json!({"schemas": [], "id": "5", "title": "W/\"1\"}}", "meta": meta}).to_string();
        let mut view = View::bare(
            kind,
            Stored {
                row: 1,
                id: "5".into(),
                doc,
            },
        );
        view.linked = linked
            .iter()
            .map(|(id, display, kind)| Member {
                row: 0,
                id: (*id).into(),
                display: (*display).into(),
                kind: *kind,
            })
            .collect();
        view
    }

    fn read(view: &View, place: Place) -> Value {
        let text = view
            .text("http://a\"\\b/v2", &Projection::default(), place)
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn a_user_is_shown_with_groups_and_a_version_that_knows_them() {
        let groups = [
            ("8", "D\"\n", ResourceType::Group),
            ("9", "Ü", ResourceType::Group),
        ];
        let in_groups = view(ResourceType::User, &groups);
        let shown = read(&in_groups, Place::Alone);
        let at = |id: &str| format!("http://a\"\\b/v2/Groups/{id}");
        assert_eq!(
            shown["groups"],
            json!([
                {"value": "8", "$ref": at("8"), "display": "D\"\n", "type": "direct"},
                {"value": "9", "$ref": at("9"), "display": "Ü", "type": "direct"},
            ])
        );
        assert_eq!(shown["meta"]["version"], in_groups.tag().unwrap());
        assert_eq!(shown["meta"]["location"], "http://a\"\\b/v2/Users/5");
        assert_eq!(shown["title"], "W/\"1\"}}");
        assert!(in_groups.tag().unwrap().starts_with("W/\"7-"));
        assert_ne!(
            in_groups.tag().unwrap(),
            view(ResourceType::User, &groups[..1]).tag().unwrap()
        );
        let alone = read(&view(ResourceType::User, &[]), Place::Alone);
        assert_eq!(alone["meta"]["version"], "W/\"7\"");
        assert!(alone.get("groups").is_none());
    }

    #[test]
    fn members_bear_their_names_in_lists_alone() {
        let group = view(
            ResourceType::Group,
            &[("8", "A", ResourceType::User), ("9", "G", ResourceType::Group)],
        );
        let (alone, list) = (read(&group, Place::Alone), read(&group, Place::List));
        assert_eq!(
            alone["members"][0],
            json!({"value": "8", "$ref": "http://a\"\\b/v2/Users/8", "type": "User"})
        );
        assert_eq!(
            list["members"][1],
            json!({"value": "9", "$ref": "http://a\"\\b/v2/Groups/9", "display": "G", "type": "Group"})
        );
        assert_eq!(alone["meta"]["version"], "W/\"7\"");
    }

    #[test]
    fn a_document_that_ends_otherwise_is_damaged() {
        let mut view = view(ResourceType::User, &[]);
        view.stored.doc = "{\"meta\":{}}".into();
        assert!(matches!(view.tag(), Err(StoreError::Damaged(_))));
    }
}
