//! What an edit of policies would do, before it is saved: the plan of every resource under the old policies and under the
//! new ones, and what differs. It only reads, in chunks, and stops after so many resources that it says so.

use super::manage::{ManageError, Manager};
use super::plan::Action;
use super::present::{Present, declared};
use super::removal;
use crate::mapping::{self, Carried, Onward};
use crate::model::{Instance, InstanceId, Policies, RemovalClass};
use crate::scim::schema::ResourceType;
use crate::store::{Rx, StoreError, custom, instances, resources};

/// Resources in one read.
const CHUNK: usize = 500;
/// Resources that are looked at, at most.
const MOST: usize = 100_000;
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
        let count = |n: u64, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
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
                "{} would be created and {} changed in the app.",
                self.created, self.updated
            ));
        }
        if self.is_partial {
            said.push(format!(
                "Only the first {MOST} users and groups were looked at: it may be more."
            ));
        }
        said
    }
}

impl Manager {
    /// What saving these policies would do in the app.
    ///
    /// # Errors
    /// `Policies`: they cannot be read; `Refused`: the instance is gone; the store's.
    pub async fn preview(&self, id: InstanceId, policies: &Policies) -> Result<Preview, ManageError> {
        let mut policies = policies.clone();
        let declared = self.store.read(move |rx| custom::of(rx, id)).await?;
        mapping::check(&mut policies, &declared).map_err(ManageError::Policies)?;
        let found = self.store.read(move |rx| instances::by_id(rx, id)).await?;
        let now = found.ok_or_else(super::manage::gone)?;
        let new = Instance {
            policies,
            ..now.clone()
        };
        let text = serde_json::to_value(&new.policies).ok();
        let mut preview = Preview {
            of: text.as_ref().and_then(mapping::digest).unwrap_or_default(),
            ..Preview::default()
        };
        if now.target.is_none() || now.policies == new.policies {
            return Ok(preview);
        }
        let (mut after, mut looked) = (0, 0);
        loop {
            let (old, proposed) = (now.clone(), new.clone());
            let look = move |rx: &Rx<'_>| chunk(rx, &old, &proposed, after);
            let (last, found) = self.store.read(look).await?;
            let Some(last) = last else { break };
            for one in found {
                preview.count(one);
            }
            (after, looked) = (last, looked + CHUNK);
            if looked >= MOST {
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

/// Resources that are counted, at most: it is done each time a page is shown.
const COUNTED: u64 = 20_000;

impl Manager {
    /// Counts who is in the scope of an instance as it is saved.
    ///
    /// # Errors
    /// The store's.
    pub async fn carries(&self, id: InstanceId) -> Result<Carries, StoreError> {
        let mut carries = Carries::default();
        let mut after = 0;
        loop {
            let (last, found) = self.store.read(move |rx| carried(rx, id, after)).await?;
            for (kind, carried) in found {
                let (of, all) = match kind {
                    ResourceType::User => (&mut carries.users.0, &mut carries.users.1),
                    ResourceType::Group => (&mut carries.groups.0, &mut carries.groups.1),
                };
                *of += u64::from(carried);
                *all += 1;
            }
            carries.is_partial = carries.users.1 + carries.groups.1 >= COUNTED;
            match last {
                Some(last) if !carries.is_partial => after = last,
                _ => return Ok(carries),
            }
        }
    }
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
enum Effect {
    Created,
    Updated,
    Removed(Loses),
}

/// The last row of the next chunk, and what differs there.
fn chunk(
    rx: &Rx<'_>,
    old: &Instance,
    new: &Instance,
    after: i64,
) -> Result<(Option<i64>, Vec<Effect>), StoreError> {
    let of_old = declared(rx, old.id, &old.policies)?;
    let of_new = declared(rx, new.id, &new.policies)?;
    let (before, then) = (
        Onward::new(&old.policies, &of_old),
        Onward::new(&new.policies, &of_new),
    );
    let rows = resources::rows_after(rx, old.id, after, CHUNK)?;
    let mut found = Vec::new();
    for row in &rows {
        let (Some(was), Some(now)) = (
            Present::look(rx, old, &before, *row)?,
            Present::look(rx, new, &then, *row)?,
        ) else {
            continue;
        };
        let (planned, plan) = (was.plan(), now.plan());
        if planned != plan {
            found.extend(effect(&planned, &plan, now));
        }
    }
    Ok((rows.last().copied(), found))
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
