//! A sync that a person ends. What was read stays, nothing is taken as gone, and the next one comes by schedule.

use std::time::Duration;

use super::manage::{ManageError, Manager, gone, tell};
use crate::model::{Actor, InstanceId, JobKind, Run, RunPhase};
use crate::store::{Lane, Topic, Tx, instances, jobs, runs};

impl Manager {
    /// Ends the sync that runs, and takes back one that waits. The run that was ended; none: it only waited.
    ///
    /// # Errors
    /// `Refused` when there is neither; the store's.
    pub async fn cancel_sync(&self, by: Actor, id: InstanceId) -> Result<Option<Run>, ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<Option<Run>, ManageError> {
            let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
            // A job under way finds out by itself that its run has ended, and ends with it.
            let waited = jobs::withdraw(tx, id, JobKind::Import, 0)?;
            let run = runs::end(tx, id, RunPhase::Cancelled, None)?;
            if !waited && run.is_none() {
                return Err(ManageError::Refused("No sync runs or waits.".into()));
            }
            let every = Duration::from_secs(u64::from(instance.sync_every_s.max(60)));
            if instance.next_sync_at.is_none_or(|at| at <= tx.now()) {
                instances::set_next_sync(tx, id, Some(tx.now().after(every)))?;
            }
            tell(tx, &instance, &by, "sync.cancelled", "Nothing is taken as gone.")?;
            tx.tell(id, Topic::Jobs);
            Ok(run)
        };
        self.store.write(Lane::Front, Some(id), work).await
    }
}
