//! How a target is told who calls: everything but the secret, which is sealed in the store. Data only; what may stand in
//! it is `connector::form`'s to say, how it goes out `connector::net`'s.

use serde::{Deserialize, Serialize};

/// How the stored secret is shown to a target.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Auth {
    /// `Authorization: Bearer <secret>` (RFC 6750).
    #[default]
    Bearer,
    /// `<name>: <secret>`.
    Header {
        /// Name of the header.
        name: String,
    },
    /// User name and secret (RFC 7617).
    Basic {
        /// User name.
        user: String,
    },
    /// The secret buys access tokens (OAuth 2.0 client credentials, RFC 6749 §4.4).
    OAuth {
        /// Where they are issued.
        token_url: String,
        /// The public half of the credentials.
        client_id: String,
        /// What is asked for; none: whatever the client may.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scope: Option<String>,
    },
}

impl Auth {
    /// The word of the command line and the forms.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Header { .. } => "header",
            Self::Basic { .. } => "basic",
            Self::OAuth { .. } => "oauth",
        }
    }
}

/// A header that goes out with each request. Admins see its value: it is no secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// All that a target wants to see on a request, but for the secret.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Access {
    /// How the secret is shown.
    pub auth: Auth,
    /// Headers beside it.
    pub headers: Vec<Header>,
}
