//! Rollcall: a self-hosted SCIM 2.0 hub.
pub mod app;
pub mod cli;
pub mod clock;
pub mod config;
pub mod connector;
pub mod demo;
pub mod directory;
pub mod mapping;
pub mod model;
pub mod scim;
pub mod secret;
pub mod store;
pub mod sync;
pub mod web;
