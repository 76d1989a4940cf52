//! One identity provider that never stops writing. It remembers what was acknowledged, and asks after every crash: the
//! newest acknowledged value is there, or the one that was sent after it and never answered.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};

use super::Stage;
use crate::support::Scim;
use crate::support::client::{Answer, patch_op, person};

/// Most people one writer makes.
const PEOPLE: usize = 100;
/// Most memberships one writer ends: fewer than the removal limit holds back.
const ENDS: usize = 10;

/// A value that the hub acknowledged, and one it may hold instead because the answer was lost.
#[derive(Clone, Debug, PartialEq)]
struct Known<T> {
    acknowledged: T,
    sent: T,
}

impl<T: Clone + PartialEq + std::fmt::Debug> Known<T> {
    fn new(value: T) -> Self {
        Self {
            acknowledged: value.clone(),
            sent: value,
        }
    }

    fn send(&mut self, value: T) {
        self.sent = value;
    }

    fn answered(&mut self) {
        self.acknowledged = self.sent.clone();
    }

    /// What is there now is what counts from now on.
    fn found(&mut self, value: T, what: &str) {
        assert!(
            value == self.acknowledged || value == self.sent,
            "{what}: {value:?} is there, {self:?} is known"
        );
        *self = Self::new(value);
    }
}

struct Person {
    name: String,
    id: String,
    title: Known<Option<u64>>,
    /// Goes to and fro, so that a change is taken back while it is on its way.
    sign: Known<Option<bool>>,
    member: Known<bool>,
}

struct Writer {
    stage: Arc<Stage>,
    rng: StdRng,
    number: u64,
    scim: Scim,
    start: usize,
    group: Option<String>,
    people: Vec<Person>,
    /// The one written to last.
    last: usize,
    titles: u64,
    ends: usize,
    /// Somebody is being made, and it is not known whether it worked.
    joining: bool,
    acknowledged: usize,
}

/// The process went away before it answered.
struct Lost;

/// Writes until it is told to stop; how many people it made and how many of its writes were acknowledged.
pub async fn write(number: u64, stage: Arc<Stage>) -> (usize, usize) {
    let (start, scim) = stage.place.borrow().clone();
    let mut writer = Writer {
        rng: StdRng::seed_from_u64(stage.seed ^ (number + 1).rotate_left(32)),
        stage,
        number,
        scim,
        start,
        group: None,
        people: Vec::new(),
        last: 0,
        titles: 0,
        ends: 0,
        joining: false,
        acknowledged: 0,
    };
    loop {
        let done = if writer.stage.enough.load(Ordering::SeqCst) && !writer.joining {
            writer.check().await.map(|()| true)
        } else {
            writer.step().await.map(|()| false)
        };
        match done {
            Ok(true) => return (writer.people.len(), writer.acknowledged),
            Ok(false) => {}
            Err(Lost) => writer.find_again().await,
        }
    }
}

impl Writer {
    async fn step(&mut self) -> Result<(), Lost> {
        let Some(group) = self.group.clone() else {
            let name = format!("Team {}", self.number);
            let body =
                json!({"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": name});
            self.group = Some(self.make("/Groups", "displayName", &name, body).await?);
            return Ok(());
        };
        let dice = self.rng.random_range(0..100);
        if self.joining || self.people.is_empty() || (dice < 25 && self.people.len() < PEOPLE) {
            return self.join().await;
        }
        // Often the same one again: what is on its way is changed once more.
        if self.rng.random_bool(0.5) {
            self.last = self.rng.random_range(0..self.people.len());
        }
        let n = self.last;
        let is_member = self.people[n].member.acknowledged;
        if dice < 50 && (!is_member || self.ends < ENDS) {
            return self.turn_membership(n, &group, !is_member).await;
        }
        if dice < 75 {
            return self.turn_sign(n).await;
        }
        self.titles += 1;
        let title = self.titles;
        let path = format!("/Users/{}", self.people[n].id);
        self.people[n].title.send(Some(title));
        let change = json!([{"op": "replace", "path": "title", "value": title.to_string()}]);
        let answer = self.send(Method::PATCH, &path, patch_op(&change)).await?;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.body["title"], title.to_string());
        self.people[n].title.answered();
        Ok(())
    }

    async fn turn_sign(&mut self, n: usize) -> Result<(), Lost> {
        let sign = self.people[n].sign.acknowledged != Some(true);
        self.people[n].sign.send(Some(sign));
        let change = json!([{"op": "replace", "path": "displayName", "value": sign.to_string()}]);
        let path = format!("/Users/{}", self.people[n].id);
        let answer = self.send(Method::PATCH, &path, patch_op(&change)).await?;
        assert_eq!(answer.status, 200, "{}", answer.text);
        self.people[n].sign.answered();
        Ok(())
    }

    async fn join(&mut self) -> Result<(), Lost> {
        let name = format!("p{}-{}@example.com", self.number, self.people.len());
        self.joining = true;
        let id = self.make("/Users", "userName", &name, person(&name)).await?;
        self.joining = false;
        self.people.push(Person {
            name,
            id,
            title: Known::new(None),
            sign: Known::new(None),
            member: Known::new(false),
        });
        Ok(())
    }

    async fn turn_membership(&mut self, n: usize, group: &str, on: bool) -> Result<(), Lost> {
        let id = self.people[n].id.clone();
        let change = if on {
            json!([{"op": "add", "path": "members", "value": [{"value": id}]}])
        } else {
            self.ends += 1;
            json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}])
        };
        self.people[n].member.send(on);
        let answer = self
            .send(Method::PATCH, &format!("/Groups/{group}"), patch_op(&change))
            .await?;
        assert_eq!(answer.status, 204, "{}", answer.text);
        self.people[n].member.answered();
        Ok(())
    }

    /// As an identity provider does it: look for the name first, for an answer may have been lost; then create. Its id.
    async fn make(&mut self, path: &str, attribute: &str, name: &str, body: Value) -> Result<String, Lost> {
        let filter: String =
            url::form_urlencoded::byte_serialize(format!("{attribute} eq \"{name}\"").as_bytes()).collect();
        let list = self.get(&format!("{path}?filter={filter}")).await?;
        let found = list["Resources"].as_array().cloned().unwrap_or_default();
        assert!(found.len() <= 1, "{name} is there {} times", found.len());
        let made = match found.into_iter().next() {
            Some(there) => there,
            None => {
                let answer = self.send(Method::POST, path, body).await?;
                assert_eq!(answer.status, 201, "{}", answer.text);
                answer.body
            }
        };
        Ok(made["id"].as_str().unwrap().to_owned())
    }

    /// Everything that was acknowledged is there.
    async fn check(&mut self) -> Result<(), Lost> {
        let Some(group) = self.group.clone() else {
            return Ok(());
        };
        let group = self.get(&format!("/Groups/{group}")).await?;
        for n in 0..self.people.len() {
            let user = self.get(&format!("/Users/{}", self.people[n].id)).await?;
            let person = &mut self.people[n];
            assert_eq!(user["userName"], person.name);
            let title = user["title"].as_str().map(|text| text.parse().unwrap());
            person.title.found(title, &person.name);
            let sign = user["displayName"].as_str().map(|text| text.parse().unwrap());
            person.sign.found(sign, &person.name);
            let members = group["members"].as_array().into_iter().flatten();
            let is_member = members.into_iter().any(|m| m["value"] == person.id);
            person.member.found(is_member, &person.name);
        }
        Ok(())
    }

    /// Waits for the next start and looks what is left.
    async fn find_again(&mut self) {
        let mut place = self.stage.place.subscribe();
        loop {
            let start = self.start;
            let (start, scim) = place.wait_for(|now| now.0 > start).await.unwrap().clone();
            (self.start, self.scim) = (start, scim);
            if self.check().await.is_ok() {
                return;
            }
        }
    }

    async fn get(&self, path: &str) -> Result<Value, Lost> {
        let answer = self.scim.attempt(Method::GET, path, Vec::new()).await;
        let answer = answer.map_err(|_| Lost)?;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        Ok(answer.body)
    }

    /// A write, counted by how it ended.
    async fn send(&mut self, method: Method, path: &str, body: Value) -> Result<Answer, Lost> {
        let body = body.to_string().into_bytes();
        self.stage.flying.fetch_add(1, Ordering::SeqCst);
        let began_alive = self.stage.alive.load(Ordering::SeqCst);
        let answer = self.scim.attempt(method, path, body).await;
        if answer.is_ok() {
            self.acknowledged += 1;
            self.stage.answered.fetch_add(1, Ordering::SeqCst);
        } else if began_alive {
            self.stage.lost.fetch_add(1, Ordering::SeqCst);
        }
        self.stage.flying.fetch_sub(1, Ordering::SeqCst);
        answer.map_err(|_| Lost)
    }
}
