//! `/Me` (RFC 7644 §3.11): whoever holds a key is no person here, and the answer says so.

use actix_web::HttpResponse;

use super::failure::Failure;
use crate::scim::error::ScimError;

/// 501, whatever is asked of it or below it.
pub(super) async fn refuse() -> Result<HttpResponse, Failure> {
    Err(ScimError::me().into())
}
