//! `rollcall instance …`.

use std::io::BufRead;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::answer::{Deleted, InstanceCreated, InstanceDetail, InstanceRow, RequestRow, SyncReport};
use super::change::Change;
use super::command::{Command, NewTarget, Switch};
use super::input::secret_line;
use super::{CliError, Output, Plan};
use crate::model::{Health, RunPhase, Scope, UserWrites};

#[derive(Debug, Subcommand)]
pub(super) enum InstanceVerb {
    /// Connect an app, or without --base-url make an endpoint that only receives
    Create(CreateArgs),
    /// All instances with health and counts
    List {
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// One instance in full
    Show(One),
    /// Change its settings
    Edit {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        change: Box<Change>,
    },
    /// Read the app now instead of at the scheduled time
    Sync {
        #[command(flatten)]
        one: One,
        /// Answer when the sync has ended; exit with 1 if it failed
        #[arg(long)]
        wait: bool,
    },
    /// What its identity provider sent lately, newest first
    Requests {
        #[command(flatten)]
        one: One,
        /// Only those that were refused, with the reason
        #[arg(long)]
        rejected: bool,
    },
    /// Let identity providers in again and send again
    Enable(One),
    /// Refuse identity providers and send nothing
    Disable(One),
    /// Receive and queue, but send nothing
    Pause(One),
    /// Send what was queued, and go on
    Resume(One),
    /// Delete it with all the hub knows of it; the app is left as it is
    Delete {
        #[command(flatten)]
        one: One,
        /// Really
        #[arg(long, required = true)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct One {
    /// The instance, by its slug
    slug: String,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// What admins will call it; the slug is made of it
    name: String,
    /// The app, by its slug in the catalog [default with --base-url: any SCIM 2.0 app]
    #[arg(long, value_name = "SLUG")]
    app: Option<String>,
    /// users, groups or users-and-groups
    #[arg(long, default_value = "users-and-groups", value_parser = scope)]
    scope: Scope,
    /// With --scope groups: acknowledge what is written of users (kept here, nothing is sent) or refuse it
    /// [default: acknowledge]
    #[arg(long, value_name = "WHAT", value_parser = user_writes)]
    user_writes: Option<UserWrites>,
    /// The app's SCIM base URL; tested before anything is saved
    #[arg(long, value_name = "URL", requires = "token_stdin")]
    base_url: Option<String>,
    /// Read the app's token from standard input, one line
    #[arg(long, requires = "base_url")]
    token_stdin: bool,
    /// Print JSON, for scripts
    #[arg(long)]
    json: bool,
}

impl InstanceVerb {
    pub(super) fn plan(self, input: &mut dyn BufRead) -> Result<Plan, CliError> {
        let switch =
            |one: One, to| Plan::new(Command::InstanceSwitch { slug: one.slug, to }, one.json, show_row);
        Ok(match self {
            Self::Create(args) => {
                let target = match args.base_url {
                    Some(base_url) => Some(NewTarget {
                        base_url,
                        token: secret_line(input, "token")?,
                    }),
                    None => None,
                };
                let command = Command::InstanceCreate {
                    name: args.name,
                    app: args.app,
                    scope: args.scope,
                    user_writes: args.user_writes,
                    target,
                };
                Plan::new(command, args.json, show_created)
            }
            Self::List { json } => Plan::new(Command::InstanceList, json, show_list),
            Self::Show(one) => Plan::new(Command::InstanceShow { slug: one.slug }, one.json, show_detail),
            Self::Edit { one, change } => Plan::new(
                Command::InstanceEdit {
                    slug: one.slug,
                    change,
                },
                one.json,
                show_detail,
            ),
            Self::Sync { one, wait } => Plan::new(
                Command::InstanceSync { slug: one.slug, wait },
                one.json,
                show_sync,
            ),
            Self::Requests { one, rejected } => Plan::new(
                Command::InstanceRequests {
                    slug: one.slug,
                    refused: rejected,
                },
                one.json,
                show_requests,
            ),
            Self::Enable(one) => switch(one, Switch::Enabled),
            Self::Disable(one) => switch(one, Switch::Disabled),
            Self::Pause(one) => switch(one, Switch::Paused),
            Self::Resume(one) => switch(one, Switch::Resumed),
            Self::Delete { one, .. } => {
                Plan::new(Command::InstanceDelete { slug: one.slug }, one.json, show_deleted)
            }
        })
    }
}

fn scope(word: &str) -> Result<Scope, &'static str> {
    Scope::parse(word).ok_or("use users, groups or users-and-groups")
}

fn user_writes(word: &str) -> Result<UserWrites, &'static str> {
    UserWrites::parse(word).ok_or("use acknowledge or refuse")
}

fn show_created(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let made: InstanceCreated = serde_json::from_value(answer)?;
    out.fields(&[("Slug", made.slug.clone()), ("SCIM base URL", made.scim_base_url)])?;
    out.note(&format!(
        "`rollcall key create {}` makes the key that an identity provider needs.",
        made.slug
    ));
    Ok(())
}

fn show_list(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let rows: Vec<InstanceRow> = serde_json::from_value(answer)?;
    let cells = |row: InstanceRow| {
        let last = row.last_sync_at.unwrap_or_else(|| "never".into());
        let counts = [row.users, row.groups, row.pending, row.rejected].map(|count| count.to_string());
        let [users, groups, pending, rejected] = counts;
        let health = row.health.as_str().to_owned();
        vec![
            row.slug,
            row.app,
            health,
            users,
            groups,
            pending,
            rejected,
            last,
            row.reason.unwrap_or_default(),
        ]
    };
    let rows: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
    let heads = [
        "SLUG",
        "APP",
        "HEALTH",
        "USERS",
        "GROUPS",
        "PENDING",
        "REJECTED",
        "LAST SYNC",
        "REASON",
    ];
    out.table(
        &heads,
        &rows,
        "There is no instance yet: `rollcall instance create NAME` makes one.",
    )
}

fn show_row(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let row: InstanceRow = serde_json::from_value(answer)?;
    out.line(&format!(
        "{} is {}.",
        row.slug,
        health(row.health, row.reason.as_deref())
    ))
}

fn show_detail(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let all: InstanceDetail = serde_json::from_value(answer)?;
    let row = all.row;
    let sends = match (all.enabled, all.paused) {
        (false, _) => "no, it is disabled",
        (true, true) => "no, it is paused",
        (true, false) if all.base_url.is_none() => "no, it only receives",
        (true, false) => "yes",
    };
    let never = || "never".to_owned();
    let carries = match all.user_writes {
        None => all.scope.as_str().to_owned(),
        Some(UserWrites::Acknowledge) => format!("{}; writes of users are acknowledged", all.scope.as_str()),
        Some(UserWrites::Refuse) => format!("{}; writes of users are refused", all.scope.as_str()),
    };
    out.fields(&[
        ("Slug", row.slug),
        ("Name", row.name),
        ("App", row.app),
        ("Health", health(row.health, row.reason.as_deref())),
        ("SCIM base URL", all.scim_base_url),
        ("Target", all.base_url.unwrap_or_else(|| "none".into())),
        ("Carries", carries),
        ("Sends", sends.into()),
        ("Users", row.users.to_string()),
        ("Groups", row.groups.to_string()),
        ("Pending", row.pending.to_string()),
        ("Rejected", row.rejected.to_string()),
        ("Syncs every", format!("{} s", all.sync_every_s)),
        ("Last sync", row.last_sync_at.unwrap_or_else(never)),
        ("Next sync", row.next_sync_at.unwrap_or_else(never)),
        ("Made", all.created_at),
    ])
}

fn show_sync(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let report: SyncReport = serde_json::from_value(answer)?;
    let (slug, users, groups) = (report.slug, report.users, report.groups);
    out.line(&match report.phase {
        Some(RunPhase::Done) => format!("{slug} is synced: {users} users and {groups} groups read."),
        Some(_) => format!("{slug} is being synced: {users} users and {groups} groups read so far."),
        None => format!("{slug} will be synced next."),
    })
}

fn show_requests(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let rows: Vec<RequestRow> = serde_json::from_value(answer)?;
    let cells = |row: RequestRow| {
        let remark = row.reason.unwrap_or_else(|| row.tolerated.join(" "));
        vec![
            row.at,
            row.id,
            row.status.to_string(),
            format!("{:.1}", row.ms),
            row.key.unwrap_or_default(),
            row.method,
            row.path,
            row.agent,
            remark,
        ]
    };
    let rows: Vec<Vec<String>> = rows.into_iter().map(cells).collect();
    let heads = [
        "TIME", "ID", "STATUS", "MS", "KEY", "METHOD", "PATH", "AGENT", "REMARK",
    ];
    out.table(&heads, &rows, "No request of this kind is kept.")
}

fn show_deleted(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let gone: Deleted = serde_json::from_value(answer)?;
    out.line(&format!("{} is deleted.", gone.slug))
}

fn health(health: Health, reason: Option<&str>) -> String {
    match reason {
        Some(reason) if !reason.is_empty() => format!("{} ({reason})", health.as_str()),
        _ => health.as_str().into(),
    }
}
