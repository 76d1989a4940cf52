//! `/Me` (RFC 7644 §3.11): whoever holds a key is no person here, and the answer says so.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::failure::Failure;
use super::gate::Gate;
use crate::scim::error::ScimError;

/// 501, whatever is asked of it or below it.
pub(super) async fn refuse(request: HttpRequest, gate: Data<Gate>) -> Result<HttpResponse, Failure> {
    gate.admit(&request).await?;
    Err(ScimError::me().into())
}
