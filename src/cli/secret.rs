//! `rollcall secret renew`: a new key file in the place of one that is lost. The caller holds the lock, so no server runs.
//!
//! Nothing opens what the lost key had sealed: the stored tokens are cleared, and each instance with an app is Failing until
//! its token is typed again. Everything else stays.

use clap::Subcommand;
use serde_json::to_value;

use super::answer::RenewDone;
use super::execute::sentence;
use super::{CliError, LockedDir, Output};
use crate::app::{Hub, Tuning};
use crate::config::{Config, Env, Flags};

#[derive(Debug, Subcommand)]
pub(super) enum SecretVerb {
    /// Make a new secret.key when the old one is lost for good; the tokens of apps must then be typed again
    Renew {
        /// Really
        #[arg(long, required = true)]
        yes: bool,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
}

/// Makes the new key, with the settings that a server would have.
///
/// # Errors
/// The present key is the right one, or the directory cannot be written: then nothing was changed.
pub async fn renew(locked: &LockedDir, env: &Env) -> Result<RenewDone, CliError> {
    let refused = |error: String| CliError::Refused(error);
    let config = Config::load(locked.path(), None, env, &Flags::new())?;
    let hub = Hub::open(config, Tuning::default()).await;
    let hub = hub.map_err(|error| refused(sentence(error)))?;
    let store = hub.store.clone();
    let renewed = hub.renew_key().await;
    // Joining the writer may wait for the disk.
    let closed = tokio::task::spawn_blocking(move || store.close()).await;
    closed.map_err(|error| refused(sentence(error)))?;
    let renewed = renewed.map_err(|error| refused(sentence(error)))?;
    Ok(RenewDone {
        key_file: renewed.key_file.display().to_string(),
        kept_as: renewed.kept_as.map(|kept| kept.display().to_string()),
        instances: renewed.instances,
    })
}

pub(super) fn show_renewed(out: &mut Output<'_>, done: &RenewDone, json: bool) -> Result<(), CliError> {
    if json {
        return out.json(&to_value(done)?);
    }
    out.line(&format!("{} is a new key.", done.key_file))?;
    if let Some(kept) = &done.kept_as {
        out.line(&format!("What was there before is now {kept}."))?;
    }
    for slug in &done.instances {
        out.line(&format!("Type the token of {slug} again on its settings page."))?;
    }
    out.note("Keep a copy of the new key apart from the backups.");
    Ok(())
}
