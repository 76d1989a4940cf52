//! Groups of an app whose lists leave members out: each is read alone (RFC 7644 §3.4.1), as the probe found that it must
//! be. What cannot be read stays unknown; that a group shows nobody is never taken from a list that shows nobody ever.

use super::client::Scim;
use crate::connector::Remote;
use crate::connector::verdict::{ConnectorError, Verdict};
use crate::scim::schema::ResourceType;

impl Scim {
    /// A page of groups with the members that each shows alone. One request for each group that the list shows empty.
    pub(super) async fn with_members(&self, mut groups: Vec<Remote>) -> Result<Vec<Remote>, ConnectorError> {
        let mut rests = false;
        for group in &mut groups {
            let shown = group.members.as_ref().is_some_and(|members| !members.is_empty());
            if shown || group.broken.is_some() || group.id.is_empty() {
                continue;
            }
            group.members = None;
            if rests {
                continue;
            }
            match self.get(ResourceType::Group, &group.id).await {
                Ok(Some(alone)) if alone.broken.is_none() => group.members = alone.members,
                Ok(_) => {}
                Err(error) => match error.verdict {
                    // The host allows no more for now: a page that is begun anew each time would never end.
                    Verdict::Wait { .. } => rests = true,
                    Verdict::Reject | Verdict::Gone | Verdict::Exists => {}
                    Verdict::Retry { .. } | Verdict::Park => return Err(error),
                },
            }
        }
        Ok(groups)
    }
}
