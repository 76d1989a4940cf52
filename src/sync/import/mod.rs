//! Reads what the app holds, page by page, and brings it in. Absence from a list proves nothing: what a complete run did
//! not see is looked for one by one (`verify`). Any error ends the run with nothing concluded.
//!
//! Each observation carries the store's sequence at which its request was sent, and is dropped for a link written or
//! leased since; else a page read before a deactivation would bring a leaver back (DESIGN §4).

mod account;
mod drift;
mod finish;
mod known;
mod settle;
mod walk;

use std::time::Duration;

use super::context::{Context, Ended};
use crate::connector::{Connector, ConnectorError, Page, Place, Remote, Verdict};
use crate::mapping;
use crate::model::{Instance, Job, Run, RunPhase};
use crate::scim::schema::ResourceType;
use crate::store::{Rx, StoreError, links, runs};
use account::{Look, Took, take_in};
pub(super) use known::{observe, seen_again};
pub(super) use settle::{as_new, made_anew, rivals};
use walk::{Brought, Next, Walk};

/// The key under which a group's members are kept among what was seen of it.
pub(super) const MEMBERS: &str = "members";

/// Accounts in one unit of work.
const UNIT: usize = 50;
/// A run that was interrupted is resumed within this; after it the lists have moved too far.
const RESUME: Duration = Duration::from_secs(60 * 60);

/// The members of a remote group that are known here.
#[derive(Clone, Debug)]
struct Held {
    rows: Vec<i64>,
    digest: Option<String>,
}

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
    let (mut run, mut place) = begin(ctx, job).await?;
    let mut walk = Walk::new();
    loop {
        if ctx.is_stopping() {
            return Err(Ended::Again);
        }
        let kind = match run.phase {
            RunPhase::Users => ResourceType::User,
            RunPhase::Groups => ResourceType::Group,
            RunPhase::Verify | RunPhase::Done | RunPhase::Failed => {
                return finish::finish(ctx, job, instance, app, run, since).await;
            }
        };
        if kind == ResourceType::Group && !reads_groups(instance) {
            run.phase = RunPhase::Verify;
            continue;
        }
        let sent = ctx.store.seq();
        let mut page = match page(ctx, app, kind, &place).await {
            Ok(page) => page,
            Err(error) => match none_there(ctx, kind, &place, &run, error).await? {
                true => Page {
                    resources: Vec::new(),
                    total: Some(0),
                    next: None,
                },
                false => return Err(Ended::Again),
            },
        };
        *contact = true;
        run.expected = page.total.or(run.expected);
        let all = std::mem::take(&mut page.resources);
        let brought = bring_in(ctx, instance, kind, &mut run, sent, all).await?;
        place = match walk.after(&place, &page, brought) {
            Next::On(next) => next,
            end => {
                whole(ctx, app, kind, &run, &walk, &end).await?;
                walk = Walk::new();
                run.phase = if kind == ResourceType::User {
                    RunPhase::Groups
                } else {
                    RunPhase::Verify
                };
                Place::START
            }
        };
        let (saved, reached) = (run.clone(), place.to_string());
        ctx.write(instance.id, move |tx| runs::save(tx, &saved, &reached))
            .await?;
    }
}

/// Goes on only if the list was read whole: what it did not show would be taken as gone otherwise.
async fn whole(
    ctx: &Context,
    app: &Connector,
    kind: ResourceType,
    run: &Run,
    walk: &Walk,
    end: &Next,
) -> Result<(), Ended> {
    let (instance, id) = (run.instance, run.id);
    let (_, linked) = ctx.read(move |rx| links::known(rx, instance, kind, id)).await?;
    let counted = match kind {
        ResourceType::User => run.counts.users,
        ResourceType::Group => run.counts.groups,
    };
    // After a resumption one of them may be short, each for a reason of its own.
    walk.is_whole(end, linked.max(counted))
        .map_err(|why| Ended::Unclear(format!("{} {why}", app.host())))
}

/// Whether groups are part of what is read.
fn reads_groups(instance: &Instance) -> bool {
    instance.scope.carries(ResourceType::Group)
        && instance.target.as_ref().is_some_and(|t| t.capabilities().groups)
}

/// The run to go on with: an interrupted one, or a new one.
async fn begin(ctx: &Context, job: &Job) -> Result<(Run, Place), Ended> {
    let id = job.instance;
    let begun = ctx.write(id, move |tx| {
        if let Some((mut open, cursor)) = runs::open(tx, id)? {
            if tx.now().since(open.started) < RESUME && open.started <= tx.now() {
                return Ok((open, Place::parse(&cursor)));
            }
            open.phase = RunPhase::Failed;
            open.ended = Some(tx.now());
            open.error = Some("interrupted".into());
            runs::save(tx, &open, &cursor)?;
        }
        Ok((runs::start(tx, id)?, Place::START))
    });
    Ok(begun.await?)
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

/// An app without groups may answer 404 to their list. True: there are none, and none were ever known.
async fn none_there(
    ctx: &Context,
    kind: ResourceType,
    place: &Place,
    run: &Run,
    error: ConnectorError,
) -> Result<bool, Ended> {
    if kind != ResourceType::Group || *place != Place::START || !matches!(error.status, Some(404 | 405 | 501))
    {
        return Err(error.into());
    }
    let (instance, id) = (run.instance, run.id);
    let (known, _) = ctx.read(move |rx| links::known(rx, instance, kind, id)).await?;
    if known == 0 { Ok(true) } else { Err(error.into()) }
}

/// Brings a page in. A unit that the database refuses is tried account by account, so that a bad one stops only itself.
async fn bring_in(
    ctx: &Context,
    instance: &Instance,
    kind: ResourceType,
    run: &mut Run,
    sent: i64,
    all: Vec<Remote>,
) -> Result<Brought, Ended> {
    let size = if kind == ResourceType::Group { 1 } else { UNIT };
    let mut brought = Brought {
        rows: all.len() as u64,
        ..Brought::default()
    };
    let broken = run.counts.broken;
    let mut rest = all;
    while !rest.is_empty() {
        let tail = rest.split_off(rest.len().min(size));
        let unit = std::mem::replace(&mut rest, tail);
        match write(ctx, instance, kind, run, sent, unit.clone()).await {
            Ok(again) => brought.again += again,
            Err(error) if error.is_passing() => return Err(error.into()),
            Err(_) => {
                for mut one in unit {
                    brought.again += match write(ctx, instance, kind, run, sent, vec![one.clone()]).await {
                        Ok(again) => again,
                        Err(error) => {
                            tracing::warn!(instance = %instance.slug, %error, "an account of the app could not be brought in");
                            one.broken = Some("it could not be stored".into());
                            write(ctx, instance, kind, run, sent, vec![one]).await?
                        }
                    };
                }
            }
        }
    }
    brought.broken = run.counts.broken - broken;
    match kind {
        ResourceType::User => run.counts.users += brought.rows.saturating_sub(brought.again),
        ResourceType::Group => run.counts.groups += brought.rows.saturating_sub(brought.again),
    }
    Ok(brought)
}

/// Brings in one unit of work; how many of it were seen before in this run.
async fn write(
    ctx: &Context,
    instance: &Instance,
    kind: ResourceType,
    run: &mut Run,
    sent: i64,
    unit: Vec<Remote>,
) -> Result<u64, StoreError> {
    let id = instance.id;
    let unit = ctx
        .read(move |rx| {
            unit.into_iter()
                .map(|r| Ok((held(rx, id, &r)?, r)))
                .collect::<Result<Vec<_>, StoreError>>()
        })
        .await?;
    let (owned, look_run, broken) = (instance.clone(), run.id, run.counts.broken);
    let took = ctx.write(id, move |tx| {
        let mut all = Vec::with_capacity(unit.len());
        for (held, remote) in &unit {
            let look = Look {
                tx,
                instance: &owned,
                kind,
                run: look_run,
                sent,
                told: broken,
            };
            all.push(take_in(&look, remote, held.as_ref())?);
        }
        Ok(all)
    });
    let mut again = 0;
    for one in took.await? {
        match one {
            Took::Same => {}
            Took::Again => again += 1,
            Took::Created => run.counts.created += 1,
            Took::Changed => run.counts.changed += 1,
            Took::Broken => run.counts.broken += 1,
        }
    }
    Ok(again)
}

/// Which of ours a remote group holds. Its digest tells whether that is news.
fn held(
    rx: &Rx<'_>,
    instance: crate::model::InstanceId,
    remote: &Remote,
) -> Result<Option<Held>, StoreError> {
    let Some(members) = &remote.members else {
        return Ok(None);
    };
    let mut rows = Vec::with_capacity(members.len());
    for member in members {
        let kinds = match member.kind {
            Some(kind) => vec![kind],
            None => vec![ResourceType::User, ResourceType::Group],
        };
        for kind in kinds {
            if let Some(row) = links::by_remote(rx, instance, kind, &member.value)?.and_then(|l| l.resource) {
                rows.push(row);
                break;
            }
        }
    }
    rows.sort_unstable();
    rows.dedup();
    let text: Vec<String> = rows.iter().map(ToString::to_string).collect();
    Ok(Some(Held {
        digest: mapping::digest(&text.join(",").into()),
        rows,
    }))
}

/// The latest document of a link.
fn document_of(rx: &Rx<'_>, link: i64) -> Result<crate::scim::Attributes, StoreError> {
    let text = links::seen_doc(rx, link)?.unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| StoreError::Damaged("observation"))
}
