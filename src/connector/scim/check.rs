//! Is this a SCIM endpoint, does the token open it, and what can it do (RFC 7644 §4)? Reads only. What the server
//! announces is believed where it says something; many say nothing, so a list of one user is the real test.

use serde_json::Value;

use super::client::{About, Scim};
use super::parse;
use crate::connector::Place;
use crate::connector::net::{Method, NetErrorKind};
use crate::connector::verdict::{CheckError, CheckKind, ConnectorError};
use crate::model::{Capabilities, Paging, Scope};
use crate::scim::Attributes;
use crate::scim::schema::ResourceType;

impl Scim {
    /// Users are read in every scope, groups only where they are carried; where nothing else is, they must be there.
    pub(in crate::connector) async fn check(&self, scope: Scope) -> Result<Capabilities, CheckError> {
        let mut found = self.announced().await?;
        self.learn(|known| known.paging = found.paging);
        self.probe(ResourceType::User).await?;
        found.groups = scope.carries(ResourceType::Group)
            && match self.probe(ResourceType::Group).await {
                Ok(()) => true,
                Err(error) if has_no_groups(error.kind) && scope != Scope::Groups => false,
                Err(error) => return Err(error),
            };
        found.paging = self.capabilities().paging;
        Ok(found)
    }

    /// What `/ServiceProviderConfig` says. Its absence says nothing; a connection that fails would fail again.
    async fn announced(&self) -> Result<Capabilities, CheckError> {
        let mut found = Capabilities::default();
        let url = self
            .endpoint("ServiceProviderConfig", &[])
            .map_err(|e| CheckError::no_answer(&e))?;
        let answer = match self.ask(Method::GET, url, None).await {
            Ok(answer) => answer,
            Err(e)
                if matches!(
                    e.kind,
                    NetErrorKind::Redirect | NetErrorKind::TooLarge | NetErrorKind::Interrupted
                ) =>
            {
                return Ok(found);
            }
            Err(e) => return Err(CheckError::no_answer(&e)),
        };
        let config = match self.object(&answer, false) {
            Ok(config) if answer.status == 200 => config,
            _ => return Ok(found),
        };
        let (patch, filter) = (supported(&config, "patch"), supported(&config, "filter"));
        found.discovery = patch.is_some() || filter.is_some();
        found.patch = patch.unwrap_or(found.patch);
        found.filter = filter.unwrap_or(found.filter);
        let number = |feature: &str, name: &str| {
            let number = parse::peek(&config, feature)?.get(name)?.as_u64()?;
            u32::try_from(number).ok().filter(|n| *n > 0)
        };
        for most in [
            number("filter", "maxResults"),
            number("pagination", "maxPageSize"),
        ] {
            found.page_size = found.page_size.min(most.unwrap_or(found.page_size));
        }
        found.paging = paging(&config);
        Ok(found)
    }

    /// Asks for a list of at most one.
    pub(super) async fn probe(&self, kind: ResourceType) -> Result<(), CheckError> {
        let url = self
            .endpoint(kind.endpoint(), &[])
            .map_err(|e| CheckError::no_answer(&e))?;
        let path = url.path().to_owned();
        let (answer, _) = self
            .part(kind, &Place::START, 1)
            .await
            .map_err(|e| CheckError::no_answer(&e))?;
        let status = answer.status;
        if status == 200 {
            return match self.list(&answer) {
                Ok(_) => Ok(()),
                Err(error) => Err(CheckError::new(
                    CheckKind::NotScim,
                    error,
                    "This is no SCIM endpoint. Check the path of the SCIM Base URL.",
                )),
            };
        }
        let mut error = self.refused(&answer, About::Endpoint, false);
        let (kind, advice) = match status {
            403 if kind == ResourceType::Group => (
                CheckKind::Credentials(status),
                "The token may not read groups. Give it access to them, or carry users only.",
            ),
            401 => (
                CheckKind::Credentials(status),
                "The token is not accepted. Copy a valid token from the app.",
            ),
            403 => (
                CheckKind::Credentials(status),
                "The token may not read users. Give it access to SCIM, and check that the app's plan includes SCIM.",
            ),
            429 | 500..=599 => (
                CheckKind::Failing(status),
                "The app is not working properly at the moment. Try again later.",
            ),
            404 => {
                error = ConnectorError {
                    detail: format!("there is no {}", short(&path)),
                    ..error
                };
                let advice = match kind {
                    ResourceType::User => "Check the path of the SCIM Base URL.",
                    ResourceType::Group => "The app seems to have no groups: carry users only.",
                };
                (CheckKind::NotScim, advice)
            }
            _ => (
                CheckKind::NotScim,
                "This does not look like a SCIM endpoint. Check the path of the SCIM Base URL.",
            ),
        };
        Err(CheckError::new(kind, error, advice))
    }
}

/// Answers that mean: groups are not offered here. 401 and other failures may pass, so they decide nothing.
fn has_no_groups(kind: CheckKind) -> bool {
    matches!(
        kind,
        CheckKind::NotScim | CheckKind::Credentials(403) | CheckKind::Failing(501)
    )
}

/// Where both ways are offered, the one of old (RFC 9865 §4 names both).
fn paging(config: &Attributes) -> Paging {
    let offered = |name: &str| {
        let flag = parse::peek(config, "pagination")?.get(name)?.as_bool();
        Some(flag == Some(true))
    };
    match (offered("index"), offered("cursor")) {
        (Some(false), Some(true)) => Paging::Cursor,
        _ => Paging::Index,
    }
}

pub(super) fn supported(config: &Attributes, feature: &str) -> Option<bool> {
    match parse::peek(config, feature)?.get("supported")? {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        Value::Null | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn short(path: &str) -> String {
    path.chars().take(100).collect()
}
