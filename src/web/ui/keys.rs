//! `/instances/{slug}/keys`: the inbound keys. A key is shown once, in the answer to the POST that made it.

use askama::Template;

use super::instance::{Head, KeyUse};
use super::page::Page;
use super::parts::{Badge, Choice, Refusals, When};

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

/// `/instances/{slug}/keys/{id}/rotate`: a new key, and an end for the old one.
#[derive(Template)]
#[template(path = "key_rotate.html")]
pub struct RotatePage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// The old one.
    pub key: KeyRow,
    /// When the old one ends: `now`, `1h`, `24h`, `7d`.
    pub ends: Vec<Choice>,
}

/// The answer to the POST that made a key: the only page that ever shows it.
#[derive(Template)]
#[template(path = "key_reveal.html")]
pub struct RevealPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// What an admin calls it.
    pub name: String,
    /// The key; none: this form was sent before and the key was shown then.
    pub key: Option<String>,
    /// Full SCIM base URL.
    pub endpoint: String,
    /// After a rotation, what becomes of the old key; else empty.
    pub old: String,
}
