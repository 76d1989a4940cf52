//! Changes for servers without PATCH: read the whole resource, change what is ours, write it back (RFC 7644 §3.5.1).
//! Everything else goes back as it came, so that nothing is lost that others own. A group whose members the read does not
//! show is not written back: that would take them out.

use serde_json::{Value, json};

use super::client::{About, Scim};
use super::parse;
use super::write::values;
use crate::connector::net::{Method, Response};
use crate::connector::verdict::{ConnectorError, Verdict};
use crate::scim::Attributes;
use crate::scim::resource;
use crate::scim::schema::ResourceType;

impl Scim {
    pub(super) async fn put_changes(
        &self,
        kind: ResourceType,
        id: &str,
        changes: &[(String, Option<Value>)],
        full: &Attributes,
        held: u64,
    ) -> Result<Response, ConnectorError> {
        let object = self.raw(kind, id).await?;
        if kind == ResourceType::Group {
            let shown = parse::peek(&object, "members").and_then(Value::as_array);
            self.shows_enough(shown.map_or(0, Vec::len), held)?;
        }
        self.put(kind, id, merged(kind, object, changes, full)).await
    }

    pub(super) async fn put_members(
        &self,
        id: &str,
        add: &[String],
        remove: &[String],
        held: u64,
    ) -> Result<Response, ConnectorError> {
        let mut object = self.raw(ResourceType::Group, id).await?;
        let there = match parse::take(&mut object, "members") {
            Some(Value::Array(there)) => there,
            _ => Vec::new(),
        };
        let is_in = |ids: &[String], entry: &Value| member_id(entry).is_some_and(|id| ids.contains(&id));
        let mut members: Vec<Value> = there
            .into_iter()
            .filter(|m| !is_in(remove, m) && !is_in(add, m))
            .collect();
        self.shows_enough(members.len(), held)?;
        if let Value::Array(new) = values(add) {
            members.extend(new);
        }
        parse::take(&mut object, "meta");
        object.insert("members".into(), Value::Array(members));
        self.put(ResourceType::Group, id, object).await
    }

    /// Whether a read that shows `shown` members of a group may be written back, when it is believed to have `held`.
    fn shows_enough(&self, shown: usize, held: u64) -> Result<(), ConnectorError> {
        let hidden = self.capabilities().members_shown == Some(false);
        let shown = shown as u64;
        if shown == 0 && (held > 0 || hidden) {
            let why = "shows no members of this group, so writing it whole could take everybody out: nothing was sent. If \
                       it is empty there, sync, then try again; else change its members in the app";
            return Err(self.error(Verdict::Reject, None, why, false));
        }
        if shown.saturating_mul(2) < held {
            let retry = Verdict::Retry {
                after: None,
                target: false,
            };
            let why = format!(
                "shows {shown} of {held} members of this group, so writing it whole could take the others out: nothing was \
                 sent, until it shows them or a sync has read who is left"
            );
            return Err(self.error(retry, None, &why, false));
        }
        Ok(())
    }

    async fn put(&self, kind: ResourceType, id: &str, body: Attributes) -> Result<Response, ConnectorError> {
        self.call(
            Method::PUT,
            self.resource(kind, id)?,
            Some(Value::Object(body)),
            About::Resource,
        )
        .await
    }
}

/// What the server holds, with our changes; required attributes that it does not show come from `full`.
fn merged(
    kind: ResourceType,
    mut object: Attributes,
    changes: &[(String, Option<Value>)],
    full: &Attributes,
) -> Attributes {
    let id = parse::take(&mut object, "id");
    let members = parse::take(&mut object, "members");
    // Attributes of the app's own go back untouched; a document of ours holds none.
    let (known, own): (Attributes, Attributes) = object
        .into_iter()
        .partition(|(name, _)| name.contains(':') || kind.attribute(name).is_some());
    // Paths are looked up in the schema's spelling.
    let mut body: Attributes = known
        .into_iter()
        .map(|(name, value)| match kind.attribute(&name) {
            Some(attribute) => (attribute.name.to_owned(), value),
            None => (name, value),
        })
        .collect();
    body.insert("schemas".into(), json!([kind.schema()]));
    for (path, value) in changes {
        resource::set(&mut body, path, value.clone());
    }
    for required in kind
        .core()
        .attributes
        .iter()
        .filter(|attribute| attribute.required)
    {
        if let (false, Some(value)) = (body.contains_key(required.name), full.get(required.name)) {
            body.insert(required.name.into(), value.clone());
        }
    }
    body.extend(own);
    body.extend(id.map(|id| ("id".to_owned(), id)));
    body.extend(members.map(|members| ("members".to_owned(), members)));
    body
}

fn member_id(entry: &Value) -> Option<String> {
    parse::peek(entry.as_object()?, "value")
        .cloned()
        .and_then(parse::id)
}

#[cfg(test)]
mod tests;
