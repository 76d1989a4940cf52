//! `/instances/{slug}/groups/new` and `…/groups/{id}/edit`: a group's name. Its members are on its page.

use actix_web::http::StatusCode;
use askama::Template;
use serde_json::json;

use super::ask::Ask;
use super::change::{change, find, is_overtaken, only_if, said};
use super::fail::{Answer, Fail};
use super::flash::News;
use super::frame::{self, Draft, FieldRow, Frame, LONGEST};
use super::instance::Head;
use super::page::Page;
use super::parts::Refusals;
use crate::directory;
use crate::model::Instance;
use crate::scim::etag::Precondition;
use crate::scim::patch::PatchRequest;
use crate::scim::resource;
use crate::scim::rules::Rules;
use crate::scim::schema::ResourceType;

/// The form.
#[derive(Template)]
#[template(path = "group_form.html")]
pub struct GroupFormPage {
    /// Chrome.
    pub page: Page,
    /// Header of the instance.
    pub head: Head,
    /// Around the field.
    pub frame: Frame,
    /// Its name.
    pub name: FieldRow,
}

/// The field.
const NAME: &str = "display_name";

fn refusals(name: &str) -> Refusals {
    let mut refused = Refusals::default();
    let length = name.chars().count();
    if length == 0 || length > LONGEST || name.chars().any(char::is_control) {
        refused.add(NAME, format!("Type a name of 1 to {LONGEST} characters."));
    }
    refused
}

/// An empty form.
///
/// # Errors
/// `NotFound`; `Refused` where groups are not carried; the store's.
pub async fn new(ask: Ask) -> Answer {
    carried(&ask.instance().await?)?;
    answer(&ask, StatusCode::OK, Draft::default(), String::new()).await
}

/// Makes the group.
///
/// # Errors
/// `NotFound`; `Refused` where groups are not carried; the store's.
pub async fn create(ask: Ask) -> Answer {
    carried(&ask.instance().await?)?;
    let name = ask.form.short(NAME, LONGEST + 1);
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
            Err(error) => refused.add(NAME, said(&error)),
        }
    }
    let draft = Draft {
        refused,
        ..Draft::default()
    };
    answer(&ask, StatusCode::UNPROCESSABLE_ENTITY, draft, name).await
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
    let group = find(&ask, ResourceType::Group).await?;
    answer(&ask, StatusCode::OK, Draft::of(&group), group.name).await
}

/// Renames it.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let version = ask.form.number("version");
    let asked = only_if(version)?;
    let group = find(&ask, ResourceType::Group).await?;
    let back = format!("/instances/{}/groups/{}", ask.part("slug"), group.id);
    let name = ask.form.short(NAME, LONGEST + 1);
    if name == group.name {
        return ask.go_on(&back, Some(News::Unchanged));
    }
    let mut draft = Draft {
        version,
        refused: refusals(&name),
        ..Draft::of(&group)
    };
    let mut code = StatusCode::UNPROCESSABLE_ENTITY;
    if draft.refused.0.is_empty() {
        let body = json!({"Operations": [{"op": "replace", "path": "displayName", "value": name}]});
        let written = change(&ask, move |door| {
            let request = PatchRequest::parse(ResourceType::Group, &body, &Rules::default())?;
            directory::patch(door, ResourceType::Group, &group.id, &request, &asked)
        });
        match written.await? {
            Ok(_) => return ask.go_on(&back, Some(News::Saved)),
            Err(error) if is_overtaken(&error) => {
                let now = find(&ask, ResourceType::Group).await?;
                let text = format!(
                    "The group or its members changed since you opened the form, so nothing was saved. It is called “{}” now; save again to rename it.",
                    now.name
                );
                draft = Draft::of(&now);
                draft.refused.add(NAME, text);
                code = StatusCode::CONFLICT;
            }
            Err(error) => draft.refused.add(NAME, said(&error)),
        }
    }
    answer(&ask, code, draft, name).await
}

async fn answer(ask: &Ask, code: StatusCode, draft: Draft, name: String) -> Answer {
    let fields = move |page, head, frame| GroupFormPage {
        page,
        head,
        frame,
        name: FieldRow {
            name: NAME,
            label: "Name",
            kind: "text",
            hint: "",
            value: name,
            required: true,
        },
    };
    frame::answer(ask, code, ResourceType::Group, draft, fields).await
}
