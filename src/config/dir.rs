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
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    fn mode(dir: &Path) -> u32 {
        fs::metadata(dir).unwrap().mode() & 0o777
    }

    #[test]
    fn the_flag_goes_before_the_environment_before_the_home() {
        let said = env(&[("ROLLCALL_DATA_DIR", "/srv/r"), ("HOME", "/home/ada")]);
        assert_eq!(data_dir(Some(Path::new("/x")), &said).unwrap(), Path::new("/x"));
        assert_eq!(data_dir(None, &said).unwrap(), Path::new("/srv/r"));
        assert!(data_dir(Some(Path::new("x")), &said).unwrap().is_absolute());
        let home = env(&[("HOME", "/home/ada"), ("XDG_DATA_HOME", "relative")]);
        assert_eq!(
            default_dir(false, &home).unwrap(),
            Path::new("/home/ada/.local/share/rollcall")
        );
        assert_eq!(default_dir(true, &home).unwrap(), Path::new("/var/lib/rollcall"));
        let xdg = env(&[("HOME", "/home/ada"), ("XDG_DATA_HOME", "/data")]);
        assert_eq!(default_dir(false, &xdg).unwrap(), Path::new("/data/rollcall"));
        assert_eq!(default_dir(false, &Env::new()), None);
    }

    #[test]
    fn it_is_made_private_and_an_empty_one_is_taken_over() {
        let base = tempfile::tempdir().unwrap();
        let dir = base.path().join("a/b");
        assert!(matches!(check_data_dir(&dir), Err(ConfigError::NoDataDir(_))));
        prepare_data_dir(&dir).unwrap();
        assert_eq!(mode(&dir), 0o700);
        check_data_dir(&dir).unwrap();
        fs::set_permissions(&dir, Permissions::from_mode(0o777)).unwrap();
        prepare_data_dir(&dir).unwrap();
        assert_eq!(mode(&dir), 0o700);
    }

    #[test]
    fn a_directory_with_content_keeps_its_mode_and_must_not_be_open() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("letter"), "").unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        prepare_data_dir(dir.path()).unwrap();
        assert_eq!(mode(dir.path()), 0o755);
        fs::set_permissions(dir.path(), Permissions::from_mode(0o775)).unwrap();
        assert!(matches!(prepare_data_dir(dir.path()), Err(ConfigError::Open(_))));
        let file = dir.path().join("letter");
        assert!(matches!(
            prepare_data_dir(&file),
            Err(ConfigError::NotADirectory(_))
        ));
    }

    #[test]
    fn another_users_directory_is_refused() {
        let other = if rustix::process::geteuid().is_root() {
            None
        } else {
            Some(Path::new("/"))
        };
        if let Some(other) = other {
            assert!(matches!(
                prepare_data_dir(other),
                Err(ConfigError::Foreign { .. })
            ));
        }
    }
}
