//! `/catalog`: what can be connected.

use askama::Template;

use super::page::Page;

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
