//! `/`: every instance, worst first, and the four numbers that matter.

use std::cmp::Reverse;
use std::time::Duration;

use askama::Template;

use super::adoption::undecided;
use super::ask::Ask;
use super::beats::Beats;
use super::chrome::{kind, mark};
use super::fail::{Answer, Fail};
use super::page::{Here, Live, Page};
use super::parts::{Badge, When};
use super::serve::show;
use super::state::{beats, progress};
use super::words;
use crate::model::{Health, Instance, Time};
use crate::scim::fold;
use crate::store::{Rx, Store, StoreError, access, events, instances};
use crate::sync::status::{InstanceStatus, status};

/// The overview.
#[derive(Template)]
#[template(path = "overview.html")]
pub struct OverviewPage {
    /// Chrome.
    pub page: Page,
    /// `Two instances need you. Four are fine.`
    pub summary: String,
    /// Four of them.
    pub stats: Vec<Stat>,
    /// Worst first; empty: nothing was connected yet.
    pub rows: Vec<InstanceRow>,
}

/// A number that matters.
pub struct Stat {
    /// The number, formatted.
    pub number: String,
    /// Beside it, small; may be empty.
    pub aside: String,
    /// What it counts.
    pub label: &'static str,
}

/// One instance in the list.
pub struct InstanceRow {
    /// In the address.
    pub slug: String,
    /// What admins call it.
    pub name: String,
    /// Two letters of the app.
    pub mark: String,
    /// `Atlassian Cloud · SCIM`, `Receives only`.
    pub kind: String,
    /// Its state.
    pub badge: Badge,
    /// Why, with host and next try; empty when healthy.
    pub reason: String,
    /// `3 pairs wait for a decision`; empty: none does.
    pub undecided: String,
    /// The last day.
    pub beats: Beats,
    /// People on the endpoint.
    pub people: String,
    /// Groups on the endpoint.
    pub groups: String,
    /// Changes due or retrying.
    pub pending: String,
    /// Rejected by the app; empty for none.
    pub rejected: String,
    /// `running`, `paused`, `receives only`… where no time fits.
    pub sync_word: String,
    /// End of the last complete sync.
    pub last_sync: Option<When>,
    /// The next one.
    pub next_sync: Option<When>,
}

/// The overview.
///
/// # Errors
/// The store's.
pub async fn get(ask: Ask) -> Answer {
    let store = ask.pages.store().clone();
    let shown = ask.read(move |rx, chrome| {
        let mut page = chrome.page(rx, "Overview", Here::Overview, &[])?;
        let mut all = Vec::new();
        for instance in instances::list(rx)? {
            all.push(Seen {
                status: status(rx, &instance)?,
                undecided: undecided(rx, instance.id)?,
                instance,
            });
        }
        all.sort_by_cached_key(|i| {
            let order = (Reverse(i.status.health), i.undecided.is_empty());
            (order, fold(&i.instance.name))
        });
        let is_running = |s: &InstanceStatus| {
            s.health == Health::Connecting || s.run.as_ref().is_some_and(|r| r.ended.is_none())
        };
        page.live = if all.iter().any(|i| is_running(&i.status)) {
            Live::Running
        } else {
            Live::Watched
        };
        let recent = events::count_since(rx, rx.now().before(Duration::from_secs(24 * 3600)))?;
        Ok::<_, Fail>(OverviewPage {
            page,
            summary: summary(all.iter().filter(|i| i.needs_somebody()).count(), all.len()),
            stats: stats(&all, recent),
            rows: all.iter().map(|i| row(rx, &store, i)).collect::<Result<_, _>>()?,
        })
    });
    show(&shown.await?)
}

/// An instance and how it is.
struct Seen {
    instance: Instance,
    status: InstanceStatus,
    undecided: String,
}

impl Seen {
    /// A pair that waits for a decision is nobody's failure, so the badge does not speak of it; it still needs somebody.
    fn needs_somebody(&self) -> bool {
        let health = self.status.health;
        matches!(health, Health::Failing | Health::Held | Health::Degraded) || !self.undecided.is_empty()
    }
}

fn stats(all: &[Seen], recent: u64) -> Vec<Stat> {
    let fine = all
        .iter()
        .filter(|i| i.instance.enabled && !i.needs_somebody())
        .count();
    let stat = |n: u64, aside: String, label| Stat {
        number: words::number(n),
        aside,
        label,
    };
    vec![
        stat(
            fine as u64,
            format!("of {}", words::number(all.len() as u64)),
            "instances in order",
        ),
        stat(
            all.iter().map(|i| i.status.pending).sum(),
            String::new(),
            "changes pending",
        ),
        stat(
            all.iter().map(|i| i.status.rejected).sum(),
            String::new(),
            "rejected by an app",
        ),
        stat(recent, String::new(), "changes in 24 h"),
    ]
}

/// How many need somebody, of how many.
fn summary(need: usize, all: usize) -> String {
    let fine = all.saturating_sub(need);
    match (need, fine) {
        (0, 0) => "Welcome. Start with the app whose people you want to see.".into(),
        (0, 1) => "The instance is fine.".into(),
        (0, 2) => "Both instances are fine.".into(),
        (0, n) => format!("All {} instances are fine.", few(n).to_lowercase()),
        (1, 0) => "The instance needs you.".into(),
        (2, 0) => "Both instances need you.".into(),
        (n, 0) => format!("All {} instances need you.", few(n).to_lowercase()),
        (n, m) => format!(
            "{} {} you. {} {} fine.",
            few(n),
            if n == 1 {
                "instance needs"
            } else {
                "instances need"
            },
            few(m),
            if m == 1 { "is" } else { "are" }
        ),
    }
}

/// Small numbers in words.
fn few(n: usize) -> String {
    const WORDS: [&str; 10] = [
        "None", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine",
    ];
    WORDS
        .get(n)
        .map_or_else(|| words::number(n as u64), |word| (*word).to_owned())
}

fn row(rx: &Rx<'_>, store: &Store, seen: &Seen) -> Result<InstanceRow, StoreError> {
    let (instance, status, now) = (&seen.instance, &seen.status, rx.now());
    let relative = |at: Time| When::relative(at, now);
    let (mut last_sync, mut next_sync) = (
        status.last_sync_at.map(relative),
        status.next_sync_at.map(|t| When::clock(t, now)),
    );
    let mut sync_word = String::new();
    if instance.target.is_none() {
        let keys = access::keys(rx, instance.id)?;
        last_sync = keys
            .iter()
            .filter_map(|k| store.telemetry().key_use(k.id))
            .map(|u| u.at)
            .max()
            .map(relative);
        sync_word = if last_sync.is_some() {
            "last push"
        } else {
            "no push yet"
        }
        .into();
        next_sync = None;
    } else if status.run.as_ref().is_some_and(|r| r.ended.is_none()) {
        sync_word = "running".into();
        next_sync = None;
    } else if !instance.enabled || instance.paused {
        sync_word = if instance.enabled {
            "paused"
        } else {
            "switched off"
        }
        .into();
        next_sync = None;
    }
    Ok(InstanceRow {
        slug: instance.slug.clone(),
        name: instance.name.clone(),
        mark: mark(instance),
        kind: kind(instance),
        badge: status.health.into(),
        reason: reason(instance, status, now),
        undecided: seen.undecided.clone(),
        beats: beats(rx, instance)?,
        people: words::number(status.users),
        groups: words::number(status.groups),
        pending: words::number(status.pending),
        rejected: if status.rejected > 0 {
            format!("{} rejected", words::number(status.rejected))
        } else {
            String::new()
        },
        sync_word,
        last_sync,
        next_sync,
    })
}

/// `api.example.com answered 401 since 13:58. Next try 14:36.`
fn reason(instance: &Instance, status: &InstanceStatus, now: Time) -> String {
    if status.health == Health::Connecting
        && let Some(progress) = progress(status, now)
    {
        return format!("{}.", progress.text);
    }
    if status.reason.is_empty() || instance.target.is_none() && status.health == Health::Healthy {
        return String::new();
    }
    let mut text = words::sentence(words::halves(&status.reason).0);
    if let Some(since) = status.since.filter(|_| status.health == Health::Failing) {
        text.push_str(&format!(" since {}", words::clock(since, now)));
    }
    text.push('.');
    if let Some(next) = status.next_try.filter(|next| *next > now) {
        text.push_str(&format!(" Next try {}.", words::clock(next, now)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_are_both() {
        assert_eq!(summary(0, 2), "Both instances are fine.");
        assert_eq!(summary(2, 2), "Both instances need you.");
        assert_eq!(summary(0, 3), "All three instances are fine.");
        assert_eq!(summary(1, 2), "One instance needs you. One is fine.");
    }

    #[test]
    fn a_few_are_said_in_words() {
        assert_eq!(
            (few(0), few(9), few(10)),
            ("None".into(), "Nine".into(), "10".into())
        );
    }
}
