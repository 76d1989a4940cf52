//! How numbers and times are said. Times are UTC throughout; the exact one stands in the title of each relative one.

use crate::model::Time;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// `1204` → `1,204`.
#[must_use]
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// `1 person`, `1,204 people`.
#[must_use]
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// A span in its largest fitting unit: `under 1 s`, `40 s`, `14 min`, `3 h`, `2 days`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let s = seconds.max(0);
    match s {
        0 => "under 1 s".into(),
        1..MINUTE => format!("{s} s"),
        MINUTE..HOUR => format!("{} min", s / MINUTE),
        HOUR..DAY => format!("{} h", s / HOUR),
        _ if s < 2 * DAY => "1 day".into(),
        _ => format!("{} days", number((s / DAY).unsigned_abs())),
    }
}

/// `14 min ago`, `in 5 min`, `now`.
#[must_use]
pub fn relative(at: Time, now: Time) -> String {
    let seconds = now.0.saturating_sub(at.0) / 1000;
    match seconds {
        -4..=4 => "now".into(),
        5.. => format!("{} ago", span(seconds)),
        _ => format!("in {}", span(-seconds)),
    }
}

/// `14:36` on the day of `now`, else `21 Nov 14:36`.
#[must_use]
pub fn clock(at: Time, now: Time) -> String {
    let form = if at.0.div_euclid(DAY * 1000) == now.0.div_euclid(DAY * 1000) {
        "%H:%M"
    } else {
        "%-d %b %H:%M"
    };
    formatted(at, form)
}

/// `2026-11-21 14:36:07 UTC`.
#[must_use]
pub fn exact(at: Time) -> String {
    formatted(at, "%Y-%m-%d %H:%M:%S UTC")
}

/// `at` by a strftime form; outside the calendar, its plain number.
#[must_use]
pub fn formatted(at: Time, form: &str) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.to_string(), |t| t.strftime(form).to_string())
}

/// `the first sync is running` → `The first sync is running`; a host at the start stays as it is written.
#[must_use]
pub fn sentence(text: &str) -> String {
    let text = text.trim_end_matches('.');
    let first = text.split_whitespace().next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(letter) if !first.contains(['.', ':', '/', '@', '[']) => {
            letter.to_uppercase().chain(letters).collect()
        }
        _ => text.to_owned(),
    }
}

/// A reason's first half and what the app itself said: `api.example.com answered 401: no such token` is cut at the colon.
#[must_use]
pub fn halves(reason: &str) -> (&str, &str) {
    match reason.split_once(": ") {
        Some((first, rest)) if first.contains(" answered ") => (first, rest),
        _ => (reason, ""),
    }
}

/// Two letters that stand for an app: `Atlassian Cloud` → `At`.
#[must_use]
pub fn mark(name: &str) -> String {
    let mut letters = name.chars().filter(|c| c.is_alphanumeric());
    letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .chain(letters.next())
        .collect()
}

#[cfg(test)]
mod tests;
