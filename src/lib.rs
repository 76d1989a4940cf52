//! Rollcall.
pub mod scim;
