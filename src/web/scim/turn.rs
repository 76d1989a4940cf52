//! Long reads of an instance take turns, so that a flood of them leaves readers for the others.

use super::gate::{Caller, Gate};
use crate::store::scan::Cost;
use crate::store::{Rx, StoreError};

impl Gate {
    /// Runs a list, or what else may be long, in the way that its cost asks for. Instances share the readers: whoever
    /// looks at more than an index finds waits for its turn among those of its own instance.
    pub(super) async fn list<T, E, F>(&self, caller: &Caller, cost: Cost, work: F) -> Result<T, E>
    where
        F: FnOnce(&Rx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let turn = match cost {
            Cost::LookUp => None,
            Cost::Page | Cost::Scan => caller.counted.reading().await,
        };
        let work = move |rx: &Rx<'_>| {
            // Held by the work and not by who waits for it: that one may go away.
            let _turn = turn;
            work(rx)
        };
        self.store.list(cost, work).await
    }
}
