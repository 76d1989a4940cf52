//! The one door for a change to a user or group, from anyone: the resource, its members, the event and the job are one
//! transaction. Whoever comes (identity provider, admin, import) goes through here; nobody else writes resources.
//!
//! What a request *means* is `scim`'s; how it is kept is `store`'s; carrying it onward is `sync`'s. Ownership and
//! adoption are decided here (DESIGN §1).

mod create;
mod delete;
mod door;
pub mod import;
mod membership;
mod update;

use thiserror::Error;

pub use create::create;
pub use delete::delete;
pub use door::Door;
pub use update::{patch, replace};

use crate::scim::error::ScimError;
use crate::store::StoreError;

/// Why a change was not made.
#[derive(Debug, Error)]
pub enum ChangeError {
    /// The request is refused; the answer says why.
    #[error(transparent)]
    Scim(#[from] ScimError),
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}
