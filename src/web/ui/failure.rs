//! Pages for what went wrong: what happened, what to do, and the id under which the log knows it.

use askama::Template;

use super::fail::Fail;
use super::page::Page;
use super::words;

/// The page.
#[derive(Template)]
#[template(path = "failure.html")]
pub struct FailurePage {
    /// Chrome; navigation if somebody is signed in.
    pub page: Page,
    /// HTTP status.
    pub status: u16,
    /// What happened.
    pub what: &'static str,
    /// What to do.
    pub todo: String,
    /// Of this request.
    pub request_id: String,
}

impl FailurePage {
    /// The page of a failure.
    #[must_use]
    pub fn of(mut page: Page, fail: &Fail, request_id: String) -> Self {
        let (what, todo) = match fail {
            Fail::Form => (
                "That form could not be read",
                "Go back, load the page again and send it once more.".into(),
            ),
            Fail::Foreign => (
                "That form was not accepted",
                "It is older than your session or was not sent from this hub. Go back, load the page again and send it once more. Cookies must be allowed.".into(),
            ),
            Fail::Role => (
                "Your role does not allow that",
                "You may look at everything. Ask an owner or operator to do it.".into(),
            ),
            Fail::NotFound => (
                "There is nothing at this address",
                "It may have been removed or renamed. Start from the overview.".into(),
            ),
            Fail::Method => (
                "This address cannot be used like that",
                "Open it from a link or a button, not by typing it.".into(),
            ),
            Fail::TooMany(None) => (
                "Too much at once",
                "Others are signing in right now. Try again in a few seconds.".into(),
            ),
            Fail::TooMany(Some(seconds)) => ("Too many tries", wait(*seconds)),
            Fail::Refused(why) => ("That was not done", why.clone()),
            Fail::Store(e) if e.is_passing() => (
                "Rollcall is busy",
                "Nothing was changed. Try again in a few seconds.".into(),
            ),
            Fail::Store(crate::store::StoreError::TooMuch(_)) => (
                "That looks at too much",
                "Search for more of the name, so that fewer match.".into(),
            ),
            Fail::Store(_) | Fail::Panic => (
                "Something went wrong here",
                "Nothing was saved that you would have to undo. Try again; if it stays, look for the request id in the log.".into(),
            ),
        };
        page.title = what.into();
        Self {
            page,
            status: fail.status(),
            what,
            todo,
            request_id,
        }
    }
}

/// How long to wait.
#[must_use]
pub fn wait(seconds: u64) -> String {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    format!("Wait {}, then try again.", words::span(seconds))
}
