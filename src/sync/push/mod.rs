//! One resource, carried to the app: look, plan, act, note what is known now, and look again until nothing is left.
//! The app is called between units of work, never inside one. The last unit writes what was learnt and ends the job.

mod change;
mod create;
mod ending;
mod members;
mod record;
mod search;

use std::collections::BTreeSet;

use super::context::{Context, Ended, leads_alike};
use super::import::MEMBERS;
use super::names;
use super::plan::Action;
use super::present::Present;
use super::verify;
use crate::connector::{Connector, ConnectorError, Verdict};
use crate::model::{Instance, Job, Link, LinkState, Removal, Verb};
use crate::scim::schema::ResourceType;
use crate::store::{StoreError, Tx, instances, jobs, links, removals};

/// Steps of one run; a group of 100,000 members has a thousand. What is left after it is due again.
const STEPS: usize = 2000;

/// Tries before a person has to look at what no other try is likely to tell.
const TRIES: u32 = 5;

/// What a step leads to: look again, or this is the end.
type Step = Result<(), Ended>;

/// A push under way.
struct Push<'a> {
    ctx: &'a Context,
    job: &'a Job,
    /// What the present step goes by.
    at: Option<Instance>,
    app: Option<(Instance, Connector)>,
    /// The app answered as it should.
    contact: bool,
    /// Members that the app refused in this run, and its words.
    refused: BTreeSet<i64>,
    /// Among them is a leaver who was to be taken out.
    leaver: bool,
    why: Option<String>,
}

/// Runs a push. The first value: the app answered as it should at least once.
pub(super) async fn run(ctx: &Context, job: &Job) -> (bool, Ended) {
    let mut push = Push {
        ctx,
        job,
        at: None,
        app: None,
        contact: false,
        refused: BTreeSet::new(),
        leaver: false,
        why: None,
    };
    let ended = match push.all().await {
        Ended::Failed(_) | Ended::StillIn(_) | Ended::Rejected { .. } | Ended::Unclear(_)
            if push.is_outdated().await =>
        {
            Ended::Again
        }
        ended => ended,
    };
    if let Some((instance, app)) = &push.app {
        ctx.note_learnt(instance, app).await;
    }
    (push.contact, ended)
}

impl Push<'_> {
    async fn all(&mut self) -> Ended {
        for _ in 0..STEPS {
            if self.ctx.is_stopping() {
                return Ended::Again;
            }
            if let Err(ended) = self.step().await {
                return ended;
            }
        }
        Ended::Again
    }

    async fn step(&mut self) -> Step {
        let (id, row) = (self.job.instance, self.job.subject);
        let Some(now) = self.ctx.read(move |rx| Present::load(rx, id, row)).await? else {
            return Err(Ended::Done);
        };
        self.go_by(&now.instance)?;
        if now.may_be_made()
            && now.ours.deleted_at.is_none()
            && let Some(fault) = now.wanted.faults.first()
        {
            // What can be sent is; then it needs a person.
            self.why = Some(fault.clone());
        }
        match now.plan() {
            Action::Create if self.why.is_some() => self.nothing().await,
            Action::Wait(_) => self.wait(now).await,
            Action::Nothing(_) => self.nothing().await,
            Action::Blocked if now.is_kept() => {
                self.write(move |tx| names::not_given_up(tx, row)).await?;
                Err(Ended::Done)
            }
            Action::Blocked => Err(Ended::Held("it waits for Allow or Reject")),
            Action::Helpless(why) => {
                self.write(move |tx| members::free(tx, &now)).await?;
                let why = why.to_owned();
                Err(Ended::Rejected { why, access: true })
            }
            Action::Agree(paths) => self.agree(now, paths).await,
            Action::Concede(paths) => self.concede(now, paths).await,
            Action::Forget => self.forget(now).await,
            Action::Detach => self.detach(now).await,
            Action::Create => self.create(now).await,
            Action::Resolve => self.resolve(now).await,
            Action::Update(paths) => self.update(now, &paths).await,
            Action::Deactivate => self.deactivate(now).await,
            Action::Delete => self.delete(now).await,
            Action::Members => self.members(now).await,
        }
    }

    /// Whether what the app said was said by what is not connected any more, or to a token that is not used any more.
    async fn is_outdated(&self) -> bool {
        let (id, Some((opened, _))) = (self.job.instance, &self.app) else {
            return false;
        };
        let now = self.ctx.read(move |rx| instances::by_id(rx, id)).await;
        now.is_ok_and(|now| now.is_some_and(|now| !leads_alike(opened, &now)))
    }

    /// What an admin switched off, paused or connected otherwise since the last step ends this run.
    fn go_by(&mut self, instance: &Instance) -> Step {
        let moved = |(opened, _): &(Instance, Connector)| !leads_alike(opened, instance);
        if !instance.enabled || instance.paused || self.app.as_ref().is_some_and(moved) {
            return Err(Ended::Again);
        }
        self.at = Some(instance.clone());
        Ok(())
    }

    /// The way to the app, opened once per run; it leads where the present step was planned for.
    async fn app(&mut self) -> Result<&Connector, Ended> {
        if self.app.is_none() {
            let (opened, app) = self.ctx.connector(self.job.instance).await?;
            if self.at.as_ref().is_none_or(|at| !leads_alike(at, &opened)) {
                return Err(Ended::Again);
            }
            self.app = Some((opened, app));
        }
        self.app.as_ref().map(|(_, app)| app).ok_or(Ended::Again)
    }

    /// Whether the app has just turned out to refuse this; then it is kept.
    async fn learnt_refusal(&self, kind: ResourceType, verb: Verb) -> bool {
        let Some((instance, app)) = &self.app else {
            return false;
        };
        let known = instance
            .target
            .as_ref()
            .is_some_and(|t| t.capabilities().refuses(kind, verb));
        if known || !app.learnt().is_some_and(|learnt| learnt.refuses(kind, verb)) {
            return false;
        }
        self.ctx.note_learnt(instance, app).await;
        true
    }

    /// A unit of work of this run. What came of a call to what is not connected any more is as good as a lost answer.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Ended> {
        let (id, at) = (self.job.instance, self.at.clone());
        let done = self.ctx.write(id, move |tx| {
            let now = instances::by_id(tx, id)?;
            match (at, now) {
                (Some(at), Some(now)) if leads_alike(&at, &now) => work(tx).map(Some),
                _ => Ok(None),
            }
        });
        done.await?.ok_or(Ended::Again)
    }

    /// Notes whether the app answered as it should.
    fn heard<T>(&mut self, answer: Result<T, ConnectorError>) -> Result<T, ConnectorError> {
        let refused_this =
            |e: &ConnectorError| matches!(e.verdict, Verdict::Reject | Verdict::Gone | Verdict::Exists);
        self.contact |= answer.as_ref().map_or_else(refused_this, |_| true);
        answer
    }

    /// Writes what a step learnt and, if nothing is left, ends the job in the same unit of work.
    async fn note(&self, write: impl FnOnce(&Tx<'_>) -> Result<(), StoreError> + Send + 'static) -> Step {
        let job = self.job.clone();
        let open = self.why.is_some();
        let ended = self.write(move |tx| {
            write(tx)?;
            Ok(!open && conclude(tx, &job)?)
        });
        if ended.await? { Err(Ended::Settled) } else { Ok(()) }
    }

    async fn nothing(&self) -> Step {
        match &self.why {
            Some(why) => Err(Ended::Rejected {
                why: why.clone(),
                access: false,
            }),
            None => self.note(|_| Ok(())).await,
        }
    }

    /// Somebody else's step comes first, unless that one comes to none.
    async fn wait(&self, now: Present) -> Step {
        let stuck = self.ctx.read(move |rx| names::stuck(rx, &now)).await?;
        match stuck {
            Some(why) => Err(Ended::Rejected { why, access: false }),
            None => self.nothing().await,
        }
    }

    /// The app does not know the id of `link`. If that is true the link is noted as missing, and the plan speaks again.
    async fn gone(&mut self, link: &Link, error: &ConnectorError) -> Step {
        self.is_gone(link, error).await?;
        let link = Link {
            state: LinkState::Missing,
            seen_active: false,
            ..link.clone()
        };
        self.note(move |tx| write_link(tx, &link).map(drop)).await
    }

    /// Whether it is true that the app does not know the id of `link`, as `error` says: what stands in front of an app says
    /// so too while it cannot find the app.
    async fn is_gone(&mut self, link: &Link, error: &ConnectorError) -> Step {
        let ctx = self.ctx;
        let fate = match link.ended_by_us {
            // Many apps hide or delete whom we switched off: there is nothing to lose, and nothing more to do.
            true => verify::Fate::Gone,
            false => verify::examine(ctx, self.app().await?, link).await?,
        };
        match fate {
            verify::Fate::Gone => Ok(()),
            verify::Fate::There(_) => Err(Ended::Rejected {
                why: format!("{error}, although it shows the account"),
                access: false,
            }),
            verify::Fate::Incomparable => {
                let why = format!("{error}; there is no other account to compare with");
                Err(match self.job.attempts < TRIES {
                    true => Ended::Unclear(why),
                    false => Ended::Rejected { why, access: false },
                })
            }
            verify::Fate::Unclear(why) => Err(Ended::Unclear(format!("{error}; {why}"))),
        }
    }
}

/// Ends the job if its plan has nothing left, and takes back a removal that nobody wants any more.
fn conclude(tx: &Tx<'_>, job: &Job) -> Result<bool, StoreError> {
    let now = Present::load(tx, job.instance, job.subject)?;
    if let Some(now) = &now {
        if !matches!(now.plan(), Action::Nothing(_) | Action::Wait(_)) {
            return Ok(false);
        }
        if now.is_ended() {
            members::free(tx, now)?;
        }
        if let Some(Removal { class, subject, .. }) = now.removal {
            removals::withdraw(tx, job.instance, class, subject, 0)?;
            super::health::look_at_held(tx, job.instance)?;
        }
    }
    jobs::finish(tx, job)?;
    super::health::after_push(tx, job.instance)?;
    Ok(true)
}

/// Writes a link before or after a call; its `rev` from now on. If somebody gave it to another resource meanwhile, what was
/// learnt of the app stays with the link, wherever it belongs now; if it stands for another account now, nothing was learnt
/// of that.
fn write_link(tx: &Tx<'_>, link: &Link) -> Result<i64, StoreError> {
    if links::save(tx, link)? {
        return Ok(link.rev + 1);
    }
    let Some(now) = links::by_id(tx, link.id)? else {
        return Ok(link.rev);
    };
    if now.remote_id.is_some() && now.remote_id != link.remote_id {
        return Ok(link.rev);
    }
    let mut merged = Link {
        rev: now.rev,
        resource: now.resource,
        ..link.clone()
    };
    // Whether the members have to be looked at anew is the latest to say.
    merged.seen.remove(MEMBERS);
    let known = now.seen.get_key_value(MEMBERS);
    merged
        .seen
        .extend(known.map(|(path, hash)| (path.clone(), hash.clone())));
    links::save(tx, &merged)?;
    Ok(merged.rev + 1)
}
