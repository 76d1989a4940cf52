//! One parser for each kind of value. An error is the rest of a sentence: "X is "…", which is not *an address such as …*."

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;
use tracing::Level;
use url::Url;

use super::LogFormat;

const MAX_NETWORKS: usize = 256;

pub(super) fn address(text: &str) -> Result<SocketAddr, &'static str> {
    text.parse()
        .map_err(|_| "an address and port such as 127.0.0.1:8080 or [::1]:8080")
}

pub(super) fn public_url(text: &str) -> Result<Url, &'static str> {
    let wanted = "a URL of scheme and host alone, such as https://rollcall.example.com";
    let url = Url::parse(text).map_err(|_| wanted)?;
    let alone = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let open = url.username().is_empty() && url.password().is_none();
    if matches!(url.scheme(), "http" | "https") && url.has_host() && alone && open {
        Ok(url)
    } else {
        Err(wanted)
    }
}

pub(super) fn file(text: &str) -> Result<PathBuf, &'static str> {
    if text.is_empty() {
        Err("the path of a file")
    } else {
        Ok(PathBuf::from(text))
    }
}

pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, &'static str> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let networks: Option<Vec<IpNet>> = parts
        .map(|part| {
            part.parse()
                .ok()
                .or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from))
        })
        .collect();
    networks
        .filter(|list| list.len() <= MAX_NETWORKS)
        .ok_or("a list of networks or addresses such as 10.0.0.0/8,192.0.2.7")
}

pub(super) fn truth(text: &str) -> Result<bool, &'static str> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("true or false"),
    }
}

pub(super) fn log_format(text: &str) -> Result<LogFormat, &'static str> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("text or json"),
    }
}

pub(super) fn log_level(text: &str) -> Result<Level, &'static str> {
    text.parse().map_err(|_| "one of error, warn, info, debug, trace")
}

pub(super) fn workers(text: &str) -> Result<usize, &'static str> {
    text.parse()
        .ok()
        .filter(|count| (1..=256).contains(count))
        .ok_or("a number from 1 to 256")
}
