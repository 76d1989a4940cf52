//! Who calls: the headers that show a target who is asking (RFC 6750, RFC 7617, or one the target names itself), and
//! what must not be seen of them. Where the secret first buys an access token, `grant` does that.

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use super::token::{self, Token};
use crate::model::{Access, Auth};

/// The credentials of one target, ready for its requests. Nothing of the secret is ever printed.
#[derive(Clone, Debug)]
pub struct Caller {
    access: Access,
    secret: Token,
    /// The access token that went out last, so that it can be masked.
    issued: Arc<Mutex<Option<Token>>>,
}

/// What a grant is bought with (RFC 6749 §4.4).
#[derive(Clone, Copy)]
pub(super) struct Client<'a> {
    pub(super) token_url: &'a str,
    pub(super) id: &'a str,
    pub(super) scope: Option<&'a str>,
    pub(super) secret: &'a Token,
}

impl Caller {
    /// Takes both as they are; `form::clean_access` is for what people type.
    #[must_use]
    pub fn new(access: &Access, secret: Token) -> Self {
        Self {
            access: access.clone(),
            secret,
            issued: Arc::default(),
        }
    }

    /// The client whose access tokens are sent instead of the secret.
    pub(super) fn client(&self) -> Option<Client<'_>> {
        match &self.access.auth {
            Auth::OAuth {
                token_url,
                client_id,
                scope,
            } => Some(Client {
                token_url,
                id: client_id,
                scope: scope.as_deref(),
                secret: &self.secret,
            }),
            Auth::Bearer | Auth::Header { .. } | Auth::Basic { .. } => None,
        }
    }

    /// What goes out with a request; `issued` in place of the secret where there is one. None: it cannot be sent.
    pub(super) fn headers(&self, issued: Option<&Token>) -> Option<Vec<(HeaderName, HeaderValue)>> {
        if let Some(issued) = issued {
            *self.issued.lock().unwrap_or_else(PoisonError::into_inner) = Some(issued.clone());
        }
        let (name, text) = match (&self.access.auth, issued) {
            (Auth::Bearer | Auth::OAuth { .. }, issued) => {
                let shown = issued.unwrap_or(&self.secret).expose();
                (AUTHORIZATION, Zeroizing::new(format!("Bearer {shown}")))
            }
            (Auth::Header { name }, _) => (
                HeaderName::try_from(name).ok()?,
                Zeroizing::new(self.secret.expose().to_owned()),
            ),
            (Auth::Basic { user }, _) => (AUTHORIZATION, basic(user, &self.secret)),
        };
        let mut value = HeaderValue::try_from(text.as_str()).ok()?;
        value.set_sensitive(true);
        let mut all = vec![(name, value)];
        for header in &self.access.headers {
            let value = HeaderValue::try_from(&header.value).ok()?;
            all.push((HeaderName::try_from(&header.name).ok()?, value));
        }
        Some(all)
    }

    /// Makes a target's words fit for events, logs and pages (see [`token::clean`]): nothing that was sent to prove who
    /// we are is in them.
    #[must_use]
    pub fn clean(&self, text: &str) -> String {
        let mut secrets = vec![self.secret.clone()];
        secrets.extend(self.issued.lock().unwrap_or_else(PoisonError::into_inner).clone());
        if let Auth::Basic { user } = &self.access.auth {
            let shown = basic(user, &self.secret);
            secrets.push(Token::new(shown.trim_start_matches(BASIC).to_owned()));
        }
        if let Some(client) = self.client() {
            secrets.extend(client.forms());
        }
        token::clean(text, &secrets)
    }
}

/// The scheme before what stands in the header.
pub(super) const BASIC: &str = "Basic ";

/// `Basic` and both in base64 (RFC 7617 §2).
pub(super) fn basic(user: &str, secret: &Token) -> Zeroizing<String> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let plain = Zeroizing::new(format!("{user}:{}", secret.expose()));
    let mut out = Zeroizing::new(String::with_capacity(BASIC.len() + plain.len().div_ceil(3) * 4));
    out.push_str(BASIC);
    for three in plain.as_bytes().chunks(3) {
        let at = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * n) & 63) as usize];
            out.push(if n <= three.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests;
