//! Writing: POST, PATCH and DELETE (RFC 7644 §3.3, §3.5.2, §3.6). PATCH names each path it changes and nothing else, in
//! the plainest form of the RFC: what every server understands.

use serde_json::{Value, json};

use super::client::{About, Scim};
use super::parse;
use crate::connector::Remote;
use crate::connector::net::{Method, Response};
use crate::connector::verdict::{ConnectorError, Verdict};
use crate::model::Verb;
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
            .ask(Method::POST, url, Some(Value::Object(body)))
            .await
            .map_err(|e| ConnectorError::no_answer(&e, true))?;
        let answer = self.offered(kind, Verb::Create, answer, About::Endpoint).await?;
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
        held: u64,
    ) -> Result<Option<Remote>, ConnectorError> {
        if changes.is_empty() {
            return Ok(None);
        }
        let mut refused = false;
        if self.capabilities().patches(kind) {
            let operations = changes.iter().map(|(path, value)| match value {
                Some(value) => json!({ "op": "replace", "path": path, "value": value }),
                None => json!({ "op": "remove", "path": path }),
            });
            match self.patch(kind, id, operations.collect()).await? {
                Some(answer) => return self.result(kind, &answer),
                None => refused = true,
            }
        }
        let answer = self.put_changes(kind, id, changes, full, held).await?;
        self.writes_whole(kind, refused);
        self.result(kind, &answer)
    }

    pub(in crate::connector) async fn members(
        &self,
        id: &str,
        add: &[String],
        remove: &[String],
        held: u64,
    ) -> Result<(), ConnectorError> {
        if add.is_empty() && remove.is_empty() {
            return Ok(());
        }
        let kind = ResourceType::Group;
        let (known, mut refused) = (self.capabilities(), false);
        if known.patches(kind) {
            match self.patch_members(id, add, remove).await? {
                Some(answer) => return self.result(kind, &answer).map(drop),
                None => refused = true,
            }
        }
        let answer = match self.put_members(id, add, remove, held).await {
            // PATCH names whom it is about. Where it is only said that there is none, it does no harm to try.
            Err(unsafe_whole) if unsafe_whole.is_our_own() && !refused && !known.put_only.contains(&kind) => {
                match self.patch_members(id, add, remove).await? {
                    Some(answer) => return self.result(kind, &answer).map(drop),
                    None => return Err(unsafe_whole),
                }
            }
            answer => answer?,
        };
        self.writes_whole(kind, refused);
        self.result(kind, &answer).map(drop)
    }

    /// As `patch`.
    async fn patch_members(
        &self,
        id: &str,
        add: &[String],
        remove: &[String],
    ) -> Result<Option<Response>, ConnectorError> {
        let mut operations = Vec::with_capacity(remove.len() + 1);
        if !add.is_empty() {
            operations.push(json!({ "op": "add", "path": "members", "value": values(add) }));
        }
        for member in remove {
            operations
                .push(json!({ "op": "remove", "path": format!("members[{}]", Filter::eq("value", member)) }));
        }
        self.patch(ResourceType::Group, id, operations).await
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
            // Many say no more than that. A web page's 404 is another matter: it comes from what stands in front of the app.
            404 if answer.body.is_empty() => Err(self.error(Verdict::Gone, Some(404), "", true)),
            _ => {
                let done = self.offered(kind, Verb::Delete, answer, About::Resource);
                done.await.map(drop)
            }
        }
    }

    /// As `good`. A refusal of the method itself is learnt: no other resource of the kind would fare better. It has to be
    /// the app's own, in JSON and while the app is there otherwise: a maintenance page says the same of everything.
    async fn offered(
        &self,
        kind: ResourceType,
        verb: Verb,
        answer: Response,
        about: About,
    ) -> Result<Response, ConnectorError> {
        let own =
            matches!(answer.status, 405 | 501) && serde_json::from_slice::<Attributes>(&answer.body).is_ok();
        match self.good(answer, about, true) {
            Err(error) if own && self.probe(kind).await.is_ok() => {
                self.learn(|known| known.note_refused(kind, verb));
                Err(ConnectorError {
                    verdict: Verdict::Reject,
                    ..error
                })
            }
            judged => judged,
        }
    }

    /// None: the server has no PATCH, whatever it announced, and nothing was done.
    async fn patch(
        &self,
        kind: ResourceType,
        id: &str,
        operations: Vec<Value>,
    ) -> Result<Option<Response>, ConnectorError> {
        let body = json!({ "schemas": [urn::PATCH_OP], "Operations": operations });
        let url = self.resource(kind, id)?;
        let answer = self
            .ask(Method::PATCH, url, Some(body))
            .await
            .map_err(|e| ConnectorError::no_answer(&e, true))?;
        let refused = match answer.status {
            405 | 501 => true,
            400 | 404 => says_no_patch(&String::from_utf8_lossy(&answer.body)),
            _ => false,
        };
        if refused {
            return Ok(None);
        }
        self.good(answer, About::Resource, true).map(Some)
    }

    /// The server refused PATCH and took the whole instead: that is how it is done from here on.
    fn writes_whole(&self, kind: ResourceType, refused: bool) {
        if refused {
            self.learn(|known| known.note_put_only(kind, true));
        }
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

/// Whether a refusal is about the method, and not about what was to be changed: only then does another method help.
fn says_no_patch(body: &str) -> bool {
    const MOST: usize = 4096;
    const SAYINGS: [&str; 13] = [
        "patch is not supported",
        "patch not supported",
        "patch is unsupported",
        "patch unsupported",
        "not support patch",
        "t support patch",
        "patch is not implemented",
        "patch not implemented",
        "patch is not allowed",
        "patch not allowed",
        "patch method is not",
        "patch method not",
        "cannot patch",
    ];
    let plain: String = body
        .chars()
        .take(MOST)
        .map(|c| {
            if c.is_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                ' '
            }
        })
        .collect();
    let words: Vec<&str> = plain.split_whitespace().collect();
    let plain = format!(" {} ", words.join(" "));
    SAYINGS
        .iter()
        .any(|saying| plain.contains(&format!(" {saying} ")))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_of_the_method_is_told_from_one_of_the_change() {
        for body in [
            r#"{"detail":"PATCH is not supported"}"#,
            r#"{"detail":"This service does not support PATCH."}"#,
            r#"{"detail":"The PATCH method is not allowed for this resource"}"#,
            "<pre>Cannot PATCH /scim/v2/Users/1</pre>",
        ] {
            assert!(says_no_patch(body), "{body}");
        }
        for body in [
            "",
            r#"{"detail":"User 1 not found"}"#,
            r#"{"detail":"PATCH operation 'replace' on path 'title' is not supported"}"#,
            r#"{"detail":"Unsupported patch path: title"}"#,
            r#"{"detail":"Resource dispatch is not supported here"}"#,
        ] {
            assert!(!says_no_patch(body), "{body}");
        }
    }
}
