//! `rollcall adoption …`: who here may be whom in the app, and what an admin says of it (DESIGN §1).

use clap::{Args, Subcommand};
use serde_json::Value;

use super::answer::{AdoptionReport, AdoptionRow, AdoptionsDecided};
use super::command::Command;
use super::{CliError, Output, Plan};

#[derive(Debug, Subcommand)]
pub(super) enum AdoptionVerb {
    /// How the two sides match, and the pairs that wait for a person
    List {
        /// The instance, by its slug
        slug: String,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// These are the same: link them
    Accept(Decision),
    /// These are not the same: make an account of its own, and never propose the pair again
    Separate(Decision),
}

#[derive(Debug, Args)]
pub(super) struct Decision {
    /// The instance, by its slug
    slug: String,
    /// Ids of pairs, as `list` shows them
    #[arg(value_name = "ID", required = true)]
    ids: Vec<i64>,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

impl AdoptionVerb {
    pub(super) fn plan(self) -> Plan {
        match self {
            Self::List { slug, json } => Plan::new(Command::AdoptionList { slug }, json, show_list),
            Self::Accept(decision) => decision.plan(true, show_accepted),
            Self::Separate(decision) => decision.plan(false, show_separated),
        }
    }
}

impl Decision {
    fn plan(self, same: bool, show: super::Show) -> Plan {
        Plan::new(
            Command::AdoptionDecide {
                slug: self.slug,
                ids: self.ids,
                same,
            },
            self.json,
            show,
        )
    }
}

fn show_list(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let report: AdoptionReport = serde_json::from_value(answer)?;
    for (what, c) in [("People", &report.users), ("Groups", &report.groups)] {
        out.line(&format!(
            "{what}: {} matched, {} proposed, {} ambiguous, {} only here, {} only in the app.",
            c.matched, c.proposed, c.ambiguous, c.only_here, c.only_in_app
        ))?;
    }
    let cells = |row: AdoptionRow| vec![row.id.to_string(), row.class, row.ours, row.theirs, row.why];
    let rows: Vec<Vec<String>> = report.waiting.into_iter().map(cells).collect();
    out.table(
        &["ID", "CLASS", "HERE", "IN THE APP", "WHY"],
        &rows,
        "Nothing waits.",
    )
}

fn show_accepted(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let done: AdoptionsDecided = serde_json::from_value(answer)?;
    out.line(&format!("{} linked.", count(done.count)))
}

fn show_separated(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let done: AdoptionsDecided = serde_json::from_value(answer)?;
    out.line(&format!("{} told apart.", count(done.count)))
}

fn count(pairs: u64) -> String {
    if pairs == 1 {
        "1 pair".into()
    } else {
        format!("{pairs} pairs")
    }
}
