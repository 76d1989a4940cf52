//! Passwords of admins: argon2id (RFC 9106) with a salt of its own each, kept as a PHC string.
//!
//! One hash costs about 19 MiB and tens of milliseconds: callers run it off the async threads behind a bounded queue.
//! The `password` attribute of SCIM users never comes here: it is dropped before anything sees it.

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};

use super::{Secret, SecretError};

const SHORTEST: usize = 10;
const LONGEST: usize = 256;

/// Stands in for the hash of an account that doesn't exist, so that asking for one takes as long. Nobody knows a password
/// for it, and a match would not count.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$3CDpj7hCrdl6V0qYI+kb2A$mp1oIy/wa6v0BU9RtNkYV0/DbRfvCZ9rGgb/Gnu92W0";

/// Why a password is not taken, as a sentence for the person who chose it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too short.
    #[error("The password needs at least {SHORTEST} characters.")]
    Short,
    /// Too long.
    #[error("The password may have at most {LONGEST} characters.")]
    Long,
}

/// Whether a new password may be taken: 10 to 256 characters of any kind.
///
/// # Errors
/// A sentence that says what to change.
pub fn check_password(password: &str) -> Result<(), PasswordError> {
    match password.chars().take(LONGEST + 1).count() {
        0..SHORTEST => Err(PasswordError::Short),
        SHORTEST..=LONGEST => Ok(()),
        _ => Err(PasswordError::Long),
    }
}

/// The PHC string to keep. Slow on purpose.
///
/// # Errors
/// Only when memory runs out.
pub fn hash_password(password: &Secret) -> Result<String, SecretError> {
    let hash = Argon2::default().hash_password(password.expose().as_bytes());
    hash.map(|hash| hash.to_string())
        .map_err(|error| SecretError::Hash(error.to_string()))
}

/// Whether `password` opens the account that has `hash`; for an account that doesn't exist pass `None`, which takes as long
/// and says no. Slow on purpose.
#[must_use]
pub fn verify_password(password: &Secret, hash: Option<&str>) -> bool {
    // No password of ours is longer: what is too long to be hashed is refused whether or not the account exists.
    if password.expose().len() > 4 * LONGEST {
        return false;
    }
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    Argon2::default()
        .verify_password(password.expose().as_bytes(), &parsed)
        .is_ok()
        && hash.is_some()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn secret(text: &str) -> Secret {
        Secret::new(text.into())
    }

    #[test]
    fn a_hash_opens_with_its_password_only() {
        let hash = hash_password(&secret("correct horse")).unwrap();
        assert!(verify_password(&secret("correct horse"), Some(&hash)));
        assert!(!verify_password(&secret("correct horse "), Some(&hash)));
        assert!(!verify_password(&secret("correct horse"), Some("not a hash")));
        assert_ne!(hash, hash_password(&secret("correct horse")).unwrap());
    }

    #[test]
    fn nobody_costs_what_an_account_costs_and_says_no() {
        let real = hash_password(&secret("correct horse")).unwrap();
        let cost = |hash: &str| hash.split('$').take(4).map(str::to_owned).collect::<Vec<_>>();
        let length = |hash: &str| hash.split('$').skip(4).map(str::len).collect::<Vec<_>>();
        assert_eq!(cost(NOBODY), cost(&real));
        assert_eq!(length(NOBODY), length(&real));
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(!verify_password(&secret("anything at all"), None));
    }

    #[test]
    fn length_is_counted_in_characters() {
        assert_eq!(check_password("nine char"), Err(PasswordError::Short));
        assert_eq!(check_password("ten charac"), Ok(()));
        assert_eq!(check_password(&"é".repeat(256)), Ok(()));
        assert_eq!(check_password(&"é".repeat(257)), Err(PasswordError::Long));
        assert!(!verify_password(&secret(&"x".repeat(5000)), None));
    }
}
