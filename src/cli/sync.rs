//! `rollcall instance sync` and `instance runs`: what is asked for, and how a sync is told of.

use clap::Args;
use serde_json::Value;

use super::answer::{RunRow, SyncReport};
use super::command::Command;
use super::instance::One;
use super::{CliError, Output, Plan, Progress};
use crate::model::RunPhase;

#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    #[command(flatten)]
    one: One,
    /// Answer when the sync has ended and nothing is on its way any more; exit with 1 if it failed or was cancelled, or if
    /// the app is away for longer than a minute (outcome `interrupted`: it goes on where it stopped). Interrupting this
    /// command does not cancel the sync
    #[arg(long)]
    wait: bool,
    /// Wait no longer than this; then exit with 1, and the sync goes on
    #[arg(long, value_name = "SECONDS", requires = "wait", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: Option<u64>,
    /// End the sync that runs or waits: what was read stays, nothing is taken as gone
    #[arg(long, conflicts_with = "wait")]
    cancel: bool,
}

impl SyncArgs {
    pub(super) fn plan(self) -> Plan {
        let slug = self.one.slug;
        if self.cancel {
            return Plan::new(Command::InstanceCancel { slug }, self.one.json, show_sync);
        }
        let progress = self.wait.then(|| {
            Box::new(Progress {
                command: Command::InstanceRuns { slug: slug.clone() },
                say: progress,
            })
        });
        let command = Command::InstanceSync {
            slug,
            wait: self.wait,
            timeout_s: self.timeout,
        };
        Plan {
            passes: |answer| {
                let outcome = answer.get("outcome").and_then(Value::as_str);
                outcome.is_none_or(|word| word == RunPhase::Done.as_str())
            },
            progress,
            ..Plan::new(command, self.one.json, show_sync)
        }
    }
}

/// How the newest sync of a list gets on; none: it has ended.
fn progress(answer: &Value) -> Option<String> {
    let rows: Vec<RunRow> = serde_json::from_value(answer.clone()).ok()?;
    let run = rows.into_iter().next().filter(|run| run.outcome.is_none())?;
    let of = |done: u64, what: &str| match run.expected.filter(|total| *total >= done) {
        Some(total) => format!("{done} of about {total} {what}"),
        None => format!("{done} {what}"),
    };
    if run.waiting {
        return Some("the app failed; the sync goes on where it stopped".into());
    }
    Some(match run.phase? {
        RunPhase::Users => format!("{} read", of(run.users, "users")),
        RunPhase::Groups => format!("{} users and {} read", run.users, of(run.groups, "groups")),
        _ => "everything read, looking at what was not seen".into(),
    })
}

fn show_sync(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let report: SyncReport = serde_json::from_value(answer)?;
    let (slug, run) = (report.slug, report.run);
    let read = format!("{} users and {} groups read", run.users, run.groups);
    let why = run.error.unwrap_or_default();
    match run.outcome.as_deref() {
        Some("done") => {
            out.line(&format!("{slug} is synced: {read}."))?;
            for (n, what) in [
                (report.pending, "waiting for a later try"),
                (report.rejected, "refused by the app"),
                (
                    report.held,
                    "held until somebody allows or rejects: see `rollcall held list`",
                ),
            ] {
                if n > 0 {
                    out.note(&format!("{n} {what}."));
                }
            }
        }
        Some("cancelled") => out.line(&format!(
            "The sync of {slug} was cancelled: {read}, nothing is taken as gone."
        ))?,
        Some("timeout" | "interrupted") => out.note(&format!("rollcall: {why}")),
        Some(_) => out.note(&format!(
            "rollcall: The sync failed: {}.",
            why.trim_end_matches('.')
        )),
        None if run.phase.is_some() => out.line(&format!("{slug} is being synced: {read} so far."))?,
        None => out.line(&format!("{slug} will be synced next."))?,
    }
    Ok(())
}

pub(super) fn show_runs(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let rows: Vec<RunRow> = serde_json::from_value(answer)?;
    let cells = |row: RunRow| {
        let phase = row.phase.map(RunPhase::as_str).unwrap_or_default();
        let numbers = [
            row.users,
            row.groups,
            row.created,
            row.changed,
            row.broken,
            row.unseen,
            row.removed,
        ];
        let mut cells = vec![
            row.run.unwrap_or_default().to_string(),
            row.started_at.unwrap_or_default(),
            format!("{:.1} s", row.seconds),
            row.outcome.unwrap_or_else(|| phase.to_owned()),
        ];
        cells.extend(numbers.map(|n| n.to_string()));
        cells.push(match (row.error, row.interruption) {
            (Some(why), _) => why,
            (None, Some(why)) if row.waiting => format!("waits for the next try: {why}"),
            (None, Some(why)) => format!("broke off {} times and went on: {why}", row.interrupted),
            (None, None) => String::new(),
        });
        cells
    };
    let rows: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
    let heads = [
        "RUN", "STARTED", "TOOK", "STATE", "USERS", "GROUPS", "NEW", "CHANGED", "BROKEN", "UNSEEN",
        "REMOVED", "ERROR",
    ];
    out.table(&heads, &rows, "There was no sync yet.")
}
