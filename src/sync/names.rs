//! Who has a name in the app, and who waits for it there. An app gives a name once: whoever is to have one that another
//! still has is refused, or waits for a leaver; here stands who tries again when it is given up, and what is said to whom
//! nobody makes way for. Where a mapping makes the name, whoever is to have it may be called anything here: each name
//! given up then costs a reconcile. Not what goes by name: that is the import's and the push's search.

use super::present::{Present, class_of};
use super::reconcile;
use crate::mapping::{self, Onward};
use crate::model::job::priority;
use crate::model::{Instance, JobKind, RemovalState, Resource};
use crate::scim::fold;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::store::links::By;
use crate::store::{Rx, StoreError, Tx, jobs, links, removals, resources};

/// An account is called `now` in the app, and was called `before`: whoever of ours is to have that name tries again.
pub(super) fn follow(
    tx: &Tx<'_>,
    instance: &Instance,
    kind: ResourceType,
    before: Option<&str>,
    now: Option<&str>,
) -> Result<(), StoreError> {
    match before {
        Some(before) if now != Some(before) => given_up(tx, instance, kind, before),
        _ => Ok(()),
    }
}

/// Nobody has `name` (folded) in the app any more.
pub(super) fn given_up(
    tx: &Tx<'_>,
    instance: &Instance,
    kind: ResourceType,
    name: &str,
) -> Result<(), StoreError> {
    if Onward::new(&instance.policies, Custom::none()).has(kind, mapping::name_path(kind)) {
        // Whoever is to have it there may have any name here.
        reconcile::look_for_heirs(tx, instance.id)?;
    }
    for heir in resources::by_name(tx, instance.id, kind, name)? {
        try_again(tx, &heir)?;
    }
    Ok(())
}

fn try_again(tx: &Tx<'_>, heir: &Resource) -> Result<(), StoreError> {
    if !heir.is_managed() {
        return Ok(());
    }
    let priority = priority::of_push(heir.kind, false);
    jobs::enqueue(tx, heir.instance, JobKind::Push, heir.row, priority, None)
}

/// The push of `row` sleeps. If it was somebody deleted here, whoever waits for that name looks again, and says so.
pub(super) fn not_given_up(tx: &Tx<'_>, row: i64) -> Result<(), StoreError> {
    let Some(grave) = resources::load(tx, row)?.filter(|r| r.deleted_at.is_some()) else {
        return Ok(());
    };
    for heir in resources::by_name(tx, grave.instance, grave.kind, &fold(&grave.name))? {
        let job = jobs::of_resource(tx, grave.instance, heir.row)?;
        let told = job.is_some_and(|job| matches!(job.state.as_str(), "rejected" | "held"));
        if !told && links::by_resource(tx, heir.row)?.is_none() {
            try_again(tx, &heir)?;
        }
    }
    Ok(())
}

/// Why the name that `now` waits for is not given up without a person. None: it will be.
pub(super) fn stuck(rx: &Rx<'_>, now: &Present) -> Result<Option<String>, StoreError> {
    let Some(grave) = now.name_of else {
        return Ok(None);
    };
    let removal = removals::open_of(rx, now.instance.id, class_of(now.ours.kind), grave, 0)?;
    let kept = removal.map(|r| r.state);
    let asleep = jobs::of_resource(rx, now.instance.id, grave)?.map(|job| job.state);
    let why = match (kept, asleep.as_deref()) {
        (Some(RemovalState::Rejected), _) => "is kept in the app",
        (Some(RemovalState::Held), _) | (_, Some("held")) => {
            "is to be removed there, which waits for Allow or Reject"
        }
        (_, Some("rejected")) => "is to be removed there, which the app refuses",
        _ => return Ok(None),
    };
    Ok(Some(format!(
        "the name \"{}\" still belongs to somebody who was deleted here and {why}",
        now.wanted.name
    )))
}

/// What is said beside the app's refusal of a new name: who of ours has it.
pub(super) fn holder(rx: &Rx<'_>, now: &Present) -> Result<Option<String>, StoreError> {
    let (instance, name) = (now.instance.id, fold(&now.wanted.name));
    for link in links::known_by(rx, instance, now.ours.kind, By::Name(&name))? {
        let Some(row) = link.resource.filter(|row| *row != now.ours.row) else {
            continue;
        };
        let Some(theirs) = Present::load(rx, instance, row)? else {
            continue;
        };
        let ours = now.link.as_ref().and_then(|l| l.name_key.as_deref());
        let whose = &theirs.ours.display;
        return Ok(Some(if ours == Some(fold(&theirs.wanted.name).as_str()) {
            format!(
                "there it is the name of {whose}, and the two swap names: give one of them any other name in the app, then \
                 sync"
            )
        } else {
            format!("there it is still the name of {whose}; when that changes, it is tried again")
        }));
    }
    Ok(None)
}
