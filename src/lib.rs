//! Rollcall: a self-hosted SCIM 2.0 hub.
pub mod cli;
pub mod clock;
pub mod config;
pub mod connector;
pub mod directory;
pub mod model;
pub mod scim;
pub mod secret;
pub mod store;
pub mod web;
