//! The SCIM 2.0 client (RFC 7644), for servers as they are: announcements may be missing, lists may lie about their
//! length, errors may be web pages. What a server turns out to do otherwise is learnt here and kept by `sync`.
//!
//! | file | what |
//! | --- | --- |
//! | `client` | one request, and what its status means |
//! | `check` | is this a SCIM endpoint, and what can it do |
//! | `probe` | what it really does, step by step |
//! | `me` | whose token it is, where the app tells |
//! | `read` | lists, one by id, search |
//! | `alone` | groups whose members no list shows |
//! | `write` | create, PATCH, members, delete |
//! | `put` | the same for servers without PATCH |
//! | `parse` | their JSON to ours |

mod alone;
mod check;
mod client;
mod me;
mod parse;
mod probe;
mod put;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use client::Scim;
pub use probe::ProbePlan;
