//! `rollcall backup FILE` and `rollcall restore FILE`.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, to_value};

use super::answer::{BackupDone, RestoreDone};
use super::command::Command;
use super::{CliError, Output, Plan};

#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// Where to; must not exist
    file: PathBuf,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct RestoreArgs {
    /// A file that `backup` wrote
    pub(super) file: PathBuf,
    /// Print JSON, for scripts
    #[arg(long)]
    pub(super) json: bool,
}

impl BackupArgs {
    pub(super) fn plan(self) -> Result<Plan, CliError> {
        Ok(Plan::new(
            Command::Backup {
                file: absolute(&self.file)?,
            },
            self.json,
            show_backup,
        ))
    }
}

/// The server has another working directory than whoever types the command.
pub(super) fn absolute(file: &Path) -> Result<PathBuf, CliError> {
    std::path::absolute(file).map_err(|source| CliError::File {
        file: file.to_owned(),
        source,
    })
}

fn show_backup(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let done: BackupDone = serde_json::from_value(answer)?;
    out.line(&format!(
        "{} holds the database, {} bytes.",
        done.file, done.bytes
    ))?;
    out.note("Stored tokens open only with secret.key: keep a copy of it elsewhere.");
    Ok(())
}

pub(super) fn show_restored(out: &mut Output<'_>, done: &RestoreDone, json: bool) -> Result<(), CliError> {
    if json {
        return out.json(&to_value(done)?);
    }
    out.line(&format!("{} is in place.", done.file))?;
    out.note("Stored tokens open only with the secret.key of that time: put it beside the database if it is not there.");
    done.kept_as.as_ref().map_or(Ok(()), |kept| {
        out.line(&format!("What was there before is now {kept}."))
    })
}
