//! A SCIM endpoint as a client uses it (RFC 7644 §3): how the simulated identity provider speaks to the hub, and how the
//! demo looks at both sides. Nothing of the hub's own connector is used, so that the comparison has eyes of its own.

use serde_json::{Value, json};
use url::Url;

use super::error::DemoError;
use crate::connector::net::{Caller, Method, Net, Request, Token};
use crate::model::{Access, Pace};

const MEDIA: &str = "application/scim+json";
/// Resources asked for at once.
const PAGE: usize = 100;
/// Most pages read of one list.
const PAGES: usize = 100;

/// One endpoint and a key for it.
#[derive(Clone)]
pub(super) struct Endpoint {
    net: Net,
    base: Url,
    caller: Caller,
}

impl Endpoint {
    /// `base`: the SCIM base URL.
    pub(super) fn new(net: Net, base: Url, key: Token) -> Self {
        let caller = Caller::new(&Access::default(), key);
        Self { net, base, caller }
    }

    /// Makes a resource; as it was answered.
    pub(super) async fn create(&self, path: &str, resource: Value) -> Result<Value, DemoError> {
        self.call(Method::POST, path, &[], Some(resource)).await
    }

    /// PATCH with these operations (RFC 7644 §3.5.2).
    pub(super) async fn patch(&self, path: &str, operations: Value) -> Result<(), DemoError> {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.call(Method::PATCH, path, &[], Some(body)).await.map(drop)
    }

    /// The user with this userName, if there is one.
    pub(super) async fn user(&self, user_name: &str) -> Result<Option<Value>, DemoError> {
        let filter = format!("userName eq {}", Value::from(user_name));
        let mut found = self
            .call(Method::GET, "Users", &[("filter", filter)], None)
            .await?;
        Ok(found["Resources"].get_mut(0).map(Value::take))
    }

    /// All resources of one type.
    pub(super) async fn all(&self, path: &str) -> Result<Vec<Value>, DemoError> {
        let mut all = Vec::new();
        for _ in 0..PAGES {
            let start = all.len() + 1;
            let query = [("startIndex", start.to_string()), ("count", PAGE.to_string())];
            let mut page = self.call(Method::GET, path, &query, None).await?;
            let total = page["totalResults"]
                .as_u64()
                .ok_or(DemoError::Shape("totalResults"))?;
            let Value::Array(found) = page["Resources"].take() else {
                break;
            };
            let end = found.is_empty();
            all.extend(found);
            if end || all.len() as u64 >= total {
                break;
            }
        }
        Ok(all)
    }

    /// The address of a resource.
    pub(super) fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path.split('/'));
        }
        url
    }

    async fn call(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<Value>,
    ) -> Result<Value, DemoError> {
        let mut url = self.url(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = Request {
            method: method.clone(),
            url,
            caller: &self.caller,
            accept: MEDIA,
            content_type: MEDIA,
            body,
            pace: Pace::default(),
        };
        let answer = self.net.send(request).await?;
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if !(200..300).contains(&answer.status) {
            return Err(DemoError::Refused {
                method: method.to_string(),
                path: path.to_owned(),
                status: answer.status,
                detail: body["detail"].as_str().unwrap_or("without a word").to_owned(),
            });
        }
        Ok(body)
    }
}
