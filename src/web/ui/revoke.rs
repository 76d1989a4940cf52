//! `/instances/{slug}/keys/{key}/revoke`: ends a key now. The last one wants the instance's name typed, for then nobody
//! can push here.

use actix_web::http::StatusCode;

use super::ask::Ask;
use super::chrome::Inside;
use super::confirm::ConfirmPage;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::Tab;
use super::keys;
use super::respond::respond;
use crate::model::Instance;
use crate::store::{Rx, StoreError, access};

/// The question.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    question(&ask, StatusCode::OK, None).await
}

/// Revokes the key.
///
/// # Errors
/// `NotFound`, it has ended already; the store's.
pub async fn post(ask: Ask) -> Answer {
    let (instance, id) = (ask.instance().await?, ask.number("key")?);
    let known = instance.clone();
    let last = ask.read(move |rx, _| Ok::<_, Fail>(is_last(rx, &known)?)).await?;
    if last && ask.form.text("typed") != instance.name.trim() {
        return question(
            &ask,
            StatusCode::UNPROCESSABLE_ENTITY,
            Some("That is not the name.".into()),
        )
        .await;
    }
    ask.pages
        .manager
        .revoke_key(ask.actor()?, instance.id, id)
        .await?;
    ask.go_on(&format!("/instances/{}/keys", instance.slug), Some(News::Revoked))
}

fn is_last(rx: &Rx<'_>, instance: &Instance) -> Result<bool, StoreError> {
    Ok(access::keys(rx, instance.id)?
        .iter()
        .filter(|k| k.is_live(rx.now()))
        .count()
        <= 1)
}

async fn question(ask: &Ask, code: StatusCode, refused: Option<String>) -> Answer {
    let (slug, id) = (ask.part("slug"), ask.number("key")?);
    let store = ask.pages.store().clone();
    let shown = ask.read(move |rx, chrome| {
        let Inside { page, instance, .. } = chrome.inside(rx, &slug, Tab::Keys, Some("Revoke"))?;
        let key = keys::live(rx, instance.id, id)?;
        let mut consequences = vec![format!(
            "Requests with {}… are refused at once (401).",
            key.prefix
        )];
        consequences.push(match store.telemetry().key_use(id) {
            Some(used) => {
                let used = keys::last_use(used, &key.prefix, rx.now());
                format!(
                    "It was last used {} by {} from {}.",
                    used.at.text, used.agent, used.from
                )
            }
            None => "It was never used.".into(),
        });
        let last = is_last(rx, &instance)?;
        if last {
            consequences.push("It is the last key: nobody can push here until you make another one.".into());
        } else {
            consequences.push("The other keys go on working.".into());
        }
        consequences.push("To change a key without a gap, rotate it instead.".into());
        let keys = format!("/instances/{}/keys", instance.slug);
        Ok::<_, Fail>(ConfirmPage {
            page,
            question: format!("Revoke {}?", key.name),
            consequences,
            action: format!("{keys}/{id}/revoke"),
            typed: last.then(|| instance.name.trim().to_owned()),
            refused,
            button: "Revoke the key".into(),
            back: keys,
        })
    });
    Ok(respond(code, &shown.await?))
}
