//! A Job says "this may be out of step" (DESIGN §4), never "do this step".

use super::{InstanceId, Time};

/// What may be out of step.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub enum JobKind {
    /// A resource and its counterpart in the target. Subject: the resource's row.
    Push,
    /// The whole instance: read the target. Subject: 0.
    Import,
    /// A link that an import did not see. Subject: the link's row.
    Verify,
    /// Walk our resources and enqueue what differs. Subject: 0.
    Reconcile,
}

impl JobKind {
    /// The stored number.
    #[must_use]
    pub fn code(self) -> i64 {
        match self {
            Self::Push => 1,
            Self::Import => 2,
            Self::Verify => 3,
            Self::Reconcile => 4,
        }
    }

    /// Reads the stored number.
    #[must_use]
    pub fn from_code(code: i64) -> Option<Self> {
        [Self::Push, Self::Import, Self::Verify, Self::Reconcile]
            .into_iter()
            .find(|k| k.code() == code)
    }
}

/// How the reason of a push that failed begins where our own mapping is at fault: the app was not asked.
pub const OUR_MAPPING: &str = "our mapping of ";

/// Order of claims within an instance: lower first.
pub mod priority {
    use crate::scim::schema::ResourceType;

    /// Import before anything.
    pub const IMPORT: i64 = 0;
    /// Deactivations and deletes: access ends first.
    pub const LEAVER: i64 = 1;
    /// Users before groups.
    pub const USER: i64 = 2;
    /// Groups.
    pub const GROUP: i64 = 3;
    /// Verify and Reconcile.
    pub const LATER: i64 = 4;

    /// Of the push of a user or group; `leaves`: it may end somebody's access.
    #[must_use]
    pub fn of_push(kind: ResourceType, leaves: bool) -> i64 {
        match kind {
            ResourceType::User if leaves => LEAVER,
            ResourceType::User => USER,
            ResourceType::Group => GROUP,
        }
    }
}

/// A claimed job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// Whose.
    pub instance: InstanceId,
    /// What kind.
    pub kind: JobKind,
    /// Row of the resource or link; 0 for the whole instance.
    pub subject: i64,
    /// The counter when claimed: if it rises meanwhile, the job runs again.
    pub wanted: i64,
    /// Failed tries so far.
    pub attempts: u32,
    /// When it was due.
    pub due_at: Time,
}
