//! How a request of the log is said: where it went, who sent it, how it ended.

use url::form_urlencoded;

use super::parts::{Shape, Tone};
use super::words;
use crate::model::{ApiKey, Request};

/// The key that a request came with.
#[must_use]
pub fn key_of<'a>(request: &Request, keys: &'a [ApiKey]) -> Option<&'a ApiKey> {
    keys.iter().find(|key| Some(key.id) == request.key)
}

/// How it ended.
#[must_use]
pub fn shape(request: &Request) -> Shape {
    Shape(match request.status {
        500.. => Tone::Bad,
        429 | 499 => Tone::Warn,
        400.. => Tone::Bad,
        _ => Tone::Ok,
    })
}

/// `1.2 ms`.
#[must_use]
pub fn took(request: &Request) -> String {
    let (whole, tenth) = (request.took_us / 1000, request.took_us % 1000 / 100);
    if whole < 10 {
        format!("{whole}.{tenth} ms")
    } else {
        format!("{} ms", words::number(whole.into()))
    }
}

/// Who sent it, and from where.
#[must_use]
pub fn sender(request: &Request) -> String {
    let agent = if request.agent.trim().is_empty() {
        "a client without a name"
    } else {
        &request.agent
    };
    match request.address {
        Some(address) => format!("{} from {address}", quiet(agent)),
        None => quiet(agent),
    }
}

/// What was served beside the standard, each in a few words.
#[must_use]
pub fn tolerated(request: &Request) -> Vec<String> {
    let all = request.tolerated.iter();
    all.map(|t| format!("{}: {}", t.client(), t.title())).collect()
}

/// A path and query as people read it, the encoding undone.
#[must_use]
pub fn readable(path: &str) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return quiet(path);
    };
    let pairs = form_urlencoded::parse(query.as_bytes());
    let pairs: Vec<String> = pairs
        .map(|(name, value)| {
            if value.is_empty() {
                name.into_owned()
            } else {
                format!("{name}={value}")
            }
        })
        .collect();
    quiet(&format!("{path}?{}", pairs.join("&")))
}

/// Control characters and those that turn the direction of writing become a visible mark.
#[must_use]
pub fn quiet(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|c| if steers(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_readable() {
        assert_eq!(
            readable("/Users?filter=userName+eq+%22ada%22&count=1&"),
            "/Users?filter=userName eq \"ada\"&count=1"
        );
        assert_eq!(
            readable("/Users/%00?x=%E2%80%AEy%0A"),
            "/Users/%00?x=\u{fffd}y\u{fffd}"
        );
        assert_eq!(readable("/Groups"), "/Groups");
    }
}
