//! `rollcall instance …`.

use std::io::BufRead;

use clap::{Args, Subcommand};
use serde_json::Value;

use super::answer::{Deleted, InstanceCreated, InstanceDetail, InstanceRow, RequestRow, TokenRow};
use super::change::Change;
use super::command::{Command, NewTarget, Switch, TokenEnd};
use super::input::secret_line;
use super::{CliError, Output, Plan, sync};
use crate::connector::form::{parse_auth, parse_header};
use crate::model::{Access, Auth, Header, Health, Scope, UserWrites};
use crate::sync::token::parse_date;

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
    /// Change its settings; what is not named stays
    Edit {
        #[command(flatten)]
        one: One,
        #[command(flatten)]
        change: Box<Change>,
        /// How the app is told who calls: bearer, header:NAME, basic:USER or oauth:TOKEN_URL,CLIENT_ID[,SCOPE]
        #[arg(long, value_name = "HOW", value_parser = parse_auth, group = "edit")]
        auth: Option<Auth>,
        /// A header to send with each request, as 'Name: value', in place of those before; may be repeated
        #[arg(long = "header", value_name = "HEADER", value_parser = parse_header, group = "edit")]
        headers: Vec<Header>,
        /// Send no headers of your own any more
        #[arg(long, conflicts_with = "headers", group = "edit")]
        no_headers: bool,
        /// Read the app's new token, password or client secret from standard input, one line
        #[arg(long, group = "edit")]
        token_stdin: bool,
    },
    /// Read the app now instead of at the scheduled time
    Sync(sync::SyncArgs),
    /// How old the app's token is and when it ends; with --token-stdin, replace it
    Token {
        #[command(flatten)]
        one: One,
        /// Read a new token from standard input, one line; it is tested before it replaces the old one
        #[arg(long)]
        token_stdin: bool,
        /// The day on which the token ends, or never: you are reminded before
        #[arg(long, value_name = "YYYY-MM-DD", value_parser = token_end)]
        token_expires: Option<TokenEnd>,
    },
    /// Its syncs, newest first, the last 100: what each read, changed and could not understand, and how often it broke off
    Runs(One),
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
    pub(super) slug: String,
    /// Print JSON, for scripts
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct CreateArgs {
    /// What admins will call it; the slug is made of it
    name: String,
    /// The app, by its slug in the catalog [default with --base-url: any SCIM 2.0 app]
    #[arg(long, value_name = "SLUG")]
    app: Option<String>,
    /// users, groups or users-and-groups [default: what the app is known to take, else users-and-groups]
    #[arg(long, value_parser = scope)]
    scope: Option<Scope>,
    /// With --scope groups: acknowledge what is written of users (kept here, nothing is sent) or refuse it
    /// [default: acknowledge]
    #[arg(long, value_name = "WHAT", value_parser = user_writes)]
    user_writes: Option<UserWrites>,
    /// The app's SCIM base URL; tested before anything is saved
    #[arg(long, value_name = "URL", requires = "token_stdin")]
    base_url: Option<String>,
    /// Read the app's token, password or client secret from standard input, one line
    #[arg(long, requires = "base_url")]
    token_stdin: bool,
    /// How the app is told who calls: bearer, header:NAME, basic:USER or oauth:TOKEN_URL,CLIENT_ID[,SCOPE]
    /// [default: what the app is known to want, else bearer]
    #[arg(long, value_name = "HOW", value_parser = parse_auth, requires = "base_url")]
    auth: Option<Auth>,
    /// A header to send with each request, as 'Name: value'; admins see its value. May be repeated
    #[arg(long = "header", value_name = "HEADER", value_parser = parse_header, requires = "base_url")]
    headers: Vec<Header>,
    /// The day on which the token ends, if it does: you are reminded before
    #[arg(long, value_name = "YYYY-MM-DD", requires = "base_url", value_parser = token_end)]
    token_expires: Option<TokenEnd>,
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
                        auth: args.auth,
                        headers: args.headers,
                    }),
                    None => None,
                };
                let command = Command::InstanceCreate {
                    name: args.name,
                    app: args.app,
                    scope: args.scope,
                    user_writes: args.user_writes,
                    target,
                    token_ends: match args.token_expires {
                        Some(TokenEnd::At(at)) => Some(at),
                        Some(TokenEnd::Never) | None => None,
                    },
                };
                Plan::new(command, args.json, show_created)
            }
            Self::List { json } => Plan::new(Command::InstanceList, json, show_list),
            Self::Show(one) => Plan::new(Command::InstanceShow { slug: one.slug }, one.json, show_detail),
            Self::Edit {
                one,
                change,
                auth,
                headers,
                no_headers,
                token_stdin,
            } => Plan::new(
                Command::InstanceEdit {
                    slug: one.slug,
                    change,
                    auth,
                    headers: Some(headers).filter(|h| no_headers || !h.is_empty()),
                    token: token_stdin.then(|| secret_line(input, "token")).transpose()?,
                },
                one.json,
                show_detail,
            ),
            Self::Sync(args) => args.plan(),
            Self::Token {
                one,
                token_stdin,
                token_expires,
            } => {
                let token = match token_stdin {
                    true => Some(secret_line(input, "token")?),
                    false => None,
                };
                let command = Command::InstanceToken {
                    slug: one.slug,
                    token,
                    ends: token_expires,
                };
                Plan::new(command, one.json, show_token)
            }
            Self::Runs(one) => Plan::new(
                Command::InstanceRuns { slug: one.slug },
                one.json,
                sync::show_runs,
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

fn token_end(word: &str) -> Result<TokenEnd, String> {
    if word == "never" {
        return Ok(TokenEnd::Never);
    }
    match parse_date(word)? {
        Some(at) => Ok(TokenEnd::At(at)),
        None => Err("use a day such as 2027-01-31, or never".into()),
    }
}

fn show_token(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let row: TokenRow = serde_json::from_value(answer)?;
    out.fields(&[
        ("Slug", row.slug),
        ("Entered", row.set_at.unwrap_or_else(|| "none is stored".into())),
        ("Ends", row.ends_at.unwrap_or_else(|| "not known".into())),
    ])?;
    if let Some(text) = row.reminder {
        out.note(&text);
    }
    Ok(())
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
    let pending = match (row.pushed_per_minute, &row.expected_end_at) {
        (Some(pace), Some(end)) => format!("{}, {pace} a minute, done at about {end}", row.pending),
        _ => row.pending.to_string(),
    };
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
        (
            "Signs in with",
            all.access.as_ref().map_or_else(|| "nothing".into(), signs_in),
        ),
        ("Carries", carries),
        ("Sends", sends.into()),
        ("Users", row.users.to_string()),
        ("Groups", row.groups.to_string()),
        ("Pending", pending),
        ("Rejected", row.rejected.to_string()),
        ("Syncs every", format!("{} s", all.sync_every_s)),
        ("Last sync", row.last_sync_at.unwrap_or_else(never)),
        ("Next sync", row.next_sync_at.unwrap_or_else(never)),
        ("Made", all.created_at),
    ])
}

fn signs_in(access: &Access) -> String {
    let mut text = match &access.auth {
        Auth::Bearer => "a bearer token".to_owned(),
        Auth::Header { name } => format!("the header {name}"),
        Auth::Basic { user } => format!("the password of {user}"),
        Auth::OAuth {
            token_url, client_id, ..
        } => format!("access tokens for {client_id} from {token_url}"),
    };
    for header in &access.headers {
        text.push_str(&format!("; {}: {}", header.name, header.value));
    }
    text
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
