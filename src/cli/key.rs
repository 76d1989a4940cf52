//! `rollcall key …`: keys of identity providers.

use clap::Subcommand;
use serde_json::Value;

use super::answer::{KeyCreated, KeyRotated, KeyRow};
use super::command::Command;
use super::duration::seconds;
use super::{CliError, Output, Plan};

#[derive(Debug, Subcommand)]
pub(super) enum KeyVerb {
    /// Make a key; it is shown this once
    Create {
        /// The instance, by its slug
        slug: String,
        /// What admins will call it
        #[arg(long)]
        name: Option<String>,
        /// It ends by itself after this span, such as 90d
        #[arg(long, value_name = "SPAN", value_parser = seconds)]
        ends_in: Option<u64>,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Keys of an instance, and when each was last used
    List {
        /// The instance, by its slug
        slug: String,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Make a new key and give the old one an end
    Rotate {
        /// The instance, by its slug
        slug: String,
        /// Id or first characters of the old key [default: the only live one]
        key: Option<String>,
        /// When the old key ends: now, or a span such as 1h, 24h, 7d
        #[arg(long, value_name = "SPAN", default_value = "24h", value_parser = seconds)]
        old_ends: u64,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// End a key at once
    Revoke {
        /// The instance, by its slug
        slug: String,
        /// Its id or first characters
        key: String,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
}

impl KeyVerb {
    pub(super) fn plan(self) -> Plan {
        match self {
            Self::Create {
                slug,
                name,
                ends_in,
                json,
            } => Plan::new(
                Command::KeyCreate {
                    slug,
                    name,
                    ends_in_s: ends_in,
                },
                json,
                show_created,
            ),
            Self::List { slug, json } => Plan::new(Command::KeyList { slug }, json, show_list),
            Self::Rotate {
                slug,
                key,
                old_ends,
                json,
            } => Plan::new(
                Command::KeyRotate {
                    slug,
                    key,
                    old_ends_in_s: old_ends,
                },
                json,
                show_rotated,
            ),
            Self::Revoke { slug, key, json } => {
                Plan::new(Command::KeyRevoke { slug, key }, json, show_revoked)
            }
        }
    }
}

/// The key alone on standard output, so that `KEY=$(rollcall key create …)` holds it.
fn show_created(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let made: KeyCreated = serde_json::from_value(answer)?;
    out.line(made.key.0.expose())?;
    out.note("This is the only time the key is shown.");
    Ok(())
}

fn show_rotated(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let made: KeyRotated = serde_json::from_value(answer)?;
    out.line(made.key.0.expose())?;
    out.note("This is the only time the key is shown.");
    out.note(&format!(
        "The old key {}… ends at {}.",
        made.old_prefix, made.old_ends_at
    ));
    Ok(())
}

fn show_list(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let rows: Vec<KeyRow> = serde_json::from_value(answer)?;
    let cells = |row: KeyRow| {
        let state = match (row.live, row.revoked_at, row.expires_at) {
            (_, Some(at), _) => format!("revoked {at}"),
            (true, None, Some(at)) => format!("ends {at}"),
            (false, None, Some(at)) => format!("ended {at}"),
            (live, None, None) => if live { "live" } else { "ended" }.into(),
        };
        let used = row.last_used_at.unwrap_or_else(|| "never".into());
        vec![
            row.id.to_string(),
            row.prefix,
            row.name,
            state,
            used,
            row.last_used_from.unwrap_or_default(),
            row.created_at,
            row.created_by,
        ]
    };
    let rows: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
    let heads = ["ID", "KEY", "NAME", "STATE", "LAST USED", "FROM", "MADE", "BY"];
    out.table(
        &heads,
        &rows,
        "There is no key: `rollcall key create SLUG` makes one.",
    )
}

fn show_revoked(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let row: KeyRow = serde_json::from_value(answer)?;
    out.line(&format!("The key {}… opens nothing any more.", row.prefix))
}
