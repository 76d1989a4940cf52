//! A request to a page as its handler sees it: who asks, with which form. Everything that could refuse it has run.

use std::net::IpAddr;
use std::sync::Arc;

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, web};

use super::chrome::Chrome;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::form::Form;
use super::once::Once;
use super::page::Theme;
use super::throttle::Throttle;
use super::visitor::{self, Visitor};
use crate::model::{Actor, Admin, Instance};
use crate::secret::SetupCode;
use crate::store::{Rx, Store, StoreError, instances};
use crate::sync::Engine;
use crate::sync::manage::Manager;
use crate::web::origin::Origin;

/// What the pages stand on. One per process.
pub struct Pages {
    pub(super) manager: Manager,
    pub(super) engine: Engine,
    pub(super) setup: Arc<SetupCode>,
    pub(super) origin: Origin,
    pub(super) allow_insecure_sign_in: bool,
    pub(super) throttle: Throttle,
    pub(super) once: Once,
}

impl Pages {
    /// The pages of a hub. `allow_insecure_sign_in`: passwords may come over plain http from other machines.
    #[must_use]
    pub fn new(
        manager: Manager,
        engine: Engine,
        setup: Arc<SetupCode>,
        origin: Origin,
        allow_insecure_sign_in: bool,
    ) -> Self {
        Self {
            manager,
            engine,
            setup,
            origin,
            allow_insecure_sign_in,
            throttle: Throttle::default(),
            once: Once::default(),
        }
    }

    pub(super) fn store(&self) -> &Store {
        &self.manager.store
    }
}

/// A request that may be answered.
pub struct Ask {
    pub(super) request: HttpRequest,
    pub(super) pages: web::Data<Pages>,
    pub(super) visitor: Visitor,
    pub(super) form: Form,
    pub(super) query: Form,
}

impl Ask {
    /// A part of the address.
    pub(super) fn part(&self, name: &str) -> String {
        let part = self.request.match_info().get(name).unwrap_or_default();
        part.chars().take(200).collect()
    }

    /// A number in the address.
    pub(super) fn number(&self, name: &str) -> Result<i64, Fail> {
        self.part(name).parse().map_err(|_| Fail::NotFound)
    }

    /// Who is signed in.
    pub(super) fn admin(&self) -> Result<&Admin, Fail> {
        self.visitor.admin.as_ref().ok_or(Fail::Role)
    }

    /// Who events name.
    pub(super) fn actor(&self) -> Result<Actor, Fail> {
        self.admin().map(|a| Actor::Admin(a.email.clone()))
    }

    /// The caller's address.
    pub(super) fn client(&self) -> Option<IpAddr> {
        self.pages.origin.client(&self.request)
    }

    /// Whether a password may be sent: under https, from this machine, or if the settings allow it.
    pub(super) fn may_send_password(&self) -> bool {
        let headers = self.request.headers();
        // Somebody else's address stands behind a proxy that we were not told of.
        let forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
        self.pages.allow_insecure_sign_in
            || self.pages.origin.is_https(&self.request)
            || (!forwarded && self.client().is_some_and(|a| a.to_canonical().is_loopback()))
    }

    /// The frame of this request's page.
    pub(super) fn chrome(&self) -> Chrome {
        let theme = self
            .request
            .cookie("theme")
            .map_or(Theme::System, |c| Theme::parse(c.value()));
        let flash = self
            .request
            .cookie("flash")
            .and_then(|c| super::flash::read(c.value()));
        let path = self.request.uri().path_and_query().map_or("/", |p| p.as_str());
        Chrome {
            admin: self.visitor.admin.clone(),
            csrf: self.visitor.csrf(),
            theme,
            flash,
            path: path.chars().take(2000).collect(),
        }
    }

    /// Reads what a page shows, in one view of the database.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, Fail>
    where
        T: Send + 'static,
        F: FnOnce(&Rx<'_>, Chrome) -> Result<T, Fail> + Send + 'static,
    {
        let chrome = self.chrome();
        self.pages.store().read(move |rx| work(rx, chrome)).await
    }

    /// The instance in the address.
    pub(super) async fn instance(&self) -> Result<Instance, Fail> {
        let slug = self.part("slug");
        let found = self
            .pages
            .store()
            .read(move |rx| instances::by_slug(rx, &slug))
            .await;
        found
            .map_err(|e: StoreError| Fail::from(e))?
            .ok_or(Fail::NotFound)
    }

    /// Goes on to another page, which tells the news.
    pub(super) fn go_on(&self, to: &str, news: Option<News>) -> Answer {
        Ok(self.go_on_with(to, news, None))
    }

    /// The same, with a cookie.
    pub(super) fn go_on_with(
        &self,
        to: &str,
        news: Option<News>,
        cookie: Option<Cookie<'static>>,
    ) -> HttpResponse {
        let mut answer = HttpResponse::build(StatusCode::SEE_OTHER);
        answer.insert_header((LOCATION, to));
        if let Some(news) = news {
            answer.cookie(visitor::plain(
                "flash",
                news.as_str().into(),
                self.pages.origin.is_https(&self.request),
            ));
        }
        if let Some(cookie) = cookie {
            answer.cookie(cookie);
        }
        answer.finish()
    }
}

/// A path on this hub that a form said to go on to; anything else is the overview.
#[must_use]
pub fn local_path(typed: &str) -> &str {
    let is_local = typed.starts_with('/')
        && !typed.starts_with("//")
        && typed.len() <= 2000
        && typed.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if is_local { typed } else { "/" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_to_another_site() {
        for away in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nx: y",
            "javascript:1",
        ] {
            assert_eq!(local_path(away), "/", "{away}");
        }
        assert_eq!(local_path("/instances/a?q=1"), "/instances/a?q=1");
    }
}
