//! A request to a SCIM endpoint as the request log keeps it, and how far a provider has come. Never a body, never a
//! credential; how it is gathered is `web::scim`'s, how it is kept `store::telemetry`'s.

mod words;

use std::fmt;
use std::net::IpAddr;

use super::{InstanceId, Time};
use crate::scim::tolerance::Tolerance;

pub use words::{Milestone, Why};

/// The id of a request, which its answer bears in `X-Request-Id`: 48 bits, written as 12 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct RequestId(pub u64);

impl RequestId {
    /// Reads what `Display` writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let hex = text.len() == 12 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        hex.then(|| u64::from_str_radix(text, 16).ok().map(Self))?
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}

/// One request. Small: thousands of them wait in memory for the next flush.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Also in the answer.
    pub id: RequestId,
    /// To the endpoint of which instance.
    pub instance: InstanceId,
    /// Row id of the key it came with, if that is one of this instance, live or not.
    pub key: Option<i64>,
    /// When it came.
    pub at: Time,
    /// How long the answer took, in microseconds.
    pub took_us: u32,
    /// One of [`METHODS`].
    pub method: &'static str,
    /// Path and query as sent, cut, with what looks like a secret left out.
    pub path: Box<str>,
    /// Of the answer; 499: the caller hung up before there was one.
    pub status: u16,
    /// `User-Agent`, cut.
    pub agent: Box<str>,
    /// From where.
    pub address: Option<IpAddr>,
    /// What was served beside the RFC.
    pub tolerated: Box<[Tolerance]>,
    /// Of a refusal only.
    pub refusal: Option<Box<Refusal>>,
}

impl Request {
    /// Whether it was not carried out.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.status >= 400
    }
}

/// Methods told apart; any other is the last.
pub const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OTHER"];

/// The method's name as [`Request::method`] has it.
#[must_use]
pub fn method(name: &str) -> &'static str {
    METHODS
        .into_iter()
        .find(|known| *known == name)
        .unwrap_or("OTHER")
}

/// Why a request was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Refusal {
    /// The keyword of RFC 7644 table 9 in the answer.
    pub scim_type: Option<Box<str>>,
    /// The sentence in the answer, cut.
    pub detail: Box<str>,
    /// What the answer does not tell; none: it tells all.
    pub why: Option<Why>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_they_are_written() {
        let id = RequestId(0x00ab_cdef_0123);
        assert_eq!(id.to_string(), "00abcdef0123");
        assert_eq!(RequestId::parse("00abcdef0123"), Some(id));
        for bad in [
            "",
            "00abcdef012",
            "00abcdef01234",
            "00ABCDEF0123",
            "+0abcdef0123",
            "zzzzzzzzzzzz",
        ] {
            assert_eq!(RequestId::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn other_methods_are_one() {
        assert_eq!((method("BREW"), method("PATCH")), ("OTHER", "PATCH"));
    }
}
