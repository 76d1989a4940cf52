//! The schema's versions, by `user_version`. Every released schema must come up; a newer one is refused.

use rusqlite::Connection;
use rusqlite_migration::{Error, M, MigrationDefinitionError, Migrations};

use super::StoreError;

/// In order; a released file never changes.
const STEPS: &[M<'static>] = &[
    M::up(include_str!("../../migrations/0001_first.sql")),
    M::up(include_str!("../../migrations/0002_lists.sql")),
    M::up(include_str!("../../migrations/0003_custom_attributes.sql")),
    M::up(include_str!("../../migrations/0004_fence.sql")),
    M::up(include_str!("../../migrations/0005_probes.sql")),
    M::up(include_str!("../../migrations/0006_runs.sql")),
    M::up(include_str!("../../migrations/0007_adoptions.sql")),
    M::up(include_str!("../../migrations/0008_breaks.sql")),
    M::up(include_str!("../../migrations/0009_landmarks.sql")),
    M::up(include_str!("../../migrations/0010_epochs.sql")),
];

/// Brings the database to this version's schema, each step in a transaction.
pub(super) fn to_latest(conn: &mut Connection) -> Result<(), StoreError> {
    Migrations::from_slice(STEPS)
        .to_latest(conn)
        .map_err(|e| match e {
            Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => StoreError::Newer,
            other => StoreError::Open(other.to_string()),
        })
}
