//! `rollcall removal …`: what the removal limit holds back (DESIGN §5).

use clap::{Args, Subcommand};
use serde_json::Value;

use super::answer::{RemovalRow, RemovalsDecided};
use super::command::{Command, Which};
use super::{CliError, Output, Plan};

#[derive(Debug, Subcommand)]
pub(super) enum RemovalVerb {
    /// What waits for a person
    List {
        /// The instance, by its slug
        slug: String,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Let exactly these be removed in the app
    Allow(Decision),
    /// Keep these in the app until our side changes
    Reject(Decision),
}

#[derive(Debug, Args)]
pub(super) struct Decision {
    /// The instance, by its slug
    slug: String,
    /// Ids, as `list` shows them
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    ids: Vec<i64>,
    /// All that wait now
    #[arg(long)]
    all: bool,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

impl RemovalVerb {
    pub(super) fn plan(self) -> Plan {
        match self {
            Self::List { slug, json } => Plan::new(Command::RemovalList { slug }, json, show_list),
            Self::Allow(decision) => decision.plan(true, show_allowed),
            Self::Reject(decision) => decision.plan(false, show_rejected),
        }
    }
}

impl Decision {
    fn plan(self, allow: bool, show: super::Show) -> Plan {
        let which = if self.all {
            Which::All
        } else {
            Which::Ids(self.ids)
        };
        Plan::new(
            Command::RemovalDecide {
                slug: self.slug,
                which,
                allow,
            },
            self.json,
            show,
        )
    }
}

fn show_list(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let rows: Vec<RemovalRow> = serde_json::from_value(answer)?;
    let cells = |row: RemovalRow| vec![row.id.to_string(), row.class, row.label, row.at, row.reason];
    let rows: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
    out.table(&["ID", "WHAT", "WHO", "SINCE", "WHY"], &rows, "Nothing waits.")
}

fn show_allowed(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let done: RemovalsDecided = serde_json::from_value(answer)?;
    out.line(&format!("{} allowed.", count(done.count)))
}

fn show_rejected(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let done: RemovalsDecided = serde_json::from_value(answer)?;
    out.line(&format!(
        "{} rejected: the app keeps what it has.",
        count(done.count)
    ))
}

fn count(removals: u64) -> String {
    if removals == 1 {
        "1 removal".into()
    } else {
        format!("{removals} removals")
    }
}
