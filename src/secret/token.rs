//! Random tokens that are not API keys: sessions and the CSRF token of each, the set-up code, made-up passwords.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Secret;
use super::random::{self, BASE62, CLEAR};

const SESSION: usize = 43;
const SETUP_HALF: usize = 5;

/// A session's token, for its cookie: 256 random bits.
#[must_use]
pub fn session_token() -> Secret {
    let mut text = random::room(SESSION);
    random::push(&mut text, BASE62, SESSION);
    Secret(text)
}

/// What the store keeps of a session's token and looks it up by.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    labelled("rollcall session v1", token)
}

/// The CSRF token of the forms of one session: derived, so nothing more is kept, and it gives the session away to nobody.
#[must_use]
pub fn csrf_token(session: &Secret) -> String {
    labelled("rollcall csrf v1", session.expose())
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Whether a form brought the CSRF token of its session, in constant time.
#[must_use]
pub fn csrf_matches(session: &Secret, presented: &str) -> bool {
    csrf_token(session).as_bytes().ct_eq(presented.as_bytes()).into()
}

/// The code with which the first admin proves to sit at the server: 10 characters of an alphabet without look-alikes
/// (49 bits), written `K7QF2-M9XZ4`. Guessing is throttled by whoever asks for it.
#[must_use]
pub fn setup_code() -> Secret {
    let mut text = random::room(2 * SETUP_HALF + 1);
    random::push(&mut text, CLEAR, SETUP_HALF);
    text.push('-');
    random::push(&mut text, CLEAR, SETUP_HALF);
    Secret(text)
}

/// Whether `typed` is the set-up code, however it is spaced, hyphened or cased; in constant time.
#[must_use]
pub fn setup_code_matches(code: &Secret, typed: &str) -> bool {
    if typed.len() > 64 {
        return false;
    }
    plain(code.expose())
        .as_bytes()
        .ct_eq(plain(typed).as_bytes())
        .into()
}

/// A password for an account that the program makes itself: 16 characters (79 bits) in four groups.
#[must_use]
pub fn random_password() -> Secret {
    let mut text = random::room(19);
    for group in 0..4 {
        if group > 0 {
            text.push('-');
        }
        random::push(&mut text, CLEAR, 4);
    }
    Secret(text)
}

fn plain(code: &str) -> Zeroizing<String> {
    let kept = code.chars().filter(char::is_ascii_alphanumeric);
    Zeroizing::new(kept.map(|c| c.to_ascii_uppercase()).collect())
}

fn labelled(label: &str, token: &str) -> [u8; 32] {
    Sha256::new()
        .chain_update(label)
        .chain_update([0])
        .chain_update(token)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_and_its_csrf_token_are_unlike() {
        let (one, two) = (session_token(), session_token());
        assert_eq!(one.expose().len(), 43);
        assert_ne!(one.expose(), two.expose());
        assert_ne!(token_hash(one.expose()), token_hash(two.expose()));
        assert!(csrf_matches(&one, &csrf_token(&one)));
        assert!(!csrf_matches(&two, &csrf_token(&one)));
        assert!(!csrf_matches(&one, "") && !csrf_matches(&one, one.expose()));
        let hash: String = token_hash(one.expose())
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_ne!(hash, csrf_token(&one));
    }

    #[test]
    fn the_setup_code_forgives_how_it_is_typed() {
        let code = setup_code();
        let shown = code.expose();
        assert_eq!((shown.len(), shown.as_bytes()[5]), (11, b'-'));
        assert!(shown.bytes().all(|b| b == b'-' || CLEAR.contains(&b)));
        let typed = format!(" {} ", shown.to_lowercase().replace('-', " "));
        assert!(setup_code_matches(&code, &typed));
        assert!(!setup_code_matches(&code, &shown[1..]));
        assert!(!setup_code_matches(&code, "") && !setup_code_matches(&code, &"-".repeat(1000)));
    }

    #[test]
    fn a_made_up_password_passes_our_own_check() {
        let password = random_password();
        assert_eq!(password.expose().len(), 19);
        assert!(super::super::check_password(password.expose()).is_ok());
    }
}
