//! A page as an answer, with the headers that every page bears.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::CSP;

/// The page as HTML. Nothing of it may be kept by a cache: pages show people.
pub fn respond<T: Template>(status: StatusCode, page: &T) -> HttpResponse {
    let Ok(body) = page.render() else {
        return HttpResponse::InternalServerError().finish();
    };
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", CSP))
        .insert_header(("Cache-Control", "no-store"))
        .insert_header(("Referrer-Policy", "same-origin"))
        .insert_header(("Cross-Origin-Opener-Policy", "same-origin"))
        .insert_header(("Cross-Origin-Resource-Policy", "same-origin"))
        .insert_header(("X-Frame-Options", "DENY"))
        .body(body)
}
