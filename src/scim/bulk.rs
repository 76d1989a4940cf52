//! Bulk: RFC 7644 §3.7. The message, what its operations refer to, and in what order they can run.
//!
//! Nothing here runs an operation or knows what became of one. What is wrong with the message as a whole is refused as a
//! whole; what is wrong with one operation is the answer to that operation.
mod operation;
mod order;
mod references;

use std::collections::HashSet;

use serde_json::Value;

use super::Attributes;
use super::error::{ScimError, quote};
pub use operation::{Ask, Method, Operation};
pub use order::{Step, steps};
pub use references::{Created, resolve, set_apart};

/// A message that was read.
#[derive(Debug, PartialEq)]
pub struct BulkRequest {
    /// After so many errors nothing more is run; `None`: all are run whatever happens.
    pub fail_on_errors: Option<usize>,
    /// In the order of the message.
    pub operations: Vec<Operation>,
}

impl BulkRequest {
    /// Reads a message. `base` is the base URL of the endpoint, with which paths may begin. 400 when it is no bulk
    /// request, 413 when it has more than `most` operations.
    pub fn parse(body: Value, base: &str, most: usize) -> Result<Self, ScimError> {
        let Value::Object(mut body) = body else {
            return Err(ScimError::invalid_syntax("The body has to be a JSON object."));
        };
        let operations = match take(&mut body, "Operations") {
            Some(Value::Array(operations)) if !operations.is_empty() => operations,
            Some(Value::Array(_)) => return Err(ScimError::invalid_syntax("'Operations' is empty.")),
            Some(_) => return Err(ScimError::invalid_syntax("'Operations' has to be a list.")),
            None => {
                return Err(ScimError::invalid_syntax(
                    "A bulk request has to have 'Operations'.",
                ));
            }
        };
        if operations.len() > most {
            let text = format!(
                "A bulk request has at most {most} operations (maxOperations), and this one has {}; nothing was \
                 changed. Split it.",
                operations.len()
            );
            return Err(ScimError::new(413, text));
        }
        let fail_on_errors = match take(&mut body, "failOnErrors") {
            None | Some(Value::Null) => None,
            Some(value) => Some(errors(&value)?),
        };
        let operations: Vec<Operation> = operations
            .into_iter()
            .map(|one| operation::read(one, base))
            .collect();
        let mut seen = HashSet::new();
        let twice = operations
            .iter()
            .filter_map(Operation::creates)
            .find(|bulk_id| !seen.insert(*bulk_id));
        if let Some(bulk_id) = twice {
            let text = format!("Two operations have the bulkId {}.", quote(bulk_id));
            return Err(ScimError::invalid_value(text));
        }
        Ok(Self {
            fail_on_errors,
            operations,
        })
    }
}

fn errors(value: &Value) -> Result<usize, ScimError> {
    let number = value
        .as_u64()
        .or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
    match number {
        Some(number @ 1..) => Ok(usize::try_from(number).unwrap_or(usize::MAX)),
        _ => Err(ScimError::invalid_value(
            "'failOnErrors' has to be a whole number from 1.",
        )),
    }
}

/// Takes a part by its name in any letter case.
fn take(object: &mut Attributes, name: &str) -> Option<Value> {
    let key = object
        .keys()
        .find(|key| key.eq_ignore_ascii_case(name))
        .cloned()?;
    object.shift_remove(&key)
}

#[cfg(test)]
mod tests;
