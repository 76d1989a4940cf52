//! Why a command failed, as a sentence for whoever typed it.

use std::io;
use std::path::PathBuf;

use crate::config::ConfigError;

/// A command that could not be done; exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// The settings or the data directory.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// What was to be read from standard input.
    #[error("{0}")]
    Input(String),
    /// Another process holds the data directory and does not answer on the socket.
    #[error("Another rollcall process is using the data directory {path}.", path = .0.display())]
    Busy(PathBuf),
    /// A file of the data directory.
    #[error("{file} cannot be used: {source}.", file = file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The command makes sense only while a server runs.
    #[error("No server is running on the data directory {path}.", path = .0.display())]
    NoServer(PathBuf),
    /// The running server broke off.
    #[error("The running server did not answer ({0}). Its log may say why.")]
    Conversation(io::Error),
    /// The answer is not what this version expects.
    #[error("The answer could not be read: {0}.")]
    Answer(#[from] serde_json::Error),
    /// The command was refused, with the reason.
    #[error("{0}")]
    Refused(String),
    /// Nothing can be written to standard output.
    #[error("The output cannot be written: {0}.")]
    Output(io::Error),
}
