//! One resource, carried to the app: look, plan, act, note what is known now, and look again until nothing is left.
//! The app is called between units of work, never inside one. The last unit writes what was learnt and ends the job.

mod change;
mod create;
mod ending;
mod members;
mod record;

use std::collections::BTreeSet;

use super::context::{Context, Ended};
use super::plan::Action;
use super::present::Present;
use super::verify;
use crate::connector::{Connector, ConnectorError, Verdict};
use crate::model::{Instance, Job, Link, LinkState, Removal};
use crate::store::{StoreError, Tx, jobs, links, removals};

/// Steps of one run; a group of 100,000 members has a thousand. What is left after it is due again.
const STEPS: usize = 2000;

/// What a step leads to: look again, or this is the end.
type Step = Result<(), Ended>;

/// A push under way.
struct Push<'a> {
    ctx: &'a Context,
    job: &'a Job,
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
        app: None,
        contact: false,
        refused: BTreeSet::new(),
        leaver: false,
        why: None,
    };
    let ended = push.all().await;
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
        if now.may_be_made()
            && now.ours.deleted_at.is_none()
            && let Some(fault) = now.wanted.faults.first()
        {
            // What can be sent is; then it needs a person.
            self.why = Some(fault.trim_end_matches('.').to_owned());
        }
        match now.plan() {
            Action::Create if self.why.is_some() => self.nothing().await,
            Action::Nothing(_) | Action::Wait(_) => self.nothing().await,
            Action::Blocked if now.is_kept() => Err(Ended::Done),
            Action::Blocked => Err(Ended::Held("it waits for Allow or Reject")),
            Action::Agree(paths) => self.agree(now, paths).await,
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

    /// The way to the app, opened once per run.
    async fn app(&mut self) -> Result<&Connector, Ended> {
        if self.app.is_none() {
            self.app = Some(self.ctx.connector(self.job.instance).await?);
        }
        self.app.as_ref().map(|(_, app)| app).ok_or(Ended::Again)
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
        let ended = self.ctx.write(job.instance, move |tx| {
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

    /// The app does not know the id of `link`. If that is true the link is noted as missing, and the plan speaks again.
    async fn gone(&mut self, link: &Link, error: &ConnectorError) -> Step {
        let ctx = self.ctx;
        let fate = match link.ended_by_us {
            // Many apps hide or delete whom we switched off: there is nothing to lose, and nothing more to do.
            true => verify::Fate::Gone,
            false => verify::examine(ctx, self.app().await?, link).await?,
        };
        match fate {
            verify::Fate::Gone => {
                let link = Link {
                    state: LinkState::Missing,
                    seen_active: false,
                    ..link.clone()
                };
                self.note(move |tx| write_link(tx, &link)).await
            }
            verify::Fate::There(_) => Err(Ended::Rejected {
                why: format!("{error}, although it shows the account"),
                access: false,
            }),
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
        if let Some(Removal { class, subject, .. }) = now.removal {
            removals::withdraw(tx, job.instance, class, subject, 0)?;
            super::health::look_at_held(tx, job.instance)?;
        }
    }
    jobs::finish(tx, job)?;
    super::health::after_push(tx, job.instance)?;
    Ok(true)
}

/// Writes a link after a call. If somebody gave it to another resource meanwhile, what was learnt of the app stays with
/// the link, wherever it belongs now.
fn write_link(tx: &Tx<'_>, link: &Link) -> Result<(), StoreError> {
    if links::save(tx, link)? {
        return Ok(());
    }
    match links::by_id(tx, link.id)? {
        Some(now) => links::save(
            tx,
            &Link {
                rev: now.rev,
                resource: now.resource,
                ..link.clone()
            },
        )
        .map(drop),
        None => Ok(()),
    }
}
