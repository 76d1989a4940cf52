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

use std::time::Duration;

use super::context::{Context, Ended};
use crate::connector::{Connector, ConnectorError, Page, Remote, Verdict};
use crate::mapping;
use crate::model::{Instance, Job, Run, RunPhase};
use crate::scim::schema::ResourceType;
use crate::store::{Rx, StoreError, links, members, runs};
use account::{Look, Took, take_in};
pub(super) use known::{observe, seen_again};
pub(super) use settle::{as_new, made_anew, rivals};

/// The key under which a group's members are kept among what was seen of it.
pub(super) const MEMBERS: &str = "members";

/// Accounts in one unit of work.
const UNIT: usize = 50;
/// A run that was interrupted is resumed within this; after it the lists have moved too far.
const RESUME: Duration = Duration::from_secs(60 * 60);
/// No list is longer.
const LONGEST: u64 = 5_000_000;

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
    let since = ctx.store.seq();
    let (mut run, mut cursor) = begin(ctx, job).await?;
    loop {
        if ctx.is_stopping() {
            return Err(Ended::Again);
        }
        let kind = match run.phase {
            RunPhase::Users => ResourceType::User,
            RunPhase::Groups => ResourceType::Group,
            RunPhase::Verify | RunPhase::Done | RunPhase::Failed => {
                return finish::finish(ctx, job, &instance, &app, run, since).await;
            }
        };
        if kind == ResourceType::Group && !reads_groups(&instance) {
            run.phase = RunPhase::Verify;
            continue;
        }
        let sent = ctx.store.seq();
        let page = match page(ctx, &app, kind, cursor).await {
            Ok(page) => page,
            Err(error) => match none_there(ctx, kind, cursor, &run, error).await? {
                true => Page {
                    resources: Vec::new(),
                    total: Some(0),
                    next: None,
                },
                false => return Err(Ended::Again),
            },
        };
        *contact = true;
        let next = next_cursor(ctx, &app, kind, &run, cursor, &page).await?;
        run.expected = page.total.or(run.expected);
        bring_in(ctx, &instance, kind, &mut run, sent, page.resources).await?;
        if next.is_none() {
            run.phase = if kind == ResourceType::User {
                RunPhase::Groups
            } else {
                RunPhase::Verify
            };
        }
        cursor = next.unwrap_or(1);
        let saved = run.clone();
        ctx.write(instance.id, move |tx| runs::save(tx, &saved, cursor))
            .await?;
    }
}

/// Whether groups are part of what is read.
fn reads_groups(instance: &Instance) -> bool {
    instance.scope.carries(ResourceType::Group)
        && instance.target.as_ref().is_some_and(|t| t.capabilities().groups)
}

/// The run to go on with: an interrupted one, or a new one.
async fn begin(ctx: &Context, job: &Job) -> Result<(Run, u64), Ended> {
    let id = job.instance;
    let begun = ctx.write(id, move |tx| {
        if let Some((mut open, cursor)) = runs::open(tx, id)? {
            if tx.now().since(open.started) < RESUME && open.started <= tx.now() {
                return Ok((open, cursor));
            }
            open.phase = RunPhase::Failed;
            open.ended = Some(tx.now());
            open.error = Some("interrupted".into());
            runs::save(tx, &open, cursor)?;
        }
        Ok((runs::start(tx, id)?, 1))
    });
    Ok(begun.await?)
}

/// One page. A single hiccup of the app does not throw away all that was read before it.
async fn page(
    ctx: &Context,
    app: &Connector,
    kind: ResourceType,
    cursor: u64,
) -> Result<Page, ConnectorError> {
    match app.page(kind, cursor).await {
        Err(error) if is_hiccup(&error) => {
            tokio::time::sleep(ctx.config.retry_base).await;
            app.page(kind, cursor).await
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
    cursor: u64,
    run: &Run,
    error: ConnectorError,
) -> Result<bool, Ended> {
    if kind != ResourceType::Group || cursor != 1 || !matches!(error.status, Some(404 | 405 | 501)) {
        return Err(error.into());
    }
    let (instance, id) = (run.instance, run.id);
    let (known, _) = ctx.read(move |rx| links::known(rx, instance, kind, id)).await?;
    if known == 0 { Ok(true) } else { Err(error.into()) }
}

/// Where to read on. An app that shows the same page again and again cannot be read to its end.
async fn next_cursor(
    ctx: &Context,
    app: &Connector,
    kind: ResourceType,
    run: &Run,
    cursor: u64,
    page: &Page,
) -> Result<Option<u64>, Ended> {
    let Some(next) = page.next else { return Ok(None) };
    let ids: Vec<String> = page
        .resources
        .iter()
        .filter(|r| r.broken.is_none())
        .map(|r| r.id.clone())
        .collect();
    let (instance, id) = (run.instance, run.id);
    let repeated =
        cursor > 1 && !ids.is_empty() && ctx.read(move |rx| all_seen(rx, instance, kind, id, &ids)).await?;
    if repeated && page.total.is_some_and(|total| total < cursor) {
        // All that is announced had come: it shows its whole list, wherever it is to begin.
        return Ok(None);
    }
    if repeated || next <= cursor || next > LONGEST {
        return Err(Ended::Unclear(format!(
            "{} shows the same page of its list again and again",
            app.host()
        )));
    }
    Ok(Some(next))
}

fn all_seen(
    rx: &Rx<'_>,
    instance: crate::model::InstanceId,
    kind: ResourceType,
    run: i64,
    ids: &[String],
) -> Result<bool, StoreError> {
    for id in ids {
        if links::by_remote(rx, instance, kind, id)?.is_none_or(|l| l.seen_run != run) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Brings a page in. A unit that the database refuses is tried account by account, so that a bad one stops only itself.
async fn bring_in(
    ctx: &Context,
    instance: &Instance,
    kind: ResourceType,
    run: &mut Run,
    sent: i64,
    all: Vec<Remote>,
) -> Result<(), Ended> {
    let size = if kind == ResourceType::Group { 1 } else { UNIT };
    match kind {
        ResourceType::User => run.counts.users += all.len() as u64,
        ResourceType::Group => run.counts.groups += all.len() as u64,
    }
    let mut rest = all;
    while !rest.is_empty() {
        let tail = rest.split_off(rest.len().min(size));
        let unit = std::mem::replace(&mut rest, tail);
        match write(ctx, instance, kind, run, sent, unit.clone()).await {
            Ok(()) => {}
            Err(error) if error.is_passing() => return Err(error.into()),
            Err(_) => {
                for mut one in unit {
                    if let Err(error) = write(ctx, instance, kind, run, sent, vec![one.clone()]).await {
                        tracing::warn!(instance = %instance.slug, %error, "an account of the app could not be brought in");
                        one.broken = Some("it could not be stored".into());
                        write(ctx, instance, kind, run, sent, vec![one]).await?;
                    }
                }
            }
        }
    }
    Ok(())
}

async fn write(
    ctx: &Context,
    instance: &Instance,
    kind: ResourceType,
    run: &mut Run,
    sent: i64,
    unit: Vec<Remote>,
) -> Result<(), StoreError> {
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
    for one in took.await? {
        match one {
            Took::Same => {}
            Took::Created => run.counts.created += 1,
            Took::Changed => run.counts.changed += 1,
            Took::Broken => run.counts.broken += 1,
        }
    }
    Ok(())
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
    if members.is_empty() && is_silent(rx, instance, remote)? {
        return Ok(None);
    }
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

/// Some apps show every group as empty. Whoever took members from us and never showed one, of any group, says nothing by
/// an empty list.
fn is_silent(rx: &Rx<'_>, instance: crate::model::InstanceId, group: &Remote) -> Result<bool, StoreError> {
    let link = links::by_remote(rx, instance, ResourceType::Group, &group.id)?;
    let Some(row) = link.and_then(|l| l.resource) else {
        return Ok(false);
    };
    let none = mapping::digest(&"".into());
    Ok(members::any_held(rx, row)? && !links::shows_groups_with(rx, instance, MEMBERS, none.as_deref())?)
}

/// The latest document of a link.
fn document_of(rx: &Rx<'_>, link: i64) -> Result<crate::scim::Attributes, StoreError> {
    let text = links::seen_doc(rx, link)?.unwrap_or_default();
    serde_json::from_str(&text).map_err(|_| StoreError::Damaged("observation"))
}
