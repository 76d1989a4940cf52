//! The admin pages: server-rendered HTML that works without JavaScript. Each page is one file with its template struct;
//! `page` is the chrome they share, `frame` what is around the fields of a form, `parts` the small things that appear on
//! many of them, `words` how numbers and times are said. No page holds a secret, and nothing here decides anything: pages
//! show what the nouns of `model` say.
//!
//! Rules for templates (the gallery test keeps them): no `style=`, no inline script, no `on…=` (the policy in [`CSP`]
//! would block them); a csrf field in every POST form; a label for every input.

pub mod access;
pub mod active;
pub mod activity;
pub mod adoption;
pub mod ask;
pub mod assets;
pub mod attributes;
pub mod beats;
pub mod capabilities;
pub mod carries;
pub mod catalog;
pub mod change;
pub mod chrome;
pub mod confirm;
pub mod connect;
pub mod delete;
pub mod delete_one;
pub mod fail;
pub mod failure;
pub mod flash;
pub mod form;
pub mod frame;
pub mod group;
pub mod group_form;
pub mod group_members;
pub mod groups;
pub mod habits;
pub mod held;
pub mod instance;
pub mod keys;
pub mod known;
pub mod log;
pub mod login;
pub mod mapping;
pub mod once;
pub mod overview;
pub mod page;
pub mod paging;
pub mod parts;
pub mod people;
pub mod person;
pub mod person_form;
pub mod refusal;
pub mod request;
pub mod requests;
pub mod respond;
pub mod reveal;
pub mod revoke;
pub mod rotate;
pub mod runs;
pub mod sent;
pub mod serve;
pub mod settings;
pub mod setup;
pub mod standing;
pub mod state;
pub mod switches;
pub mod theme;
pub mod throttle;
pub mod values;
pub mod visitor;
pub mod words;

pub use ask::Pages;

#[cfg(test)]
mod gallery;
#[cfg(test)]
mod tests;

/// The Content-Security-Policy of every page.
pub const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                       form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
