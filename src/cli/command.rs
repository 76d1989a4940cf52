//! The contract between the command line and the hub: every command that touches the store, as data.
//!
//! The same value goes over the socket to a running server or straight to the executor, so both do the same. What each
//! answers stands in `answer`; a refusal is a sentence.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::change::Change;
use crate::model::{Auth, Header, Role, Scope, Time, UserWrites};
use crate::scim::schema::{ResourceType, Type};
use crate::secret::Secret;

/// A command for the hub.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Makes an admin. Answer: `AdminDone`.
    AdminCreate {
        /// Sign-in name.
        email: String,
        /// What they may do.
        role: Role,
        /// As typed; not yet checked.
        password: WireSecret,
    },
    /// Sets an admin's password and ends their sessions. Answer: `AdminDone`.
    AdminResetPassword {
        /// Sign-in name.
        email: String,
        /// As typed; not yet checked.
        password: WireSecret,
    },
    /// Connects an app, or makes an instance that only receives. Answer: `InstanceCreated`.
    InstanceCreate {
        /// What admins will call it.
        name: String,
        /// Slug of the catalog App; none: generic when there is a target.
        app: Option<String>,
        /// What it carries; none: what the App is made for.
        scope: Option<Scope>,
        /// What it answers to writes of users; only in scope *groups*.
        user_writes: Option<UserWrites>,
        /// Where to send to; tested before anything is saved.
        target: Option<NewTarget>,
        /// When its token ends, for reminders.
        token_ends: Option<Time>,
    },
    /// Changes settings of an instance. Answer: `InstanceDetail`.
    InstanceEdit {
        /// Which.
        slug: String,
        /// What to change of its policies, scope filters and mapping.
        change: Box<Change>,
        /// How the app is told who calls; tested before it is saved.
        auth: Option<Auth>,
        /// Headers that go out with each request, in place of those before.
        headers: Option<Vec<Header>>,
        /// Token, password or client secret, as typed; tested before it is saved.
        token: Option<WireSecret>,
    },
    /// Shows how old the app's token is, replaces it, or notes when it ends. Answer: `TokenRow`.
    InstanceToken {
        /// Of which instance.
        slug: String,
        /// A new one, as typed; tested before it replaces the old.
        token: Option<WireSecret>,
        /// When it ends; none: as it is.
        ends: Option<TokenEnd>,
    },
    /// All instances. Answer: list of `InstanceRow`.
    InstanceList,
    /// One instance. Answer: `InstanceDetail`.
    InstanceShow {
        /// Which.
        slug: String,
    },
    /// Syncs now. Answer: `SyncReport`.
    InstanceSync {
        /// Which.
        slug: String,
        /// Answer only when the sync has ended and nothing is on its way any more.
        wait: bool,
        /// But wait no longer than so many seconds.
        timeout_s: Option<u64>,
    },
    /// Ends the sync that runs or waits. Answer: `SyncReport`.
    InstanceCancel {
        /// Of which instance.
        slug: String,
    },
    /// The syncs of an instance, newest first. Answer: list of `RunRow`.
    InstanceRuns {
        /// Of which instance.
        slug: String,
    },
    /// Switches an instance. Answer: `InstanceRow`.
    InstanceSwitch {
        /// Which.
        slug: String,
        /// To what.
        to: Switch,
    },
    /// Deletes an instance with everything the hub knows of it; the app is left as it is. Answer: `Deleted`.
    InstanceDelete {
        /// Which.
        slug: String,
    },
    /// What the identity provider sent lately, newest first. Answer: list of `RequestRow`.
    InstanceRequests {
        /// To which instance.
        slug: String,
        /// Only those that were refused.
        refused: bool,
    },
    /// Tries the app of an instance and stores what is found. Answer: `ProbeReport`.
    ProbeInstance {
        /// Which.
        slug: String,
        /// With a user and a group of its own, which are deleted afterwards.
        writes: bool,
    },
    /// Tries an app without connecting it; reads only. Answer: `ProbeReport`.
    ProbeTarget {
        /// Where it is.
        target: NewTarget,
    },
    /// Removals that wait for a person. Answer: list of `HeldRow`.
    HeldList {
        /// Of which instance; none: of all.
        slug: Option<String>,
    },
    /// Frees held removals, or keeps what they would remove. Answer: `HeldDecided`.
    HeldDecide {
        /// Of which instance.
        slug: String,
        /// Which of those held.
        which: Which,
        /// Allow or reject.
        allow: bool,
    },
    /// How the two sides match, and which pairs wait for a person. Answer: `AdoptionReport`.
    AdoptionList {
        /// Of which instance.
        slug: String,
    },
    /// Says that pairs are the same, or that they are not. Answer: `AdoptionsDecided`.
    AdoptionDecide {
        /// Of which instance.
        slug: String,
        /// Which of those that wait.
        ids: Vec<i64>,
        /// The same, or not.
        same: bool,
    },
    /// Makes a key. Answer: `KeyCreated`.
    KeyCreate {
        /// For which instance.
        slug: String,
        /// What admins will call it; none: a name is made.
        name: Option<String>,
        /// It ends so many seconds from now; none: never.
        ends_in_s: Option<u64>,
    },
    /// Keys of an instance. Answer: list of `KeyRow`.
    KeyList {
        /// Of which instance.
        slug: String,
    },
    /// Makes a key and gives the old one an end. Answer: `KeyRotated`.
    KeyRotate {
        /// Of which instance.
        slug: String,
        /// Id or first characters of the old key; none: the only live one.
        key: Option<String>,
        /// The old key ends so many seconds from now.
        old_ends_in_s: u64,
    },
    /// Ends a key at once. Answer: `KeyRow`.
    KeyRevoke {
        /// Of which instance.
        slug: String,
        /// Id or first characters.
        key: String,
    },
    /// Declares an attribute. Answer: `AttributeRow`.
    AttributeAdd {
        /// For which instance.
        slug: String,
        /// What has it.
        resource: ResourceType,
        /// URN of its extension.
        urn: String,
        /// Its name.
        name: String,
        /// Type of one value; not complex.
        kind: Type,
        /// Whether the value is a list.
        multi_valued: bool,
    },
    /// Declared attributes of an instance. Answer: list of `AttributeRow`.
    AttributeList {
        /// Of which instance.
        slug: String,
    },
    /// Takes a declaration back; what is stored stays. Answer: list of `AttributeRow`.
    AttributeRemove {
        /// Of which instance.
        slug: String,
        /// Of what; none: of whichever has it.
        resource: Option<ResourceType>,
        /// URN of its extension.
        urn: String,
        /// Its name.
        name: String,
    },
    /// Writes a copy of the database. Answer: `BackupDone`.
    Backup {
        /// Absolute path; must not exist.
        file: PathBuf,
    },
    /// Looks whether all is in order. Answer: list of `Check`.
    Doctor,
    /// Whether the running server serves. Answer: `Serving`.
    Healthcheck,
}

/// Where a new instance sends to.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTarget {
    /// SCIM base URL, as typed.
    pub base_url: String,
    /// Token, password or client secret, as typed.
    pub token: WireSecret,
    /// How the app is told who calls, as typed; none: as the App wants it, else by a bearer token.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Headers beside it, as typed.
    #[serde(default)]
    pub headers: Vec<Header>,
}

/// When a token ends, as somebody said.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenEnd {
    /// Never, or nobody knows.
    Never,
    /// Then.
    At(Time),
}

/// What an instance can be switched to.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Switch {
    /// Receives and sends again.
    Enabled,
    /// Refuses identity providers and sends nothing.
    Disabled,
    /// Receives and queues, sends nothing.
    Paused,
    /// Sends again what was queued.
    Resumed,
}

/// Which held removals.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Which {
    /// All that are held when the command arrives.
    All,
    /// Those with these ids.
    Ids(Vec<i64>),
}

impl Command {
    /// How long the command may take before the server gives up waiting for it.
    #[must_use]
    pub fn patience(&self) -> Duration {
        Duration::from_secs(match self {
            Self::InstanceSync {
                wait: true,
                timeout_s,
                ..
            } => timeout_s.unwrap_or(24 * 3600).saturating_add(60),
            Self::Backup { .. } => 3600,
            Self::Doctor | Self::ProbeInstance { .. } | Self::ProbeTarget { .. } => 600,
            Self::Healthcheck => 5,
            _ => 120,
        })
    }

    /// Whether it only asks about a running server.
    #[must_use]
    pub fn needs_server(&self) -> bool {
        matches!(self, Self::Healthcheck)
    }

    /// Whether another command that runs without a server does it: it is a short look at how that one gets on, or ends it.
    #[must_use]
    pub fn goes_beside(&self) -> bool {
        matches!(
            self,
            Self::InstanceList
                | Self::InstanceShow { .. }
                | Self::InstanceRuns { .. }
                | Self::InstanceCancel { .. }
        )
    }

    /// Whether it runs for long without a server, so that others have to be able to reach it.
    #[must_use]
    pub fn is_long(&self) -> bool {
        matches!(self, Self::InstanceSync { wait: true, .. })
    }

    /// Whether it may be the first thing ever done here, so the data directory is made for it.
    #[must_use]
    pub fn may_begin(&self) -> bool {
        matches!(
            self,
            Self::AdminCreate { .. } | Self::InstanceCreate { .. } | Self::ProbeTarget { .. }
        )
    }
}

/// A secret on its way through the socket or out to the person who asked for it: the one type that carries a `Secret`
/// through serde. Redacted in `Debug`.
#[derive(Clone)]
pub struct WireSecret(pub Secret);

impl fmt::Debug for WireSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for WireSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for WireSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Secret::new(text)))
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn secrets_travel_but_do_not_show() {
        let password = WireSecret(Secret::new("correct horse".into()));
        let command = Command::AdminCreate {
            email: "a@b".into(),
            role: Role::Owner,
            password,
        };
        assert!(!format!("{command:?}").contains("horse"));
        let text = serde_json::to_string(&command).unwrap();
        let Command::AdminCreate { password, .. } = serde_json::from_str(&text).unwrap() else {
            panic!()
        };
        assert_eq!(password.0.expose(), "correct horse");
    }

    #[test]
    fn the_form_on_the_wire_is_strict() {
        assert!(serde_json::from_str::<Command>("\"instance_list\"").is_ok());
        assert!(serde_json::from_str::<Command>("{\"instance_show\":{\"slug\":\"x\",\"y\":1}}").is_err());
        let all = "{\"held_decide\":{\"slug\":\"x\",\"which\":\"all\",\"allow\":true}}";
        assert!(matches!(
            serde_json::from_str(all).unwrap(),
            Command::HeldDecide {
                which: Which::All,
                allow: true,
                ..
            }
        ));
    }
}
