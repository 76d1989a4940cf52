//! `POST /theme`: light, dark or what the system prefers, kept in a cookie.

use super::ask::{Ask, local_path};
use super::fail::Answer;
use super::page::Theme;
use super::visitor::plain;

/// How long a choice is kept.
const YEAR: i64 = 365 * 24 * 3600;

/// Keeps the choice and goes back.
///
/// # Errors
/// None.
pub async fn post(ask: Ask) -> Answer {
    let theme = Theme::parse(ask.form.text("theme"));
    let mut cookie = plain(
        "theme",
        theme.as_str().into(),
        ask.pages.origin.is_https(&ask.request),
    );
    cookie.set_max_age(actix_web::cookie::time::Duration::seconds(YEAR));
    Ok(ask.go_on_with(local_path(ask.form.whole("back")), None, Some(cookie)))
}
