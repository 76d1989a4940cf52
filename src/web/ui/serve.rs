//! What stands before every handler: who asks, whether the row of the table lets them, whether a form is theirs; and
//! what stands behind it: failures as pages, headers, the request's id.

use std::panic::AssertUnwindSafe;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCEPT_ENCODING, ALLOW, HeaderName, HeaderValue, ORIGIN, RETRY_AFTER, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::web::{self, Payload};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};
use futures_util::FutureExt;
use url::form_urlencoded;

use super::ask::{Ask, Pages, local_path};
use super::fail::{Answer, Fail};
use super::failure::FailurePage;
use super::form::Form;
use super::page::Here;
use super::respond::respond;
use super::visitor::{self, Visitor};
use crate::model::RequestId;
use crate::store::{StoreError, access};
use crate::web::{Needs, Page};

/// Answers a request for `page`.
pub(crate) async fn serve(request: HttpRequest, body: Payload, page: &'static Page) -> HttpResponse {
    let Some(pages) = request.app_data::<web::Data<Pages>>().cloned() else {
        return HttpResponse::InternalServerError().finish();
    };
    let known = match page.needs {
        Needs::Nobody => Ok(Visitor::nobody()),
        Needs::Anyone | Needs::Setup | Needs::Viewer | Needs::Operator => {
            Visitor::of(&request, pages.store(), &pages.origin).await
        }
    };
    let visitor = match known {
        Ok(visitor) => visitor,
        Err(e) => return told(Ask::bare(request, pages, Visitor::nobody()), e.into()).await,
    };
    let mut ask = Ask::bare(request, pages, visitor);
    let (request, fresh, cookie) = (ask.request.clone(), ask.visitor.fresh, ask.visitor.cookie());
    let mut answer = match allowed(&mut ask, body, page).await {
        Ok(None) => {
            let again = Ask::bare(request.clone(), ask.pages.clone(), ask.visitor.clone());
            // A panic is one failed request, nothing shared is left half-done: the store undoes it, locks are not held.
            match AssertUnwindSafe((page.handler)(ask)).catch_unwind().await {
                Ok(Ok(answer)) => answer,
                Ok(Err(fail)) => told(again, fail).await,
                Err(_) => told(again, Fail::Panic).await,
            }
        }
        Ok(Some(elsewhere)) => elsewhere,
        Err(fail) => told(ask, fail).await,
    };
    if fresh && answer.cookies().all(|c| c.name() != cookie.name()) {
        // A cookie that cannot be written is none: the form will say so.
        let _ = answer.add_cookie(&cookie);
    }
    if request.cookie("flash").is_some() && answer.status().is_success() && page.needs != Needs::Nobody {
        let _ = answer.add_removal_cookie(&visitor::plain("flash", String::new(), false));
    }
    answer
}

/// Whether the row of the table lets this visitor in; if it is for somebody signed in, the way to sign in.
async fn allowed(ask: &mut Ask, body: Payload, page: &Page) -> Result<Option<HttpResponse>, Fail> {
    if page.method == Method::POST {
        let kind = ask.request.content_type().to_owned();
        ask.form = Form::of_body(&kind, body).await?;
        if !is_ours(ask) {
            return Err(Fail::Foreign);
        }
    }
    if matches!(page.needs, Needs::Nobody | Needs::Anyone) {
        return Ok(None);
    }
    let to_set_up = needs_setup(&ask.pages).await?;
    if page.needs == Needs::Setup {
        return if to_set_up { Ok(None) } else { Err(Fail::NotFound) };
    }
    let Some(admin) = &ask.visitor.admin else {
        let way = if to_set_up {
            "/setup".to_owned()
        } else {
            sign_in_first(&ask.request)
        };
        return Ok(Some(ask.go_on_with(&way, None, None)));
    };
    if page.needs.role().is_some_and(|least| admin.role < least) {
        return Err(Fail::Role);
    }
    Ok(None)
}

/// Whether the hub waits for its first admin; one made on the command line ends that too.
async fn needs_setup(pages: &Pages) -> Result<bool, StoreError> {
    if !pages.setup.is_needed() {
        return Ok(false);
    }
    if pages.store().read(access::count_admins).await? > 0 {
        pages.setup.used();
    }
    Ok(pages.setup.is_needed())
}

/// The form is of this visitor and was sent from a page of ours.
fn is_ours(ask: &Ask) -> bool {
    let header = |name: &str| ask.request.headers().get(name).and_then(|v| v.to_str().ok());
    let host = header("host").unwrap_or_default();
    let from_here = |origin: &str| {
        origin == ask.pages.origin.base(&ask.request)
            || origin
                .split_once("://")
                .is_some_and(|(_, authority)| authority == host)
    };
    // Browsers say it themselves under https; else they name where the form stands.
    let ours = match header("sec-fetch-site") {
        Some(site) => matches!(site, "same-origin" | "none"),
        None => !ask.request.headers().contains_key(ORIGIN) || header("origin").is_some_and(from_here),
    };
    if !ours {
        return false;
    }
    let field = ask.form.text("csrf");
    ask.visitor.sent(if field.is_empty() {
        header("x-csrf-token").unwrap_or_default()
    } else {
        field
    })
}

fn sign_in_first(request: &HttpRequest) -> String {
    let asked = request.uri().path_and_query().map_or("/", |p| p.as_str());
    if request.method() != Method::GET || local_path(asked) == "/" {
        return "/login".into();
    }
    let next: String = form_urlencoded::byte_serialize(asked.as_bytes()).collect();
    format!("/login?next={next}")
}

/// The page of a failure. One line in the log, where nobody is at fault but us.
async fn told(ask: Ask, fail: Fail) -> HttpResponse {
    let id = ask
        .request
        .extensions()
        .get::<RequestId>()
        .map_or_else(String::new, ToString::to_string);
    match &fail {
        Fail::Store(e) => {
            tracing::error!(request = id, error = %e, path = ask.request.path(), "a page failed");
        }
        Fail::Panic => tracing::error!(request = id, path = ask.request.path(), "a page panicked"),
        _ => {}
    }
    let signed_in = ask.visitor.admin.is_some();
    let framed = ask.read(move |rx, chrome| {
        if signed_in {
            Ok(chrome.page(rx, "", Here::Elsewhere, &[("Overview", "/")])?)
        } else {
            Ok(chrome.outside("", rx.now()))
        }
    });
    let page = match framed.await {
        Ok(page) => page,
        Err(_) => ask.chrome().outside("", ask.pages.store().clock().now()),
    };
    let status = StatusCode::from_u16(fail.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = respond(status, &FailurePage::of(page, &fail, id));
    let wait = match fail {
        Fail::TooMany(wait) => Some(wait.unwrap_or(5)),
        Fail::Store(e) if e.is_passing() => Some(2),
        _ => None,
    };
    if let Some(seconds) = wait {
        answer
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    answer
}

/// There is no such page.
pub async fn nothing_here(request: HttpRequest) -> HttpResponse {
    failed(request, Fail::NotFound).await
}

/// There is, but not with this method.
pub async fn wrong_method(request: HttpRequest) -> HttpResponse {
    let methods = crate::web::PAGES
        .iter()
        .filter(|p| Some(p.path) == request.match_pattern().as_deref());
    let methods: Vec<&str> = methods.map(|p| p.method.as_str()).collect();
    let mut answer = failed(request, Fail::Method).await;
    if let Ok(value) = HeaderValue::from_str(&methods.join(", ")) {
        answer.headers_mut().insert(ALLOW, value);
    }
    answer
}

async fn failed(request: HttpRequest, fail: Fail) -> HttpResponse {
    let Some(pages) = request.app_data::<web::Data<Pages>>().cloned() else {
        return HttpResponse::InternalServerError().finish();
    };
    let visitor = Visitor::of(&request, pages.store(), &pages.origin).await;
    told(
        Ask::bare(request, pages, visitor.unwrap_or_else(|_| Visitor::nobody())),
        fail,
    )
    .await
}

/// Around everything that listens: an id for the request, and the headers that every answer bears.
///
/// # Errors
/// Those of what it wraps.
pub async fn dress(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let pages = request.app_data::<web::Data<Pages>>().cloned();
    let https = pages
        .as_ref()
        .is_some_and(|p| p.origin.is_https(request.request()));
    let id = pages.map_or(RequestId(0), |p| p.store().clock().new_request_id());
    request.extensions_mut().insert(id);
    let mut answer = next.call(request).await?;
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    if https {
        headers.insert(
            STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    Ok(answer)
}

/// A page that another site asked for is sent uncompressed: its length must not tell what stands in it (BREACH).
///
/// # Errors
/// Those of what it wraps.
pub async fn guarded_from_guessing(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let site = request
        .headers()
        .get("sec-fetch-site")
        .and_then(|v| v.to_str().ok());
    if site.is_some_and(|site| !matches!(site, "same-origin" | "none")) {
        request.headers_mut().remove(ACCEPT_ENCODING);
    }
    next.call(request).await
}

impl Ask {
    fn bare(request: HttpRequest, pages: web::Data<Pages>, visitor: Visitor) -> Self {
        let query = Form::of_query(request.query_string());
        Self {
            request,
            pages,
            visitor,
            form: Form::default(),
            query,
        }
    }
}

/// A page, or why there is none.
pub fn show<T: askama::Template>(page: &T) -> Answer {
    Ok(respond(StatusCode::OK, page))
}
