//! The layers of settings before they mean anything: name → text and where it was written. Later layers replace earlier ones.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use super::limits::ROWS;
use super::{ConfigError, Origin};

/// Environment variables by name.
pub type Env = BTreeMap<String, String>;

/// Flags that were given, by the name of their setting (`public_url`).
pub type Flags = BTreeMap<&'static str, String>;

/// Every setting but the limits, by its TOML key; `ROLLCALL_` and the upper-case name in the environment.
const SETTINGS: [&str; 11] = [
    "listen",
    "public_url",
    "tls_cert",
    "tls_key",
    "trusted_proxies",
    "allow_private_targets",
    "allow_insecure_sign_in",
    "extra_ca_file",
    "log_format",
    "log_level",
    "workers",
];

/// The table of the limits.
const LIMITS: &str = "limits";

/// Every setting there is. The dot before a key of a table is an underline in the environment.
fn settings() -> impl Iterator<Item = &'static str> {
    SETTINGS.into_iter().chain(ROWS.iter().map(|row| row.key))
}

/// The two that say where the rest is, so they stand in no file.
const PLACES: [&str; 2] = ["data_dir", "config"];

const START: &str = "ROLLCALL_";
const MAX_FILE: u64 = 64 * 1024;

/// What this process's environment says, as far as it concerns us.
///
/// # Errors
/// A variable of ours that is not UTF-8.
pub fn environment() -> Result<Env, ConfigError> {
    collect(std::env::vars_os())
}

fn collect(vars: impl Iterator<Item = (OsString, OsString)>) -> Result<Env, ConfigError> {
    let mut env = Env::new();
    for (name, value) in vars {
        let Ok(name) = name.into_string() else { continue };
        if name.starts_with(START) || name == "HOME" || name == "XDG_DATA_HOME" {
            let value = value
                .into_string()
                .map_err(|_| ConfigError::NotUtf8(name.clone()))?;
            env.insert(name, value);
        }
    }
    Ok(env)
}

/// The environment's layer.
pub(super) struct FromEnv {
    values: Vec<(&'static str, String, Origin)>,
    pub(super) data_dir: Option<PathBuf>,
    pub(super) config: Option<PathBuf>,
}

/// Reads every `ROLLCALL_*` variable, following `ROLLCALL_X_FILE` to the file that holds the value of X.
pub(super) fn from_env(env: &Env) -> Result<FromEnv, ConfigError> {
    let mut layer = FromEnv {
        values: Vec::new(),
        data_dir: None,
        config: None,
    };
    for (name, text) in env.iter().filter(|(name, _)| name.starts_with(START)) {
        let (key, value) = if let Some(key) = setting(name) {
            (key, text.clone())
        } else if let Some(key) = name.strip_suffix("_FILE").and_then(setting) {
            if let Some(other) = env.keys().find(|other| setting(other) == Some(key)) {
                return Err(ConfigError::Twice(other.clone()));
            }
            (
                key,
                read(Path::new(text))?.trim_end_matches(['\r', '\n']).to_owned(),
            )
        } else if injected(name, text) {
            continue;
        } else {
            return Err(ConfigError::UnknownEnv(name.clone()));
        };
        match key {
            "data_dir" => layer.data_dir = Some(PathBuf::from(value)),
            "config" => layer.config = Some(PathBuf::from(value)),
            _ => layer.values.push((key, value, Origin::Env(name.clone()))),
        }
    }
    Ok(layer)
}

fn setting(variable: &str) -> Option<&'static str> {
    let name = variable.strip_prefix(START)?.to_ascii_lowercase();
    settings().chain(PLACES).find(|key| key.replace('.', "_") == name)
}

/// Container platforms put such variables into every neighbour of a service called "rollcall"; nobody wrote them for us.
fn injected(name: &str, value: &str) -> bool {
    name.starts_with("ROLLCALL_SERVICE_")
        || name.starts_with("ROLLCALL_PORT_")
        || (name == "ROLLCALL_PORT" && value.contains("://"))
}

/// The merged texts.
#[derive(Default)]
pub(super) struct Layers(BTreeMap<&'static str, (String, Origin)>);

impl Layers {
    pub(super) fn add_file_if_there(&mut self, file: &Path) -> Result<(), ConfigError> {
        match self.add_file(file) {
            Err(ConfigError::Unreadable(_, error)) if error.kind() == ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    pub(super) fn add_file(&mut self, file: &Path) -> Result<(), ConfigError> {
        let table: toml::Table = toml::from_str(&read(file)?)
            .map_err(|error| ConfigError::Syntax(file.to_owned(), error.to_string().trim_end().to_owned()))?;
        for (key, value) in table {
            match value {
                toml::Value::Table(limits) if key == LIMITS => {
                    for (key, value) in limits {
                        self.add_key(file, format!("{LIMITS}.{key}"), &value)?;
                    }
                }
                value => self.add_key(file, key, &value)?,
            }
        }
        Ok(())
    }

    fn add_key(&mut self, file: &Path, key: String, value: &toml::Value) -> Result<(), ConfigError> {
        let Some(known) = settings().find(|name| *name == key) else {
            let limit = key.starts_with(LIMITS);
            let alike = settings().filter(|name| name.starts_with(LIMITS) == limit);
            return Err(ConfigError::UnknownKey {
                file: file.to_owned(),
                known: alike.collect::<Vec<_>>().join(", "),
                key,
            });
        };
        let origin = Origin::File(file.to_owned(), known);
        let text = as_text(value).ok_or_else(|| ConfigError::Value {
            origin: origin.clone(),
            value: value.type_str().to_owned(),
            wanted: "a text, a number, true or false, or a list of texts".into(),
        })?;
        self.0.insert(known, (text, origin));
        Ok(())
    }

    pub(super) fn add_env(&mut self, layer: FromEnv) {
        self.0.extend(
            layer
                .values
                .into_iter()
                .map(|(key, value, origin)| (key, (value, origin))),
        );
    }

    pub(super) fn add_flags(&mut self, flags: &Flags) {
        self.0.extend(
            flags
                .iter()
                .map(|(key, value)| (*key, (value.clone(), Origin::Flag(key)))),
        );
    }

    /// Takes a setting through its parser, which answers what it should have been when it is not.
    pub(super) fn read<T, W: Into<String>>(
        &self,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, W>,
    ) -> Result<Option<T>, ConfigError> {
        let Some((text, origin)) = self.0.get(key) else {
            return Ok(None);
        };
        parse(text.trim()).map(Some).map_err(|wanted| ConfigError::Value {
            origin: origin.clone(),
            value: text.chars().take(80).collect(),
            wanted: wanted.into(),
        })
    }
}

fn as_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(list) => {
            let texts: Option<Vec<&str>> = list.iter().map(toml::Value::as_str).collect();
            Some(texts?.join(","))
        }
        toml::Value::Float(_) | toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

fn read(file: &Path) -> Result<String, ConfigError> {
    let failed = |error| ConfigError::Unreadable(file.to_owned(), error);
    let mut text = String::new();
    let size = File::open(file)
        .and_then(|f| f.take(MAX_FILE + 1).read_to_string(&mut text))
        .map_err(failed)?;
    if size as u64 > MAX_FILE {
        return Err(ConfigError::TooLarge(file.to_owned()));
    }
    Ok(text)
}
