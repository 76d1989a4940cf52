//! An identity provider that knows what it wants: each change goes to the hub's endpoint and into a model of what the app
//! has to hold in the end. The hub has no part in the model.

use serde_json::{Value, json};

use super::Scim;
use super::client::{id, person};
use super::state::{State, shown};

pub struct Generator {
    pub idp: Scim,
    /// What the app has to hold.
    pub model: State,
}

impl Generator {
    async fn path(&self, endpoint: &str, name: &str) -> String {
        let found = self.idp.named(endpoint, name).await;
        format!("/{endpoint}/{}", id(found.expect("it is on the endpoint")))
    }

    async fn change(&self, path: &str, operations: Value) {
        let answer = self.idp.patch(path, operations).await;
        assert!(matches!(answer.status, 200 | 204), "{}", answer.text);
    }

    pub async fn joins(&mut self, name: &str) {
        self.idp.user(name).await;
        self.model
            .users
            .insert(name.to_owned(), (true, shown(&person(name))));
    }

    pub async fn titled(&mut self, name: &str, title: &str) {
        let path = self.path("Users", name).await;
        let title = json!(title);
        self.change(&path, json!([{"op": "replace", "path": "title", "value": title}]))
            .await;
        let (_, text) = self.model.users.get_mut(name).unwrap();
        let from = text.find("title=").unwrap();
        let to = from + text[from..].find(" name=").unwrap();
        text.replace_range(from..to, &format!("title={title}"));
    }

    /// A new userName; the mail address stays.
    pub async fn renamed(&mut self, name: &str, new: &str) {
        let path = self.path("Users", name).await;
        self.change(
            &path,
            json!([{"op": "replace", "path": "userName", "value": new}]),
        )
        .await;
        let there = self.model.users.remove(name).unwrap();
        self.model.users.insert(new.to_owned(), there);
        for members in self.model.groups.values_mut() {
            if members.remove(name) {
                members.insert(new.to_owned());
            }
        }
    }

    pub async fn deactivated(&mut self, name: &str) {
        let path = self.path("Users", name).await;
        self.change(
            &path,
            json!([{"op": "replace", "path": "active", "value": false}]),
        )
        .await;
        self.model.users.get_mut(name).unwrap().0 = false;
    }

    /// Deleted on our side, and by the leaver policy in the app.
    pub async fn deleted(&mut self, name: &str) {
        let path = self.path("Users", name).await;
        assert_eq!(self.idp.delete(&path).await.status, 204);
        self.model.users.remove(name);
        for members in self.model.groups.values_mut() {
            members.remove(name);
        }
    }

    pub async fn founded(&mut self, group: &str, members: &[&str]) {
        let mut ids = Vec::new();
        for name in members {
            ids.push(id(self.idp.named("Users", name).await.unwrap()));
        }
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        self.idp.group(group, &ids).await;
        let members = members.iter().map(|name| (*name).to_owned()).collect();
        self.model.groups.insert(group.to_owned(), members);
    }

    pub async fn group_renamed(&mut self, group: &str, new: &str) {
        let path = self.path("Groups", group).await;
        self.change(
            &path,
            json!([{"op": "replace", "path": "displayName", "value": new}]),
        )
        .await;
        let members = self.model.groups.remove(group).unwrap();
        self.model.groups.insert(new.to_owned(), members);
    }

    pub async fn entered(&mut self, group: &str, name: &str) {
        let (path, member) = (
            self.path("Groups", group).await,
            id(self.idp.named("Users", name).await.unwrap()),
        );
        self.change(
            &path,
            json!([{"op": "add", "path": "members", "value": [{"value": member}]}]),
        )
        .await;
        let members = self.model.groups.get_mut(group).unwrap();
        assert!(members.insert(name.to_owned()), "{name} was in {group} before");
    }

    pub async fn taken_out(&mut self, group: &str, name: &str) {
        let (path, member) = (
            self.path("Groups", group).await,
            id(self.idp.named("Users", name).await.unwrap()),
        );
        let which = format!("members[value eq \"{member}\"]");
        self.change(&path, json!([{"op": "remove", "path": which}])).await;
        let members = self.model.groups.get_mut(group).unwrap();
        assert!(members.remove(name), "{name} was not in {group}");
    }

    pub async fn disbanded(&mut self, group: &str) {
        let path = self.path("Groups", group).await;
        assert_eq!(self.idp.delete(&path).await.status, 204);
        self.model.groups.remove(group).unwrap();
    }

    /// What `theirs` holds otherwise, by name: it must be nothing.
    #[track_caller]
    pub fn is(&self, theirs: &State, when: &str) {
        let differ = self.model.differences(theirs);
        assert!(
            differ.is_empty(),
            "{when}: (the model | what is there) {differ:#?}"
        );
    }
}
