//! Connecting an app and changing how: what an admin typed is tried before it replaces what works. Nothing here saves
//! anything but `attach`, which the caller runs in its own unit of work.

use crate::connector::{CheckError, Connector, Net, Token};
use crate::model::job::priority;
use crate::model::{Access, Capabilities, Instance, InstanceId, JobKind, RunPhase, Scope, Target};
use crate::store::{Store, StoreError, Tx, instances, jobs, links, members, probes, removals, runs};

/// Ids that a new address has to know.
const KNOWN: usize = 3;

/// Tries an address and a token against the app. Reads only.
///
/// # Errors
/// A sentence that says what to change.
pub async fn connect(
    net: &Net,
    base_url: &str,
    access: &Access,
    token: Token,
    scope: Scope,
) -> Result<Capabilities, CheckError> {
    let target = Target::Scim {
        base_url: base_url.to_owned(),
        access: access.clone(),
        capabilities: Capabilities::default(),
    };
    let app = Connector::open(&target, token, net.clone());
    let found = app.check(scope).await?;
    Ok(Capabilities {
        own: app.own_account().await,
        ..found
    })
}

/// How many of the accounts we know a new address knows too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recognised {
    /// Asked for; at most three, none when nothing is linked yet.
    pub asked: usize,
    /// Found.
    pub found: usize,
}

impl Recognised {
    /// It is the same app: the links stay true.
    #[must_use]
    pub fn is_same(self) -> bool {
        self.asked == self.found
    }
}

/// Asks `target` for three accounts that we know.
///
/// # Errors
/// A sentence; the database or the app could not be read.
pub async fn recognise(
    store: &Store,
    net: &Net,
    id: InstanceId,
    target: &Target,
    token: Token,
) -> Result<Recognised, String> {
    let known = store
        .read(move |rx| links::sample(rx, id, KNOWN))
        .await
        .map_err(|e: StoreError| e.to_string())?;
    let app = Connector::open(target, token, net.clone());
    let mut found = 0;
    for link in &known {
        let remote = link.remote_id.as_deref().unwrap_or_default();
        found += usize::from(
            app.get(link.kind, remote)
                .await
                .map_err(|e| e.to_string())?
                .is_some(),
        );
    }
    Ok(Recognised {
        asked: known.len(),
        found,
    })
}

/// Gives an instance an app, or another address of it; call it in the unit that seals the new token. `same_app`: the
/// links stay; otherwise they are dropped and everything is read anew before anything is sent.
///
/// # Errors
/// When the database fails.
pub fn attach(tx: &Tx<'_>, instance: &Instance, target: &Target, same_app: bool) -> Result<(), StoreError> {
    let id = instance.id;
    if instance
        .target
        .as_ref()
        .is_some_and(|old| old.base_url() != target.base_url())
    {
        // What it still reads is not what is connected now.
        runs::end(
            tx,
            id,
            RunPhase::Failed,
            Some("the address of the app was changed"),
        )?;
    }
    instances::set_target(tx, id, target)?;
    instances::set_backoff(tx, id, None, 0, None)?;
    probes::ask(tx, id, tx.now(), false)?;
    if instance.target.is_none() || !same_app {
        links::drop_all(tx, id)?;
        members::start_tracking(tx, id)?;
        removals::drop_open(tx, id)?;
        super::health::look_at_held(tx, id)?;
        instances::set_imported(tx, id, None)?;
    }
    jobs::enqueue(tx, id, JobKind::Import, 0, priority::IMPORT, None)
}

/// A new token was tried and works: what waited for it goes on at once. Call it in the unit that seals the token.
///
/// # Errors
/// When the database fails.
pub fn token_works(tx: &Tx<'_>, id: InstanceId) -> Result<(), StoreError> {
    super::health::recover(tx, id, true)?;
    jobs::try_all_again(tx, id)?;
    jobs::enqueue(tx, id, JobKind::Import, 0, priority::IMPORT, None)
}

/// Scope or policies changed, or the instance was switched on again: everything is looked at.
///
/// # Errors
/// When the database fails.
pub fn reconsider(tx: &Tx<'_>, id: InstanceId) -> Result<(), StoreError> {
    jobs::enqueue(tx, id, JobKind::Reconcile, 0, priority::LATER, None)
}
