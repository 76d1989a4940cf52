//! `/instances/{slug}/settings`: name, connection, schedule, policies, removal limit; and the danger zone. The token
//! can be replaced, never read.

use askama::Template;

use super::instance::Head;
use super::page::Page;
use super::parts::{Choice, Refusals, When};

/// The form.
#[derive(Template)]
#[template(path = "settings.html")]
pub struct SettingsPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// As typed or stored.
    pub name: String,
    /// As typed or stored.
    pub base_url: String,
    /// What was cut off the base URL; empty: nothing.
    pub cut: String,
    /// When the stored token was set.
    pub token_set: Option<When>,
    /// Seconds between syncs.
    pub schedules: Vec<Choice>,
    /// deactivate, delete, leave.
    pub leavers: Vec<Choice>,
    /// report, enforce, adopt.
    pub drifts: Vec<Choice>,
    /// Accounts, groups, memberships.
    pub limits: Vec<LimitRow>,
    /// Fields: `name`, `base_url`, `token`, `{class}_floor`, `{class}_percent`.
    pub refused: Refusals,
    /// One sentence that says what to fix.
    pub problem: Option<String>,
}

/// One counter of the removal limit.
pub struct LimitRow {
    /// `accounts`, `groups`, `memberships`: first half of the field names.
    pub field: &'static str,
    /// What it counts.
    pub label: &'static str,
    /// As typed or stored.
    pub floor: String,
    /// As typed or stored.
    pub percent: String,
}
