//! The data directory's lock: one process at a time holds database, key file and socket.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::CliError;

const LOCK_FILE: &str = "rollcall.lock";

/// A data directory that is ours until this is dropped or the process ends, however it ends. The file stays: what counts is
/// the kernel's lock on it.
#[derive(Debug)]
pub struct LockedDir {
    dir: PathBuf,
    _lock: File,
}

impl LockedDir {
    /// Takes the lock, without waiting. The directory must be there.
    ///
    /// # Errors
    /// `Busy` when another process holds it.
    pub fn take(dir: &Path) -> Result<Self, CliError> {
        let file = dir.join(LOCK_FILE);
        let failed = |source| CliError::File {
            file: file.clone(),
            source,
        };
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(&file)
            .map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                dir: dir.to_owned(),
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(CliError::Busy(dir.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }

    /// The directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.dir
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn one_holds_it_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let first = LockedDir::take(dir.path()).unwrap();
        assert_eq!(first.path(), dir.path());
        assert!(matches!(LockedDir::take(dir.path()), Err(CliError::Busy(_))));
        drop(first);
        LockedDir::take(dir.path()).unwrap();
        assert!(LockedDir::take(&dir.path().join("none")).is_err());
    }
}
