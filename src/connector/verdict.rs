//! What an error means for the engine (DESIGN §4) and for the person who connects an app. Plain data and sentences.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::net::{NetError, NetErrorKind};

/// What to do about an error.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// Try again later.
    Retry {
        /// As the target asked, at most a day.
        after: Option<Duration>,
        /// It concerns the target as a whole, not one resource.
        target: bool,
    },
    /// Nothing was sent: the host has had all the requests it allows for now, and is not to blame.
    Wait {
        /// Until there are more.
        after: Duration,
    },
    /// The credentials are refused: 401, 403.
    Park,
    /// This one resource needs a person: other 4xx.
    Reject,
    /// The target does not know this id: 404 in JSON.
    Gone,
    /// The target has one like it already: 409.
    Exists,
}

/// A request that did not do what it should.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConnectorError {
    /// What to do about it.
    pub verdict: Verdict,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// The target's host.
    pub host: String,
    /// The target's own words, or what happened on the way; at most 200 characters, never the token.
    pub detail: String,
    /// The request may have been carried out all the same.
    pub lost: bool,
}

/// A sentence for people, without its full stop.
impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.status {
            None => write!(f, "{} {}", self.host, self.detail),
            Some(status) if self.detail.is_empty() => write!(f, "{} answered {status}", self.host),
            Some(status) => write!(
                f,
                "{} answered {status}: {}",
                self.host,
                self.detail.trim_end_matches('.')
            ),
        }
    }
}

impl Error for ConnectorError {}

impl ConnectorError {
    /// The target was not asked for what was wanted: it cannot be done, or not safely.
    #[must_use]
    pub fn is_our_own(&self) -> bool {
        self.verdict == Verdict::Reject && self.status.is_none()
    }

    /// No answer: a matter of the target as a whole. A read that is lost has changed nothing.
    pub(super) fn no_answer(error: &NetError, writes: bool) -> Self {
        Self {
            verdict: match error.kind {
                NetErrorKind::Paced => Verdict::Wait {
                    after: error.after.unwrap_or_default(),
                },
                NetErrorKind::Refused(_) => Verdict::Park,
                _ => Verdict::Retry {
                    after: error.after,
                    target: true,
                },
            },
            status: None,
            host: error.host.clone(),
            detail: error.detail.clone(),
            lost: writes && error.lost(),
        }
    }
}

/// What stands in the way of connecting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckKind {
    /// No such name, no connection.
    Unreachable,
    /// No trust in the connection.
    Tls,
    /// The token is refused, with this status.
    Credentials(u16),
    /// Something answers, but not SCIM.
    NotScim,
    /// No answer in time.
    Timeout,
    /// The address may not be called.
    Address,
    /// It leads to another origin.
    Redirect,
    /// The URL or token cannot be used.
    Url,
    /// It is SCIM perhaps, but fails, with this status.
    Failing(u16),
}

/// Why a target cannot be connected.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckError {
    /// What kind.
    pub kind: CheckKind,
    /// The target's host.
    pub host: String,
    /// What happened and what to do.
    pub sentence: String,
    /// The same for the engine.
    pub error: ConnectorError,
}

impl fmt::Display for CheckError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence)
    }
}

impl Error for CheckError {}

impl CheckError {
    pub(super) fn new(kind: CheckKind, error: ConnectorError, advice: &str) -> Self {
        Self {
            kind,
            host: error.host.clone(),
            sentence: format!("{error}. {advice}"),
            error,
        }
    }

    pub(super) fn no_answer(error: &NetError) -> Self {
        let (kind, advice) = match error.kind {
            NetErrorKind::Url => (CheckKind::Url, "Check the SCIM Base URL and the token."),
            NetErrorKind::Address => (CheckKind::Address, "Check the host of the SCIM Base URL."),
            NetErrorKind::Dns => (CheckKind::Unreachable, "Check the host of the SCIM Base URL."),
            NetErrorKind::Connect => (
                CheckKind::Unreachable,
                "Check the host and port of the SCIM Base URL.",
            ),
            NetErrorKind::Tls => (
                CheckKind::Tls,
                "Check the host and port of the SCIM Base URL, and the certificate of the app.",
            ),
            NetErrorKind::ConnectTimeout | NetErrorKind::Timeout => (
                CheckKind::Timeout,
                "Check the host and port, and whether a firewall stands between; or try again later.",
            ),
            NetErrorKind::Redirect => (CheckKind::Redirect, "Enter the SCIM Base URL it really lives at."),
            NetErrorKind::TooLarge => (CheckKind::NotScim, "Check the path of the SCIM Base URL."),
            NetErrorKind::Interrupted => (
                CheckKind::Unreachable,
                "Check the port of the SCIM Base URL, or try again later.",
            ),
            NetErrorKind::Paced => (CheckKind::Failing(429), "Try again then."),
            NetErrorKind::NoToken => (CheckKind::Unreachable, "Check the token URL, or try again later."),
            NetErrorKind::Refused(status) => (
                CheckKind::Credentials(status),
                "Check client id, secret and scope, and copy the secret again.",
            ),
        };
        Self::new(kind, ConnectorError::no_answer(error, false), advice)
    }
}
