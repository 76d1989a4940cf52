//! `/instances/{slug}/activity`: what happened, newest first.

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::instance::{Head, Tab};
use super::log;
use super::page::Page;
use super::paging::link;
use super::parts::{Choice, EventRow, Paging};
use super::serve::show;
use crate::model::Outcome;
use crate::store::events;

/// The log.
#[derive(Template)]
#[template(path = "activity.html")]
pub struct ActivityPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// What was searched for in the subjects.
    pub query: String,
    /// All, done, rejected, held…
    pub outcomes: Vec<Choice>,
    /// Whether the list is narrowed.
    pub narrowed: bool,
    /// One page of it.
    pub events: Vec<EventRow>,
    /// Where it goes on.
    pub paging: Paging,
}

/// Lines of one page.
const LINES: usize = 50;
/// Outcomes: what is sent, what is read, which one.
const OUTCOMES: [(&str, &str, Option<Outcome>); 6] = [
    ("", "Everything", None),
    ("done", "Done", Some(Outcome::Done)),
    ("rejected", "Rejected", Some(Outcome::Rejected)),
    ("retried", "Will be tried again", Some(Outcome::Retried)),
    ("held", "Held", Some(Outcome::Held)),
    ("skipped", "Skipped", Some(Outcome::Skipped)),
];

/// The log.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, query) = (ask.part("slug"), ask.query.short("q", 100));
    let (chosen, before) = (ask.query.short("outcome", 20), ask.query.number::<i64>("before"));
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Activity, None)?;
        let outcome = OUTCOMES.iter().find(|o| o.0 == chosen).and_then(|o| o.2);
        let mut found = events::search(rx, instance.id, &query, outcome, before, LINES + 1)?;
        let more = found.len() > LINES;
        found.truncate(LINES);
        let address = format!("/instances/{}/activity", head.slug);
        let narrowing = [("q", query.as_str()), ("outcome", chosen.as_str())];
        let last = found.last().map(|e| e.id.to_string());
        let paging = Paging {
            shown: if before.is_some() { "Older" } else { "Newest first" }.into(),
            previous: before.map(|_| link(&address, &narrowing, ("from", "newest"))),
            next: last
                .filter(|_| more)
                .map(|id| link(&address, &narrowing, ("before", &id))),
        };
        Ok::<_, Fail>(ActivityPage {
            outcomes: Choice::list(&OUTCOMES.map(|(value, label, _)| (value, label, "")), &chosen),
            narrowed: !query.is_empty() || outcome.is_some(),
            events: log::rows(found, &head.slug, &head.app, rx.now()),
            page,
            head,
            query,
            paging,
        })
    });
    show(&shown.await?)
}
