//! Groups of an app whose lists leave members out: each is read alone (RFC 7644 §3.4.1), as the probe found that it must
//! be. What cannot be read stays unknown, and holds nothing else up; that a group shows nobody is never taken from a list
//! that shows nobody ever.

use super::client::Scim;
use crate::connector::Remote;
use crate::connector::verdict::{ConnectorError, Verdict};
use crate::scim::schema::ResourceType;

impl Scim {
    /// A page of groups with the members that each shows alone. One request for each group that the list shows empty.
    ///
    /// # Errors
    /// Wait, where not one of them could be asked for: the page is to be read once the host allows more.
    pub(super) async fn with_members(&self, mut groups: Vec<Remote>) -> Result<Vec<Remote>, ConnectorError> {
        let is_asked_for = |group: &Remote| {
            let shown = group.members.as_ref().is_some_and(|members| !members.is_empty());
            !shown && group.broken.is_none() && !group.id.is_empty()
        };
        let mut asked: Vec<&mut Remote> = groups.iter_mut().filter(|group| is_asked_for(group)).collect();
        for group in &mut asked {
            group.members = None;
        }
        // Where a sync has to stop early, the next one begins with others: none is left out for ever.
        if let Some(first) = self.some_number().checked_rem(asked.len()) {
            asked.rotate_left(first);
        }
        for (n, group) in asked.into_iter().enumerate() {
            match self.get(ResourceType::Group, &group.id).await {
                Ok(Some(alone)) if alone.broken.is_none() => group.members = alone.members,
                Ok(_) => {}
                Err(error) => {
                    tracing::debug!(%error, "the members of a group could not be read");
                    match error.verdict {
                        Verdict::Wait { .. } if n == 0 => return Err(error),
                        // The host allows no more for now, or is away: the rest would fare no better.
                        Verdict::Wait { .. } | Verdict::Retry { target: true, .. } => break,
                        _ => {}
                    }
                }
            }
        }
        Ok(groups)
    }
}
