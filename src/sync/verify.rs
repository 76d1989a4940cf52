//! Is an account that a complete list did not show really gone? Only the app's own 404 in JSON counts, and only if it is
//! the same before and after the app showed another account that the same list showed; and never for one whose access we ended ourselves, for apps
//! may hide those (DESIGN §5).

use super::context::{Context, Ended};
use super::import;
use super::present::class_of;
use super::removal::{self, Ask, Permit};
use crate::connector::{Connector, Remote};
use crate::directory::import as door;
use crate::model::job::priority;
use crate::model::{
    Actor, EventDraft, Instance, InstanceId, Job, JobKind, Link, LinkState, Outcome, Resource,
};
use crate::store::jobs::Standing;
use crate::store::links::By;
use crate::store::{Rx, StoreError, Tx, events, jobs, links, removals, resources, runs};

/// What the app says about one account.
pub(super) enum Fate {
    /// It shows it.
    There(Box<Remote>),
    /// It says that there is none.
    Gone,
    /// It says so, and there is no other account to compare with.
    Incomparable,
    /// It cannot be told.
    Unclear(String),
}

/// Asks for one account by id, for another as a control, and if that is there for the first once more.
pub(super) async fn examine(ctx: &Context, app: &Connector, link: &Link) -> Result<Fate, Ended> {
    let id = link.remote_id.clone().unwrap_or_default();
    let mute = match app.get(link.kind, &id).await {
        Ok(Some(remote)) => return Ok(Fate::There(Box::new(remote))),
        Ok(None) => None,
        // In nobody's words: the app's own, or those of what stands in front of it. The control tells.
        Err(error) if error.status == Some(404) => Some(error),
        Err(error) => return Err(error.into()),
    };
    let (instance, kind, not) = (link.instance, link.kind, link.id);
    let control = ctx.read(move |rx| match runs::latest_complete(rx, instance)? {
        Some(run) => links::seen_in(rx, instance, kind, run, not),
        None => Ok(None),
    });
    let Some(control) = control.await? else {
        return match mute {
            Some(error) => Err(error.into()),
            None => Ok(Fate::Incomparable),
        };
    };
    let other = control.remote_id.unwrap_or_default();
    Ok(match (app.get(control.kind, &other).await?, mute) {
        // What stood in front of the app may have found it again between the two.
        (Some(_), None) => match app.get(link.kind, &id).await? {
            Some(_) => Fate::Unclear("the app shows it again".into()),
            None => Fate::Gone,
        },
        (Some(_), Some(error)) => Fate::Unclear(format!("{error}, and not in JSON: that proves nothing")),
        (None, _) => {
            Fate::Unclear("the app does not show another account either, which it listed before".into())
        }
    })
}

/// Runs a verification. The first value: the app answered as it should.
pub(super) async fn run(ctx: &Context, job: &Job) -> (bool, Ended) {
    match verify(ctx, job).await {
        Ok(ended) => (true, ended),
        Err(ended) => (false, ended),
    }
}

async fn verify(ctx: &Context, job: &Job) -> Result<Ended, Ended> {
    let (id, subject) = (job.instance, job.subject);
    let Some(link) = ctx.read(move |rx| doubtful(rx, id, subject)).await? else {
        return Err(Ended::Done);
    };
    let (instance, app) = ctx.connector(id).await?;
    let sent = ctx.store.seq();
    let fate = examine(ctx, &app, &link).await?;
    let job = job.clone();
    match fate {
        Fate::There(remote) => {
            ctx.write(id, move |tx| {
                still_there(tx, &instance, &link, &remote, sent)?;
                jobs::finish(tx, &job)
            })
            .await?;
        }
        Fate::Gone => {
            ctx.write(id, move |tx| {
                gone(tx, &instance, &link, sent)?;
                jobs::finish(tx, &job)
            })
            .await?;
        }
        // Nothing is concluded; the next sync looks again.
        Fate::Incomparable | Fate::Unclear(_) => return Ok(Ended::Done),
    }
    Ok(Ended::Settled)
}

/// The link, if the latest run did not see it and read everything. One that was cancelled, failed or is not through yet
/// proves nothing: from it nothing follows, and what it saw the one before it did not.
fn doubtful(rx: &Rx<'_>, instance: InstanceId, id: i64) -> Result<Option<Link>, StoreError> {
    let latest = runs::latest(rx, instance, 1)?.pop().map(|run| run.id);
    let Some(run) = runs::latest_complete(rx, instance)?.filter(|run| Some(*run) == latest) else {
        return Ok(None);
    };
    let link = links::by_id(rx, id)?;
    Ok(link.filter(|l| {
        l.instance == instance && l.seen_run != run && l.remote_id.is_some() && l.state != LinkState::Missing
    }))
}

fn still_there(
    tx: &Tx<'_>,
    instance: &Instance,
    link: &Link,
    remote: &Remote,
    sent: i64,
) -> Result<(), StoreError> {
    let run = runs::latest_complete(tx, instance.id)?.unwrap_or_default();
    let Some(now) = links::by_id(tx, link.id)? else {
        return Ok(());
    };
    import::seen_again(tx, &now)?;
    let running = match now.resource {
        Some(row) => jobs::push_stands(tx, instance.id, row)? == Standing::Running,
        None => false,
    };
    if running || now.written_seq > sent || now.rev != link.rev || remote.broken.is_some() {
        links::mark_seen(tx, run, &[link.id])?;
    } else {
        let sight = import::Sight::of(link.kind, remote.clone());
        import::observe(tx, instance, &now, &sight, None, run)?;
    }
    // Whoever has the same name under a new id is somebody else.
    for other in namesakes(tx, link)? {
        import::as_new(tx, instance, &other)?;
    }
    Ok(())
}

fn namesakes(rx: &Rx<'_>, link: &Link) -> Result<Vec<Link>, StoreError> {
    let mut found = match &link.name_key {
        Some(name) => links::unlinked_by(rx, link.instance, link.kind, By::Name(name))?,
        None => Vec::new(),
    };
    if let Some(external) = &link.external_id {
        for other in links::unlinked_by(rx, link.instance, link.kind, By::External(external))? {
            if found.iter().all(|l| l.id != other.id) {
                found.push(other);
            }
        }
    }
    found.retain(|l| l.state == LinkState::Ambiguous && l.remote_id.is_some());
    Ok(found)
}

fn gone(tx: &Tx<'_>, instance: &Instance, link: &Link, sent: i64) -> Result<(), StoreError> {
    let unchanged = |l: &Link| l.rev == link.rev && l.written_seq <= sent;
    let Some(link) = doubtful(tx, instance.id, link.id)?.filter(unchanged) else {
        return Ok(());
    };
    let Some(row) = link.resource else {
        // Of an account that we switched off the link stays: the app may only hide it.
        return if link.ended_by_us && !link.pushed.is_empty() {
            Ok(())
        } else {
            links::delete(tx, link.id)
        };
    };
    if import::made_anew(tx, instance, &link)? {
        return Ok(());
    }
    let Some(ours) = resources::load(tx, row)? else {
        return links::delete(tx, link.id);
    };
    if ours.deleted_at.is_none() && !ours.is_managed() {
        return vanish(tx, instance, &link, &ours);
    }
    if link.ended_by_us {
        return Ok(());
    }
    links::save(
        tx,
        &Link {
            state: LinkState::Missing,
            seen_active: false,
            ..link.clone()
        },
    )?;
    tell(
        tx,
        &ours,
        "app.gone",
        Outcome::Skipped,
        "It was deleted in the app; here it stays.",
    )?;
    let priority = priority::of_push(ours.kind, false);
    jobs::enqueue(tx, instance.id, JobKind::Push, row, priority, None)
}

/// Nobody here manages it: it goes here too, within the removal limit of this sync.
fn vanish(tx: &Tx<'_>, instance: &Instance, link: &Link, ours: &Resource) -> Result<(), StoreError> {
    let ask = Ask {
        class: class_of(ours.kind),
        subject: ours.row,
        member: 0,
        label: ours.display.clone(),
        reason: "gone from the app",
        run: runs::latest_complete(tx, instance.id)?.unwrap_or(1),
        has_access: link.seen_active,
    };
    match removal::reserve(tx, instance, &ask)? {
        Permit::Granted(id) => {
            // First: with the row goes all that is still asked about it.
            removals::done(tx, id)?;
            door::vanish(tx, instance, ours.row)?;
            links::delete(tx, link.id)
        }
        Permit::Held | Permit::Rejected => Ok(()),
    }
}

fn tell(
    tx: &Tx<'_>,
    ours: &Resource,
    action: &'static str,
    outcome: Outcome,
    text: &str,
) -> Result<(), StoreError> {
    let draft = EventDraft {
        instance: Some(ours.instance),
        resource: Some(ours.row),
        subject: ours.display.clone(),
        actor: Actor::Target,
        action,
        outcome,
        detail: text.to_owned(),
        changes: Vec::new(),
    };
    events::record(tx, draft).map(drop)
}
