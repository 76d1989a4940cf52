//! All outgoing traffic. Every request this program makes goes through `Net::send`: addresses are judged before a
//! connection is made, TLS is required, redirects stay within the origin, sizes and times are capped, no proxy or
//! cookie of the surroundings is used. It knows HTTP (RFC 9110), not SCIM: any answer with a status is an answer.

mod answer;
mod certificate;
mod error;
mod observed;
mod policy;
mod resolve;
#[cfg(test)]
mod tests;
mod token;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder};
use serde_json::Value;
use url::{Host, Url};

pub use answer::Response;
pub use error::{NetError, NetErrorKind};
pub use observed::Observed;
pub use policy::{label, same_origin, well_formed};
pub use reqwest::Method;
pub use token::{Token, clean};

use resolve::Guard;

/// Same-origin redirects followed for one GET.
const REDIRECTS: usize = 3;

/// What outgoing requests may do.
#[derive(Clone, Debug)]
pub struct NetPolicy {
    /// Private and loopback addresses may be called, and by plain http too. Metadata services never.
    pub allow_private: bool,
    /// Certificate authorities trusted beside the system's, PEM.
    pub extra_ca_pem: Option<Vec<u8>>,
    /// Longest wait for a connection, DNS and TLS included.
    pub connect_timeout: Duration,
    /// Longest wait for a whole answer, redirects included.
    pub request_timeout: Duration,
    /// Largest body read, in bytes after decompression.
    pub max_body: usize,
}

impl Default for NetPolicy {
    fn default() -> Self {
        Self {
            allow_private: false,
            extra_ca_pem: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_body: 8 * 1024 * 1024,
        }
    }
}

/// One request.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// HTTP method.
    pub method: Method,
    /// Absolute URL.
    pub url: Url,
    /// Sent as `Authorization: Bearer`.
    pub token: &'a Token,
    /// Accepted media types.
    pub accept: &'static str,
    /// Media type of the body.
    pub content_type: &'static str,
    /// JSON body.
    pub body: Option<Value>,
}

/// The way out. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct Net(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: NetPolicy,
    extra_roots: Vec<Certificate>,
    // The system's authorities are read on the first https request: it takes longer than the rest of the start.
    https: OnceLock<Option<Client>>,
    plain: OnceLock<Option<Client>>,
}

impl Net {
    /// Prepares the way out; nothing is read or sent yet.
    ///
    /// # Errors
    /// A sentence when `extra_ca_pem` holds no certificate.
    pub fn new(policy: NetPolicy) -> Result<Self, String> {
        // Fails only when a provider is set already, which is what is wanted.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let extra_roots = match &policy.extra_ca_pem {
            Some(pem) => Certificate::from_pem_bundle(pem)
                .map_err(|_| "The file of extra authorities is not PEM.".to_owned())?,
            None => Vec::new(),
        };
        if policy.extra_ca_pem.is_some() && extra_roots.is_empty() {
            return Err("The file of extra authorities holds no certificate.".into());
        }
        Ok(Self(Arc::new(Inner {
            policy,
            extra_roots,
            https: OnceLock::new(),
            plain: OnceLock::new(),
        })))
    }

    /// The settings in force.
    #[must_use]
    pub fn policy(&self) -> &NetPolicy {
        &self.0.policy
    }

    /// Sends one request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// No usable answer; `NetError::lost` says whether the request may have been carried out.
    pub async fn send(&self, request: Request<'_>) -> Result<Response, NetError> {
        let limit = self.0.policy.request_timeout;
        let host = policy::label(&request.url);
        match tokio::time::timeout(limit, self.follow(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(NetError::new(
                NetErrorKind::Timeout,
                &host,
                format!("did not answer in {} s", limit.as_secs_f32().ceil()),
            )),
        }
    }

    async fn follow(&self, mut request: Request<'_>) -> Result<Response, NetError> {
        let host = policy::label(&request.url);
        for _ in 0..=REDIRECTS {
            let answer = self.once(&request).await?;
            if !matches!(answer.status, 300..=303 | 305..=308) {
                return Ok(answer);
            }
            let Some(target) = answer.location.as_deref().and_then(|l| request.url.join(l).ok()) else {
                return Err(NetError::new(
                    NetErrorKind::Redirect,
                    &host,
                    "redirects without saying where",
                ));
            };
            if request.method != Method::GET || !policy::same_origin(&request.url, &target) {
                let to = token::clean(&policy::label(&target), request.token);
                return Err(NetError::new(
                    NetErrorKind::Redirect,
                    &host,
                    format!("redirects elsewhere ({}://{to})", target.scheme()),
                ));
            }
            request.url = target;
        }
        Err(NetError::new(
            NetErrorKind::Redirect,
            &host,
            "redirects in circles",
        ))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that sends")]
    async fn once(&self, request: &Request<'_>) -> Result<Response, NetError> {
        let host = policy::label(&request.url);
        let client = self.client_for(&request.url, &host)?;
        let mut bearer =
            HeaderValue::try_from(format!("Bearer {}", request.token.expose())).map_err(|_| {
                NetError::new(
                    NetErrorKind::Url,
                    &host,
                    "cannot be called: the token has characters that cannot be sent",
                )
            })?;
        bearer.set_sensitive(true);
        let mut call = client
            .request(request.method.clone(), request.url.clone())
            .header(AUTHORIZATION, bearer)
            .header(ACCEPT, request.accept);
        if let Some(body) = &request.body {
            call = call
                .header(CONTENT_TYPE, request.content_type)
                .body(body.to_string());
        }
        let mut answer = call
            .send()
            .await
            .map_err(|e| NetError::from_client(&e, &host, false))?;
        let cap = self.0.policy.max_body;
        let too_large = || {
            NetError::new(
                NetErrorKind::TooLarge,
                &host,
                format!("sent more than {} KiB", cap / 1024),
            )
        };
        let mut body = Vec::new();
        // The size is announced for the compressed form; the cap is on what is kept.
        while let Some(chunk) = answer
            .chunk()
            .await
            .map_err(|e| NetError::from_client(&e, &host, true))?
        {
            if body.len() + chunk.len() > cap {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        let mut whole = Response::new(answer.status().as_u16(), answer.headers(), body);
        whole.observed.certificate_ends = answer
            .extensions()
            .get::<reqwest::tls::TlsInfo>()
            .and_then(|tls| certificate::ends(tls.peer_certificate()?));
        Ok(whole)
    }

    fn client_for(&self, url: &Url, host: &str) -> Result<&Client, NetError> {
        policy::well_formed(url.as_str()).map_err(|why| NetError::unusable(host, &why))?;
        let guard = Guard {
            https: url.scheme() == "https",
            allow_private: self.0.policy.allow_private,
        };
        let literal = match url.host() {
            Some(Host::Ipv4(a)) => policy::refusal(IpAddr::V4(a), guard.https, guard.allow_private),
            Some(Host::Ipv6(a)) => policy::refusal(IpAddr::V6(a), guard.https, guard.allow_private),
            Some(Host::Domain(name)) => policy::refused_name(name),
            None => Some("it has no host".into()),
        };
        if let Some(why) = literal {
            return Err(NetError::new(
                NetErrorKind::Address,
                host,
                format!("may not be called: {why}"),
            ));
        }
        if !guard.https && !guard.allow_private {
            return Err(NetError::new(
                NetErrorKind::Url,
                host,
                "cannot be called: its URL must begin with https://",
            ));
        }
        let client = if guard.https { &self.0.https } else { &self.0.plain };
        client.get_or_init(|| self.build(guard)).as_ref().ok_or_else(|| {
            NetError::new(
                NetErrorKind::Tls,
                host,
                "cannot be called: TLS could not be set up on this machine",
            )
        })
    }

    /// A machine without any authority of its own still trusts the extra ones, and reaches plain targets.
    fn build(&self, guard: Guard) -> Option<Client> {
        let bare = || {
            self.builder(guard)
                .tls_certs_only(self.0.extra_roots.clone())
                .build()
                .ok()
        };
        if !guard.https {
            return bare();
        }
        self.builder(guard)
            .tls_certs_merge(self.0.extra_roots.clone())
            .build()
            .ok()
            .or_else(bare)
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that makes HTTP clients")]
    fn builder(&self, guard: Guard) -> ClientBuilder {
        let policy = &self.0.policy;
        Client::builder()
            .user_agent(concat!("Rollcall/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .dns_resolver(guard)
            .tls_info(true)
            .connect_timeout(policy.connect_timeout.min(policy.request_timeout))
            .pool_idle_timeout(Duration::from_secs(30))
    }
}
