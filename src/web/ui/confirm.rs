//! A dangerous act asks here, on a page of its own: what will happen, in numbers, and what will not.

use askama::Template;

use super::page::Page;

/// The question.
#[derive(Template)]
#[template(path = "confirm.html")]
pub struct ConfirmPage {
    /// Chrome.
    pub page: Page,
    /// `Delete atlassian-prod?`
    pub question: String,
    /// What will happen, and what will not: a sentence each.
    pub consequences: Vec<String>,
    /// Where the POST goes.
    pub action: String,
    /// What must be typed (field `typed`); none: a click is enough.
    pub typed: Option<String>,
    /// What was typed wrongly.
    pub refused: Option<String>,
    /// On the button.
    pub button: String,
    /// Where *Keep it* leads.
    pub back: String,
}
