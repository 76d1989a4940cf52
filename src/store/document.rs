//! A resource as JSON text, and the columns that are taken from it. The document is the truth; what is extracted here is
//! an index that can be made anew.

use std::collections::BTreeSet;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::StoreError;
use crate::model::Time;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, fold};

/// What the columns hold, taken from the attributes.
pub(super) struct Extract<'a> {
    pub(super) name: &'a str,
    pub(super) display: &'a str,
    pub(super) external_id: Option<&'a str>,
    pub(super) active: bool,
    pub(super) emails: BTreeSet<String>,
}

impl<'a> Extract<'a> {
    pub(super) fn of(kind: ResourceType, attributes: &'a Attributes) -> Self {
        let text = |name: &str| attributes.get(name).and_then(Value::as_str);
        let name = match kind {
            ResourceType::User => text("userName"),
            ResourceType::Group => text("displayName"),
        }
        .unwrap_or_default();
        let formatted = attributes
            .get("name")
            .and_then(|n| n.get("formatted"))
            .and_then(Value::as_str);
        let emails = attributes
            .get("emails")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        Self {
            name,
            display: text("displayName")
                .or(formatted)
                .filter(|d| !d.is_empty())
                .unwrap_or(name),
            external_id: text("externalId"),
            active: attributes.get("active").and_then(Value::as_bool).unwrap_or(true),
            emails: emails
                .filter_map(|e| e.get("value")?.as_str())
                .map(fold)
                .collect(),
        }
    }
}

/// A document as it is stored and answered: attributes, `id` after `schemas`, `meta` last and without `location`.
pub(super) struct Document<'a> {
    pub(super) kind: ResourceType,
    pub(super) id: &'a str,
    pub(super) version: i64,
    pub(super) created: Time,
    pub(super) last_modified: Time,
    pub(super) attributes: &'a Attributes,
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(schemas) = self.attributes.get("schemas") {
            map.serialize_entry("schemas", schemas)?;
        }
        map.serialize_entry("id", self.id)?;
        for (name, value) in self.attributes.iter().filter(|(name, _)| *name != "schemas") {
            map.serialize_entry(name, value)?;
        }
        map.serialize_entry(
            "meta",
            &json!({
                "resourceType": self.kind.name(),
                "created": self.created.to_string(),
                "lastModified": self.last_modified.to_string(),
                "version": format!("W/\"{}\"", self.version),
            }),
        )?;
        map.end()
    }
}

impl Document<'_> {
    pub(super) fn text(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|_| StoreError::Damaged("document"))
    }
}
