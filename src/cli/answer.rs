//! What commands answer: with `--json` printed as it is, so these fields are a contract with scripts. Times are RFC 3339 in
//! UTC. Fields are added, never renamed.

use serde::{Deserialize, Serialize};

use super::command::WireSecret;
use crate::model::{Health, Policies, Role, RunPhase, Scope, UserWrites};
use crate::scim::schema::{ResourceType, Type};

/// An admin was made or changed.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdminDone {
    /// Sign-in name.
    pub email: String,
    /// What they may do.
    pub role: Role,
}

/// A new instance.
#[derive(Debug, Serialize, Deserialize)]
pub struct InstanceCreated {
    /// Row id.
    pub id: i64,
    /// Its name in URLs and commands.
    pub slug: String,
    /// What the identity provider is pointed at.
    pub scim_base_url: String,
    /// What was changed about the address that was typed: said beside the answer, never in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// An instance at a glance.
#[derive(Debug, Serialize, Deserialize)]
pub struct InstanceRow {
    /// Its name in URLs and commands.
    pub slug: String,
    /// What admins call it.
    pub name: String,
    /// Slug of the catalog App.
    pub app: String,
    /// The one word.
    pub health: Health,
    /// Why, as a sentence; null when there is nothing to say.
    pub reason: Option<String>,
    /// Users on the endpoint.
    pub users: u64,
    /// Groups on the endpoint.
    pub groups: u64,
    /// Changes on their way to the app.
    pub pending: u64,
    /// Changes the app refused.
    pub rejected: u64,
    /// End of the last complete sync.
    pub last_sync_at: Option<String>,
    /// When the next is due.
    pub next_sync_at: Option<String>,
}

/// An instance in full.
#[derive(Debug, Serialize, Deserialize)]
pub struct InstanceDetail {
    /// At a glance.
    #[serde(flatten)]
    pub row: InstanceRow,
    /// What the identity provider is pointed at.
    pub scim_base_url: String,
    /// What it carries.
    pub scope: Scope,
    /// What it answers to writes of users; null unless it carries groups only.
    pub user_writes: Option<UserWrites>,
    /// Off: identity providers are refused.
    pub enabled: bool,
    /// Nothing is sent.
    pub paused: bool,
    /// The connected app's address; null: receives only.
    pub base_url: Option<String>,
    /// Seconds between scheduled syncs.
    pub sync_every_s: u32,
    /// When it was made.
    pub created_at: String,
    /// Policies, scope filters and mapping.
    #[serde(default)]
    pub policies: Policies,
}

/// A sync that was asked for.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncReport {
    /// Which instance.
    pub slug: String,
    /// Where the sync stands; null while it is only queued.
    pub phase: Option<RunPhase>,
    /// Users read.
    pub users: u64,
    /// Groups read.
    pub groups: u64,
}

/// Something is gone.
#[derive(Debug, Serialize, Deserialize)]
pub struct Deleted {
    /// Which.
    pub slug: String,
}

/// A request to an instance's endpoint.
#[derive(Debug, Serialize, Deserialize)]
pub struct RequestRow {
    /// As its answer bore it in `X-Request-Id`.
    pub id: String,
    /// When it came.
    pub at: String,
    /// HTTP method.
    pub method: String,
    /// Path and query, what looks like a secret left out.
    pub path: String,
    /// Status of the answer; 499: the caller hung up before it.
    pub status: u16,
    /// Milliseconds it took.
    pub ms: f64,
    /// First characters of the key; null: none of this instance.
    pub key: Option<String>,
    /// `User-Agent`.
    pub agent: String,
    /// From which address.
    pub address: Option<String>,
    /// What was served beside the RFC.
    pub tolerated: Vec<String>,
    /// `scimType` of a refusal.
    pub scim_type: Option<String>,
    /// What a refused provider was told.
    pub detail: Option<String>,
    /// What it was not told, as a word; null: it was told all.
    pub why: Option<String>,
    /// Why it was refused, in plain words.
    pub reason: Option<String>,
}

/// A removal that waits for a person.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemovalRow {
    /// To name it by.
    pub id: i64,
    /// `account`, `group` or `membership`.
    pub class: String,
    /// Who or what.
    pub label: String,
    /// Why it was asked for.
    pub reason: String,
    /// Since when.
    pub at: String,
}

/// How many removals a decision met.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemovalsDecided {
    /// So many.
    pub count: u64,
}

/// A new key: the only time it is shown.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeyCreated {
    /// The key.
    pub key: WireSecret,
}

/// A new key in the place of an old one.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeyRotated {
    /// The new key.
    pub key: WireSecret,
    /// First characters of the old one.
    pub old_prefix: String,
    /// When the old one ends.
    pub old_ends_at: String,
}

/// A key, without what opens the door.
#[derive(Debug, Serialize, Deserialize)]
pub struct KeyRow {
    /// To name it by.
    pub id: i64,
    /// First characters, to name it by as well.
    pub prefix: String,
    /// What admins call it.
    pub name: String,
    /// Whether it opens its instance now.
    pub live: bool,
    /// When it was made.
    pub created_at: String,
    /// Who made it.
    pub created_by: String,
    /// Last seen, if ever.
    pub last_used_at: Option<String>,
    /// From which address, if it was seen.
    pub last_used_from: Option<String>,
    /// When it ends, if ever.
    pub expires_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
}

/// A declared attribute.
#[derive(Debug, Serialize, Deserialize)]
pub struct AttributeRow {
    /// `User` or `Group`.
    pub resource_type: ResourceType,
    /// URN of its extension.
    pub urn: String,
    /// Its name.
    pub name: String,
    /// `string`, `boolean`, `integer`, `decimal`, `dateTime`, `reference` or `binary`.
    #[serde(rename = "type")]
    pub kind: Type,
    /// Whether the value is a list.
    pub multi_valued: bool,
}

/// A backup was written.
#[derive(Debug, Serialize, Deserialize)]
pub struct BackupDone {
    /// Where.
    pub file: String,
    /// How large.
    pub bytes: u64,
}

/// A backup was put in place.
#[derive(Debug, Serialize, Deserialize)]
pub struct RestoreDone {
    /// What was restored.
    pub file: String,
    /// Where the database that was there before lies now.
    pub kept_as: Option<String>,
}

/// A new key file was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct RenewDone {
    /// Its path.
    pub key_file: String,
    /// Where the file that was there before lies now.
    pub kept_as: Option<String>,
    /// Slugs of the instances whose token must be typed again.
    pub instances: Vec<String>,
}

/// One thing the doctor looked at.
#[derive(Debug, Serialize, Deserialize)]
pub struct Check {
    /// What.
    pub name: String,
    /// Whether it is in order.
    pub ok: bool,
    /// A sentence.
    pub detail: String,
}

/// The server serves.
#[derive(Debug, Serialize, Deserialize)]
pub struct Serving {
    /// Its version.
    pub version: String,
}
