//! A command where no server runs: the same executor, on the database itself, under the lock that the caller holds.

use serde_json::Value;

use super::LockedDir;
use super::command::Command;
use super::execute::{execute, sentence};
use crate::app::{Hub, Tuning};
use crate::config::{Config, Env, Flags};

/// Does `command` with the settings that a server would have, but for its flags.
///
/// # Errors
/// A sentence that says why not.
pub async fn offline(locked: &LockedDir, command: Command, env: &Env) -> Result<Value, String> {
    let config = Config::load(locked.path(), None, env, &Flags::new()).map_err(sentence)?;
    let base_url = config.base_url(config.listen);
    let hub = Hub::open(config, Tuning::default()).await.map_err(sentence)?;
    let done = execute(&hub, None, &base_url, command).await;
    let store = hub.store.clone();
    // Joining the writer may wait for the disk.
    let closed = tokio::task::spawn_blocking(move || store.close()).await;
    closed.map_err(sentence)?;
    done
}
