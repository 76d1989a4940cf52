//! `/instances/{slug}/delete`: says what goes and what stays, and wants the name typed.

use actix_web::http::StatusCode;

use super::ask::Ask;
use super::chrome::{Inside, app_name};
use super::confirm::ConfirmPage;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::Tab;
use super::respond::respond;
use super::words;
use crate::store::access;

/// The question.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    question(&ask, StatusCode::OK, None).await
}

/// Deletes the instance, if its name was typed.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    if ask.form.text("typed") != instance.name.trim() {
        return question(
            &ask,
            StatusCode::UNPROCESSABLE_ENTITY,
            Some("That is not the name.".into()),
        )
        .await;
    }
    ask.pages.manager.delete(ask.actor()?, instance.id).await?;
    ask.go_on("/", Some(News::Deleted))
}

async fn question(ask: &Ask, code: StatusCode, refused: Option<String>) -> Answer {
    let slug = ask.part("slug");
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page,
            instance,
            status,
            ..
        } = chrome.inside(rx, &slug, Tab::Settings, Some("Delete"))?;
        let live = access::keys(rx, instance.id)?
            .iter()
            .filter(|k| k.is_live(rx.now()))
            .count() as u64;
        let mut consequences = vec![format!(
            "{} and {} are removed from Rollcall, with their history.",
            words::count(status.users, "person", "people"),
            words::count(status.groups, "group", "groups")
        )];
        if live > 0 {
            let stop = if live == 1 { "stops" } else { "stop" };
            consequences.push(format!(
                "{} {stop} working at once: nobody can push here any more.",
                words::count(live, "key", "keys")
            ));
        }
        if status.pending > 0 {
            consequences.push(format!(
                "{} never sent.",
                words::count(status.pending, "waiting change is", "waiting changes are")
            ));
        }
        if instance.target.is_some() {
            consequences.push(format!(
                "Nothing is changed in {}: all accounts stay as they are.",
                app_name(&instance)
            ));
        }
        consequences.push(format!("The address /{} is not given out again.", instance.slug));
        Ok::<_, Fail>(ConfirmPage {
            page,
            question: format!("Delete {}?", instance.name),
            consequences,
            action: format!("/instances/{}/delete", instance.slug),
            typed: Some(instance.name.trim().to_owned()),
            refused,
            button: "Delete the instance".into(),
            back: format!("/instances/{}/settings", instance.slug),
        })
    });
    Ok(respond(code, &shown.await?))
}
