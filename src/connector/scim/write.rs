//! Writing: POST, PATCH and DELETE (RFC 7644 §3.3, §3.5.2, §3.6). PATCH names each path it changes and nothing else, in
//! the plainest form of the RFC: what every server understands.

use serde_json::{Value, json};

use super::client::{About, Scim};
use super::parse;
use crate::connector::Remote;
use crate::connector::net::{Method, Response};
use crate::connector::verdict::ConnectorError;
use crate::scim::filter::Filter;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, urn};

impl Scim {
    pub(in crate::connector) async fn create(
        &self,
        kind: ResourceType,
        attributes: &Attributes,
        members: &[String],
    ) -> Result<Remote, ConnectorError> {
        let mut body = attributes.clone();
        if !body.contains_key("schemas") {
            body.insert("schemas".into(), json!([kind.schema()]));
        }
        if !members.is_empty() {
            body.insert("members".into(), values(members));
        }
        let url = self
            .endpoint(kind.endpoint(), &[])
            .map_err(|e| ConnectorError::no_answer(&e, false))?;
        let answer = self
            .call(Method::POST, url, Some(Value::Object(body)), About::Endpoint)
            .await?;
        if !answer.body.is_empty() {
            let read = self.remote(kind, Value::Object(self.object(&answer, true)?));
            if !read.id.is_empty() {
                return Ok(read);
            }
        }
        // Nothing but the address of what was made.
        match answer
            .location
            .as_deref()
            .and_then(|location| self.id_at(kind, location))
        {
            Some(id) => Ok(Remote {
                id,
                attributes: attributes.clone(),
                members: None,
                broken: None,
            }),
            None => Err(self.garbage(&answer, "no id of what was made", true)),
        }
    }

    /// The id at the end of `…/Users/{id}`.
    fn id_at(&self, kind: ResourceType, location: &str) -> Option<String> {
        let url = self.endpoint(kind.endpoint(), &[]).ok()?.join(location).ok()?;
        let mut segments = url.path_segments()?.rev();
        let (last, before) = (segments.next()?, segments.next()?);
        if !before.eq_ignore_ascii_case(kind.endpoint()) {
            return None;
        }
        parse::id(Value::String(decoded(last)?))
    }

    pub(in crate::connector) async fn update(
        &self,
        kind: ResourceType,
        id: &str,
        changes: &[(String, Option<Value>)],
        full: &Attributes,
    ) -> Result<Option<Remote>, ConnectorError> {
        if changes.is_empty() {
            return Ok(None);
        }
        if self.capabilities.patch {
            let operations = changes.iter().map(|(path, value)| match value {
                Some(value) => json!({ "op": "replace", "path": path, "value": value }),
                None => json!({ "op": "remove", "path": path }),
            });
            match self.patch(kind, id, operations.collect()).await {
                Err(error) if no_patch(&error) => {}
                answer => return self.result(kind, &answer?),
            }
        }
        let answer = self.put_changes(kind, id, changes, full).await?;
        self.result(kind, &answer)
    }

    pub(in crate::connector) async fn members(
        &self,
        id: &str,
        add: &[String],
        remove: &[String],
    ) -> Result<(), ConnectorError> {
        if add.is_empty() && remove.is_empty() {
            return Ok(());
        }
        if self.capabilities.patch {
            let mut operations = Vec::with_capacity(remove.len() + 1);
            if !add.is_empty() {
                operations.push(json!({ "op": "add", "path": "members", "value": values(add) }));
            }
            for member in remove {
                operations.push(
                    json!({ "op": "remove", "path": format!("members[{}]", Filter::eq("value", member)) }),
                );
            }
            match self.patch(ResourceType::Group, id, operations).await {
                Err(error) if no_patch(&error) => {}
                answer => return self.result(ResourceType::Group, &answer?).map(drop),
            }
        }
        let answer = self.put_members(id, add, remove).await?;
        self.result(ResourceType::Group, &answer).map(drop)
    }

    pub(in crate::connector) async fn delete(
        &self,
        kind: ResourceType,
        id: &str,
    ) -> Result<(), ConnectorError> {
        let url = self.resource(kind, id)?;
        let answer = self
            .ask(Method::DELETE, url, None)
            .await
            .map_err(|e| ConnectorError::no_answer(&e, true))?;
        match answer.status {
            // A sign-in page of what stands in front of the app: who was to go may still have access.
            200..=299 if is_web_page(&answer) => Err(self.garbage(&answer, "a web page", true)),
            200..=299 => Ok(()),
            // Not there any more. A web page's 404 is another matter: it comes from what stands in front of the app.
            404 if answer.body.is_empty() || serde_json::from_slice::<Attributes>(&answer.body).is_ok() => {
                Ok(())
            }
            _ => Err(self.refused(&answer, About::Resource, true)),
        }
    }

    async fn patch(
        &self,
        kind: ResourceType,
        id: &str,
        operations: Vec<Value>,
    ) -> Result<Response, ConnectorError> {
        let body = json!({ "schemas": [urn::PATCH_OP], "Operations": operations });
        self.call(
            Method::PATCH,
            self.resource(kind, id)?,
            Some(body),
            About::Resource,
        )
        .await
    }

    /// What a server shows of a resource it has just written; nothing is as good (RFC 7644 §3.5.2).
    fn result(&self, kind: ResourceType, answer: &Response) -> Result<Option<Remote>, ConnectorError> {
        if answer.status == 204 || answer.body.is_empty() {
            return Ok(None);
        }
        let read = self.remote(kind, Value::Object(self.object(answer, true)?));
        Ok((!read.id.is_empty() && read.broken.is_none()).then_some(read))
    }
}

/// The server has no PATCH, whatever it announced: nothing was done.
fn no_patch(error: &ConnectorError) -> bool {
    matches!(error.status, Some(405 | 501))
}

fn is_web_page(answer: &Response) -> bool {
    !answer.body.is_empty() && matches!(&*answer.content_type, "text/html" | "application/xhtml+xml")
}

/// Member ids as the RFC lists them.
pub(super) fn values(ids: &[String]) -> Value {
    ids.iter().map(|id| json!({ "value": id })).collect()
}

/// Undoes percent-encoding.
fn decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut parts = segment.split('%');
    bytes.extend_from_slice(parts.next()?.as_bytes());
    for part in parts {
        let (code, rest) = part.as_bytes().split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok()?);
        bytes.extend_from_slice(rest);
    }
    String::from_utf8(bytes).ok()
}
