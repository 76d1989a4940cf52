//! Bytes of a request body to JSON. The size of the body is bounded before, by whoever reads it.
use serde_json::Value;

use crate::scim::error::ScimError;

/// Reads a body: 400 `invalidSyntax` if it is not JSON, or nested deeper than 127 levels. Of two equal keys the last counts.
pub fn parse_json(bytes: &[u8]) -> Result<Value, ScimError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ScimError::invalid_syntax(
            "The body is empty; it has to be a JSON object.",
        ));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let why = match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            _ if error.to_string().starts_with("recursion limit") => "it is nested too deep",
            _ => "it does not parse",
        };
        ScimError::invalid_syntax(format!(
            "The body is not JSON: {why} (line {}, column {}).",
            error.line(),
            error.column()
        ))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::scim::error::ScimType;

    #[test]
    fn what_is_not_json_is_a_syntax_error() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for bytes in [
            b"".as_slice(),
            b"  ",
            b"{",
            b"{\"a\":1}x",
            b"\xff",
            b"<html>",
            deep.as_bytes(),
        ] {
            assert_eq!(
                parse_json(bytes).unwrap_err().scim_type,
                Some(ScimType::InvalidSyntax)
            );
        }
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        assert_eq!(parse_json(br#"{"a":1,"a":2}"#).unwrap(), json!({ "a": 2 }));
    }
}
