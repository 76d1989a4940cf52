//! The server's side: accepts, bounds, hands over and answers. What commands do stands in the executor.

use std::fs::{self, Permissions};
use std::future::Future;
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use zeroize::Zeroizing;

use super::{Incoming, MAX_REQUEST, Reply, SOCKET_FILE, VERSION, reach};
use crate::cli::command::Command;
use crate::cli::{CliError, LockedDir};

/// Conversations at a time; more wait to be accepted.
const CONVERSATIONS: usize = 64;
const TO_READ: Duration = Duration::from_secs(10);
const TO_WRITE: Duration = Duration::from_secs(60);
const TO_END: Duration = Duration::from_secs(5);

/// A socket that commands already reach; they are answered once it runs.
#[derive(Debug)]
pub struct Server {
    listener: UnixListener,
    path: PathBuf,
}

impl Server {
    /// Binds the socket. Holding the lock proves that one left behind has no server, so it is removed. Needs a tokio runtime.
    ///
    /// # Errors
    /// The socket cannot be made.
    pub fn bind(locked: &LockedDir) -> Result<Self, CliError> {
        let path = locked.path().join(SOCKET_FILE);
        let bound = (|| {
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            let (short, _held) = reach(locked.path())?;
            let listener = UnixListener::bind(short)?;
            fs::set_permissions(&path, Permissions::from_mode(0o600))?;
            Ok(listener)
        })();
        match bound {
            Ok(listener) => Ok(Self { listener, path }),
            Err(source) => Err(CliError::File { file: path, source }),
        }
    }

    /// Answers commands by `handler` until `shutdown`; then removes the socket and gives those in work 5 seconds to end.
    /// A command goes on when its caller has gone away: half of it done would be worse.
    pub async fn run<H, F>(self, handler: H, shutdown: impl Future<Output = ()>)
    where
        H: Fn(Command) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Value, String>> + Send + 'static,
    {
        let slots = Arc::new(Semaphore::new(CONVERSATIONS));
        let mut conversations = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            let next = async {
                let slot = Arc::clone(&slots).acquire_owned().await;
                (slot, self.listener.accept().await)
            };
            tokio::select! {
                () = &mut shutdown => break,
                Some(_) = conversations.join_next() => {}
                (slot, accepted) = next => match accepted {
                    Ok((stream, _)) => {
                        let handler = handler.clone();
                        conversations.spawn(async move {
                            let _slot = slot;
                            // A caller that went away has nobody left to tell.
                            let _ = converse(stream, handler).await;
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the command socket cannot accept");
                        sleep(Duration::from_millis(200)).await;
                    }
                },
            }
        }
        if let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(%error, "the command socket cannot be removed");
        }
        drop(self.listener);
        let all = async { while conversations.join_next().await.is_some() {} };
        let _ = timeout(TO_END, all).await;
    }
}

async fn converse<H, F>(mut stream: UnixStream, handler: H) -> io::Result<()>
where
    H: Fn(Command) -> F,
    F: Future<Output = Result<Value, String>>,
{
    let caller = stream.peer_cred()?.uid();
    if caller != 0 && caller != rustix::process::geteuid().as_raw() {
        return Err(ErrorKind::PermissionDenied.into());
    }
    let line = timeout(TO_READ, read_line(&mut stream)).await??;
    let reply = match line
        .as_deref()
        .map_or(Err("The command is larger than 1 MiB.".into()), |line| {
            parse(line)
        }) {
        Ok(command) => {
            let patience = command.patience();
            match timeout(patience, handler(command)).await {
                Ok(Ok(value)) => Reply::Ok(value),
                Ok(Err(sentence)) => Reply::Error(sentence),
                Err(_) => Reply::Error(format!(
                    "The command took longer than {} seconds.",
                    patience.as_secs()
                )),
            }
        }
        Err(sentence) => Reply::Error(sentence),
    };
    let mut answer = Zeroizing::new(serde_json::to_vec(&reply)?);
    answer.push(b'\n');
    timeout(TO_WRITE, stream.write_all(&answer)).await?
}

/// One line; `None` when it is too long.
async fn read_line(stream: &mut UnixStream) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    let mut line = Zeroizing::new(Vec::with_capacity(16 * 1024));
    while line.last() != Some(&b'\n') {
        if line.len() > MAX_REQUEST {
            return Ok(None);
        }
        if stream.read_buf(&mut *line).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Some(line))
}

fn parse(line: &[u8]) -> Result<Command, String> {
    let request: Incoming<'_> =
        serde_json::from_slice(line).map_err(|error| format!("The command could not be read: {error}."))?;
    if request.version != VERSION {
        let theirs: String = request.version.chars().take(20).collect();
        return Err(format!(
            "The running server is version {VERSION}, this command {theirs}: restart the server."
        ));
    }
    serde_json::from_str(request.command.get())
        .map_err(|error| format!("The command could not be read: {error}."))
}
