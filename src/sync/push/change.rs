//! Changing what is in the app: attributes, and switching an account on.

use serde_json::Value;

use super::record::{accepted, assumed, keep_drift, kept_otherwise, observed, sent, tell};
use super::{Push, Step, write_link};
use crate::connector::{Remote, Verdict};
use crate::mapping;
use crate::model::{Link, LinkState, Outcome, Verb};
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::store::{StoreError, Tx, links, members};
use crate::sync::context::Ended;
use crate::sync::present::Present;
use crate::sync::{names, protected};

/// In `pushed`, while a change is under way and after its answer was lost: no value has this hash.
const IN_DOUBT: &str = "?";

/// Members counted that the app is believed to have: enough to tell a read that shows none from one that shows them.
pub(super) const COUNTED: usize = 1000;

/// How a change ended for the app.
pub(super) enum Changed {
    /// Accepted; what it holds now, if that is known.
    Yes(Option<Remote>),
    /// The link is missing now: plan again.
    Gone,
}

impl Push<'_> {
    /// The app shows what we want at `paths`: noted without a word to it.
    pub(super) async fn agree(&self, now: Present, paths: Vec<String>) -> Step {
        let Some(mut link) = now.link else {
            return Err(Ended::Done);
        };
        accepted(&mut link.pushed, &now.wanted.desired, &paths);
        // From here on another value there is a change in the app.
        assumed(&mut link.base, &now.wanted.desired, &paths);
        self.note(move |tx| {
            let linked = LinkState::Linked;
            write_link(
                tx,
                &Link {
                    state: linked,
                    ..link
                },
            )
            .map(drop)
        })
        .await
    }

    /// The app is known not to take what we want at `paths`: told once, and not asked.
    pub(super) async fn concede(&self, now: Present, paths: Vec<String>) -> Step {
        let Some(mut link) = now.link.clone() else {
            return Err(Ended::Done);
        };
        accepted(&mut link.pushed, &now.wanted.desired, &paths);
        let why = [Verb::Rename, Verb::Update, Verb::Deactivate]
            .into_iter()
            .find_map(|verb| now.refusal(verb))
            .unwrap_or_default();
        let said = format!("The app keeps otherwise: {}. {why}", paths.join(", "));
        self.note(move |tx| {
            write_link(tx, &link)?;
            let changes = sent(&now.wanted.document, &paths);
            tell(
                tx,
                &now.ours,
                "push.not_taken",
                Outcome::Skipped,
                said.trim_end().to_owned(),
                changes,
            )
            .map(drop)
        })
        .await
    }

    pub(super) async fn update(&mut self, now: Present, paths: &[String]) -> Step {
        let Some(mut link) = now.link.clone() else {
            return Err(Ended::Done);
        };
        let changes: Vec<(String, Option<Value>)> = paths
            .iter()
            .map(|p| (p.clone(), resource::get(&now.wanted.document, p).cloned()))
            .collect();
        let Changed::Yes(remote) = self.change(&now, &mut link, &changes).await? else {
            return Ok(());
        };
        let paths = paths.to_vec();
        self.note(move |tx| updated(tx, &now, link, remote.as_ref(), &paths))
            .await
    }

    /// One change to attributes; what the app holds after it is read if it does not say so itself. While it is under way
    /// the link says that it is in doubt: if the answer is lost, or this process ends, what is wanted *then* is sent, even
    /// if it is what the app had accepted before. `link` gets the `rev` that this leaves it with.
    pub(super) async fn change(
        &mut self,
        now: &Present,
        link: &mut Link,
        changes: &[(String, Option<Value>)],
    ) -> Result<Changed, Ended> {
        let (kind, id) = (now.ours.kind, link.remote_id.clone().unwrap_or_default());
        self.app().await?;
        let mut doubtful = link.clone();
        let paths = changes.iter().map(|(path, _)| path.clone());
        doubtful
            .pushed
            .extend(paths.map(|path| (path, IN_DOUBT.to_owned())));
        link.rev = self.keep(doubtful).await?;
        let held = match kind {
            ResourceType::User => 0,
            ResourceType::Group => {
                let group = now.ours.row;
                self.ctx
                    .read(move |rx| members::held_up_to(rx, group, COUNTED))
                    .await?
            }
        };
        let answer = self
            .app()
            .await?
            .update(kind, &id, changes, &now.wanted.document, held)
            .await;
        if let Err(error) = &answer
            && !error.lost
        {
            // It was not carried out: what the app accepted before is what it has.
            link.rev = self.keep(link.clone()).await?;
        }
        match self.heard(answer) {
            Ok(Some(remote)) => Ok(Changed::Yes(Some(remote))),
            Ok(None) => {
                let shown = self.app().await?.get(kind, &id).await;
                // It accepted the change; if it does not show the result now, the next import will.
                Ok(Changed::Yes(
                    self.heard(shown).ok().flatten().filter(|r| r.broken.is_none()),
                ))
            }
            Err(error) if error.verdict == Verdict::Gone => {
                self.gone(link, &error).await?;
                Ok(Changed::Gone)
            }
            Err(error) if error.verdict == Verdict::Exists => {
                let (now, why) = (now.clone(), error.to_string());
                let holder = self.ctx.read(move |rx| names::holder(rx, &now)).await?;
                let why = holder.map_or(why.clone(), |whose| format!("{why}; {whose}"));
                Err(Ended::Rejected { why, access: false })
            }
            Err(error) => Err(Ended::from(error)),
        }
    }

    async fn keep(&self, link: Link) -> Result<i64, Ended> {
        self.write(move |tx| write_link(tx, &link)).await
    }
}

fn updated(
    tx: &Tx<'_>,
    now: &Present,
    link: Link,
    remote: Option<&Remote>,
    paths: &[String],
) -> Result<(), StoreError> {
    // What was sent against a change in the app is not in `pushed`, and in doubt once an answer was lost.
    let known = |p: &&String| link.pushed.get(*p).is_some_and(|hash| hash != IN_DOUBT);
    let ours_changed: Vec<&String> = paths.iter().filter(known).collect();
    if !ours_changed.is_empty() {
        // A change on our side: the count of pushes against changes in the app begins anew.
        let mut enforced = links::enforced(tx, link.id)?;
        let before = enforced.len();
        enforced.retain(|path, _| !ours_changed.contains(&path));
        if enforced.len() != before {
            links::set_enforced(tx, link.id, &enforced)?;
        }
    }
    let switched_on = paths.iter().any(|p| p == "active") && now.ours.active;
    let known_as = link.name_key.clone();
    let mut link = shown(link, now, remote, paths);
    let shows = |r: &Remote| mapping::text(&r.attributes, "externalId").is_some();
    if paths.iter().any(|p| p == "externalId") && !remote.is_some_and(shows) {
        link.external_id.clone_from(&now.wanted.external_id);
    }
    accepted(&mut link.pushed, &now.wanted.desired, paths);
    if switched_on {
        link.ended_by_us = false;
        link.seen_active = true;
    }
    if link.kind == ResourceType::User {
        protected::follow(tx, &now.instance, known_as.as_deref(), link.name_key.as_deref())?;
    }
    let (before, after) = (known_as.as_deref(), link.name_key.as_deref());
    names::follow(tx, &now.instance, link.kind, before, after)?;
    let otherwise = kept_otherwise(&link, paths);
    write_link(tx, &link)?;
    let action = if switched_on && paths.len() == 1 {
        "push.activated"
    } else {
        "push.updated"
    };
    let detail = if otherwise.is_empty() {
        String::new()
    } else {
        format!("The app keeps otherwise: {}.", otherwise.join(", "))
    };
    tell(
        tx,
        &now.ours,
        action,
        Outcome::Done,
        detail,
        sent(&now.wanted.document, paths),
    )
    .map(drop)
}

/// The link as the app shows it; if it does not, as it should be at the paths that it accepted.
pub(super) fn shown(link: Link, now: &Present, remote: Option<&Remote>, paths: &[String]) -> Link {
    match remote {
        Some(remote) => {
            let before = link.clone();
            let mut link = Link {
                remote_id: before.remote_id.clone(),
                ..observed(link, remote)
            };
            keep_drift(&mut link, &before, paths);
            link
        }
        None => {
            let mut link = Link {
                state: LinkState::Linked,
                seen_run: 0,
                ..link
            };
            assumed(&mut link.base, &now.wanted.desired, paths);
            assumed(&mut link.seen, &now.wanted.desired, paths);
            link.name_key = Some(crate::scim::fold(&now.wanted.name));
            link
        }
    }
}
