//! `/instances/{slug}/users/{id}`: everything about one person: what they are, who says so, where they are, what
//! happened.

use askama::Template;

use super::instance::Head;
use super::page::Page;
use super::parts::{Badge, EventRow, When};

/// One person.
#[derive(Template)]
#[template(path = "person.html")]
pub struct PersonPage {
    /// Chrome.
    pub page: Page,
    /// Header of the instance.
    pub head: Head,
    /// SCIM id.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// userName.
    pub user_name: String,
    /// Active, or not.
    pub access: Badge,
    /// Owned by nobody here: follows the app.
    pub managed: bool,
    /// In order: userName, name, e-mails, the rest.
    pub attributes: Vec<AttributeRow>,
    /// Groups, by name.
    pub groups: Vec<GroupRef>,
    /// In the target; none for an instance without target.
    pub target: Option<TargetSide>,
    /// Newest first.
    pub events: Vec<EventRow>,
    /// Last change.
    pub changed: When,
}

/// One attribute.
pub struct AttributeRow {
    /// Path as RFC 7643 writes it.
    pub path: String,
    /// Its value.
    pub value: String,
    /// Whether an IdP or admin has written it.
    pub owned: bool,
    /// The app holds this instead; none: the same, or not known.
    pub drift: Option<String>,
}

impl AttributeRow {
    /// The path without the URN of its schema.
    #[must_use]
    pub fn name(&self) -> &str {
        self.urn().map_or(&self.path, |urn| {
            self.path.get(urn.len() + 1..).unwrap_or(&self.path)
        })
    }

    /// The URN of an extension's schema; none for the core.
    #[must_use]
    pub fn urn(&self) -> Option<&str> {
        let rest = self
            .path
            .get(..4)
            .filter(|start| start.eq_ignore_ascii_case("urn:"))?;
        let end = self.path.rfind(':')?;
        (end > rest.len()).then(|| &self.path[..end])
    }

    /// What a person calls that schema: the last word of its URN, `User` and `Group` left out.
    #[must_use]
    pub fn schema(&self) -> &str {
        let urn = self.urn().unwrap_or_default();
        if urn.eq_ignore_ascii_case("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User") {
            "enterprise"
        } else {
            urn
        }
    }
}

/// A group that holds them.
pub struct GroupRef {
    /// SCIM id.
    pub id: String,
    /// displayName.
    pub name: String,
    /// In the app, too; empty when in step.
    pub note: String,
}

/// How they stand in the target.
pub struct TargetSide {
    /// In step, waiting, rejected…
    pub badge: Badge,
    /// Why, in a sentence; may be empty.
    pub reason: String,
    /// The app's id.
    pub remote_id: Option<String>,
    /// When the next try is.
    pub next_try: Option<When>,
    /// *Try again* helps.
    pub may_retry: bool,
}
