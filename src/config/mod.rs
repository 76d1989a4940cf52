//! The settings of `serve`: defaults < TOML file < `ROLLCALL_*` environment < flags, checked whole before anything starts.
//!
//! Not here: what an admin sets while the hub runs (`store`), and the flags themselves (`cli`), which arrive as texts by name,
//! so that every setting is read in one way wherever it was written.

mod dir;
mod error;
mod layers;
pub mod limits;
mod value;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use tracing::Level;
use url::Url;

pub use dir::{check_data_dir, data_dir, prepare_data_dir};
pub use error::{ConfigError, Origin};
pub use layers::{Env, Flags, environment};
pub use limits::Limits;

use layers::Layers;

/// The settings file that is read from the data directory when none is named.
pub const SETTINGS_FILE: &str = "rollcall.toml";

/// How log lines are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// All settings, valid by themselves and together.
#[derive(Clone, Debug)]
pub struct Config {
    /// Database, key file, socket and lock lie here.
    pub data_dir: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// How the outside reaches the hub: scheme, host and port, without a path.
    pub public_url: Option<Url>,
    /// Certificate chain and private key, both PEM; none: plain http.
    pub tls: Option<TlsFiles>,
    /// Forwarded headers count only from these.
    pub trusted_proxies: Vec<IpNet>,
    /// Targets in private networks are allowed; metadata addresses never are.
    pub allow_private_targets: bool,
    /// Signing in over plain http is allowed from elsewhere than this machine.
    pub allow_insecure_sign_in: bool,
    /// PEM file of certificate authorities to trust besides the built-in ones, for targets.
    pub extra_ca_file: Option<PathBuf>,
    /// Form of the log.
    pub log_format: LogFormat,
    /// The least important level that is logged.
    pub log_level: Level,
    /// HTTP worker threads; none: one per core.
    pub workers: Option<usize>,
    /// How much is let in.
    pub limits: Limits,
}

/// Where the certificate lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain.
    pub cert: PathBuf,
    /// Private key.
    pub key: PathBuf,
}

impl Config {
    /// Merges the layers. `file` is the one named by `--config`; without it `ROLLCALL_CONFIG` names one, else
    /// `rollcall.toml` in the data directory is read if it is there.
    ///
    /// # Errors
    /// A sentence that names the setting and where it was written.
    pub fn load(data_dir: &Path, file: Option<&Path>, env: &Env, flags: &Flags) -> Result<Self, ConfigError> {
        let mut layers = Layers::default();
        let from_env = layers::from_env(env)?;
        match file.map(Path::to_owned).or_else(|| from_env.config.clone()) {
            Some(named) => layers.add_file(&named)?,
            None => layers.add_file_if_there(&data_dir.join(SETTINGS_FILE))?,
        }
        layers.add_env(from_env);
        layers.add_flags(flags);

        let tls = match (
            layers.read("tls_cert", value::file)?,
            layers.read("tls_key", value::file)?,
        ) {
            (None, None) => None,
            (Some(cert), Some(key)) => Some(TlsFiles { cert, key }),
            (Some(_), None) => return Err(ConfigError::Alone("tls_cert", "tls_key")),
            (None, Some(_)) => return Err(ConfigError::Alone("tls_key", "tls_cert")),
        };
        let mut limits = Limits::default();
        for row in &limits::ROWS {
            if let Some(number) = layers.read(row.key, |text| row.number(text))? {
                row.set(&mut limits, number);
            }
        }
        Ok(Self {
            data_dir: data_dir.to_owned(),
            listen: layers
                .read("listen", value::address)?
                .unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            public_url: layers.read("public_url", value::public_url)?,
            tls,
            trusted_proxies: layers
                .read("trusted_proxies", value::networks)?
                .unwrap_or_default(),
            allow_private_targets: layers
                .read("allow_private_targets", value::truth)?
                .unwrap_or(false),
            allow_insecure_sign_in: layers
                .read("allow_insecure_sign_in", value::truth)?
                .unwrap_or(false),
            extra_ca_file: layers.read("extra_ca_file", value::file)?,
            log_format: layers
                .read("log_format", value::log_format)?
                .unwrap_or(LogFormat::Text),
            log_level: layers.read("log_level", value::log_level)?.unwrap_or(Level::INFO),
            workers: layers.read("workers", value::workers)?,
            limits,
        })
    }

    /// The URL that links and `Location` begin with, without a trailing slash: the public URL, else the address `bound`.
    #[must_use]
    pub fn base_url(&self, bound: SocketAddr) -> String {
        match &self.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => format!("{}://{bound}", if self.tls.is_some() { "https" } else { "http" }),
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
