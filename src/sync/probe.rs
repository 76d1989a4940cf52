//! Probes: when an app is tried, and what becomes of what was found. One runs after connecting, each week, and when
//! somebody asks; beside the jobs, so that no push waits for it. Whatever it finds, the health of an instance is not
//! touched. How an app is tried stands in `connector`.

use std::sync::Arc;
use std::time::Duration;

use super::connect;
use super::context::{Context, Ended, leads_alike};
use super::manage::{ManageError, Manager, gone, tell};
use crate::clock::Stopwatch;
use crate::connector::form::{clean_access, clean_base_url, clean_secret};
use crate::connector::{Connector, Net, ProbePlan, catalog};
use crate::model::{Access, Actor, Capabilities, Instance, InstanceId, Profile, Scope, Target};
use crate::secret::Secret;
use crate::store::{Lane, Store, StoreError, Tx, instances, probes};

/// From one probe to the next.
pub(super) const EACH: Duration = Duration::from_secs(7 * 24 * 3600);
/// A probe that did not come to its end is tried again after so long.
const AGAIN: Duration = Duration::from_secs(3600);
/// Probes of the engine at once.
pub(super) const AT_ONCE: usize = 2;

/// Tries an app. `stop` says that there is no more time.
async fn look(
    store: &Store,
    app: &Connector,
    scope: Scope,
    writes: bool,
    stop: impl Fn() -> bool + Send + Sync,
) -> Profile {
    let (watch, tag) = (Stopwatch::start(), store.clock().new_id());
    let plan = ProbePlan {
        scope,
        tag: &tag,
        writes,
        now: store.clock().now(),
        elapsed: &|| if stop() { Duration::MAX } else { watch.elapsed() },
    };
    app.profile(plan).await
}

/// Takes the next probe that is due.
///
/// # Errors
/// When the database fails.
pub(super) async fn begin(ctx: &Context) -> Result<Option<(InstanceId, bool)>, StoreError> {
    let work = |tx: &Tx<'_>| probes::begin(tx, tx.now().after(AGAIN));
    ctx.store.write(Lane::Engine, None, work).await
}

/// A probe of the engine, to its end, whatever happens in it.
pub(super) async fn run(ctx: Arc<Context>, id: InstanceId, writes: bool) {
    let inner = Arc::clone(&ctx);
    let done = tokio::spawn(async move { one(&inner, id, writes).await }).await;
    let ended = match done {
        Ok(ended) => ended,
        Err(_) => {
            tracing::error!(instance = id.0, "a probe stopped by an internal error");
            ctx.write(id, move |tx| probes::finish(tx, id, None, tx.now().after(AGAIN)))
                .await
        }
    };
    if let Err(error) = ended {
        tracing::warn!(instance = id.0, %error, "what a probe found could not be stored");
    }
}

async fn one(ctx: &Context, id: InstanceId, writes: bool) -> Result<(), StoreError> {
    let (instance, app) = match ctx.connector(id).await {
        Ok(opened) => opened,
        Err(Ended::Store(error)) => return Err(error),
        // Switched off, or no token that opens: there is nobody to ask.
        Err(_) => {
            return ctx
                .write(id, move |tx| probes::finish(tx, id, None, tx.now().after(AGAIN)))
                .await;
        }
    };
    let profile = look(&ctx.store, &app, instance.scope, writes, || ctx.is_stopping()).await;
    if ctx.is_stopping() {
        // Cut short: the next start begins anew.
        return ctx
            .write(id, move |tx| probes::finish(tx, id, None, tx.now()))
            .await;
    }
    ctx.write(id, move |tx| keep(tx, &instance, &profile)).await
}

/// Stores what was found, and lets the client go by it if it is still the app that was asked. What jobs learnt meanwhile
/// stays.
fn keep(tx: &Tx<'_>, asked: &Instance, profile: &Profile) -> Result<(), StoreError> {
    let id = asked.id;
    let Some(instance) = instances::by_id(tx, id)? else {
        return Ok(());
    };
    let alike = leads_alike(asked, &instance);
    let (Some(mut target), Some(asked)) = (instance.target, &asked.target) else {
        return Ok(());
    };
    if !alike {
        return probes::finish(tx, id, None, tx.now());
    }
    let capabilities = target.capabilities();
    probes::finish(tx, id, Some(profile), tx.now().after(EACH))?;
    let mut learnt = Capabilities {
        // Groups that were there once are not given up for one bad answer: only an admin's check may.
        groups: capabilities.groups || profile.capabilities.groups,
        ..profile.capabilities.clone()
    };
    learnt.learn(capabilities, asked.capabilities());
    let learnt = match catalog::find(&instance.app) {
        Some(app) => app.bounded(learnt),
        None => learnt,
    };
    if profile.usable && learnt != *capabilities {
        if capabilities
            .refusals()
            .any(|(kind, verb)| !learnt.refuses(kind, verb))
        {
            // What was not asked for may be done now.
            connect::reconsider(tx, id)?;
        }
        *target.capabilities_mut() = learnt;
        instances::set_target(tx, id, &target)?;
    }
    Ok(())
}

impl Manager {
    /// Has the engine try the app now; with `writes` also by a user and a group of the probe's own.
    ///
    /// # Errors
    /// `Refused` without an app or when switched off; the store's.
    pub async fn ask_probe(&self, by: Actor, id: InstanceId, writes: bool) -> Result<(), ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<(), ManageError> {
            let instance = askable(tx, id)?;
            // Whoever only wants to look again takes nothing back from whoever asked for writes.
            let to_write = writes || probes::is_to_write(tx, id)?;
            probes::ask(tx, id, tx.now(), to_write)?;
            told(tx, &instance, &by, writes)?;
            Ok(())
        };
        self.store.write(Lane::Front, Some(id), work).await
    }

    /// Tries the app of an instance here and now, and stores what was found: where no engine runs that could be asked.
    ///
    /// # Errors
    /// `Refused` without an app or when switched off, or without a token that opens; the store's.
    pub async fn probe(&self, by: Actor, id: InstanceId, writes: bool) -> Result<Profile, ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<Instance, ManageError> {
            let instance = askable(tx, id)?;
            told(tx, &instance, &by, writes)?;
            Ok(instance)
        };
        let instance = self.store.write(Lane::Front, Some(id), work).await?;
        let Some(target) = &instance.target else {
            return Err(gone());
        };
        let token = self.stored_token(&instance).await?;
        let app = Connector::open(target, token, self.net.clone());
        let profile = look(&self.store, &app, instance.scope, writes, || false).await;
        let found = profile.clone();
        let stored = self
            .store
            .write(Lane::Front, Some(id), move |tx| keep(tx, &instance, &found));
        stored.await.map_err(|e: StoreError| ManageError::from(e))?;
        Ok(profile)
    }
}

/// Tries an app that no instance is connected to. It reads only, and nothing is stored.
///
/// # Errors
/// A sentence that says what to change about what was typed.
pub async fn stranger(
    store: &Store,
    net: &Net,
    base_url: &str,
    access: &Access,
    token: &Secret,
) -> Result<Profile, String> {
    let access = clean_access(access)?;
    let token = clean_secret(&access.auth, token.expose())?;
    let target = Target::Scim {
        base_url: clean_base_url(base_url)?.url,
        access,
        capabilities: Capabilities::default(),
    };
    let app = Connector::open(&target, token, net.clone());
    Ok(look(store, &app, Scope::UsersAndGroups, false, || false).await)
}

fn askable(tx: &Tx<'_>, id: InstanceId) -> Result<Instance, ManageError> {
    let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
    if instance.target.is_none() {
        return Err(ManageError::Refused(
            "This instance only receives: there is no app to check.".into(),
        ));
    }
    if !instance.enabled || instance.paused {
        return Err(ManageError::Refused(
            "This instance is switched off or paused. Enable or resume it first.".into(),
        ));
    }
    Ok(instance)
}

fn told(tx: &Tx<'_>, instance: &Instance, by: &Actor, writes: bool) -> Result<(), StoreError> {
    let detail = if writes {
        "With writes: a user and a group of its own are made and deleted."
    } else {
        ""
    };
    tell(tx, instance, by, "instance.probed", detail)
}
