//! Inbound keys of an instance: made, rotated, revoked. The key itself is shown once; only its hash is kept.

use std::time::Duration;

use super::manage::{ManageError, Manager, gone, name_of, tell};
use crate::model::{Actor, Instance, InstanceId};
use crate::secret::{NewKey, Secret};
use crate::store::{Lane, Tx, access, instances};

impl Manager {
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
    pub async fn rotate_key(
        &self,
        by: Actor,
        id: InstanceId,
        old: i64,
        old_ends_in: Duration,
    ) -> Result<(i64, Secret), ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<(i64, Secret), ManageError> {
            let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
            let keys = access::keys(tx, id)?;
            let Some(key) = keys.into_iter().find(|k| k.id == old && k.is_live(tx.now())) else {
                return Err(ManageError::Refused(
                    "This key has ended already. Make a new one.".into(),
                ));
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

fn new_key(
    tx: &Tx<'_>,
    instance: &Instance,
    by: &Actor,
    name: &str,
    ends_in: Option<Duration>,
) -> Result<(i64, Secret), ManageError> {
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
