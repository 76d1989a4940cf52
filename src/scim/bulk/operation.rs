//! One operation of a bulk request: its method, where it leads, and what it brings.
use serde_json::Value;

use super::{references, take};
use crate::scim::Attributes;
use crate::scim::error::{ScimError, quote};
use crate::scim::etag::Precondition;
use crate::scim::schema::ResourceType;

/// Longest method and bulkId that an answer repeats, in characters.
const REPEATED: usize = 200;

/// One operation: what the answer repeats of it, and what it asks for.
#[derive(Debug, PartialEq)]
pub struct Operation {
    /// The method, as written.
    pub method: Option<String>,
    /// The name by which others refer to what it creates.
    pub bulk_id: Option<String>,
    /// What it asks for, or why it cannot be read.
    pub ask: Result<Ask, ScimError>,
}

/// A write that is asked for, before its data is looked at.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// What is to be done.
    pub method: Method,
    /// Users or groups.
    pub kind: ResourceType,
    /// Which of them; `None` for a POST.
    pub id: Option<String>,
    /// The body that the request alone would have.
    pub data: Value,
    /// What its `version` says.
    pub only_if: Precondition,
}

/// The methods that write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Create.
    Post,
    /// Replace.
    Put,
    /// Change a part.
    Patch,
    /// Delete.
    Delete,
}

impl Ask {
    /// Type and id of what it is about, where that exists already.
    pub fn about(&self) -> Option<(ResourceType, String)> {
        let id = self.id.as_ref().filter(|id| !references::is_one(id));
        id.map(|id| (self.kind, id.clone()))
    }
}

impl Operation {
    /// The bulkId that others may refer to: only what is created has no id of its own yet.
    pub fn creates(&self) -> Option<&str> {
        let is_post = match &self.ask {
            Ok(ask) => ask.method == Method::Post,
            Err(_) => self
                .method
                .as_deref()
                .is_some_and(|method| method.eq_ignore_ascii_case("POST")),
        };
        self.bulk_id.as_deref().filter(|_| is_post)
    }
}

/// Reads an operation; names of its parts in any letter case.
pub(super) fn read(one: Value, base: &str) -> Operation {
    let Value::Object(mut parts) = one else {
        return Operation {
            method: None,
            bulk_id: None,
            ask: Err(ScimError::invalid_syntax("An operation has to be an object.")),
        };
    };
    let text = |value: Option<Value>| match value {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let method = text(take(&mut parts, "method"));
    let bulk_id = text(take(&mut parts, "bulkId")).filter(|id| !id.is_empty());
    let ask = match (&method, &bulk_id) {
        (_, Some(id)) if id.chars().count() > REPEATED => Err(ScimError::invalid_value(format!(
            "A bulkId has at most {REPEATED} characters."
        ))),
        (Some(method), _) => ask(method, parts, base),
        (None, _) => Err(ScimError::invalid_syntax("An operation has to have a 'method'.")),
    };
    let repeated = |text: String| text.chars().take(REPEATED).collect();
    Operation {
        method: method.map(repeated),
        bulk_id: bulk_id.map(repeated),
        ask,
    }
}

fn ask(method: &str, mut parts: Attributes, base: &str) -> Result<Ask, ScimError> {
    let method = match method.to_ascii_uppercase().as_str() {
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => {
            return Err(ScimError::invalid_syntax(format!(
                "The method {} is none of POST, PUT, PATCH and DELETE.",
                quote(method)
            )));
        }
    };
    let (kind, id) = match take(&mut parts, "path") {
        Some(Value::String(path)) => address(&path, base)?,
        _ => return Err(ScimError::invalid_syntax("An operation has to have a 'path'.")),
    };
    if (method == Method::Post) != id.is_none() {
        let text =
            "POST is for /Users and /Groups; PUT, PATCH and DELETE are for /Users/{id} and /Groups/{id}.";
        return Err(ScimError::new(405, text));
    }
    let only_if = match take(&mut parts, "version") {
        None | Some(Value::Null) => Precondition::default(),
        Some(Value::String(version)) => Precondition::parse(Some(&version), None)?,
        Some(_) => return Err(ScimError::invalid_value("'version' has to be a string.")),
    };
    let data = match take(&mut parts, "data") {
        _ if method == Method::Delete => Value::Null,
        Some(data @ Value::Object(_)) => data,
        _ => {
            return Err(ScimError::invalid_syntax(
                "A POST, PUT or PATCH has to have 'data', an object.",
            ));
        }
    };
    Ok(Ask {
        method,
        kind,
        id,
        data,
        only_if,
    })
}

/// Where a path leads: `/Users`, `Groups/5`, or the same after our own address.
fn address(path: &str, base: &str) -> Result<(ResourceType, Option<String>), ScimError> {
    let below_host = base
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
    let own = path
        .strip_prefix(base)
        .or_else(|| below_host.and_then(|below| path.strip_prefix(below)))
        .filter(|rest| rest.starts_with('/'))
        .unwrap_or(path);
    let plain = own.split(['?', '#']).next().unwrap_or_default();
    let mut segments = plain.split('/').filter(|segment| !segment.is_empty());
    let (endpoint, id, more) = (segments.next(), segments.next(), segments.next());
    let kind = endpoint.and_then(ResourceType::of_endpoint);
    match (kind, endpoint, more) {
        (Some(kind), _, None) => Ok((kind, id.map(str::to_owned))),
        (None, Some(me), _) if me.eq_ignore_ascii_case("Me") => Err(ScimError::me()),
        _ => Err(ScimError::not_found(format!(
            "There is no endpoint {} for an operation; there are /Users and /Groups.",
            quote(path)
        ))),
    }
}
