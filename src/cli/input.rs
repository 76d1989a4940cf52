//! Secrets from standard input: one line, bounded. They never come as arguments, which other users of the machine can see.

use std::io::{BufRead, Read};

use zeroize::{Zeroize, Zeroizing};

use super::CliError;
use super::command::WireSecret;
use crate::secret::Secret;

const LONGEST: usize = 16 * 1024;

/// Reads one line without its end. `what` names it in errors: "token", "password".
pub(super) fn secret_line(input: &mut dyn BufRead, what: &str) -> Result<WireSecret, CliError> {
    let mut line = Zeroizing::new(Vec::with_capacity(LONGEST + 2));
    let read = input.take(LONGEST as u64 + 2).read_until(b'\n', &mut line);
    read.map_err(|error| {
        CliError::Input(format!("The {what} cannot be read from standard input: {error}."))
    })?;
    while line.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        line.pop();
    }
    if line.len() > LONGEST {
        return Err(CliError::Input(format!(
            "The {what} on standard input is longer than 16 KiB."
        )));
    }
    if line.is_empty() {
        return Err(CliError::Input(format!(
            "There is no {what} on standard input: send it as one line."
        )));
    }
    match String::from_utf8(std::mem::take(&mut line)) {
        Ok(text) => Ok(WireSecret(Secret::new(text))),
        Err(error) => {
            error.into_bytes().zeroize();
            Err(CliError::Input(format!(
                "The {what} on standard input is not UTF-8."
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn read(mut bytes: &[u8]) -> Result<String, String> {
        let line = secret_line(&mut bytes, "token");
        line.map(|secret| secret.0.expose().to_owned())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn one_line_is_read_without_its_end() {
        assert_eq!(read(b"abc def\r\nnext\n").unwrap(), "abc def");
        assert_eq!(read(b" abc").unwrap(), " abc");
    }

    #[test]
    fn what_cannot_be_a_secret_is_refused() {
        assert!(read(b"").unwrap_err().contains("no token"));
        assert!(read(b"\n").unwrap_err().contains("no token"));
        assert!(read(b"\xff\n").unwrap_err().contains("not UTF-8"));
        assert_eq!(read(&vec![b'x'; LONGEST]).unwrap().len(), LONGEST);
        assert!(read(&vec![b'x'; LONGEST + 1]).unwrap_err().contains("longer"));
        assert!(read(&vec![b'x'; 10 * LONGEST]).unwrap_err().contains("longer"));
    }
}
