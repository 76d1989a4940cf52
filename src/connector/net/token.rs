//! The credential of a target in memory, and the one function that makes foreign text fit to be shown: neither a token
//! nor a control character gets through it.

use std::fmt;

use zeroize::Zeroizing;

/// Most characters of a target's own words that are kept.
pub(super) const TEXT_LIMIT: usize = 200;

/// From so many equal leading characters on, a piece of the token counts as the token.
const PIECE: usize = 8;

/// A target's secret: a token, password or client secret. It is wiped when dropped and never printed.
#[derive(Clone)]
pub struct Token(Zeroizing<String>);

impl Token {
    /// Takes the text as it is; `form::clean_token` is for what people paste.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself, for a header or for sealing. Never log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// Makes a target's words fit for events, logs and pages: secrets and pieces of them are masked (also when
/// percent-encoded), control characters become blanks, at most `TEXT_LIMIT` characters stay.
#[must_use]
pub(super) fn clean(text: &str, secrets: &[Token]) -> String {
    let mut masked: String = text.chars().take(TEXT_LIMIT * 8).collect();
    for secret in secrets {
        let encoded: String = url::form_urlencoded::byte_serialize(secret.expose().as_bytes()).collect();
        masked = mask(&mask(&masked, secret.expose()), &encoded);
    }
    let words: Vec<&str> = masked
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|w| !w.is_empty())
        .collect();
    let line = words.join(" ");
    if line.chars().count() <= TEXT_LIMIT {
        return line;
    }
    line.chars().take(TEXT_LIMIT - 1).chain(['…']).collect()
}

fn mask(text: &str, secret: &str) -> String {
    let needed = secret.chars().count().min(PIECE);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let same: Vec<char> = rest
            .chars()
            .zip(secret.chars())
            .take_while(|(a, b)| a == b)
            .map(|(a, _)| a)
            .collect();
        if needed > 2 && same.len() >= needed {
            out.push_str("•••");
            rest = &rest[same.iter().map(|c| c.len_utf8()).sum()..];
        } else {
            out.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> [Token; 1] {
        [Token::new("s3cret/token+abcdef".into())]
    }

    #[test]
    fn a_token_is_masked_whole_cut_and_encoded() {
        assert_eq!(clean("bad key s3cret/token+abcdef!", &token()), "bad key •••!");
        assert_eq!(clean("bad key s3cret/tok…", &token()), "bad key •••…");
        assert_eq!(clean("q=s3cret%2Ftoken%2Babcdef", &token()), "q=•••");
        assert_eq!(clean("s3cs3cret/token+abcdef", &token()), "s3c•••");
    }

    #[test]
    fn text_is_one_short_line() {
        assert_eq!(clean("a\r\n\u{1b}[31mb\tc", &token()), "a [31mb c");
        let long = clean(&"é".repeat(5000), &token());
        assert_eq!(long.chars().count(), TEXT_LIMIT);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn debug_tells_nothing() {
        assert_eq!(format!("{:?}", token()[0]), "Token(…)");
    }
}
