//! Where a request came from and what our own address is to it. Forwarded headers count only from trusted proxies.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use ipnet::IpNet;
use url::Url;

/// How the hub is reached.
#[derive(Clone, Debug)]
pub struct Origin {
    public: Option<String>,
    trusted: Vec<IpNet>,
    tls: bool,
}

impl Origin {
    /// `public` wins in every link; `tls`: we end TLS ourselves.
    #[must_use]
    pub fn new(public: Option<&Url>, trusted: Vec<IpNet>, tls: bool) -> Self {
        let public = public.map(|url| url.as_str().trim_end_matches('/').to_owned());
        Self { public, trusted, tls }
    }

    /// Our address as the caller knows it, without trailing slash.
    #[must_use]
    pub fn base(&self, request: &HttpRequest) -> String {
        if let Some(public) = &self.public {
            return public.clone();
        }
        let host = self
            .forwarded(request, "x-forwarded-host")
            .or_else(|| header(request, "host"));
        let host = host.or_else(|| request.uri().authority().map(ToString::to_string));
        let host = host.filter(|h| is_host(h)).unwrap_or_else(|| "localhost".into());
        let scheme = if self.is_https(request) { "https" } else { "http" };
        format!("{scheme}://{host}")
    }

    /// Whether the caller's side of the connection is encrypted.
    #[must_use]
    pub fn is_https(&self, request: &HttpRequest) -> bool {
        if let Some(public) = &self.public {
            return public.starts_with("https://");
        }
        self.tls
            || self
                .forwarded(request, "x-forwarded-proto")
                .is_some_and(|p| p.eq_ignore_ascii_case("https"))
    }

    /// The caller's address: of the connection, or what the nearest untrusted hop is said to be.
    #[must_use]
    pub fn client(&self, request: &HttpRequest) -> Option<IpAddr> {
        let peer = request.peer_addr()?.ip();
        if !self.is_trusted(peer) {
            return Some(peer);
        }
        let hops = all(request, "x-forwarded-for");
        let mut nearest = hops.rsplit(',').map(|hop| address(hop.trim()));
        // Behind a hop that cannot be read stands what the caller wrote: then only the peer is sure.
        let hop = nearest.find(|hop| hop.is_none_or(|ip| !self.is_trusted(ip)));
        Some(hop.flatten().unwrap_or(peer))
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|net| net.contains(&address))
    }

    fn forwarded(&self, request: &HttpRequest, name: &str) -> Option<String> {
        let peer = request.peer_addr()?.ip();
        if !self.is_trusted(peer) {
            return None;
        }
        let hops = all(request, name);
        let last = hops.rsplit(',').next().unwrap_or_default().trim();
        (!last.is_empty()).then(|| last.to_owned())
    }
}

fn header(request: &HttpRequest, name: &str) -> Option<String> {
    request.headers().get(name)?.to_str().ok().map(str::to_owned)
}

/// All lines of a header as one: some proxies add a line of their own below what the caller sent.
fn all(request: &HttpRequest, name: &str) -> String {
    let lines = request.headers().get_all(name);
    let lines: Vec<&str> = lines.map(|line| line.to_str().unwrap_or("?")).collect();
    lines.join(",")
}

/// The address of a hop; some proxies write its port as well.
fn address(hop: &str) -> Option<IpAddr> {
    let plain = hop.trim_start_matches('[').trim_end_matches(']');
    let with_port = || hop.parse::<SocketAddr>().ok().map(|there| there.ip());
    plain.parse().ok().or_else(with_port)
}

/// A host with an optional port and nothing that could break out of a link.
fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 255
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || ".-:[]_".contains(c))
}

#[cfg(test)]
mod tests;
