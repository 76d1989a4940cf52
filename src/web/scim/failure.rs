//! Refusals in SCIM form (RFC 7644 §3.12). One place turns errors of the layers below into status and words.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};

use super::answer::SCIM_JSON;
use crate::directory::ChangeError;
use crate::scim::error::ScimError;
use crate::store::StoreError;

/// A request that was not carried out.
#[derive(Debug)]
pub(super) struct Failure {
    error: ScimError,
    retry: bool,
}

impl Failure {
    /// What could not be read after a change was committed: the client must not be told that nothing was changed.
    pub(super) fn after_commit(error: StoreError) -> Self {
        tracing::warn!(error = %error, "the answer to a stored change could not be read");
        let text = "The change is stored, but the server is too busy to show what became of it. Do not send it again; \
                    read the resource.";
        ScimError::new(503, text).into()
    }

    /// The refusal in SCIM form.
    pub(super) fn into_error(self) -> ScimError {
        self.error
    }
}

impl From<ScimError> for Failure {
    fn from(error: ScimError) -> Self {
        Self { error, retry: false }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::TooMuch(budget) => ScimError::too_many(format!(
                "This list looks at more than {budget}, which is the limit. Filter by what has an index: userName, \
                 externalId and id (eq, sw but for id), emails.value (eq), displayName of groups (eq, sw), members.value and \
                 groups.value (eq); or ask for fewer groups at once, or without their members (excludedAttributes=members)."
            ))
            .into(),
            StoreError::Expired => ScimError::expired_cursor(
                "The user or group at which this page begins was changed or deleted. Begin anew with an empty cursor.",
            )
            .into(),
            e if e.is_passing() => {
                tracing::warn!(error = %e, "a SCIM request is told to come back");
                Self {
                    error: ScimError::new(503, "The server is busy; nothing was changed. Try again."),
                    retry: true,
                }
            }
            e => {
                tracing::error!(error = %e, "a SCIM request failed");
                ScimError::new(
                    500,
                    "The server could not do this; nothing was changed. Its log says why.",
                )
                .into()
            }
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
        if self.retry {
            response.insert_header((RETRY_AFTER, "1"));
        }
        response.body(self.error.to_json().to_string())
    }
}

/// A method that the endpoint does not have.
pub(super) async fn method(request: HttpRequest) -> Result<HttpResponse, Failure> {
    Err(ScimError::new(405, format!("{} is not offered here.", request.method())).into())
}

/// A path that is no endpoint.
pub(super) async fn unknown() -> Result<HttpResponse, Failure> {
    Err(ScimError::not_found(
        "There is no such endpoint. Users are under /Users, groups under /Groups of the SCIM base URL.",
    )
    .into())
}
