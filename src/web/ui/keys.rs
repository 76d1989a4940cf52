//! `/instances/{slug}/keys`: the inbound keys. A new one is shown once, in the answer to the POST that made it.

use std::time::Duration;

use actix_web::http::StatusCode;
use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::instance::{Head, KeyUse, Tab, endpoint};
use super::page::Page;
use super::parts::{Badge, Choice, Refusals, Tone, When};
use super::respond::respond;
use super::reveal;
use crate::model::{ApiKey, Time};
use crate::secret::random_password;
use crate::store::{access, telemetry};
use crate::sync::manage::ManageError;

/// The list and the form for a new one.
#[derive(Template)]
#[template(path = "keys.html")]
pub struct KeysPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// Full SCIM base URL.
    pub endpoint: String,
    /// Live first, newest first.
    pub keys: Vec<KeyRow>,
    /// Name of a new key, as typed.
    pub name: String,
    /// How long a new key lives.
    pub lifetimes: Vec<Choice>,
    /// Fields: `name`, `lifetime`.
    pub refused: Refusals,
    /// Marks this form, so that a reload of its answer makes no second key.
    pub once: String,
}

/// One key.
#[derive(Clone, Debug)]
pub struct KeyRow {
    /// In the address of its acts.
    pub id: i64,
    /// What an admin calls it.
    pub name: String,
    /// First characters.
    pub prefix: String,
    /// When it was made.
    pub created: When,
    /// By whom.
    pub created_by: String,
    /// Its last use.
    pub last_use: Option<KeyUse>,
    /// Its end; none: never.
    pub ends: Option<When>,
    /// Live, ends soon, expired, revoked.
    pub badge: Badge,
    /// It opens its instance.
    pub live: bool,
}

/// Keys that end within this are said to.
const SOON: Duration = Duration::from_secs(7 * 24 * 3600);
/// Most keys listed.
const LISTED: usize = 200;
/// Lifetimes: what is sent, what is read, days.
const LIFETIMES: [(&str, &str, u64); 4] = [
    ("never", "Never", 0),
    ("30d", "In 30 days", 30),
    ("90d", "In 90 days", 90),
    ("365d", "In a year", 365),
];

/// The list.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    answer(&ask, StatusCode::OK, String::new(), "never", Refusals::default()).await
}

/// Makes a key and shows it.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    let (name, lifetime) = (ask.form.short("name", 200), ask.form.text("lifetime").to_owned());
    let days = LIFETIMES
        .iter()
        .find(|(value, _, _)| *value == lifetime)
        .map_or(0, |(_, _, days)| *days);
    let ends_in = (days > 0).then(|| Duration::from_secs(days * 24 * 3600));
    if !ask.pages.once.is_first(ask.form.text("once")) {
        return reveal::answer(&ask, name, None, String::new()).await;
    }
    match ask
        .pages
        .manager
        .create_key(ask.actor()?, instance.id, name.clone(), ends_in)
        .await
    {
        Ok((_, key)) => reveal::answer(&ask, name, Some(key), String::new()).await,
        Err(ManageError::Refused(why)) => {
            let mut refused = Refusals::default();
            refused.add("name", why);
            answer(&ask, StatusCode::UNPROCESSABLE_ENTITY, name, &lifetime, refused).await
        }
        Err(other) => Err(other.into()),
    }
}

async fn answer(ask: &Ask, code: StatusCode, name: String, lifetime: &str, refused: Refusals) -> Answer {
    let (slug, base) = (ask.part("slug"), ask.pages.origin.base(&ask.request));
    let choices = LIFETIMES.map(|(value, label, _)| (value, label, ""));
    let lifetimes = Choice::list(&choices, lifetime);
    let store = ask.pages.store().clone();
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::Keys, None)?;
        let mut keys = access::keys(rx, instance.id)?;
        keys.sort_by_key(|k| !k.is_live(rx.now()));
        keys.truncate(LISTED);
        let keys = keys
            .iter()
            .map(|k| row(k, store.telemetry().key_use(k.id), rx.now()))
            .collect();
        let (endpoint, once) = (endpoint(&base, &instance), once());
        Ok::<_, Fail>(KeysPage {
            page,
            head,
            endpoint,
            keys,
            name,
            lifetimes,
            refused,
            once,
        })
    });
    Ok(respond(code, &shown.await?))
}

/// A mark for a form.
#[must_use]
pub fn once() -> String {
    random_password().expose().to_owned()
}

/// A key as a row.
#[must_use]
pub fn row(key: &ApiKey, used: Option<telemetry::KeyUse>, now: Time) -> KeyRow {
    let live = key.is_live(now);
    let ends = key.revoked_at.or(key.expires_at);
    let badge = match ends {
        _ if key.revoked_at.is_some() => Badge::new(Tone::Off, "Revoked"),
        _ if !live => Badge::new(Tone::Off, "Ended"),
        Some(end) if end < now.after(SOON) => Badge::new(Tone::Warn, "Ends soon"),
        _ => Badge::new(Tone::Ok, "Live"),
    };
    KeyRow {
        id: key.id,
        name: key.name.clone(),
        prefix: key.prefix.clone(),
        created: When::relative(key.created, now),
        created_by: key.created_by.clone(),
        last_use: used.map(|used| last_use(used, &key.prefix, now)),
        ends: ends.map(|end| When::relative(end, now)),
        badge,
        live,
    }
}

/// How a key was last used.
#[must_use]
pub fn last_use(used: telemetry::KeyUse, prefix: &str, now: Time) -> KeyUse {
    let or = |text: String, none: &str| {
        if text.trim().is_empty() {
            none.to_owned()
        } else {
            text
        }
    };
    KeyUse {
        prefix: prefix.to_owned(),
        at: When::relative(used.at, now),
        agent: or(used.agent, "a client without a name"),
        from: or(used.address, "an unknown address"),
    }
}

/// The live key in the address.
///
/// # Errors
/// `NotFound`; the store's.
pub fn live(rx: &crate::store::Rx<'_>, instance: crate::model::InstanceId, id: i64) -> Result<ApiKey, Fail> {
    let found = access::keys(rx, instance)?
        .into_iter()
        .find(|k| k.id == id && k.is_live(rx.now()));
    found.ok_or_else(|| {
        Fail::Refused("This key has ended already. Make a new one on the page of keys.".into())
    })
}
