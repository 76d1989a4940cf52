//! `/instances/{slug}/users/{id}`: everything about one person: what they are, who says so, where they are, what
//! happened.

use askama::Template;

use super::ask::Ask;
use super::chrome::Inside;
use super::fail::{Answer, Fail};
use super::flash::News;
use super::instance::{Head, Tab};
use super::page::Page;
use super::parts::{Badge, EventRow, Tone, When};
use super::people::access;
use super::serve::show;
use super::values::{self, AttributePath};
use super::{log, standing};
use crate::mapping::{Carried, Onward};
use crate::model::{Instance, InstanceId, LinkState, Resource};
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, resource};
use crate::store::search::{self, Membership};
use crate::store::{Lane, Rx, StoreError, Tx, custom, events, jobs, links, resources};
use crate::sync::protected;

/// One person.
#[derive(Template)]
#[template(path = "person.html")]
pub struct PersonPage {
    /// Chrome.
    pub page: Page,
    /// Header of the instance.
    pub head: Head,
    /// SCIM id.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// userName.
    pub user_name: String,
    /// Active, or not.
    pub access: Badge,
    /// The same, for the buttons.
    pub active: bool,
    /// What the buttons are about.
    pub version: i64,
    /// Nothing of it is taken away in the app.
    pub protected: bool,
    /// Owned by nobody here: follows the app.
    pub managed: bool,
    /// In order: userName, name, e-mails, the rest.
    pub attributes: Vec<AttributeRow>,
    /// Groups, by name.
    pub groups: Vec<GroupRef>,
    /// In the target; none for an instance without target.
    pub target: Option<TargetSide>,
    /// Newest first.
    pub events: Vec<EventRow>,
    /// Last change.
    pub changed: When,
}

impl PersonPage {
    /// Beside the name.
    #[must_use]
    pub fn protected_badge(&self) -> Badge {
        Badge::new(Tone::Info, "Protected")
    }
}

/// One attribute.
pub struct AttributeRow {
    /// Path as RFC 7643 writes it.
    pub path: AttributePath,
    /// Its value.
    pub value: String,
    /// Whether an IdP or admin has written it.
    pub owned: bool,
    /// What the app holds.
    pub there: There,
}

/// An attribute in the app, beside ours.
#[derive(Default)]
pub struct There {
    /// Its value where it is another than ours; else empty.
    pub value: String,
    /// In words: the same, on its way, not sent, why it is another.
    pub note: &'static str,
    /// It is another than what was sent.
    pub differs: bool,
}

impl There {
    fn noted(note: &'static str) -> Self {
        Self {
            note,
            ..Self::default()
        }
    }
}

/// A group that holds them.
pub struct GroupRef {
    /// SCIM id.
    pub id: String,
    /// displayName.
    pub name: String,
    /// In the app, too; empty when in step.
    pub note: String,
}

/// How they stand in the target.
pub struct TargetSide {
    /// In step, waiting, rejected…
    pub badge: Badge,
    /// Why, in a sentence; may be empty.
    pub reason: String,
    /// The app's id.
    pub remote_id: Option<String>,
    /// When the next try is.
    pub next_try: Option<When>,
    /// *Try again* helps.
    pub may_retry: bool,
    /// Our own mapping is at fault and nothing was sent: the page where it is mended.
    pub mend: Option<String>,
}

impl TargetSide {
    /// Nothing waits, but the app holds other values than it was sent: a badge alone would hide it.
    #[must_use]
    pub fn beside(mut self, rows: &[AttributeRow]) -> Self {
        if self.reason.is_empty() && rows.iter().any(|row| row.there.differs) {
            self.reason = "Some of its values differ there: see Attributes.".into();
        }
        self
    }
}

/// Lines of the log on a person's or group's page.
pub const LATEST: usize = 50;
/// Groups listed of one person.
const GROUPS: u64 = 500;
/// Attributes listed.
const ATTRIBUTES: usize = 300;

/// The page.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn get(ask: Ask) -> Answer {
    let (slug, id) = (ask.part("slug"), ask.part("id"));
    let instance = ask.instance().await?.id;
    let asked = id.clone();
    let found = ask
        .read(move |rx, _| Ok::<_, Fail>(resources::by_id(rx, instance, ResourceType::User, &asked)?))
        .await?;
    let Some(user) = found else {
        return elsewhere(&ask, instance, ResourceType::Group, id).await;
    };
    let shown = ask.read(move |rx, chrome| {
        let Inside {
            page, head, instance, ..
        } = chrome.inside(rx, &slug, Tab::People, Some(&user.display))?;
        let now = rx.now();
        let groups = search::groups_with(rx, user.row, GROUPS)?;
        let latest = events::of_resource(rx, user.row, None, LATEST)?;
        let attributes = attributes(rx, &instance, &user)?;
        Ok::<_, Fail>(PersonPage {
            access: access(user.active),
            active: user.active,
            version: user.version,
            protected: head.has_target && protected::covers(rx, &instance, &user)?,
            managed: user.is_managed(),
            groups: groups.into_iter().map(|g| group(g, head.has_target)).collect(),
            target: standing::target(rx, &instance, &user, now)?.map(|t| t.beside(&attributes)),
            attributes,
            events: log::rows_of_person(latest, &head.slug, &head.app, now),
            changed: When::relative(user.last_modified, now),
            id: user.id,
            name: user.display,
            user_name: user.name,
            page,
            head,
        })
    });
    show(&shown.await?)
}

/// Tries the person's push again now.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn retry(ask: Ask) -> Answer {
    try_again(ask, ResourceType::User).await
}

/// Wakes the push of the user or group in the address.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn try_again(ask: Ask, kind: ResourceType) -> Answer {
    let (instance, id) = (ask.instance().await?, ask.part("id"));
    let place = if kind == ResourceType::User {
        "users"
    } else {
        "groups"
    };
    let back = format!("/instances/{}/{place}/{id}", instance.slug);
    let work = move |tx: &Tx<'_>| -> Result<Option<bool>, StoreError> {
        match resources::by_id(tx, instance.id, kind, &id)? {
            Some(found) => jobs::try_again(tx, instance.id, found.row).map(Some),
            None => Ok(None),
        }
    };
    let woken = ask
        .pages
        .store()
        .write(Lane::Front, Some(instance.id), work)
        .await
        .map_err(Fail::from)?;
    ask.pages.engine.wake();
    let news = if woken.ok_or(Fail::NotFound)? {
        News::Retrying
    } else {
        News::InStep
    };
    ask.go_on(&back, Some(news))
}

/// Links to a user or group need not know which it is: the other kind's page, if it is one.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn elsewhere(ask: &Ask, instance: InstanceId, other: ResourceType, id: String) -> Answer {
    let asked = id.clone();
    let found = ask
        .read(move |rx, _| Ok::<_, Fail>(resources::row_of(rx, instance, &asked)?))
        .await?;
    match found {
        Some((_, kind)) if kind == other => {
            let place = if kind == ResourceType::User {
                "users"
            } else {
                "groups"
            };
            ask.go_on(&format!("/instances/{}/{place}/{id}", ask.part("slug")), None)
        }
        _ => Err(Fail::NotFound),
    }
}

fn group(found: Membership, has_target: bool) -> GroupRef {
    let note = if has_target && !found.held {
        "not yet in the app"
    } else {
        ""
    };
    GroupRef {
        id: found.id,
        name: found.display,
        note: note.into(),
    }
}

/// What a user or group is, who says so, what goes onward, and what the app holds instead.
///
/// # Errors
/// When the database fails.
pub fn attributes(
    rx: &Rx<'_>,
    instance: &Instance,
    ours: &Resource,
) -> Result<Vec<AttributeRow>, StoreError> {
    let custom = custom::of(rx, instance.id)?;
    let onward = Onward::new(&instance.policies, &custom);
    let wanted = onward.of(ours);
    let push = jobs::of_resource(rx, instance.id, ours.row)?;
    let unsent = unsent(push.as_ref().map(|job| &*job.state), onward.carries(ours));
    let link = links::by_resource(rx, ours.row)?;
    let seen: Option<Attributes> = match &link {
        Some(link) => links::seen_doc(rx, link.id)?.and_then(|text| serde_json::from_str(&text).ok()),
        None => None,
    };
    let carried = instance.target.is_some() && instance.scope.carries(ours.kind);
    let said = |document: &Attributes, path: &str| {
        resource::get(document, path)
            .map(values::text)
            .unwrap_or_default()
    };
    let there = |path: &str, value: &str| {
        let Some(want) = wanted.desired.get(path).filter(|_| carried) else {
            return There::default();
        };
        let sent = said(&wanted.document, path);
        let Some(link) = &link else {
            return There::noted("not there");
        };
        let other = link.seen.get(path);
        match () {
            () if link.state != LinkState::Linked || link.seen.is_empty() => There::default(),
            // What was not sent is no difference yet.
            () if link.pushed.get(path) != Some(want) => There::noted(unsent),
            () if other != Some(want) => There {
                value: seen
                    .as_ref()
                    .map(|seen| said(seen, path))
                    .filter(|text| !text.is_empty())
                    .unwrap_or_else(|| "nothing".into()),
                note: if other == link.base.get(path) {
                    "the app keeps it otherwise"
                } else {
                    "changed in the app"
                },
                differs: true,
            },
            () if sent != value => There {
                value: sent,
                note: "by the mapping",
                differs: false,
            },
            () => There::noted("the same"),
        }
    };
    let mut paths = resource::paths(ours.kind, &ours.attributes);
    for made in resource::paths(ours.kind, &wanted.document) {
        if !paths.contains(&made) {
            paths.push(made);
        }
    }
    let rows = paths.into_iter().take(ATTRIBUTES).map(|path| {
        let value = said(&ours.attributes, &path);
        AttributeRow {
            there: there(&path, &value),
            value,
            owned: is_owned(ours, &path),
            path: AttributePath(path),
        }
    });
    Ok(rows.collect())
}

/// What becomes of a value that the app was not given yet. Whoever is out of scope, left behind, protected or refused has
/// no push that would bring it, or one that sleeps.
fn unsent(push: Option<&str>, carried: Carried) -> &'static str {
    match push {
        Some("waiting" | "retrying") if carried == Carried::In => "on its way",
        _ => "not sent",
    }
}

/// A path is owned itself, or by the whole that it is part of.
fn is_owned(ours: &Resource, path: &str) -> bool {
    let whole = path
        .rsplit_once('.')
        .or_else(|| path.rsplit_once(':'))
        .map(|(whole, _)| whole);
    ours.owned.contains(path)
        || whole.is_some_and(|whole| ours.owned.contains(whole))
        || (path == "active" && ours.is_managed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_open_push_brings_what_was_not_sent() {
        for state in ["waiting", "retrying"] {
            assert_eq!(unsent(Some(state), Carried::In), "on its way");
            assert_eq!(unsent(Some(state), Carried::Out), "not sent");
        }
        for asleep in [None, Some("rejected"), Some("held")] {
            assert_eq!(unsent(asleep, Carried::In), "not sent");
        }
    }
}
