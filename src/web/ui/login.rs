//! `/login`: e-mail and password. One sentence for every wrong answer: it never says which half was wrong.

use actix_web::http::StatusCode;
use askama::Template;

use super::ask::{Ask, local_path};
use super::fail::{Answer, Fail};
use super::failure::wait;
use super::flash::News;
use super::page::Page;
use super::respond::respond;
use super::throttle::Who;
use crate::secret::verify_password;
use crate::store::{StoreError, access};

/// The form. The password is never filled in again.
#[derive(Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// Chrome, without navigation.
    pub page: Page,
    /// As typed.
    pub email: String,
    /// What is wrong: credentials, or how long to wait.
    pub problem: Option<String>,
    /// Path on this hub to go on to; empty: the overview.
    pub next: String,
    /// A password may be sent from here.
    pub open: bool,
}

/// Longest e-mail address.
pub const EMAIL: usize = 254;
/// Why nobody signs in from here.
pub const INSECURE: &str = "This page came over plain http from another machine: a password would be readable on the way. \
    Open it under https, or on this machine itself. Where the network is trusted, start Rollcall with --allow-insecure-sign-in.";

/// The form.
///
/// # Errors
/// None.
pub async fn get(ask: Ask) -> Answer {
    if ask.pages.setup.is_needed() {
        return ask.go_on("/setup", None);
    }
    if ask.visitor.admin.is_some() {
        return ask.go_on(local_path(ask.query.whole("next")), None);
    }
    let (next, email) = (ask.query.whole("next").to_owned(), String::new());
    Ok(page(&ask, StatusCode::OK, email, next, None))
}

/// Signs in.
///
/// # Errors
/// The store's; too much at once.
pub async fn post(ask: Ask) -> Answer {
    let (email, next) = (ask.form.short("email", EMAIL), ask.form.whole("next").to_owned());
    if !ask.may_send_password() {
        return Ok(page(&ask, StatusCode::FORBIDDEN, email, next, None));
    }
    let who = [Who::address(ask.client()), Who::account(&email)];
    let now = ask.pages.store().clock().now();
    match ask.pages.throttle.count(&who, now) {
        Ok(()) => {}
        Err(Fail::TooMany(Some(seconds))) => {
            let problem = Some(format!("Too many tries. {}", wait(seconds)));
            return Ok(page(&ask, StatusCode::TOO_MANY_REQUESTS, email, next, problem));
        }
        Err(other) => return Err(other),
    }
    let (typed, password) = (email.clone(), ask.form.secret("password"));
    let found = ask
        .pages
        .store()
        .read(move |rx| access::admin_by_email(rx, &typed))
        .await;
    let found = found.map_err(|e: StoreError| Fail::from(e))?;
    let hash = found.as_ref().map(|(_, hash)| hash.clone());
    let right = ask
        .pages
        .throttle
        .slowly(move || verify_password(&password, hash.as_deref()))
        .await?;
    let Some((admin, _)) = found.filter(|_| right) else {
        let problem = Some("E-mail or password is wrong.".into());
        return Ok(page(&ask, StatusCode::UNAUTHORIZED, email, next, problem));
    };
    ask.pages.throttle.forgive(&who);
    let cookie = ask.visitor.sign_in(ask.pages.store(), admin).await?;
    Ok(ask.go_on_with(local_path(&next), None, Some(cookie)))
}

/// Signs out.
///
/// # Errors
/// The store's.
pub async fn out(ask: Ask) -> Answer {
    let cookie = ask.visitor.sign_out(ask.pages.store()).await?;
    Ok(ask.go_on_with("/login", Some(News::SignedOut), Some(cookie)))
}

fn page(
    ask: &Ask,
    status: StatusCode,
    email: String,
    next: String,
    problem: Option<String>,
) -> actix_web::HttpResponse {
    let open = ask.may_send_password();
    let problem = if open { problem } else { Some(INSECURE.into()) };
    let page = ask.chrome().outside("Sign in", ask.pages.store().clock().now());
    respond(
        status,
        &LoginPage {
            page,
            email,
            problem,
            next,
            open,
        },
    )
}
