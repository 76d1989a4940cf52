//! The engine: carries what changed here into the apps, and reads what they hold. `sync` = `store` + `connector`; it
//! knows no HTTP of ours and no page.
//!
//! A job says that something *may* be out of step; running it means to converge to the present state. So there is one
//! mechanism for pushes, imports, retries, schedules and repairs (DESIGN §4):
//!
//! | module | question it answers |
//! | --- | --- |
//! | [`engine`] | which job runs now, and when is there nothing to do? |
//! | [`plan`] | what is the next step for one resource? (pure) |
//! | `present` | what is its state, as far as we know? |
//! | [`preview`] | what would other policies do? |
//! | `push` | how is that step done, and what do we know then? |
//! | `import` | what does the app hold, and whose is it? |
//! | `names` | who waits for a name in the app, and who gets it? |
//! | [`adoption`] | who is who, where nobody can tell? |
//! | `verify` | is an account that a list did not show really gone? |
//! | `reconcile` | what else differs? |
//! | [`removal`] | who may be removed without a person looking? |
//! | [`protected`] | whom do we take nothing away from, whoever asks? |
//! | `settle`, `backoff` | how did a job end, and when is the next try? |
//! | [`health`], [`status`] | how is the instance, in one word and a reason? |
//! | [`forecast`] | how fast do changes go, and when will they be through? |
//! | [`schedule`], `cancel` | which sync is due, and which is ended by a person? |
//! | `settings` | what did an edit of an instance change? |
//! | [`connect`] | do this address and token work, and what begins anew with another one? |
//! | `tested` | may what was typed replace what works: is it the same app? |
//! | [`probe`] | what can the app really do, and when is it tried? |
//! | [`token`] | when does the token end, and what if a new one is refused? |
//!
//! The network is never awaited inside a unit of work.

pub mod adoption;
pub mod attributes;
mod backoff;
mod cancel;
pub mod connect;
mod context;
pub mod credential;
pub mod engine;
pub mod forecast;
pub mod health;
mod import;
pub mod keys;
pub mod manage;
mod names;
pub mod plan;
mod present;
pub mod preview;
pub mod probe;
pub mod protected;
mod push;
mod reconcile;
pub mod removal;
pub mod schedule;
mod settings;
mod settle;
pub mod status;
mod tested;
pub mod token;
mod verify;

pub use engine::{Engine, EngineConfig};

#[cfg(test)]
mod tests;
