//! The present state of one resource as the plan needs it: everything in one read.

use super::adoption;
use super::plan::{self, Action, Situation, plan};
use super::protected;
use crate::mapping::{Carried, Onward, Wanted};
use crate::model::{
    Instance, InstanceId, Link, LinkState, Policies, Removal, RemovalClass, RemovalState, Resource, Target,
    Verb,
};
use crate::scim::fold;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::store::links::By;
use crate::store::{Rx, StoreError, custom, instances, links, members, removals, resources};

/// What is known of one resource on both sides.
#[derive(Clone, Debug)]
pub(super) struct Present {
    pub(super) instance: Instance,
    pub(super) ours: Resource,
    pub(super) wanted: Wanted,
    pub(super) carried: Carried,
    pub(super) link: Option<Link>,
    pub(super) removal: Option<Removal>,
    /// Somebody else who was deleted here still has its name in the app: the row.
    pub(super) name_of: Option<i64>,
    members: bool,
    memberships: bool,
    undecided: bool,
}

impl Present {
    /// None: the resource or its instance is no more, or has no app.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn load(rx: &Rx<'_>, id: InstanceId, row: i64) -> Result<Option<Self>, StoreError> {
        let Some(instance) = instances::by_id(rx, id)?.filter(|i| i.target.is_some()) else {
            return Ok(None);
        };
        let custom = declared(rx, id, &instance.policies)?;
        let onward = Onward::new(&instance.policies, &custom);
        Self::look(rx, &instance, &onward, row)
    }

    /// As `load`, for many of one instance; `onward` reads the policies of `instance`.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn look(
        rx: &Rx<'_>,
        instance: &Instance,
        onward: &Onward<'_>,
        row: i64,
    ) -> Result<Option<Self>, StoreError> {
        match resources::load(rx, row)?.filter(|r| r.instance == instance.id) {
            Some(ours) => Self::of(rx, instance, onward, ours).map(Some),
            None => Ok(None),
        }
    }

    /// As `look`, of a resource that was loaded already.
    ///
    /// # Errors
    /// When the database fails.
    pub(super) fn of(
        rx: &Rx<'_>,
        instance: &Instance,
        onward: &Onward<'_>,
        ours: Resource,
    ) -> Result<Self, StoreError> {
        let row = ours.row;
        let mut wanted = onward.of(&ours);
        let link = links::by_resource(rx, row)?;
        if let Some(link) = &link {
            // About these nothing is said, so what the app accepted stays what is wanted.
            let silent = link.pushed.iter().filter(|(path, _)| wanted.is_silent(path));
            let silent: Vec<_> = silent.map(|(path, hash)| (path.clone(), hash.clone())).collect();
            wanted.desired.extend(silent);
        }
        let linked = link.as_ref().is_some_and(|l| l.remote_id.is_some());
        let members =
            ours.kind == ResourceType::Group && linked && !links::member_delta(rx, row, 1)?.is_empty();
        let unlinked = link.is_none() && ours.deleted_at.is_none();
        let memberships = match &link {
            Some(link) if linked && ours.deleted_at.is_some() => {
                still_member(rx, instance, onward, &ours, link)?
            }
            _ => false,
        };
        Ok(Self {
            removal: removals::open_of(rx, instance.id, class_of(ours.kind), row, 0)?,
            members,
            memberships,
            undecided: link.is_none() && adoption::is_undecided(rx, row)?,
            name_of: match unlinked {
                true => name_of(rx, &ours, &wanted)?,
                false => None,
            },
            carried: onward.carries(&ours),
            wanted,
            instance: instance.clone(),
            ours,
            link,
        })
    }

    /// The next step.
    pub(super) fn plan(&self) -> Action {
        let Some(target) = &self.instance.target else {
            return Action::Nothing("there is no app");
        };
        let state = self.removal.as_ref().map(|r| r.state);
        plan(&Situation {
            scope: self.instance.scope,
            policies: &self.instance.policies,
            capabilities: target.capabilities(),
            kind: self.ours.kind,
            carried: self.carried,
            managed: self.ours.is_managed(),
            active: self.ours.active,
            deleted: self.ours.deleted_at.is_some(),
            desired: &self.wanted.desired,
            cleared: &self.wanted.cleared,
            link: self.link.as_ref(),
            members: self.members,
            memberships: self.memberships,
            name_taken: self.name_of.is_some(),
            undecided: self.undecided,
            blocked: matches!(state, Some(RemovalState::Held | RemovalState::Rejected)),
        })
    }

    /// Whether its account in the app has no access.
    pub(super) fn is_ended(&self) -> bool {
        self.link
            .as_ref()
            .is_some_and(|link| has_ended(&self.instance, link))
    }

    /// Whether what is wanted of it goes to the app; if not, it is only looked up there.
    pub(super) fn is_carried(&self) -> bool {
        self.instance.scope.carries(self.ours.kind)
    }

    /// Whether it may be made in the app.
    pub(super) fn may_be_made(&self) -> bool {
        !self.is_only_sought() && self.carried == Carried::In
    }

    /// Whether nobody is ever made for it in the app, which may have it all the same.
    pub(super) fn is_only_sought(&self) -> bool {
        !self.is_carried() || self.refusal(Verb::Create).is_some()
    }

    /// Why the app does not do this to what is carried, as a sentence, if that is known.
    pub(super) fn refusal(&self, verb: Verb) -> Option<&'static str> {
        let known = self.instance.target.as_ref().map(Target::capabilities);
        plan::refusal(known.filter(|_| self.is_carried())?, self.ours.kind, verb)
    }

    /// Whether the removal that waits was rejected by an admin.
    pub(super) fn is_kept(&self) -> bool {
        self.removal
            .as_ref()
            .is_some_and(|r| r.state == RemovalState::Rejected)
    }
}

/// The counter of the removal limit that a resource falls under.
pub(super) fn class_of(kind: ResourceType) -> RemovalClass {
    match kind {
        ResourceType::User => RemovalClass::Account,
        ResourceType::Group => RemovalClass::Group,
    }
}

fn has_ended(instance: &Instance, link: &Link) -> bool {
    let known = instance.target.as_ref().map(Target::capabilities);
    known.is_some_and(|capabilities| plan::is_ended(capabilities, link))
}

/// A deleted user whom the app still lists in a group that is in scope and that we can change. Where users are not
/// carried, the group may be changed only later, when somebody writes it; what was put aside until the account has lost
/// its access counts once it has.
fn still_member(
    rx: &Rx<'_>,
    instance: &Instance,
    onward: &Onward<'_>,
    ours: &Resource,
    link: &Link,
) -> Result<bool, StoreError> {
    let is_free = has_ended(instance, link) && !protected::covers(rx, instance, ours)?;
    let groups = if is_free || !instance.scope.carries(ours.kind) {
        members::groups_holding(rx, ours.row)?
    } else {
        members::groups_with_delta(rx, ours.row)?
    };
    for group in groups {
        if resources::load(rx, group)?.is_none_or(|g| onward.carries(&g) != Carried::In) {
            continue;
        }
        let there = links::by_resource(rx, group)?;
        if there
            .is_some_and(|l| l.remote_id.is_some() && matches!(l.state, LinkState::Linked | LinkState::Left))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Who else was deleted here under this name, if the app has not heard of it yet.
fn name_of(rx: &Rx<'_>, ours: &Resource, wanted: &Wanted) -> Result<Option<i64>, StoreError> {
    let key = fold(&wanted.name);
    if wanted.renamed {
        for link in links::known_by(rx, ours.instance, ours.kind, By::Name(&key))? {
            let Some(row) = link.resource.filter(|row| *row != ours.row) else {
                continue;
            };
            if resources::load(rx, row)?.is_some_and(|r| r.deleted_at.is_some()) {
                return Ok(Some(row));
            }
        }
        return Ok(None);
    }
    for grave in resources::tombstones_by_name(rx, ours.instance, ours.kind, &key)? {
        if grave.row != ours.row && links::by_resource(rx, grave.row)?.is_some() {
            return Ok(Some(grave.row));
        }
    }
    Ok(None)
}

/// The declared attributes, if a scope filter or the mapping could name them.
pub(super) fn declared(rx: &Rx<'_>, id: InstanceId, policies: &Policies) -> Result<Custom, StoreError> {
    if policies.carry_users.is_empty() && policies.carry_groups.is_empty() && policies.mapping.is_empty() {
        return Ok(Custom::none().clone());
    }
    custom::of(rx, id)
}
