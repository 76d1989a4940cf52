//! Small things that appear on many pages, each with its own piece of template: badge, time, paging, event row. They
//! write HTML of their own (hence `HtmlSafe`); every text in them is escaped there.

use std::borrow::Cow;

use askama::Template;
use askama::filters::HtmlSafe;

use super::values::AttributePath;
use super::words;
use crate::model::{Actor, Health, Outcome, Time};

/// Colour and shape of a state; never shown without its word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// A full circle.
    Ok,
    /// A triangle.
    Warn,
    /// A cross.
    Bad,
    /// Two bars.
    Held,
    /// An open ring.
    Info,
    /// A dash.
    Off,
}

impl Tone {
    /// The class in the stylesheet.
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Held => "held",
            Self::Info => "info",
            Self::Off => "off",
        }
    }
}

impl From<Outcome> for Tone {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Done => Self::Ok,
            Outcome::Skipped => Self::Off,
            Outcome::Retried => Self::Warn,
            Outcome::Rejected => Self::Bad,
            Outcome::Held => Self::Held,
        }
    }
}

impl From<Health> for Tone {
    fn from(health: Health) -> Self {
        match health {
            Health::Healthy => Self::Ok,
            Health::Degraded => Self::Warn,
            Health::Failing => Self::Bad,
            Health::Held => Self::Held,
            Health::Connecting => Self::Info,
            Health::Disabled => Self::Off,
        }
    }
}

/// The shape alone, beside a text that says the same.
#[derive(Clone, Copy, Template)]
#[template(path = "parts/shape.html")]
pub struct Shape(
    /// Which.
    pub Tone,
);

impl HtmlSafe for Shape {}

/// A state as word, shape and colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Template)]
#[template(path = "parts/badge.html")]
pub struct Badge {
    /// Shape and colour.
    pub tone: Tone,
    /// The word.
    pub word: &'static str,
}

impl HtmlSafe for Badge {}

impl Badge {
    /// A badge.
    #[must_use]
    pub const fn new(tone: Tone, word: &'static str) -> Self {
        Self { tone, word }
    }

    /// The shape alone.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape(self.tone)
    }
}

impl From<Health> for Badge {
    fn from(health: Health) -> Self {
        let word = match health {
            Health::Healthy => "Healthy",
            Health::Degraded => "Degraded",
            Health::Failing => "Failing",
            Health::Held => "Held",
            Health::Connecting => "Connecting",
            Health::Disabled => "Disabled",
        };
        Self::new(health.into(), word)
    }
}

/// A point in time as `<time>`.
#[derive(Clone, PartialEq, Eq, Debug, Template)]
#[template(path = "parts/when.html")]
pub struct When {
    /// RFC 3339.
    pub iso: String,
    /// What is read.
    pub text: String,
    /// The exact time, on pointing.
    pub title: String,
    /// The script keeps `text` fresh.
    pub relative: bool,
}

impl HtmlSafe for When {}

impl When {
    /// `14 min ago`, `in 5 min`.
    #[must_use]
    pub fn relative(at: Time, now: Time) -> Self {
        Self {
            iso: at.to_string(),
            text: words::relative(at, now),
            title: words::exact(at),
            relative: true,
        }
    }

    /// `14:36`, with the day when it isn't today.
    #[must_use]
    pub fn clock(at: Time, now: Time) -> Self {
        Self {
            iso: at.to_string(),
            text: words::clock(at, now),
            title: words::exact(at),
            relative: false,
        }
    }

    /// By a strftime form.
    #[must_use]
    pub fn formatted(at: Time, form: &str) -> Self {
        Self {
            iso: at.to_string(),
            text: words::formatted(at, form),
            title: words::exact(at),
            relative: false,
        }
    }
}

/// Where a list stands and where it goes on.
#[derive(Clone, Default, Debug, Template)]
#[template(path = "parts/paging.html")]
pub struct Paging {
    /// `1–50 of 1,204 people`.
    pub shown: String,
    /// Address of the page before.
    pub previous: Option<String>,
    /// Address of the page after.
    pub next: Option<String>,
}

impl HtmlSafe for Paging {}

/// One attribute before and after, as text; an empty text: unassigned.
#[derive(Clone, Debug)]
pub struct ChangeRow {
    /// Attribute path.
    pub path: AttributePath,
    /// It was sent to an app: what stood there before is not known.
    pub sent: bool,
    /// Before.
    pub before: String,
    /// After.
    pub after: String,
}

/// One line of a log.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/event.html")]
pub struct EventRow {
    /// Time of day, with seconds.
    pub at: When,
    /// How it ended.
    pub outcome: Outcome,
    /// Before the subject: `joined`; mostly empty.
    pub lead: &'static str,
    /// What a person calls the subject; empty when `text` says all.
    pub subject: String,
    /// Address of the subject's page.
    pub href: Option<String>,
    /// What happened, going on from the subject.
    pub text: String,
    /// From whom to whom.
    pub actor: String,
    /// Before → after.
    pub changes: Vec<ChangeRow>,
}

impl HtmlSafe for EventRow {}

impl EventRow {
    /// Word of the outcome.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.outcome {
            Outcome::Done => "Done",
            Outcome::Skipped => "Skipped",
            Outcome::Retried => "Will be tried again",
            Outcome::Rejected => "Rejected",
            Outcome::Held => "Held",
        }
    }

    /// Colour of the outcome.
    #[must_use]
    pub fn tone(&self) -> Tone {
        self.outcome.into()
    }
}

/// Who caused an event, as a page says it. `app` is the app's name.
#[must_use]
pub fn actor(actor: &Actor, app: &str) -> String {
    match actor {
        Actor::Idp(name) | Actor::Admin(name) => name.clone(),
        Actor::Target => app.into(),
        Actor::Hub => "Rollcall".into(),
    }
}

/// A choice of a `<select>` or a set of radio buttons.
#[derive(Clone, Debug)]
pub struct Choice {
    /// What is sent.
    pub value: String,
    /// What is read.
    pub label: String,
    /// One line more; may be empty.
    pub hint: String,
    /// Whether it is the present one.
    pub chosen: bool,
}

impl Choice {
    /// Choices of (value, label, hint), with `chosen` marked.
    #[must_use]
    pub fn list(of: &[(&str, &str, &str)], chosen: &str) -> Vec<Self> {
        of.iter()
            .map(|&(value, label, hint)| Self {
                value: value.into(),
                label: label.into(),
                hint: hint.into(),
                chosen: value == chosen,
            })
            .collect()
    }
}

/// A field that was refused.
#[derive(Clone, Debug, Default)]
pub struct Refusals(
    /// (field name, label, what to fix).
    pub Vec<Refusal>,
);

/// What is wrong with one field.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// `name` and `id` of the input.
    pub field: Cow<'static, str>,
    /// A sentence that says what to fix.
    pub text: String,
}

impl Refusals {
    /// The sentence for `field`, if it was refused.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|r| r.field == field).map(|r| r.text.as_str())
    }

    /// Adds one.
    pub fn add(&mut self, field: impl Into<Cow<'static, str>>, text: impl Into<String>) {
        self.0.push(Refusal {
            field: field.into(),
            text: text.into(),
        });
    }
}
