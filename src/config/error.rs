//! What can be wrong with the settings, each as a sentence that names the place to mend.

use std::fmt;
use std::path::PathBuf;

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A key of a TOML file.
    File(PathBuf, &'static str),
    /// An environment variable.
    Env(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file, key) => write!(f, "{key} in {}", file.display()),
            Self::Env(name) => f.write_str(name),
            Self::Flag(key) => write!(f, "--{}", key.replace(['_', '.'], "-")),
        }
    }
}

/// Why the settings are refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A value that cannot be read.
    #[error("{origin} is \"{value}\", which is not {wanted}.")]
    Value {
        /// Where it was written.
        origin: Origin,
        /// Its first characters.
        value: String,
        /// What it should be.
        wanted: String,
    },
    /// A TOML key that means nothing.
    #[error("{file} has the key \"{key}\", which is no setting. Known are: {known}.", file = file.display())]
    UnknownKey {
        /// The file.
        file: PathBuf,
        /// The key.
        key: String,
        /// All keys.
        known: String,
    },
    /// A `ROLLCALL_*` variable that means nothing.
    #[error("The environment has {0}, which is no setting. See `rollcall serve --help` for those there are.")]
    UnknownEnv(String),
    /// The same setting as a value and as a file with the value.
    #[error("Both {0} and {0}_FILE are set: keep one of them.")]
    Twice(String),
    /// A variable that is not UTF-8.
    #[error("The environment variable {0} is not UTF-8.")]
    NotUtf8(String),
    /// A file that cannot be read.
    #[error("{path} cannot be read: {1}.", path = .0.display())]
    Unreadable(PathBuf, std::io::Error),
    /// A file that is larger than any settings are.
    #[error("{path} is larger than settings can be (64 KiB).", path = .0.display())]
    TooLarge(PathBuf),
    /// Not TOML.
    #[error("{path} is not valid TOML: {1}", path = .0.display())]
    Syntax(PathBuf, String),
    /// One of a pair without the other.
    #[error("{0} is set without {1}: TLS needs both.")]
    Alone(&'static str, &'static str),
    /// Neither flag nor variable says where the data directory is, and there is no home directory.
    #[error("There is no home directory to keep data in: say where with --data-dir DIR.")]
    NoHome,
    /// The data directory cannot be made or looked at.
    #[error("The data directory {path} cannot be used: {1}.", path = .0.display())]
    DataDir(PathBuf, std::io::Error),
    /// There is none yet.
    #[error("There is no data directory {path} yet. `rollcall serve` makes it; --data-dir names another.", path = .0.display())]
    NoDataDir(PathBuf),
    /// A file stands there.
    #[error("The data directory {path} is not a directory.", path = .0.display())]
    NotADirectory(PathBuf),
    /// Another user owns it.
    #[error("The data directory {dir} belongs to user {owner}, and this is user {me}: run the command as its owner.", dir = dir.display())]
    Foreign {
        /// The directory.
        dir: PathBuf,
        /// Numeric id of its owner.
        owner: u32,
        /// Numeric id of this process's user.
        me: u32,
    },
    /// Other users may write to it.
    #[error("Other users may write to the data directory {path}: run `chmod 700` on it, or name a directory of its own.", path = .0.display())]
    Open(PathBuf),
}
