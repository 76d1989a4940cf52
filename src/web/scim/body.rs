//! Request bodies: read with a cap, then parsed. Nothing of a body is kept beyond its request.

use actix_web::web::{BytesMut, Payload};
use futures_util::StreamExt;
use serde_json::Value;

use super::failure::Failure;
use crate::scim::error::ScimError;
use crate::scim::resource::parse_json;
use crate::scim::rules::Limits;

/// Reads and parses a body; 413 past the cap, 400 `invalidSyntax` when it is not JSON.
pub(super) async fn json(mut payload: Payload, limits: &Limits) -> Result<Value, Failure> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|_| ScimError::invalid_syntax("The body ended early; nothing was changed."))?;
        if bytes.len() + chunk.len() > limits.body_bytes {
            let text = format!(
                "The body is larger than {} bytes. Send members in several PATCH requests.",
                limits.body_bytes
            );
            return Err(ScimError::new(413, text).into());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(parse_json(&bytes, limits)?)
}
