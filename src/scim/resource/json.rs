//! Bytes of a request body to JSON. The size of the body is bounded before, by whoever reads it.
use serde_json::Value;

use super::depth;
use crate::scim::error::ScimError;
use crate::scim::rules::Limits;

/// Reads a body: 400 `invalidSyntax` if it is not JSON, or nested too deep. Of two equal keys the last counts.
pub fn parse_json(bytes: &[u8], limits: &Limits) -> Result<Value, ScimError> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(ScimError::invalid_syntax(
            "The body is empty; it has to be a JSON object.",
        ));
    }
    let too_deep = || {
        ScimError::invalid_syntax(format!(
            "The body is nested deeper than {} levels.",
            limits.nesting
        ))
    };
    let body = serde_json::from_slice(bytes).map_err(|error| {
        let why = match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            _ if error.to_string().starts_with("recursion limit") => return too_deep(),
            _ => "it does not parse",
        };
        ScimError::invalid_syntax(format!(
            "The body is not JSON: {why} (line {}, column {}).",
            error.line(),
            error.column()
        ))
    })?;
    if depth(&body) > limits.nesting {
        return Err(too_deep());
    }
    Ok(body)
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
                parse_json(bytes, &Limits::default()).unwrap_err().scim_type,
                Some(ScimType::InvalidSyntax)
            );
        }
    }

    #[test]
    fn nesting_is_bounded() {
        for nesting in [3, Limits::MOST_NESTING] {
            let limits = Limits {
                nesting,
                ..Limits::default()
            };
            let deep = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
            assert!(parse_json(deep(nesting).as_bytes(), &limits).is_ok());
            let error = parse_json(deep(nesting + 1).as_bytes(), &limits).unwrap_err();
            assert!(error.detail.contains(&format!(" {nesting} ")), "{}", error.detail);
        }
    }

    #[test]
    fn the_last_of_two_equal_keys_counts() {
        assert_eq!(
            parse_json(br#"{"a":1,"a":2}"#, &Limits::default()).unwrap(),
            json!({ "a": 2 })
        );
    }
}
