//! Answers: status, content type by `Accept` (some providers ask for application/json), `Location`.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse};

/// The media type of RFC 7644 §8.1.
pub(super) const SCIM_JSON: &str = "application/scim+json";

/// A JSON body in the media type that the caller asked for.
pub(super) fn json(request: &HttpRequest, status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, media_type(request)))
        .body(body)
}

/// The same, with the resource's address.
pub(super) fn located(
    request: &HttpRequest,
    status: StatusCode,
    location: &str,
    body: String,
) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, media_type(request)))
        .insert_header((LOCATION, location))
        .body(body)
}

fn media_type(request: &HttpRequest) -> &'static str {
    let accept = request
        .headers()
        .get(ACCEPT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    if accept.contains("application/json") && !accept.contains(SCIM_JSON) {
        "application/json"
    } else {
        SCIM_JSON
    }
}
