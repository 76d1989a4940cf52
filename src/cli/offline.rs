//! A command where no server runs: the same executor, on the database itself, under the lock that the caller holds. A long
//! one listens on the socket as a server would, so that how it gets on can be asked, and it can be ended.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::oneshot;

use super::LockedDir;
use super::command::Command;
use super::execute::{execute, sentence};
use super::socket::server::Server;
use crate::app::{Hub, Tuning};
use crate::config::{Config, Env, Flags};

/// Does `command` with the settings that a server would have, but for its flags.
///
/// # Errors
/// A sentence that says why not.
pub async fn offline(locked: &LockedDir, command: Command, env: &Env) -> Result<Value, String> {
    let config = Config::load(locked.path(), None, env, &Flags::new()).map_err(sentence)?;
    let base_url: Arc<str> = config.base_url(config.listen).into();
    let hub = Hub::open(config, Tuning::default()).await.map_err(sentence)?;
    let done = if command.is_long() {
        beside_others(locked, &hub, &base_url, command).await
    } else {
        execute(&hub, None, &base_url, command).await
    };
    let store = hub.store.clone();
    // Joining the writer may wait for the disk.
    let closed = tokio::task::spawn_blocking(move || store.close()).await;
    closed.map_err(sentence)?;
    done
}

async fn beside_others(
    locked: &LockedDir,
    hub: &Hub,
    base_url: &Arc<str>,
    command: Command,
) -> Result<Value, String> {
    let others = Server::bind(locked).map_err(sentence)?;
    let (beside, at) = (hub.clone(), Arc::clone(base_url));
    let handler = move |command: Command| {
        let (hub, base_url) = (beside.clone(), Arc::clone(&at));
        async move {
            if command.goes_beside() {
                execute(&hub, None, &base_url, command).await
            } else {
                Err("No server runs, and another command works on this data directory: try again when it has ended.".into())
            }
        }
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let listening = tokio::spawn(others.run(handler, async { drop(stopped.await) }));
    let done = execute(hub, None, base_url, command).await;
    drop(stop);
    // That the socket is gone before the lock is: whoever comes next makes their own.
    listening.await.map_err(sentence)?;
    done
}
