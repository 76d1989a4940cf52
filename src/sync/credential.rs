//! The credential of a target on its way between the store, where it lies sealed, and the connector, which sends it.

use thiserror::Error;

use crate::connector::Token;
use crate::model::InstanceId;
use crate::secret::{KeyState, Secret};
use crate::store::{StoreError, Tx, instances};

/// Why a stored token cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CredentialError {
    /// There is no key file.
    #[error(
        "the key file secret.key is missing, so the stored token cannot be opened; put it back, or enter the token again"
    )]
    Missing,
    /// The key file is not the one that sealed it.
    #[error(
        "the key file secret.key is not the one that sealed the stored token; put the right one back, or enter the token again"
    )]
    Foreign,
}

const COLUMN: &str = "secret";

fn row(id: InstanceId) -> String {
    format!("instances/{}", id.0)
}

/// Whether a token could be sealed now.
///
/// # Errors
/// The key file is missing or another one.
pub fn can_seal(keys: &KeyState) -> Result<(), CredentialError> {
    match keys {
        KeyState::Ready(_) => Ok(()),
        KeyState::Missing => Err(CredentialError::Missing),
        KeyState::Foreign => Err(CredentialError::Foreign),
    }
}

/// Seals and stores a token; `false` without the key file.
///
/// # Errors
/// When the database fails.
pub fn put(tx: &Tx<'_>, keys: &KeyState, id: InstanceId, token: &Token) -> Result<bool, StoreError> {
    let KeyState::Ready(sealer) = keys else {
        return Ok(false);
    };
    let sealed = sealer.seal(&row(id), COLUMN, &Secret::new(token.expose().to_owned()));
    instances::set_secret(tx, id, &sealed)?;
    Ok(true)
}

/// The token in the clear, for one piece of work.
///
/// # Errors
/// The key file is missing or another one.
pub fn open(keys: &KeyState, id: InstanceId, sealed: &[u8]) -> Result<Token, CredentialError> {
    can_seal(keys)?;
    let KeyState::Ready(sealer) = keys else {
        return Err(CredentialError::Missing);
    };
    let opened = sealer
        .open(&row(id), COLUMN, sealed)
        .map_err(|_| CredentialError::Foreign)?;
    Ok(Token::new(opened.expose().to_owned()))
}
