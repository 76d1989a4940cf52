//! What the forms of a person and of a group share: the frame around their fields, and the answer that shows it. What the
//! fields are and mean is each form's own.

use actix_web::http::StatusCode;
use askama::Template;

use super::ask::Ask;
use super::change::{others, place};
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::instance::{Head, Tab};
use super::page::Page;
use super::parts::Refusals;
use super::respond::respond;
use crate::model::Resource;
use crate::scim::schema::ResourceType;

/// Longest text of a field, in characters.
pub const LONGEST: usize = 250;

/// Around the fields.
pub struct Frame {
    /// `New person`, or the name of who is edited.
    pub title: String,
    /// Where the POST goes.
    pub action: String,
    /// Where *Cancel* leads.
    pub back: String,
    /// The version that is edited; none: something new.
    pub version: Option<i64>,
    /// Who else writes here; may be empty.
    pub others: String,
    /// Fields that were refused.
    pub refused: Refusals,
    /// What is wrong as a whole.
    pub problem: Option<String>,
}

/// One line to fill in.
pub struct FieldRow {
    /// `name` and `id` of the input.
    pub name: &'static str,
    /// What is read.
    pub label: &'static str,
    /// `text` or `email`.
    pub kind: &'static str,
    /// Below it; may be empty.
    pub hint: &'static str,
    /// As typed or stored.
    pub value: String,
    /// Cannot be empty.
    pub required: bool,
}

/// A form before it is shown, without its fields.
#[derive(Default)]
pub struct Draft {
    /// Id and name of what is edited; none: something new.
    pub edited: Option<(String, String)>,
    /// The version that is edited.
    pub version: Option<i64>,
    /// Fields that were refused.
    pub refused: Refusals,
    /// What is wrong as a whole.
    pub problem: Option<String>,
}

impl Draft {
    /// Of something that is there.
    #[must_use]
    pub fn of(found: &Resource) -> Self {
        Self {
            edited: Some((found.id.clone(), found.display.clone())),
            version: Some(found.version),
            ..Self::default()
        }
    }

    fn title(&self, kind: ResourceType) -> String {
        match (&self.edited, kind) {
            (Some((_, name)), _) => name.clone(),
            (None, ResourceType::User) => "New person".into(),
            (None, ResourceType::Group) => "New group".into(),
        }
    }
}

/// Shows the form: `page` puts the fields into the frame.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn answer<T, F>(ask: &Ask, code: StatusCode, kind: ResourceType, draft: Draft, page: F) -> Answer
where
    T: Template + Send + 'static,
    F: FnOnce(Page, Head, Frame) -> T + Send + 'static,
{
    let slug = ask.part("slug");
    let shown = ask.read(move |rx, chrome| {
        let (title, tab) = (draft.title(kind), Tab::of(kind));
        let Inside {
            page: chrome,
            head,
            instance,
            ..
        } = chrome.inside(rx, &slug, tab, Some(&title))?;
        let list = format!("/instances/{}/{}", head.slug, place(kind));
        let (action, back) = match &draft.edited {
            Some((id, _)) => (format!("{list}/{id}/edit"), format!("{list}/{id}")),
            None => (format!("{list}/new"), list),
        };
        let frame = Frame {
            title,
            action,
            back,
            version: draft.version,
            others: others(rx, &instance)?,
            refused: draft.refused,
            problem: draft.problem,
        };
        Ok::<_, Fail>(page(chrome, head, frame))
    });
    Ok(respond(code, &shown.await?))
}
