//! `/catalog/{app}/connect`: the form of an app. *Connect* tests first and saves only what works; the token is never
//! filled in again. The app "Receive only" asks for a name alone.

use actix_web::http::StatusCode;
use askama::Template;

use super::access::AccessForm;
use super::ask::Ask;
use super::carries::{scopes, user_writes};
use super::catalog::RECEIVE_ONLY;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::known::{Known, known};
use super::page::{Here, Page};
use super::parts::{Choice, Refusals};
use super::respond::respond;
use super::words;
use crate::connector::catalog::{self, App};
use crate::mapping::REST;
use crate::model::{Access, Policies, Scope, UserWrites};
use crate::sync::manage::{ManageError, NewConnection, clean_access, clean_url};
use crate::sync::token;

/// The form and, after a failed try, what to fix.
#[derive(Template)]
#[template(path = "connect.html")]
pub struct ConnectPage {
    /// Chrome.
    pub page: Page,
    /// The app.
    pub app: AppForm,
    /// Instance name, as typed or proposed.
    pub name: String,
    /// Base URL, as typed, already cut.
    pub base_url: String,
    /// What was cut off the base URL, in sentences; empty: nothing.
    pub cut: String,
    /// How the app is told who calls.
    pub access: AccessForm,
    /// The day on which the token ends, as typed.
    pub token_ends: String,
    /// Users, groups or both.
    pub scopes: Vec<Choice>,
    /// acknowledge, refuse; asked when groups only are chosen.
    pub user_writes: Vec<Choice>,
    /// Fields: `name`, `base_url`, `token`, `token_ends`, `auth`, `scope`.
    pub refused: Refusals,
    /// One sentence that says what to fix; none before the first try.
    pub problem: Option<String>,
}

/// What the form of an app shows (catalog data).
pub struct AppForm {
    /// In the address.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Two letters.
    pub mark: String,
    /// No target: no URL, no token.
    pub receives_only: bool,
    /// Whether a name must be typed.
    pub name_required: bool,
    /// Why there is no form yet; none: there is.
    pub not_yet: Option<String>,
    /// What to mind before anybody leaves; may be empty.
    pub warning: String,
    /// An example of a base URL.
    pub url_example: String,
    /// Shapes of the base URL; empty: not known.
    pub url_shapes: Vec<String>,
    /// Under the token.
    pub token_hint: String,
    /// What must be there before.
    pub prerequisites: Vec<String>,
    /// The way to URL and token.
    pub steps: Vec<String>,
    /// Of the token's care.
    pub token_note: String,
    /// What it does otherwise than one expects.
    pub quirks: Vec<String>,
    /// What is known of its endpoint; none: nothing.
    pub known: Option<Known>,
    /// The makers' own page.
    pub docs: Option<String>,
}

/// What was typed, but for the token.
struct Typed {
    name: String,
    base_url: String,
    cut: String,
    access: AccessForm,
    token_ends: String,
    scope: Scope,
    user_writes: UserWrites,
}

/// The empty form of an app.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let app = form(&ask.part("app"))?;
    let name = if app.name_required {
        String::new()
    } else {
        proposed(&app.slug)
    };
    let known = catalog::find(&app.slug);
    let access = Access {
        auth: known.map(App::proposed_auth).unwrap_or_default(),
        ..Access::default()
    };
    let typed = Typed {
        name,
        base_url: String::new(),
        cut: String::new(),
        access: AccessForm::stored(&access),
        token_ends: String::new(),
        scope: known.map(App::proposed_scope).unwrap_or_default(),
        user_writes: UserWrites::default(),
    };
    answer(&ask, StatusCode::OK, app, typed, Refusals::default(), None).await
}

/// Tests what was typed, and connects if it works.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let app = form(&ask.part("app"))?;
    let (access_form, access) = AccessForm::typed(&ask.form);
    let mut typed = Typed {
        name: ask.form.short("name", 200),
        base_url: ask.form.short("base_url", 4000),
        cut: String::new(),
        access: access_form,
        token_ends: ask.form.short("token_ends", 20),
        scope: Scope::parse(ask.form.text("scope")).unwrap_or_default(),
        user_writes: UserWrites::parse(ask.form.text("user_writes")).unwrap_or_default(),
    };
    let mut refused = Refusals::default();
    if app.name_required && typed.name.is_empty() {
        refused.add("name", "Type a name to know this connection by.");
    }
    let access = access
        .and_then(|typed| clean_access(&typed))
        .unwrap_or_else(|why| {
            refused.add("auth", why);
            Access::default()
        });
    let mut token_ends = None;
    let target = if app.receives_only {
        None
    } else {
        match token::parse_date(&typed.token_ends) {
            Ok(day) => token_ends = day,
            Err(why) => refused.add("token_ends", why),
        }
        match clean_url(&app.slug, &typed.base_url) {
            Ok((url, notes)) => (typed.base_url, typed.cut) = (url, notes.join(" ")),
            Err(why) => refused.add("base_url", why),
        }
        if ask.form.text("token").is_empty() {
            refused.add("token", "Paste the authentication token.");
        }
        Some((typed.base_url.clone(), ask.form.secret("token")))
    };
    if !refused.0.is_empty() {
        return answer(&ask, StatusCode::UNPROCESSABLE_ENTITY, app, typed, refused, None).await;
    }
    let name = if typed.name.is_empty() {
        proposed(&app.slug)
    } else {
        typed.name.clone()
    };
    let new = NewConnection {
        name,
        app: (app.slug.clone(), proposed(&app.slug)),
        scope: typed.scope,
        policies: Policies {
            // What was chosen before another scope was is not meant.
            user_writes: match typed.scope {
                Scope::Groups => typed.user_writes,
                Scope::Users | Scope::UsersAndGroups => UserWrites::default(),
            },
            ..Policies::default()
        },
        target,
        access,
    };
    let manager = &ask.pages.manager;
    match manager.create_until(ask.actor()?, new, token_ends).await {
        Ok(made) => {
            ask.pages.engine.wake();
            let news = match (app.receives_only, typed.cut.is_empty()) {
                (true, _) => News::Made,
                (false, true) => News::Connected,
                (false, false) => News::ConnectedCut,
            };
            ask.go_on(&format!("/instances/{}", made.slug), Some(news))
        }
        Err(ManageError::Store(e)) => Err(e.into()),
        Err(why) => {
            let problem = Some(why.to_string());
            answer(
                &ask,
                StatusCode::UNPROCESSABLE_ENTITY,
                app,
                typed,
                refused,
                problem,
            )
            .await
        }
    }
}

async fn answer(
    ask: &Ask,
    status: StatusCode,
    app: AppForm,
    typed: Typed,
    refused: Refusals,
    problem: Option<String>,
) -> Answer {
    let title = if app.receives_only || app.not_yet.is_some() {
        app.name.clone()
    } else {
        format!("Connect {}", app.name)
    };
    let page = ask.read(move |rx, chrome| {
        Ok::<_, Fail>(chrome.page(rx, &title, Here::Catalog, &[("Catalog", "/catalog")])?)
    });
    let (scopes, user_writes) = (scopes(typed.scope), user_writes(typed.user_writes));
    let (name, base_url, cut) = (typed.name, typed.base_url, typed.cut);
    let (access, token_ends) = (typed.access, typed.token_ends);
    Ok(respond(
        status,
        &ConnectPage {
            page: page.await?,
            app,
            name,
            base_url,
            cut,
            access,
            token_ends,
            scopes,
            user_writes,
            refused,
            problem,
        },
    ))
}

fn proposed(slug: &str) -> String {
    catalog::find(slug)
        .map(|app| app.proposed_name.clone())
        .unwrap_or_default()
}

pub(super) fn form(slug: &str) -> Result<AppForm, Fail> {
    if slug == RECEIVE_ONLY {
        return Ok(receive_only());
    }
    catalog::find(slug).map(of_app).ok_or(Fail::NotFound)
}

fn of_app(app: &App) -> AppForm {
    let note = app.token_note.clone().unwrap_or_default();
    // Where there are no steps, the note stands in their place.
    let (steps, under) = if app.token_steps.is_empty() {
        (vec![note], String::new())
    } else {
        (app.token_steps.clone(), note)
    };
    let hints = [app.auth.note.clone().unwrap_or_default(), under];
    let warning = if app.limits.deactivate_is_delete {
        format!(
            "{} deletes a user who is deactivated, for good. If leavers are to keep their account there, choose “Leave it \
             alone” in the settings before anybody leaves.",
            app.name
        )
    } else {
        String::new()
    };
    AppForm {
        slug: app.slug.clone(),
        name: app.name.clone(),
        mark: app.initials.clone(),
        receives_only: false,
        name_required: !app.name_optional,
        not_yet: app.not_yet.clone(),
        warning,
        url_example: app
            .base_urls
            .first()
            .cloned()
            .unwrap_or_else(|| "https://…".into()),
        url_shapes: app.base_urls.clone(),
        token_hint: hints.join(" ").trim().to_owned(),
        prerequisites: app.prerequisites.clone(),
        steps,
        token_note: match app.not_yet {
            Some(_) => String::new(),
            None => catalog::TOKEN_REMINDER.into(),
        },
        quirks: app.quirks.iter().cloned().chain(begins(app)).collect(),
        known: known(app),
        docs: app.docs.clone(),
    }
}

/// What its mapping begins with, in a sentence; none: everything goes as it is.
fn begins(app: &App) -> Option<String> {
    let rows = app.mapping.iter().filter(|row| row.path != REST);
    let paths: Vec<&str> = rows.map(|row| row.path.as_str()).collect();
    (!paths.is_empty()).then(|| {
        format!(
            "What is sent is adapted to it: the instance begins with a mapping of {}, which you can change under Settings, \
             Scope and mapping.",
            paths.join(", ")
        )
    })
}

fn receive_only() -> AppForm {
    let name = "Receive only";
    AppForm {
        slug: RECEIVE_ONLY.into(),
        name: name.into(),
        mark: words::mark(name),
        receives_only: true,
        name_required: true,
        not_yet: None,
        warning: String::new(),
        url_example: String::new(),
        url_shapes: Vec::new(),
        token_hint: String::new(),
        prerequisites: Vec::new(),
        steps: vec![
            "Create a key for your identity provider.".into(),
            "Give it the SCIM base URL and the key.".into(),
            "Its people and groups appear here as it pushes them.".into(),
        ],
        token_note: String::new(),
        quirks: Vec::new(),
        known: None,
        docs: None,
    }
}
