//! `…/users/{id}/delete` and `…/groups/{id}/delete`: says what goes, what happens in the app, and wants the name typed.

use actix_web::http::StatusCode;

use super::ask::Ask;
use super::change::{change, find, is_name, is_overtaken, only_if, place, said};
use super::chrome::Inside;
use super::confirm::ConfirmPage;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::{Head, Tab};
use super::respond::respond;
use super::words;
use crate::directory;
use crate::model::policies::Leaver;
use crate::model::{Instance, Resource};
use crate::scim::schema::ResourceType;
use crate::store::{Rx, StoreError, links, members, resources};
use crate::sync::protected;

/// Asks about a person.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn user(ask: Ask) -> Answer {
    question(&ask, ResourceType::User, StatusCode::OK, None).await
}

/// Deletes a person, if the userName was typed.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn user_post(ask: Ask) -> Answer {
    delete(ask, ResourceType::User).await
}

/// Asks about a group.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn group(ask: Ask) -> Answer {
    question(&ask, ResourceType::Group, StatusCode::OK, None).await
}

/// Deletes a group, if its name was typed.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn group_post(ask: Ask) -> Answer {
    delete(ask, ResourceType::Group).await
}

async fn delete(ask: Ask, kind: ResourceType) -> Answer {
    let asked = only_if(ask.query.number("version"))?;
    let found = find(&ask, kind).await?;
    let again = StatusCode::UNPROCESSABLE_ENTITY;
    if !is_name(ask.form.text("typed"), &found.name) {
        return question(&ask, kind, again, Some("That is not the name.".into())).await;
    }
    let id = found.id;
    match change(&ask, move |door| directory::delete(door, kind, &id, &asked)).await? {
        Ok(()) => {
            let (tab, news) = match kind {
                ResourceType::User => ("users", News::PersonDeleted),
                ResourceType::Group => ("groups", News::GroupDeleted),
            };
            ask.go_on(&format!("/instances/{}/{tab}", ask.part("slug")), Some(news))
        }
        Err(error) if is_overtaken(&error) => {
            let text =
                "It was changed since you opened this page. Look at it again, then type the name once more.";
            question(&ask, kind, StatusCode::CONFLICT, Some(text.into())).await
        }
        Err(error) => Err(Fail::Refused(said(&error).to_owned())),
    }
}

async fn question(ask: &Ask, kind: ResourceType, code: StatusCode, refused: Option<String>) -> Answer {
    let (slug, id) = (ask.part("slug"), ask.part("id"));
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::of(kind), Some("Delete"))?;
        let found = resources::by_id(rx, instance.id, kind, &id)?.ok_or(Fail::NotFound)?;
        let back = format!("/instances/{}/{}/{}", head.slug, place(kind), found.id);
        Ok::<_, Fail>(ConfirmPage {
            question: format!("Delete {}?", found.display),
            consequences: consequences(rx, &instance, &head, &found)?,
            action: format!("{back}/delete?version={}", found.version),
            typed: Some(found.name.trim().to_owned()),
            button: match kind {
                ResourceType::User => "Delete the person",
                ResourceType::Group => "Delete the group",
            }
            .into(),
            refused,
            back,
            page,
        })
    });
    Ok(respond(code, &shown.await?))
}

fn consequences(
    rx: &Rx<'_>,
    instance: &Instance,
    head: &Head,
    found: &Resource,
) -> Result<Vec<String>, StoreError> {
    let (own, many) = match found.kind {
        ResourceType::User => {
            let groups = members::group_rows(rx, found.row)?.len() as u64;
            (
                "The person is removed from this instance; what happened stays in the log.",
                (groups > 0).then(|| format!("They leave {}.", words::count(groups, "group", "groups"))),
            )
        }
        ResourceType::Group => {
            let people = members::count(rx, found.row)?.unsigned_abs();
            (
                "The group is removed from this instance; its members stay.",
                (people > 0).then(|| format!("{} lose it.", words::count(people, "member", "members"))),
            )
        }
    };
    let mut all = vec![own.to_owned()];
    all.extend(many);
    if head.has_target && links::by_resource(rx, found.row)?.is_some() {
        let app = &head.app;
        all.push(match (found.kind, instance.policies.leaver) {
            _ if protected::covers(rx, instance, found)? => {
                format!("It is protected: what {app} holds is left as it is.")
            }
            (kind, _) if !instance.scope.carries(kind) => {
                format!("This instance does not carry it onward: nothing is changed in {app}.")
            }
            (ResourceType::Group, _) => format!("The group in {app} is deleted, too."),
            (ResourceType::User, Leaver::Deactivate) => {
                format!("The account in {app} is deactivated and stays there.")
            }
            (ResourceType::User, Leaver::Delete) => {
                format!("The account in {app} is deleted. What belongs to it may go with it.")
            }
            (ResourceType::User, Leaver::Leave) => format!("The account in {app} stays as it is."),
        });
    }
    Ok(all)
}
