//! The credential of a target on its way between the store, where it lies sealed, and the connector, which sends it.

use std::sync::Arc;

use thiserror::Error;

use crate::connector::form::clean_token;
use crate::connector::{Connector, Net, Token};
use crate::model::{Instance, InstanceId};
use crate::secret::{KeyState, Secret};
use crate::store::{Store, StoreError, Tx, instances};

/// Why a target cannot be opened.
#[derive(Debug, Error)]
pub enum CredentialError {
    /// The key file is missing or another one.
    #[error("the key file that opens the stored token is missing or another one; put secret.key back, or type the token anew")]
    Sealed,
    /// No token is stored.
    #[error("no token is stored; type it on the settings page")]
    None,
    /// The instance has no target.
    #[error("this instance only receives; it has no app to talk to")]
    NoTarget,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

const COLUMN: &str = "secret";

fn row(id: InstanceId) -> String {
    format!("instances/{}", id.0)
}

/// Seals and stores a token.
///
/// # Errors
/// `Sealed` without the key file; the store's.
pub fn put(tx: &Tx<'_>, keys: &KeyState, id: InstanceId, token: &Secret) -> Result<(), CredentialError> {
    let KeyState::Ready(sealer) = keys else { return Err(CredentialError::Sealed) };
    instances::set_secret(tx, id, &sealer.seal(&row(id), COLUMN, token))?;
    Ok(())
}

/// A connector to an instance's target, with its token.
///
/// # Errors
/// Any of `CredentialError`.
pub async fn connector(store: &Store, keys: &Arc<KeyState>, net: &Net, instance: &Instance) -> Result<Connector, CredentialError> {
    let target = instance.target.as_ref().ok_or(CredentialError::NoTarget)?;
    let id = instance.id;
    let sealed = store.read(move |rx| instances::sealed_secret(rx, id)).await?.ok_or(CredentialError::None)?;
    let KeyState::Ready(sealer) = keys.as_ref() else { return Err(CredentialError::Sealed) };
    let secret = sealer.open(&row(id), COLUMN, &sealed).map_err(|_| CredentialError::Sealed)?;
    Ok(Connector::open(target, token(&secret)?, net.clone()))
}

fn token(secret: &Secret) -> Result<Token, CredentialError> {
    clean_token(secret.expose()).map_err(|_| CredentialError::Sealed)
}
