//! The switches of an instance: sync now, pause and resume, enable and disable. Disabling asks first.

use super::ask::Ask;
use super::chrome::{Inside, app_name};
use super::confirm::ConfirmPage;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::Tab;
use super::serve::show;
use crate::sync::manage::Switch;

/// Reads the app now.
///
/// # Errors
/// It is off, paused or has no app; the store's.
pub async fn sync(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    ask.pages.manager.sync_now(ask.actor()?, instance.id).await?;
    ask.pages.engine.wake();
    ask.go_on(&format!("/instances/{}", instance.slug), Some(News::Syncing))
}

/// Goes on receiving, sends nothing.
///
/// # Errors
/// The store's.
pub async fn pause(ask: Ask) -> Answer {
    turn(ask, Switch::Pause, News::Paused).await
}

/// Sends again.
///
/// # Errors
/// The store's.
pub async fn resume(ask: Ask) -> Answer {
    turn(ask, Switch::Resume, News::Resumed).await
}

/// Receives and sends again.
///
/// # Errors
/// The store's.
pub async fn enable(ask: Ask) -> Answer {
    turn(ask, Switch::Enable, News::Enabled).await
}

/// Refuses identity providers, sends nothing.
///
/// # Errors
/// The store's.
pub async fn disable(ask: Ask) -> Answer {
    turn(ask, Switch::Disable, News::Disabled).await
}

async fn turn(ask: Ask, to: Switch, news: News) -> Answer {
    let instance = ask.instance().await?;
    ask.pages.manager.switch(ask.actor()?, instance.id, to).await?;
    ask.pages.engine.wake();
    ask.go_on(&format!("/instances/{}", instance.slug), Some(news))
}

/// Says what disabling does.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn ask_disable(ask: Ask) -> Answer {
    let slug = ask.part("slug");
    let shown = ask.read(move |rx, chrome| {
        let Inside { page, instance, .. } = chrome.inside(rx, &slug, Tab::Settings, Some("Disable"))?;
        let mut consequences = vec![
            "Identity providers that push here are answered 403 with a sentence that says why.".to_owned(),
        ];
        if instance.target.is_some() {
            consequences.push(format!(
                "Nothing is sent to {} and no sync runs.",
                app_name(&instance)
            ));
            consequences.push("When it is enabled again, everything that differs is sent.".into());
        }
        consequences.push("Nothing is deleted: people, groups, keys and history stay.".into());
        Ok::<_, Fail>(ConfirmPage {
            page,
            question: format!("Disable {}?", instance.name),
            consequences,
            action: format!("/instances/{}/disable", instance.slug),
            typed: None,
            refused: None,
            button: "Disable the instance".into(),
            back: format!("/instances/{}/settings", instance.slug),
        })
    });
    show(&shown.await?)
}
