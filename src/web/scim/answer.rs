//! Answers: status, content type by `Accept` (some providers ask for application/json), `Location`, `ETag`.

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT, CONTENT_TYPE, ETAG, LOCATION};
use actix_web::{HttpRequest, HttpResponse};

use super::represent::Shown;

/// The media type of RFC 7644 §8.1.
pub(super) const SCIM_JSON: &str = "application/scim+json";

/// A JSON body in the media type that the caller asked for.
pub(super) fn json(request: &HttpRequest, status: StatusCode, body: String) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, media_type(request)))
        .body(body)
}

/// One resource, with its address and version.
pub(super) fn shown(request: &HttpRequest, status: StatusCode, shown: Shown) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((CONTENT_TYPE, media_type(request)))
        .insert_header((LOCATION, shown.location))
        .insert_header((ETAG, shown.tag))
        .body(shown.body)
}

/// The version alone: the client has the resource (304), or does not want it (204).
pub(super) fn version(status: StatusCode, tag: String) -> HttpResponse {
    HttpResponse::build(status).insert_header((ETAG, tag)).finish()
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
