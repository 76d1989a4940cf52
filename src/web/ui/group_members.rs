//! `/instances/{slug}/groups/{id}/add`: people to put into a group, by name; and the POST that puts them in or takes them
//! out. Either is a difference to what is there, so nobody else's change of the members is undone.

use askama::Template;
use serde_json::{Value, json};

use super::ask::Ask;
use super::change::{change, others, said};
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::{Head, Tab};
use super::page::Page;
use super::paging::{ROWS, Search};
use super::parts::Paging;
use super::serve::show;
use crate::directory;
use crate::scim::patch::PatchRequest;
use crate::scim::rules::Rules;
use crate::scim::schema::ResourceType;
use crate::store::search::{self, Only};
use crate::store::{Rx, StoreError, members, resources};

/// Whom to add.
#[derive(Template)]
#[template(path = "group_members.html")]
pub struct GroupMembersPage {
    /// Chrome.
    pub page: Page,
    /// Header of the instance.
    pub head: Head,
    /// SCIM id of the group.
    pub id: String,
    /// displayName of the group.
    pub name: String,
    /// What was searched for.
    pub query: String,
    /// One page of those who match.
    pub rows: Vec<Candidate>,
    /// Where it goes on.
    pub paging: Paging,
    /// Who else writes here; may be empty.
    pub others: String,
}

/// Somebody who can be added.
pub struct Candidate {
    /// SCIM id.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// userName.
    pub user_name: String,
    /// Is a member already.
    pub member: bool,
}

/// The search.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, id) = (ask.part("slug"), ask.part("id"));
    let search = Search::of(&ask.query);
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Groups, Some("Add members"))?;
        let group = resources::by_id(rx, instance.id, ResourceType::Group, &id)?.ok_or(Fail::NotFound)?;
        let (query, from) = (&search.query, search.from);
        let (total, found) =
            search::listed(rx, instance.id, ResourceType::User, query, Only::All, from, ROWS)?;
        let address = format!("/instances/{}/groups/{}/add", head.slug, group.id);
        let paging = search.paging(&address, found.len(), total, ["person", "people"]);
        let rows = found.into_iter().map(|one| {
            let row = resources::row_of(rx, instance.id, &one.id)?.map(|(row, _)| row);
            Ok(Candidate {
                member: is_member(rx, group.row, row)?,
                id: one.id,
                name: one.display,
                user_name: one.name,
            })
        });
        Ok::<_, Fail>(GroupMembersPage {
            rows: rows.collect::<Result<_, StoreError>>()?,
            others: others(rx, &instance)?,
            id: group.id,
            name: group.display,
            page,
            head,
            query: search.query,
            paging,
        })
    });
    show(&shown.await?)
}

fn is_member(rx: &Rx<'_>, group: i64, row: Option<i64>) -> Result<bool, StoreError> {
    row.map_or(Ok(false), |row| members::is_member(rx, group, row))
}

/// Puts those chosen in, or takes them out.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let (op, news) = match ask.form.text("act") {
        "add" => ("add", News::MembersAdded),
        "remove" => ("remove", News::MembersRemoved),
        _ => return Err(Fail::Form),
    };
    let id = ask.part("id");
    let page = format!("/instances/{}/groups/{id}", ask.part("slug"));
    let chosen = ask.form.texts("member");
    if chosen.is_empty() {
        return ask.go_on(&format!("{page}/add"), Some(News::NoneChosen));
    }
    let chosen: Vec<Value> = chosen.into_iter().map(|id| json!({"value": id})).collect();
    let body = json!({"Operations": [{"op": op, "path": "members", "value": chosen}]});
    let written = change(&ask, move |door| {
        let request = PatchRequest::parse(ResourceType::Group, &body, &Rules::default())?;
        directory::patch(door, ResourceType::Group, &id, &request, &Default::default())
    });
    match written.await? {
        Ok(_) => ask.go_on(&page, Some(news)),
        Err(error) => Err(Fail::Refused(said(&error).to_owned())),
    }
}
