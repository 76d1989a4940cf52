//! A group's members, in chunks that the app takes. Each accepted chunk is noted, so a push resumes where it stopped.
//! Removals are reserved first; those past the limit are put aside and never stand in the way of the rest, and so are those
//! of deleted people whose account still has its access: first the account, then its places in groups.

use std::collections::BTreeMap;

use super::change::COUNTED;
use super::record::tell;
use super::{Push, Step, write_link};
use crate::connector::Verdict;
use crate::model::job::priority;
use crate::model::{Instance, JobKind, Link, Outcome, RemovalClass, Resource};
use crate::store::{Rx, StoreError, Tx, events, jobs, links, members, removals, resources};
use crate::sync::context::Ended;
use crate::sync::plan::Action;
use crate::sync::present::Present;
use crate::sync::removal::{self, Ask, Permit};
use crate::sync::{health, protected};

/// One membership to be changed.
#[derive(Clone, Debug)]
struct One {
    row: i64,
    wanted: bool,
    remote: String,
    /// The removal that was granted, if it counts.
    removal: Option<i64>,
    /// Somebody who should have no access is to be taken out.
    leaver: bool,
}

impl Push<'_> {
    pub(super) async fn members(&mut self, now: Present) -> Step {
        let (group, refused) = (now.ours.row, self.refused.clone());
        let chunk = now
            .instance
            .target
            .as_ref()
            .map_or(1, |t| t.capabilities().member_chunk.clamp(1, 500)) as usize;
        let (instance, limit) = (now.instance.clone(), chunk + refused.len());
        let ready = self.write(move |tx| {
            let delta = links::member_delta(tx, group, limit)?;
            let delta = delta
                .into_iter()
                .filter(|(row, ..)| !refused.contains(row))
                .take(chunk);
            permitted(tx, &instance, group, delta.collect())
        });
        let ready = ready.await?;
        let Some(ready) = ready else {
            return self.rest().await;
        };
        if ready.is_empty() {
            return Ok(());
        }
        // What the app refuses as a whole is offered in halves, so that one bad member stops nobody else.
        let mut parts = vec![ready];
        while let Some(part) = parts.pop() {
            self.send(&now, part, &mut parts).await?;
        }
        Ok(())
    }

    /// Nothing more can be sent.
    async fn rest(&self) -> Step {
        match &self.why {
            Some(why) => Err(Ended::Rejected {
                why: why.clone(),
                access: self.leaver,
            }),
            None => Ok(()),
        }
    }

    async fn send(&mut self, now: &Present, part: Vec<One>, parts: &mut Vec<Vec<One>>) -> Step {
        let Some(link) = now.link.clone() else {
            return Err(Ended::Done);
        };
        let group = link.remote_id.clone().unwrap_or_default();
        self.app().await?;
        let (part, sure, others) = self.in_doubt(now, part).await?;
        if part.is_empty() {
            return Ok(());
        }
        let ids = |wanted| {
            part.iter()
                .filter(|m| m.wanted == wanted)
                .map(|m| m.remote.clone())
                .collect::<Vec<_>>()
        };
        let answer = self
            .app()
            .await?
            .members(&group, &ids(true), &ids(false), others)
            .await;
        match self.heard(answer) {
            Ok(()) => {
                let now = now.clone();
                self.write(move |tx| noted(tx, &now, &part)).await
            }
            // It is the group that cannot be written: no smaller part of this could be.
            Err(error) if error.is_our_own() => {
                self.undone(now, sure).await?;
                Err(Ended::from(error))
            }
            Err(error) if matches!(error.verdict, Verdict::Reject | Verdict::Gone | Verdict::Exists) => {
                self.undone(now, sure).await?;
                if error.verdict == Verdict::Gone {
                    self.group_gone(&link).await?;
                }
                if part.len() == 1 {
                    self.refused.extend(part.iter().map(|m| m.row));
                    self.leaver |= part.iter().any(|m| m.leaver);
                    self.why.get_or_insert_with(|| error.to_string());
                } else {
                    let (left, right) = part.split_at(part.len() / 2);
                    parts.extend([right.to_vec(), left.to_vec()]);
                }
                Ok(())
            }
            Err(error) if !error.lost => {
                self.undone(now, sure).await?;
                Err(Ended::from(error))
            }
            Err(error) => Err(Ended::from(error)),
        }
    }

    /// Before the call. Until the app accepts a change of these, whatever is wanted by then is sent. Gives back what of
    /// `part` is still wanted so, those that were not in doubt already, and how many others the app is believed to have.
    async fn in_doubt(&self, now: &Present, mut part: Vec<One>) -> Result<(Vec<One>, Vec<One>, u64), Ended> {
        let group = now.ours.row;
        let chunk: Vec<(i64, bool)> = part.iter().map(|m| (m.row, m.wanted)).collect();
        let standing = self.write(move |tx| {
            let standing = members::set_in_doubt(tx, group, &chunk)?;
            Ok((standing, members::held_up_to(tx, group, COUNTED)?))
        });
        let (standing, others) = standing.await?;
        let standing: BTreeMap<i64, bool> = standing.into_iter().collect();
        part.retain(|m| standing.contains_key(&m.row));
        let sure = part.iter().filter(|m| standing.get(&m.row) == Some(&true));
        let sure = sure.cloned().collect();
        Ok((part, sure, others))
    }

    /// The app did not do it: of these it holds what it held.
    async fn undone(&self, now: &Present, sure: Vec<One>) -> Step {
        let group = now.ours.row;
        let unmarked = self.write(move |tx| {
            for wanted in [true, false] {
                let sent: Vec<One> = sure.iter().filter(|m| m.wanted == wanted).cloned().collect();
                members::set_held(tx, group, &rows(&sent), !wanted)?;
            }
            Ok(())
        });
        unmarked.await
    }

    /// 404 may mean the group or a member. If it is the group, the plan has to speak again.
    async fn group_gone(&mut self, link: &Link) -> Step {
        let id = link.remote_id.clone().unwrap_or_default();
        let shown = self.app().await?.get(link.kind, &id).await;
        match self.heard(shown)? {
            Some(_) => Ok(()),
            None => {
                let (job, link) = (self.job.instance, link.id);
                self.write(move |tx| jobs::enqueue(tx, job, JobKind::Verify, link, priority::LATER, None))
                    .await?;
                Err(Ended::Unclear(
                    "the app does not show the group any more; it is looked for".into(),
                ))
            }
        }
    }
}

fn rows(part: &[One]) -> Vec<i64> {
    part.iter().map(|m| m.row).collect()
}

/// Of a chunk, what may be sent now. None: there was nothing in it.
fn permitted(
    tx: &Tx<'_>,
    instance: &Instance,
    group: i64,
    delta: Vec<(i64, bool, String)>,
) -> Result<Option<Vec<One>>, StoreError> {
    if delta.is_empty() {
        return Ok(None);
    }
    let mut ready = Vec::with_capacity(delta.len());
    for (row, wanted, remote) in delta {
        let member = if wanted { None } else { resources::load(tx, row)? };
        let removal = match &member {
            Some(member) => permit(tx, instance, group, member)?,
            None => Some(None),
        };
        if let Some(removal) = removal {
            ready.push(One {
                row,
                wanted,
                remote,
                removal,
                leaver: member.is_some_and(|m| m.deleted_at.is_some() || !m.active),
            });
        }
    }
    Ok(Some(ready))
}

/// None: it is held, or waits for the member's account. A membership counts nothing if its user has lost all access.
fn permit(
    tx: &Tx<'_>,
    instance: &Instance,
    group: i64,
    member: &Resource,
) -> Result<Option<Option<i64>>, StoreError> {
    let (row, class) = (member.row, RemovalClass::Membership);
    if member.deleted_at.is_some() && !protected::covers(tx, instance, member)? {
        match account(tx, instance, row)? {
            Account::Ended => {
                if removals::withdraw(tx, instance.id, class, group, row)? {
                    health::look_at_held(tx, instance.id)?;
                }
                return Ok(Some(None));
            }
            Account::Comes => {
                // If a person has to allow that, nothing of it is done before.
                members::set_kept(tx, group, row, true)?;
                return Ok(None);
            }
            Account::Stays => {}
        }
    }
    let ask = Ask {
        class,
        subject: group,
        member: row,
        label: format!("{} in {}", member.display, label(tx, group)?),
        reason: "taken out here",
        run: 0,
        has_access: true,
    };
    Ok(match removal::reserve(tx, instance, &ask)? {
        Permit::Granted(id) => Some(Some(id)),
        // Out of what is pushed, so that it never stands in the way of the rest of its group.
        Permit::Held | Permit::Rejected => {
            members::set_kept(tx, group, row, true)?;
            None
        }
    })
}

/// What becomes of the account of a deleted member in the app.
enum Account {
    /// It has lost its access.
    Ended,
    /// It is going to be ended, left behind or looked for, or that waits for a person; its memberships come after it.
    Comes,
    /// Nothing is done to it: only its memberships can end.
    Stays,
}

fn account(rx: &Rx<'_>, instance: &Instance, row: i64) -> Result<Account, StoreError> {
    let Some(theirs) = Present::load(rx, instance.id, row)? else {
        return Ok(Account::Ended);
    };
    if theirs.link.as_ref().is_none_or(|l| l.ended_by_us) || theirs.is_ended() {
        return Ok(Account::Ended);
    }
    Ok(match theirs.plan() {
        Action::Wait(_) | Action::Nothing(_) | Action::Helpless(_) => Account::Stays,
        _ => Account::Comes,
    })
}

/// Nothing more is done to the account of somebody deleted: what was put aside of its memberships until then is pushed.
pub(super) fn free(tx: &Tx<'_>, now: &Present) -> Result<(), StoreError> {
    if now.ours.deleted_at.is_none() || !now.is_carried() {
        return Ok(());
    }
    for group in members::set_free(tx, now.ours.row)? {
        jobs::enqueue(tx, now.instance.id, JobKind::Push, group, priority::GROUP, None)?;
    }
    Ok(())
}

fn label(rx: &Rx<'_>, group: i64) -> Result<String, StoreError> {
    Ok(resources::load(rx, group)?.map(|g| g.display).unwrap_or_default())
}

/// The app took the chunk.
fn noted(tx: &Tx<'_>, now: &Present, part: &[One]) -> Result<(), StoreError> {
    let group = now.ours.row;
    for wanted in [true, false] {
        let rows: Vec<i64> = part
            .iter()
            .filter(|m| m.wanted == wanted)
            .map(|m| m.row)
            .collect();
        if rows.is_empty() {
            continue;
        }
        members::set_held(tx, group, &rows, wanted)?;
        let (action, verb) = if wanted {
            ("push.members_added", "added")
        } else {
            ("push.members_removed", "removed")
        };
        let text = format!(
            "{} {verb} in the app.",
            if rows.len() == 1 {
                "1 member".into()
            } else {
                format!("{} members", rows.len())
            }
        );
        let event = tell(tx, &now.ours, action, Outcome::Done, text, Vec::new())?;
        events::also_about(tx, event, &rows)?;
        if !wanted {
            wake_departed(tx, now, &rows)?;
        }
    }
    for removal in part.iter().filter_map(|m| m.removal) {
        removals::done(tx, removal)?;
    }
    // An older list of members is void from here on, and the next one is looked at whatever it says.
    if let Some(mut link) = links::by_resource(tx, group)? {
        link.seen.remove(crate::sync::import::MEMBERS);
        write_link(tx, &link)?;
    }
    Ok(())
}

/// A deleted user who waits for being out of all groups goes on.
fn wake_departed(tx: &Tx<'_>, now: &Present, rows: &[i64]) -> Result<(), StoreError> {
    for row in rows {
        if resources::load(tx, *row)?.is_some_and(|r| r.deleted_at.is_some()) {
            jobs::enqueue(tx, now.instance.id, JobKind::Push, *row, priority::LEAVER, None)?;
        }
    }
    Ok(())
}
