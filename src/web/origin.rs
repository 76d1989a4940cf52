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
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use actix_web::test::TestRequest;

    fn from(peer: &str, headers: &[(&str, &str)]) -> HttpRequest {
        let mut request = TestRequest::default().peer_addr(format!("{peer}:1000").parse().unwrap());
        for (name, value) in headers {
            request = request.append_header((*name, *value));
        }
        request.to_http_request()
    }

    fn origin() -> Origin {
        Origin::new(None, vec!["10.0.0.0/8".parse().unwrap()], false)
    }

    #[test]
    fn forwarded_headers_count_only_from_a_trusted_proxy() {
        let headers = [
            ("host", "hub:8080"),
            ("x-forwarded-host", "hub.example.com"),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-for", "203.0.113.7"),
        ];
        assert_eq!(origin().base(&from("198.51.100.1", &headers)), "http://hub:8080");
        assert_eq!(
            origin().base(&from("10.0.0.1", &headers)),
            "https://hub.example.com"
        );
        assert_eq!(
            origin().client(&from("198.51.100.1", &headers)),
            "198.51.100.1".parse().ok()
        );
        assert_eq!(
            origin().client(&from("10.0.0.1", &headers)),
            "203.0.113.7".parse().ok()
        );
    }

    #[test]
    fn a_caller_cannot_add_hops_in_front() {
        let request = from(
            "10.0.0.1",
            &[("x-forwarded-for", "1.2.3.4, 203.0.113.7, 10.0.0.2")],
        );
        assert_eq!(origin().client(&request), "203.0.113.7".parse().ok());
        let lines = [("x-forwarded-for", "1.2.3.4"), ("x-forwarded-for", "203.0.113.7")];
        assert_eq!(
            origin().client(&from("10.0.0.1", &lines)),
            "203.0.113.7".parse().ok()
        );
        for (hops, client) in [
            ("1.2.3.4, 203.0.113.7:4711", "203.0.113.7"),
            ("1.2.3.4, [2001:db8::7]:4711, 10.0.0.2", "2001:db8::7"),
            ("1.2.3.4, unknown", "10.0.0.1"),
            ("", "10.0.0.1"),
        ] {
            let request = from("10.0.0.1", &[("x-forwarded-for", hops)]);
            assert_eq!(origin().client(&request), client.parse().ok(), "{hops}");
        }
    }

    #[test]
    fn a_host_that_is_none_is_not_repeated() {
        assert_eq!(
            origin().base(&from("198.51.100.1", &[("host", "x\"><b>")])),
            "http://localhost"
        );
    }

    #[test]
    fn the_public_url_wins() {
        let url = Url::parse("https://hub.example.com/").unwrap();
        let origin = Origin::new(Some(&url), Vec::new(), false);
        assert_eq!(
            origin.base(&from("198.51.100.1", &[("host", "other")])),
            "https://hub.example.com"
        );
        assert!(origin.is_https(&from("198.51.100.1", &[])));
    }
}
