//! What an edit of policies would do, before it is saved: the plan of every resource under the old policies and under the
//! new ones, and what differs. It only reads, a chunk at a time, and ends when its time is up: then it says how far it came.

use std::time::Duration;

use super::manage::{ManageError, Manager};
use super::plan::Action;
use super::present::{Present, declared};
use super::removal;
use crate::clock::Stopwatch;
use crate::mapping::{self, Carried, Onward};
use crate::model::{Instance, InstanceId, LinkState, MapRow, Policies, RemovalClass, Resource};
use crate::scim::schema::ResourceType;
use crate::store::scan::Cost;
use crate::store::{Rx, StoreError, custom, instances, links, resources};

/// Resources in one read.
const CHUNK: usize = 500;
/// Whoever waits for a page waits so long at most.
pub const ON_A_PAGE: Duration = Duration::from_secs(2);
/// The same of the command line.
pub const AT_THE_PROMPT: Duration = Duration::from_secs(60);
/// People and groups that are named.
const NAMED: usize = 50;

/// What an edit would do in the app.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Preview {
    /// Users and groups that would be created.
    pub created: u64,
    /// Users and groups that would be changed.
    pub updated: u64,
    /// Users who would lose access.
    pub users: u64,
    /// Groups that would be deleted.
    pub groups: u64,
    /// How many of those removals would wait for a person: they are past the removal limit.
    pub held: u64,
    /// The first of those who would lose access.
    pub named: Vec<Loses>,
    /// Not everybody was looked at: the numbers are the least.
    pub is_partial: bool,
    /// Users and groups that were looked at.
    pub looked: u64,
    /// Users and groups that there are.
    pub all: u64,
    /// Stands for the policies that were looked at: a confirmation of other ones is none.
    pub of: String,
}

/// Somebody who would lose access, or a group that would be deleted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Loses {
    /// User or Group.
    pub kind: ResourceType,
    /// SCIM id.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Why.
    pub reason: &'static str,
    /// The account or group itself would be deleted.
    pub is_deleted: bool,
}

impl Preview {
    /// Whether somebody should look at it before it is saved.
    #[must_use]
    pub fn needs_a_word(&self) -> bool {
        self.users + self.groups > 0 || self.is_partial
    }

    /// The numbers, as sentences.
    #[must_use]
    pub fn sentences(&self) -> Vec<String> {
        let least = if self.is_partial { "At least " } else { "" };
        let count = |n: u64, one: &str, many: &str| format!("{least}{n} {}", if n == 1 { one } else { many });
        let mut said = Vec::new();
        if self.users > 0 {
            said.push(format!(
                "{} would lose access.",
                count(self.users, "person", "people")
            ));
        }
        if self.groups > 0 {
            said.push(format!(
                "{} would be deleted.",
                count(self.groups, "group", "groups")
            ));
        }
        if self.held > 0 {
            said.push(format!(
                "{} past the removal limit and would wait for Allow or Reject.",
                count(self.held, "of these removals is", "of these removals are")
            ));
        }
        if self.created + self.updated > 0 {
            said.push(format!(
                "{least}{} would be created and {} changed in the app.",
                self.created, self.updated
            ));
        }
        if self.is_partial {
            said.push(format!(
                "Only the first {} of {} users and groups were looked at: it may be more.",
                self.looked, self.all
            ));
        }
        said
    }
}

impl Manager {
    /// What somebody has to look at before these policies are saved; none: nothing, or they did, for `confirmed` stands for
    /// just these.
    ///
    /// # Errors
    /// As `preview`.
    pub async fn to_confirm(
        &self,
        id: InstanceId,
        policies: &Policies,
        confirmed: &str,
    ) -> Result<Option<Preview>, ManageError> {
        let (now, new) = self.beside(id, policies).await?;
        if stands_for(&new.policies) == confirmed {
            return Ok(None);
        }
        let preview = self.differing(now, new, ON_A_PAGE).await?;
        Ok(Some(preview).filter(Preview::needs_a_word))
    }

    /// What saving these policies would do in the app, as far as can be seen in this time.
    ///
    /// # Errors
    /// `Policies`: they cannot be read; `Refused`: the instance is gone; the store's.
    pub async fn preview(
        &self,
        id: InstanceId,
        policies: &Policies,
        time: Duration,
    ) -> Result<Preview, ManageError> {
        let (now, new) = self.beside(id, policies).await?;
        self.differing(now, new, time).await
    }

    /// The instance as it is, and as it would be.
    async fn beside(&self, id: InstanceId, policies: &Policies) -> Result<(Instance, Instance), ManageError> {
        let mut policies = policies.clone();
        let declared = self.store.read(move |rx| custom::of(rx, id)).await?;
        mapping::check(&mut policies, &declared).map_err(ManageError::Policies)?;
        let found = self.store.read(move |rx| instances::by_id(rx, id)).await?;
        let now = found.ok_or_else(super::manage::gone)?;
        let new = Instance {
            policies,
            ..now.clone()
        };
        Ok((now, new))
    }

    async fn differing(&self, now: Instance, new: Instance, time: Duration) -> Result<Preview, ManageError> {
        let mut preview = Preview {
            of: stands_for(&new.policies),
            ..Preview::default()
        };
        if now.target.is_none() || plans_alike(&now.policies, &new.policies) {
            return Ok(preview);
        }
        let id = now.id;
        let there = self.store.read(move |rx| resources::counts(rx, id)).await?;
        preview.all = there.users + there.groups;
        let (watch, mut after) = (Stopwatch::start(), 0);
        loop {
            let (old, proposed) = (now.clone(), new.clone());
            let look = move |rx: &Rx<'_>| chunk(rx, &old, &proposed, after);
            let (rows, found) = self.store.list(Cost::Page, look).await?;
            let Some(last) = rows.last() else { break };
            for one in found {
                preview.count(one);
            }
            (after, preview.looked) = (*last, preview.looked + rows.len() as u64);
            if rows.len() == CHUNK && watch.elapsed() > time {
                preview.is_partial = true;
                break;
            }
        }
        let (users, groups) = (preview.users, preview.groups);
        let passing = self.store.read(move |rx| -> Result<u64, StoreError> {
            Ok(removal::would_pass(rx, &new, RemovalClass::Account, users)?
                + removal::would_pass(rx, &new, RemovalClass::Group, groups)?)
        });
        preview.held = (users + groups).saturating_sub(passing.await?);
        Ok(preview)
    }
}

/// Whether these policies make the same plan of everybody: limits, protection and what is done about single attributes are
/// no matter of it.
fn plans_alike(old: &Policies, new: &Policies) -> bool {
    old.leaver == new.leaver
        && old.drift == new.drift
        && old.mapping == new.mapping
        && scope(old) == scope(new)
}

fn scope(p: &Policies) -> (&str, &str, &[String]) {
    (&p.carry_users, &p.carry_groups, &p.carry_group_names)
}

/// What stands for policies on a form.
fn stands_for(policies: &Policies) -> String {
    let text = serde_json::to_value(policies).ok();
    text.as_ref().and_then(mapping::digest).unwrap_or_default()
}

/// Who goes onward: of users and of groups, carried and all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Carries {
    /// Carried users, and all.
    pub users: (u64, u64),
    /// Carried groups, and all.
    pub groups: (u64, u64),
    /// Only the first were counted.
    pub is_partial: bool,
}

/// Counting who is in scope takes so long at most: it is done each time a page is shown.
const COUNTING: Duration = Duration::from_secs(1);

impl Manager {
    /// Counts who is in the scope of an instance as it is saved.
    ///
    /// # Errors
    /// The store's.
    pub async fn carries(&self, id: InstanceId) -> Result<Carries, StoreError> {
        let everybody = self.store.read(move |rx| {
            let instance = instances::by_id(rx, id)?.filter(|i| filters_nobody(&i.policies));
            instance.map(|_| resources::counts(rx, id)).transpose()
        });
        if let Some(all) = everybody.await? {
            return Ok(Carries {
                users: (all.users, all.users),
                groups: (all.groups, all.groups),
                is_partial: false,
            });
        }
        let mut carries = Carries::default();
        let (watch, mut after) = (Stopwatch::start(), 0);
        loop {
            let look = move |rx: &Rx<'_>| carried(rx, id, after);
            let (last, found) = self.store.list(Cost::Page, look).await?;
            for (kind, carried) in found {
                let (of, all) = match kind {
                    ResourceType::User => (&mut carries.users.0, &mut carries.users.1),
                    ResourceType::Group => (&mut carries.groups.0, &mut carries.groups.1),
                };
                *of += u64::from(carried);
                *all += 1;
            }
            let Some(last) = last else { return Ok(carries) };
            if watch.elapsed() > COUNTING {
                carries.is_partial = true;
                return Ok(carries);
            }
            after = last;
        }
    }
}

fn filters_nobody(p: &Policies) -> bool {
    p.carry_users.trim().is_empty() && p.carry_groups.trim().is_empty() && p.carry_group_names.is_empty()
}

type Counted = Vec<(ResourceType, bool)>;

fn carried(rx: &Rx<'_>, id: InstanceId, after: i64) -> Result<(Option<i64>, Counted), StoreError> {
    let Some(instance) = instances::by_id(rx, id)? else {
        return Ok((None, Vec::new()));
    };
    let custom = declared(rx, id, &instance.policies)?;
    let onward = Onward::new(&instance.policies, &custom);
    let rows = resources::rows_after(rx, id, after, CHUNK)?;
    let mut found = Vec::new();
    for row in &rows {
        if let Some(ours) = resources::load(rx, *row)?.filter(|r| r.deleted_at.is_none()) {
            found.push((ours.kind, onward.carries(&ours) == Carried::In));
        }
    }
    Ok((rows.last().copied(), found))
}

/// What an edit does to one resource.
pub(super) enum Effect {
    Created,
    Updated,
    Removed(Loses),
}

/// What is read quickly of a resource, and decides whether its plan can differ at all.
struct Stance {
    deleted: bool,
    active: bool,
    managed: bool,
    /// Under the old policies, and under the new ones.
    carried: (Carried, Carried),
    /// The app lost it.
    missing: bool,
    /// The mapping of its kind differs.
    mapped: bool,
}

/// Whether the plan can differ: of most resources an edit changes nothing, and to see that is far cheaper than two plans.
fn may_differ(old: &Policies, new: &Policies, of: &Stance) -> bool {
    let stays = of.active && of.carried == (Carried::In, Carried::In);
    of.deleted
        || of.carried.0 != of.carried.1
        || (old.leaver != new.leaver && !stays)
        || (old.drift != new.drift && of.missing)
        || (of.mapped && of.managed)
}

/// The rows of the next chunk, and what differs there.
pub(super) fn chunk(
    rx: &Rx<'_>,
    old: &Instance,
    new: &Instance,
    after: i64,
) -> Result<(Vec<i64>, Vec<Effect>), StoreError> {
    let of_old = declared(rx, old.id, &old.policies)?;
    let of_new = declared(rx, new.id, &new.policies)?;
    let (before, then) = (
        Onward::new(&old.policies, &of_old),
        Onward::new(&new.policies, &of_new),
    );
    let rows_of = |policies: &Policies, kind| -> Vec<MapRow> {
        let rows = policies.mapping.iter().filter(|row| row.kind == kind);
        rows.cloned().collect()
    };
    let remapped =
        ResourceType::ALL.map(|kind| (kind, rows_of(&old.policies, kind) != rows_of(&new.policies, kind)));
    let rescoped = scope(&old.policies) != scope(&new.policies);
    let stance = |ours: &Resource| -> Result<Stance, StoreError> {
        let carried = before.carries(ours);
        let asked = old.policies.drift != new.policies.drift;
        let link = if asked {
            links::by_resource(rx, ours.row)?
        } else {
            None
        };
        Ok(Stance {
            deleted: ours.deleted_at.is_some(),
            active: ours.active,
            managed: ours.is_managed(),
            carried: (carried, if rescoped { then.carries(ours) } else { carried }),
            missing: link.is_some_and(|l| l.state == LinkState::Missing),
            mapped: remapped.contains(&(ours.kind, true)),
        })
    };
    let rows = resources::rows_after(rx, old.id, after, CHUNK)?;
    let mut found = Vec::new();
    for row in &rows {
        let Some(ours) = resources::load(rx, *row)? else {
            continue;
        };
        if !may_differ(&old.policies, &new.policies, &stance(&ours)?) {
            continue;
        }
        let planned = Present::of(rx, old, &before, ours.clone())?.plan();
        let now = Present::of(rx, new, &then, ours)?;
        let plan = now.plan();
        if planned != plan {
            found.extend(effect(&planned, &plan, now));
        }
    }
    Ok((rows, found))
}

fn effect(planned: &Action, plan: &Action, now: Present) -> Option<Effect> {
    let removes = |action: &Action| matches!(action, Action::Deactivate | Action::Delete | Action::Blocked);
    match plan {
        Action::Create => Some(Effect::Created),
        Action::Update(_) => Some(Effect::Updated),
        // It leaves already, and now otherwise: only a deletion is worse than it was.
        action if removes(action) && removes(planned) && *action != Action::Delete => None,
        action if removes(action) => Some(Effect::Removed(Loses {
            kind: now.ours.kind,
            reason: match now.carried {
                _ if now.ours.deleted_at.is_some() => "deleted here",
                _ if !now.ours.active => "deactivated here",
                Carried::In | Carried::Out | Carried::Unclear => "out of scope",
            },
            is_deleted: *action == Action::Delete,
            id: now.ours.id,
            name: now.ours.display,
        })),
        _ => None,
    }
}

impl Preview {
    fn count(&mut self, effect: Effect) {
        match effect {
            Effect::Created => self.created += 1,
            Effect::Updated => self.updated += 1,
            Effect::Removed(loses) => {
                match loses.kind {
                    ResourceType::User => self.users += 1,
                    ResourceType::Group => self.groups += 1,
                }
                if self.named.len() < NAMED {
                    self.named.push(loses);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
