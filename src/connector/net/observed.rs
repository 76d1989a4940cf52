//! What an answer shows beside what was asked for. Only the prober looks at it; nothing depends on it.

use reqwest::header::{ETAG, HeaderMap};

use super::answer::header;

/// Rate-limit headers kept of one answer, and characters of each.
const MOST: usize = 6;
const LONGEST: usize = 60;

/// Facts from the edge of an answer.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Observed {
    /// It bears an `ETag`.
    pub etag: bool,
    /// `RateLimit…` and `X-RateLimit…` headers as `name: value`, printable ASCII, at most six.
    pub rate_limits: Vec<String>,
    /// When the certificate of the connection ends, in seconds since 1970; none: no TLS, or not understood.
    pub certificate_ends: Option<i64>,
}

impl Observed {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let named = headers.iter().filter(|(name, _)| {
            let name = name.as_str();
            name.strip_prefix("x-").unwrap_or(name).starts_with("ratelimit")
        });
        let said = named.filter_map(|(name, value)| {
            let value: String = value.to_str().ok()?.chars().take(LONGEST).collect();
            Some(format!("{name}: {value}"))
        });
        Self {
            etag: header(headers, &ETAG).is_some_and(|tag| !tag.trim().is_empty()),
            rate_limits: said.take(MOST).collect(),
            certificate_ends: None,
        }
    }
}
