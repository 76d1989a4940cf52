//! Reads what the app holds, page by page, and brings it in. Absence from a list proves nothing: what a complete run did
//! not see is looked for one by one (`verify`). Any error ends the run with nothing concluded.
//!
//! A run outlives the process and what passes: where it goes on is written in the unit of work of a page's last accounts,
//! so that after a crash, or once an app that failed answers again, the same run reads on from there, and has seen every
//! page in the end. What moved in the list meanwhile is not seen, and looked for like all that is not. While pages are
//! written the next are read. A run that a person cancelled, or whose connection was changed, has ended in the database;
//! the walk finds out at its next unit of work and stops.
//!
//! Each observation carries the store's sequence at which its request was sent, and is dropped for a link written or
//! leased since; else a page read before a deactivation would bring a leaver back (DESIGN §4).

mod account;
mod bring;
mod drift;
mod finish;
mod known;
mod members;
mod settle;
mod sight;
mod walk;

use std::time::Duration;

use super::context::{Context, Ended};
use crate::connector::{Connector, ConnectorError, Page, Place, Verdict};
use crate::model::{Instance, Job, Run, RunPhase};
use crate::scim::schema::ResourceType;
use crate::store::{Rx, StoreError, links, runs};
use bring::{Bringer, PageEnd};
pub(super) use known::{observe, seen_again};
pub(super) use settle::{as_new, made_anew, rivals};
pub(super) use sight::Sight;
use walk::{Next, Walk};

/// The key under which a group's members are kept among what was seen of it.
pub(super) const MEMBERS: &str = "members";

/// A run that was interrupted reads on where it was within this; after it the lists have moved too far. An app that allows
/// so many requests an hour is read across several of them.
const RESUME: Duration = Duration::from_secs(3 * 60 * 60);
/// Said of a run that was interrupted by nothing that the app did.
const LEFT: &str = "it was interrupted, and what it had read was too old to go on from";

/// Runs an import. The first value: the app answered as it should at least once.
pub(super) async fn run(ctx: &Context, job: &Job) -> (bool, Ended) {
    let mut contact = false;
    let ended = match read_all(ctx, job, &mut contact).await {
        Ok(()) => Ended::Settled,
        Err(ended) => ended,
    };
    (contact, ended)
}

async fn read_all(ctx: &Context, job: &Job, contact: &mut bool) -> Result<(), Ended> {
    let (instance, app) = ctx.connector(job.instance).await?;
    let read = read_from(ctx, job, contact, &instance, &app).await;
    ctx.note_learnt(&instance, &app).await;
    read
}

async fn read_from(
    ctx: &Context,
    job: &Job,
    contact: &mut bool,
    instance: &Instance,
    app: &Connector,
) -> Result<(), Ended> {
    let since = ctx.store.seq();
    let run = begin(ctx, job).await?;
    let id = run.id;
    let mut walker = Walker {
        ctx,
        instance,
        app,
        place: place_of(&run),
        bringer: Bringer::new(ctx, instance, app, run),
        walk: Walk::default(),
        restarted: false,
        arrived: false,
    };
    let read = async {
        walker.pages_left(contact).await?;
        finish::finish(ctx, job, instance, app, walker.bringer.into_run(), since).await
    };
    match read.await {
        // Whatever happened to a run that was ended meanwhile is nobody's concern.
        Err(_) if ctx.read(move |rx| runs::going_on(rx, id)).await?.is_none() => Err(Ended::Done),
        ended => ended,
    }
}

/// The run to go on with: the one that was interrupted, or a new one.
async fn begin(ctx: &Context, job: &Job) -> Result<Run, Ended> {
    let id = job.instance;
    let begun = ctx.write(id, move |tx| {
        let Some(run) = runs::open(tx, id)? else {
            return runs::start(tx, id);
        };
        if run.saved <= tx.now() && tx.now().since(run.saved) < RESUME {
            return runs::go_on(tx, run);
        }
        let why = Some(run.breaks.last.as_str()).filter(|why| !why.is_empty());
        runs::end(tx, id, RunPhase::Failed, Some(why.unwrap_or(LEFT)))?;
        runs::start(tx, id)
    });
    Ok(begun.await?)
}

/// Where its phase goes on.
fn place_of(run: &Run) -> Place {
    run.place.as_deref().map_or(Place::START, Place::parse)
}

/// A run on its way through the pages. It reads ahead of what is written.
struct Walker<'a> {
    ctx: &'a Context,
    instance: &'a Instance,
    app: &'a Connector,
    bringer: Bringer<'a>,
    /// Of the page to read next.
    place: Place,
    walk: Walk,
    /// The app has refused the place once; a second time is an error.
    restarted: bool,
    /// A page has come since the run went on.
    arrived: bool,
}

impl Walker<'_> {
    /// Reads what is left of all phases.
    async fn pages_left(&mut self, contact: &mut bool) -> Result<(), Ended> {
        loop {
            if self.ctx.is_stopping() {
                return Err(Ended::Again);
            }
            let kind = match self.bringer.run().phase {
                RunPhase::Users => ResourceType::User,
                RunPhase::Groups if reads_groups(self.instance) => ResourceType::Group,
                _ => return Ok(()),
            };
            let sent = self.ctx.store.seq();
            let Some(page) = self.page(kind).await? else {
                continue;
            };
            (*contact, self.arrived) = (true, true);
            let (end, next) = match self.walk.after(&self.place, &page) {
                Next::On(next) => (PageEnd::On(next.clone(), page.total), next),
                end => (PageEnd::Over(end, std::mem::take(&mut self.walk)), Place::START),
            };
            self.bringer.bring_in(kind, sent, page.resources, end).await?;
            self.place = next;
        }
    }

    /// The page at this place; none: the app does not know the place any more, and its phase begins anew.
    async fn page(&mut self, kind: ResourceType) -> Result<Option<Page>, Ended> {
        let error = match page(self.ctx, self.app, kind, &self.place).await {
            Ok(page) => return Ok(Some(page)),
            Err(error) => error,
        };
        let resumes = self.place != Place::START && !self.restarted;
        if resumes && is_refused(self.app, self.instance, self.arrived, &error).await {
            self.restarted = true;
            self.walk = Walk::default();
            self.place = Place::START;
            return Ok(None);
        }
        none_there(self.ctx, kind, &self.place, self.bringer.run(), error).await?;
        Ok(Some(Page {
            resources: Vec::new(),
            total: Some(0),
            next: None,
            full: false,
        }))
    }
}

/// Whether the app does not know the place any more. Some say that as if they were out of order, so one at which a run
/// goes on is not asked for again and again while the app answers everything else.
async fn is_refused(app: &Connector, instance: &Instance, arrived: bool, error: &ConnectorError) -> bool {
    match error.verdict {
        Verdict::Reject | Verdict::Gone => true,
        _ => !arrived && is_hiccup(error) && app.check(instance.scope).await.is_ok(),
    }
}

/// Whether groups are part of what is read.
fn reads_groups(instance: &Instance) -> bool {
    instance.scope.carries(ResourceType::Group)
        && instance.target.as_ref().is_some_and(|t| t.capabilities().groups)
}

/// One page. A single hiccup of the app does not throw away all that was read before it.
async fn page(
    ctx: &Context,
    app: &Connector,
    kind: ResourceType,
    place: &Place,
) -> Result<Page, ConnectorError> {
    match app.page(kind, place).await {
        Err(error) if is_hiccup(&error) => {
            tokio::time::sleep(ctx.config.retry_base).await;
            app.page(kind, place).await
        }
        answer => answer,
    }
}

fn is_hiccup(error: &ConnectorError) -> bool {
    matches!(error.verdict, Verdict::Retry { after: None, .. }) && error.status.is_some_and(|s| s != 429)
}

/// An app without groups may answer 404 to their list: there are none, if none were ever known.
async fn none_there(
    ctx: &Context,
    kind: ResourceType,
    place: &Place,
    run: &Run,
    error: ConnectorError,
) -> Result<(), Ended> {
    if kind != ResourceType::Group || *place != Place::START || !matches!(error.status, Some(404 | 405 | 501))
    {
        return Err(error.into());
    }
    let (instance, id) = (run.instance, run.id);
    let (known, _) = ctx.read(move |rx| links::known(rx, instance, kind, id)).await?;
    if known == 0 { Ok(()) } else { Err(error.into()) }
}

/// The latest document of a link.
fn document_of(rx: &Rx<'_>, link: i64) -> Result<crate::scim::Attributes, StoreError> {
    let text = links::seen_doc(rx, link)?.unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| StoreError::Damaged("observation"))
}
