//! `rollcall probe`.

use std::io::BufRead;

use clap::Args;
use serde_json::Value;

use super::answer::ProbeReport;
use super::command::{Command, NewTarget};
use super::input::secret_line;
use super::{CliError, Output, Plan};
use crate::connector::form::{parse_auth, parse_header};
use crate::model::{Auth, Header, LineState};

#[derive(Debug, Args)]
pub(super) struct ProbeArgs {
    /// The instance whose app is tried, by its slug
    #[arg(required_unless_present = "base_url", conflicts_with = "base_url")]
    slug: Option<String>,
    /// An app that is not connected: its SCIM base URL. It is only read, and nothing is saved
    #[arg(long, value_name = "URL", requires = "token_stdin")]
    base_url: Option<String>,
    /// Read the app's token, password or client secret from standard input, one line
    #[arg(long, requires = "base_url")]
    token_stdin: bool,
    /// How the app is told who calls: bearer, header:NAME, basic:USER or oauth:TOKEN_URL,CLIENT_ID[,SCOPE]
    /// [default: bearer]
    #[arg(long, value_name = "HOW", value_parser = parse_auth, requires = "base_url")]
    auth: Option<Auth>,
    /// A header to send with each request, as 'Name: value'; may be repeated
    #[arg(long = "header", value_name = "HEADER", value_parser = parse_header, requires = "base_url")]
    headers: Vec<Header>,
    /// Try writes as well: a user and a group are made in the app, changed, and deleted again
    #[arg(long, conflicts_with = "base_url")]
    write: bool,
    /// Print JSON, for scripts: at, usable, writes, requests, lines (each with id, group, title, state, found and
    /// advice; state is ok, warn, bad, unknown or skipped) and capabilities
    #[arg(long)]
    json: bool,
}

impl ProbeArgs {
    pub(super) fn plan(self, input: &mut dyn BufRead) -> Result<Plan, CliError> {
        let command = match self.base_url {
            Some(base_url) => Command::ProbeTarget {
                target: NewTarget {
                    base_url,
                    token: secret_line(input, "token")?,
                    auth: self.auth,
                    headers: self.headers,
                },
            },
            None => Command::ProbeInstance {
                slug: self.slug.unwrap_or_default(),
                writes: self.write,
            },
        };
        Ok(Plan {
            passes: |answer| answer["usable"] == true,
            ..Plan::new(command, self.json, show)
        })
    }
}

fn show(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let report: ProbeReport = serde_json::from_value(answer)?;
    let mut under = None;
    for line in &report.lines {
        if under.replace(line.group) != Some(line.group) {
            out.line(line.group.title())?;
        }
        let mark = match line.state {
            LineState::Ok => "ok",
            LineState::Warn => "warn",
            LineState::Bad => "BAD",
            LineState::Unknown => "?",
            LineState::Skipped => "-",
        };
        out.line(&format!("  {mark:<4}  {}: {}", line.title, line.found))?;
        if !line.advice.is_empty() {
            out.line(&format!("        → {}", line.advice))?;
        }
    }
    let verdict = if report.usable {
        "The app can be used."
    } else {
        "The app cannot be used."
    };
    out.line(&format!("{verdict} {} requests were sent.", report.requests))
}
