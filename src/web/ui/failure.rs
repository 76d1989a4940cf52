//! Pages for what went wrong: what happened, what to do, and the id under which the log knows it.

use askama::Template;

use super::page::Page;

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
    pub todo: &'static str,
    /// Of this request.
    pub request_id: String,
}

impl FailurePage {
    /// The page of a status; other ones read as 500.
    #[must_use]
    pub fn new(mut page: Page, status: u16, request_id: String) -> Self {
        let (what, todo) = match status {
            400 => (
                "That form could not be read",
                "Go back, load the page again and send it once more.",
            ),
            403 => (
                "That is not allowed",
                "The form may be older than your session: go back, load the page again and send it once more. If it happens again, your role does not allow it.",
            ),
            404 => (
                "There is nothing at this address",
                "It may have been removed or renamed. Start from the overview.",
            ),
            405 => (
                "This address cannot be used like that",
                "Open it from a link or a button, not by typing it.",
            ),
            429 => ("Too many tries", "Wait a minute, then try again."),
            503 => (
                "Rollcall is busy",
                "Nothing was changed. Try again in a few seconds.",
            ),
            _ => (
                "Something went wrong here",
                "Nothing was saved that you would have to undo. Try again; if it stays, look for the request id in the log.",
            ),
        };
        page.title = what.into();
        Self {
            page,
            status,
            what,
            todo,
            request_id,
        }
    }
}
