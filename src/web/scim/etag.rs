//! The headers of `crate::scim::etag`: what a request asks of the version it meets.

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};

use crate::scim::error::ScimError;
use crate::scim::etag::Precondition;

/// Reads If-Match and If-None-Match; 400 for what cannot be read.
pub(super) fn asked(request: &HttpRequest) -> Result<Precondition, ScimError> {
    let (only_if, not_if) = (lines(request, &IF_MATCH), lines(request, &IF_NONE_MATCH));
    Precondition::parse(only_if.as_deref(), not_if.as_deref())
}

/// All lines of a header as one; what is no text stays in it as something that no tag has.
fn lines(request: &HttpRequest, name: &HeaderName) -> Option<String> {
    let lines: Vec<_> = request
        .headers()
        .get_all(name)
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    (!lines.is_empty()).then(|| lines.join(", "))
}
