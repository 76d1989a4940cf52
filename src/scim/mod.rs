//! The SCIM 2.0 protocol core: RFC 7643 (schema) and RFC 7644 (protocol) as pure functions over JSON.
//!
//! It knows what a request means: which attributes there are, what a filter selects, what a PATCH makes of a document.
//! It is not a server and not a store: no I/O, no clock, no log, and nothing of this crate outside `crate::scim`.
//!
//! | module | question it answers | RFC |
//! | --- | --- | --- |
//! | [`urn`] | which schema does this URN name? | 7643 §10.3 |
//! | [`schema`] | which attributes are there, and of what kind? | 7643 §3, §4, §7 |
//! | [`resource`] | is this body a User or a Group, and what does it say? | 7643 §2, 7644 §3.3 |
//! | [`path`] | where does `urn:…:User:emails[type eq "work"].value` lead? | 7644 §3.5.2, §3.10 |
//! | [`filter`], [`eval`] | what does a filter say, and does a document match it? | 7644 §3.4.2.2 |
//! | [`patch`] | what does a PATCH make of a document? | 7644 §3.5.2 |
//! | [`bulk`] | which operations does a Bulk have, and in what order do they run? | 7644 §3.7 |
//! | [`etag`] | does a request hold for this version? | 7644 §3.14, 9110 §13 |
//! | [`tolerance`] | which deviations of real clients are served, and why? | — |
//! | [`project`], [`list`] | which resources and attributes does a query ask for? | 7644 §3.4.2, §3.9 |
//! | [`sort`], [`cursor`] | in which order does a list stand, and where in it does a page begin? | 7644 §3.4.2.3, 9865 |
//! | [`rules`] | what does this instance allow, and which attributes did it declare? | — |
//! | [`discovery`] | what do we publish about ourselves? | 7643 §5–§7 |
//! | [`error`] | how is a refusal told? | 7644 §3.12 |
pub mod base64url;
pub mod bulk;
pub mod cursor;
pub mod discovery;
pub mod error;
pub mod etag;
pub mod eval;
pub mod filter;
pub mod list;
pub mod patch;
pub mod path;
pub mod project;
pub mod resource;
pub mod rules;
pub mod schema;
pub mod sort;
pub mod tolerance;
pub mod urn;

/// The attributes of one resource, or of one complex value: names to JSON values, in the order they are written.
pub type Attributes = serde_json::Map<String, serde_json::Value>;

/// Folds letter case for comparing values of `caseExact: false` attributes, beyond ASCII as well (`É` = `é`).
pub fn fold(text: &str) -> String {
    text.to_lowercase()
}
