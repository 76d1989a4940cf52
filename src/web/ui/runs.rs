//! `/instances/{slug}/runs`: its syncs, the one that runs on top, with what each read, changed and could not understand.

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::{Head, Progress, Tab};
use super::page::{Live, Page};
use super::parts::{Badge, Tone, When};
use super::serve::show;
use super::state::progress;
use super::words;
use crate::model::{Run, RunPhase, Time};
use crate::store::runs;

/// Syncs listed: as many as are kept.
const LISTED: usize = 100;

/// The list.
#[derive(Template)]
#[template(path = "runs.html")]
pub struct RunsPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// The sync that runs.
    pub progress: Option<Progress>,
    /// `42 a second`; empty while it is not known.
    pub rate: String,
    /// Newest first.
    pub rows: Vec<RunRow>,
}

/// One sync.
pub struct RunRow {
    /// When it began.
    pub started: When,
    /// How long it took.
    pub took: String,
    /// How it ended, or its phase.
    pub badge: Badge,
    /// Why it failed; may be empty.
    pub error: String,
    /// That it broke off on the way, and why; may be empty.
    pub broke_off: String,
    /// `1,204 of about 1,300 people, 32 groups`.
    pub read: String,
    /// `42 a second`.
    pub rate: String,
    /// Made here.
    pub created: String,
    /// Changed here.
    pub changed: String,
    /// Not seen, and looked for.
    pub unseen: String,
    /// Not understood.
    pub broken: String,
    /// The first of those.
    pub troubles: Vec<TroubleRow>,
}

/// An object that could not be understood.
pub struct TroubleRow {
    /// Its name, or its id.
    pub who: String,
    /// Why.
    pub why: String,
}

/// The list.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let slug = ask.part("slug");
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            mut page,
            head,
            instance,
            status,
        } = chrome.inside(rx, &slug, Tab::Overview, Some("Syncs"))?;
        let now = rx.now();
        page.live = if head.running {
            Live::Running
        } else {
            Live::Watched
        };
        let all = runs::latest(rx, instance.id, LISTED)?;
        Ok::<_, Fail>(RunsPage {
            progress: progress(&status, now),
            rate: all.first().map(|run| rate(run, now)).unwrap_or_default(),
            rows: all.iter().map(|run| row(run, now)).collect(),
            page,
            head,
        })
    });
    show(&shown.await?)
}

/// Ends the sync that runs or waits.
///
/// # Errors
/// `NotFound`; there is none; the store's.
pub async fn cancel(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    ask.pages.manager.cancel_sync(ask.actor()?, instance.id).await?;
    ask.go_on(
        &format!("/instances/{}/runs", instance.slug),
        Some(News::Cancelled),
    )
}

fn row(run: &Run, now: Time) -> RunRow {
    let counts = &run.counts;
    let trouble = |t: &crate::model::Trouble| TroubleRow {
        who: match t.name.is_empty() {
            true if t.id.is_empty() => "one without id and name".into(),
            true => t.id.clone(),
            false => t.name.clone(),
        },
        why: words::sentence(&t.why),
    };
    RunRow {
        started: When::clock(run.started, now),
        took: words::span(seconds(run, now)),
        badge: badge(run),
        error: words::sentence(run.error.as_deref().unwrap_or_default()),
        broke_off: broke_off(run),
        read: read(run),
        rate: rate(run, now),
        created: words::number(counts.created),
        changed: words::number(counts.changed),
        unseen: words::number(counts.unseen),
        broken: words::number(counts.broken),
        troubles: run.troubles.iter().map(trouble).collect(),
    }
}

fn badge(run: &Run) -> Badge {
    match run.phase {
        _ if run.breaks.waits => Badge::new(Tone::Warn, "Interrupted"),
        RunPhase::Users => Badge::new(Tone::Info, "Reading people"),
        RunPhase::Groups => Badge::new(Tone::Info, "Reading groups"),
        RunPhase::Verify => Badge::new(Tone::Info, "Looking again"),
        RunPhase::Done => Badge::new(Tone::Ok, "Done"),
        RunPhase::Failed => Badge::new(Tone::Bad, "Failed"),
        RunPhase::Cancelled => Badge::new(Tone::Off, "Cancelled"),
    }
}

/// How often it broke off, and what follows from that, without full stop; empty: it never did.
fn broke_off(run: &Run) -> String {
    let breaks = &run.breaks;
    if breaks.waits {
        let why = words::sentence(&breaks.last);
        return format!("{why}. It goes on where it stopped, by itself");
    }
    match breaks.count {
        0 => String::new(),
        n => {
            let times = words::count(n, "time", "times");
            format!("Broke off {times} and went on; first: {}", breaks.first)
        }
    }
}

/// What it read, and of how many, while it runs.
fn read(run: &Run) -> String {
    let of = |done: u64, one: &str, many: &str| match run.expected.filter(|total| *total > done) {
        Some(total) => format!(
            "{} of about {}",
            words::number(done),
            words::count(total, one, many)
        ),
        None => words::count(done, one, many),
    };
    let people = || words::count(run.counts.users, "person", "people");
    let running = run.ended.is_none();
    match run.phase {
        RunPhase::Users if running => of(run.counts.users, "person", "people"),
        RunPhase::Groups if running => format!("{}, {}", people(), of(run.counts.groups, "group", "groups")),
        _ => format!(
            "{}, {}",
            people(),
            words::count(run.counts.groups, "group", "groups")
        ),
    }
}

fn seconds(run: &Run, now: Time) -> i64 {
    i64::try_from(run.ended.unwrap_or(now).since(run.started).as_secs()).unwrap_or(i64::MAX)
}

fn rate(run: &Run, now: Time) -> String {
    let done = run.counts.users + run.counts.groups;
    let ms = run.ended.unwrap_or(now).since(run.started).as_millis();
    match u128::from(done).saturating_mul(1000).checked_div(ms) {
        Some(each) if each > 0 => format!(
            "{} a second",
            words::number(u64::try_from(each).unwrap_or(u64::MAX))
        ),
        _ => String::new(),
    }
}

/// The newest sync in one sentence, for the instance's page; empty while it runs or before the first.
#[must_use]
pub fn in_short(run: Option<&Run>, now: Time) -> String {
    let Some(run) = run.filter(|run| run.ended.is_some()) else {
        return String::new();
    };
    let took = words::span(seconds(run, now));
    match run.phase {
        RunPhase::Cancelled => format!("The last sync was cancelled after {took}; nothing is taken as gone."),
        RunPhase::Done => format!("The last sync read {} in {took}.", read(run)),
        _ => format!("The last sync failed after {took}."),
    }
}
