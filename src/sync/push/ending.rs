//! Ending access: deactivate, delete, or leave behind. A removal is reserved before the call (DESIGN §5); one that the app
//! refuses is tried again each hour and shows as "still has access".

use serde_json::Value;

use super::change::{Changed, shown};
use super::record::tell;
use super::{Push, Step, write_link};
use crate::connector::{Remote, Verdict};
use crate::mapping::{self, Carried};
use crate::model::job::priority;
use crate::model::policies::Leaver;
use crate::model::{Fingerprint, JobKind, Link, LinkState, Outcome, Verb};
use crate::scim::fold;
use crate::scim::schema::ResourceType;
use crate::store::{StoreError, Tx, jobs, links, members, removals, resources};
use crate::sync::context::Ended;
use crate::sync::names;
use crate::sync::present::{Present, class_of};
use crate::sync::removal::{self, Ask, Permit};

impl Push<'_> {
    pub(super) async fn deactivate(&mut self, now: Present) -> Step {
        let Some(mut link) = now.link.clone() else {
            return Err(Ended::Done);
        };
        let Some(removal) = self.reserve(&now, &link).await? else {
            return Ok(());
        };
        let off = [("active".to_owned(), Some(Value::Bool(false)))];
        let changed = self
            .change(&now, &mut link, &off)
            .await
            .map_err(still_has_access)?;
        let Changed::Yes(mut remote) = changed else {
            return Ok(());
        };
        if remote.as_ref().is_some_and(shows_active) {
            // Some answer with what was before the change.
            let id = link.remote_id.clone().unwrap_or_default();
            let read = self.app().await?.get(now.ours.kind, &id).await;
            let read = self.heard(read).ok().flatten().filter(|r| r.broken.is_none());
            remote = read.or(remote);
        }
        if remote.as_ref().is_some_and(shows_active) {
            // It said yes and did not do it: what it shows is noted, and that it accepted nothing.
            let link = shown(link, &now, remote.as_ref(), &[]);
            self.write(move |tx| write_link(tx, &link)).await?;
            let host = self.app().await?.host();
            let why = format!("{host} answered that it is done, and still shows the account as active");
            return Err(Ended::Rejected { why, access: true });
        }
        self.note(move |tx| {
            let mut link = shown(link, &now, remote.as_ref(), &[]);
            link.pushed
                .extend(mapping::digest(&Value::Bool(false)).map(|off| ("active".to_owned(), off)));
            if remote.is_none() {
                link.base.extend(
                    link.pushed
                        .get_key_value("active")
                        .map(|(k, v)| (k.clone(), v.clone())),
                );
                link.seen = link.base.clone();
            }
            link.ended_by_us = true;
            link.seen_active = false;
            write_link(tx, &link)?;
            removals::done(tx, removal)?;
            tell(
                tx,
                &now.ours,
                "push.deactivated",
                Outcome::Done,
                why_not_deleted(&now).into(),
                Vec::new(),
            )
            .map(drop)
        })
        .await
    }

    pub(super) async fn delete(&mut self, now: Present) -> Step {
        let Some(link) = now.link.clone() else {
            return Err(Ended::Done);
        };
        let Some(removal) = self.reserve(&now, &link).await? else {
            return Ok(());
        };
        let id = link.remote_id.clone().unwrap_or_default();
        let deleted = self.app().await?.delete(now.ours.kind, &id).await;
        if deleted.is_err() && self.learnt_refusal(now.ours.kind, Verb::Delete).await {
            // The plan knows another way.
            return Err(Ended::Again);
        }
        let ended = match self.heard(deleted) {
            Err(error) if error.verdict == Verdict::Gone => self.is_gone(&link, &error).await,
            deleted => deleted.map_err(Ended::from),
        };
        let is_user = now.ours.kind == ResourceType::User;
        ended.map_err(|ended| if is_user { still_has_access(ended) } else { ended })?;
        self.note(move |tx| {
            // The link stays, empty: a list that was read before the delete must not bring it back.
            let empty = Fingerprint::new;
            let link = Link {
                pushed: empty(),
                base: empty(),
                seen: empty(),
                seen_active: false,
                ended_by_us: true,
                ..link
            };
            removals::done(tx, removal)?;
            tell(
                tx,
                &now.ours,
                "push.deleted",
                Outcome::Done,
                outside(&now).into(),
                Vec::new(),
            )?;
            let left = Link {
                state: LinkState::Left,
                resource: None,
                ..link
            };
            write_link(tx, &left)?;
            if now.ours.deleted_at.is_none() {
                // It may come back, and then it is in no group there, and nobody in it.
                members::none_held(tx, now.ours.row)?;
            }
            bury(tx, &now)
        })
        .await
    }

    /// The account stays in the app, as it is; here it is forgotten, but for its link.
    pub(super) async fn detach(&self, now: Present) -> Step {
        self.note(move |tx| {
            if let Some(link) = &now.link {
                links::detach(tx, link.id)?;
                if !link.ended_by_us {
                    tell(
                        tx,
                        &now.ours,
                        "push.left_behind",
                        Outcome::Skipped,
                        left_because(&now).into(),
                        Vec::new(),
                    )?;
                }
            }
            bury(tx, &now)
        })
        .await
    }

    /// Nothing of it is in the app.
    pub(super) async fn forget(&self, now: Present) -> Step {
        self.note(move |tx| {
            if let Some(link) = &now.link {
                links::delete(tx, link.id)?;
            }
            bury(tx, &now)
        })
        .await
    }

    /// The right to go on, or nothing: then the plan goes on without the removal.
    async fn reserve(&self, now: &Present, link: &Link) -> Result<Option<i64>, Ended> {
        let ask = Ask {
            class: class_of(now.ours.kind),
            subject: now.ours.row,
            member: 0,
            label: now.ours.display.clone(),
            reason: match now.carried {
                _ if now.ours.deleted_at.is_some() => "deleted here",
                _ if !now.ours.active => "deactivated here",
                _ => "out of scope",
            },
            run: 0,
            has_access: link.seen_active && link.state == LinkState::Linked,
        };
        let instance = now.instance.clone();
        let permit = self
            .write(move |tx| removal::reserve(tx, &instance, &ask))
            .await?;
        Ok(match permit {
            Permit::Granted(id) => Some(id),
            Permit::Held | Permit::Rejected => None,
        })
    }
}

/// Why somebody is switched off who was to be deleted; otherwise as `outside`.
fn why_not_deleted(now: &Present) -> &'static str {
    let deletes = now.instance.policies.leaver == Leaver::Delete && outside_or_deleted(now);
    let refused = now.refusal(Verb::Delete).filter(|_| deletes);
    refused.unwrap_or_else(|| outside(now))
}

fn outside_or_deleted(now: &Present) -> bool {
    now.ours.deleted_at.is_some() || now.carried == Carried::Out
}

/// Why it stays in the app.
fn left_because(now: &Present) -> &'static str {
    let group = now.ours.kind == ResourceType::Group && now.carried == Carried::In;
    let refused = now.refusal(Verb::Delete).filter(|_| group);
    refused.unwrap_or("It stays in the app as it is.")
}

/// It says so itself; an app that does not show `active` is believed.
fn shows_active(remote: &Remote) -> bool {
    remote.attributes.get("active") == Some(&Value::Bool(true))
}

/// Why, where it is not for what became of it here.
fn outside(now: &Present) -> &'static str {
    match now.carried {
        Carried::Out if now.ours.active && now.ours.deleted_at.is_none() => "It is out of scope.",
        Carried::In | Carried::Out | Carried::Unclear => "",
    }
}

fn still_has_access(ended: Ended) -> Ended {
    match ended {
        Ended::Rejected { why, .. } => Ended::Rejected { why, access: true },
        Ended::Failed(error) if error.verdict == Verdict::Park => Ended::StillIn(error),
        other => other,
    }
}

/// The tombstone goes, and whoever waited for its name or its membership runs.
fn bury(tx: &Tx<'_>, now: &Present) -> Result<(), StoreError> {
    let ours = &now.ours;
    if ours.deleted_at.is_none() {
        return Ok(());
    }
    // Members of a group who were deleted may have waited for nothing but it.
    let departed = members::departed(tx, ours.instance, ours.row)?;
    resources::forget_tombstone(tx, ours.row)?;
    for row in departed {
        jobs::enqueue(tx, ours.instance, JobKind::Push, row, priority::LEAVER, None)?;
    }
    names::given_up(tx, &now.instance, ours.kind, &fold(&ours.name))
}
