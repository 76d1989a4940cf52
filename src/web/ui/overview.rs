//! `/`: every instance, worst first, and the four numbers that matter.

use std::cmp::Reverse;
use std::time::Duration;

use askama::Template;

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
            let status = status(rx, &instance)?;
            all.push((instance, status));
        }
        all.sort_by_cached_key(|(instance, status)| (Reverse(status.health), fold(&instance.name)));
        let is_running = |s: &InstanceStatus| {
            s.health == Health::Connecting || s.run.as_ref().is_some_and(|r| r.ended.is_none())
        };
        page.live = if all.iter().any(|(_, s)| is_running(s)) {
            Live::Running
        } else {
            Live::Watched
        };
        let recent = events::count_since(rx, rx.now().before(Duration::from_secs(24 * 3600)))?;
        Ok::<_, Fail>(OverviewPage {
            page,
            summary: summary(&all),
            stats: stats(&all, recent),
            rows: all
                .iter()
                .map(|(i, s)| row(rx, &store, i, s))
                .collect::<Result<_, _>>()?,
        })
    });
    show(&shown.await?)
}

fn needs_somebody(health: Health) -> bool {
    matches!(health, Health::Failing | Health::Held | Health::Degraded)
}

fn stats(all: &[(Instance, InstanceStatus)], recent: u64) -> Vec<Stat> {
    let fine = all
        .iter()
        .filter(|(i, s)| i.enabled && !needs_somebody(s.health))
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
            all.iter().map(|(_, s)| s.pending).sum(),
            String::new(),
            "changes pending",
        ),
        stat(
            all.iter().map(|(_, s)| s.rejected).sum(),
            String::new(),
            "rejected by an app",
        ),
        stat(recent, String::new(), "changes in 24 h"),
    ]
}

fn summary(all: &[(Instance, InstanceStatus)]) -> String {
    let need = all.iter().filter(|(_, s)| needs_somebody(s.health)).count();
    let fine = all.len() - need;
    match (need, fine) {
        (0, 0) => "Welcome. Start with the app whose people you want to see.".into(),
        (0, 1) => "The instance is fine.".into(),
        (0, n) => format!("All {} instances are fine.", few(n).to_lowercase()),
        (1, 0) => "The instance needs you.".into(),
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

fn row(
    rx: &Rx<'_>,
    store: &Store,
    instance: &Instance,
    status: &InstanceStatus,
) -> Result<InstanceRow, StoreError> {
    let now = rx.now();
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
    fn a_few_are_said_in_words() {
        assert_eq!(
            (few(0), few(9), few(10)),
            ("None".into(), "Nine".into(), "10".into())
        );
    }
}
