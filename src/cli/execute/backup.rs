//! A copy of the database while it is in use.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tokio::task::spawn_blocking;

use super::sentence;
use crate::app::Hub;
use crate::cli::answer::BackupDone;
use crate::store::{Lane, StoreError, Tx, settings};

/// When the last backup was written, in milliseconds since 1970: what the doctor reads.
pub(super) const LAST_BACKUP: &str = "last_backup_at";

pub(super) async fn backup(hub: &Hub, file: PathBuf) -> Result<BackupDone, String> {
    if !file.is_absolute() {
        return Err("The file to write needs an absolute path.".into());
    }
    if file.symlink_metadata().is_ok() {
        return Err(format!(
            "{} exists already. Choose another name: a backup replaces nothing.",
            file.display()
        ));
    }
    if let Some(dir) = file.parent().filter(|dir| !dir.is_dir()) {
        return Err(format!(
            "The folder {} does not exist, or cannot be seen by the user that rollcall runs as.",
            dir.display()
        ));
    }
    hub.store.backup(file.clone()).await.map_err(sentence)?;
    let written = file.clone();
    let bytes = spawn_blocking(move || on_disk(&written))
        .await
        .map_err(sentence)?;
    let bytes =
        bytes.map_err(|error| format!("{} cannot be brought to the disk: {error}.", file.display()))?;
    let note =
        |tx: &Tx<'_>| -> Result<(), StoreError> { settings::set(tx, LAST_BACKUP, &tx.now().0.to_string()) };
    hub.store.write(Lane::Front, None, note).await.map_err(sentence)?;
    Ok(BackupDone {
        file: file.display().to_string(),
        bytes,
    })
}

/// Its size, once the file and its name are on the disk.
fn on_disk(file: &Path) -> io::Result<u64> {
    File::open(file)?.sync_all()?;
    if let Some(dir) = file.parent() {
        File::open(dir)?.sync_all()?;
    }
    fs::metadata(file).map(|found| found.len())
}
