//! Everything that listens: the SCIM endpoints and the pages. [`PAGES`] lists every page there is; what a page asks of
//! its visitor stands in its row and is checked before its handler runs (`ui::serve`). The two halves know nothing of
//! each other.

pub mod origin;
pub mod scim;
pub mod ui;

use actix_web::http::Method;
use actix_web::middleware::{Compress, NormalizePath, from_fn};
use actix_web::web::{self, Payload, ServiceConfig};
use actix_web::{HttpRequest, guard};
use futures_util::future::LocalBoxFuture;

use crate::model::Role;
use ui::ask::Ask;
use ui::fail::Answer;

/// What a page asks of its visitor.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needs {
    /// Nothing; not even who it is.
    Nobody,
    /// Nothing; but who it is matters.
    Anyone,
    /// That the hub waits for its first admin.
    Setup,
    /// A signed-in admin.
    Viewer,
    /// One who may change instances.
    Operator,
}

impl Needs {
    /// The least role; none: nobody has to be signed in.
    #[must_use]
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Nobody | Self::Anyone | Self::Setup => None,
            Self::Viewer => Some(Role::Viewer),
            Self::Operator => Some(Role::Operator),
        }
    }
}

/// A row of the table.
pub(crate) struct Page {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) needs: Needs,
    pub(crate) handler: fn(Ask) -> LocalBoxFuture<'static, Answer>,
}

macro_rules! pages {
    ($($method:ident $path:literal $needs:ident $($handler:ident)::+;)*) => {
        &[$(Page {
            method: Method::$method,
            path: $path,
            needs: Needs::$needs,
            handler: |ask| Box::pin(ui::$($handler)::+(ask)),
        }),*]
    };
}

/// Every page. A POST is answered only to who brings the CSRF token of its visitor.
pub(crate) const PAGES: &[Page] = pages! {
    GET  "/healthz"                                Nobody   assets::alive;
    GET  "/static/{version}/{file}"                Nobody   assets::get;
    POST "/theme"                                  Anyone   theme::post;
    GET  "/setup"                                  Setup    setup::get;
    POST "/setup"                                  Setup    setup::post;
    GET  "/login"                                  Anyone   login::get;
    POST "/login"                                  Anyone   login::post;
    POST "/logout"                                 Anyone   login::out;
    GET  "/"                                       Viewer   overview::get;
    GET  "/catalog"                                Viewer   catalog::get;
    GET  "/catalog/{app}/connect"                  Operator connect::get;
    POST "/catalog/{app}/connect"                  Operator connect::post;
    GET  "/instances/{slug}"                       Viewer   instance::get;
    POST "/instances/{slug}/sync"                  Operator switches::sync;
    POST "/instances/{slug}/pause"                 Operator switches::pause;
    POST "/instances/{slug}/resume"                Operator switches::resume;
    POST "/instances/{slug}/enable"                Operator switches::enable;
    GET  "/instances/{slug}/disable"               Operator switches::ask_disable;
    POST "/instances/{slug}/disable"               Operator switches::disable;
    GET  "/instances/{slug}/delete"                Operator delete::get;
    POST "/instances/{slug}/delete"                Operator delete::post;
    GET  "/instances/{slug}/held"                  Viewer   held::get;
    POST "/instances/{slug}/held"                  Operator held::post;
    GET  "/instances/{slug}/runs"                  Viewer   runs::get;
    POST "/instances/{slug}/runs/cancel"           Operator runs::cancel;
    GET  "/instances/{slug}/keys"                  Viewer   keys::get;
    POST "/instances/{slug}/keys"                  Operator keys::post;
    GET  "/instances/{slug}/keys/{key}/rotate"     Operator rotate::get;
    POST "/instances/{slug}/keys/{key}/rotate"     Operator rotate::post;
    GET  "/instances/{slug}/keys/{key}/revoke"     Operator revoke::get;
    POST "/instances/{slug}/keys/{key}/revoke"     Operator revoke::post;
    GET  "/instances/{slug}/users"                 Viewer   people::get;
    GET  "/instances/{slug}/users/new"             Operator person_form::new;
    POST "/instances/{slug}/users/new"             Operator person_form::create;
    GET  "/instances/{slug}/users/{id}"            Viewer   person::get;
    GET  "/instances/{slug}/users/{id}/edit"       Operator person_form::get;
    POST "/instances/{slug}/users/{id}/edit"       Operator person_form::post;
    POST "/instances/{slug}/users/{id}/deactivate" Operator active::deactivate;
    POST "/instances/{slug}/users/{id}/activate"   Operator active::activate;
    GET  "/instances/{slug}/users/{id}/delete"     Operator delete_one::user;
    POST "/instances/{slug}/users/{id}/delete"     Operator delete_one::user_post;
    POST "/instances/{slug}/users/{id}/retry"      Operator person::retry;
    GET  "/instances/{slug}/groups"                Viewer   groups::get;
    GET  "/instances/{slug}/groups/new"            Operator group_form::new;
    POST "/instances/{slug}/groups/new"            Operator group_form::create;
    GET  "/instances/{slug}/groups/{id}"           Viewer   group::get;
    GET  "/instances/{slug}/groups/{id}/edit"      Operator group_form::get;
    POST "/instances/{slug}/groups/{id}/edit"      Operator group_form::post;
    GET  "/instances/{slug}/groups/{id}/add"       Operator group_members::get;
    POST "/instances/{slug}/groups/{id}/members"   Operator group_members::post;
    GET  "/instances/{slug}/groups/{id}/delete"    Operator delete_one::group;
    POST "/instances/{slug}/groups/{id}/delete"    Operator delete_one::group_post;
    POST "/instances/{slug}/groups/{id}/retry"     Operator group::retry;
    GET  "/instances/{slug}/adoption"              Viewer   adoption::get;
    POST "/instances/{slug}/adoption"              Operator adoption::post;
    GET  "/instances/{slug}/requests"              Viewer   requests::get;
    GET  "/instances/{slug}/requests/{id}"         Viewer   request::get;
    GET  "/instances/{slug}/activity"              Viewer   activity::get;
    GET  "/instances/{slug}/capabilities"          Viewer   capabilities::get;
    POST "/instances/{slug}/capabilities"          Operator capabilities::post;
    GET  "/instances/{slug}/capabilities.json"     Viewer   capabilities::json;
    GET  "/instances/{slug}/capabilities/write"    Operator capabilities::ask_write;
    POST "/instances/{slug}/capabilities/write"    Operator capabilities::write;
    GET  "/instances/{slug}/settings"              Viewer   settings::get;
    POST "/instances/{slug}/settings"              Operator settings::post;
    GET  "/instances/{slug}/mapping"               Viewer   mapping::get;
    POST "/instances/{slug}/mapping"               Operator mapping::post;
    GET  "/instances/{slug}/attributes"            Viewer   attributes::get;
    POST "/instances/{slug}/attributes"            Operator attributes::post;
    POST "/instances/{slug}/attributes/remove"     Operator attributes::remove;
};

/// Every page, and the SCIM endpoints under `/scim/{slug}/v2`. Needs `Data<Pages>` and `Data<Gate>`.
pub fn routes(config: &mut ServiceConfig) {
    let mut pages = web::scope("")
        .wrap(Compress::default())
        .wrap(from_fn(ui::serve::guarded_from_guessing));
    for (i, page) in PAGES.iter().enumerate() {
        if PAGES.iter().take(i).any(|earlier| earlier.path == page.path) {
            continue;
        }
        let mut resource = web::resource(page.path);
        for page in PAGES.iter().filter(|p| p.path == page.path) {
            let may = guard::fn_guard(move |ctx| {
                let asked = &ctx.head().method;
                *asked == page.method || (*asked == Method::HEAD && page.method == Method::GET)
            });
            let serve = move |request: HttpRequest, body: Payload| ui::serve::serve(request, body, page);
            resource = resource.route(web::route().guard(may).to(serve));
        }
        pages = pages.service(resource.default_service(web::to(ui::serve::wrong_method)));
    }
    let pages = pages.default_service(web::to(ui::serve::nothing_here));
    config.service(
        web::scope("")
            .wrap(NormalizePath::trim())
            .wrap(from_fn(ui::serve::dress))
            .configure(scim::routes)
            .service(pages),
    );
}

/// Method and path of every page, for a test that visits them all.
#[cfg(any(test, feature = "tools"))]
#[must_use]
pub fn routes_for_tests() -> Vec<(&'static str, &'static str)> {
    PAGES
        .iter()
        .map(|page| (if page.method == Method::GET { "GET" } else { "POST" }, page.path))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes that need no signed-in admin: they are about the visitor alone.
    const OPEN: [&str; 4] = ["/login", "/logout", "/setup", "/theme"];

    #[test]
    fn every_change_needs_an_operator() {
        for page in PAGES.iter().filter(|p| p.method != Method::GET) {
            assert_eq!(page.method, Method::POST, "{}", page.path);
            let open = OPEN.contains(&page.path);
            assert_eq!(page.needs.role() >= Some(Role::Operator), !open, "{}", page.path);
        }
    }

    #[test]
    fn no_row_stands_twice() {
        let mut rows = routes_for_tests();
        rows.sort_unstable();
        rows.dedup();
        assert_eq!(rows.len(), PAGES.len());
    }

    #[test]
    fn whatever_shows_an_instance_needs_somebody() {
        for page in PAGES
            .iter()
            .filter(|p| p.path.contains("{slug}") || p.path == "/")
        {
            assert!(page.needs.role().is_some(), "{}", page.path);
        }
    }
}
