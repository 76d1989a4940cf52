//! What an admin does to an instance, from a page or the command line: connect, edit, switch, sync, delete. Each is
//! tested against the app first where it touches the connection, and tells an event.

use std::sync::Arc;

use thiserror::Error;

use super::connect;
use super::context::leads_alike;
use super::credential::{self, CredentialError, can_seal};
use super::import::MEMBERS;
use super::removal;
use super::settings;
use super::tested::replace_token;
use super::token::{said_of_end, set_end};
use crate::connector::form::{base_url_of, clean_base_url, clean_secret};
pub use crate::connector::form::{clean_access, parse_header};
use crate::connector::{CheckError, Net, catalog};
use crate::mapping;
use crate::model::job::priority;
use crate::model::{
    Access, Actor, EventDraft, Instance, InstanceId, JobKind, MapRow, Outcome, Policies, Scope, Target, Time,
};
use crate::scim::rules::DeclareError;
use crate::secret::{KeyState, Secret};
use crate::store::instances::NewInstance;
use crate::store::{Lane, Store, StoreError, Topic, Tx, custom, events, instances, jobs, links};

/// Longest name of an instance or key.
const NAME: usize = 80;
/// Shortest and longest time between syncs, in seconds.
const SCHEDULE: std::ops::RangeInclusive<u32> = 60..=7 * 24 * 3600;

/// Why it was not done.
#[derive(Debug, Error)]
pub enum ManageError {
    /// The app was asked and did not agree.
    #[error("{}", .0.sentence)]
    Check(Box<CheckError>),
    /// What was typed cannot be; the sentence says what to do.
    #[error("{0}")]
    Refused(String),
    /// The new base URL, or the new token, does not know accounts the old one knew.
    #[error(
        "With what was typed, the app does not know accounts that this instance is linked to. If it is another directory, \
         confirm it on the settings page: all links are dropped and both sides are matched anew."
    )]
    OtherDirectory,
    /// Scope, mapping or a policy cannot be read.
    #[error("{}", .0.text)]
    Policies(mapping::Flaw),
    /// The attribute cannot be declared.
    #[error(transparent)]
    Declare(#[from] DeclareError),
    /// The key file is missing.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
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
    /// What an admin chose.
    pub policies: Policies,
    /// SCIM base URL and secret; none: receives only.
    pub target: Option<(String, Secret)>,
    /// How the target is told who calls; counts only where there is one.
    pub access: Access,
}

/// An edit, as typed. What is `None` stays.
#[derive(Debug, Default)]
pub struct Edit {
    /// The instance that it was typed for; none: as it is now. If what the edit replaces was changed since, it is refused.
    pub seen: Option<Instance>,
    /// What admins call it.
    pub name: Option<String>,
    /// Seconds between syncs.
    pub sync_every_s: Option<u32>,
    /// Policies.
    pub policies: Option<Policies>,
    /// SCIM base URL.
    pub base_url: Option<String>,
    /// Token, password or client secret.
    pub token: Option<Secret>,
    /// When the token ends, for reminders; `Some(None)`: not known. What is `None` stays with the token.
    pub token_ends: Option<Option<Time>>,
    /// How the app is told who calls.
    pub access: Option<Access>,
    /// The new base URL is another directory, and that is meant.
    pub other_directory: bool,
}

/// A SCIM base URL typed for the App of this slug, as it would be saved, and what was changed about it. An App that the
/// catalog does not know takes any.
///
/// # Errors
/// A sentence that says what to change.
pub fn clean_url(app: &str, typed: &str) -> Result<(String, Vec<String>), String> {
    base_url_of(catalog::find(app), typed).map(|clean| (clean.url, clean.notes))
}

/// The mapping that an instance of the App of this slug begins with.
#[must_use]
pub fn proposed_mapping(app: &str) -> &'static [MapRow] {
    catalog::find(app).map_or(&[], |app| &app.mapping)
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

impl Manager {
    /// Connects an app, or makes an instance that only receives. Nothing is saved unless the app agrees.
    ///
    /// # Errors
    /// `Check` with a sentence that says what to fix; `Refused` for what cannot be.
    pub async fn create(&self, by: Actor, new: NewConnection) -> Result<Instance, ManageError> {
        self.create_until(by, new, None).await
    }

    /// As `create`, with a token of which it is known when it ends.
    ///
    /// # Errors
    /// As `create`.
    pub async fn create_until(
        &self,
        by: Actor,
        new: NewConnection,
        token_ends: Option<Time>,
    ) -> Result<Instance, ManageError> {
        let name = name_of(if new.name.trim().is_empty() {
            &new.app.1
        } else {
            &new.name
        })?;
        let target = match new.target {
            None => None,
            Some((url, token)) => {
                can_seal(&self.keys)?;
                let base_url = clean_base_url(&url).map_err(ManageError::Refused)?.url;
                let access = clean_access(&new.access).map_err(ManageError::Refused)?;
                let token = clean_secret(&access.auth, token.expose()).map_err(ManageError::Refused)?;
                let capabilities = self
                    .check(&new.app.0, &base_url, &access, token.clone(), new.scope)
                    .await?;
                Some((
                    Target::Scim {
                        base_url,
                        access,
                        capabilities,
                    },
                    token,
                ))
            }
        };
        let (keys, app, scope, mut policies) = (Arc::clone(&self.keys), new.app.0, new.scope, new.policies);
        if policies.mapping.is_empty() {
            policies.mapping = proposed_mapping(&app).to_vec();
        }
        let work = move |tx: &Tx<'_>| -> Result<Instance, ManageError> {
            let slug = instances::free_slug(tx, &name)?;
            let instance = instances::insert(
                tx,
                &NewInstance {
                    slug,
                    name,
                    app,
                    scope,
                    policies,
                    target: None,
                },
            )?;
            if let Some((target, token)) = &target {
                credential::put(tx, &keys, instance.id, token)?;
                connect::attach(tx, &instance, target, false)?;
            }
            let ends = token_ends.filter(|_| target.is_some());
            if ends.is_some() {
                set_end(tx, instance.id, ends)?;
            }
            let detail = ends.map(|_| said_of_end(ends)).unwrap_or_default();
            tell(tx, &instance, &by, "instance.created", &detail)?;
            instances::by_id(tx, instance.id)?.ok_or_else(gone)
        };
        self.store.write(Lane::Front, None, work).await
    }

    /// Changes an instance. A new URL or token is tested before it replaces the old.
    ///
    /// # Errors
    /// `Check`, `OtherDirectory`, `Refused`; then nothing was changed.
    pub async fn edit(&self, by: Actor, id: InstanceId, edit: Edit) -> Result<Instance, ManageError> {
        let instance = match edit.seen {
            Some(seen) => seen,
            None => self.instance(id).await?,
        };
        let name = edit.name.as_deref().map(name_of).transpose()?;
        let every = edit.sync_every_s;
        if every.is_some_and(|s| !SCHEDULE.contains(&s)) {
            return Err(ManageError::Refused(
                "Choose a time between one minute and seven days between syncs.".into(),
            ));
        }
        let mut policies = edit.policies.filter(|typed| *typed != instance.policies);
        if let Some(policies) = &mut policies {
            let custom = self.store.read(move |rx| custom::of(rx, id)).await?;
            mapping::check(policies, &custom).map_err(ManageError::Policies)?;
        }
        if edit.token_ends.is_some() && instance.target.is_none() && edit.token.is_none() {
            return Err(ManageError::Refused(
                "This instance only receives: it has no token that could end.".into(),
            ));
        }
        let typed = (edit.base_url, edit.access, edit.token);
        let tested = self.tested(&instance, typed, edit.other_directory).await?;
        let keys = Arc::clone(&self.keys);
        let work = move |tx: &Tx<'_>| -> Result<Instance, ManageError> {
            let now = instances::by_id(tx, id)?.ok_or_else(gone)?;
            // The app may have been asked for minutes: what others changed in them is not taken back unseen.
            if (policies.is_some() && now.policies != instance.policies)
                || (tested.is_some() && !leads_alike(&now, &instance))
            {
                return Err(changed_meanwhile());
            }
            let name = name.as_ref().unwrap_or(&now.name);
            let policies = policies.as_ref().unwrap_or(&now.policies);
            instances::set_basics(tx, id, name, every.unwrap_or(now.sync_every_s), policies)?;
            if policies.protected != now.policies.protected {
                removal::protection_changed(tx, id)?;
            }
            if policies.drift_at(MEMBERS) != now.policies.drift_at(MEMBERS) {
                links::look_anew(tx, id, MEMBERS)?;
            }
            let policies_changed = *policies != now.policies && now.target.is_some();
            if policies_changed || tested.is_some() {
                connect::reconsider(tx, id)?;
            }
            if policies_changed && policies.mapping != now.policies.mapping {
                // Who was refused, or could not be mapped, may be taken now.
                jobs::try_all_again(tx, id)?;
            }
            let mut detail = Vec::new();
            if let Some(tested) = tested {
                if let Some(token) = &tested.token {
                    detail.push("The token was replaced by one that was tested.".to_owned());
                    replace_token(tx, &keys, &now, &tested.target, token)?;
                }
                connect::attach(tx, &now, &tested.target, tested.same_app)?;
                connect::token_works(tx, id)?;
            }
            if let Some(ends) = edit.token_ends {
                set_end(tx, id, ends)?;
                detail.push(said_of_end(ends));
            }
            let after = instances::by_id(tx, id)?.ok_or_else(gone)?;
            settings::tell(tx, &by, &now, &after, detail.join(" "))?;
            Ok(after)
        };
        self.store.write(Lane::Front, Some(id), work).await
    }

    async fn instance(&self, id: InstanceId) -> Result<Instance, ManageError> {
        self.store
            .read(move |rx| instances::by_id(rx, id))
            .await?
            .ok_or_else(gone)
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
                connect::reconsider(tx, id)?;
            }
            tx.tell(id, Topic::Jobs);
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
                return Err(ManageError::Refused(
                    "This instance only receives: there is no app to sync with.".into(),
                ));
            }
            if !instance.enabled || instance.paused {
                return Err(ManageError::Refused(
                    "This instance is switched off or paused. Enable or resume it first.".into(),
                ));
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
            tell(
                tx,
                &instance,
                &by,
                "instance.deleted",
                "The app was left as it is.",
            )?;
            Ok(())
        };
        self.store.write(Lane::Front, Some(id), work).await?;
        self.store.telemetry().forget(id);
        Ok(())
    }
}

pub(super) fn tell(
    tx: &Tx<'_>,
    instance: &Instance,
    by: &Actor,
    action: &'static str,
    detail: &str,
) -> Result<(), StoreError> {
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

pub(super) fn name_of(typed: &str) -> Result<String, ManageError> {
    let name = typed.trim();
    if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return Err(ManageError::Refused(format!(
            "Choose a name of 1 to {NAME} characters."
        )));
    }
    Ok(name.to_owned())
}

pub(super) fn changed_meanwhile() -> ManageError {
    ManageError::Refused(
        "Somebody changed this instance meanwhile, and nothing was saved. Look at it again, then save."
            .into(),
    )
}

pub(super) fn gone() -> ManageError {
    ManageError::Refused("This instance no longer exists.".into())
}
