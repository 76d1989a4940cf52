//! `/instances/{slug}/users`: the people of an instance, with search.

use askama::Template;

use super::instance::Head;
use super::page::Page;
use super::parts::{Badge, Choice, Paging, When};

/// The list.
#[derive(Template)]
#[template(path = "people.html")]
pub struct PeoplePage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// What was searched for.
    pub query: String,
    /// All, active, inactive, rejected, pending.
    pub states: Vec<Choice>,
    /// Whether the list is narrowed.
    pub narrowed: bool,
    /// One page of it.
    pub rows: Vec<PersonRow>,
    /// Where it goes on.
    pub paging: Paging,
}

/// One person.
pub struct PersonRow {
    /// SCIM id.
    pub id: String,
    /// What people call them; userName where there is no display name.
    pub name: String,
    /// userName.
    pub user_name: String,
    /// Active, or not.
    pub access: Badge,
    /// State in the target; none for an instance without target.
    pub state: Option<Badge>,
    /// Why the app rejected them; may be empty.
    pub reason: String,
    /// How many groups.
    pub groups: String,
    /// Last change.
    pub changed: When,
}
