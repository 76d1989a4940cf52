//! One form for values that mean the same: keys sorted, multi-valued attributes without order, nothing unassigned.

use std::fmt::Write as _;

use serde_json::Value;
use sha2::{Digest, Sha256};

/// 16 hex digits that stand for a value; none for one that counts as unassigned (RFC 7643 §2.5).
#[must_use]
pub fn digest(value: &Value) -> Option<String> {
    let mut text = String::new();
    write(value, &mut text);
    if text.is_empty() {
        return None;
    }
    let hash = Sha256::digest(text.as_bytes());
    Some(
        hash.iter()
            .take(8)
            .fold(String::with_capacity(16), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            }),
    )
}

/// Appends nothing for null, an empty list and an object without assigned parts.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => out.push_str(&value.to_string()),
        Value::Array(values) => {
            let mut parts: Vec<String> = values.iter().map(text).filter(|t| !t.is_empty()).collect();
            parts.sort_unstable();
            if !parts.is_empty() {
                let _ = write!(out, "[{}]", parts.join(","));
            }
        }
        Value::Object(object) => {
            let assigned = object.iter().filter(|(name, part)| !is_default(name, part));
            let mut parts: Vec<String> = assigned
                .map(|(name, part)| (name, text(part)))
                .filter(|(_, text)| !text.is_empty())
                .map(|(name, text)| format!("{}:{text}", Value::from(name.as_str())))
                .collect();
            parts.sort_unstable();
            if !parts.is_empty() {
                let _ = write!(out, "{{{}}}", parts.join(","));
            }
        }
    }
}

/// `primary: false` says no more than its absence, and `$ref` is the server's to make.
fn is_default(name: &str, part: &Value) -> bool {
    (name == "primary" && part == &Value::Bool(false)) || name == "$ref"
}

fn text(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}
