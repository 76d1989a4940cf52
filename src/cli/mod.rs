//! The command line: its grammar (DESIGN §8), what it says, and how a command reaches the hub.
//!
//! A command becomes a [`command::Command`]. While a server runs it goes there over a socket; else the caller's executor does
//! the same on the database itself, under the same lock. What commands do stands in [`execute`].

pub mod answer;
pub mod change;
pub mod command;
pub mod dispatch;
pub mod execute;
pub mod logging;
pub mod socket;

mod admin;
mod adoption;
mod attribute;
mod backup;
mod demo;
mod doctor;
mod duration;
mod error;
mod held;
mod input;
mod instance;
mod key;
mod lock;
mod offline;
mod output;
mod probe;
mod restore;
mod secret;
mod serve;
mod serve_run;
mod sync;

use std::io::BufRead;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use serde_json::Value;

use crate::config::{self, Config, Env};
use command::Command;

pub use demo::DemoArgs;
pub use error::CliError;
pub use lock::LockedDir;
pub use offline::offline;
pub use output::Output;
pub use restore::restore;
pub use secret::renew;
pub use serve_run::serve;

/// A self-hosted SCIM 2.0 hub: receives people and groups from identity providers and carries every change on to your apps.
#[derive(Debug, Parser)]
#[command(
    name = "rollcall",
    version,
    disable_help_subcommand = true,
    max_term_width = 110
)]
pub struct Cli {
    /// Where data lies [env: ROLLCALL_DATA_DIR] [default: /var/lib/rollcall for root, else ~/.local/share/rollcall]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the hub
    Serve(Box<serve::ServeArgs>),
    /// See it at work, with a simulated identity provider and app, on data that is thrown away
    Demo(DemoArgs),
    /// People who sign in to the pages
    #[command(subcommand)]
    Admin(admin::AdminVerb),
    /// Connections to apps, each with its own SCIM endpoint
    #[command(subcommand)]
    Instance(instance::InstanceVerb),
    /// Find out what an app can do, as a checklist; exit with 1 if it cannot be used
    Probe(probe::ProbeArgs),
    /// Removals that wait for a person, because they are more than usual
    #[command(subcommand, alias = "removal")]
    Held(held::HeldVerb),
    /// Who here may be whom in the app, where a person has to say so
    #[command(subcommand)]
    Adoption(adoption::AdoptionVerb),
    /// Keys with which identity providers open an instance
    #[command(subcommand)]
    Key(key::KeyVerb),
    /// Attributes beside those of SCIM: checked, published and carried on once they are declared
    #[command(subcommand)]
    Attribute(attribute::AttributeVerb),
    /// Write a copy of the database while the hub runs; secret.key is to be kept apart from it
    Backup(backup::BackupArgs),
    /// Put a backup in the place of the database; the hub must be stopped
    Restore(backup::RestoreArgs),
    /// The key file that seals stored tokens
    #[command(subcommand)]
    Secret(secret::SecretVerb),
    /// Look whether all is in order
    Doctor(doctor::DoctorArgs),
    /// Exit with 0 only if a running hub serves
    Healthcheck,
    /// Print the version
    Version(doctor::VersionArgs),
}

/// What the command line asks for.
#[derive(Debug)]
pub enum Action {
    /// Run the hub.
    Serve(Box<Config>),
    /// Run the demo.
    Demo(DemoArgs),
    /// Have the hub do a command: see [`dispatch`].
    Hub(PathBuf, Box<Plan>),
    /// Put a backup in place; only where no server runs.
    Restore(Restore),
    /// Make a new key file; only where no server runs.
    Renew {
        /// Where.
        data_dir: PathBuf,
        /// For scripts.
        json: bool,
    },
    /// Print this version.
    Version {
        /// For scripts.
        json: bool,
    },
}

/// A command and how its answer is shown.
#[derive(Debug)]
pub struct Plan {
    /// For the hub.
    pub command: Command,
    json: bool,
    show: Show,
    passes: fn(&Value) -> bool,
    progress: Option<Box<Progress>>,
}

/// What is asked again and again while a command runs, and how its answer is said.
#[derive(Debug)]
struct Progress {
    command: Command,
    say: fn(&Value) -> Option<String>,
}

/// Shows an answer to people.
type Show = fn(&mut Output<'_>, Value) -> Result<(), CliError>;

impl Plan {
    fn new(command: Command, json: bool, show: Show) -> Self {
        Self {
            command,
            json,
            show,
            passes: |_| true,
            progress: None,
        }
    }
}

/// A backup to put in place.
#[derive(Debug)]
pub struct Restore {
    /// Where to.
    pub data_dir: PathBuf,
    /// Absolute path of the backup.
    pub file: PathBuf,
    /// For scripts.
    pub json: bool,
}

impl Cli {
    /// Reads the process's arguments; on a mistake says what is wrong and ends with 2.
    #[must_use]
    pub fn from_args() -> Self {
        Self::parse()
    }

    /// What is to be done, with the environment and standard input taken in.
    ///
    /// # Errors
    /// Settings that are wrong, or standard input without what was announced.
    pub fn action(self, env: &Env, input: &mut dyn BufRead) -> Result<Action, CliError> {
        let dir = || config::data_dir(self.data_dir.as_deref(), env);
        let plan = match self.verb {
            Verb::Serve(args) => {
                let config = Config::load(&dir()?, args.config.as_deref(), env, &args.flags())?;
                return Ok(Action::Serve(Box::new(config)));
            }
            Verb::Demo(args) => return Ok(Action::Demo(args)),
            Verb::Version(args) => return Ok(Action::Version { json: args.json }),
            Verb::Restore(args) => {
                let file = backup::absolute(&args.file)?;
                return Ok(Action::Restore(Restore {
                    data_dir: dir()?,
                    file,
                    json: args.json,
                }));
            }
            Verb::Secret(secret::SecretVerb::Renew { json, .. }) => {
                return Ok(Action::Renew {
                    data_dir: dir()?,
                    json,
                });
            }
            Verb::Admin(verb) => verb.plan(input)?,
            Verb::Instance(verb) => verb.plan(input)?,
            Verb::Probe(args) => args.plan(input)?,
            Verb::Held(verb) => verb.plan(),
            Verb::Adoption(verb) => verb.plan(),
            Verb::Key(verb) => verb.plan(),
            Verb::Attribute(verb) => verb.plan(),
            Verb::Backup(args) => args.plan()?,
            Verb::Doctor(args) => args.plan(),
            Verb::Healthcheck => doctor::healthcheck(),
        };
        Ok(Action::Hub(dir()?, Box::new(plan)))
    }
}

/// Says on standard error why it did not work; the exit code of that.
#[must_use]
pub fn fail(error: &CliError) -> ExitCode {
    let (mut results, mut notes) = (std::io::stdout().lock(), std::io::stderr().lock());
    Output::new(&mut results, &mut notes).note(&format!("rollcall: {error}"));
    ExitCode::FAILURE
}

#[cfg(test)]
mod tests;
