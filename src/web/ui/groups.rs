//! `/instances/{slug}/groups`: the groups of an instance, with search.

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::instance::{Head, Tab};
use super::page::Page;
use super::paging::{ROWS, Search};
use super::parts::{Badge, Paging, When};
use super::serve::show;
use super::{standing, words};
use crate::model::Time;
use crate::scim::schema::ResourceType;
use crate::store::search::{self, Listed, Only};

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

/// The list.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, search) = (ask.part("slug"), Search::of(&ask.query));
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Groups, None)?;
        let (query, from) = (&search.query, search.from);
        let (total, found) =
            search::listed(rx, instance.id, ResourceType::Group, query, Only::All, from, ROWS)?;
        let address = format!("/instances/{}/groups", head.slug);
        let paging = search.paging(&address, found.len(), total, ["group", "groups"]);
        let rows = found
            .into_iter()
            .map(|one| row(one, head.has_target, rx.now()))
            .collect();
        Ok::<_, Fail>(GroupsPage {
            page,
            head,
            query: search.query,
            rows,
            paging,
        })
    });
    show(&shown.await?)
}

fn row(one: Listed, has_target: bool, now: Time) -> GroupRow {
    GroupRow {
        state: has_target.then(|| standing::badge(one.link.as_deref(), one.job.as_deref(), true, true)),
        reason: words::sentence(&one.error.unwrap_or_default()),
        members: words::number(one.members),
        changed: When::relative(one.changed, now),
        id: one.id,
        name: one.display,
    }
}
