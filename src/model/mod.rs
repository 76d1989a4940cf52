//! The plain nouns of DESIGN §1: data without logic, I/O or SQL. What an instance, a link, a job or an event *is*
//! stands here; what happens to them stands in `directory` and `sync`, how they are kept in `store`.

pub mod access;
pub mod adoption;
pub mod auth;
pub mod capabilities;
pub mod event;
pub mod instance;
pub mod job;
pub mod link;
pub mod policies;
pub mod profile;
pub mod removal;
pub mod request;
pub mod resource;
pub mod run;
pub mod scope;
pub mod time;

pub use access::{Admin, ApiKey, Role};
pub use auth::{Access, Auth, Header};
pub use capabilities::{Capabilities, Pace, Paging, Verb};
pub use event::{Actor, Change, Event, EventDraft, Outcome};
pub use instance::{Health, Instance, InstanceId, Target};
pub use job::{Job, JobKind};
pub use link::{Fingerprint, Link, LinkState};
pub use policies::{MapRow, Policies};
pub use profile::{Line, LineGroup, LineState, Profile};
pub use removal::{Removal, RemovalClass, RemovalState};
pub use request::{Milestone, Refusal, Request, RequestId, Why};
pub use resource::Resource;
pub use run::{Condition, ConditionKind, Run, RunPhase, Trouble};
pub use scope::{Scope, UserWrites};
pub use time::Time;
