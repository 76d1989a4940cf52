//! `/`: every instance, worst first, and the four numbers that matter.

use askama::Template;

use super::beats::Beats;
use super::page::Page;
use super::parts::{Badge, When};

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
