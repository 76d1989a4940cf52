//! `serve` at work: lock, socket, server; what it says when it listens; and its end by signal.

use std::fs;
use std::io::{IsTerminal, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

use super::command::Command;
use super::execute::{execute, sentence};
use super::{CliError, LockedDir, Output, socket};
use crate::app::{Server, Tuning};
use crate::config::{self, Config};
use crate::secret::SetupCode;
use crate::store::{Store, access};

/// Serves until SIGTERM or SIGINT, then ends in order: what was acknowledged is on the disk. A second signal ends it at
/// once. A listener that ends by itself ends it as well: whoever supervises the process can then start it again.
///
/// # Errors
/// It could not start, listens no more, or was ended at once.
pub async fn serve(config: Config) -> Result<(), CliError> {
    let mut signals = Signals::listen()?;
    config::prepare_data_dir(&config.data_dir)?;
    let locked = LockedDir::take(&config.data_dir)?;
    let commands = socket::server::Server::bind(&locked)?;
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let server = Server::start(config, Tuning::default()).await;
    let mut server = server.map_err(|error| CliError::Refused(sentence(error)))?;

    let base_url: Arc<str> = server.hub().config.base_url(server.address()).into();
    let code_file = announce(&server, scheme, &base_url, locked.path())?;
    let set_up = tokio::spawn(until_set_up(
        server.hub().store.clone(),
        Arc::clone(server.setup()),
        code_file.clone(),
    ));
    let (hub, engine) = (server.hub().clone(), server.engine().clone());
    let handler = move |command: Command| {
        let (hub, engine, base_url) = (hub.clone(), engine.clone(), Arc::clone(&base_url));
        async move { execute(&hub, Some(&engine), &base_url, command).await }
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let commands = tokio::spawn(commands.run(handler, async { drop(stopped.await) }));
    tracing::info!(address = %server.address(), "serving");

    let failed = tokio::select! {
        () = signals.next() => Ok(()),
        why = server.failed() => Err(CliError::Refused(why)),
    };
    tracing::info!("stopping; a second signal ends it at once");
    let stopping = async {
        drop(stop);
        let _ = commands.await;
        server.stop().await;
    };
    let ended = tokio::select! {
        () = stopping => Ok(()),
        () = signals.next() => Err(CliError::Refused("Ended at once by a second signal.".into())),
    };
    set_up.abort();
    // The code dies with the process.
    code_file.as_deref().map_or(Ok(()), remove)?;
    failed.and(ended)
}

/// Says where it listens and, while there is no admin, how to set up. The code itself is for a person's eyes: it goes to a
/// terminal, else to a file whose path is said and given back.
fn announce(server: &Server, scheme: &str, base_url: &str, dir: &Path) -> Result<Option<PathBuf>, CliError> {
    let (mut results, mut notes) = (stdout().lock(), std::io::stderr().lock());
    let mut out = Output::new(&mut results, &mut notes);
    out.line(&format!("Rollcall listens on {scheme}://{}", server.address()))?;
    if !server.setup().is_needed() {
        return Ok(None);
    }
    let todo = format!("There is no admin yet. Open {base_url}/setup and type the code");
    if stdout().is_terminal() {
        let mut said = Ok(());
        server
            .setup()
            .show(|code| said = out.line(&format!("{todo} {code}")));
        return said.map(|()| None);
    }
    let file = server.setup().write_to(dir).map_err(|source| CliError::File {
        file: dir.to_owned(),
        source,
    })?;
    out.line(&format!("{todo} that is in {}", file.display()))?;
    Ok(Some(file))
}

/// Ends the set-up code once there is an admin, whichever way the account was made.
async fn until_set_up(store: Store, setup: Arc<SetupCode>, code_file: Option<PathBuf>) {
    let mut news = store.subscribe();
    while setup.is_needed() {
        match store.read(access::count_admins).await {
            Ok(1..) => setup.used(),
            // Whether an admin was made or something else happened: it is time to look again. News that were missed too.
            Ok(_) => {
                if let Err(tokio::sync::broadcast::error::RecvError::Closed) = news.recv().await {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, "it is not known whether there is an admin");
                tokio::time::sleep(std::time::Duration::from_secs(1)).await;
            }
        }
    }
    if let Some(Err(error)) = code_file.as_deref().map(remove) {
        tracing::warn!(%error, "the file with the used set-up code is still there");
    }
}

fn remove(file: &Path) -> Result<(), CliError> {
    match fs::remove_file(file) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(CliError::File {
            file: file.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// The two ways to ask a server to end.
struct Signals {
    term: Signal,
    int: Signal,
}

impl Signals {
    fn listen() -> Result<Self, CliError> {
        let on = |kind| {
            signal(kind).map_err(|error| CliError::Refused(format!("Signals cannot be heard: {error}.")))
        };
        Ok(Self {
            term: on(SignalKind::terminate())?,
            int: on(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}
