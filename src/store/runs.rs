//! Runs: one row for each sync, with where it stands and what it counted. One that has ended never changes again.

use std::time::Duration;

use rusqlite::{OptionalExtension, Row, params};

use super::{Rx, StoreError, Topic, Tx};
use crate::model::run::{Breaks, RunCounts};
use crate::model::{InstanceId, Run, RunPhase, Time};

/// Runs kept per instance, beside the newest that was complete.
const KEPT: i64 = 100;

const COLUMNS: &str =
    "id, instance, phase, started, ended, expected, counts, error, place, saved, troubles, breaks";

fn read(r: &Row<'_>) -> rusqlite::Result<Run> {
    let counts: RunCounts = serde_json::from_str(r.get_ref(6)?.as_str()?).unwrap_or_default();
    Ok(Run {
        id: r.get(0)?,
        instance: InstanceId(r.get(1)?),
        phase: RunPhase::parse(r.get_ref(2)?.as_str()?),
        started: Time(r.get(3)?),
        ended: r.get::<_, Option<i64>>(4)?.map(Time),
        expected: r.get::<_, Option<i64>>(5)?.map(i64::unsigned_abs),
        counts,
        error: r.get(7)?,
        place: r.get(8)?,
        saved: Time(r.get(9)?),
        troubles: serde_json::from_str(r.get_ref(10)?.as_str()?).unwrap_or_default(),
        breaks: serde_json::from_str(r.get_ref(11)?.as_str()?).unwrap_or_default(),
    })
}

/// Begins a run.
///
/// # Errors
/// When the database fails.
pub fn start(tx: &Tx<'_>, instance: InstanceId) -> Result<Run, StoreError> {
    tx.conn
        .prepare_cached("INSERT INTO runs(instance, phase, started, saved) VALUES (?1, 'users', ?2, ?2)")?
        .execute(params![instance.0, tx.now().0])?;
    let id = tx.conn.last_insert_rowid();
    tx.conn
        .prepare_cached(
            "DELETE FROM runs WHERE instance = ?1 AND id <> ?3
               AND id <= (SELECT id FROM runs WHERE instance = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        )?
        // What is compared with stays, however often the app has failed since.
        .execute([instance.0, KEPT, latest_complete(tx, instance)?.unwrap_or(0)])?;
    tx.tell(instance, Topic::Health);
    Ok(Run {
        id,
        instance,
        phase: RunPhase::Users,
        started: tx.now(),
        ended: None,
        expected: None,
        place: None,
        saved: tx.now(),
        counts: RunCounts::default(),
        troubles: Vec::new(),
        error: None,
        breaks: Breaks::default(),
    })
}

/// Writes where a run stands that has got on, unless it has ended meanwhile. False: it had, and nothing was written.
///
/// # Errors
/// When the database fails.
pub fn save(tx: &Tx<'_>, run: &Run) -> Result<bool, StoreError> {
    write(tx, run, tx.now())
}

/// The run that has not ended goes on.
///
/// # Errors
/// When the database fails.
pub fn go_on(tx: &Tx<'_>, mut run: Run) -> Result<Run, StoreError> {
    run.breaks.waits = false;
    write(tx, &run, run.saved)?;
    Ok(run)
}

/// The run that has not ended broke off for a passing reason. It waits if something was read that it can go on from, else
/// it ends. `asked`: so long the host asked to be left alone. True: it had got on since it last broke off.
///
/// # Errors
/// When the database fails.
pub fn break_off(
    tx: &Tx<'_>,
    instance: InstanceId,
    why: &str,
    asked: Option<Duration>,
) -> Result<bool, StoreError> {
    let Some(mut run) = open(tx, instance)? else {
        return Ok(false);
    };
    if run.place.is_none() && run.phase == RunPhase::Users {
        end(tx, instance, RunPhase::Failed, Some(why))?;
        return Ok(false);
    }
    let at = format!(
        "{} {}",
        run.phase.as_str(),
        run.place.as_deref().unwrap_or_default()
    );
    let got_on = run.breaks.at != at;
    run.breaks = Breaks {
        count: run.breaks.count + 1,
        first: if run.breaks.count == 0 {
            why.to_owned()
        } else {
            run.breaks.first
        },
        last: why.to_owned(),
        at,
        waits: true,
        until: asked.map(|wait| tx.now().after(wait)),
    };
    write(tx, &run, run.saved)?;
    Ok(got_on)
}

fn write(tx: &Tx<'_>, run: &Run, saved: Time) -> Result<bool, StoreError> {
    let damaged = |_| StoreError::Damaged("run");
    let counts = serde_json::to_string(&run.counts).map_err(damaged)?;
    let troubles = serde_json::to_string(&run.troubles).map_err(damaged)?;
    let breaks = serde_json::to_string(&run.breaks).map_err(damaged)?;
    let written = tx
        .conn
        .prepare_cached(
            "UPDATE runs SET phase = ?2, ended = ?3, expected = ?4, place = ?5, counts = ?6, error = ?7, saved = ?8, troubles = ?9, breaks = ?10
             WHERE id = ?1 AND ended IS NULL",
        )?
        .execute(params![
            run.id,
            run.phase.as_str(),
            run.ended.map(|t| t.0),
            run.expected.map(|n| i64::try_from(n).unwrap_or(i64::MAX)),
            run.place,
            counts,
            run.error,
            saved.0,
            troubles,
            breaks,
        ])?;
    tx.tell(run.instance, Topic::Health);
    Ok(written > 0)
}

/// This run, if it goes on: a person may have ended it, or its instance is gone.
///
/// # Errors
/// When the database fails.
pub fn going_on(rx: &Rx<'_>, id: i64) -> Result<Option<Run>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM runs WHERE id = ?1 AND ended IS NULL");
    let mut found = rx.conn.prepare_cached(&sql)?;
    Ok(found.query_row([id], read).optional()?)
}

/// The run that has not ended.
///
/// # Errors
/// When the database fails.
pub fn open(rx: &Rx<'_>, instance: InstanceId) -> Result<Option<Run>, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM runs WHERE instance = ?1 AND ended IS NULL ORDER BY id DESC LIMIT 1");
    let mut found = rx.conn.prepare_cached(&sql)?;
    Ok(found.query_row([instance.0], read).optional()?)
}

/// Ends the run that has not ended, as `phase`, with a reason if there is one to tell. The run; none: none was open.
///
/// # Errors
/// When the database fails.
pub fn end(
    tx: &Tx<'_>,
    instance: InstanceId,
    phase: RunPhase,
    why: Option<&str>,
) -> Result<Option<Run>, StoreError> {
    let Some(mut run) = open(tx, instance)? else {
        return Ok(None);
    };
    run.phase = phase;
    run.ended = Some(tx.now());
    run.error = why.map(str::to_owned);
    run.breaks.waits = false;
    save(tx, &run)?;
    Ok(Some(run))
}

/// The newest runs, newest first.
///
/// # Errors
/// When the database fails.
pub fn latest(rx: &Rx<'_>, instance: InstanceId, limit: usize) -> Result<Vec<Run>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM runs WHERE instance = ?1 ORDER BY id DESC LIMIT ?2");
    let mut rows = rx.conn.prepare_cached(&sql)?;
    let found = rows.query_map(params![instance.0, limit as i64], read)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The newest run that read everything: what it did not see is being looked for, or was.
///
/// # Errors
/// When the database fails.
pub fn latest_complete(rx: &Rx<'_>, instance: InstanceId) -> Result<Option<i64>, StoreError> {
    let mut found = rx
        .conn
        .prepare_cached("SELECT max(id) FROM runs WHERE instance = ?1 AND phase IN ('verify', 'done')")?;
    Ok(found.query_row([instance.0], |r| r.get(0))?)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::clock::Clock;
    use crate::store::{Lane, Store};

    const OURS: InstanceId = InstanceId(7);

    async fn do_in<T: Send + 'static>(
        store: &Store,
        work: impl FnOnce(&Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> T {
        store.write(Lane::Front, None, work).await.unwrap()
    }

    #[tokio::test]
    async fn so_many_are_kept_and_the_last_complete_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), Clock::system()).unwrap();
        let kept = do_in(&store, |tx| {
            let complete = start(tx, OURS)?.id;
            end(tx, OURS, RunPhase::Done, None)?;
            start(tx, InstanceId(8))?;
            for _ in 0..250 {
                start(tx, OURS)?;
                end(tx, OURS, RunPhase::Failed, Some("away"))?;
            }
            assert_eq!(latest_complete(tx, OURS)?, Some(complete));
            assert!(open(tx, InstanceId(8))?.is_some(), "another's stay");
            Ok(latest(tx, OURS, 1000)?.len())
        })
        .await;
        assert_eq!(kept, 101);
    }

    #[tokio::test]
    async fn one_that_breaks_off_waits_if_it_has_something_to_go_on_from() {
        let dir = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Time(1_800_000_000_000));
        let store = Store::open(dir.path(), clock.clone()).unwrap();
        do_in(&store, |tx| {
            start(tx, OURS)?;
            assert!(!break_off(tx, OURS, "away", None)?, "there was nothing read");
            assert_eq!(latest(tx, OURS, 1)?[0].error.as_deref(), Some("away"));
            let mut run = start(tx, OURS)?;
            run.place = Some("11".into());
            assert!(save(tx, &run)?);
            Ok(())
        })
        .await;
        clock.advance(std::time::Duration::from_secs(60));
        let (first, again, run) = do_in(&store, |tx| {
            let first = break_off(tx, OURS, "away", None)?;
            let run = go_on(tx, open(tx, OURS)?.unwrap())?;
            assert!(!run.breaks.waits);
            Ok((
                first,
                break_off(tx, OURS, "away still", None)?,
                open(tx, OURS)?.unwrap(),
            ))
        })
        .await;
        assert_eq!((first, again), (true, false), "the second time it had not got on");
        let b = &run.breaks;
        assert_eq!(
            (b.count, b.first.as_str(), b.last.as_str(), b.waits),
            (2, "away", "away still", true)
        );
        assert_eq!(
            run.saved,
            Time(1_800_000_000_000),
            "to break off is not to get on"
        );
        do_in(&store, |tx| {
            let ended = end(tx, OURS, RunPhase::Cancelled, None)?.unwrap();
            assert!(!ended.breaks.waits && !break_off(tx, OURS, "away", None)?);
            Ok(())
        })
        .await;
    }
}
