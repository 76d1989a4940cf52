//! What an answer shows, read strictly: a list, a refusal, or something that no check can judge.

use serde_json::Value;

use super::super::client::{About, Scim};
use super::super::parse;
use super::{Asked, Silence};
use crate::connector::net::Response;
use crate::connector::verdict::ConnectorError;
use crate::scim::{Attributes, fold, urn};

/// A ListResponse (RFC 7644 §3.4.2).
pub(super) struct List {
    pub(super) items: Vec<Attributes>,
    pub(super) total: Option<u64>,
    /// RFC 9865: how to ask for the next page.
    pub(super) cursor: Option<String>,
}

impl List {
    pub(super) fn ids(&self) -> Vec<String> {
        self.items.iter().filter_map(id).collect()
    }
}

/// What came of asking for a list.
pub(super) enum Listed {
    List(List),
    /// The server said no, with this status.
    Refused(u16, String),
    /// Nothing that can be judged; a sentence.
    Odd(String),
}

/// What came of asking for one object.
pub(super) enum Shown {
    Object(Attributes),
    Refused(u16, String),
    Odd(String),
}

/// Statuses that are an answer to the question, not a sign of trouble.
fn says_no(status: u16) -> bool {
    matches!(status, 400 | 403..=405 | 409 | 413..=415 | 422 | 501)
}

fn refusal(app: &Scim, answer: &Response) -> Result<(u16, String), String> {
    let error: ConnectorError = app.refused(answer, About::Endpoint, false);
    let words = format!("{error}.");
    if says_no(answer.status) {
        Ok((answer.status, words))
    } else {
        Err(words)
    }
}

pub(super) fn object(app: &Scim, asked: &Asked) -> Shown {
    let answer = match asked {
        Ok(answer) => answer,
        Err(silence @ (Silence::Net(_) | Silence::Spent)) => return Shown::Odd(silence.words()),
    };
    match answer.status {
        200 => match app.object(answer, false) {
            Ok(object) => Shown::Object(object),
            Err(error) => Shown::Odd(format!("{error}.")),
        },
        201..=299 => Shown::Odd(format!("{} answered {} to a read.", app.host(), answer.status)),
        _ => match refusal(app, answer) {
            Ok((status, words)) => Shown::Refused(status, words),
            Err(words) => Shown::Odd(words),
        },
    }
}

pub(super) fn list(app: &Scim, asked: &Asked) -> Listed {
    let mut object = match object(app, asked) {
        Shown::Object(object) => object,
        Shown::Refused(status, words) => return Listed::Refused(status, words),
        Shown::Odd(words) => return Listed::Odd(words),
    };
    let odd = |what: &str| Listed::Odd(format!("{} answered {what} instead of a list.", app.host()));
    let total = match parse::take(&mut object, "totalResults") {
        None | Some(Value::Null) => None,
        Some(value) => match value.as_u64().or_else(|| value.as_str()?.trim().parse().ok()) {
            Some(total) => Some(total),
            None => return odd("a total that is no number"),
        },
    };
    let resources = match parse::take(&mut object, "Resources") {
        Some(Value::Array(resources)) => resources,
        // Nothing to list may be left out, but only where it is said that there is nothing.
        None | Some(Value::Null) if total == Some(0) => Vec::new(),
        _ => return odd("JSON without resources"),
    };
    let named = match parse::peek(&object, "schemas") {
        Some(Value::Array(schemas)) => schemas
            .iter()
            .filter_map(Value::as_str)
            .any(|s| s.eq_ignore_ascii_case(urn::LIST_RESPONSE)),
        None => total.is_some(),
        Some(_) => false,
    };
    if !named {
        return odd("JSON of another schema");
    }
    let mut items = Vec::with_capacity(resources.len());
    for resource in resources {
        match resource {
            Value::Object(item) => items.push(item),
            _ => return odd("a list of something else than resources"),
        }
    }
    let cursor = parse::take(&mut object, "nextCursor")
        .and_then(|cursor| cursor.as_str().map(str::to_owned))
        .filter(|cursor| !cursor.is_empty() && cursor.len() <= 2048);
    Listed::List(List { items, total, cursor })
}

/// The id of a resource.
pub(super) fn id(item: &Attributes) -> Option<String> {
    parse::peek(item, "id").cloned().and_then(parse::id)
}

/// A text at the top of a resource; none when it is empty.
pub(super) fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    parse::peek(item, name)
        .and_then(Value::as_str)
        .filter(|text| !text.trim().is_empty())
}

/// The first e-mail address of a user.
pub(super) fn email(item: &Attributes) -> Option<&str> {
    emails(item).next()
}

/// Values of `emails`.
pub(super) fn emails(item: &Attributes) -> impl Iterator<Item = &str> {
    let all = parse::peek(item, "emails").and_then(Value::as_array);
    all.into_iter()
        .flatten()
        .filter_map(|entry| parse::peek(entry.as_object()?, "value")?.as_str())
        .filter(|text| !text.trim().is_empty())
}

/// Equal but for letter case.
pub(super) fn same(a: &str, b: &str) -> bool {
    fold(a) == fold(b)
}

/// What came of asking for a change.
pub(super) enum Done {
    /// Any 2xx; the status.
    Yes(u16),
    Refused(u16, String),
    /// It may have been done or not; a sentence.
    Odd(String),
}

pub(super) fn done(app: &Scim, asked: &Asked) -> Done {
    match asked {
        Ok(answer) if matches!(answer.status, 200..=299) => Done::Yes(answer.status),
        Ok(answer) => match refusal(app, answer) {
            Ok((status, words)) => Done::Refused(status, words),
            Err(words) => Done::Odd(words),
        },
        Err(silence) => Done::Odd(silence.words()),
    }
}
