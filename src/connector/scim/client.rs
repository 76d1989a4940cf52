//! One request to a SCIM server, and what its answer means when it is not the wanted one (RFC 7644 §3.12).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::parse;
use crate::connector::Remote;
use crate::connector::net::{self, Caller, Method, Net, NetError, Request, Response};
use crate::connector::verdict::{ConnectorError, Verdict};
use crate::model::Capabilities;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, urn};

const ACCEPT: &str = "application/scim+json, application/json";
const CONTENT_TYPE: &str = "application/scim+json";

/// What a request is about; it decides what a 404 means.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// A whole list or endpoint.
    Endpoint,
    /// One resource, addressed by id.
    Resource,
}

/// One SCIM server.
#[derive(Debug)]
pub struct Scim {
    base: String,
    host: String,
    caller: Caller,
    net: Net,
    given: Capabilities,
    /// What is gone by: as given, and what was learnt since.
    known: Mutex<Capabilities>,
}

impl Scim {
    /// Prepares to talk to the server whose endpoints lie under `base`.
    #[must_use]
    pub fn new(base: &str, caller: Caller, capabilities: &Capabilities, net: Net) -> Self {
        let base = base.trim_end_matches('/').to_owned();
        let host =
            net::well_formed(&base).map_or_else(|_| "the SCIM Base URL".into(), |url| net::label(&url));
        Self {
            base,
            host,
            caller,
            net,
            given: capabilities.clone(),
            known: Mutex::new(capabilities.clone()),
        }
    }

    /// What the server can do, as far as is known by now.
    pub(super) fn capabilities(&self) -> Capabilities {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Notes what the server turned out to do.
    pub(super) fn learn(&self, note: impl FnOnce(&mut Capabilities)) {
        note(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(in crate::connector) fn learnt(&self) -> Option<Capabilities> {
        Some(self.capabilities()).filter(|known| *known != self.given)
    }

    /// Host, with the port when one is written.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// `{base}/{endpoint}?{query}`.
    pub(super) fn endpoint(&self, endpoint: &str, query: &[(&str, &str)]) -> Result<Url, NetError> {
        let mut url = net::well_formed(&self.base).map_err(|why| NetError::unusable(&self.host, &why))?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().push(endpoint);
        }
        if !query.is_empty() {
            // Blanks as %20: not every server reads + as one.
            let pairs: Vec<String> = query
                .iter()
                .map(|(name, value)| match *value {
                    "" => (*name).to_owned(),
                    value => format!("{name}={}", percent(value)),
                })
                .collect();
            url.set_query(Some(&pairs.join("&")));
        }
        Ok(url)
    }

    /// `{base}/{Users|Groups}/{id}`. An id that would lead to another path is refused before anything is sent.
    pub(super) fn resource(&self, kind: ResourceType, id: &str) -> Result<Url, ConnectorError> {
        let mut url = self
            .endpoint(kind.endpoint(), &[])
            .map_err(|e| ConnectorError::no_answer(&e, false))?;
        // Tab, CR and LF are dropped by whoever reads a URL, and what is left may be dots.
        let leads_elsewhere =
            id.is_empty() || id.chars().all(|c| c == '.') || id.chars().any(char::is_control);
        match url.path_segments_mut() {
            Ok(mut path) if !leads_elsewhere => path.push(id),
            _ => return Err(self.error(Verdict::Reject, None, "gave an id that cannot be called", false)),
        };
        Ok(url)
    }

    /// Sends; any status is an answer.
    pub(super) async fn ask(
        &self,
        method: Method,
        url: Url,
        body: Option<Value>,
    ) -> Result<Response, NetError> {
        let request = Request {
            method,
            url,
            caller: &self.caller,
            accept: ACCEPT,
            content_type: CONTENT_TYPE,
            body,
            pace: self.given.pace,
        };
        self.net.send(request).await
    }

    /// Another one at another time.
    pub(super) fn some_number(&self) -> usize {
        usize::try_from(self.net.now().0 / 1000).unwrap_or_default()
    }

    /// Lets the server rest.
    pub(super) async fn rest(&self, wait: Duration) {
        self.net.rest(wait).await;
    }

    /// Sends; any status but 2xx is an error.
    pub(super) async fn call(
        &self,
        method: Method,
        url: Url,
        body: Option<Value>,
        about: About,
    ) -> Result<Response, ConnectorError> {
        let writes = method != Method::GET;
        let answer = self
            .ask(method, url, body)
            .await
            .map_err(|e| ConnectorError::no_answer(&e, writes))?;
        self.good(answer, about, writes)
    }

    /// The answer, if it is a 2xx that means it.
    pub(super) fn good(
        &self,
        answer: Response,
        about: About,
        writes: bool,
    ) -> Result<Response, ConnectorError> {
        match answer.status {
            200..=299 => match disguised(&answer) {
                // In this dress not even a 404 is believed: nobody is taken as gone by it.
                Some(refusal) => Err(ConnectorError {
                    status: Some(answer.status),
                    ..self.refused(&refusal, About::Endpoint, writes)
                }),
                None => Ok(answer),
            },
            _ => Err(self.refused(&answer, about, writes)),
        }
    }

    /// What an answer other than 2xx means.
    pub(super) fn refused(&self, answer: &Response, about: About, writes: bool) -> ConnectorError {
        let mut said = Said::of(answer);
        if matches!(answer.status, 300..=399) {
            said.detail =
                "it redirects what is written to it; enter the SCIM Base URL it really lives at".into();
        }
        let retry = |target| Verdict::Retry {
            after: answer.retry_after,
            target,
        };
        let verdict = match answer.status {
            401 | 403 => Verdict::Park,
            404 if about == About::Resource && said.json => Verdict::Gone,
            404 => retry(true),
            409 => Verdict::Exists,
            // Some say so with 400.
            400 if said.scim_type.eq_ignore_ascii_case("uniqueness") => Verdict::Exists,
            408 | 425 | 429 => retry(true),
            // For good; the other redirects may be a sign-in page or maintenance.
            301 => Verdict::Reject,
            400..=499 => Verdict::Reject,
            // What these say is about one request; the other 5xx come from what stands in front of the app.
            500 | 501 | 505 => retry(false),
            _ => retry(true),
        };
        // 501 and 503 say that nothing was done; a proxy's 502 and 504 and a crash do not.
        let lost = writes && matches!(answer.status, 500 | 502 | 504 | 505..=599);
        self.error(verdict, Some(answer.status), &said.detail, lost)
    }

    /// A 2xx whose body is not what was asked for: a sign-in page, half a document, another protocol.
    pub(super) fn garbage(&self, answer: &Response, what: &str, writes: bool) -> ConnectorError {
        let verdict = Verdict::Retry {
            after: answer.retry_after,
            target: true,
        };
        self.error(verdict, Some(answer.status), what, writes)
    }

    /// The JSON object in the body of a 2xx.
    pub(super) fn object(&self, answer: &Response, writes: bool) -> Result<Attributes, ConnectorError> {
        match serde_json::from_slice(&answer.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(self.garbage(answer, "JSON, but no object", writes)),
            Err(_) if answer.body.is_empty() => Err(self.garbage(answer, "an empty body", writes)),
            Err(_) if answer.content_type.contains("json") => {
                Err(self.garbage(answer, "broken JSON", writes))
            }
            Err(_) => Err(self.garbage(
                answer,
                &format!("{} instead of JSON", media(&answer.content_type)),
                writes,
            )),
        }
    }

    /// Reads one object; why it is broken may quote it, so that is cleaned too.
    pub(super) fn remote(&self, kind: ResourceType, value: Value) -> Remote {
        let read = parse::remote(kind, value);
        Remote {
            broken: read.broken.map(|why| self.caller.clean(&why)),
            ..read
        }
    }

    pub(super) fn error(
        &self,
        verdict: Verdict,
        status: Option<u16>,
        detail: &str,
        lost: bool,
    ) -> ConnectorError {
        ConnectorError {
            verdict,
            status,
            host: self.host.clone(),
            detail: self.caller.clean(detail),
            lost,
        }
    }
}

/// A refusal that was sent with a 2xx: an Error of RFC 7644 §3.12 in its place. It counts by the status that it names.
fn disguised(answer: &Response) -> Option<Response> {
    let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(&answer.body) else {
        return None;
    };
    let is_error = parse::peek(&body, "schemas")?
        .as_array()?
        .iter()
        .filter_map(Value::as_str)
        .any(|schema| schema.eq_ignore_ascii_case(urn::ERROR));
    let status = parse::peek(&body, "status").and_then(|status| match status {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64().and_then(|n| u16::try_from(n).ok()),
    });
    is_error.then(|| Response {
        status: status.filter(|s| matches!(s, 400..=599)).unwrap_or(500),
        ..answer.clone()
    })
}

/// A media type as people call it.
fn media(content_type: &str) -> &str {
    match content_type {
        "" => "something",
        "text/html" | "application/xhtml+xml" => "a web page",
        other => other,
    }
}

/// What a refusal says.
struct Said {
    json: bool,
    detail: String,
    scim_type: String,
}

impl Said {
    fn of(answer: &Response) -> Self {
        let text = |v: Option<&Value>| v.and_then(Value::as_str).unwrap_or_default().to_owned();
        let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(&answer.body) else {
            let plain = answer.content_type == "text/plain";
            let detail = if plain {
                String::from_utf8_lossy(&answer.body).into_owned()
            } else {
                String::new()
            };
            return Self {
                json: false,
                detail,
                scim_type: String::new(),
            };
        };
        // SCIM 2.0 says `detail`, SCIM 1.1 a list of `description`s; what stands in front of it says anything.
        let one = body
            .get("Errors")
            .and_then(|e| e.get(0))
            .and_then(|e| e.get("description"));
        let words = ["detail", "message", "error_description", "error", "title"]
            .into_iter()
            .map(|key| body.get(key))
            .chain([one]);
        let detail = words.map(text).find(|t| !t.trim().is_empty()).unwrap_or_default();
        Self {
            json: true,
            detail,
            scim_type: text(body.get("scimType")),
        }
    }
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
