//! What the tests share: a hub, a client that speaks SCIM, a model of what has to be, and the canary grep.

#[cfg(feature = "tools")]
pub mod browser;
pub mod canary;
pub mod client;
pub mod gateway;
pub mod generator;
pub mod hub;
pub mod log;
pub mod mock;
pub mod pages;
pub mod process;
pub mod raw;
pub mod state;
pub mod storm;
#[cfg(feature = "tools")]
pub mod tools;

pub use client::{Answer, Scim};
pub use gateway::Gateway;
pub use generator::Generator;
pub use hub::TestHub;
pub use storm::Storm;
