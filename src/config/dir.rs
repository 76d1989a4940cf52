//! The data directory: where it is, and that it is ours alone.

use std::fs::{self, DirBuilder, Metadata, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::ConfigError;
use super::layers::{Env, from_env};

/// Where data lies: the flag, `ROLLCALL_DATA_DIR`, else `/var/lib/rollcall` for root and `$XDG_DATA_HOME/rollcall` or
/// `~/.local/share/rollcall` for everybody else.
///
/// # Errors
/// A variable that means nothing, or no home directory.
pub fn data_dir(flag: Option<&Path>, env: &Env) -> Result<PathBuf, ConfigError> {
    let root = rustix::process::geteuid().is_root();
    let said = flag
        .map(Path::to_owned)
        .or(from_env(env)?.data_dir)
        .filter(|dir| !dir.as_os_str().is_empty());
    let dir = said
        .or_else(|| default_dir(root, env))
        .ok_or(ConfigError::NoHome)?;
    std::path::absolute(&dir).map_err(|error| ConfigError::DataDir(dir, error))
}

fn default_dir(root: bool, env: &Env) -> Option<PathBuf> {
    // The XDG specification has relative paths ignored.
    let absolute = |name: &str| env.get(name).map(PathBuf::from).filter(|dir| dir.is_absolute());
    if root {
        return Some(PathBuf::from("/var/lib/rollcall"));
    }
    let share = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(share.join("rollcall"))
}

/// Makes the directory (0700) if need be, and sees that it is ours alone. An empty one is taken over; in one with content
/// nobody else may write, but its mode is not ours to change.
///
/// # Errors
/// It belongs to another user, others may write to it, or it cannot be made.
pub fn prepare_data_dir(dir: &Path) -> Result<(), ConfigError> {
    let failed = |error| ConfigError::DataDir(dir.to_owned(), error);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => ConfigError::NotADirectory(dir.to_owned()),
            _ => failed(error),
        })?;
    let found = owned(dir)?;
    if found.mode() & 0o077 == 0 {
        return Ok(());
    }
    if fs::read_dir(dir).map_err(failed)?.next().is_none() {
        return fs::set_permissions(dir, Permissions::from_mode(0o700)).map_err(failed);
    }
    if found.mode() & 0o022 != 0 {
        Err(ConfigError::Open(dir.to_owned()))
    } else {
        Ok(())
    }
}

/// Sees that the directory is there and ours, and makes nothing: for commands that only ask.
///
/// # Errors
/// It is not there, not a directory, or another user's.
pub fn check_data_dir(dir: &Path) -> Result<(), ConfigError> {
    owned(dir).map(drop)
}

fn owned(dir: &Path) -> Result<Metadata, ConfigError> {
    let found = fs::metadata(dir).map_err(|error| match error.kind() {
        ErrorKind::NotFound => ConfigError::NoDataDir(dir.to_owned()),
        _ => ConfigError::DataDir(dir.to_owned(), error),
    })?;
    if !found.is_dir() {
        return Err(ConfigError::NotADirectory(dir.to_owned()));
    }
    let (owner, me) = (found.uid(), rustix::process::geteuid().as_raw());
    if owner == me {
        Ok(found)
    } else {
        Err(ConfigError::Foreign {
            dir: dir.to_owned(),
            owner,
            me,
        })
    }
}

#[cfg(test)]
mod tests;
