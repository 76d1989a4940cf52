//! Name resolution that looks at every address before the connection is made, so that a name cannot lead where its
//! address may not. One forbidden address among several refuses the name: which of them would be used is chance.

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::policy;

/// Resolves for one scheme under one setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Guard {
    pub(super) https: bool,
    pub(super) allow_private: bool,
}

/// Why a name led nowhere; found again in the client's error chain.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unresolved {
    /// One of its addresses may not be called.
    #[error("{0}")]
    Refused(String),
    /// No such name, or no answer from DNS.
    #[error("the name could not be resolved")]
    Unknown,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = *self;
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0))
                .await
                .map_err(|_| Unresolved::Unknown)?
                .collect();
            if let Some(why) = found
                .iter()
                .find_map(|a| policy::refusal(a.ip(), guard.https, guard.allow_private))
            {
                return Err(Unresolved::Refused(why).into());
            }
            if found.is_empty() {
                return Err(Unresolved::Unknown.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
