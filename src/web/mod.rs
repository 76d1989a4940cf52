//! Everything that listens: the SCIM endpoints and the pages.
pub mod origin;
pub mod scim;
pub mod ui;
pub use scim::routes;
