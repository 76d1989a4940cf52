//! `/instances/{slug}/groups/{id}`: one group with its members, where it stands in the app, what happened.

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::instance::{Head, Tab};
use super::page::Page;
use super::paging::{ROWS, Search};
use super::parts::{Badge, EventRow, Paging, Tone, When};
use super::person::{self, AttributeRow, TargetSide, attributes, elsewhere};
use super::serve::show;
use super::{log, standing, words};
use crate::model::Resource;
use crate::scim::schema::ResourceType;
use crate::store::search::{self, Membership};
use crate::store::{Rx, StoreError, events, links, members, resources};

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
    /// Whom the app's group goes without, or has too many, in sentences; empty: nobody.
    pub apart: String,
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
    /// SCIM id.
    pub id: String,
    /// Its page; none when it is no user of this instance.
    pub href: Option<String>,
    /// What people call it.
    pub name: String,
    /// userName, or `Group`.
    pub sub: String,
    /// In the app, waiting, no account; none for an instance without target.
    pub state: Option<Badge>,
}

/// The page.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, id) = (ask.part("slug"), ask.part("id"));
    let search = Search::of(&ask.query);
    let instance = ask.instance().await?.id;
    let asked = id.clone();
    let found = ask
        .read(move |rx, _| Ok::<_, Fail>(resources::by_id(rx, instance, ResourceType::Group, &asked)?))
        .await?;
    let Some(group) = found else {
        return elsewhere(&ask, instance, ResourceType::User, id).await;
    };
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Groups, Some(&group.display))?;
        let now = rx.now();
        let (total, found) = search::members_of(rx, group.row, &search.query, search.from, ROWS)?;
        let address = format!("/instances/{}/groups/{}", head.slug, group.id);
        let paging = search.paging(&address, found.len(), total, ["member", "members"]);
        let count = if search.query.is_empty() {
            total
        } else {
            search::members_of(rx, group.row, "", 0, 0)?.0
        };
        let latest = events::of_resource(rx, group.row, None, person::LATEST)?;
        let apart = apart(rx, &head, &group)?;
        let attributes = attributes(rx, &instance, &group)?;
        Ok::<_, Fail>(GroupPage {
            count: words::count(count, "member", "members"),
            members: found.into_iter().map(|m| member(m, &head)).collect(),
            target: standing::target(rx, &instance, &group, now)?.map(|t| t.beside(&attributes)),
            attributes,
            events: log::rows(latest, &head.slug, &head.app, now),
            changed: When::relative(group.last_modified, now),
            id: group.id,
            name: group.display,
            page,
            head,
            query: search.query,
            paging,
            apart,
        })
    });
    show(&shown.await?)
}

/// Tries the group's push again now.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn retry(ask: Ask) -> Answer {
    person::try_again(ask, ResourceType::Group).await
}

/// People named who have no account.
const NAMED: usize = 5;

/// Where people are not carried: who of the members has no account in the app, and who was deleted here but is a member
/// there until the group is written.
fn apart(rx: &Rx<'_>, head: &Head, group: &Resource) -> Result<String, StoreError> {
    if !head.has_target || head.carries_users() {
        return Ok(String::new());
    }
    let (without, names) = links::members_without(rx, group.row, NAMED)?;
    let departed = members::departed(rx, group.instance, group.row)?.len() as u64;
    let mut said = Vec::new();
    if without > 0 {
        let who = words::count(without, "member has", "members have");
        let more = if without > names.len() as u64 {
            " and others"
        } else {
            ""
        };
        said.push(format!(
            "{who} no account in {}: {}{more}.",
            head.app,
            names.join(", ")
        ));
    }
    if departed > 0 {
        let who = words::count(departed, "person", "people");
        said.push(format!(
            "{who} deleted here can still be in the group there; the next change of its members takes them out."
        ));
    }
    Ok(said.join(" "))
}

fn member(found: Membership, head: &Head) -> MemberRow {
    let is_user = found.kind == ResourceType::User;
    let state = match (found.held, found.linked, is_user) {
        (true, _, _) => Badge::new(Tone::Ok, "In step"),
        (false, true, _) => Badge::new(Tone::Info, "Waiting"),
        (false, false, true) => Badge::new(Tone::Warn, "No account there"),
        (false, false, false) => Badge::new(Tone::Off, "Not sent"),
    };
    let place = if is_user { "users" } else { "groups" };
    MemberRow {
        href: Some(format!("/instances/{}/{place}/{}", head.slug, found.id)),
        id: found.id,
        sub: if is_user { found.name } else { "Group".into() },
        name: found.display,
        state: head.has_target.then_some(state),
    }
}
