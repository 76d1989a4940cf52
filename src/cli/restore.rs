//! `restore`: puts a backup in the place of the database. It is proved on a copy first, and what was there before is kept
//! beside it. The caller holds the lock, so no server runs.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::answer::RestoreDone;
use super::{CliError, LockedDir};
use crate::clock::Clock;
use crate::store::check;

const DATABASE: &str = "rollcall.db";
/// What SQLite keeps beside a database.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Restores `file` into the directory.
///
/// # Errors
/// The file is no intact backup, or of a newer version: then nothing was changed. Or the directory cannot be written.
pub fn restore(locked: &LockedDir, file: &Path, clock: &Clock) -> Result<RestoreDone, CliError> {
    let present = locked.path().join(DATABASE);
    let same = |path: &Path| fs::canonicalize(path).ok();
    if same(file).is_some() && same(file) == same(&present) {
        return Err(CliError::Refused(format!(
            "{} is the database itself.",
            file.display()
        )));
    }
    let staged = locked.path().join("rollcall.db.restoring");
    clear(&staged)?;
    let proved = copy(file, &staged).and_then(|()| {
        check::bring_up(&staged)
            .map_err(|error| CliError::Refused(format!("{} cannot be restored: {error}.", file.display())))
    });
    if let Err(error) = proved {
        // The first error is the one to tell.
        let _ = clear(&staged);
        return Err(error);
    }
    let kept = swap(&staged, &present, clock)?;
    Ok(RestoreDone {
        file: file.display().to_string(),
        kept_as: kept.map(|kept| kept.display().to_string()),
    })
}

fn at(file: &Path) -> impl Fn(io::Error) -> CliError {
    let file = file.to_owned();
    move |source| CliError::File {
        file: file.clone(),
        source,
    }
}

/// Copies into a new file that only its owner can read.
fn copy(from: &Path, to: &Path) -> Result<(), CliError> {
    let mut source = File::open(from).map_err(at(from))?;
    let made = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(to);
    let mut copied = made.map_err(at(to))?;
    io::copy(&mut source, &mut copied).map_err(at(to))?;
    Ok(())
}

/// Removes what an earlier try left behind.
fn clear(staged: &Path) -> Result<(), CliError> {
    let beside = BESIDE.map(|end| with_end(staged, end));
    for file in [staged.to_owned()].into_iter().chain(beside) {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&file)(error)),
            _ => {}
        }
    }
    Ok(())
}

/// Puts the staged file in the place of the present one, whose new name this gives. The rename is the moment it happens:
/// before it the old database is in place, after it the new one.
fn swap(staged: &Path, present: &Path, clock: &Clock) -> Result<Option<PathBuf>, CliError> {
    File::open(staged)
        .and_then(|file| file.sync_all())
        .map_err(at(staged))?;
    let time = clock.now().to_string().replace(':', "-");
    let kept = with_end(present, &format!(".before-restore-{time}"));
    let there = present.exists();
    if there {
        fs::hard_link(present, &kept).map_err(at(&kept))?;
    }
    // An old WAL beside the new database would be played into it.
    for end in BESIDE {
        let (old, aside) = (with_end(present, end), with_end(&kept, end));
        match fs::rename(&old, &aside) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(at(&old)(error)),
            _ => {}
        }
    }
    fs::rename(staged, present).map_err(at(present))?;
    if let Some(dir) = present.parent() {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(at(dir))?;
    }
    Ok(there.then_some(kept))
}

fn with_end(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::model::Role;
    use crate::store::{Lane, Store, access};

    /// Opens the database of `dir`, adds an admin if named, and counts them all.
    async fn admins(dir: &Path, email: Option<&'static str>) -> i64 {
        let store = Store::open(dir, Clock::system()).unwrap();
        if let Some(email) = email {
            let work = move |tx: &crate::store::Tx<'_>| access::insert_admin(tx, email, Role::Owner, "x");
            store.write(Lane::Front, None, work).await.unwrap();
        }
        let count = store.read(access::count_admins).await.unwrap();
        store.close();
        count
    }

    async fn backup(dir: &Path, to: &Path) {
        let store = Store::open(dir, Clock::system()).unwrap();
        store.backup(to.to_owned()).await.unwrap();
        store.close();
    }

    #[tokio::test]
    async fn a_backup_comes_back_and_the_present_is_kept() {
        let base = tempfile::tempdir().unwrap();
        let (dir, copy) = (base.path().join("data"), base.path().join("copy"));
        fs::create_dir(&dir).unwrap();
        assert_eq!(admins(&dir, Some("one@example.com")).await, 1);
        backup(&dir, &copy).await;
        assert_eq!(admins(&dir, Some("two@example.com")).await, 2);
        // A WAL that a crash left behind.
        fs::write(dir.join("rollcall.db-wal"), "left behind").unwrap();

        let locked = LockedDir::take(&dir).unwrap();
        let done = restore(&locked, &copy, &Clock::system()).unwrap();
        let kept = PathBuf::from(done.kept_as.unwrap());
        assert!(kept.display().to_string().contains("rollcall.db.before-restore-"));
        assert_eq!(
            fs::read_to_string(with_end(&kept, "-wal")).unwrap(),
            "left behind"
        );
        fs::remove_file(with_end(&kept, "-wal")).unwrap();
        let mode = fs::metadata(dir.join(DATABASE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(!dir.join("rollcall.db.restoring").exists());
        assert_eq!(admins(&dir, None).await, 1);

        // And back again, by the file that was kept.
        restore(&locked, &kept, &Clock::system()).unwrap();
        assert_eq!(admins(&dir, None).await, 2);
    }

    #[tokio::test]
    async fn into_an_empty_directory() {
        let base = tempfile::tempdir().unwrap();
        let (dir, copy) = (base.path().join("data"), base.path().join("copy"));
        fs::create_dir(&dir).unwrap();
        admins(&dir, Some("one@example.com")).await;
        backup(&dir, &copy).await;
        let empty = base.path().join("empty");
        fs::create_dir(&empty).unwrap();
        let done = restore(&LockedDir::take(&empty).unwrap(), &copy, &Clock::system()).unwrap();
        assert_eq!(done.kept_as, None);
        assert_eq!(admins(&empty, None).await, 1);
    }

    #[tokio::test]
    async fn what_is_no_backup_changes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        admins(dir.path(), Some("one@example.com")).await;
        let before = fs::read(dir.path().join(DATABASE)).unwrap();
        let locked = LockedDir::take(dir.path()).unwrap();
        let refused = |file: &Path| restore(&locked, file, &Clock::system()).unwrap_err().to_string();
        let text = dir.path().join("text");
        fs::write(&text, "no database".repeat(1000)).unwrap();
        assert!(
            refused(&text).contains("not an intact SQLite database"),
            "{}",
            refused(&text)
        );
        fs::write(&text, "").unwrap();
        assert!(
            refused(&text).contains("no database of rollcall"),
            "{}",
            refused(&text)
        );
        assert!(refused(&dir.path().join("none")).contains("cannot be used"));
        assert!(refused(&dir.path().join(DATABASE)).contains("is the database itself"));
        assert_eq!(fs::read(dir.path().join(DATABASE)).unwrap(), before);
        let files: Vec<_> = fs::read_dir(dir.path())
            .unwrap()
            .map(|f| f.unwrap().file_name())
            .collect();
        assert!(
            !files.iter().any(|name| name.to_string_lossy().contains("restor")),
            "{files:?}"
        );
    }
}
