//! How a command reaches a running server: one connection, one line of JSON each way, over `rollcall.sock` in the data
//! directory. Whoever may open the socket may do everything, so it is 0600 and only its owner (or root) is heard.

pub mod client;
pub mod server;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::command::Command;

/// Its name in the data directory.
pub const SOCKET_FILE: &str = "rollcall.sock";

/// Largest request.
const MAX_REQUEST: usize = 1024 * 1024;

/// Largest answer: some hundred thousand held removals.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;

/// Both sides must be the same version: an upgrade is complete only once the server was restarted.
const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(Serialize)]
struct Request<'a> {
    version: &'a str,
    command: &'a Command,
}

/// The version is read first, since commands of another one may not parse.
#[derive(Deserialize)]
struct Incoming<'a> {
    version: String,
    #[serde(borrow)]
    command: &'a serde_json::value::RawValue,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reply {
    Ok(Value),
    Error(String),
}

/// The path to bind or connect to, good while the file is open: addresses hold 107 bytes, so a directory with a long path is
/// reached by its descriptor.
fn reach(dir: &Path) -> io::Result<(PathBuf, Option<File>)> {
    use std::os::fd::AsRawFd;
    let path = dir.join(SOCKET_FILE);
    if path.as_os_str().len() < 100 {
        return Ok((path, None));
    }
    let opened = File::open(dir)?;
    let short = Path::new("/proc/self/fd")
        .join(opened.as_raw_fd().to_string())
        .join(SOCKET_FILE);
    Ok((short, Some(opened)))
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
