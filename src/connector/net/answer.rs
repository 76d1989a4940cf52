//! An answer that arrived whole, with the few headers anybody here looks at.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, HeaderName, LOCATION, RETRY_AFTER};

use super::observed::Observed;
use crate::model::Time;

/// Longest wait a target can ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// What a host still lets us do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance {
    /// Requests left.
    pub remaining: u64,
    /// Until there are more.
    pub reset: Duration,
}

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// How long the target asks to be left alone (RFC 9110 §10.2.3), at most a day.
    pub retry_after: Option<Duration>,
    /// What remains of its limit on requests, where it says so.
    pub allowance: Option<Allowance>,
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
    pub(super) fn new(status: u16, headers: &HeaderMap, body: Vec<u8>, now: Time) -> Self {
        let content_type = header(headers, &CONTENT_TYPE).unwrap_or_default();
        let media_type = content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        Self {
            status,
            retry_after: retry_after(headers, now),
            allowance: allowance(headers, now),
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

/// Seconds, or a date. A date is measured against the target's own `Date`, so that neither clock matters; without one,
/// against ours.
fn retry_after(headers: &HeaderMap, now: Time) -> Option<Duration> {
    let text = header(headers, &RETRY_AFTER)?.trim();
    let wait = match text.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) if text.bytes().all(|b| b.is_ascii_digit()) && !text.is_empty() => LONGEST_WAIT,
        Err(_) => {
            let ahead = http_date(text)?
                .saturating_mul(1000)
                .saturating_sub(theirs(headers, now));
            Duration::from_millis(u64::try_from(ahead).unwrap_or(0))
        }
    };
    Some(wait.min(LONGEST_WAIT))
}

/// The names under which hosts say how many requests remain and when there are more. Which unit the reset is in shows by
/// its size.
const LIMITS: [(&str, &str); 3] = [
    ("ratelimit-remaining", "ratelimit-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("x-rate-limit-remaining", "x-rate-limit-reset"),
];

/// `RateLimit: "name";r=5;t=30`, its older form `remaining=5, reset=30`, or two headers of their own. Of several limits
/// the one with the least left counts.
fn allowance(headers: &HeaderMap, now: Time) -> Option<Allowance> {
    let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok()).map(str::trim);
    let whole = |text: &str| text.split(['.', ';', ',']).next()?.trim().parse::<u64>().ok();
    let apart = LIMITS.into_iter().filter_map(|(remaining, reset)| {
        Some(Allowance {
            remaining: whole(text(remaining)?)?,
            reset: until(headers, text(reset)?, now)?,
        })
    });
    let together = text("ratelimit").into_iter().flat_map(joined);
    apart.chain(together).min_by_key(|a| a.remaining)
}

fn joined(text: &str) -> Vec<Allowance> {
    let is_old = !text.contains(';');
    let policies: Vec<&str> = if is_old {
        vec![text]
    } else {
        text.split(',').collect()
    };
    let read = |policy: &str| {
        let mut found = (None, None);
        for part in policy.split([';', ',']) {
            let Some((name, value)) = part.split_once('=') else {
                continue;
            };
            match name.trim() {
                "r" | "remaining" => found.0 = value.trim().parse().ok(),
                "t" | "reset" => found.1 = value.trim().parse().ok(),
                _ => {}
            }
        }
        Some(Allowance {
            remaining: found.0?,
            reset: Duration::from_secs(found.1?),
        })
    };
    policies.into_iter().take(10).filter_map(read).collect()
}

/// Seconds from now, seconds or milliseconds since 1970, or a date; moments are measured against the target's own clock
/// where it tells the time.
fn until(headers: &HeaderMap, text: &str, now: Time) -> Option<Duration> {
    /// From here on a number is a moment, in seconds or, further up, in milliseconds.
    const MOMENT: f64 = 1e9;
    const MILLIS: f64 = 1e11;
    let moment = match text.parse::<f64>() {
        Ok(number) if !number.is_finite() || number < 0.0 => return None,
        Ok(number) if number < MOMENT => return Duration::try_from_secs_f64(number).ok(),
        Ok(number) if number < MILLIS => (number * 1000.0) as i64,
        Ok(number) => number as i64,
        Err(_) => http_date(text)?.saturating_mul(1000),
    };
    let ahead = moment.saturating_sub(theirs(headers, now));
    Some(Duration::from_millis(u64::try_from(ahead).unwrap_or(0)))
}

/// The target's own time, or ours; milliseconds since 1970.
fn theirs(headers: &HeaderMap, now: Time) -> i64 {
    header(headers, &DATE)
        .and_then(http_date)
        .map_or(now.0, |s| s.saturating_mul(1000))
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
            ("Sun, 06 Nov 1994 08:50:07 GMT", None, Some(31)),
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
            let now = Time(784_111_776_000);
            assert_eq!(
                retry_after(&headers, now),
                wait.map(Duration::from_secs),
                "{after}"
            );
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
            Response::new(200, &headers, Vec::new(), Time(0)).content_type,
            "application/scim+json"
        );
    }

    #[test]
    fn every_spelling_of_what_remains() {
        let date = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT");
        let now = Time(784_111_777_000);
        for (lines, found) in [
            (
                vec![("RateLimit-Remaining", "0"), ("RateLimit-Reset", "30")],
                Some((0, 30)),
            ),
            (
                vec![("X-RateLimit-Remaining", "4"), ("X-RateLimit-Reset", "1.5")],
                Some((4, 1)),
            ),
            (
                vec![
                    ("X-Rate-Limit-Remaining", "4"),
                    ("X-Rate-Limit-Reset", "1784111807"),
                    ("Date", "Wed, 15 Jul 2026 10:36:17 GMT"),
                ],
                Some((4, 30)),
            ),
            (
                vec![
                    ("X-RateLimit-Remaining", "4"),
                    ("X-RateLimit-Reset", "1784111807000"),
                    ("Date", "Wed, 15 Jul 2026 10:36:17 GMT"),
                ],
                Some((4, 30)),
            ),
            (
                vec![
                    ("RateLimit-Remaining", "4"),
                    ("RateLimit-Reset", "Sun, 06 Nov 1994 08:50:07 GMT"),
                    date,
                ],
                Some((4, 30)),
            ),
            (
                vec![
                    ("RateLimit-Remaining", "4"),
                    ("RateLimit-Reset", "Sun, 06 Nov 1994 08:50:07 GMT"),
                ],
                Some((4, 30)),
            ),
            (
                vec![("RateLimit", "\"hour\";r=50;t=3000, \"burst\";r=1;t=5")],
                Some((1, 5)),
            ),
            (
                vec![("RateLimit", "limit=100, remaining=50, reset=7")],
                Some((50, 7)),
            ),
            (vec![("RateLimit-Remaining", "4")], None),
            (
                vec![("RateLimit-Remaining", "-4"), ("RateLimit-Reset", "3")],
                None,
            ),
            (
                vec![("RateLimit-Remaining", "4"), ("RateLimit-Reset", "NaN")],
                None,
            ),
            (
                vec![("RateLimit-Remaining", "x"), ("RateLimit-Reset", "inf")],
                None,
            ),
            (vec![("RateLimit", ";;==,;r=;t")], None),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in &lines {
                headers.insert(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
            }
            let read = allowance(&headers, now).map(|a| (a.remaining, a.reset.as_secs()));
            assert_eq!(read, found, "{lines:?}");
        }
    }
}
