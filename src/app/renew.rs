//! A new key file for a hub whose old one is lost: asked for by a person, never made silently (DESIGN §3).

use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;

use super::Hub;
use crate::secret::{KEY_FILE, KeyState, Sealer, SecretError};
use crate::store::{Lane, StoreError, Tx, instances, settings};
use crate::sync::health;

/// What a new key meant.
#[derive(Debug)]
pub struct Renewed {
    /// The new file.
    pub key_file: PathBuf,
    /// Where the file that was there before lies now.
    pub kept_as: Option<PathBuf>,
    /// Slugs of the instances whose token must be typed again.
    pub instances: Vec<String>,
}

/// Why there is no new key.
#[derive(Debug, Error)]
pub enum RenewError {
    /// The present one is the right one.
    #[error("secret.key is there and opens the stored tokens, so there is nothing to renew")]
    Ready,
    /// The file.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Hub {
    /// Makes a new key file and clears what the lost one had sealed. The hub still holds the old state: close it after
    /// this. Ended half-way, it leaves a key the database does not know; asking again then makes another.
    ///
    /// # Errors
    /// `Ready` when nothing is lost; then nothing was changed.
    pub async fn renew_key(&self) -> Result<Renewed, RenewError> {
        if let KeyState::Ready(_) = *self.keys {
            return Err(RenewError::Ready);
        }
        let dir = &self.config.data_dir;
        let time = self.store.clock().now().to_string().replace(':', "-");
        let (sealer, kept_as) = Sealer::renew(dir, &time)?;
        let fingerprint = sealer.fingerprint();
        let keys = Arc::new(KeyState::Ready(sealer));
        let work = move |tx: &Tx<'_>| -> Result<Vec<String>, StoreError> {
            settings::set(tx, settings::KEY_FINGERPRINT, &fingerprint)?;
            let mut slugs = Vec::new();
            for instance in instances::list(tx)?.into_iter().filter(|i| i.target.is_some()) {
                instances::clear_secret(tx, instance.id)?;
                slugs.push(instance.slug);
            }
            health::look_at_tokens(tx, &keys)?;
            Ok(slugs)
        };
        Ok(Renewed {
            instances: self.store.write(Lane::Front, None, work).await?,
            key_file: dir.join(KEY_FILE),
            kept_as,
        })
    }
}
