//! `/instances/{slug}/activity`: what happened, newest first.

use askama::Template;

use super::instance::Head;
use super::page::Page;
use super::parts::{Choice, EventRow, Paging};

/// The log.
#[derive(Template)]
#[template(path = "activity.html")]
pub struct ActivityPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// What was searched for in the subjects.
    pub query: String,
    /// All, done, rejected, held…
    pub outcomes: Vec<Choice>,
    /// Whether the list is narrowed.
    pub narrowed: bool,
    /// One page of it.
    pub events: Vec<EventRow>,
    /// Where it goes on.
    pub paging: Paging,
}
