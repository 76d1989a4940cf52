//! Secrets: what must be read back (sealed under a key file outside the database), what is only recognised again (hashed),
//! and how each is made. A leaf: it knows no store, no HTTP and no settings.
//!
//! Not here: who may do what (`web`), and where hashes and sealed values are kept (`store`).

mod inbound;
mod password;
mod random;
mod sealer;
mod setup;
mod token;

use std::fmt;

use zeroize::Zeroizing;

pub use inbound::{KEY_LENGTH, NewKey, key_hash};
pub use password::{PasswordError, check_password, hash_password, verify_password};
pub use sealer::{KEY_FILE, KeyState, Sealer};
pub use setup::SetupCode;
pub use token::{
    csrf_matches, csrf_token, random_password, session_token, setup_code, setup_code_matches, token_hash,
};

/// A text that must not be seen: wiped when dropped, redacted in `Debug`, and without `Serialize` or `Display`, so that no
/// answer, log line or template shows it by accident.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes over `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Every call is a place to look at in a review.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// What can go wrong with the key file, a sealed value or a password hash. Each is a sentence for the admin.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The key file cannot be read or written.
    #[error("The key file {file} cannot be used: {source}.")]
    File {
        /// Its path.
        file: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key file has another form than the one written on first start.
    #[error(
        "The key file {0} is damaged: it should hold 64 hexadecimal characters. Put the copy from your backup there."
    )]
    Damaged(String),
    /// The value was sealed under another key, for another place, or was changed.
    #[error(
        "A stored secret cannot be opened with this secret.key: it was sealed under another key, or changed."
    )]
    Sealed,
    /// The password could not be hashed: out of memory.
    #[error("The password could not be hashed: {0}.")]
    Hash(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing() {
        let secret = Secret::new("hunter2hunter2".into());
        assert_eq!(format!("{secret:?}"), "Secret(redacted)");
        assert_eq!(secret.expose(), "hunter2hunter2");
    }
}
