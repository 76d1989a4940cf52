//! Somebody who uses the pages without a browser: signed in, with the forms as they were sent.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests are the outside: they do not go through connector/net.rs"
)]

use std::collections::BTreeMap;

use rollcall::model::Role;
use rollcall::secret::{Secret, hash_password};
use rollcall::store::{Lane, StoreError, Tx, access};
use url::form_urlencoded::Serializer;

use super::TestHub;

const PASSWORD: &str = "a horse with a long memory";

pub struct Visitor {
    base: String,
    http: reqwest::Client,
    cookie: String,
    csrf: String,
}

/// A page, or where it led to.
pub struct Seen {
    pub status: u16,
    pub text: String,
    pub location: Option<String>,
}

impl Visitor {
    /// Sets the hub up, and may do everything.
    pub async fn operator(hub: &TestHub) -> Self {
        let mut code = String::new();
        hub.server.setup().show(|shown| code = shown.to_owned());
        hub.remember(&code);
        let fields = [("code", code.as_str()), ("email", "operator@example.com")];
        Self::enter(hub, "/setup", &fields).await
    }

    /// One who may look, on a hub that is set up.
    pub async fn viewer(hub: &TestHub) -> Self {
        let (email, role) = ("viewer@example.com", Role::Viewer);
        let hash = hash_password(&Secret::new(PASSWORD.into())).unwrap();
        let make = move |tx: &Tx<'_>| -> Result<Option<i64>, StoreError> {
            access::insert_admin(tx, email, role, &hash)
        };
        let store = &hub.server.hub().store;
        store.write(Lane::Front, None, make).await.unwrap().unwrap();
        Self::enter(hub, "/login", &[("email", email)]).await
    }

    async fn enter(hub: &TestHub, door: &str, fields: &[(&str, &str)]) -> Self {
        hub.remember(PASSWORD);
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let mut visitor = Self {
            base: format!("http://{}", hub.server.address()),
            http,
            cookie: String::new(),
            csrf: String::new(),
        };
        visitor.look_around(door).await;
        let mut fields = fields.to_vec();
        fields.push(("password", PASSWORD));
        let entered = visitor.sent(door, &fields).await;
        assert_eq!(entered.status().as_u16(), 303, "{door}");
        visitor.keep(&entered);
        visitor.look_around("/").await;
        visitor
    }

    /// Takes the cookie and the token of a page's forms.
    async fn look_around(&mut self, path: &str) {
        let page = self.asked(path).await;
        self.keep(&page);
        let seen = seen(page).await;
        self.csrf = seen.fields().get("csrf").cloned().unwrap();
    }

    fn keep(&mut self, answer: &reqwest::Response) {
        for set in answer.headers().get_all("set-cookie") {
            let set = set.to_str().unwrap();
            let cookie = set.split(';').next().unwrap();
            if cookie.starts_with("rollcall=") {
                self.cookie = cookie.to_owned();
            }
        }
    }

    async fn asked(&self, path: &str) -> reqwest::Response {
        self.http
            .get(format!("{}{path}", self.base))
            .header("Cookie", &self.cookie)
            .send()
            .await
            .unwrap()
    }

    async fn sent(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let mut body = Serializer::new(String::new());
        body.append_pair("csrf", &self.csrf);
        body.extend_pairs(fields.iter().filter(|(name, _)| *name != "csrf"));
        self.send(path, body.finish()).await
    }

    async fn send(&self, path: &str, body: String) -> reqwest::Response {
        self.http
            .post(format!("{}{path}", self.base))
            .header("Cookie", &self.cookie)
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(body)
            .send()
            .await
            .unwrap()
    }

    pub async fn get(&self, path: &str) -> Seen {
        seen(self.asked(path).await).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Seen {
        seen(self.sent(path, fields).await).await
    }

    /// A form as it was filled in.
    pub async fn post_all(&self, path: &str, fields: &BTreeMap<String, String>) -> Seen {
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        self.post(path, &fields).await
    }

    pub async fn post_without_token(&self, path: &str, fields: &BTreeMap<String, String>) -> Seen {
        let mut body = Serializer::new(String::new());
        body.extend_pairs(fields.iter().filter(|(name, _)| *name != "csrf"));
        seen(self.send(path, body.finish()).await).await
    }
}

async fn seen(answer: reqwest::Response) -> Seen {
    let location = answer
        .headers()
        .get("location")
        .map(|to| to.to_str().unwrap().to_owned());
    Seen {
        status: answer.status().as_u16(),
        location,
        text: answer.text().await.unwrap(),
    }
}

impl Seen {
    /// Where it led to.
    #[track_caller]
    pub fn went_on(self) -> String {
        assert_eq!(self.status, 303, "{}", self.text);
        self.location.unwrap()
    }

    /// Every input that has a name, with its value; the last of those of one name.
    pub fn fields(&self) -> BTreeMap<String, String> {
        let inputs = self
            .text
            .split("<input ")
            .skip(1)
            .filter_map(|rest| rest.split('>').next());
        inputs
            .filter(|tag| !tag.contains("type=\"checkbox\"") && !tag.contains("type=\"search\""))
            .filter_map(|tag| {
                Some((
                    attribute(tag, "name")?,
                    attribute(tag, "value").unwrap_or_default(),
                ))
            })
            .collect()
    }

    /// The version that the forms of the page are about.
    pub fn version(&self) -> String {
        self.fields().remove("version").unwrap()
    }

    /// Where the first form about an instance is sent to.
    pub fn action(&self) -> String {
        let forms = self
            .text
            .split("<form ")
            .skip(1)
            .filter_map(|rest| rest.split('>').next());
        forms
            .filter_map(|tag| attribute(tag, "action"))
            .find(|to| to.starts_with("/instances/"))
            .unwrap()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let value = tag
        .split(&format!(" {name}=\""))
        .nth(1)
        .or_else(|| tag.strip_prefix(&format!("{name}=\"")))?;
    let value = value.split('"').next()?;
    let mut plain = value.to_owned();
    for (code, letter) in [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ] {
        plain = plain.replace(code, letter);
    }
    Some(plain)
}
