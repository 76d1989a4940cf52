//! `rollcall held …`: what the removal limit holds back (DESIGN §5).

use clap::{Args, Subcommand};
use serde_json::Value;

use super::answer::{HeldDecided, HeldRow};
use super::command::{Command, Which};
use super::{CliError, Output, Plan};

#[derive(Debug, Subcommand)]
pub(super) enum HeldVerb {
    /// What waits for a person
    List {
        /// The instance, by its slug; without, all instances
        slug: Option<String>,
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

impl HeldVerb {
    pub(super) fn plan(self) -> Plan {
        match self {
            Self::List { slug, json } => Plan::new(Command::HeldList { slug }, json, show_list),
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
            Command::HeldDecide {
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
    let rows: Vec<HeldRow> = serde_json::from_value(answer)?;
    let cells = |row: HeldRow| {
        vec![
            row.id.to_string(),
            row.slug,
            row.class,
            row.label,
            row.at,
            row.reason,
        ]
    };
    let rows: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
    let heads = ["ID", "INSTANCE", "WHAT", "WHO", "SINCE", "WHY"];
    out.table(&heads, &rows, "Nothing waits.")
}

fn show_allowed(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let done: HeldDecided = serde_json::from_value(answer)?;
    out.line(&format!("{} allowed.", count(done.count)))
}

fn show_rejected(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let done: HeldDecided = serde_json::from_value(answer)?;
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
