//! `/instances/{slug}/requests/{id}`: one request of the log, and if it was refused, why and what to do.

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::instance::{Fact, Head, Tab, endpoint};
use super::page::Page;
use super::parts::{Shape, When};
use super::refusal::{Explained, explain};
use super::sent::{key_of, readable, sender, shape, tolerated, took};
use super::serve::show;
use crate::model::{Request, RequestId};
use crate::store::access;

/// One request.
#[derive(Template)]
#[template(path = "request.html")]
pub struct RequestPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// `PATCH`.
    pub method: &'static str,
    /// Path and query, readable.
    pub path: String,
    /// How it ended.
    pub shape: Shape,
    /// Of the answer; 499: nobody waited for it.
    pub status: u16,
    /// When it came.
    pub at: When,
    /// Why it was refused.
    pub refused: Option<Explained>,
    /// The sentence that the provider was told; may be empty.
    pub told: String,
    /// The keyword that it was told; may be empty.
    pub keyword: String,
    /// What was served beside the standard.
    pub tolerated: Vec<String>,
    /// The rest in names and values.
    pub facts: Vec<Fact>,
}

/// The page.
///
/// # Errors
/// `NotFound`, also when the request is no longer kept; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, base) = (ask.part("slug"), ask.pages.origin.base(&ask.request));
    let id = RequestId::parse(&ask.part("id")).ok_or(Fail::NotFound)?;
    let store = ask.pages.store().clone();
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Requests, Some("Request"))?;
        let request = store
            .telemetry()
            .request(instance.id, id)?
            .ok_or(Fail::NotFound)?;
        let keys = access::keys(rx, instance.id)?;
        let key = key_of(&request, &keys);
        let endpoint = endpoint(&base, &instance);
        let refusal = request.refusal.as_deref().cloned().unwrap_or_default();
        Ok::<_, Fail>(RequestPage {
            page,
            head,
            method: request.method,
            path: readable(&request.path),
            shape: shape(&request),
            status: request.status,
            at: When::relative(request.at, rx.now()),
            refused: request.is_refused().then(|| explain(&request, key, &endpoint)),
            told: refusal.detail.into(),
            keyword: refusal.scim_type.unwrap_or_default().into(),
            tolerated: tolerated(&request),
            facts: facts(&request, key.map(|key| format!("{} ({}…)", key.name, key.prefix))),
        })
    });
    show(&shown.await?)
}

fn facts(request: &Request, key: Option<String>) -> Vec<Fact> {
    let fact = |label, value: String, mono| Fact {
        label,
        value,
        mono,
        when: None,
    };
    vec![
        fact("Request id", request.id.to_string(), true),
        fact("As it was sent", request.path.to_string(), true),
        fact(
            "Key",
            key.unwrap_or_else(|| "none of this instance".into()),
            false,
        ),
        fact("Sent by", sender(request), false),
        fact("Took", took(request), false),
    ]
}
