//! The words of a filter. Not its grammar: that is the parser's.
use crate::scim::error::ScimError;

/// A word, and where it starts (in bytes).
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) at: usize,
}

/// What a word is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind<'a> {
    /// A path, an operator, `true`, `false`, `null` or a number: told apart by where it stands.
    Word(&'a str),
    /// `.value` right after a closing bracket, without the dot.
    Sub(&'a str),
    /// A JSON string with its quotes.
    Quoted(&'a str),
    /// One of `( ) [ ]`.
    Mark(char),
}

/// Cuts the text into words; 400 `invalidFilter` where that fails.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, ScimError> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let end = match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {
                at += 1;
                continue;
            }
            b'(' | b')' | b'[' | b']' => {
                found.push(Token {
                    kind: Kind::Mark(char::from(byte)),
                    at,
                });
                at + 1
            }
            b'"' => {
                let end = end_of_string(bytes, at).ok_or_else(|| {
                    ScimError::invalid_filter(format!(
                        "The string at character {} is not closed.",
                        place(text, at)
                    ))
                })?;
                found.push(Token {
                    kind: Kind::Quoted(&text[at..end]),
                    at,
                });
                end
            }
            b'.' if at > 0 && bytes[at - 1] == b']' => {
                let end = end_of_word(bytes, at + 1);
                found.push(Token {
                    kind: Kind::Sub(&text[at + 1..end]),
                    at,
                });
                end
            }
            _ if is_word(byte) => {
                let end = end_of_word(bytes, at);
                found.push(Token {
                    kind: Kind::Word(&text[at..end]),
                    at,
                });
                end
            }
            _ => {
                return Err(ScimError::invalid_filter(format!(
                    "There is a stray character at {}.",
                    place(text, at)
                )));
            }
        };
        at = end;
    }
    Ok(found)
}

/// The number of a character, from 1, as people count.
pub(super) fn place(text: &str, at: usize) -> usize {
    text.char_indices().take_while(|(start, _)| *start < at).count() + 1
}

/// What paths, numbers and keywords are made of. URIs may hold the last six.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'$' | b'-' | b'_' | b':' | b'.' | b'+' | b'/' | b'%' | b'#' | b'~' | b'@'
        )
}

fn end_of_word(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|byte| is_word(**byte)).count()
}

/// The end of the JSON string that starts at `from`; escapes are judged later, by the JSON parser.
fn end_of_string(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}
