//! The answer to the POST that made a key: the only page that ever shows it. Nothing of it is kept anywhere.

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::instance::{Head, Tab, endpoint};
use super::page::Page;
use super::serve::show;
use crate::secret::Secret;

/// The page.
#[derive(Template)]
#[template(path = "key_reveal.html")]
pub struct RevealPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// What an admin calls it.
    pub name: String,
    /// The key; none: this form was sent before and the key was shown then.
    pub key: Option<Secret>,
    /// Full SCIM base URL.
    pub endpoint: String,
    /// After a rotation, what becomes of the old key; else empty.
    pub old: String,
}

/// Shows `key` this once.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn answer(ask: &Ask, name: String, key: Option<Secret>, old: String) -> Answer {
    let (slug, base) = (ask.part("slug"), ask.pages.origin.base(&ask.request));
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Keys, Some("New key"))?;
        let endpoint = endpoint(&base, &instance);
        Ok::<_, Fail>(RevealPage {
            page,
            head,
            name,
            key,
            endpoint,
            old,
        })
    });
    show(&shown.await?)
}
