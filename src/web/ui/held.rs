//! `/instances/{slug}/held`: who would lose something in the app, and the two answers: Allow and Reject.

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::{Head, HeldBanner, Tab};
use super::page::Page;
use super::paging::{ROWS, offset, paging};
use super::parts::{Paging, When};
use super::serve::show;
use super::words;
use crate::model::{Actor, Instance, Removal, RemovalClass};
use crate::scim::schema::ResourceType;
use crate::store::{Lane, Rx, StoreError, Tx, events, removals, resources};
use crate::sync::removal;
use crate::sync::status::InstanceStatus;

/// The removals that wait.
#[derive(Template)]
#[template(path = "held.html")]
pub struct HeldPage {
    /// Chrome.
    pub page: Page,
    /// Header.
    pub head: Head,
    /// `142 of 1,204 people would be deactivated in Atlassian Cloud.`
    pub what: String,
    /// The limit, and what goes on meanwhile.
    pub why: String,
    /// Who or what asked for them.
    pub origins: Vec<OriginRow>,
    /// How many wait in all.
    pub count: u64,
    /// The newest of them: *Allow all* frees no later one.
    pub up_to: i64,
    /// One page of them.
    pub rows: Vec<HeldRow>,
    /// Where it goes on.
    pub paging: Paging,
}

/// Who or what asked for some of them.
#[derive(Clone, Debug)]
pub struct OriginRow {
    /// `37 come from changes by Okta since 14:05`, without full stop.
    pub text: String,
    /// Born of a sync: the list of syncs says more.
    pub is_sync: bool,
}

/// One removal.
pub struct HeldRow {
    /// Sent when chosen.
    pub id: i64,
    /// What a person calls it.
    pub label: String,
    /// Page of the person or group.
    pub href: Option<String>,
    /// `Account`, `Group`, `Membership of Design`.
    pub class: String,
    /// Why it was asked for, and by whom if that is known.
    pub reason: String,
    /// Since when it waits.
    pub at: When,
}

/// Most that one page speaks of and *Allow all* frees at once.
const MOST: usize = 20_000;
/// Decided in one unit of work.
const CHUNK: usize = 100;

/// The list.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, from) = (ask.part("slug"), offset(ask.query.number("page")));
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page,
            head,
            instance,
            status,
        } = chrome.inside(rx, &slug, Tab::Overview, Some("Held removals"))?;
        let all = removals::held(rx, instance.id, MOST)?;
        let start = usize::try_from(from).unwrap_or(usize::MAX).min(all.len());
        let listed: Vec<&Removal> = all
            .iter()
            .skip(start)
            .take(usize::try_from(ROWS).unwrap_or(50))
            .collect();
        let rows = listed
            .iter()
            .map(|r| row(rx, &head.slug, r))
            .collect::<Result<Vec<_>, _>>()?;
        let address = format!("/instances/{}/held", head.slug);
        let total = all.len() as u64;
        let shown = rows.len() as u64;
        Ok::<_, Fail>(HeldPage {
            what: what(rx, &instance, &status, &head.app)?,
            why: why(rx, &instance)?,
            origins: origins(rx, &instance, &all)?,
            count: total,
            up_to: all.last().map_or(0, |r| r.id),
            paging: paging(&address, &[], from, shown, total, ["removal", "removals"]),
            rows,
            page,
            head,
        })
    });
    show(&shown.await?)
}

/// What stands above the instance's page while removals wait.
///
/// # Errors
/// When the database fails.
pub fn banner(
    rx: &Rx<'_>,
    instance: &Instance,
    status: &InstanceStatus,
) -> Result<Option<HeldBanner>, StoreError> {
    let all = removals::held(rx, instance.id, MOST)?;
    let Some(newest) = all.last() else {
        return Ok(None);
    };
    Ok(Some(HeldBanner {
        what: what(rx, instance, status, &super::chrome::app_name(instance))?,
        why: why(rx, instance)?,
        origins: origins(rx, instance, &all)?,
        count: all.len() as u64,
        up_to: newest.id,
    }))
}

fn what(rx: &Rx<'_>, instance: &Instance, status: &InstanceStatus, app: &str) -> Result<String, StoreError> {
    let counted = removals::count_held(rx, instance.id)?;
    let parts: Vec<String> = counted
        .iter()
        .map(|(class, n)| said(*class, *n, status))
        .collect();
    Ok(match parts.as_slice() {
        [] => "No removal waits.".into(),
        [one] => format!("{one} in {app}."),
        [first @ .., last] => format!("{} and {last} in {app}.", first.join(", ")),
    })
}

fn said(class: RemovalClass, n: u64, status: &InstanceStatus) -> String {
    let of = |total: u64, one, many| match total {
        total if total > n => format!("{} of {}", words::number(n), words::count(total, one, many)),
        _ => words::count(n, one, many),
    };
    match class {
        RemovalClass::Account => format!("{} would lose access", of(status.users, "person", "people")),
        RemovalClass::Group => format!("{} would be deleted", of(status.groups, "group", "groups")),
        RemovalClass::Membership => format!("{} would end", words::count(n, "membership", "memberships")),
    }
}

/// The limit of what waits, in figures.
fn why(rx: &Rx<'_>, instance: &Instance) -> Result<String, StoreError> {
    let mut limits = Vec::new();
    for (class, _) in removals::count_held(rx, instance.id)? {
        let p = &instance.policies;
        let (limit, what, half) = match class {
            RemovalClass::Account => (p.accounts, ["account", "accounts"], ", never more than half"),
            RemovalClass::Group => (p.groups, ["group", "groups"], ", never more than half"),
            RemovalClass::Membership => (p.memberships, ["membership", "memberships"], ""),
        };
        let most = words::count(removal::most_now(rx, instance, class)?, what[0], what[1]);
        limits.push(format!(
            "{most} ({} %, at least {}{half})",
            limit.percent,
            words::number(limit.floor.into())
        ));
    }
    Ok(match limits.as_slice() {
        [] => String::new(),
        all => format!(
            "The limit in one hour or sync is {}. Everything else goes on.",
            all.join(", ")
        ),
    })
}

/// Removals that are asked who is behind them, to name all.
const ASKED: usize = 50;
/// Newest events that are looked at for one of them.
const BEHIND: usize = 50;
/// Whoever is named at once.
const NAMED: usize = 3;

fn origins(rx: &Rx<'_>, instance: &Instance, all: &[Removal]) -> Result<Vec<OriginRow>, StoreError> {
    let found = removals::origins(rx, instance.id)?;
    let alone = found.len() == 1;
    let rows = found.iter().map(|origin| {
        let subject = match (alone, origin.count) {
            (true, 1) => "It comes".to_owned(),
            (true, _) => "They come".to_owned(),
            (false, 1) => "1 comes".to_owned(),
            (false, n) => format!("{} come", words::number(n)),
        };
        let clock = |at| words::clock(at, rx.now());
        let from = match (origin.run, origin.started) {
            (0, _) => {
                let by = behind(rx, all)?;
                let by = if by.is_empty() {
                    String::new()
                } else {
                    format!(" by {by}")
                };
                format!("changes{by} since {}", clock(origin.since))
            }
            (_, Some(started)) => format!("the sync of {}", clock(started)),
            (_, None) => format!("a sync before {}", clock(origin.since)),
        };
        Ok(OriginRow {
            text: format!("{subject} from {from}"),
            is_sync: origin.run != 0,
        })
    });
    rows.collect()
}

/// `Okta and root@example.com`: whose changes some of these follow from; empty: nobody's that is known.
fn behind(rx: &Rx<'_>, all: &[Removal]) -> Result<String, StoreError> {
    let mut names: Vec<String> = Vec::new();
    for removal in all.iter().take(ASKED) {
        names.extend(cause(rx, removal)?.filter(|name| !names.contains(name)));
    }
    let more = names.len() > NAMED;
    names.truncate(NAMED);
    Ok(match names.as_slice() {
        all if more => format!("{} and others", all.join(", ")),
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        all => all.concat(),
    })
}

/// Who ended here what a removal would end in the app. Out of scope is whoever an admin or a value put there, which no
/// single event tells.
fn cause(rx: &Rx<'_>, removal: &Removal) -> Result<Option<String>, StoreError> {
    if !removal.reason.ends_with("here") {
        return Ok(None);
    }
    // Whoever was never deactivated, but is, was made or taken over so. A member's own end ends it in all groups.
    let (about, ends): (i64, &[&str]) = match removal.class {
        RemovalClass::Account => (
            removal.subject,
            &["user.deactivated", "user.deleted", "user.adopted", "user.created"],
        ),
        RemovalClass::Group => (removal.subject, &["group.deleted"]),
        RemovalClass::Membership => (removal.member, &["group.members_removed", "user.deleted"]),
    };
    let group = resources::load(rx, removal.subject)?.map(|group| group.id);
    let ended = events::of_resource(rx, about, None, BEHIND)?
        .into_iter()
        .filter(|event| event.at <= removal.at && ends.contains(&&*event.action))
        .find(|event| event.action != "group.members_removed" || event.resource_id == group);
    Ok(match ended.map(|event| event.actor) {
        Some(Actor::Idp(name) | Actor::Admin(name)) => Some(name),
        _ => None,
    })
}

fn row(rx: &Rx<'_>, slug: &str, held: &Removal) -> Result<HeldRow, StoreError> {
    let there = resources::load(rx, held.subject)?.filter(|r| r.deleted_at.is_none());
    let href = there.map(|r| {
        let place = if r.kind == ResourceType::User {
            "users"
        } else {
            "groups"
        };
        format!("/instances/{slug}/{place}/{}", r.id)
    });
    Ok(HeldRow {
        id: held.id,
        label: held.label.clone(),
        href,
        class: match held.class {
            RemovalClass::Account => "Account",
            RemovalClass::Group => "Group",
            RemovalClass::Membership => "Membership",
        }
        .into(),
        reason: match cause(rx, held)? {
            Some(name) => format!("{} by {name}", words::sentence(&held.reason)),
            None => words::sentence(&held.reason),
        },
        at: When::clock(held.at, rx.now()),
    })
}

/// Allows or rejects: those chosen, or all that the page spoke of.
///
/// # Errors
/// `NotFound`, `Form`; the store's.
pub async fn post(ask: Ask) -> Answer {
    let instance = ask.instance().await?;
    let (id, back) = (instance.id, format!("/instances/{}", instance.slug));
    let (allow, all) = match ask.form.text("act") {
        "allow" => (true, false),
        "reject" => (false, false),
        "allow-all" => (true, true),
        "reject-all" => (false, true),
        _ => return Err(Fail::Form),
    };
    let chosen: Vec<i64> = if all {
        let newest: i64 = ask.form.number("up_to").ok_or(Fail::Form)?;
        let held = ask
            .pages
            .store()
            .read(move |rx| removals::held(rx, id, MOST))
            .await;
        held.map_err(|e: StoreError| Fail::from(e))?
            .iter()
            .map(|r| r.id)
            .filter(|held| *held <= newest)
            .collect()
    } else {
        ask.form.numbers("id")
    };
    if chosen.is_empty() {
        let news = if all { News::NothingHeld } else { News::NoneChosen };
        return ask.go_on(&format!("{back}/held"), Some(news));
    }
    let mut decided = 0;
    for part in chosen.chunks(CHUNK) {
        let (part, by) = (part.to_vec(), ask.actor()?);
        let work = move |tx: &Tx<'_>| -> Result<usize, StoreError> {
            if allow {
                removal::allow(tx, id, &part, &by)
            } else {
                removal::reject(tx, id, &part, &by)
            }
        };
        decided += ask.pages.store().write(Lane::Front, Some(id), work).await?;
    }
    ask.pages.engine.wake();
    let news = match (decided, allow) {
        (0, _) => News::NothingHeld,
        (_, true) => News::Allowed,
        (_, false) => News::Rejected,
    };
    ask.go_on(&back, Some(news))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::clock::Clock;
    use crate::model::{EventDraft, InstanceId, Outcome, RemovalState, Time};
    use crate::store::Store;

    #[tokio::test]
    async fn whoever_ended_it_is_named_and_not_who_wrote_last() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Clock::system()).unwrap();
        let told = |tx: &Tx<'_>, action, actor: Actor| {
            let event = EventDraft {
                instance: None,
                resource: Some(7),
                subject: "ada".into(),
                actor,
                action,
                outcome: Outcome::Done,
                detail: String::new(),
                changes: Vec::new(),
            };
            events::record(tx, event)
        };
        let work = move |tx: &Tx<'_>| -> Result<Option<String>, StoreError> {
            told(tx, "user.created", Actor::Hub)?;
            told(tx, "user.deactivated", Actor::Idp("Okta".into()))?;
            told(tx, "user.updated", Actor::Admin("root@example.com".into()))?;
            told(
                tx,
                "group.members_removed",
                Actor::Admin("root@example.com".into()),
            )?;
            let held = Removal {
                id: 1,
                instance: InstanceId(1),
                class: RemovalClass::Account,
                subject: 7,
                member: 0,
                label: "ada".into(),
                state: RemovalState::Held,
                reason: "deactivated here".into(),
                at: Time(i64::MAX),
            };
            cause(tx, &held)
        };
        let named: Result<_, StoreError> = store.write(Lane::Front, None, work).await;
        assert_eq!(named.unwrap().as_deref(), Some("Okta"));
    }
}
