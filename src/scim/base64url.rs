//! Bytes as letters: base64url without padding, RFC 4648 §5. All of it is unreserved in URLs.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The bytes in letters.
pub fn encoded(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let at = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for n in 0..=three.len() {
            let index = (bits >> (18 - 6 * n)) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

/// The bytes again; `None` for what `encoded` does not write.
pub fn decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for four in text.as_bytes().chunks(4) {
        let mut bits = 0_u32;
        for (n, byte) in four.iter().enumerate() {
            let value = ALPHABET.iter().position(|letter| letter == byte)?;
            bits |= u32::try_from(value).ok()? << (18 - 6 * n);
        }
        let [_, three @ ..] = bits.to_be_bytes();
        bytes.extend(three.iter().take(four.len() - 1));
    }
    // One form only: stray bits at the end, or a single last letter, are of nobody's making.
    (encoded(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_that_of_the_rfc() {
        assert_eq!(encoded(b"fooba"), "Zm9vYmE");
        assert_eq!(encoded(&[251, 239, 255]), "--__");
        for none in ["Z", "Zg==", "Zh", "Zm9v+A", "é"] {
            assert_eq!(decoded(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn bytes_come_back(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(decoded(&encoded(&bytes)), Some(bytes));
        }
    }
}
