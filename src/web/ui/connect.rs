//! `/catalog/{app}/connect`: the form of an app. *Connect* tests first and saves only what works; the token is never
//! filled in again. The app "Receive only" asks for a name alone.

use askama::Template;

use super::page::Page;
use super::parts::{Choice, Refusals, Shape, Tone};

/// The form and, after a failed try, what the test found.
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
    /// What was cut off the base URL (`/Users`); empty: nothing.
    pub cut: String,
    /// Users, groups or both.
    pub scopes: Vec<Choice>,
    /// Fields: `name`, `base_url`, `token`, `scope`.
    pub refused: Refusals,
    /// One sentence that says what to fix; none before the first try.
    pub problem: Option<String>,
    /// Row by row, as far as it came; empty before the first try.
    pub checks: Vec<CheckRow>,
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
    /// An example of a base URL.
    pub url_example: String,
    /// Under the URL.
    pub url_hint: String,
    /// Under the token.
    pub token_hint: String,
    /// What must be there before.
    pub prerequisites: Vec<String>,
    /// The way to URL and token.
    pub steps: Vec<String>,
}

/// One line of the test.
pub struct CheckRow {
    /// Ok, bad, or info (not reached).
    pub tone: Tone,
    /// What was tested.
    pub title: String,
    /// What was found, what to do.
    pub detail: String,
    /// `84 ms`; empty when not reached.
    pub took: String,
}

impl CheckRow {
    /// Whether it is in order.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.tone == Tone::Ok
    }

    /// Its shape.
    #[must_use]
    pub fn shape(&self) -> Shape {
        Shape(self.tone)
    }

    /// The state as a word, for those who don't see the shape.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.tone {
            Tone::Ok => "Passed",
            Tone::Warn => "Passed with a remark",
            Tone::Bad => "Failed",
            Tone::Held | Tone::Info | Tone::Off => "Not reached",
        }
    }
}
