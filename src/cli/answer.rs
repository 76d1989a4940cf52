//! What commands answer: with `--json` printed as it is, so these fields are a contract with scripts. Times are RFC 3339 in
//! UTC. Fields are added, never renamed.

use serde::{Deserialize, Serialize};

use super::command::WireSecret;
use crate::model::{
    Access, Capabilities, Health, Line, Policies, Profile, Role, RunPhase, Scope, UserWrites,
};
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
    /// Changes that went onward in a minute of late; null while nothing waits or nothing is known.
    #[serde(default)]
    pub pushed_per_minute: Option<u64>,
    /// When what waits will be through at that pace.
    #[serde(default)]
    pub expected_end_at: Option<String>,
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
    /// How the connected app is told who calls, but for the secret; null: receives only.
    pub access: Option<Access>,
    /// Seconds between scheduled syncs.
    pub sync_every_s: u32,
    /// When it was made.
    pub created_at: String,
    /// Policies, scope filters and mapping.
    #[serde(default)]
    pub policies: Policies,
}

/// The app's token, without itself.
#[derive(Debug, Serialize, Deserialize)]
pub struct TokenRow {
    /// Of which instance.
    pub slug: String,
    /// When it was entered; null: none is stored.
    pub set_at: Option<String>,
    /// When it ends, as far as anybody said.
    pub ends_at: Option<String>,
    /// What is to be said of that now.
    pub reminder: Option<String>,
}

/// A sync that was asked for, and what is left to be done after it.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncReport {
    /// Which instance.
    pub slug: String,
    /// The sync.
    #[serde(flatten)]
    pub run: RunRow,
    /// Changes on their way to the app.
    pub pending: u64,
    /// Changes the app refused.
    pub rejected: u64,
    /// Removals that wait for a person.
    pub held: u64,
}

/// One sync.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct RunRow {
    /// To name it by; null while it is only queued.
    pub run: Option<i64>,
    /// Where it stands; null while it is only queued.
    pub phase: Option<RunPhase>,
    /// `done`, `failed`, `cancelled`; null while it runs or waits. Of one that was waited for also `timeout` and
    /// `interrupted`: it goes on, but was not waited for any longer.
    pub outcome: Option<String>,
    /// When it began.
    pub started_at: Option<String>,
    /// When it ended.
    #[serde(default)]
    pub ended_at: Option<String>,
    /// Users read.
    pub users: u64,
    /// Groups read.
    pub groups: u64,
    /// About how many there are in this phase, as the app says.
    pub expected: Option<u64>,
    /// Made here.
    pub created: u64,
    /// Changed here.
    pub changed: u64,
    /// Not understood.
    pub broken: u64,
    /// Not seen, and looked for one by one.
    pub unseen: u64,
    /// Gone from the app, and so from here.
    pub removed: u64,
    /// How long it took, or runs by now.
    pub seconds: f64,
    /// Why it failed.
    pub error: Option<String>,
    /// How often it broke off, because the app failed or could not be reached, to go on where it stopped.
    #[serde(default)]
    pub interrupted: u64,
    /// Why the first time.
    #[serde(default)]
    pub interruption: Option<String>,
    /// It broke off and waits for the next try.
    #[serde(default)]
    pub waiting: bool,
}

/// What an app can do.
#[derive(Debug, Serialize, Deserialize)]
pub struct ProbeReport {
    /// When it was tried.
    pub at: String,
    /// An instance can work with it.
    pub usable: bool,
    /// Writes were tried as well.
    pub writes: bool,
    /// Requests it took.
    pub requests: u32,
    /// Each check once, in order.
    pub lines: Vec<Line>,
    /// What syncs go by.
    pub capabilities: Capabilities,
}

impl From<Profile> for ProbeReport {
    fn from(profile: Profile) -> Self {
        Self {
            at: profile.at.to_string(),
            usable: profile.usable,
            writes: profile.writes,
            requests: profile.requests,
            lines: profile.lines,
            capabilities: profile.capabilities,
        }
    }
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
pub struct HeldRow {
    /// Of which instance.
    pub slug: String,
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
pub struct HeldDecided {
    /// So many.
    pub count: u64,
}

/// How the two sides of an instance match, and what waits for a person.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdoptionReport {
    /// Users in each class.
    pub users: AdoptionCounts,
    /// Groups in each class.
    pub groups: AdoptionCounts,
    /// Pairs that wait: the proposed first.
    pub waiting: Vec<AdoptionRow>,
    /// The numbers are the least: not everybody could be counted in time.
    #[serde(default)]
    pub partial: bool,
    /// What a person should know beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// How many stand in each class; each stands in one.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdoptionCounts {
    /// On both sides, and linked.
    pub matched: u64,
    /// The same work e-mail under two names.
    pub proposed: u64,
    /// Several can be meant.
    pub ambiguous: u64,
    /// Nothing in the app is like it.
    pub only_here: u64,
    /// Nobody here manages it.
    pub only_in_app: u64,
}

/// A pair that waits.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdoptionRow {
    /// To name it by.
    pub id: i64,
    /// `proposed` or `ambiguous`.
    pub class: String,
    /// `User` or `Group`.
    pub resource_type: ResourceType,
    /// userName or displayName here.
    pub ours: String,
    /// SCIM id of ours.
    pub ours_id: String,
    /// userName or displayName in the app.
    pub theirs: String,
    /// SCIM id under which the app's shows here.
    pub theirs_id: String,
    /// The app's id.
    pub remote_id: String,
    /// `email`, `name` or `external`.
    pub why: String,
    /// Since when.
    pub at: String,
}

/// How many pairs a decision met.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdoptionsDecided {
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
