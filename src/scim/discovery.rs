//! What the service publishes about itself: RFC 7644 §4, RFC 7643 §5 to §7. It is made from the same definitions that
//! requests are checked against, so it cannot say otherwise. No value is null: Entra's schema import stops at one.
//!
//! `base` is the base URL of the SCIM endpoint, without a slash at the end.

mod schemas;

use serde_json::{Value, json};

pub use schemas::schemas;

use super::list::DEFAULT_COUNT;
use super::rules::{Custom, Limits};
use super::schema::ResourceType;
use super::urn;

/// What an endpoint lets its callers do with resources of one type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// There are none, and the type is not published.
    None,
    /// They can be read.
    Read,
    /// They can be read and written.
    Write,
}

/// What an endpoint offers beside the protocol.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// Of users.
    pub users: Access,
    /// Of groups.
    pub groups: Access,
    /// Declared for it.
    pub custom: &'a Custom,
}

impl Offer<'_> {
    fn access(&self, kind: ResourceType) -> Access {
        match kind {
            ResourceType::User => self.users,
            ResourceType::Group => self.groups,
        }
    }

    fn kinds(&self) -> impl Iterator<Item = ResourceType> {
        ResourceType::ALL
            .into_iter()
            .filter(|kind| self.access(*kind) != Access::None)
    }
}

/// The body of `/ServiceProviderConfig`.
pub fn service_provider_config(base: &str, limits: &Limits) -> Value {
    json!({
        "schemas": [urn::SERVICE_PROVIDER_CONFIG],
        "patch": { "supported": true },
        "bulk": {
            "supported": true,
            "maxOperations": limits.bulk_operations,
            "maxPayloadSize": limits.body_bytes,
        },
        "filter": { "supported": true, "maxResults": limits.results },
        "changePassword": { "supported": false },
        "sort": { "supported": true },
        "etag": { "supported": true },
        // A cursor has no timeout: nothing is kept for it.
        "pagination": {
            "cursor": true,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": limits.results,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "API key",
            "description": "An API key of the instance, sent as a bearer token in the Authorization header.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": { "resourceType": "ServiceProviderConfig", "location": format!("{base}/ServiceProviderConfig") },
    })
}

/// The resources of `/ResourceTypes`; each is also found at `/ResourceTypes/{id}`. Of types that are not offered, none.
pub fn resource_types(base: &str, offer: &Offer<'_>) -> Vec<Value> {
    offer
        .kinds()
        .map(|kind| resource_type(base, kind, offer))
        .collect()
}

fn resource_type(base: &str, kind: ResourceType, offer: &Offer<'_>) -> Value {
    let only = match offer.access(kind) {
        Access::Read => " Read only here: accounts must exist in the app.",
        Access::None | Access::Write => "",
    };
    let described = kind.extensions().iter().map(|schema| schema.urn);
    let extensions: Vec<Value> = described
        .chain(offer.custom.urns(Some(kind)))
        .map(|urn| json!({ "schema": urn, "required": false }))
        .collect();
    json!({
        "schemas": [urn::RESOURCE_TYPE],
        "id": kind.name(),
        "name": kind.name(),
        "description": format!("{}{only}", kind.core().description),
        "endpoint": format!("/{}", kind.endpoint()),
        "schema": kind.schema(),
        "schemaExtensions": extensions,
        "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", kind.name()) },
    })
}

#[cfg(test)]
mod tests;
