//! Why a request got no page: each becomes a page that says what happened, what to do, and the id of the request.

use actix_web::HttpResponse;

use crate::store::StoreError;
use crate::sync::manage::ManageError;

/// What a handler gives back.
pub type Answer = Result<HttpResponse, Fail>;

/// Why there is no page.
#[derive(Debug)]
pub enum Fail {
    /// Nothing is at this address.
    NotFound,
    /// Not with this method.
    Method,
    /// The role does not allow it.
    Role,
    /// The CSRF token is missing or another visitor's, or the form was sent from another site.
    Foreign,
    /// The form could not be read.
    Form,
    /// Too many tries; so many seconds to wait, if that is known.
    TooMany(Option<u64>),
    /// It cannot be done; a sentence says why.
    Refused(String),
    /// The store failed.
    Store(StoreError),
    /// The handler panicked.
    Panic,
}

impl Fail {
    /// HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        match self {
            Self::NotFound => 404,
            Self::Method => 405,
            Self::Role | Self::Foreign => 403,
            Self::Form => 400,
            Self::TooMany(_) => 429,
            Self::Refused(_) => 409,
            Self::Store(e) if e.is_passing() => 503,
            Self::Store(StoreError::TooMuch(_)) => 503,
            Self::Store(_) | Self::Panic => 500,
        }
    }
}

impl From<StoreError> for Fail {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ManageError> for Fail {
    fn from(error: ManageError) -> Self {
        match error {
            ManageError::Store(e) => Self::Store(e),
            other => Self::Refused(other.to_string()),
        }
    }
}
