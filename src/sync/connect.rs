//! Connecting an app and changing how: what an admin typed is tried before it replaces what works. Nothing here saves
//! anything but `attach`, which the caller runs in its own unit of work.

use crate::connector::{CheckError, Connector, ConnectorError, Net, Remote, Token};
use crate::mapping;
use crate::model::job::priority;
use crate::model::{
    Access, Capabilities, Instance, InstanceId, JobKind, Link, Pace, RunPhase, Scope, Target,
};
use crate::scim::fold;
use crate::store::{StoreError, Tx, instances, jobs, links, members, probes, removals, runs};

/// Ids that a new address or token has to know.
const KNOWN: usize = 3;
/// How many it is asked for before it is another app's.
pub const ASKED: usize = 12;

/// Tries an address and a token against the app, no faster than `pace`. Reads only.
///
/// # Errors
/// A sentence that says what to change.
pub async fn connect(
    net: &Net,
    base_url: &str,
    access: &Access,
    token: Token,
    scope: Scope,
    pace: Pace,
) -> Result<Capabilities, CheckError> {
    let target = Target::Scim {
        base_url: base_url.to_owned(),
        access: access.clone(),
        capabilities: Capabilities {
            pace,
            ..Capabilities::default()
        },
    };
    let app = Connector::open(&target, token, net.clone());
    let found = app.check(scope).await?;
    Ok(Capabilities {
        own: app.own_account().await,
        ..found
    })
}

/// How many of the accounts we know a new address or token knows too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recognised {
    /// Asked for; none when nothing is linked yet.
    pub asked: usize,
    /// Found.
    pub found: usize,
}

impl Recognised {
    /// It is the same app: the links stay true. It knows three, or most of the few that there are; some may have left it
    /// since the last sync.
    #[must_use]
    pub fn is_same(self) -> bool {
        self.found >= KNOWN || self.found * 2 > self.asked || self.asked == 0
    }
}

/// Asks `target` for accounts that we know, until it knows three.
///
/// # Errors
/// The app could not be asked.
pub async fn recognise(
    net: &Net,
    known: &[Link],
    target: &Target,
    token: Token,
) -> Result<Recognised, ConnectorError> {
    let app = Connector::open(target, token, net.clone());
    let mut so_far = Recognised { asked: 0, found: 0 };
    for link in known {
        let id = link.remote_id.as_deref().unwrap_or_default();
        let shown = app.get(link.kind, id).await?;
        so_far.asked += 1;
        so_far.found += usize::from(shown.is_some_and(|shown| is_same_one(link, &shown)));
        if so_far.found >= KNOWN {
            break;
        }
    }
    Ok(so_far)
}

/// Apps that count have each id, and somebody else under it: its name or externalId has to be the one that is known.
fn is_same_one(link: &Link, shown: &Remote) -> bool {
    let external = mapping::text(&shown.attributes, "externalId");
    let name = mapping::text(&shown.attributes, mapping::name_path(link.kind)).map(fold);
    name == link.name_key || (external.is_some() && external == link.external_id.as_deref())
}

/// Gives an instance an app, or another address of it; call it in the unit that seals the new token. `same_app`: the
/// links stay; otherwise they are dropped and everything is read anew before anything is sent.
///
/// # Errors
/// When the database fails.
pub fn attach(tx: &Tx<'_>, instance: &Instance, target: &Target, same_app: bool) -> Result<(), StoreError> {
    let id = instance.id;
    let old = instance.target.as_ref();
    if old.is_some_and(|old| !same_app || old.base_url() != target.base_url()) {
        // What it still reads is not what is connected now.
        let why = Some("the app is connected otherwise now");
        runs::end(tx, id, RunPhase::Failed, why)?;
    }
    instances::set_target(tx, id, target)?;
    instances::set_backoff(tx, id, None, 0, None)?;
    probes::ask(tx, id, tx.now(), false)?;
    if instance.target.is_none() || !same_app {
        links::drop_all(tx, id)?;
        // What was allowed, counted or kept was of another app.
        removals::drop_all(tx, id)?;
        super::health::look_at_held(tx, id)?;
        members::start_tracking(tx, id)?;
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
