//! Two buttons on a person's page: take access away, give it back. Both are a change of `active`, of the version that the
//! page showed.

use serde_json::json;

use super::ask::Ask;
use super::change::{change, is_overtaken, only_if, said};
use super::fail::{Answer, Fail};
use super::flash::News;
use crate::directory;
use crate::scim::patch::PatchRequest;
use crate::scim::rules::Rules;
use crate::scim::schema::ResourceType;

/// Takes access away, here and by the leaver policy in the app.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn deactivate(ask: Ask) -> Answer {
    switch(ask, false).await
}

/// Gives it back.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn activate(ask: Ask) -> Answer {
    switch(ask, true).await
}

async fn switch(ask: Ask, active: bool) -> Answer {
    let (id, asked) = (ask.part("id"), only_if(ask.form.number("version"))?);
    let back = format!("/instances/{}/users/{id}", ask.part("slug"));
    let body = json!({"Operations": [{"op": "replace", "path": "active", "value": active}]});
    let written = change(&ask, move |door| {
        let request = PatchRequest::parse(ResourceType::User, &body, &Rules::default())?;
        directory::patch(door, ResourceType::User, &id, &request, &asked)
    });
    match written.await? {
        Ok(_) if active => ask.go_on(&back, Some(News::Activated)),
        Ok(_) => ask.go_on(&back, Some(News::Deactivated)),
        Err(error) if is_overtaken(&error) => ask.go_on(&back, Some(News::Overtaken)),
        Err(error) => Err(Fail::Refused(said(&error).to_owned())),
    }
}
