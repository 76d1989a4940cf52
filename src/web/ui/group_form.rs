//! `/instances/{slug}/groups/new` and `…/groups/{id}/edit`: a group's name. Its members are on its page.

use actix_web::http::StatusCode;
use askama::Template;
use serde_json::json;

use super::ask::Ask;
use super::change::{change, is_overtaken, only_if, others, said};
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::{Head, Tab};
use super::page::Page;
use super::parts::Refusals;
use super::respond::respond;
use crate::directory;
use crate::model::Instance;
use crate::scim::etag::Precondition;
use crate::scim::patch::PatchRequest;
use crate::scim::resource;
use crate::scim::rules::Rules;
use crate::scim::schema::ResourceType;
use crate::store::resources;

/// The form.
#[derive(Template)]
#[template(path = "group_form.html")]
pub struct GroupFormPage {
    /// Chrome.
    pub page: Page,
    /// Header of the instance.
    pub head: Head,
    /// `New group`, or its name.
    pub title: String,
    /// Where the POST goes.
    pub action: String,
    /// Where *Cancel* leads.
    pub back: String,
    /// The version that is renamed; none: a new one.
    pub version: Option<i64>,
    /// As typed or stored.
    pub name: String,
    /// Who else writes here; may be empty.
    pub others: String,
    /// Field `display_name`.
    pub refused: Refusals,
}

/// Longest name, in characters.
const LONGEST: usize = 250;

/// The form as it is to be shown.
struct Shown {
    /// Id and name of the group that is there.
    what: Option<(String, String)>,
    version: Option<i64>,
    name: String,
    refused: Refusals,
}

fn refusals(name: &str) -> Refusals {
    let mut refused = Refusals::default();
    let length = name.chars().count();
    if length == 0 || length > LONGEST || name.chars().any(char::is_control) {
        refused.add(
            "display_name",
            format!("Type a name of 1 to {LONGEST} characters."),
        );
    }
    refused
}

/// An empty form.
///
/// # Errors
/// `NotFound`; `Refused` where groups are not carried; the store's.
pub async fn new(ask: Ask) -> Answer {
    carried(&ask.instance().await?)?;
    let shown = Shown {
        what: None,
        version: None,
        name: String::new(),
        refused: Refusals::default(),
    };
    answer(&ask, StatusCode::OK, shown).await
}

/// Makes the group.
///
/// # Errors
/// `NotFound`; `Refused` where groups are not carried; the store's.
pub async fn create(ask: Ask) -> Answer {
    carried(&ask.instance().await?)?;
    let name = ask.form.short("display_name", LONGEST + 1);
    let mut refused = refusals(&name);
    if refused.0.is_empty() {
        let body = json!({"displayName": name});
        let made = change(&ask, move |door| {
            let accepted = resource::accept(ResourceType::Group, body, &Rules::default())?;
            directory::create(door, ResourceType::Group, accepted, &Precondition::default())
        });
        match made.await? {
            Ok(made) => {
                let to = format!("/instances/{}/groups/{}", ask.part("slug"), made.id);
                return ask.go_on(&to, Some(News::GroupMade));
            }
            Err(error) => refused.add("display_name", said(&error)),
        }
    }
    let shown = Shown {
        what: None,
        version: None,
        name,
        refused,
    };
    answer(&ask, StatusCode::UNPROCESSABLE_ENTITY, shown).await
}

fn carried(instance: &Instance) -> Result<(), Fail> {
    if instance.scope.carries(ResourceType::Group) {
        Ok(())
    } else {
        Err(Fail::Refused("This instance carries users only.".into()))
    }
}

/// The form of a group that is there.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (id, name, version) = group(&ask).await?;
    let shown = Shown {
        what: Some((id, name.clone())),
        version: Some(version),
        name,
        refused: Refusals::default(),
    };
    answer(&ask, StatusCode::OK, shown).await
}

/// Renames it.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let version = ask.form.number("version");
    let asked = only_if(version)?;
    let (id, stored, _) = group(&ask).await?;
    let back = format!("/instances/{}/groups/{id}", ask.part("slug"));
    let name = ask.form.short("display_name", LONGEST + 1);
    if name == stored {
        return ask.go_on(&back, Some(News::Unchanged));
    }
    let mut shown = Shown {
        what: Some((id.clone(), stored)),
        version,
        refused: refusals(&name),
        name,
    };
    let mut code = StatusCode::UNPROCESSABLE_ENTITY;
    if shown.refused.0.is_empty() {
        let body =
            json!({"Operations": [{"op": "replace", "path": "displayName", "value": shown.name.clone()}]});
        let written = change(&ask, move |door| {
            let request = PatchRequest::parse(ResourceType::Group, &body, &Rules::default())?;
            directory::patch(door, ResourceType::Group, &id, &request, &asked)
        });
        match written.await? {
            Ok(_) => return ask.go_on(&back, Some(News::Saved)),
            Err(error) if is_overtaken(&error) => {
                let (id, now, version) = group(&ask).await?;
                let text = format!(
                    "The group or its members changed since you opened the form, so nothing was saved. It is called “{now}” now; save again to rename it."
                );
                shown.refused.add("display_name", text);
                (shown.what, shown.version) = (Some((id, now)), Some(version));
                code = StatusCode::CONFLICT;
            }
            Err(error) => shown.refused.add("display_name", said(&error)),
        }
    }
    answer(&ask, code, shown).await
}

async fn group(ask: &Ask) -> Result<(String, String, i64), Fail> {
    let (instance, id) = (ask.instance().await?.id, ask.part("id"));
    let found = ask
        .read(move |rx, _| Ok::<_, Fail>(resources::by_id(rx, instance, ResourceType::Group, &id)?))
        .await?;
    let found = found.ok_or(Fail::NotFound)?;
    Ok((found.id, found.name, found.version))
}

async fn answer(ask: &Ask, code: StatusCode, shown: Shown) -> Answer {
    let slug = ask.part("slug");
    let page = ask.read(move |rx, chrome| {
        let title = shown.what.as_ref().map_or("New group", |(_, name)| name.as_str());
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Groups, Some(title))?;
        let groups = format!("/instances/{}/groups", head.slug);
        let (action, back) = match &shown.what {
            Some((id, _)) => (format!("{groups}/{id}/edit"), format!("{groups}/{id}")),
            None => (format!("{groups}/new"), groups),
        };
        Ok::<_, Fail>(GroupFormPage {
            title: title.to_owned(),
            others: others(rx, &instance)?,
            version: shown.version,
            name: shown.name,
            refused: shown.refused,
            page,
            head,
            action,
            back,
        })
    });
    Ok(respond(code, &page.await?))
}
