//! A hub with one instance that sends to an app of the test.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::app::{App, GROUP, USER};
use crate::clock::Clock;
use crate::connector::{Net, NetPolicy, Token};
use crate::directory::{self, Door};
use crate::model::{Actor, Capabilities, Health, Instance, InstanceId, Policies, Scope, Target};
use crate::scim::etag::Precondition;
use crate::scim::patch::PatchRequest;
use crate::scim::resource::accept;
use crate::scim::rules::Rules;
use crate::scim::schema::ResourceType;
use crate::secret::{KeyState, Sealer};
use crate::store::instances::{self, NewInstance};
use crate::store::{Lane, Rx, Store, StoreError, Tx, events, jobs, members, removals, resources};
use crate::sync::credential;
use crate::sync::manage::{Edit, Manager, Switch};
use crate::sync::removal;
use crate::sync::status::{InstanceStatus, status};
use crate::sync::{Engine, EngineConfig};

pub(super) struct Hub {
    pub(super) store: Store,
    pub(super) engine: Engine,
    pub(super) app: App,
    pub(super) id: InstanceId,
    pub(super) key: Arc<KeyState>,
    pub(super) net: Net,
    _dir: tempfile::TempDir,
}

fn idp() -> Actor {
    Actor::Idp("test".into())
}

impl Hub {
    /// An app with two users and a group of one of them, imported.
    pub(super) async fn start() -> Self {
        let app = App::start().await;
        let ann = app.add_user("ann");
        app.add_user("bob");
        app.add_group("staff", &[&ann]);
        let hub = Self::with(app, Policies::default()).await;
        hub.engine.idle().await;
        hub
    }

    pub(super) async fn with(app: App, policies: Policies) -> Self {
        Self::at(app, policies, Clock::system()).await
    }

    /// By a clock of one's own.
    pub(super) async fn at(app: App, policies: Policies, clock: Clock) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), clock.clone()).unwrap();
        let key = Arc::new(Sealer::open_or_create(dir.path(), None).unwrap());
        let base_url = app.base_url.clone();
        let keys = Arc::clone(&key);
        let id = store
            .write(Lane::Front, None, move |tx| {
                let target = Some(Target::Scim {
                    base_url,
                    access: Default::default(),
                    capabilities: Default::default(),
                });
                let new = NewInstance {
                    slug: "a".into(),
                    name: "A".into(),
                    app: "generic-scim".into(),
                    scope: Scope::UsersAndGroups,
                    policies,
                    target,
                };
                let id = instances::insert(tx, &new)?.id;
                assert!(credential::put(tx, &keys, id, &Token::new("app-token".into()))?);
                Ok::<_, StoreError>(id)
            })
            .await
            .unwrap();
        assert_eq!(id, InstanceId(1));
        let net = Net::new(NetPolicy {
            allow_private: true,
            clock,
            ..NetPolicy::default()
        })
        .unwrap();
        let engine = start(&store, &key, &net, "boot-1");
        Self {
            store,
            engine,
            app,
            id,
            key,
            net,
            _dir: dir,
        }
    }

    /// As after a crash: the old engine is stopped, another one starts.
    pub(super) async fn restart(&mut self, boot: &str) {
        self.engine.stop().await;
        self.engine = start(&self.store, &self.key, &self.net, boot);
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Rx<'_>, &Instance) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let id = self.id;
        self.store
            .read(move |rx| work(rx, &instances::by_id(rx, id)?.unwrap()))
            .await
            .unwrap()
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>, &Instance) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        let id = self.id;
        self.store
            .write(Lane::Front, Some(id), move |tx| {
                work(tx, &instances::by_id(tx, id)?.unwrap())
            })
            .await
            .unwrap()
    }

    pub(super) async fn status(&self) -> InstanceStatus {
        self.read(status).await
    }

    /// What an identity provider does; the public id of what it did it to.
    pub(super) async fn post(&self, kind: ResourceType, body: Value) -> String {
        self.write(move |tx, instance| {
            let actor = idp();
            let door = Door {
                tx,
                instance,
                actor: &actor,
            };
            let accepted = accept(kind, body, &Rules::default()).unwrap();
            Ok(directory::create(door, kind, accepted, &Precondition::default())
                .unwrap()
                .id)
        })
        .await
    }

    pub(super) async fn user(&self, name: &str) -> String {
        self.post(USER, json!({ "schemas": [], "userName": name })).await
    }

    pub(super) async fn patch(&self, kind: ResourceType, id: &str, operations: Value) {
        let id = id.to_owned();
        self.write(move |tx, instance| {
            let actor = idp();
            let door = Door {
                tx,
                instance,
                actor: &actor,
            };
            let schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"];
            let request = PatchRequest::parse(
                kind,
                &json!({ "schemas": schemas, "Operations": operations }),
                &Rules::default(),
            )
            .unwrap();
            directory::patch(door, kind, &id, &request, &Precondition::default()).unwrap();
            Ok(())
        })
        .await;
    }

    pub(super) async fn set(&self, id: &str, path: &str, value: Value) {
        self.patch(
            USER,
            id,
            json!([{ "op": "replace", "path": path, "value": value }]),
        )
        .await;
    }

    pub(super) async fn delete(&self, kind: ResourceType, id: &str) {
        let id = id.to_owned();
        self.write(move |tx, instance| {
            let actor = idp();
            directory::delete(
                Door {
                    tx,
                    instance,
                    actor: &actor,
                },
                kind,
                &id,
                &Precondition::default(),
            )
            .unwrap();
            Ok(())
        })
        .await;
    }

    /// The id on our endpoint of somebody by name.
    pub(super) async fn id_of(&self, kind: ResourceType, name: &str) -> Option<String> {
        let name = name.to_owned();
        self.read(move |rx, i| Ok(resources::by_name(rx, i.id, kind, &name)?.pop().map(|r| r.id)))
            .await
    }

    pub(super) async fn add_member(&self, group: &str, member: &str) {
        self.patch(
            GROUP,
            group,
            json!([{ "op": "add", "path": "members", "value": [{ "value": member }] }]),
        )
        .await;
    }

    /// Whom a group shows on our endpoint, by name.
    pub(super) async fn shown(&self, group: &str) -> Vec<String> {
        let group = group.to_owned();
        let shown = self.read(move |rx, i| {
            let group = resources::by_name(rx, i.id, GROUP, &group)?[0].row;
            members::list(rx, group, 0, 1000)
        });
        let mut names: Vec<String> = shown.await.into_iter().map(|m| m.display).collect();
        names.sort();
        names
    }

    /// What an admin decides about all removals that wait.
    pub(super) async fn decide(&self, allow: bool) {
        self.write(move |tx, i| {
            let held = removals::held(tx, i.id, 1000)?;
            let ids: Vec<i64> = held.iter().map(|r| r.id).collect();
            let admin = Actor::Admin("a@example.com".into());
            match allow {
                true => removal::allow(tx, i.id, &ids, &admin),
                false => removal::reject(tx, i.id, &ids, &admin),
            }
        })
        .await;
        self.engine.idle().await;
    }

    /// As an admin edits the policies.
    pub(super) async fn set_policies(&self, policies: Policies) {
        let edit = Edit {
            policies: Some(policies),
            ..Edit::default()
        };
        self.manager().edit(Actor::Hub, self.id, edit).await.unwrap();
        self.engine.idle().await;
    }

    /// The hand of an admin.
    pub(super) fn manager(&self) -> Manager {
        Manager {
            store: self.store.clone(),
            net: self.net.clone(),
            keys: Arc::clone(&self.key),
        }
    }

    /// As an admin asks for it.
    pub(super) async fn ask_sync(&self) {
        self.manager().sync_now(Actor::Hub, self.id).await.unwrap();
    }

    /// What is known of the app.
    pub(super) async fn known(&self) -> Capabilities {
        self.read(|_, i| Ok(i.target.as_ref().unwrap().capabilities().clone()))
            .await
    }

    /// As if this had been found out about the app.
    pub(super) async fn know(&self, note: impl FnOnce(&mut Capabilities) + Send + 'static) {
        self.write(move |tx, i| {
            let mut target = i.target.clone().unwrap();
            note(target.capabilities_mut());
            instances::set_target(tx, i.id, &target)
        })
        .await;
    }

    /// The details of all events of this action, oldest first.
    pub(super) async fn told(&self, action: &'static str) -> Vec<String> {
        let all = self.store.read(|rx| events::latest(rx, 500)).await.unwrap();
        let of = all.into_iter().rev().filter(|event| event.action == action);
        of.map(|event| event.detail).collect()
    }

    pub(super) async fn switch(&self, to: Switch) {
        self.manager().switch(Actor::Hub, self.id, to).await.unwrap();
    }

    /// What the last try of somebody's push came to.
    pub(super) async fn last_error(&self, id: &str) -> String {
        let id = id.to_owned();
        let found = self.read(move |rx, i| {
            let ours = resources::by_id(rx, i.id, USER, &id)?.unwrap();
            jobs::of_resource(rx, i.id, ours.row)
        });
        found.await.and_then(|job| job.last_error).unwrap_or_default()
    }

    pub(super) async fn sync(&self) {
        self.ask_sync().await;
        self.engine.idle().await;
    }

    /// Waits until the instance is so; what it said last if it never is.
    pub(super) async fn until(&self, health: Health) -> InstanceStatus {
        for _ in 0..400 {
            let now = self.status().await;
            if now.health == health && (health != Health::Healthy || now.pending == 0) {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{health:?} never came: {:?}", self.status().await)
    }
}

fn start(store: &Store, key: &Arc<KeyState>, net: &Net, boot: &str) -> Engine {
    let config = EngineConfig {
        retry_base: Duration::from_millis(1),
        ..EngineConfig::new(boot.into())
    };
    Engine::start(store.clone(), Arc::clone(key), net.clone(), config)
}
