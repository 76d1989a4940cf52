//! Brings a page in, some accounts in one unit of work; the last of them also says where the run stands then.

use super::account::{Look, Took, take_in};
use super::members;
use super::walk::{Next, Walk};
use crate::connector::{Connector, Place, Remote};
use crate::mapping;
use crate::model::{Instance, Run, RunPhase, Trouble};
use crate::scim::schema::ResourceType;
use crate::store::{Rx, StoreError, links, runs};
use crate::sync::context::{Context, Ended};

/// Accounts in one unit of work.
const UNIT: usize = 50;
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
    accounts: Vec<Remote>,
    /// The page is whole with it.
    end: Option<PageEnd>,
}

/// Brings a page in. A unit that the database refuses is tried account by account, so that a bad one stops only itself.
/// `Unclear` if the list ended before it was whole.
pub(super) async fn bring_in(
    ctx: &Context,
    (instance, app): (&Instance, &Connector),
    kind: ResourceType,
    run: &mut Run,
    sent: i64,
    all: Vec<Remote>,
    end: &PageEnd,
) -> Result<(), Ended> {
    let size = if kind == ResourceType::Group { 1 } else { UNIT };
    let mut rest = all;
    loop {
        let tail = rest.split_off(rest.len().min(size));
        let accounts = std::mem::replace(&mut rest, tail);
        let end = rest.is_empty().then(|| end.clone());
        let unit = |accounts, end| Unit {
            kind,
            sent,
            accounts,
            end,
        };
        match write(ctx, (instance, app), run, unit(accounts.clone(), end.clone())).await {
            Err(Ended::Store(error)) if !error.is_passing() => {
                for mut one in accounts {
                    if let Err(Ended::Store(error)) =
                        write(ctx, (instance, app), run, unit(vec![one.clone()], None)).await
                    {
                        tracing::warn!(instance = %instance.slug, %error, "an account of the app could not be brought in");
                        one.broken = Some("it could not be stored".into());
                        write(ctx, (instance, app), run, unit(vec![one], None)).await?;
                    }
                }
                if end.is_some() {
                    write(ctx, (instance, app), run, unit(Vec::new(), end)).await?;
                }
            }
            written => written?,
        }
        if rest.is_empty() {
            return Ok(());
        }
    }
}

/// One unit of work; `Done` if the run was ended meanwhile.
async fn write(
    ctx: &Context,
    (instance, app): (&Instance, &Connector),
    run: &mut Run,
    unit: Unit,
) -> Result<(), Ended> {
    let id = instance.id;
    let Unit {
        kind,
        sent,
        accounts,
        end,
    } = unit;
    let shown = ctx
        .read(move |rx| {
            accounts
                .into_iter()
                .map(|r| Ok((members::shown(rx, id, &r)?, r)))
                .collect::<Result<Vec<_>, StoreError>>()
        })
        .await?;
    let mut accounts = Vec::with_capacity(shown.len());
    for (held, remote) in shown {
        let held = match held {
            Some(held) => Some(members::confirmed(ctx, app, id, held, &remote).await?),
            None => None,
        };
        accounts.push((held, remote));
    }
    let (owned, mut after) = (instance.clone(), run.clone());
    let saved = ctx.write(id, move |tx| {
        if !runs::is_open(tx, after.id)? {
            return Ok(None);
        }
        let mut read = accounts.len() as u64;
        for (held, remote) in &accounts {
            let told = remote
                .broken
                .as_deref()
                .and_then(|why| trouble(&after, kind, remote, why));
            let look = Look {
                tx,
                instance: &owned,
                kind,
                run: after.id,
                sent,
                told: told.is_some(),
            };
            match take_in(&look, remote, held.as_ref())? {
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
        let whole = match end {
            None => Ok(()),
            Some(PageEnd::On(place, expected)) => {
                after.expected = expected.or(after.expected);
                after.place = Some(place.to_string());
                Ok(())
            }
            Some(PageEnd::Over(end, walk)) => over(tx, kind, &mut after, &end, &walk)?,
        };
        runs::save(tx, &after)?;
        Ok(Some((after, whole)))
    });
    let (after, whole) = saved.await?.ok_or(Ended::Done)?;
    *run = after;
    whole.map_err(|why| Ended::Unclear(format!("{} {why}", app.host())))
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
