//! Cleaning what people paste into the connect form. Syntax only: whether the address may be called is `net`'s, whether
//! it is a SCIM endpoint is `Connector::check`'s.

mod access;

use super::catalog::App;
use super::net::{self, Token};

pub use access::{clean_access, clean_secret, parse_auth, parse_header, same_destination};

/// Longest URL taken, in bytes.
const URL_LIMIT: usize = 2048;

/// Longest token taken, in bytes.
const TOKEN_LIMIT: usize = 8 * 1024;

/// What the connector appends by itself (vendor lines of many apps show the whole address, so it gets pasted).
const ENDPOINTS: [&str; 2] = ["/Users", "/Groups"];

/// A base URL as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CleanUrl {
    /// Absolute, without trailing slash.
    pub url: String,
    /// What was changed beyond blanks, as sentences for the page.
    pub notes: Vec<String>,
}

/// Makes a SCIM base URL of what was pasted.
///
/// # Errors
/// A sentence that says what to change.
pub fn clean_base_url(input: &str) -> Result<CleanUrl, String> {
    let text = input.trim_matches(is_blank);
    if text.is_empty() {
        return Err("Enter the SCIM Base URL.".into());
    }
    if text.len() > URL_LIMIT {
        return Err(format!(
            "The SCIM Base URL is longer than {URL_LIMIT} characters."
        ));
    }
    if text.chars().any(is_blank) {
        return Err("The SCIM Base URL contains blanks.".into());
    }
    let parsed = net::well_formed(text).map_err(|why| format!("The SCIM Base URL cannot be used: {why}."))?;
    if parsed.query().is_some() {
        return Err("The SCIM Base URL contains a ? part. Enter it without.".into());
    }
    let mut url = parsed.as_str().to_owned();
    let mut notes = Vec::new();
    // The parser itself adds the slash after a bare host.
    if text.ends_with('/') {
        notes.push("The slash at the end was removed.".to_owned());
    }
    loop {
        url.truncate(url.trim_end_matches('/').len());
        let Some(end) = ENDPOINTS.into_iter().find(|end| url.ends_with(end)) else {
            return Ok(CleanUrl { url, notes });
        };
        url.truncate(url.len() - end.len());
        notes.push(format!("{end} was removed from the end: it is added by itself."));
    }
}

/// Makes a SCIM base URL of what was pasted for an App, which must be one that can be connected and whose known shape it
/// must have. Without an App, and where no shape is known, it is free.
///
/// # Errors
/// A sentence that says what to change.
pub fn base_url_of(app: Option<&App>, input: &str) -> Result<CleanUrl, String> {
    let Some(app) = app else {
        return clean_base_url(input);
    };
    if let Some(why) = &app.not_yet {
        return Err(why.clone());
    }
    // Before the parser: it refuses a `{placeholder}` in the host with a sentence that helps nobody.
    app.filled(input)?;
    let clean = clean_base_url(input)?;
    app.fits(&clean.url)?;
    Ok(clean)
}

/// Makes a token of what was pasted.
///
/// # Errors
/// A sentence that says what to change; it never contains the input.
pub fn clean_token(input: &str) -> Result<Token, String> {
    let mut text = input.trim_matches(is_blank);
    if let Some((word, rest)) = text.split_once(is_blank)
        && word.trim_end_matches(':').eq_ignore_ascii_case("bearer")
    {
        text = rest.trim_matches(is_blank);
    }
    if text.is_empty() || text.eq_ignore_ascii_case("bearer") {
        return Err("Enter the authentication token.".into());
    }
    if text.len() > TOKEN_LIMIT {
        return Err(format!(
            "The authentication token is longer than {TOKEN_LIMIT} characters."
        ));
    }
    if text.chars().any(is_blank) {
        return Err("The authentication token contains blanks or line breaks. Copy the token alone.".into());
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("The authentication token contains characters no token has. Copy it again.".into());
    }
    Ok(Token::new(text.to_owned()))
}

/// Whether two base URLs have the same scheme, host and port; a stored token is sent to its own origin only.
#[must_use]
pub fn same_origin(a: &str, b: &str) -> bool {
    match (net::well_formed(a), net::well_formed(b)) {
        (Ok(a), Ok(b)) => net::same_origin(&a, &b),
        _ => false,
    }
}

/// Blanks, control characters, and what copying from a web page leaves unseen (zero-width blanks, byte order mark).
fn is_blank(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

#[cfg(test)]
mod tests;
