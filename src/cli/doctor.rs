//! `rollcall doctor`, `rollcall healthcheck` and `rollcall version`.

use clap::Args;
use serde_json::{Value, json};

use super::answer::{Check, Serving};
use super::command::Command;
use super::{CliError, Output, Plan};

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct VersionArgs {
    /// Print JSON, for scripts
    #[arg(long)]
    pub(super) json: bool,
}

impl DoctorArgs {
    pub(super) fn plan(self) -> Plan {
        Plan {
            passes: all_in_order,
            ..Plan::new(Command::Doctor, self.json, show_checks)
        }
    }
}

pub(super) fn healthcheck() -> Plan {
    Plan::new(Command::Healthcheck, false, show_serving)
}

fn all_in_order(answer: &Value) -> bool {
    answer
        .as_array()
        .is_some_and(|checks| checks.iter().all(|check| check["ok"] == true))
}

fn show_checks(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let checks: Vec<Check> = serde_json::from_value(answer)?;
    let row = |check: Check| {
        vec![
            if check.ok { "ok" } else { "WRONG" }.to_owned(),
            check.name,
            check.detail,
        ]
    };
    let rows: Vec<Vec<String>> = checks.into_iter().map(row).collect();
    out.table(&["", "WHAT", "FOUND"], &rows, "There was nothing to look at.")
}

fn show_serving(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let serving: Serving = serde_json::from_value(answer)?;
    out.line(&format!("Rollcall {} serves.", serving.version))
}

pub(super) fn show_version(out: &mut Output<'_>, as_json: bool) -> Result<(), CliError> {
    let version = env!("CARGO_PKG_VERSION");
    if as_json {
        out.json(&json!({ "version": version }))
    } else {
        out.line(&format!("rollcall {version}"))
    }
}
