//! An Instance: one connection to one app, with its own SCIM endpoint. Credentials are not in it: they stay sealed in
//! the store until the connector needs them.

use serde::{Deserialize, Serialize};

use super::{Access, Capabilities, Policies, Scope, Time};

/// The row of an instance; small, never shown to people (they see the slug).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, PartialOrd, Ord)]
pub struct InstanceId(pub i64);

/// Where an instance sends to: the connector and its settings, without the credential.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Target {
    /// Any app with a SCIM 2.0 endpoint.
    Scim {
        /// Without trailing slash; `/Users` and `/Groups` are appended (vendor line OL-4).
        base_url: String,
        /// What is shown to it beside the secret; a bearer token when nothing was chosen.
        #[serde(default)]
        access: Access,
        /// What the last check found; drives the client.
        #[serde(default)]
        capabilities: Capabilities,
    },
}

impl Target {
    /// The address an admin typed.
    #[must_use]
    pub fn base_url(&self) -> &str {
        match self {
            Self::Scim { base_url, .. } => base_url,
        }
    }

    /// What is shown to it beside the secret.
    #[must_use]
    pub fn access(&self) -> &Access {
        match self {
            Self::Scim { access, .. } => access,
        }
    }

    /// What the target can do.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        match self {
            Self::Scim { capabilities, .. } => capabilities,
        }
    }

    /// The same, to note what was learnt.
    pub fn capabilities_mut(&mut self) -> &mut Capabilities {
        match self {
            Self::Scim { capabilities, .. } => capabilities,
        }
    }
}

/// One connection: a name, an endpoint, and perhaps a target.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Row id.
    pub id: InstanceId,
    /// In URLs; fixed for life, never reused.
    pub slug: String,
    /// What admins call it.
    pub name: String,
    /// Slug of the catalog App.
    pub app: String,
    /// What it carries.
    pub scope: Scope,
    /// Off: IdPs get 403 with the reason, nothing is sent.
    pub enabled: bool,
    /// Receives and queues, sends nothing.
    pub paused: bool,
    /// None: receives only.
    pub target: Option<Target>,
    /// Policies an admin may set.
    pub policies: Policies,
    /// Seconds between scheduled syncs.
    pub sync_every_s: u32,
    /// When the next scheduled sync is due.
    pub next_sync_at: Option<Time>,
    /// End of the last complete sync.
    pub last_sync_at: Option<Time>,
    /// End of the first complete import; before it nothing is pushed.
    pub imported_at: Option<Time>,
    /// The target is left alone until then (outage, throttling).
    pub retry_at: Option<Time>,
    /// Failed tries in a row; drives the backoff.
    pub retry_count: u32,
    /// Since when the credentials are refused; only `check()` runs.
    pub parked_since: Option<Time>,
    /// When the stored token was last set.
    pub secret_set_at: Option<Time>,
    /// When it ends, as far as anybody said: a reminder, nothing else.
    pub secret_ends_at: Option<Time>,
    /// When it was made.
    pub created: Time,
}

/// The one word for an instance's state (DESIGN §6), worst last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// All in order.
    Healthy,
    /// Switched off by an admin.
    Disabled,
    /// The first sync is running.
    Connecting,
    /// Something is rejected or being retried.
    Degraded,
    /// Removals wait for a person.
    Held,
    /// Credentials refused, target unreachable, leavers not removed.
    Failing,
}

impl Health {
    /// The lower-case word of the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Disabled => "disabled",
            Self::Connecting => "connecting",
            Self::Degraded => "degraded",
            Self::Held => "held",
            Self::Failing => "failing",
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::model::{Auth, Paging};

    #[test]
    fn a_target_stored_by_an_older_version_reads_as_it_was_meant() {
        let old =
            r#"{"kind":"scim","base_url":"https://a.example","capabilities":{"patch":false,"page_size":7}}"#;
        let target: Target = serde_json::from_str(old).unwrap();
        assert_eq!(target.access(), &Access::default());
        assert_eq!(target.access().auth, Auth::Bearer);
        let found = target.capabilities();
        assert_eq!(
            (found.patch, found.page_size, found.paging),
            (false, 7, Paging::Index)
        );
        assert!(found.put_only.is_empty());
        let again = serde_json::to_string(&target).unwrap();
        assert_eq!(serde_json::from_str::<Target>(&again).unwrap(), target);
    }
}
