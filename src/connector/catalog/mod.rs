//! The catalog of Apps: data for tiles, forms and hints (`apps.json`). A new SCIM app is an entry there and no code.
//! Null means that nobody has seen the fact, not that it is false.

use std::sync::LazyLock;

use serde::Deserialize;

/// One App.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct App {
    /// Names the App in instances and URLs; never changes.
    pub slug: String,
    /// What its makers call it.
    pub name: String,
    /// Shown on the tile.
    pub tags: Vec<String>,
    /// One sentence.
    pub description: String,
    /// Two letters for the tile.
    pub initials: String,
    /// The form may be sent without an instance name.
    pub name_optional: bool,
    /// Instance name written into the form.
    pub proposed_name: String,
    /// Shape of the SCIM Base URL; none: not known.
    pub base_url_placeholder: Option<String>,
    /// What must be there before connecting.
    pub prerequisites: Vec<String>,
    /// How to get base URL and token; empty: not known, `token_note` says so.
    pub token_steps: Vec<String>,
    /// What to know about this App's token.
    pub token_note: Option<String>,
    /// What every admin is reminded of.
    pub token_reminder: String,
    /// What the endpoint is known to do.
    pub facts: Facts,
    /// What it does otherwise than one expects.
    pub quirks: Vec<String>,
    /// The makers' own page.
    pub docs: Option<String>,
}

/// What is known of an App's endpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Users.
    pub users: Verbs,
    /// Groups.
    pub groups: Verbs,
    /// PATCH works.
    pub patch: Option<bool>,
    /// PUT works.
    pub put: Option<bool>,
    /// Which filters it takes.
    pub filter: Option<String>,
    /// Largest page.
    pub page_max: Option<u32>,
    /// How often it may be called.
    pub rate_limit: Option<String>,
}

/// What can be done to one type of resource.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Verbs {
    /// POST.
    pub create: Option<bool>,
    /// Changes, for groups a new name.
    pub update: Option<bool>,
    /// `active: false`.
    pub deactivate: Option<bool>,
    /// DELETE ends the account for good.
    pub delete: Option<bool>,
    /// GET of all.
    pub list: Option<bool>,
}

static APPS: LazyLock<Vec<App>> = LazyLock::new(|| parse().unwrap_or_default());

fn parse() -> Result<Vec<App>, serde_json::Error> {
    serde_json::from_str(include_str!("apps.json"))
}

/// All Apps, in the order of the tiles.
#[must_use]
pub fn all() -> &'static [App] {
    &APPS
}

/// The App with this slug.
#[must_use]
pub fn find(slug: &str) -> Option<&'static App> {
    all().iter().find(|app| app.slug == slug)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_file_parses_and_slugs_are_unique() {
        let apps = parse().unwrap();
        let slugs: HashSet<_> = apps.iter().map(|a| a.slug.as_str()).collect();
        assert_eq!(slugs.len(), apps.len());
        assert_eq!(all().len(), apps.len());
        for app in &apps {
            assert!(
                app.slug
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{}",
                app.slug
            );
            assert_eq!(app.initials.chars().count(), 2, "{}", app.slug);
            assert!(
                !app.prerequisites.is_empty() && !app.token_reminder.is_empty(),
                "{}",
                app.slug
            );
            // Where the way to a token is not known, that is said.
            assert!(
                !app.token_steps.is_empty() || app.token_note.is_some(),
                "{}",
                app.slug
            );
        }
    }

    #[test]
    fn apps_are_found_by_slug() {
        assert_eq!(find("generic-scim").unwrap().name, "Generic SCIM 2.0");
        assert!(find("atlassian-cloud").unwrap().name_optional);
        assert!(find("nothing").is_none());
    }
}
