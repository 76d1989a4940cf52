//! The canary grep: no password, key or token that was sent may lie in any file of the data directory.

use std::path::{Path, PathBuf};

/// Shorter ones would be found by chance.
const SHORTEST: usize = 8;

#[track_caller]
pub fn grep(dir: &Path, secrets: &[String]) {
    for secret in secrets.iter().filter(|s| s.len() >= SHORTEST) {
        if let Some(path) = find(dir, secret) {
            panic!("a secret lies in clear in {}", path.display());
        }
    }
}

/// The first file in which this text lies.
pub fn find(dir: &Path, text: &str) -> Option<PathBuf> {
    std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .find(|path| holds(&std::fs::read(path).unwrap(), text))
}

pub fn holds(bytes: &[u8], text: &str) -> bool {
    let (first, text) = (text.as_bytes()[0], text.as_bytes());
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|b| *b == first) {
        if rest[at..].starts_with(text) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}
