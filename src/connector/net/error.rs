//! What can keep an answer from arriving, told apart by what a person would do about it and by whether the request
//! may have been carried out. The client library's own texts never get out: they can contain URLs.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use super::resolve::Unresolved;

/// What went wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NetErrorKind {
    /// The URL or the token cannot be used.
    Url,
    /// The address may not be called.
    Address,
    /// The name has no address.
    Dns,
    /// No connection.
    Connect,
    /// No trust: certificate or handshake.
    Tls,
    /// No connection in time: nothing was sent.
    ConnectTimeout,
    /// No answer in time.
    Timeout,
    /// The answer leads to another origin, or in circles.
    Redirect,
    /// The answer is larger than we read.
    TooLarge,
    /// Sent, but the answer was lost or cut short.
    Interrupted,
    /// The host has asked for fewer requests: nothing was sent.
    Paced,
    /// Whoever issues access tokens did not issue one: nothing was sent to the target.
    NoToken,
    /// Whoever issues access tokens refused the credentials, with this status.
    Refused(u16),
}

/// No usable answer from `host`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NetError {
    /// What went wrong.
    pub kind: NetErrorKind,
    /// Host, with the port when one is written.
    pub host: String,
    /// The rest of the sentence that begins with the host; no token, no URL.
    pub detail: String,
    /// How long to wait, where that was said.
    pub after: Option<Duration>,
}

impl NetError {
    /// Whether the request may have been carried out although no answer came.
    #[must_use]
    pub fn lost(&self) -> bool {
        matches!(
            self.kind,
            NetErrorKind::Timeout | NetErrorKind::TooLarge | NetErrorKind::Interrupted
        )
    }

    /// The URL itself is wrong; nothing was sent.
    #[must_use]
    pub fn unusable(host: &str, why: &str) -> Self {
        Self::new(NetErrorKind::Url, host, format!("cannot be called: {why}"))
    }

    pub(super) fn new(kind: NetErrorKind, host: &str, detail: impl Into<String>) -> Self {
        Self {
            kind,
            host: host.into(),
            detail: detail.into(),
            after: None,
        }
    }

    /// It may be asked again after `wait`.
    pub(super) fn paced(host: &str, wait: Duration) -> Self {
        let seconds = wait.as_secs_f32().ceil();
        Self {
            after: Some(wait),
            ..Self::new(
                NetErrorKind::Paced,
                host,
                format!("asks for fewer requests: the next may go in {seconds} s"),
            )
        }
    }

    /// Reads the client's error; `reading`: the head of the answer had arrived.
    pub(super) fn from_client(error: &reqwest::Error, host: &str, reading: bool) -> Self {
        let (kind, detail) = describe(error, reading);
        Self::new(kind, host, detail)
    }
}

/// A sentence without its full stop.
impl fmt::Display for NetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.host, self.detail)
    }
}

impl Error for NetError {}

fn describe(error: &reqwest::Error, reading: bool) -> (NetErrorKind, String) {
    let mut next: Option<&(dyn Error + 'static)> = Some(error);
    let mut refused = false;
    while let Some(e) = next {
        if let Some(unresolved) = e.downcast_ref::<Unresolved>() {
            return match unresolved {
                Unresolved::Refused(why) => (NetErrorKind::Address, format!("may not be called: {why}")),
                Unresolved::Unknown => (
                    NetErrorKind::Dns,
                    "could not be found: the name has no address".into(),
                ),
            };
        }
        if let Some(tls) = e.downcast_ref::<rustls::Error>() {
            return (NetErrorKind::Tls, distrust(tls));
        }
        let Some(io) = e.downcast_ref::<io::Error>() else {
            next = e.source();
            continue;
        };
        refused |= io.kind() == io::ErrorKind::ConnectionRefused;
        if error.is_connect() && io.kind() == io::ErrorKind::UnexpectedEof {
            return (NetErrorKind::Tls, "broke off the TLS handshake".into());
        }
        // `source` of an io::Error skips what it wraps.
        next = io.get_ref().map(|inner| inner as &(dyn Error + 'static));
    }
    match () {
        () if error.is_connect() && error.is_timeout() => (
            NetErrorKind::ConnectTimeout,
            "could not be reached in time".into(),
        ),
        () if refused && error.is_connect() => (NetErrorKind::Connect, "refused the connection".into()),
        () if error.is_connect() => (NetErrorKind::Connect, "could not be reached".into()),
        () if error.is_builder() => (
            NetErrorKind::Url,
            "cannot be called with this URL or token".into(),
        ),
        () if error.is_timeout() => (NetErrorKind::Timeout, "did not answer in time".into()),
        () if reading => (NetErrorKind::Interrupted, "broke off its answer".into()),
        () => (
            NetErrorKind::Interrupted,
            "closed the connection without an answer".into(),
        ),
    }
}

fn distrust(error: &rustls::Error) -> String {
    use rustls::CertificateError as C;
    match error {
        rustls::Error::InvalidCertificate(why) => match why {
            C::Expired | C::ExpiredContext { .. } => "has a certificate that has expired".into(),
            C::NotValidYet | C::NotValidYetContext { .. } => "has a certificate that is not valid yet".into(),
            C::UnknownIssuer => "has a certificate from an authority this machine does not trust".into(),
            C::NotValidForName | C::NotValidForNameContext { .. } => {
                "has a certificate for another name".into()
            }
            C::Revoked => "has a certificate that was revoked".into(),
            _ => "has a certificate that is not valid".into(),
        },
        rustls::Error::InvalidMessage(_) => "does not speak TLS on this port".into(),
        _ => "could not agree on TLS".into(),
    }
}
