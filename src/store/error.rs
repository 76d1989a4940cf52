//! What can go wrong with the store, in words a person can act on.

use thiserror::Error;

use super::scan::ScanBudget;

/// An error of the store. None of them carries a value from a document.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Too much is waiting, or the batch was lost; nothing was written. Try again soon.
    #[error("the database is busy; nothing was written, try again")]
    Busy,
    /// The disk is full or failing; nothing of this was written.
    #[error("the database could not be written ({0}); nothing was written")]
    Disk(String),
    /// The work itself failed; nothing of it was written.
    #[error("an internal error stopped this write; nothing was written")]
    Panicked,
    /// Made by a newer version of the program.
    #[error(
        "this database was made by a newer version of rollcall; install that version or restore an older backup"
    )]
    Newer,
    /// The database cannot be opened or is damaged.
    #[error("the database cannot be opened: {0}")]
    Open(String),
    /// A stored value cannot be read.
    #[error("a stored {0} cannot be read")]
    Damaged(&'static str),
    /// Any other error of SQLite.
    #[error("the database answered: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A query went past its budget of rows or time.
    #[error("the query looks at more than {0}; make the filter narrower")]
    TooMuch(ScanBudget),
    /// The place that a page of a list begins after cannot be found any more.
    #[error("the list has changed where this page begins; begin anew")]
    Expired,
}

impl StoreError {
    /// Whether waiting and asking again may help.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Disk(_) | Self::Panicked)
    }
}
