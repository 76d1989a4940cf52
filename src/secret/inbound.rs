//! Inbound API keys: `rc_`, 43 random base62 characters (256 bits), 6 base62 characters of CRC-32 over all before.
//!
//! The checksum lets a mistyped or foreign key be refused without a look-up, and lets scanners of leaked secrets recognise
//! ours. At rest there is only SHA-256: the key has full entropy, so a slow hash would protect nothing and cost everything.

use sha2::{Digest, Sha256};

use super::Secret;
use super::random::{self, BASE62};

const START: &str = "rc_";
const RANDOM: usize = 43;
const CHECK: usize = 6;
const PREFIX: usize = 10;

/// Bytes of a whole key.
pub const KEY_LENGTH: usize = START.len() + RANDOM + CHECK;

/// A key just made: the only moment at which its text exists.
#[derive(Debug)]
pub struct NewKey {
    /// The key, to be shown once.
    pub plain: Secret,
    /// SHA-256 of the key, to be kept and looked up.
    pub hash: [u8; 32],
    /// The first 10 characters, to tell keys apart.
    pub prefix: String,
}

impl NewKey {
    /// Makes a key.
    #[must_use]
    pub fn generate() -> Self {
        let mut text = random::room(KEY_LENGTH);
        text.push_str(START);
        random::push(&mut text, BASE62, RANDOM);
        let check = checksum(text.as_bytes());
        text.extend(check.iter().copied().map(char::from));
        let hash = Sha256::digest(text.as_bytes()).into();
        Self {
            prefix: text[..PREFIX].to_owned(),
            plain: Secret(text),
            hash,
        }
    }
}

/// What to look a presented key up by; `None` when it has not the form or checksum of one of ours.
#[must_use]
pub fn key_hash(presented: &str) -> Option<[u8; 32]> {
    let bytes = presented.as_bytes();
    if bytes.len() != KEY_LENGTH || !bytes.starts_with(START.as_bytes()) {
        return None;
    }
    let (body, check) = bytes.split_at(KEY_LENGTH - CHECK);
    let formed = body[START.len()..].iter().all(u8::is_ascii_alphanumeric);
    (formed && check == checksum(body)).then(|| Sha256::digest(bytes).into())
}

fn checksum(body: &[u8]) -> [u8; CHECK] {
    let mut rest = crc32fast::hash(body);
    let mut text = [b'0'; CHECK];
    for place in text.iter_mut().rev() {
        *place = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_made_key_is_recognised() {
        let key = NewKey::generate();
        let plain = key.plain.expose();
        assert_eq!(plain.len(), 52);
        assert!(plain.starts_with("rc_") && plain.starts_with(&key.prefix));
        assert_eq!(key.prefix.len(), 10);
        assert_eq!(key_hash(plain).unwrap(), key.hash);
        assert_ne!(NewKey::generate().hash, key.hash);
    }

    #[test]
    fn every_changed_character_is_refused() {
        let plain = NewKey::generate().plain.expose().to_owned();
        for at in 0..plain.len() {
            let mut bytes = plain.clone().into_bytes();
            bytes[at] = if bytes[at] == b'x' { b'y' } else { b'x' };
            assert_eq!(
                key_hash(&String::from_utf8(bytes).unwrap()),
                None,
                "character {at}"
            );
        }
    }

    #[test]
    fn other_forms_are_refused() {
        let plain = NewKey::generate().plain.expose().to_owned();
        for bad in [
            "",
            "rc_",
            "Bearer",
            &plain[1..],
            &format!("{plain}0"),
            &"é".repeat(26),
            &plain.to_lowercase(),
        ] {
            assert_eq!(key_hash(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_checksum_is_fixed_for_all_time() {
        assert_eq!(&checksum(b""), b"000000");
        assert_eq!(
            &checksum(b"rc_0000000000000000000000000000000000000000000"),
            b"2bgPyo"
        );
    }
}
