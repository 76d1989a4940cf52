//! `/instances/{slug}/keys/{key}/rotate`: a new key, and an end for the old one.

use std::time::Duration;

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::instance::{Head, Tab};
use super::keys::{self, KeyRow};
use super::page::Page;
use super::parts::Choice;
use super::reveal;
use super::serve::show;

/// The form.
#[derive(Template)]
#[template(path = "key_rotate.html")]
pub struct RotatePage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// The old one.
    pub key: KeyRow,
    /// When the old one ends: `now`, `1h`, `24h`, `7d`.
    pub ends: Vec<Choice>,
    /// Marks this form, so that a reload of its answer makes no second key.
    pub once: String,
}

/// Ends of the old key: what is sent, what is read, a hint, seconds, what the answer says.
const ENDS: [(&str, &str, &str, u64, &str); 4] = [
    (
        "now",
        "Now",
        "Requests with it are refused at once.",
        0,
        "The old key has ended.",
    ),
    (
        "1h",
        "In 1 hour",
        "",
        3600,
        "The old key works for one more hour.",
    ),
    (
        "24h",
        "In 24 hours",
        "Time enough to change it in the identity provider.",
        86_400,
        "The old key works for 24 more hours.",
    ),
    (
        "7d",
        "In 7 days",
        "",
        7 * 86_400,
        "The old key works for 7 more days.",
    ),
];

/// The form.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, id) = (ask.part("slug"), ask.number("key")?);
    let store = ask.pages.store().clone();
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Keys, Some("Rotate"))?;
        let key = keys::live(rx, instance.id, id)?;
        let key = keys::row(&key, store.telemetry().key_use(id), rx.now());
        let ends = Choice::list(
            &ENDS.map(|(value, label, hint, _, _)| (value, label, hint)),
            "24h",
        );
        Ok::<_, Fail>(RotatePage {
            page,
            head,
            key,
            ends,
            once: keys::once(),
        })
    });
    show(&shown.await?)
}

/// Makes the new key and shows it.
///
/// # Errors
/// `NotFound`, `Form`, the old key has ended; the store's.
pub async fn post(ask: Ask) -> Answer {
    let (instance, id) = (ask.instance().await?, ask.number("key")?);
    let chosen = ENDS
        .iter()
        .find(|(value, ..)| *value == ask.form.text("ends"))
        .ok_or(Fail::Form)?;
    let known = instance.id;
    if !ask.pages.once.is_first(ask.form.text("once")) {
        return reveal::answer(&ask, String::new(), None, String::new()).await;
    }
    let old = ask.read(move |rx, _| keys::live(rx, known, id)).await?;
    let made = ask
        .pages
        .manager
        .rotate_key(ask.actor()?, instance.id, id, Duration::from_secs(chosen.3))
        .await?;
    reveal::answer(
        &ask,
        old.name,
        Some(made.1),
        format!("{} It begins with {}.", chosen.4, old.prefix),
    )
    .await
}
