//! Random text from the system's generator (`ThreadRng`: ChaCha, seeded and reseeded by the operating system).

use rand::RngExt;
use zeroize::Zeroizing;

/// Digits and letters in ASCII order.
pub(super) const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// What nobody mistakes when reading aloud or typing: no 0 O 1 I L.
pub(super) const CLEAR: &[u8; 31] = b"23456789ABCDEFGHJKMNPQRSTUVWXYZ";

/// Appends `count` characters of `alphabet`, each equally likely.
pub(super) fn push(text: &mut Zeroizing<String>, alphabet: &[u8], count: usize) {
    let mut rng = rand::rng();
    for _ in 0..count {
        text.push(char::from(alphabet[rng.random_range(0..alphabet.len())]));
    }
}

/// An empty text whose later growth to `capacity` leaves no copies behind in freed memory.
pub(super) fn room(capacity: usize) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(capacity))
}
