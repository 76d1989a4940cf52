//! `rollcall serve`: its flags, which are settings by name. What they mean stands in `config`.

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Args, Command, Error, FromArgMatches};

use crate::config::Flags;
use crate::config::limits::ROWS;

/// Flags of `serve`; each is a text that `config` reads like those of the file and the environment.
#[derive(Debug, Args)]
#[command(
    after_help = "Every option may also stand in the settings file (listen = \"…\", public_url = \"…\") and in the \
                        environment (ROLLCALL_LISTEN=…, or ROLLCALL_LISTEN_FILE=… to name a file with the value). \
                        Options go before the environment, the environment before the file."
)]
pub(super) struct ServeArgs {
    /// Settings file, TOML [default: rollcall.toml in the data directory, if there is one]
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Address and port to listen on; port 0 takes a free one [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// How the outside reaches the hub, such as https://rollcall.example.com
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Certificate chain, PEM
    #[arg(long, value_name = "FILE")]
    tls_cert: Option<String>,
    /// Private key, PEM
    #[arg(long, value_name = "FILE")]
    tls_key: Option<String>,
    /// Networks of reverse proxies whose forwarded headers count
    #[arg(long, value_name = "CIDR,…")]
    trusted_proxies: Option<String>,
    /// Let apps be in private networks
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_private_targets: Option<String>,
    /// Let admins sign in over plain http from other machines
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    allow_insecure_sign_in: Option<String>,
    /// Certificate authorities to trust besides the built-in ones, PEM
    #[arg(long, value_name = "FILE")]
    extra_ca_file: Option<String>,
    /// Form of the log: text or json [default: text]
    #[arg(long, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Least important level to log: error, warn, info, debug or trace [default: info]
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<String>,
    /// HTTP worker threads [default: one per core]
    #[arg(long, value_name = "N")]
    workers: Option<String>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// A flag for each limit; they are one table in the settings file, and so they are here.
#[derive(Debug, Default)]
struct LimitArgs(Flags);

impl Args for LimitArgs {
    fn augment_args(command: Command) -> Command {
        let args = ROWS.iter().map(|row| {
            let help = format!("{} [default: {}]", row.help, row.default());
            let arg = Arg::new(row.key).long(row.flag).value_name("N").help(help);
            arg.help_heading("Limits (file: table [limits])")
        });
        command.args(args)
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for LimitArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let given = ROWS.iter().filter_map(|row| {
            let number = matches.get_one::<String>(row.key)?;
            Some((row.key, number.clone()))
        });
        Ok(Self(given.collect()))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl ServeArgs {
    /// Those that were given.
    pub(super) fn flags(&self) -> Flags {
        let all = [
            ("listen", &self.listen),
            ("public_url", &self.public_url),
            ("tls_cert", &self.tls_cert),
            ("tls_key", &self.tls_key),
            ("trusted_proxies", &self.trusted_proxies),
            ("allow_private_targets", &self.allow_private_targets),
            ("allow_insecure_sign_in", &self.allow_insecure_sign_in),
            ("extra_ca_file", &self.extra_ca_file),
            ("log_format", &self.log_format),
            ("log_level", &self.log_level),
            ("workers", &self.workers),
        ];
        let given = all
            .into_iter()
            .filter_map(|(key, value)| value.clone().map(|value| (key, value)));
        given.chain(self.limits.0.clone()).collect()
    }
}
