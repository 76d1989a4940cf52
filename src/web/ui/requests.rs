//! `/instances/{slug}/requests`: what the identity provider sent lately, newest first, and how far it has come.

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::instance::{Head, Tab, endpoint};
use super::page::{Live, Page};
use super::paging::link;
use super::parts::{Choice, Paging, Shape, When};
use super::refusal::explain;
use super::sent::{key_of, readable, sender, shape, tolerated, took};
use super::serve::show;
use super::{log, words};
use crate::model::{ApiKey, Milestone, Request, Time};
use crate::store::access;
use crate::store::telemetry::Only;

/// The list.
#[derive(Template)]
#[template(path = "requests.html")]
pub struct RequestsPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// All, accepted, refused.
    pub kinds: Vec<Choice>,
    /// Whether the list is narrowed.
    pub narrowed: bool,
    /// One page of it.
    pub rows: Vec<RequestRow>,
    /// Where it goes on.
    pub paging: Paging,
    /// Full SCIM base URL.
    pub endpoint: String,
    /// What the provider has reached.
    pub steps: Vec<Step>,
    /// Requests of today that were told to come again later.
    pub throttled: u64,
}

/// One request.
pub struct RequestRow {
    /// In the address of its page.
    pub id: String,
    /// To the second.
    pub at: When,
    /// `PATCH`.
    pub method: &'static str,
    /// Path and query after the base URL, readable.
    pub path: String,
    /// By whom and from where.
    pub sender: String,
    /// Of the answer.
    pub status: u16,
    /// How it ended.
    pub shape: Shape,
    /// How long it took.
    pub took: String,
    /// Name of the key; empty: none.
    pub key: String,
    /// Why it was refused, or what was served beside the standard; may be empty.
    pub remark: String,
}

/// A step that a provider takes when it is set up.
pub struct Step {
    /// What it is.
    pub label: &'static str,
    /// When it was first taken.
    pub at: Option<When>,
}

/// Lines of one page.
const LINES: usize = 50;
/// Kinds: what is sent, what is read, which.
const KINDS: [(&str, &str, Only); 3] = [
    ("", "All requests", Only::All),
    ("accepted", "Accepted", Only::Accepted),
    ("refused", "Refused", Only::Refused),
];

/// The list.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, base) = (ask.part("slug"), ask.pages.origin.base(&ask.request));
    let (chosen, before) = (ask.query.short("show", 20), ask.query.number::<i64>("before"));
    let store = ask.pages.store().clone();
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            mut page,
            head,
            instance,
            ..
        } = chrome.inside(rx, &slug, Tab::Requests, None)?;
        page.live = if before.is_none() {
            Live::Watched
        } else {
            Live::Still
        };
        let only = KINDS.iter().find(|k| k.0 == chosen).map_or(Only::All, |k| k.2);
        let (telemetry, now) = (store.telemetry(), rx.now());
        let mut found = telemetry.requests(instance.id, only, before, LINES + 1)?;
        let more = found.len() > LINES;
        found.truncate(LINES);
        let address = format!("/instances/{}/requests", head.slug);
        let narrowing = [("show", chosen.as_str())];
        let last = found.last().map(|(seq, _)| seq.to_string());
        let paging = Paging {
            shown: if before.is_some() { "Older" } else { "Newest first" }.into(),
            previous: before.map(|_| link(&address, &narrowing, ("from", "newest"))),
            next: last
                .filter(|_| more)
                .map(|seq| link(&address, &narrowing, ("before", &seq))),
        };
        let (keys, endpoint) = (access::keys(rx, instance.id)?, endpoint(&base, &instance));
        let rows = found
            .iter()
            .map(|(_, request)| row(request, &head.slug, &keys, &endpoint, now));
        Ok::<_, Fail>(RequestsPage {
            kinds: Choice::list(&KINDS.map(|(value, label, _)| (value, label, "")), &chosen),
            narrowed: only != Only::All,
            rows: rows.collect(),
            paging,
            steps: steps(&telemetry.milestones(instance.id)?, now),
            throttled: telemetry.throttled_today(instance.id, now)?,
            endpoint,
            page,
            head,
        })
    });
    show(&shown.await?)
}

fn row(request: &Request, slug: &str, keys: &[ApiKey], endpoint: &str, now: Time) -> RequestRow {
    let key = key_of(request, keys);
    let remark = if request.is_refused() {
        explain(request, key, endpoint).what
    } else {
        tolerated(request).join("; ")
    };
    RequestRow {
        id: request.id.to_string(),
        at: log::at(request.at, now),
        method: request.method,
        path: readable(
            request
                .path
                .strip_prefix(&format!("/scim/{slug}/v2"))
                .unwrap_or(&request.path),
        ),
        sender: sender(request),
        status: request.status,
        shape: shape(request),
        took: took(request),
        key: key.map_or_else(String::new, |key| key.name.clone()),
        remark,
    }
}

/// All steps, with the time of those that were taken.
#[must_use]
pub fn steps(reached: &[(Milestone, Time)], now: Time) -> Vec<Step> {
    let label = |milestone| match milestone {
        Milestone::Reached => "First request",
        Milestone::Authenticated => "First valid key",
        Milestone::UserRead => "First person looked for",
        Milestone::UserCreated => "First person created",
        Milestone::GroupPushed => "First group pushed",
    };
    let at = |milestone| reached.iter().find(|(one, _)| *one == milestone);
    let step = |milestone: &Milestone| Step {
        label: label(*milestone),
        at: at(*milestone).map(|(_, at)| When::relative(*at, now)),
    };
    Milestone::ALL.iter().map(step).collect()
}
