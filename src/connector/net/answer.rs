//! An answer that arrived whole, with the few headers anybody here looks at.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};

use super::observed::Observed;

/// Longest wait a target can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// How long the target asks to be left alone (RFC 9110 §10.2.3), at most a day.
    pub retry_after: Option<Duration>,
    /// Media type, lower case, without parameters; empty when there is none.
    pub content_type: String,
    /// Where a new resource is, as sent.
    pub location: Option<String>,
    /// At most `NetPolicy::max_body` bytes.
    pub body: Vec<u8>,
    /// What else it shows.
    pub observed: Observed,
}

impl Response {
    pub(super) fn new(status: u16, headers: &HeaderMap, body: Vec<u8>) -> Self {
        let content_type = header(headers, &CONTENT_TYPE).unwrap_or_default();
        let media_type = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        Self {
            status,
            retry_after: retry_after(headers),
            content_type: media_type,
            location: header(headers, &LOCATION).map(Into::into),
            body,
            observed: Observed::of(headers),
        }
    }
}

pub(super) fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|v| v.to_str().ok())
}

/// Seconds, or a date. A date is measured against the target's own `Date`, so that neither clock matters; without one
/// it says nothing.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = header(headers, &RETRY_AFTER)?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() => LONGEST_WAIT,
        Err(_) => {
            let seconds = http_date(text)?.saturating_sub(http_date(header(headers, &DATE)?)?);
            Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// Seconds since 1970.
fn http_date(text: &str) -> Option<i64> {
    jiff::fmt::rfc2822::DateTimeParser::new()
        .parse_timestamp(text)
        .ok()
        .map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn both_forms_of_retry_after() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (after, date, wait) in [
            ("7", None, Some(7)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(date), Some(30)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(date), Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", None, None),
            ("99999999999999999999999", None, Some(86400)),
            ("99999999", None, Some(86400)),
            ("soon", Some(date), None),
            ("-5", Some(date), None),
            ("", Some(date), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, after.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            assert_eq!(retry_after(&headers), wait.map(Duration::from_secs), "{after}");
        }
    }

    #[test]
    fn media_type_without_parameters() {
        let mut headers = HeaderMap::new();
        headers.insert(
            CONTENT_TYPE,
            "Application/SCIM+json; charset=utf-8".parse().unwrap(),
        );
        assert_eq!(
            Response::new(200, &headers, Vec::new()).content_type,
            "application/scim+json"
        );
    }
}
