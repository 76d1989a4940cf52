//! The engine against an app on a socket: what arrives there, once, whatever goes wrong on the way.
#![expect(clippy::unwrap_used, reason = "tests")]

mod app;
mod breaks;
mod hub;
mod leavers;
mod meanwhile;
mod memberships;
mod names;
mod odd_apps;
mod partial;
mod probes;
mod pushes;
mod reads;
mod refusals;
mod size;
mod trouble;
