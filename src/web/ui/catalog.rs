//! `/catalog`: what can be connected, on shelves. Searching is a GET, so a search has an address.

use askama::Template;

use super::ask::Ask;
use super::fail::{Answer, Fail};
use super::page::{Here, Page};
use super::serve::show;
use super::words;
use crate::connector::catalog::{self, App, Kind};
use crate::scim::fold;
use crate::store::instances;

/// The shelves.
#[derive(Template)]
#[template(path = "catalog.html")]
pub struct CatalogPage {
    /// Chrome.
    pub page: Page,
    /// What was searched for.
    pub query: String,
    /// `3 of 47`, tiles found.
    pub found: String,
    /// Those that hold something that matches.
    pub shelves: Vec<Shelf>,
}

/// Apps of one kind.
pub struct Shelf {
    /// In the address, after `#`.
    pub id: &'static str,
    /// What is read above it.
    pub title: &'static str,
    /// The apps.
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
    /// `SCIM`, `Users only`, `No target`.
    pub tags: Vec<String>,
    /// One line.
    pub line: String,
    /// Why it cannot be connected yet, or the first of what must be there before; may be empty.
    pub need: String,
    /// How many more must be there.
    pub more: usize,
    /// It cannot be connected yet.
    pub not_yet: bool,
    /// Instances of it that exist.
    pub connected: usize,
}

/// The app of instances without target.
pub const RECEIVE_ONLY: &str = "receive-only";

/// What is said of it.
pub const RECEIVE_ONLY_LINE: &str =
    "A directory of its own: identity providers push people in, nothing is sent on.";

/// The tiles, those that match what was searched for.
///
/// # Errors
/// The store's.
pub async fn get(ask: Ask) -> Answer {
    let query = ask.query.short("q", 100);
    let shown = ask.read(move |rx, chrome| {
        let page = chrome.page(rx, "Catalog", Here::Catalog, &[])?;
        let apps: Vec<String> = instances::list(rx)?.into_iter().map(|i| i.app).collect();
        Ok::<_, Fail>(catalog_page(page, query, &apps))
    });
    show(&shown.await?)
}

/// The page for a search; `connected` holds the app of each instance.
pub(super) fn catalog_page(page: Page, query: String, connected: &[String]) -> CatalogPage {
    let mut shelves: Vec<Shelf> = Kind::ALL.into_iter().map(|kind| shelf(kind, &query)).collect();
    shelves.retain(|shelf| !shelf.tiles.is_empty());
    for tile in shelves.iter_mut().flat_map(|shelf| &mut shelf.tiles) {
        tile.connected = connected.iter().filter(|app| **app == tile.slug).count();
    }
    let found: usize = shelves.iter().map(|shelf| shelf.tiles.len()).sum();
    CatalogPage {
        page,
        query,
        // Beside those of the catalog there is "Receive only".
        found: format!("{found} of {}", catalog::all().len() + 1),
        shelves,
    }
}

fn shelf(kind: Kind, query: &str) -> Shelf {
    let apps = catalog::all().iter().filter(|app| app.kind == kind);
    let mut tiles: Vec<Tile> = apps.map(tile).collect();
    if kind == Kind::Any {
        tiles.push(receive_only());
    }
    tiles.retain(|tile| tile.matches(kind, query));
    Shelf {
        id: kind.id(),
        title: kind.title(),
        tiles,
    }
}

impl Tile {
    /// Whether each word of `query` stands somewhere on the tile or above its shelf, letter case aside.
    fn matches(&self, kind: Kind, query: &str) -> bool {
        let mut text = [&*self.name, &*self.slug, &*self.line, kind.title()]
            .map(fold)
            .join("\n");
        for tag in &self.tags {
            text.push('\n');
            text.push_str(&fold(tag));
        }
        fold(query).split_whitespace().all(|word| text.contains(word))
    }
}

fn tile(app: &'static App) -> Tile {
    let mut tags = app.tags.clone();
    if app.facts.users.create == Some(false) {
        tags.push("Groups only".into());
    }
    if app.has_no_groups() {
        tags.push("Users only".into());
    }
    if app.not_yet.is_some() {
        tags.push("Not yet".into());
    }
    Tile {
        slug: app.slug.clone(),
        name: app.name.clone(),
        mark: app.initials.clone(),
        tags,
        line: app.description.clone(),
        need: app
            .not_yet
            .as_ref()
            .or(app.prerequisites.first())
            .cloned()
            .unwrap_or_default(),
        more: match app.not_yet {
            Some(_) => 0,
            None => app.prerequisites.len().saturating_sub(1),
        },
        not_yet: app.not_yet.is_some(),
        connected: 0,
    }
}

fn receive_only() -> Tile {
    let name = "Receive only";
    Tile {
        slug: RECEIVE_ONLY.into(),
        name: name.into(),
        mark: words::mark(name),
        tags: vec!["No target".into()],
        line: RECEIVE_ONLY_LINE.into(),
        need: String::new(),
        more: 0,
        not_yet: false,
        connected: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str) -> Vec<String> {
        let shelves = Kind::ALL.into_iter().map(|kind| shelf(kind, query));
        let tiles = shelves.flat_map(|shelf| shelf.tiles);
        tiles.map(|tile| tile.slug).collect()
    }

    #[test]
    fn every_app_stands_on_a_shelf_and_is_found_by_its_words() {
        assert_eq!(found("").len(), catalog::all().len() + 1);
        assert_eq!(found("  JIRA "), ["atlassian-cloud"]);
        assert_eq!(found("center  aws"), ["aws-iam-identity-center"]);
        assert_eq!(
            found("github"),
            ["github-emu", "github-enterprise-server", "github-org"]
        );
        assert_eq!(found("not yet"), ["dropbox-business", "zoom"]);
        assert_eq!(found("receive"), [RECEIVE_ONLY]);
        assert!(found("github jira").is_empty());
        assert!(found("operations").contains(&"pagerduty".to_owned()));
    }

    #[test]
    fn a_tile_says_what_is_needed_first() {
        for app in catalog::all() {
            let tile = tile(app);
            assert!(tile.need.ends_with('.') && tile.need != tile.line, "{}", app.slug);
        }
        let zoom = catalog::find("zoom").map(tile);
        assert!(zoom.is_some_and(|tile| tile.need.contains("this version cannot do")));
    }
}
