//! The canary grep: no password, key or token that was sent may lie in any file of the data directory.

use std::path::Path;

pub fn grep(dir: &Path, secrets: &[String]) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_file() {
            continue;
        }
        let bytes = std::fs::read(&path).unwrap();
        for secret in secrets.iter().filter(|s| s.len() >= 8) {
            let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
            assert!(!found, "a secret lies in clear in {}", path.display());
        }
    }
}
