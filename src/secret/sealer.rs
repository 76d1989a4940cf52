//! Seals what must be read back (tokens of connected apps): XChaCha20-Poly1305 under the key in `secret.key`.
//!
//! The key lies beside the database, never in it, so a copy of the database alone opens nothing. The database knows only the
//! key's fingerprint. A lost key is never replaced silently: that would turn "restore the file" into "type every token again".
//!
//! A sealed value is a version byte (1), a nonce of 24 bytes, then ciphertext and tag. Row and column are bound in, so a value
//! that is moved elsewhere in the database no longer opens.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::Rng;
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, Zeroizing};

use super::{Secret, SecretError};

/// Its name in the data directory.
pub const KEY_FILE: &str = "secret.key";

const VERSION: u8 = 1;
const NONCE: usize = 24;

/// Holds the key; wiped when dropped.
pub struct Sealer {
    key: Zeroizing<[u8; 32]>,
}

/// Whether stored secrets can be opened.
#[derive(Debug)]
pub enum KeyState {
    /// They can.
    Ready(Sealer),
    /// The file is gone, though the database knows a key.
    Missing,
    /// The file holds another key than the one the database knows.
    Foreign,
}

impl Sealer {
    /// Reads `secret.key` in the data directory `dir`, whose lock the caller holds; makes it only where the database knows
    /// no fingerprint yet.
    ///
    /// # Errors
    /// The file cannot be read or written, or is damaged while no fingerprint is known.
    pub fn open_or_create(dir: &Path, known_fingerprint: Option<&str>) -> Result<KeyState, SecretError> {
        let path = dir.join(KEY_FILE);
        let failed = |source| SecretError::File {
            file: path.display().to_string(),
            source,
        };
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return match known_fingerprint {
                    Some(_) => Ok(KeyState::Missing),
                    None => create(dir, &path).map(KeyState::Ready).map_err(failed),
                };
            }
            Err(error) => return Err(failed(error)),
        };
        match (parse(&text), known_fingerprint) {
            (Some(sealer), None) => Ok(KeyState::Ready(sealer)),
            (Some(sealer), Some(known)) if sealer.fingerprint() == known => Ok(KeyState::Ready(sealer)),
            (_, Some(_)) => Ok(KeyState::Foreign),
            (None, None) => Err(SecretError::Damaged(path.display().to_string())),
        }
    }

    /// Makes a new `secret.key` in `dir`, whose lock the caller holds. A file that is there is kept beside it, its name
    /// ending in `time`; its new path.
    ///
    /// # Errors
    /// The directory cannot be written.
    pub fn renew(dir: &Path, time: &str) -> Result<(Self, Option<PathBuf>), SecretError> {
        let path = dir.join(KEY_FILE);
        let failed = |source| SecretError::File {
            file: path.display().to_string(),
            source,
        };
        let kept = dir.join(format!("{KEY_FILE}.before-renew-{time}"));
        let kept = match fs::hard_link(&path, &kept) {
            Ok(()) => Some(kept),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        Ok((create(dir, &path).map_err(failed)?, kept))
    }

    /// What the database keeps to recognise the key: 32 hexadecimal characters that say nothing about it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = Sha256::new()
            .chain_update("rollcall key fingerprint v1\0")
            .chain_update(*self.key)
            .finalize();
        hex(&hash[..16])
    }

    /// Seals `plain` for one place in the database.
    #[must_use]
    pub fn seal(&self, row: &str, column: &str, plain: &Secret) -> Vec<u8> {
        let mut nonce = [0; NONCE];
        rand::rng().fill_bytes(&mut nonce);
        let aad = place(row, column);
        let payload = Payload {
            msg: plain.expose().as_bytes(),
            aad: &aad,
        };
        #[expect(
            clippy::expect_used,
            reason = "encryption fails only for texts beyond 256 GiB"
        )]
        let ciphertext = self
            .cipher()
            .encrypt(&XNonce::from(nonce), payload)
            .expect("a text that fits in memory");
        [&[VERSION], &nonce[..], &ciphertext].concat()
    }

    /// Opens what `seal` made for the same place.
    ///
    /// # Errors
    /// Sealed under another key, for another place, or changed since.
    pub fn open(&self, row: &str, column: &str, sealed: &[u8]) -> Result<Secret, SecretError> {
        let Some((&[VERSION], rest)) = sealed.split_first_chunk::<1>() else {
            return Err(SecretError::Sealed);
        };
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(SecretError::Sealed)?;
        let aad = place(row, column);
        let payload = Payload {
            msg: ciphertext,
            aad: &aad,
        };
        let plain = self
            .cipher()
            .decrypt(&XNonce::from(*nonce), payload)
            .map_err(|_| SecretError::Sealed)?;
        String::from_utf8(plain).map(Secret::new).map_err(|error| {
            error.into_bytes().zeroize();
            SecretError::Sealed
        })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&*self.key).into())
    }
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealer({})", self.fingerprint())
    }
}

/// Associated data: the length keeps ("ab", "c") and ("a", "bc") apart.
fn place(row: &str, column: &str) -> Vec<u8> {
    [
        &[VERSION],
        &(row.len() as u64).to_le_bytes()[..],
        row.as_bytes(),
        column.as_bytes(),
    ]
    .concat()
}

fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        // A key copied back from a backup with a loose mode is still ours to protect.
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    let mut text = Zeroizing::new(Vec::with_capacity(256));
    file.take(200).read_to_end(&mut text)?;
    Ok(text)
}

fn parse(text: &[u8]) -> Option<Sealer> {
    let digits = text.trim_ascii();
    if digits.len() != 64 {
        return None;
    }
    let mut key = Zeroizing::new([0; 32]);
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let high = char::from(pair[0]).to_digit(16)?;
        let low = char::from(pair[1]).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(Sealer { key })
}

/// Written whole under another name first: a crash leaves either no key or a good one.
fn create(dir: &Path, path: &Path) -> io::Result<Sealer> {
    let mut key = Zeroizing::new([0; 32]);
    rand::rng().fill_bytes(&mut *key);
    let text = Zeroizing::new(hex(&*key));
    let draft = dir.join("secret.key.new");
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(dir)?.sync_all()?;
    Ok(Sealer { key })
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    text
}

#[cfg(test)]
#[path = "sealer_tests.rs"]
mod tests;
