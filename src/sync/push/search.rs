//! Whether the app has somebody already: asked before anybody is made, and after an answer was lost. A search that proves
//! nothing never leads to a second account.

use super::{Push, Step};
use crate::connector::{ConnectorError, Remote, Verdict};
use crate::mapping;
use crate::model::Link;
use crate::scim::fold;
use crate::store::{adoptions, links, resources, runs};
use crate::sync::context::Ended;
use crate::sync::present::Present;

/// What a search in the app found.
pub(super) enum Found {
    One(Box<Remote>),
    None,
    Several(usize),
    /// Somebody has the name, but under another externalId.
    Other,
    /// Somebody has the name, of whom an admin said that it is not this one.
    Apart,
}

impl Push<'_> {
    /// Groups of this name that the app shows, and that are nobody's here. None where it cannot search.
    pub(super) async fn twins(&mut self, now: &Present) -> Result<Vec<Remote>, Ended> {
        let kind = now.ours.kind;
        let found = self
            .app()
            .await?
            .find(kind, mapping::name_path(kind), &now.wanted.name)
            .await;
        let all = match self.heard(found) {
            Err(error) if error.verdict == Verdict::Reject => return Ok(Vec::new()),
            found => found?,
        };
        let mut free = self.nobodys(now, all).await?;
        let external = &now.wanted.external_id;
        free.retain(|remote| {
            let theirs = mapping::text(&remote.attributes, "externalId");
            !matches!((theirs, external), (Some(a), Some(b)) if a != b)
        });
        Ok(free)
    }

    /// Without those that are others of ours, and those that an admin told apart from this one.
    async fn nobodys(&self, now: &Present, all: Vec<Remote>) -> Result<Vec<Remote>, Ended> {
        let (instance, kind, ours) = (now.instance.id, now.ours.kind, now.ours.row);
        let read = self.ctx.read(move |rx| {
            let mut free = Vec::with_capacity(all.len());
            for remote in all {
                let owner = match links::by_remote(rx, instance, kind, &remote.id)?.and_then(|l| l.resource) {
                    Some(row) => resources::load(rx, row)?,
                    None => None,
                };
                let taken = owner.is_some_and(|o| o.is_managed() || o.deleted_at.is_some());
                if !taken && !adoptions::told_apart(rx, ours, &remote.id)? {
                    free.push(remote);
                }
            }
            Ok(free)
        });
        Ok(read.await?)
    }

    /// By externalId, then by userName or displayName. `free`: another of ours of the same name is passed over.
    pub(super) async fn search(&mut self, now: &Present, free: bool) -> Result<Found, Ended> {
        let kind = now.ours.kind;
        if let Some(external) = &now.wanted.external_id {
            let found = self.app().await?.find(kind, "externalId", external).await;
            match self.heard(found) {
                Ok(mut all) if all.len() == 1 => {
                    return Ok(all.pop().map_or(Found::None, |one| Found::One(Box::new(one))));
                }
                Ok(all) if all.len() > 1 => return Ok(Found::Several(all.len())),
                Ok(_) => {}
                // It cannot search by externalId; the name is the other way.
                Err(error) if error.verdict == Verdict::Reject => {}
                Err(error) => return Err(Ended::from(error)),
            }
        }
        let (path, name) = (mapping::name_path(kind), &now.wanted.name);
        let found = self.app().await?.find(kind, path, name).await;
        let found = match self.heard(found) {
            // Nobody is made by mistake; whom a search does not find, a sync does.
            Err(error) if error.verdict == Verdict::Reject && now.is_only_sought() => Ok(Vec::new()),
            // It cannot search, but it can list.
            Err(error) if error.verdict == Verdict::Reject => {
                let read = self.app().await?.look_through(kind, path, name).await;
                self.heard(read)
            }
            found => found,
        };
        let mut all = found.map_err(unsearchable)?;
        if free {
            all = self.nobodys(now, all).await?;
        }
        match (all.len(), all.pop()) {
            (0, _) | (_, None) => Ok(Found::None),
            (1, Some(one)) => {
                let other = mapping::text(&one.attributes, "externalId");
                // Where users are not carried, others made them under externalIds of their own: the name alone says who it is.
                let differs = now.is_carried()
                    && matches!((other, &now.wanted.external_id), (Some(a), Some(b)) if a != b);
                Ok(if differs {
                    Found::Other
                } else {
                    Found::One(Box::new(one))
                })
            }
            (n, _) => Ok(Found::Several(n)),
        }
    }

    /// Whom an admin told apart, and somebody else who left, is not taken for this one, whatever a search says.
    pub(super) async fn unless_apart(&self, now: &Present, found: Found) -> Result<Found, Ended> {
        let Found::One(remote) = found else {
            return Ok(found);
        };
        let (ours, id) = (now.ours.row, remote.id.clone());
        let (instance, kind) = (now.instance.id, now.ours.kind);
        let known = self.ctx.read(move |rx| {
            let left = links::by_remote(rx, instance, kind, &id)?.filter(|l| l.resource.is_none());
            Ok((
                adoptions::told_apart(rx, ours, &id)?,
                left.and_then(|l| l.external_id),
            ))
        });
        let (apart, whose) = known.await?;
        // The app may not show the externalId that the account of somebody who left was made with.
        let other = matches!((&whose, &now.wanted.external_id), (Some(a), Some(b)) if a != b);
        Ok(match () {
            () if apart => Found::Apart,
            () if other && now.is_carried() => Found::Other,
            () => Found::One(remote),
        })
    }

    /// Before somebody is made who may have been made already: where a search does not find whom the app lists either, that
    /// it finds nobody says nothing.
    pub(super) async fn finds_others(&mut self, link: &Link) -> Step {
        let (instance, kind, not) = (link.instance, link.kind, link.id);
        let name = self.ctx.read(move |rx| {
            let other = match runs::latest_complete(rx, instance)? {
                Some(run) => links::seen_in(rx, instance, kind, run, not)?,
                None => None,
            };
            let Some(other) = other.filter(|other| other.kind == kind) else {
                return Ok(None);
            };
            let ours = match other.resource {
                Some(row) => resources::load(rx, row)?,
                None => None,
            };
            // In the letter case in which it is written there too.
            let name = ours.map(|ours| ours.name);
            Ok(name.filter(|name| other.name_key == Some(fold(name))))
        });
        let Some(name) = name.await? else { return Ok(()) };
        let found = self
            .app()
            .await?
            .find(kind, mapping::name_path(kind), &name)
            .await;
        match self.heard(found) {
            Ok(all) if all.is_empty() => {
                let host = self.app().await?.host();
                Err(Ended::Unclear(format!(
                    "{host} says that nobody has the name, but it does not find \"{name}\" either, which it lists"
                )))
            }
            // Then it was not by a search that nobody was found.
            Err(error) if error.verdict != Verdict::Reject => Err(Ended::from(error)),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

/// A search that cannot be made leaves no safe way to create.
fn unsearchable(error: ConnectorError) -> Ended {
    match error.verdict {
        Verdict::Reject => Ended::Rejected {
            why: format!("{error}; sync first, so that what is there is found, then try again"),
            access: false,
        },
        _ => Ended::from(error),
    }
}
