//! The demo's data directory: ours alone, and gone when the demo ends, however it ends short of a kill.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use super::error::DemoError;
use crate::clock::Clock;

/// A temporary directory; removed when dropped.
pub(super) struct TemporaryDir(PathBuf);

impl TemporaryDir {
    /// Makes one that was not there before: in a shared place nobody can have prepared it.
    pub(super) fn make(clock: &Clock) -> Result<Self, DemoError> {
        let path = std::env::temp_dir().join(format!("rollcall-demo-{}", clock.new_id()));
        match DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => Ok(Self(path)),
            Err(e) => Err(DemoError::System("the temporary directory could not be made", e)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDir {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, dir = %self.0.display(), "the demo's data could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn it_is_ours_alone_and_goes() {
        let dir = TemporaryDir::make(&Clock::system()).unwrap();
        let path = dir.path().to_owned();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
        fs::write(path.join("a"), "b").unwrap();
        drop(dir);
        assert!(!path.exists());
    }
}
