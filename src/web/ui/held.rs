//! `/instances/{slug}/held`: who would lose something in the app, and the two answers: Allow and Reject.

use askama::Template;

use super::instance::Head;
use super::page::Page;
use super::parts::{Paging, When};
use super::words;

/// The removals that wait.
#[derive(Template)]
#[template(path = "held.html")]
pub struct HeldPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// `142 of 1,204 people would be deactivated in Atlassian Cloud.`
    pub what: String,
    /// The limit, and what goes on meanwhile.
    pub why: String,
    /// How many wait in all.
    pub count: u64,
    /// The newest of them: *Allow all* frees no later one.
    pub up_to: i64,
    /// One page of them.
    pub rows: Vec<HeldRow>,
    /// Where it goes on.
    pub paging: Paging,
}

/// One removal.
pub struct HeldRow {
    /// Sent when chosen.
    pub id: i64,
    /// What a person calls it.
    pub label: String,
    /// Page of the person or group.
    pub href: Option<String>,
    /// `Account`, `Group`, `Membership of Design`.
    pub class: String,
    /// Why it was asked for.
    pub reason: String,
    /// Since when it waits.
    pub at: When,
}
