//! Refusals in SCIM form (RFC 7644 §3.12). One place turns errors of the layers below into status and words. What the
//! caller must not learn (why a key was refused, what failed inside) goes along for the request log, never into the answer.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::answer::SCIM_JSON;
use crate::directory::ChangeError;
use crate::model::Why;
use crate::scim::error::ScimError;
use crate::store::StoreError;

/// A request that was not carried out.
#[derive(Debug)]
pub(super) struct Failure {
    error: ScimError,
    /// Seconds after which trying again may help.
    retry_after: Option<u64>,
    why: Option<Why>,
    /// What failed inside.
    cause: Option<StoreError>,
}

impl Failure {
    fn new(error: ScimError, why: Option<Why>) -> Self {
        Self {
            error,
            retry_after: None,
            why,
            cause: None,
        }
    }

    /// 401: the same bytes whatever is wrong with the key.
    pub(super) fn no_entry(why: Why) -> Self {
        let text =
            "This endpoint needs a valid API key of this instance, sent as \"Authorization: Bearer …\".";
        Self::new(ScimError::new(401, text), Some(why))
    }

    /// 403: the instance is switched off; said only to those who hold its key.
    pub(super) fn disabled() -> Self {
        Self::new(super::gate::disabled(), Some(Why::Disabled))
    }

    /// 429.
    pub(super) fn come_again(text: String, seconds: u64, why: Why) -> Self {
        Self {
            retry_after: Some(seconds),
            ..Self::new(ScimError::new(429, text), Some(why))
        }
    }

    /// 408: the body did not arrive in time.
    pub(super) fn slow(text: String) -> Self {
        Self::new(ScimError::new(408, text), Some(Why::Slow))
    }

    /// 404: no endpoint has this path.
    pub(super) fn no_endpoint(text: String) -> Self {
        Self::new(ScimError::not_found(text), Some(Why::NoEndpoint))
    }

    /// 500: a handler panicked.
    pub(super) fn panicked() -> Self {
        Self {
            cause: Some(StoreError::Panicked),
            ..ScimError::new(500, "The server could not do this. Its log says why.").into()
        }
    }

    pub(super) fn error(&self) -> &ScimError {
        &self.error
    }

    pub(super) fn why(&self) -> Option<Why> {
        self.why
    }

    pub(super) fn cause(&self) -> Option<&StoreError> {
        self.cause.as_ref()
    }

    /// What could not be read after a change was committed: the client must not be told that nothing was changed.
    pub(super) fn after_commit(error: StoreError) -> Self {
        let text = "The change is stored, but the server is too busy to show what became of it. Do not send it again; \
                    read the resource.";
        Self {
            cause: Some(error),
            ..ScimError::new(503, text).into()
        }
    }

    /// The refusal in SCIM form, as a part of an answer: what failed inside goes to the log.
    pub(super) fn into_error(self) -> ScimError {
        if let Some(cause) = self.cause {
            tracing::error!(error = %cause, "a part of a SCIM request failed");
        }
        self.error
    }
}

impl From<ScimError> for Failure {
    fn from(error: ScimError) -> Self {
        Self::new(error, None)
    }
}

impl From<StoreError> for Failure {
    fn from(cause: StoreError) -> Self {
        match cause {
            StoreError::TooMuch(budget) => {
                return ScimError::too_many(format!(
                    "This list looks at more than {budget}, which is the limit. Filter by what has an index: userName, \
                     externalId and id (eq, sw but for id), emails.value (eq), displayName of groups (eq, sw), members.value and \
                     groups.value (eq); or ask for fewer groups at once, or without their members (excludedAttributes=members)."
                ))
                .into();
            }
            StoreError::Expired => {
                return ScimError::expired_cursor(
                    "The user or group at which this page begins was changed or deleted. Begin anew with an empty cursor.",
                )
                .into();
            }
            _ => {}
        }
        let passing = cause.is_passing();
        let error = if passing {
            ScimError::new(503, "The server is busy; nothing was changed. Try again.")
        } else {
            ScimError::new(
                500,
                "The server could not do this; nothing was changed. Its log says why.",
            )
        };
        Self {
            error,
            retry_after: passing.then_some(1),
            why: None,
            cause: Some(cause),
        }
    }
}

impl From<ChangeError> for Failure {
    fn from(error: ChangeError) -> Self {
        match error {
            ChangeError::Scim(e) => e.into(),
            ChangeError::Store(e) => e.into(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((CONTENT_TYPE, SCIM_JSON));
        if self.error.status == 401 {
            response.insert_header((WWW_AUTHENTICATE, "Bearer realm=\"SCIM\""));
        }
        if let Some(seconds) = self.retry_after {
            response.insert_header((RETRY_AFTER, seconds.to_string()));
        }
        if self.error.status == 408 {
            // What is left of the body is waited for by nobody.
            response.force_close();
        }
        response.body(self.error.to_json().to_string())
    }
}

/// A method that the endpoint does not have.
pub(super) async fn method(request: HttpRequest) -> Result<HttpResponse, Failure> {
    Err(ScimError::new(405, format!("{} is not offered here.", request.method())).into())
}
