//! Why the demo could not go on, as sentences for whoever started it.

use thiserror::Error;

use crate::app::StartError;
use crate::cli::CliError;
use crate::config::ConfigError;
use crate::connector::net::NetError;
use crate::secret::SecretError;
use crate::store::StoreError;
use crate::sync::manage::ManageError;

/// Why the demo ended early.
#[derive(Debug, Error)]
pub(super) enum DemoError {
    /// The hub did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The temporary directory.
    #[error(transparent)]
    Dir(#[from] ConfigError),
    /// Its lock.
    #[error(transparent)]
    Lock(#[from] CliError),
    /// Signals, sockets.
    #[error("{0}: {1}")]
    System(&'static str, std::io::Error),
    /// The password could not be hashed.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// An instance could not be made or connected.
    #[error(transparent)]
    Manage(#[from] ManageError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// One of the two ends was not reached.
    #[error("{0}")]
    Net(#[from] NetError),
    /// One of the two ends refused.
    #[error("{method} {path} was answered {status}: {detail}")]
    Refused {
        /// Method.
        method: String,
        /// Path.
        path: String,
        /// Status.
        status: u16,
        /// Detail of the SCIM error.
        detail: String,
    },
    /// An answer without what it must have.
    #[error("an answer had no {0}")]
    Shape(&'static str),
    /// Something did not happen in time.
    #[error("{0} did not come in {1} seconds")]
    Late(&'static str, u64),
    /// A task panicked.
    #[error("a part of the demo ended by itself")]
    Ended,
}
