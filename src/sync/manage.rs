//! What an admin does to an instance, from a page or the command line: connect, edit, switch, sync, delete; keys; held
//! removals. Each is tested against the app first where it touches the connection, and tells an event.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use super::credential::{self, CredentialError};
use crate::connector::form::{clean_base_url, clean_token, same_origin};
use crate::connector::{CheckError, Connector, Net};
use crate::model::job::priority;
use crate::model::{
    Actor, Capabilities, EventDraft, Instance, InstanceId, JobKind, Outcome, Policies, Scope, Target,
};
use crate::secret::{KeyState, NewKey, Secret};
use crate::store::instances::NewInstance;
use crate::store::{Lane, Store, StoreError, Tx, access, events, instances, jobs, links, members};

/// Longest name of an instance or key.
const NAME: usize = 80;
/// Shortest and longest time between syncs, in seconds.
const SCHEDULE: std::ops::RangeInclusive<u32> = 60..=7 * 24 * 3600;
/// Accounts a new base URL must still know.
const KNOWN: usize = 3;

/// Why it was not done.
#[derive(Debug, Error)]
pub enum ManageError {
    /// The app was asked and did not agree.
    #[error("{}", .0.sentence)]
    Check(Box<CheckError>),
    /// What was typed cannot be; the sentence says what to do.
    #[error("{0}")]
    Refused(String),
    /// The new base URL does not know accounts the old one knew.
    #[error(
        "The app at the new address does not know accounts that this instance is linked to. If it is another directory, \
         confirm it: all links are dropped and both sides are matched anew."
    )]
    OtherDirectory,
    /// The key file is missing.
    #[error(transparent)]
    Credential(CredentialError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<CredentialError> for ManageError {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Store(e) => Self::Store(e),
            other => Self::Credential(other),
        }
    }
}

/// A new instance, as typed.
#[derive(Debug)]
pub struct NewConnection {
    /// What admins will call it; empty: a name is proposed from the app's.
    pub name: String,
    /// Catalog slug and the name proposed for it.
    pub app: (String, String),
    /// What it carries.
    pub scope: Scope,
    /// SCIM base URL and token; none: receives only.
    pub target: Option<(String, Secret)>,
}

/// An edit, as typed. What is `None` stays.
#[derive(Debug, Default)]
pub struct Edit {
    /// What admins call it.
    pub name: Option<String>,
    /// Seconds between syncs.
    pub sync_every_s: Option<u32>,
    /// Policies.
    pub policies: Option<Policies>,
    /// SCIM base URL.
    pub base_url: Option<String>,
    /// Token.
    pub token: Option<Secret>,
    /// The new base URL is another directory, and that is meant.
    pub other_directory: bool,
}

/// What an instance can be switched to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Switch {
    /// Receives and sends.
    Enable,
    /// Refuses identity providers, sends nothing.
    Disable,
    /// Receives and queues, sends nothing.
    Pause,
    /// Sends again.
    Resume,
}

/// The hand of an admin.
#[derive(Clone)]
pub struct Manager {
    /// The store.
    pub store: Store,
    /// The way out.
    pub net: Net,
    /// What seals tokens.
    pub keys: Arc<KeyState>,
}

/// What is to be saved of a tested connection.
struct Tested {
    target: Target,
    token: Option<Secret>,
    drop_links: bool,
}

impl Manager {
    /// Connects an app, or makes an instance that only receives. Nothing is saved unless the app agrees.
    ///
    /// # Errors
    /// `Check` with a sentence that says what to fix; `Refused` for what cannot be.
    pub async fn create(&self, by: Actor, new: NewConnection) -> Result<Instance, ManageError> {
        let name = name_of(if new.name.trim().is_empty() { &new.app.1 } else { &new.name })?;
        let target = match new.target {
            None => None,
            Some((url, token)) => {
                self.can_seal()?;
                let capabilities = self.test(&url, &token).await?;
                let base_url = clean_base_url(&url).map_err(ManageError::Refused)?.url;
                Some((Target::Scim { base_url, capabilities }, token))
            }
        };
        let (keys, app, scope) = (Arc::clone(&self.keys), new.app.0, new.scope);
        let work = move |tx: &Tx<'_>| -> Result<Instance, ManageError> {
            let slug = instances::free_slug(tx, &name)?;
            let made = NewInstance { slug, name, app, scope, target: target.as_ref().map(|t| t.0.clone()) };
            let instance = instances::insert(tx, &made)?;
            tell(tx, &instance, &by, "instance.created", "")?;
            if let Some((_, token)) = &target {
                credential::put(tx, &keys, instance.id, token)?;
                jobs::enqueue(tx, instance.id, JobKind::Import, 0, priority::IMPORT, None)?;
            }
            Ok(instance)
        };
        self.store.write(Lane::Front, None, work).await
    }

    /// Changes an instance. A new URL or token is tested before it replaces the old.
    ///
    /// # Errors
    /// `Check`, `OtherDirectory`, `Refused`; then nothing was changed.
    pub async fn edit(&self, by: Actor, id: InstanceId, edit: Edit) -> Result<Instance, ManageError> {
        let instance = self.instance(id).await?;
        let name = name_of(edit.name.as_deref().unwrap_or(&instance.name))?;
        let every = edit.sync_every_s.unwrap_or(instance.sync_every_s);
        if !SCHEDULE.contains(&every) {
            return Err(ManageError::Refused("Choose a time between one minute and seven days between syncs.".into()));
        }
        let policies = edit.policies.unwrap_or_else(|| instance.policies.clone());
        let tested = self.tested(&instance, edit.base_url, edit.token, edit.other_directory).await?;
        let keys = Arc::clone(&self.keys);
        let work = move |tx: &Tx<'_>| -> Result<Instance, ManageError> {
            instances::set_basics(tx, id, &name, every, &policies)?;
            let mut reconcile = policies != instance.policies;
            if let Some(tested) = tested {
                let attached = instance.target.is_none();
                instances::set_target(tx, id, &tested.target)?;
                if let Some(token) = &tested.token {
                    credential::put(tx, &keys, id, token)?;
                }
                if tested.drop_links || attached {
                    links::drop_all(tx, id)?;
                    members::start_tracking(tx, id)?;
                    instances::set_imported(tx, id, None)?;
                }
                instances::set_backoff(tx, id, None, 0, None)?;
                jobs::enqueue(tx, id, JobKind::Import, 0, priority::IMPORT, None)?;
                reconcile = true;
            }
            if reconcile && (instance.target.is_some() || instances::by_id(tx, id)?.is_some_and(|i| i.target.is_some())) {
                jobs::enqueue(tx, id, JobKind::Reconcile, 0, priority::LATER, None)?;
            }
            tell(tx, &instance, &by, "instance.edited", "")?;
            instances::by_id(tx, id)?.ok_or_else(gone)
        };
        self.store.write(Lane::Front, Some(id), work).await
    }

    /// Tests what would be saved; `None` when the connection stays as it is.
    async fn tested(
        &self,
        instance: &Instance,
        base_url: Option<String>,
        token: Option<Secret>,
        other_directory: bool,
    ) -> Result<Option<Tested>, ManageError> {
        let old = instance.target.as_ref().map(Target::base_url);
        let url = match base_url {
            Some(typed) => clean_base_url(&typed).map_err(ManageError::Refused)?.url,
            None => match old {
                Some(old) => old.to_owned(),
                None if token.is_some() => return Err(ManageError::Refused("Type the SCIM base URL beside the token.".into())),
                None => return Ok(None),
            },
        };
        let moved = old != Some(url.as_str());
        if !moved && token.is_none() {
            return Ok(None);
        }
        self.can_seal()?;
        let connector = match (&token, old) {
            (Some(token), _) => self.open(&url, token)?,
            (None, Some(old)) if same_origin(old, &url) => {
                let target = Target::Scim { base_url: url.clone(), capabilities: Capabilities::default() };
                let at_new = Instance { target: Some(target), ..instance.clone() };
                credential::connector(&self.store, &self.keys, &self.net, &at_new).await?
            }
            // A stored token is never sent to an origin it was not entered for.
            (None, _) => {
                let text = "The new base URL is on another host: type the token for it as well.";
                return Err(ManageError::Refused(text.into()));
            }
        };
        let capabilities = connector.check().await.map_err(|e| ManageError::Check(Box::new(e)))?;
        let strange = moved && old.is_some() && !self.knows_accounts(&connector, instance.id).await?;
        if strange && !other_directory {
            return Err(ManageError::OtherDirectory);
        }
        Ok(Some(Tested { target: Target::Scim { base_url: url, capabilities }, token, drop_links: strange }))
    }

    /// Whether the app still knows three accounts that we are linked to.
    async fn knows_accounts(&self, connector: &Connector, id: InstanceId) -> Result<bool, ManageError> {
        for link in self.store.read(move |rx| links::sample(rx, id, KNOWN)).await? {
            let Some(remote) = link.remote_id else { continue };
            match connector.get(link.kind, &remote).await {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(false),
                Err(e) => return Err(ManageError::Refused(format!("The new address could not be compared with the old: {e}."))),
            }
        }
        Ok(true)
    }

    fn can_seal(&self) -> Result<(), ManageError> {
        match self.keys.as_ref() {
            KeyState::Ready(_) => Ok(()),
            KeyState::Missing | KeyState::Foreign => Err(CredentialError::Sealed.into()),
        }
    }

    fn open(&self, url: &str, token: &Secret) -> Result<Connector, ManageError> {
        let base_url = clean_base_url(url).map_err(ManageError::Refused)?.url;
        let token = clean_token(token.expose()).map_err(ManageError::Refused)?;
        let target = Target::Scim { base_url, capabilities: Capabilities::default() };
        Ok(Connector::open(&target, token, self.net.clone()))
    }

    async fn test(&self, url: &str, token: &Secret) -> Result<Capabilities, ManageError> {
        self.open(url, token)?.check().await.map_err(|e| ManageError::Check(Box::new(e)))
    }

    async fn instance(&self, id: InstanceId) -> Result<Instance, ManageError> {
        self.store.read(move |rx| instances::by_id(rx, id)).await?.ok_or_else(gone)
    }

    /// Switches an instance. Enabling reads the app again and looks at everything that changed meanwhile.
    ///
    /// # Errors
    /// The instance is gone; the store's.
    pub async fn switch(&self, by: Actor, id: InstanceId, to: Switch) -> Result<Instance, ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<Instance, ManageError> {
            let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
            let (enabled, paused, action) = match to {
                Switch::Enable => (true, instance.paused, "instance.enabled"),
                Switch::Disable => (false, instance.paused, "instance.disabled"),
                Switch::Pause => (instance.enabled, true, "instance.paused"),
                Switch::Resume => (instance.enabled, false, "instance.resumed"),
            };
            instances::set_switches(tx, id, enabled, paused)?;
            tell(tx, &instance, &by, action, "")?;
            if instance.target.is_some() && enabled && !instance.enabled {
                jobs::enqueue(tx, id, JobKind::Import, 0, priority::IMPORT, None)?;
                jobs::enqueue(tx, id, JobKind::Reconcile, 0, priority::LATER, None)?;
            }
            tx.tell(id, crate::store::Topic::Jobs);
            instances::by_id(tx, id)?.ok_or_else(gone)
        };
        self.store.write(Lane::Front, Some(id), work).await
    }

    /// Reads the app now, even while it is left alone after an outage.
    ///
    /// # Errors
    /// `Refused` without a target or when switched off; the store's.
    pub async fn sync_now(&self, by: Actor, id: InstanceId) -> Result<(), ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<(), ManageError> {
            let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
            if instance.target.is_none() {
                return Err(ManageError::Refused("This instance only receives: there is no app to sync with.".into()));
            }
            if !instance.enabled || instance.paused {
                return Err(ManageError::Refused("This instance is switched off or paused. Enable or resume it first.".into()));
            }
            instances::set_backoff(tx, id, None, instance.retry_count, instance.parked_since)?;
            jobs::enqueue(tx, id, JobKind::Import, 0, priority::IMPORT, None)?;
            tell(tx, &instance, &by, "sync.requested", "")?;
            Ok(())
        };
        self.store.write(Lane::Front, Some(id), work).await
    }

    /// Deletes an instance and what the hub knows of it. The app is left as it is; the slug stays taken.
    ///
    /// # Errors
    /// The instance is gone; the store's.
    pub async fn delete(&self, by: Actor, id: InstanceId) -> Result<(), ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<(), ManageError> {
            let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
            instances::delete(tx, id)?;
            tell(tx, &instance, &by, "instance.deleted", "The app was left as it is.")?;
            Ok(())
        };
        self.store.write(Lane::Front, Some(id), work).await
    }

    /// Makes a key; its id and the key itself, to be shown once.
    ///
    /// # Errors
    /// The instance is gone; the store's.
    pub async fn create_key(
        &self,
        by: Actor,
        id: InstanceId,
        name: String,
        ends_in: Option<Duration>,
    ) -> Result<(i64, Secret), ManageError> {
        let name = name_of(&name)?;
        let work = move |tx: &Tx<'_>| -> Result<(i64, Secret), ManageError> {
            let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
            new_key(tx, &instance, &by, &name, ends_in)
        };
        self.store.write(Lane::Front, Some(id), work).await
    }

    /// Makes a key and gives the old one an end; id of the new key and the key itself.
    ///
    /// # Errors
    /// `Refused` when the old key has ended; the store's.
    pub async fn rotate_key(&self, by: Actor, id: InstanceId, old: i64, old_ends_in: Duration) -> Result<(i64, Secret), ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<(i64, Secret), ManageError> {
            let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
            let keys = access::keys(tx, id)?;
            let Some(key) = keys.into_iter().find(|k| k.id == old && k.is_live(tx.now())) else {
                return Err(ManageError::Refused("This key has ended already. Make a new one.".into()));
            };
            let made = new_key(tx, &instance, &by, &key.name, None)?;
            access::end_key(tx, id, old, tx.now().after(old_ends_in))?;
            Ok(made)
        };
        self.store.write(Lane::Front, Some(id), work).await
    }

    /// Ends a key now.
    ///
    /// # Errors
    /// `Refused` when there is no such live key; the store's.
    pub async fn revoke_key(&self, by: Actor, id: InstanceId, key: i64) -> Result<(), ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<(), ManageError> {
            let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
            if !access::revoke_key(tx, id, key)? {
                return Err(ManageError::Refused("There is no such live key.".into()));
            }
            tell(tx, &instance, &by, "key.revoked", "")?;
            Ok(())
        };
        self.store.write(Lane::Front, Some(id), work).await
    }
}

fn new_key(tx: &Tx<'_>, instance: &Instance, by: &Actor, name: &str, ends_in: Option<Duration>) -> Result<(i64, Secret), ManageError> {
    let key = NewKey::generate();
    let ends = ends_in.map(|d| tx.now().after(d));
    let who = match by {
        Actor::Admin(email) => email.as_str(),
        Actor::Idp(_) | Actor::Target | Actor::Hub => "command line",
    };
    let id = access::insert_key(tx, instance.id, &key.hash, name, &key.prefix, who, ends)?;
    tell(tx, instance, by, "key.created", &format!("Key {}…", key.prefix))?;
    Ok((id, key.plain))
}

fn tell(tx: &Tx<'_>, instance: &Instance, by: &Actor, action: &'static str, detail: &str) -> Result<(), StoreError> {
    let draft = EventDraft {
        instance: Some(instance.id),
        resource: None,
        subject: instance.name.clone(),
        actor: by.clone(),
        action,
        outcome: Outcome::Done,
        detail: detail.into(),
        changes: Vec::new(),
    };
    events::record(tx, draft).map(drop)
}

fn name_of(typed: &str) -> Result<String, ManageError> {
    let name = typed.trim();
    if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(ManageError::Refused(format!("Choose a name of 1 to {NAME} characters.")));
    }
    Ok(name.to_owned())
}

fn gone() -> ManageError {
    ManageError::Refused("This instance no longer exists.".into())
}
