//! Making a counterpart in the app, or finding the one that is there. The link is written as `creating` before the call;
//! whoever finds it so (lost answer, crash) searches before creating again. So nobody is ever made twice.

use super::record::{kept_otherwise, observed, tell};
use super::search::Found;
use super::{Push, Step, write_link};
use crate::connector::{Remote, Verdict};
use crate::directory::import;
use crate::model::job::priority;
use crate::model::{Fingerprint, JobKind, Link, LinkState, Outcome, Verb};
use crate::scim::fold;
use crate::scim::schema::ResourceType;
use crate::store::links::By;
use crate::store::{StoreError, Tx, events, jobs, links, members, resources};
use crate::sync::adoption;
use crate::sync::context::Ended;
use crate::sync::present::Present;

impl Push<'_> {
    pub(super) async fn create(&mut self, now: Present) -> Step {
        let start = now.clone();
        let begun = self.write(move |tx| begin(tx, &start)).await?;
        let Some(link) = begun else { return Ok(()) };
        if now.wanted.renamed {
            // An import goes by our names and may have met it without knowing whose it is.
            let mut now = now;
            now.link = Some(link);
            return self.resolve(now).await;
        }
        // A group's name is not unique in most apps: nothing but a search tells that it is there.
        let twins = match now.ours.kind {
            ResourceType::Group => self.twins(&now).await,
            ResourceType::User => Ok(Vec::new()),
        };
        match twins {
            Ok(mut twins) => match (twins.len(), twins.pop()) {
                (1, Some(one)) => self.found(now, link, Found::One(Box::new(one))).await,
                (n, Some(_)) => self.found(now, link, Found::Several(n)).await,
                (_, None) => self.make(now, link).await,
            },
            // Nothing was asked of the app that would have to be looked for.
            Err(ended) => self.give_up(link, ended).await,
        }
    }

    /// The call itself, if our mapping gives somebody whom the app can take; `link` is `creating`.
    async fn make(&mut self, now: Present, link: Link) -> Step {
        let kind = now.ours.kind;
        if let Some(why) = now.wanted.obstacle().map(str::to_owned) {
            return self.give_up(link, Ended::Rejected { why, access: false }).await;
        }
        let made = self.app().await?.create(kind, &now.wanted.document, &[]).await;
        match self.heard(made) {
            Ok(remote) => self.note(move |tx| created(tx, &now, link, &remote)).await,
            Err(error) if error.verdict == Verdict::Exists => {
                let why = error.to_string();
                match self.search(&now, false).await? {
                    Found::None => {
                        self.give_up(
                            link,
                            Ended::Rejected {
                                why: format!("{why}, but it does not show whom it means"),
                                access: false,
                            },
                        )
                        .await
                    }
                    found => self.found(now, link, found).await,
                }
            }
            Err(error) if error.lost => Err(Ended::from(error)),
            Err(_) if self.learnt_refusal(kind, Verb::Create).await => {
                // It may be there all the same, made by hand.
                self.give_up(link, Ended::Again).await
            }
            // It was not carried out: nothing to search for next time.
            Err(error) => self.give_up(link, Ended::from(error)).await,
        }
    }

    async fn give_up(&self, link: Link, ended: Ended) -> Step {
        self.write(move |tx| links::delete(tx, link.id)).await?;
        Err(ended)
    }

    /// Looks for a counterpart that may exist: after a lost answer, after several matched, or where users are not carried
    /// (then nobody is made, whatever is found).
    pub(super) async fn resolve(&mut self, now: Present) -> Step {
        // A group's name is not unique in most apps.
        let found = self.search(&now, now.ours.kind == ResourceType::Group).await?;
        match (&now.link, found) {
            (Some(link), Found::None) if now.ours.deleted_at.is_some() => {
                let link = link.id;
                self.note(move |tx| links::delete(tx, link)).await
            }
            (Some(link), Found::None) => {
                let link = link.clone();
                if link.state == LinkState::Creating && now.may_be_made() && self.why.is_none() {
                    self.finds_others(&link).await?;
                    self.make(now, link).await
                } else {
                    self.note(move |tx| links::delete(tx, link.id)).await
                }
            }
            (None, Found::None) => {
                let met = self.write(move |tx| no_account(tx, &now)).await?;
                // It is linked now, or waits for a person: plan again.
                if met { Ok(()) } else { Err(Ended::Done) }
            }
            (link, found) => {
                let link = link.clone().unwrap_or_else(|| {
                    links::draft(
                        now.instance.id,
                        now.ours.kind,
                        Some(now.ours.row),
                        LinkState::Creating,
                    )
                });
                self.found(now, link, found).await
            }
        }
    }

    async fn found(&mut self, now: Present, link: Link, found: Found) -> Step {
        let host = self.app().await?.host().to_owned();
        if matches!(&found, Found::One(remote) if remote.id.is_empty()) {
            return Err(Ended::Unclear(format!("{host} shows it without an id")));
        }
        let found = self.unless_apart(&now, found).await?;
        let why = match found {
            Found::One(remote) => {
                let owner = self.write(move |tx| take(tx, &now, link, &remote)).await?;
                match owner {
                    None => return Ok(()),
                    Some(owner) => format!("{host} has it already, and there it belongs to {owner}"),
                }
            }
            Found::Several(n) => {
                if link.id != 0 {
                    let unsure = Link {
                        state: LinkState::Ambiguous,
                        ..link
                    };
                    self.write(move |tx| write_link(tx, &unsure)).await?;
                }
                format!("{host} has {n} that match; leave one there, then try again")
            }
            found @ (Found::Other | Found::Apart | Found::None) => {
                if link.id != 0 {
                    let id = link.id;
                    self.write(move |tx| links::delete(tx, id)).await?;
                }
                let whose = match found {
                    Found::Apart => "for somebody who was told apart",
                    _ => "under another externalId: another person's, or an earlier account",
                };
                format!(
                    "{host} has the name \"{}\" {whose}; rename or delete it there, then try again",
                    now.wanted.name
                )
            }
        };
        Err(Ended::Rejected { why, access: false })
    }
}

/// Promises the create; or, if the account was left behind in the app, takes that one and gives back nothing.
fn begin(tx: &Tx<'_>, now: &Present) -> Result<Option<Link>, StoreError> {
    let ours = &now.ours;
    if resources::load(tx, ours.row)?.is_none_or(|r| r.deleted_at.is_some()) {
        // Deleted since the plan: nobody is made for it.
        return Ok(None);
    }
    let current = links::by_resource(tx, ours.row)?;
    if let Some(link) = current {
        if link.state == LinkState::Missing {
            let renewed = Link {
                state: LinkState::Creating,
                remote_id: None,
                external_id: now.wanted.external_id.clone(),
                pushed: Fingerprint::new(),
                base: Fingerprint::new(),
                seen: Fingerprint::new(),
                ..link
            };
            return if links::save(tx, &renewed)? {
                // It is in no group there, and nobody in it.
                members::none_held(tx, ours.row)?;
                links::by_id(tx, renewed.id)
            } else {
                Ok(None)
            };
        }
        // Somebody else made one since the plan: plan again.
        return Ok(None);
    }
    if let Some(left) = left_behind(tx, now)? {
        let mut back = Link {
            resource: Some(ours.row),
            state: LinkState::Linked,
            pushed: Fingerprint::new(),
            ..left
        };
        // Whom it holds is looked at anew.
        back.seen.remove(crate::sync::import::MEMBERS);
        links::save(tx, &back)?;
        tell(
            tx,
            ours,
            "push.linked",
            Outcome::Done,
            "The account left behind in the app is used again.".into(),
            Vec::new(),
        )?;
        return Ok(None);
    }
    if adoption::look_for(tx, &now.instance, ours)? != adoption::Found::Nothing {
        // It is linked now, or waits for a person: plan again.
        return Ok(None);
    }
    links::insert_creating(
        tx,
        ours.instance,
        ours.kind,
        ours.row,
        now.wanted.external_id.as_deref(),
        &fold(&now.wanted.name),
    )
    .map(Some)
}

/// The one account of this person that was left in the app, if it is certain.
fn left_behind(tx: &Tx<'_>, now: &Present) -> Result<Option<Link>, StoreError> {
    let ours = &now.ours;
    let usable = |all: Vec<Link>| -> Vec<Link> {
        let exists = |l: &Link| {
            l.state == LinkState::Left && l.remote_id.is_some() && !(l.pushed.is_empty() && l.seen.is_empty())
        };
        all.into_iter().filter(exists).collect()
    };
    if let Some(external) = &now.wanted.external_id {
        let mut same = usable(links::unlinked_by(
            tx,
            ours.instance,
            ours.kind,
            By::External(external),
        )?);
        if same.len() == 1 {
            return Ok(same.pop());
        }
    }
    let mut same = usable(links::unlinked_by(
        tx,
        ours.instance,
        ours.kind,
        By::Name(&fold(&now.wanted.name)),
    )?);
    same.retain(|l| !matches!((&l.external_id, &now.wanted.external_id), (Some(a), Some(b)) if a != b));
    Ok(if same.len() == 1 { same.pop() } else { None })
}

/// The app made it.
fn created(tx: &Tx<'_>, now: &Present, link: Link, remote: &Remote) -> Result<(), StoreError> {
    free(tx, now, &link, remote)?;
    let mut link = observed(link, remote);
    link.pushed = now.wanted.desired.clone();
    let paths: Vec<String> = now.wanted.desired.keys().cloned().collect();
    let mut otherwise = kept_otherwise(&link, &paths);
    if !now.ours.active && link.seen_active {
        // Made as active although it should not be: that is said again, on its own.
        link.pushed.remove("active");
        otherwise.retain(|p| p != "active");
    }
    link.ended_by_us = !now.ours.active;
    write_link(tx, &link)?;
    let detail = if otherwise.is_empty() {
        String::new()
    } else {
        format!("The app keeps otherwise: {}.", otherwise.join(", "))
    };
    tell(tx, &now.ours, "push.created", Outcome::Done, detail, Vec::new())?;
    wake_groups(tx, now)
}

/// Takes what was found in the app as the counterpart. Gives back who has it, if it is somebody managed.
fn take(tx: &Tx<'_>, now: &Present, link: Link, remote: &Remote) -> Result<Option<String>, StoreError> {
    if let Some(owner) = free(tx, now, &link, remote)? {
        if link.id != 0 {
            links::delete(tx, link.id)?;
        }
        return Ok(Some(owner));
    }
    let promised = link.state == LinkState::Creating && link.id != 0;
    let mut link = observed(link, remote);
    link.pushed.clear();
    if promised {
        // What was to be made is carried from here on, even if it is out of scope by now: it leaves as such.
        let shown = now
            .wanted
            .desired
            .iter()
            .filter(|(p, hash)| link.seen.get(*p) == Some(hash));
        link.pushed
            .extend(shown.map(|(p, hash)| (p.clone(), hash.clone())));
    }
    if link.id == 0 {
        links::insert(tx, &link)?;
    } else {
        write_link(tx, &link)?;
    }
    tell(
        tx,
        &now.ours,
        "push.linked",
        Outcome::Done,
        "The app had it already; it is not made again.".into(),
        Vec::new(),
    )?;
    wake_groups(tx, now)?;
    Ok(None)
}

/// Makes the app's id free for this resource: from links without a resource, and from unmanaged copies of the same
/// account. Gives back whom it belongs to if it cannot be.
fn free(tx: &Tx<'_>, now: &Present, link: &Link, remote: &Remote) -> Result<Option<String>, StoreError> {
    let Some(other) =
        links::by_remote(tx, now.instance.id, now.ours.kind, &remote.id)?.filter(|o| o.id != link.id)
    else {
        return Ok(None);
    };
    if let Some(row) = other.resource {
        match resources::load(tx, row)? {
            // Somebody who was deleted here and is not carried has nothing left to do in the app.
            Some(theirs) if theirs.deleted_at.is_some() && !now.is_carried() => {
                members::move_to(tx, row, now.ours.row)?;
                jobs::drop_job(tx, now.instance.id, JobKind::Push, row)?;
                resources::forget_tombstone(tx, row)?;
            }
            Some(theirs) if theirs.is_managed() || theirs.deleted_at.is_some() => {
                return Ok(Some(theirs.display));
            }
            Some(_) => {
                // Its places in groups are this person's.
                members::move_to(tx, row, now.ours.row)?;
                import::vanish(tx, &now.instance, row)?;
            }
            None => {}
        }
    }
    links::delete(tx, other.id)?;
    Ok(None)
}

/// Groups named in an event.
const NAMED: usize = 5;

/// There is none, and none is made: told once, until there was. True: it is linked now, or waits for a person.
fn no_account(tx: &Tx<'_>, now: &Present) -> Result<bool, StoreError> {
    if let Some(why) = now
        .refusal(Verb::Create)
        .filter(|_| now.ours.deleted_at.is_none())
    {
        if events::latest_push(tx, now.ours.row)?.as_deref() != Some(NOT_MADE) {
            let why = why.to_owned();
            tell(tx, &now.ours, NOT_MADE, Outcome::Skipped, why, Vec::new())?;
        }
        return Ok(false);
    }
    let groups = members::groups_of(tx, now.ours.row)?;
    if groups.is_empty() || now.ours.deleted_at.is_some() {
        return Ok(false);
    }
    if adoption::look_for(tx, &now.instance, &now.ours)? != adoption::Found::Nothing {
        return Ok(true);
    }
    if events::latest_push(tx, now.ours.row)?.as_deref() == Some(NO_ACCOUNT) {
        return Ok(false);
    }
    let mut names: Vec<&str> = groups.iter().take(NAMED).map(|g| g.display.as_str()).collect();
    if groups.len() > NAMED {
        names.push("others");
    }
    let text = format!(
        "In the app it is missing from {}, until it has an account there.",
        names.join(", ")
    );
    tell(tx, &now.ours, NO_ACCOUNT, Outcome::Skipped, text, Vec::new())?;
    Ok(false)
}

/// Said of members without an account in scope *groups*.
const NO_ACCOUNT: &str = "push.no_account";
/// Said where the app takes no new ones.
const NOT_MADE: &str = "push.not_made";

/// A link was made: the groups that wait for it can go on.
fn wake_groups(tx: &Tx<'_>, now: &Present) -> Result<(), StoreError> {
    for group in members::groups_with_delta(tx, now.ours.row)? {
        jobs::enqueue(tx, now.instance.id, JobKind::Push, group, priority::GROUP, None)?;
    }
    Ok(())
}
