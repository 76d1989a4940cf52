//! `/instances/{slug}/groups` and `…/groups/{id}`: the groups of an instance and one of them with its members.

use askama::Template;

use super::instance::Head;
use super::page::Page;
use super::parts::{Badge, EventRow, Paging, When};
use super::person::{AttributeRow, TargetSide};

/// The list.
#[derive(Template)]
#[template(path = "groups.html")]
pub struct GroupsPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// What was searched for.
    pub query: String,
    /// One page of it.
    pub rows: Vec<GroupRow>,
    /// Where it goes on.
    pub paging: Paging,
}

/// One group.
pub struct GroupRow {
    /// SCIM id.
    pub id: String,
    /// displayName.
    pub name: String,
    /// How many members.
    pub members: String,
    /// State in the target; none for an instance without target.
    pub state: Option<Badge>,
    /// Why the app rejected it; may be empty.
    pub reason: String,
    /// Last change.
    pub changed: When,
}

/// One group.
#[derive(Template)]
#[template(path = "group.html")]
pub struct GroupPage {
    /// Chrome.
    pub page: Page,
    /// Header of the instance.
    pub head: Head,
    /// SCIM id.
    pub id: String,
    /// displayName.
    pub name: String,
    /// `12 members`.
    pub count: String,
    /// What was searched for among the members.
    pub query: String,
    /// One page of them.
    pub members: Vec<MemberRow>,
    /// Where they go on.
    pub paging: Paging,
    /// displayName, externalId.
    pub attributes: Vec<AttributeRow>,
    /// In the target; none for an instance without target.
    pub target: Option<TargetSide>,
    /// Newest first.
    pub events: Vec<EventRow>,
    /// Last change.
    pub changed: When,
}

/// One member.
pub struct MemberRow {
    /// Its page; none when it is no user of this instance.
    pub href: Option<String>,
    /// What people call it.
    pub name: String,
    /// userName, or `Group`.
    pub sub: String,
    /// In the app, waiting, no account; none for an instance without target.
    pub state: Option<Badge>,
}
