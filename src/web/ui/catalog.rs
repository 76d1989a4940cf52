//! `/catalog`: what can be connected.

use askama::Template;

use super::ask::Ask;
use super::fail::{Answer, Fail};
use super::page::{Here, Page};
use super::serve::show;
use super::words;
use crate::connector::catalog;
use crate::scim::fold;
use crate::store::instances;

/// The tiles.
#[derive(Template)]
#[template(path = "catalog.html")]
pub struct CatalogPage {
    /// Chrome.
    pub page: Page,
    /// What was searched for.
    pub query: String,
    /// Those that match.
    pub tiles: Vec<Tile>,
}

/// An app of the catalog.
pub struct Tile {
    /// In the address.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Two letters.
    pub mark: String,
    /// `SCIM`, `Receives only`.
    pub tag: &'static str,
    /// One line.
    pub line: String,
    /// Instances of it that exist.
    pub connected: u64,
}

/// The app of instances without target.
pub const RECEIVE_ONLY: &str = "receive-only";

/// The tiles, those that match what was searched for.
///
/// # Errors
/// The store's.
pub async fn get(ask: Ask) -> Answer {
    let query = ask.query.short("q", 100);
    let shown = ask.read(move |rx, chrome| {
        let page = chrome.page(rx, "Catalog", Here::Catalog, &[])?;
        let apps: Vec<String> = instances::list(rx)?.into_iter().map(|i| i.app).collect();
        let mut tiles: Vec<Tile> = catalog::all().iter().map(tile).collect();
        tiles.push(receive_only());
        let wanted = fold(&query);
        tiles.retain(|t| {
            wanted.is_empty() || [&t.name, &t.line].iter().any(|text| fold(text).contains(&wanted))
        });
        for tile in &mut tiles {
            tile.connected = apps.iter().filter(|app| **app == tile.slug).count() as u64;
        }
        Ok::<_, Fail>(CatalogPage { page, query, tiles })
    });
    show(&shown.await?)
}

fn tile(app: &'static catalog::App) -> Tile {
    Tile {
        slug: app.slug.clone(),
        name: app.name.clone(),
        mark: app.initials.clone(),
        tag: app.tags.first().map_or("SCIM", String::as_str),
        line: app.description.clone(),
        connected: 0,
    }
}

fn receive_only() -> Tile {
    let name = "Receive only";
    Tile {
        slug: RECEIVE_ONLY.into(),
        name: name.into(),
        mark: words::mark(name),
        tag: "No target",
        line: "A directory of its own: identity providers push people in, nothing is sent on.".into(),
        connected: 0,
    }
}
