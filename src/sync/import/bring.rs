//! Brings pages in, some accounts in one unit of work; the last of a page also says where the run stands then. Units are
//! not waited for one by one: they stand in line while the next page is read. Each reads the run as the one before it left
//! it, and does nothing if that one was not written.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;

use super::Sight;
use super::account::{Look, Took, take_in};
use super::members::{self, Held};
use super::walk::{Next, Walk};
use crate::connector::{Connector, Place, Remote};
use crate::mapping;
use crate::model::{Run, RunPhase, Trouble};
use crate::scim::schema::ResourceType;
use crate::store::{Rx, StoreError, Tx, instances, links, resources, runs};
use crate::sync::context::{Context, Ended};

/// Accounts in one unit of work.
const UNIT: usize = 100;
/// Units that stand in line.
const LINE: usize = 4;
/// Objects of one run that are told of, if they cannot be understood.
const TOLD: usize = 20;
/// Longest id, name and reason of such an object, in characters.
const LONGEST: usize = 200;

/// What a page says of the list.
#[derive(Clone, Debug)]
pub(super) enum PageEnd {
    /// It goes on at this place; so many are announced.
    On(Place, Option<u64>),
    /// It ended so. If it was read whole, the next phase begins.
    Over(Next, Walk),
}

/// What one unit of work takes in.
struct Unit {
    kind: ResourceType,
    /// The store's sequence when the page was asked for.
    sent: i64,
    accounts: Vec<(Sight, Option<Held>)>,
    /// The page is whole with it.
    end: Option<PageEnd>,
}

/// What came of a unit of work.
enum Wrote {
    /// The run as it is now; or what is missing, if the list ended before it was whole.
    Saved(Box<Run>, Result<(), String>),
    /// The run has ended meanwhile.
    Ended,
    /// The unit before it was not written, or an admin stopped the instance.
    NotNow,
}

type Written = Pin<Box<dyn Future<Output = Result<Wrote, StoreError>> + Send>>;

/// A run that is being written.
pub(super) struct Bringer<'a> {
    ctx: &'a Context,
    app: &'a Connector,
    /// As the last unit that is known to be written left it.
    run: Run,
    line: VecDeque<(Arc<Unit>, Written)>,
}

impl<'a> Bringer<'a> {
    pub(super) fn new(ctx: &'a Context, app: &'a Connector, run: Run) -> Self {
        Self {
            ctx,
            app,
            run,
            line: VecDeque::new(),
        }
    }

    pub(super) fn run(&self) -> &Run {
        &self.run
    }

    pub(super) fn into_run(self) -> Run {
        self.run
    }

    /// Brings a page in. After the last one of a list all is written; `Unclear` if the list ended before it was whole.
    pub(super) async fn bring_in(
        &mut self,
        kind: ResourceType,
        sent: i64,
        page: Vec<Remote>,
        end: PageEnd,
    ) -> Result<(), Ended> {
        let is_last = matches!(end, PageEnd::Over(..));
        let mut end = Some(end);
        let size = if kind == ResourceType::Group { 1 } else { UNIT };
        let mut rest = page.into_iter().map(|remote| Sight::of(kind, remote));
        loop {
            let mut accounts = Vec::with_capacity(size);
            for sight in rest.by_ref().take(size) {
                let held = match kind {
                    ResourceType::User => None,
                    ResourceType::Group => self.held(&sight).await?,
                };
                accounts.push((sight, held));
            }
            let unit = Unit {
                kind,
                sent,
                accounts,
                end: if rest.len() == 0 { end.take() } else { None },
            };
            if self.line.len() == LINE {
                self.written().await?;
            }
            self.submit(Arc::new(unit));
            if rest.len() == 0 {
                break;
            }
        }
        while is_last && !self.line.is_empty() {
            self.written().await?;
        }
        Ok(())
    }

    /// Which of ours a group holds, all before it being written.
    async fn held(&mut self, group: &Sight) -> Result<Option<Held>, Ended> {
        while !self.line.is_empty() {
            self.written().await?;
        }
        let (instance, remote) = (self.run.instance, group.remote.clone());
        let shown = self
            .ctx
            .read(move |rx| members::shown(rx, instance, &remote))
            .await?;
        Ok(match shown {
            Some(held) => Some(members::confirmed(self.ctx, self.app, instance, held, &group.remote).await?),
            None => None,
        })
    }

    fn submit(&mut self, unit: Arc<Unit>) {
        let (run, step) = (self.run.id, self.run.counts.steps + self.line.len() as u64);
        let work = Arc::clone(&unit);
        let written = self
            .ctx
            .write(self.run.instance, move |tx| write(tx, run, step, &work));
        self.line.push_back((unit, Box::pin(written)));
    }

    /// Waits for the first in line. A unit that the database refuses is tried account by account, so that a bad one stops
    /// only itself.
    async fn written(&mut self) -> Result<(), Ended> {
        let Some((unit, written)) = self.line.pop_front() else {
            return Ok(());
        };
        match written.await {
            Err(error) if !error.is_passing() => self.apart(unit).await,
            wrote => self.note(wrote),
        }
    }

    fn note(&mut self, wrote: Result<Wrote, StoreError>) -> Result<(), Ended> {
        match wrote? {
            Wrote::Saved(run, whole) => {
                self.run = *run;
                whole.map_err(|why| Ended::Unclear(format!("{} {why}", self.app.host())))
            }
            Wrote::Ended => Err(Ended::Done),
            Wrote::NotNow => Err(Ended::Again),
        }
    }

    /// One account after the other, and then those that stood in line behind them.
    async fn apart(&mut self, unit: Arc<Unit>) -> Result<(), Ended> {
        let mut behind = Vec::with_capacity(self.line.len());
        for (unit, written) in std::mem::take(&mut self.line) {
            // Out of turn, so nothing came of it.
            let _ = written.await;
            behind.push(unit);
        }
        for (sight, held) in &unit.accounts {
            let one = |sight: Sight| Unit {
                kind: unit.kind,
                sent: unit.sent,
                accounts: vec![(sight, held.clone())],
                end: None,
            };
            match self.alone(one(sight.clone())).await {
                Err(Ended::Store(error)) if !error.is_passing() => {
                    tracing::warn!(run = self.run.id, %error, "an account of the app could not be brought in");
                    let mut sight = sight.clone();
                    sight.remote.broken = Some("it could not be stored".into());
                    self.alone(one(sight)).await?;
                }
                done => done?,
            }
        }
        let (kind, sent, end) = (unit.kind, unit.sent, unit.end.clone());
        self.alone(Unit {
            kind,
            sent,
            accounts: Vec::new(),
            end,
        })
        .await?;
        for unit in behind {
            self.submit(unit);
        }
        Ok(())
    }

    async fn alone(&mut self, unit: Unit) -> Result<(), Ended> {
        self.submit(Arc::new(unit));
        match self.line.pop_front() {
            Some((_, written)) => {
                let wrote = written.await;
                self.note(wrote)
            }
            None => Ok(()),
        }
    }
}

/// One unit of work, the `step`-th of its run. It goes by the policies of now, not by those of the run's start.
fn write(tx: &Tx<'_>, run: i64, step: u64, unit: &Unit) -> Result<Wrote, StoreError> {
    let Some(mut after) = runs::going_on(tx, run)? else {
        return Ok(Wrote::Ended);
    };
    let Some(instance) = &instances::by_id(tx, after.instance)? else {
        return Ok(Wrote::Ended);
    };
    if after.counts.steps != step || !instance.enabled || instance.paused {
        return Ok(Wrote::NotNow);
    }
    after.counts.steps += 1;
    let kind = unit.kind;
    let strangers = kind == ResourceType::User
        && !resources::any_managed_users(tx, instance.id)?
        && !links::any_unseen(tx, instance.id, run)?;
    let mut read = unit.accounts.len() as u64;
    for (sight, held) in &unit.accounts {
        let why = sight.remote.broken.as_deref();
        let told = why.and_then(|why| trouble(&after, kind, &sight.remote, why));
        let look = Look {
            tx,
            instance,
            kind,
            run,
            sent: unit.sent,
            told: told.is_some(),
            strangers,
        };
        match take_in(&look, sight, held.as_ref())? {
            Took::Same => {}
            Took::Again => read -= 1,
            Took::Created => after.counts.created += 1,
            Took::Changed => after.counts.changed += 1,
            Took::Broken if told.is_some() || after.troubles.len() >= TOLD => after.counts.broken += 1,
            // Counted before the interruption after which this page was read again.
            Took::Broken => {}
        }
        after.troubles.extend(told);
    }
    match kind {
        ResourceType::User => after.counts.users += read,
        ResourceType::Group => after.counts.groups += read,
    }
    let whole = match &unit.end {
        None => Ok(()),
        Some(PageEnd::On(place, expected)) => {
            after.expected = expected.or(after.expected);
            after.place = Some(place.to_string());
            Ok(())
        }
        Some(PageEnd::Over(end, walk)) => over(tx, kind, &mut after, end, walk)?,
    };
    runs::save(tx, &after)?;
    Ok(Wrote::Saved(Box::new(after), whole))
}

/// Goes on to the next phase only if the list was read whole: what it did not show would be taken as gone otherwise.
fn over(
    rx: &Rx<'_>,
    kind: ResourceType,
    run: &mut Run,
    end: &Next,
    walk: &Walk,
) -> Result<Result<(), String>, StoreError> {
    let (_, linked) = links::known(rx, run.instance, kind, run.id)?;
    let counted = match kind {
        ResourceType::User => run.counts.users,
        ResourceType::Group => run.counts.groups,
    };
    // After a resumption one of them may be short, each for a reason of its own.
    let whole = walk.is_whole(end, linked.max(counted));
    if whole.is_ok() {
        (run.expected, run.place) = (None, None);
        run.phase = match kind {
            ResourceType::User => RunPhase::Groups,
            ResourceType::Group => RunPhase::Verify,
        };
    }
    Ok(whole)
}

/// What is kept of an object that cannot be understood; none: enough is known, or this one is.
fn trouble(run: &Run, kind: ResourceType, remote: &Remote, why: &str) -> Option<Trouble> {
    let short = |text: &str| text.chars().take(LONGEST).collect::<String>();
    let name = mapping::text(&remote.attributes, mapping::name_path(kind)).unwrap_or_default();
    let trouble = Trouble {
        kind: kind.name().to_owned(),
        id: short(&remote.id),
        name: short(name),
        why: short(why),
    };
    (run.troubles.len() < TOLD && !run.troubles.contains(&trouble)).then_some(trouble)
}
