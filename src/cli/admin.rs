//! `rollcall admin …`.

use std::io::BufRead;

use clap::Subcommand;
use serde_json::Value;

use super::answer::AdminDone;
use super::command::Command;
use super::input::secret_line;
use super::{CliError, Output, Plan};
use crate::model::Role;

#[derive(Debug, Subcommand)]
pub(super) enum AdminVerb {
    /// Make an account
    Create {
        #[arg(long, value_name = "E-MAIL")]
        email: String,
        /// owner, operator or viewer
        #[arg(long, default_value = "owner", value_parser = role)]
        role: Role,
        /// Read the password from standard input, one line
        #[arg(long, required = true)]
        password_stdin: bool,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
    /// Set a new password and end the account's sessions
    ResetPassword {
        #[arg(long, value_name = "E-MAIL")]
        email: String,
        /// Read the password from standard input, one line
        #[arg(long, required = true)]
        password_stdin: bool,
        /// Print JSON, for scripts
        #[arg(long)]
        json: bool,
    },
}

impl AdminVerb {
    pub(super) fn plan(self, input: &mut dyn BufRead) -> Result<Plan, CliError> {
        let password = secret_line(input, "password")?;
        Ok(match self {
            Self::Create {
                email, role, json, ..
            } => Plan::new(
                Command::AdminCreate {
                    email,
                    role,
                    password,
                },
                json,
                show_created,
            ),
            Self::ResetPassword { email, json, .. } => {
                Plan::new(Command::AdminResetPassword { email, password }, json, show_reset)
            }
        })
    }
}

fn role(word: &str) -> Result<Role, &'static str> {
    Role::parse(word).ok_or("use owner, operator or viewer")
}

fn show_created(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let done: AdminDone = serde_json::from_value(answer)?;
    out.line(&format!("{} can sign in as {}.", done.email, done.role.as_str()))
}

fn show_reset(out: &mut Output<'_>, answer: Value) -> Result<(), CliError> {
    let done: AdminDone = serde_json::from_value(answer)?;
    out.line(&format!(
        "{} has a new password; their sessions have ended.",
        done.email
    ))
}
