//! `/setup`: makes the first admin. Exists only until there is one.

use askama::Template;

use super::page::Page;
use super::parts::Refusals;

/// The form. The code and the passwords are never filled in again.
#[derive(Template)]
#[template(path = "setup.html")]
pub struct SetupPage {
    /// Chrome, without navigation.
    pub page: Page,
    /// As typed.
    pub email: String,
    /// Fields: `code`, `email`, `password`.
    pub refused: Refusals,
    /// Where the code is to be found: `in the terminal` or a sentence with the file's path.
    pub code_place: String,
}
