//! The beat bar: the last 24 hours of one instance as 48 bars, drawn from its conditions. The height falls with the
//! state, so that it reads without colour; the same is said in a table.

use std::time::Duration;

use askama::Template;
use askama::filters::HtmlSafe;

use super::parts::{Badge, When};
use super::words;
use crate::model::{Condition, ConditionKind, Health, Time};

const BEATS: i64 = 48;
const BEAT_MS: i64 = 30 * 60 * 1000;
const HEIGHT: u32 = 36;

/// A time in which an instance was in one state.
#[derive(Clone, Debug)]
pub struct Span {
    /// Since when.
    pub from: Time,
    /// Until when; none: still.
    pub until: Option<Time>,
    /// The state.
    pub health: Health,
    /// Why.
    pub reason: String,
}

impl From<&Condition> for Span {
    fn from(c: &Condition) -> Self {
        let health = match c.kind {
            ConditionKind::Credentials
            | ConditionKind::Unreachable
            | ConditionKind::Sealed
            | ConditionKind::Leavers => Health::Failing,
            ConditionKind::Held => Health::Held,
            ConditionKind::Rejected
            | ConditionKind::Scope
            | ConditionKind::TokenEnds
            | ConditionKind::TokenRefused => Health::Degraded,
        };
        Self {
            from: c.since,
            until: c.until,
            health,
            reason: c.reason.clone(),
        }
    }
}

/// One bar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Beat {
    /// Left edge.
    pub x: i64,
    /// Upper edge.
    pub y: u32,
    /// Height.
    pub height: u32,
    /// Class of its colour.
    pub class: &'static str,
    /// Span of time and state.
    pub title: String,
}

/// A line of the table beneath.
#[derive(Clone, Debug)]
pub struct BeatRow {
    /// Since when.
    pub from: When,
    /// Until when; none: still.
    pub until: Option<When>,
    /// The state.
    pub badge: Badge,
    /// Why.
    pub reason: String,
}

/// The bar and its table.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/beats.html")]
pub struct Beats {
    /// Oldest first.
    pub beats: Vec<Beat>,
    /// What a screen reader says.
    pub summary: String,
    /// Newest first.
    pub rows: Vec<BeatRow>,
    /// When the bar begins.
    pub start: String,
}

impl HtmlSafe for Beats {}

impl Beats {
    /// The last 24 hours of an instance made at `created`; where no span lies it was healthy.
    #[must_use]
    pub fn new(spans: &[Span], created: Time, now: Time) -> Self {
        let end = (now.0.div_euclid(BEAT_MS) + 1) * BEAT_MS;
        let start = end - BEATS * BEAT_MS;
        let beats: Vec<Beat> = (0..BEATS)
            .map(|i| beat(i, start + i * BEAT_MS, spans, created, now))
            .collect();
        let recent: Vec<&Span> = spans
            .iter()
            .filter(|s| s.until.is_none_or(|u| u.0 > start))
            .collect();
        let wrong = recent
            .iter()
            .filter(|s| !matches!(s.health, Health::Healthy | Health::Connecting | Health::Disabled));
        let summary = match wrong.count() {
            0 => "Nothing was wrong in the last 24 hours.".into(),
            n => format!(
                "{} in the last 24 hours.",
                words::count(n as u64, "incident", "incidents")
            ),
        };
        let mut rows: Vec<BeatRow> = recent
            .iter()
            .map(|s| BeatRow {
                from: When::clock(s.from, now),
                until: s.until.map(|u| When::clock(u, now)),
                badge: s.health.into(),
                reason: s.reason.clone(),
            })
            .collect();
        rows.reverse();
        Self {
            beats,
            summary,
            rows,
            start: words::clock(now.before(Duration::from_secs(86_400)), now),
        }
    }

    /// One bar an hour, the worse of two, without table: for a row of a list.
    #[must_use]
    pub fn mini(&self) -> MiniBeats<'_> {
        let beats = self.beats.chunks(2).filter_map(|pair| {
            let shown = pair
                .iter()
                .filter(|b| b.class != "none")
                .min_by_key(|b| b.height)
                .or(pair.first())?;
            Some(Beat {
                x: pair.first()?.x,
                y: shown.y * 2,
                height: shown.height * 2,
                ..shown.clone()
            })
        });
        MiniBeats {
            beats: beats.collect(),
            summary: &self.summary,
        }
    }
}

/// The bar alone.
#[derive(Template)]
#[template(path = "parts/beats_mini.html")]
pub struct MiniBeats<'a> {
    beats: Vec<Beat>,
    summary: &'a str,
}

impl HtmlSafe for MiniBeats<'_> {}

fn beat(index: i64, from: i64, spans: &[Span], created: Time, now: Time) -> Beat {
    let to = from + BEAT_MS;
    let worst = spans
        .iter()
        .filter(|s| s.from.0 < to && s.until.is_none_or(|u| u.0 > from))
        .map(|s| s.health)
        .max();
    let (word, class, height) = match worst {
        _ if to <= created.0 => ("before this instance", "none", 6),
        None | Some(Health::Healthy) => ("Healthy", "ok", HEIGHT),
        Some(Health::Degraded) => ("Degraded", "warn", 29),
        Some(Health::Held) => ("Held", "held", 23),
        Some(Health::Failing) => ("Failing", "bad", 17),
        Some(Health::Connecting) => ("Connecting", "info", 11),
        Some(Health::Disabled) => ("Disabled", "off", 6),
    };
    let title = format!(
        "{}–{} {word}",
        words::clock(Time(from), now),
        words::formatted(Time(to), "%H:%M")
    );
    Beat {
        x: index * 12,
        y: HEIGHT - height,
        height,
        class,
        title,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_ends_with_the_present_state() {
        let now = Time(1_767_000_000_000);
        let failing = Span {
            from: now.before(Duration::from_secs(60)),
            until: None,
            health: Health::Failing,
            reason: "401".into(),
        };
        let over = Span {
            from: Time(0),
            until: Some(Time(1)),
            health: Health::Held,
            reason: String::new(),
        };
        let bar = Beats::new(&[over, failing], now.before(Duration::from_secs(7200)), now);
        assert_eq!(bar.beats.len(), 48);
        assert_eq!(bar.beats[47].class, "bad");
        assert_eq!(bar.beats[0].class, "none");
        assert_eq!(bar.rows.len(), 1);
        assert!(bar.beats[46].height > bar.beats[47].height);
    }
}
