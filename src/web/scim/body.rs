//! Request bodies: read with a cap, then parsed. Nothing of a body is kept beyond its request.

use std::time::Duration;

use actix_web::web::{BytesMut, Payload};
use futures_util::StreamExt;
use serde_json::Value;
use tokio::time::timeout;

use super::failure::Failure;
use crate::scim::error::ScimError;
use crate::scim::resource::parse_json;
use crate::scim::rules::Limits;

/// How long a body may take to arrive: a slot is held meanwhile.
const TO_ARRIVE: Duration = Duration::from_secs(30);

/// Reads and parses a body; 413 past the cap, 408 past the time, 400 `invalidSyntax` when it is not JSON.
pub(super) async fn json(payload: Payload, limits: &Limits) -> Result<Value, Failure> {
    Ok(parse_json(&within(TO_ARRIVE, payload, limits).await?, limits)?)
}

/// Reads a body that arrives in this time.
pub(super) async fn within(time: Duration, payload: Payload, limits: &Limits) -> Result<BytesMut, Failure> {
    let late = |_| {
        let text = format!(
            "The body did not arrive within {} s; nothing was changed.",
            time.as_secs()
        );
        Failure::slow(text)
    };
    timeout(time, whole(payload, limits)).await.map_err(late)?
}

async fn whole(mut payload: Payload, limits: &Limits) -> Result<BytesMut, Failure> {
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
    Ok(bytes)
}
