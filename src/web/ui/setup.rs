//! `/setup`: makes the first admin. Exists only until there is one.

use actix_web::http::StatusCode;
use askama::Template;

use super::ask::Ask;
use super::fail::{Answer, Fail};
use super::failure::wait;
use super::flash::News;
use super::login::{EMAIL, INSECURE};
use super::page::Page;
use super::parts::Refusals;
use super::respond::respond;
use super::throttle::Who;
use crate::model::{Actor, Admin, EventDraft, Outcome, Role};
use crate::secret::{check_password, hash_password};
use crate::store::{Lane, StoreError, Tx, access, events};

/// The form. The code and the password are never filled in again.
#[derive(Template)]
#[template(path = "setup.html")]
pub struct SetupPage {
    /// Chrome, without navigation.
    pub page: Page,
    /// As typed.
    pub email: String,
    /// Fields: `code`, `email`, `password`.
    pub refused: Refusals,
    /// What stands in the way of all of it.
    pub problem: Option<String>,
    /// Where the code is to be found.
    pub code_place: String,
    /// A password may be sent from here.
    pub open: bool,
}

/// The form.
///
/// # Errors
/// None.
pub async fn get(ask: Ask) -> Answer {
    Ok(page(
        &ask,
        StatusCode::OK,
        String::new(),
        Refusals::default(),
        None,
    ))
}

/// Makes the first admin and signs them in.
///
/// # Errors
/// `NotFound` when somebody was faster; the store's.
pub async fn post(ask: Ask) -> Answer {
    let email = ask.form.short("email", EMAIL + 1);
    if !ask.may_send_password() {
        return Ok(page(
            &ask,
            StatusCode::FORBIDDEN,
            email,
            Refusals::default(),
            None,
        ));
    }
    let mut refused = Refusals::default();
    if !is_email(&email) {
        refused.add("email", "Type an e-mail address: it is what you sign in with.");
    }
    let password = ask.form.secret("password");
    if let Err(why) = check_password(password.expose()) {
        refused.add("password", why.to_string());
    }
    if !refused.0.is_empty() {
        return Ok(page(&ask, StatusCode::UNPROCESSABLE_ENTITY, email, refused, None));
    }
    let who = [Who::address(ask.client()), Who::account("set-up code")];
    match ask.pages.throttle.count(&who, ask.pages.store().clock().now()) {
        Ok(()) => {}
        Err(Fail::TooMany(Some(seconds))) => {
            let problem = Some(format!("Too many tries. {}", wait(seconds)));
            return Ok(page(&ask, StatusCode::TOO_MANY_REQUESTS, email, refused, problem));
        }
        Err(other) => return Err(other),
    }
    if !ask.pages.setup.matches(ask.form.text("code")) {
        refused.add("code", "This is not the code.");
        return Ok(page(&ask, StatusCode::UNPROCESSABLE_ENTITY, email, refused, None));
    }
    ask.pages.throttle.forgive(&who);
    let hashed = ask
        .pages
        .throttle
        .slowly(move || hash_password(&password))
        .await?;
    let hash = hashed.map_err(|why| Fail::Refused(why.to_string()))?;
    let made = ask
        .pages
        .store()
        .write(Lane::Front, None, move |tx| first_admin(tx, &email, &hash))
        .await;
    let admin = made.map_err(|e: StoreError| Fail::from(e))?;
    ask.pages.setup.used();
    let cookie = ask
        .visitor
        .sign_in(ask.pages.store(), admin.ok_or(Fail::NotFound)?)
        .await?;
    Ok(ask.go_on_with("/", Some(News::Welcome), Some(cookie)))
}

fn first_admin(tx: &Tx<'_>, email: &str, hash: &str) -> Result<Option<Admin>, StoreError> {
    if access::count_admins(tx)? > 0 {
        return Ok(None);
    }
    let Some(id) = access::insert_admin(tx, email, Role::Owner, hash)? else {
        return Ok(None);
    };
    let draft = EventDraft {
        instance: None,
        resource: None,
        subject: email.to_owned(),
        actor: Actor::Admin(email.to_owned()),
        action: "admin.created",
        outcome: Outcome::Done,
        detail: "By the set-up code; owns the hub.".into(),
        changes: Vec::new(),
    };
    events::record(tx, draft)?;
    Ok(Some(Admin {
        id,
        email: email.to_owned(),
        role: Role::Owner,
        created: tx.now(),
    }))
}

fn is_email(typed: &str) -> bool {
    let plain = typed.chars().count() <= EMAIL && !typed.chars().any(|c| c.is_whitespace() || c.is_control());
    plain
        && typed
            .rsplit_once('@')
            .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty())
}

fn page(
    ask: &Ask,
    status: StatusCode,
    email: String,
    refused: Refusals,
    problem: Option<String>,
) -> actix_web::HttpResponse {
    let open = ask.may_send_password();
    let shown = SetupPage {
        page: ask.chrome().outside("Set up", ask.pages.store().clock().now()),
        email,
        refused,
        problem: if open { problem } else { Some(INSECURE.into()) },
        code_place: "Printed where Rollcall was started: in the terminal, or in the file named there.".into(),
        open,
    };
    respond(status, &shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_address() {
        assert!(is_email("a@b") && is_email("a.b+c@example.com"));
        for not in [
            "",
            "a",
            "@b",
            "a@",
            "a b@c",
            "a@b\n",
            &format!("{}@b", "x".repeat(EMAIL)),
        ] {
            assert!(!is_email(not), "{not}");
        }
    }
}
