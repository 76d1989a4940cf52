//! Members of a group, as a caller wants them. First everything is resolved, then anything is changed: a group is
//! never cleared for members that turn out to be unknown. Unknown ids beside known ones are named in an event.

use std::collections::BTreeSet;

use serde_json::json;

use super::{ChangeError, Door};
use crate::model::job::priority;
use crate::model::{JobKind, Resource};
use crate::scim::error::ScimError;
use crate::scim::filter::Filter;
use crate::scim::patch::MemberChange;
use crate::scim::path::AttrPath;
use crate::scim::resource::Member;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, eval};
use crate::store::{StoreError, events, jobs, links, members, resources};

/// Unknown ids an event names.
const NAMED: usize = 20;

/// What a request does to a group's members, all of it resolved.
#[derive(Debug, Default)]
pub(super) struct MemberChanges {
    /// The caller decided about members, even if nothing differs.
    pub(super) decided: bool,
    add: BTreeSet<i64>,
    remove: BTreeSet<i64>,
    /// Members already, and now named by somebody on our side for the first time.
    own: Vec<i64>,
    unknown: Vec<String>,
}

impl MemberChanges {
    pub(super) fn changes_anything(&self) -> bool {
        !self.add.is_empty() || !self.remove.is_empty()
    }

    /// Leaves out what is so already.
    fn only_differences(&mut self, door: Door<'_>, group: &Resource) -> Result<(), StoreError> {
        for row in self.add.clone() {
            let decided = members::is_decided(door.tx, group.row, row)?;
            if decided.is_some() {
                self.add.remove(&row);
            }
            if decided == Some(false) {
                self.own.push(row);
            }
        }
        for row in self.remove.clone() {
            if !members::is_member(door.tx, group.row, row)? {
                self.remove.remove(&row);
            }
        }
        Ok(())
    }

    fn want(&mut self, rows: impl IntoIterator<Item = i64>) {
        for row in rows {
            self.remove.remove(&row);
            self.add.insert(row);
        }
    }

    fn drop(&mut self, rows: impl IntoIterator<Item = i64>) {
        for row in rows {
            self.add.remove(&row);
            self.remove.insert(row);
        }
    }
}

/// The members of a new group.
pub(super) fn set(door: Door<'_>, group: &Resource, list: &[Member]) -> Result<(), ChangeError> {
    let changes = replacing(door, group, list)?;
    own(door, group, &changes)?;
    apply(door, group, &changes)?;
    Ok(())
}

/// These and no others.
pub(super) fn replacing(
    door: Door<'_>,
    group: &Resource,
    list: &[Member],
) -> Result<MemberChanges, ChangeError> {
    patching(door, group, &[MemberChange::Replace(list.to_vec())])
}

/// The operations of a PATCH, in their order, as one net difference.
pub(super) fn patching(
    door: Door<'_>,
    group: &Resource,
    operations: &[MemberChange],
) -> Result<MemberChanges, ChangeError> {
    let mut changes = MemberChanges {
        decided: !operations.is_empty(),
        ..MemberChanges::default()
    };
    for operation in operations {
        match operation {
            MemberChange::Add(list) => {
                let rows = resolve(door, group, list, &mut changes.unknown)?;
                changes.want(rows);
            }
            MemberChange::Remove(ids) => {
                let mut rows = Vec::with_capacity(ids.len());
                for id in ids {
                    rows.extend(resources::row_of(door.tx, door.instance.id, id)?.map(|(row, _)| row));
                }
                changes.drop(rows);
            }
            MemberChange::RemoveAll => changes.drop(members::member_rows(door.tx, group.row)?),
            MemberChange::RemoveMatching(filter) => {
                let all = members::list(door.tx, group.row, 0, usize::MAX)?;
                let one_of_them = Filter::ValuePath {
                    attr: AttrPath::core("members"),
                    filter: Box::new(filter.clone()),
                };
                changes.drop(all.iter().filter(|m| matches(&one_of_them, m)).map(|m| m.row));
            }
            MemberChange::Replace(list) => {
                let rows: BTreeSet<i64> = resolve(door, group, list, &mut changes.unknown)?
                    .into_iter()
                    .collect();
                let now = members::member_rows(door.tx, group.row)?;
                let pending: Vec<i64> = changes.add.iter().copied().collect();
                changes.drop(now.into_iter().chain(pending).filter(|row| !rows.contains(row)));
                changes.want(rows);
            }
        }
    }
    changes.only_differences(door, group)?;
    Ok(changes)
}

/// Whether a group of this one member meets the filter.
fn matches(filter: &Filter, member: &members::Member) -> bool {
    let value = json!([{"value": member.id, "display": member.display, "type": member.kind.name()}]);
    eval::matches(
        filter,
        ResourceType::Group,
        Custom::none(),
        &Attributes::from_iter([("members".to_owned(), value)]),
    )
}

/// Rows of those that are known. If none of several is, the operation could not be applied at all: 400.
fn resolve(
    door: Door<'_>,
    group: &Resource,
    list: &[Member],
    unknown: &mut Vec<String>,
) -> Result<Vec<i64>, ChangeError> {
    let mut rows = Vec::with_capacity(list.len());
    let mut missing = 0;
    for member in list {
        match resources::row_of(door.tx, door.instance.id, &member.value)? {
            Some((row, _)) if row != group.row => rows.push(row),
            _ => {
                missing += 1;
                if unknown.len() < NAMED {
                    unknown.push(member.value.chars().take(100).collect());
                }
            }
        }
    }
    if rows.is_empty() && missing > 0 {
        let text = format!("None of the {missing} members is known on this endpoint; nothing was changed.");
        return Err(ScimError::invalid_value(text).into());
    }
    Ok(rows)
}

/// Notes whom the request names beside what it changes: the app cannot drop them by itself any more. Nobody sees that.
pub(super) fn own(door: Door<'_>, group: &Resource, changes: &MemberChanges) -> Result<(), StoreError> {
    members::own(door.tx, group.row, &changes.own)
}

/// Writes the difference, and one event about the group and about each person it touches.
pub(super) fn apply(door: Door<'_>, group: &Resource, changes: &MemberChanges) -> Result<(), StoreError> {
    let add: Vec<i64> = changes.add.iter().copied().collect();
    let remove: Vec<i64> = changes.remove.iter().copied().collect();
    let added = members::add(door.tx, group.row, &add, door.has_target())?;
    look_up(door, &added)?;
    let removed = members::remove(door.tx, group.row, &remove, door.has_target())?;
    if !added.is_empty() {
        let event = door.tell(
            group,
            "group.members_added",
            people(added.len(), "joined"),
            Vec::new(),
        )?;
        events::also_about(door.tx, event, &added)?;
    }
    if !removed.is_empty() {
        let event = door.tell(
            group,
            "group.members_removed",
            people(removed.len(), "left"),
            Vec::new(),
        )?;
        events::also_about(door.tx, event, &removed)?;
    }
    if !changes.unknown.is_empty() {
        let text = format!(
            "Left out, since nobody here has these ids: {}.",
            changes.unknown.join(", ")
        );
        door.tell(group, "group.members_unknown", text, Vec::new())?;
    }
    Ok(())
}

/// Where users are not carried, who joins a group may have got an account in the app since it was last looked for.
fn look_up(door: Door<'_>, added: &[i64]) -> Result<(), StoreError> {
    if door.instance.scope.carries(ResourceType::User) || !door.has_target() {
        return Ok(());
    }
    for row in added {
        if links::by_resource(door.tx, *row)?.is_none() {
            jobs::enqueue(
                door.tx,
                door.instance.id,
                JobKind::Push,
                *row,
                priority::USER,
                None,
            )?;
        }
    }
    Ok(())
}

/// Somebody decides about a group's members: those who were deleted here, but stayed members in the app because users are
/// not carried, leave it now. True: there are some.
pub(super) fn let_go(door: Door<'_>, group: &Resource) -> Result<bool, StoreError> {
    if door.instance.scope.carries(ResourceType::User) {
        return Ok(false);
    }
    let departed = members::departed(door.tx, door.instance.id, group.row)?;
    for row in &departed {
        members::set_kept(door.tx, group.row, *row, false)?;
    }
    Ok(!departed.is_empty())
}

fn people(n: usize, verb: &str) -> String {
    if n == 1 {
        format!("1 member {verb}.")
    } else {
        format!("{n} members {verb}.")
    }
}
