//! Who is there: one cookie with a random token. The token is a session when its hash is in the database; before
//! sign-in it only ties a form to its visitor (double submit). Signing in always makes a new one.

use std::time::Duration;

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite};

use super::fail::Fail;
use crate::model::Admin;
use crate::secret::{Secret, csrf_matches, csrf_token, session_token, token_hash};
use crate::store::{Lane, Store, StoreError, access};
use crate::web::origin::Origin;

/// How long a session lasts.
const SESSION: Duration = Duration::from_secs(12 * 3600);
/// Length of a token.
const TOKEN: usize = 43;

/// A visitor of the pages.
#[derive(Clone)]
pub struct Visitor {
    token: Secret,
    /// The cookie has to be set.
    pub fresh: bool,
    /// Who is signed in.
    pub admin: Option<Admin>,
    https: bool,
}

impl Visitor {
    /// Reads the cookie.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(request: &HttpRequest, store: &Store, origin: &Origin) -> Result<Self, StoreError> {
        let https = origin.is_https(request);
        let known = request.cookie(name(https)).map(|c| c.value().to_owned());
        let known = known.filter(|t| t.len() == TOKEN && t.bytes().all(|b| b.is_ascii_alphanumeric()));
        let Some(token) = known.map(Secret::new) else {
            return Ok(Self {
                token: session_token(),
                fresh: true,
                admin: None,
                https,
            });
        };
        let hash = token_hash(token.expose());
        let admin = store.read(move |rx| access::session(rx, &hash)).await?;
        Ok(Self {
            token,
            fresh: false,
            admin,
            https,
        })
    }

    /// Somebody of whom nothing is known.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            token: session_token(),
            fresh: false,
            admin: None,
            https: false,
        }
    }

    /// What this visitor's forms carry.
    #[must_use]
    pub fn csrf(&self) -> String {
        csrf_token(&self.token)
    }

    /// Whether a form is this visitor's. One whose cookie was only just made has sent none.
    #[must_use]
    pub fn sent(&self, csrf: &str) -> bool {
        !self.fresh && csrf_matches(&self.token, csrf)
    }

    /// The cookie that says who this is.
    #[must_use]
    pub fn cookie(&self) -> Cookie<'static> {
        let mut cookie = plain(name(self.https), self.token.expose().to_owned(), self.https);
        if self.admin.is_some() {
            cookie.set_max_age(actix_web::cookie::time::Duration::seconds(
                SESSION.as_secs().cast_signed(),
            ));
        }
        cookie
    }

    /// Starts a session under a new token; gives its cookie.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_in(&self, store: &Store, admin: Admin) -> Result<Cookie<'static>, Fail> {
        let token = session_token();
        let (hash, old, id) = (
            token_hash(token.expose()),
            token_hash(self.token.expose()),
            admin.id,
        );
        let work = move |tx: &crate::store::Tx<'_>| -> Result<(), StoreError> {
            access::end_session(tx, &old)?;
            access::insert_session(tx, &hash, id, tx.now().after(SESSION))
        };
        store.write(Lane::Front, None, work).await?;
        let now = Self {
            token,
            fresh: false,
            admin: Some(admin),
            https: self.https,
        };
        Ok(now.cookie())
    }

    /// Ends the session; gives a cookie of nobody.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sign_out(&self, store: &Store) -> Result<Cookie<'static>, Fail> {
        let hash = token_hash(self.token.expose());
        let work = move |tx: &crate::store::Tx<'_>| access::end_session(tx, &hash);
        store.write(Lane::Front, None, work).await?;
        let now = Self {
            token: session_token(),
            fresh: false,
            admin: None,
            https: self.https,
        };
        Ok(now.cookie())
    }
}

/// Browsers take `__Host-` only with Secure, for this very host and the whole path.
fn name(https: bool) -> &'static str {
    if https { "__Host-rollcall" } else { "rollcall" }
}

/// A cookie of ours: for scripts to read none of them is.
#[must_use]
pub fn plain(name: &'static str, value: String, https: bool) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(https)
        .finish()
}
