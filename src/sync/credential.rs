//! The credential of a target on its way between the store, where it lies sealed, and the connector, which sends it.

use thiserror::Error;

use super::token;
use crate::connector::Token;
use crate::model::InstanceId;
use crate::secret::{KeyState, Secret};
use crate::store::{Rx, StoreError, Tx, instances};

/// Why a stored token cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum CredentialError {
    /// There is no key file.
    #[error(
        "the key file secret.key is missing, so stored tokens cannot be opened; put it back and start again, or make a new \
         one with `rollcall secret renew`"
    )]
    Missing,
    /// The key file is not the one that sealed it.
    #[error(
        "the key file secret.key is not the one that sealed the stored tokens; put that back and start again, or make a new \
         one with `rollcall secret renew`"
    )]
    Foreign,
    /// It was changed, or belongs elsewhere.
    #[error(
        "the stored token was changed and secret.key does not open it; type it again on the settings page"
    )]
    Damaged,
    /// It was cleared with the key that had sealed it.
    #[error("no token is stored; type it on the settings page")]
    Absent,
}

const COLUMN: &str = "secret";
const COLUMN_BEFORE: &str = "secret_before";

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
    instances::set_secret(tx, id, &sealed, token::end_of_jwt(token.expose()))?;
    Ok(true)
}

/// Keeps the stored token beside the one that takes its place, until that has worked. One that is kept already stays: it
/// is the last that did work.
///
/// # Errors
/// When the database fails.
pub fn keep(tx: &Tx<'_>, keys: &KeyState, id: InstanceId) -> Result<(), StoreError> {
    if instances::sealed_secret_before(tx, id)?.is_some() {
        return Ok(());
    }
    if let (KeyState::Ready(sealer), Ok(token)) = (keys, stored(tx, keys, id)?) {
        let sealed = sealer.seal(&row(id), COLUMN_BEFORE, &Secret::new(token.expose().to_owned()));
        instances::keep_secret_before(tx, id, &sealed)?;
    }
    Ok(())
}

/// The token that was kept takes its place again; `false` without the key file.
///
/// # Errors
/// When the database fails.
pub fn put_back(tx: &Tx<'_>, keys: &KeyState, id: InstanceId, token: &Token) -> Result<bool, StoreError> {
    let KeyState::Ready(sealer) = keys else {
        return Ok(false);
    };
    let sealed = sealer.seal(&row(id), COLUMN, &Secret::new(token.expose().to_owned()));
    instances::put_secret_back(tx, id, &sealed)?;
    Ok(true)
}

/// The token in the clear, for one piece of work.
///
/// # Errors
/// The key file is missing or another one; or the value was changed.
pub fn open(keys: &KeyState, id: InstanceId, sealed: &[u8]) -> Result<Token, CredentialError> {
    open_at(COLUMN, keys, id, sealed)
}

/// The same for the token that was kept.
///
/// # Errors
/// As `open`.
pub fn open_before(keys: &KeyState, id: InstanceId, sealed: &[u8]) -> Result<Token, CredentialError> {
    open_at(COLUMN_BEFORE, keys, id, sealed)
}

fn open_at(column: &str, keys: &KeyState, id: InstanceId, sealed: &[u8]) -> Result<Token, CredentialError> {
    can_seal(keys)?;
    let KeyState::Ready(sealer) = keys else {
        return Err(CredentialError::Missing);
    };
    let opened = sealer
        .open(&row(id), column, sealed)
        .map_err(|_| CredentialError::Damaged)?;
    Ok(Token::new(opened.expose().to_owned()))
}

/// The stored token, or why it cannot be used.
///
/// # Errors
/// When the database fails.
pub fn stored(
    rx: &Rx<'_>,
    keys: &KeyState,
    id: InstanceId,
) -> Result<Result<Token, CredentialError>, StoreError> {
    let sealed = instances::sealed_secret(rx, id)?;
    Ok(sealed
        .ok_or(CredentialError::Absent)
        .and_then(|sealed| open(keys, id, &sealed)))
}
