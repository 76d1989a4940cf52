//! The command's side. Blocking: a command does one thing and ends.

use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use zeroize::Zeroizing;

use super::{MAX_ANSWER, Reply, Request, VERSION, reach};
use crate::cli::CliError;
use crate::cli::command::Command;

/// Has the server on `dir` do `command`; `None` when no server listens there.
///
/// # Errors
/// `Refused` with the server's sentence, or the conversation broke off.
pub fn call(dir: &Path, command: &Command) -> Result<Option<Value>, CliError> {
    let connected = reach(dir).and_then(|(path, _held)| UnixStream::connect(path));
    let stream = match connected {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(CliError::Conversation(error)),
    };
    let answer = converse(stream, command).map_err(CliError::Conversation)?;
    match serde_json::from_slice(&answer)? {
        Reply::Ok(value) => Ok(Some(value)),
        Reply::Error(sentence) => Err(CliError::Refused(sentence)),
    }
}

fn converse(mut stream: UnixStream, command: &Command) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut line = Zeroizing::new(serde_json::to_vec(&Request {
        version: VERSION,
        command,
    })?);
    line.push(b'\n');
    stream.set_write_timeout(Some(Duration::from_secs(10)))?;
    // The server answers by then, if only that it took too long.
    stream.set_read_timeout(Some(command.patience() + Duration::from_secs(10)))?;
    stream.write_all(&line)?;
    let mut answer = Zeroizing::new(Vec::with_capacity(16 * 1024));
    stream.take(MAX_ANSWER).read_to_end(&mut answer)?;
    if answer.last() == Some(&b'\n') {
        Ok(answer)
    } else {
        Err(ErrorKind::UnexpectedEof.into())
    }
}
