//! The part of a form that says how an app is told who calls: a choice, fields that count for one choice each, and headers.
//! The secret itself is not here: it is typed into a field of its own and never filled in again.

use super::form::Form;
use super::parts::Choice;
use crate::model::{Access, Auth, Header};
use crate::sync::manage::parse_header;

/// Longest text of a field that is filled in again, in characters.
const FIELD: usize = 2000;
/// Longest text of all headers.
const HEADERS: usize = 20_000;

/// As stored or typed.
#[derive(Clone, Debug, Default)]
pub struct AccessForm {
    /// bearer, header, basic, oauth.
    pub kinds: Vec<Choice>,
    /// Name of the header.
    pub header: String,
    /// User name.
    pub user: String,
    /// Where access tokens are issued.
    pub token_url: String,
    /// Client id.
    pub client_id: String,
    /// Scope of the access tokens.
    pub scope: String,
    /// One header a line.
    pub headers: String,
    /// Something is chosen that most apps do not need.
    pub open: bool,
}

impl AccessForm {
    /// The form of what is stored.
    #[must_use]
    pub fn stored(access: &Access) -> Self {
        let mut form = Self::default();
        match access.auth.clone() {
            Auth::Bearer => {}
            Auth::Header { name } => form.header = name,
            Auth::Basic { user } => form.user = user,
            Auth::OAuth {
                token_url,
                client_id,
                scope,
            } => {
                (form.token_url, form.client_id) = (token_url, client_id);
                form.scope = scope.unwrap_or_default();
            }
        }
        let lines = access.headers.iter().map(|h| format!("{}: {}", h.name, h.value));
        form.headers = lines.collect::<Vec<_>>().join("\n");
        form.shown(access.auth.as_str())
    }

    /// What was typed, to be shown again; and what it says, not yet judged.
    ///
    /// # Errors
    /// A sentence about a header that is none.
    pub fn typed(sent: &Form) -> (Self, Result<Access, String>) {
        let text = |name| sent.short(name, FIELD);
        let form = Self {
            header: text("auth_header"),
            user: text("auth_user"),
            token_url: text("token_url"),
            client_id: text("client_id"),
            scope: text("token_scope"),
            headers: sent.short("headers", HEADERS),
            ..Self::default()
        };
        let auth = match sent.text("auth") {
            "header" => Auth::Header {
                name: form.header.clone(),
            },
            "basic" => Auth::Basic {
                user: form.user.clone(),
            },
            "oauth" => Auth::OAuth {
                token_url: form.token_url.clone(),
                client_id: form.client_id.clone(),
                scope: Some(form.scope.clone()),
            },
            _ => Auth::Bearer,
        };
        let lines = form
            .headers
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        let headers: Result<Vec<Header>, String> = lines.map(parse_header).collect();
        let kind = auth.as_str();
        (form.shown(kind), headers.map(|headers| Access { auth, headers }))
    }

    fn shown(mut self, kind: &str) -> Self {
        let kinds = [
            ("bearer", "A bearer token", ""),
            ("header", "A header of the app's own", ""),
            ("basic", "User name and password", ""),
            ("oauth", "OAuth 2.0 client credentials", ""),
        ];
        self.kinds = Choice::list(&kinds, kind);
        self.open = kind != "bearer" || !self.headers.is_empty();
        self
    }
}

#[cfg(test)]
mod tests;
