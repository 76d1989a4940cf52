//! `/login`: e-mail and password. One sentence for every wrong answer: it never says which half was wrong.

use askama::Template;

use super::page::Page;

/// The form. The password is never filled in again.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// Chrome, without navigation.
    pub page: Page,
    /// As typed.
    pub email: String,
    /// What is wrong: credentials, or how long to wait.
    pub problem: Option<String>,
    /// Path on this hub to go on to; empty: the overview.
    pub next: String,
}
