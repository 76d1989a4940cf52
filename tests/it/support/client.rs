//! A client that says what a test means and shows what came back.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests are the outside: they do not go through connector/net.rs"
)]

use reqwest::Method;
use serde_json::{Value, json};

#[derive(Clone)]
pub struct Scim {
    pub base: String,
    pub key: String,
    http: reqwest::Client,
}

pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub text: String,
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.body
    }

    /// Refused in SCIM form, with this scimType.
    #[track_caller]
    pub fn refused(&self, status: u16, scim_type: Option<&str>) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(
            self.body["schemas"],
            json!(["urn:ietf:params:scim:api:messages:2.0:Error"]),
            "{}",
            self.text
        );
        assert_eq!(self.body["status"], status.to_string());
        assert_eq!(
            self.body.get("scimType").and_then(Value::as_str),
            scim_type,
            "{}",
            self.text
        );
        assert!(
            self.body["detail"].as_str().is_some_and(|d| d.len() > 10),
            "{}",
            self.text
        );
    }
}

impl Scim {
    pub fn new(base: impl Into<String>, key: &str) -> Self {
        // The hub installs the TLS provider when it starts; a client made first must not depend on it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            base: base.into(),
            key: key.into(),
            http: reqwest::Client::new(),
        }
    }

    pub async fn raw(&self, method: Method, path: &str, body: Vec<u8>) -> Answer {
        self.attempt(method, path, body).await.unwrap()
    }

    /// As `raw`, for a hub that may end before it has answered.
    pub async fn attempt(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Answer, reqwest::Error> {
        self.send(method, path, body, &[]).await
    }

    /// With headers of its own.
    pub async fn with(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        headers: &[(&'static str, &str)],
    ) -> Answer {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.send(method, path, body, headers).await.unwrap()
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
        headers: &[(&'static str, &str)],
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.key);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = if body.is_empty() {
            request
        } else {
            request.header("Content-Type", "application/scim+json").body(body)
        };
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let text = response.text().await?;
        Ok(Answer {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
            headers,
        })
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.raw(Method::GET, path, Vec::new()).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.raw(Method::POST, path, body.to_string().into_bytes()).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.raw(Method::PUT, path, body.to_string().into_bytes()).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.raw(Method::DELETE, path, Vec::new()).await
    }

    pub async fn patch(&self, path: &str, operations: Value) -> Answer {
        self.raw(
            Method::PATCH,
            path,
            patch_op(&operations).to_string().into_bytes(),
        )
        .await
    }

    /// Makes a user; its id.
    pub async fn user(&self, name: &str) -> String {
        id(self.post("/Users", person(name)).await.expect(201))
    }

    /// Makes a group; its id.
    pub async fn group(&self, name: &str, members: &[&str]) -> String {
        let members: Vec<_> = members.iter().map(|m| json!({"value": m})).collect();
        let body = json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name, "members": members});
        id(self.post("/Groups", body).await.expect(201))
    }

    /// The one resource with this userName or displayName.
    pub async fn named(&self, endpoint: &str, name: &str) -> Option<Value> {
        let attribute = if endpoint == "Users" {
            "userName"
        } else {
            "displayName"
        };
        let filter: String =
            url::form_urlencoded::byte_serialize(format!("{attribute} eq \"{name}\"").as_bytes()).collect();
        let list = self
            .get(&format!("/{endpoint}?filter={filter}"))
            .await
            .expect(200);
        let found = list["Resources"].as_array().cloned().unwrap_or_default();
        assert!(found.len() <= 1, "{name} is there {} times", found.len());
        found.into_iter().next()
    }
}

pub fn id(mut resource: Value) -> String {
    match resource["id"].take() {
        Value::String(id) => id,
        other => panic!("{other} is no id"),
    }
}

pub fn patch_op(operations: &Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}

pub fn person(name: &str) -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": name,
        "externalId": format!("ext-{name}"),
        "name": {"givenName": "Given", "familyName": name.split('@').next()},
        "emails": [{"value": name, "type": "work", "primary": true}],
        "active": true,
    })
}
