//! `/instances/{slug}/users`: the people of an instance, with search.

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::instance::{Head, Tab};
use super::page::Page;
use super::paging::{ROWS, offset, paging};
use super::parts::{Badge, Choice, Paging, Tone, When};
use super::serve::show;
use super::{standing, words};
use crate::model::Time;
use crate::scim::schema::ResourceType;
use crate::store::search::{self, Listed, Only};

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

/// States: what is sent, what is read, whom it shows, whether it is about the app.
const STATES: [(&str, &str, Only, bool); 5] = [
    ("", "Everybody", Only::All, false),
    ("active", "Active", Only::Active, false),
    ("inactive", "Inactive", Only::Inactive, false),
    ("rejected", "Rejected or held", Only::Stuck, true),
    ("pending", "Waiting", Only::Waiting, true),
];

/// The list.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, query) = (ask.part("slug"), ask.query.short("q", 100));
    let (state, from) = (ask.query.short("state", 20), offset(ask.query.number("page")));
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::People, None)?;
        let only = STATES.iter().find(|s| s.0 == state).map_or(Only::All, |s| s.2);
        let (total, found) = search::listed(rx, instance.id, ResourceType::User, &query, only, from, ROWS)?;
        let states = STATES
            .iter()
            .filter(|s| head.has_target || !s.3)
            .map(|s| (s.0, s.1, ""));
        let states = Choice::list(&states.collect::<Vec<_>>(), &state);
        let address = format!("/instances/{}/users", head.slug);
        let narrowing = [("q", query.as_str()), ("state", state.as_str())];
        let paging = paging(
            &address,
            &narrowing,
            from,
            found.len() as u64,
            total,
            ["person", "people"],
        );
        let rows = found.into_iter().map(|one| row(one, &head, rx.now())).collect();
        let narrowed = !query.is_empty() || only != Only::All;
        Ok::<_, Fail>(PeoplePage {
            page,
            head,
            query,
            states,
            narrowed,
            rows,
            paging,
        })
    });
    show(&shown.await?)
}

fn row(one: Listed, head: &Head, now: Time) -> PersonRow {
    let carried = head.carries_users();
    let state = standing::badge(one.link.as_deref(), one.job.as_deref(), one.active, carried);
    PersonRow {
        state: head.has_target.then_some(state),
        access: access(one.active),
        reason: words::sentence(&one.error.unwrap_or_default()),
        groups: words::number(one.members),
        changed: When::relative(one.changed, now),
        id: one.id,
        name: one.display,
        user_name: one.name,
    }
}

/// Active, or not.
#[must_use]
pub fn access(active: bool) -> Badge {
    if active {
        Badge::new(Tone::Ok, "Active")
    } else {
        Badge::new(Tone::Off, "Inactive")
    }
}
