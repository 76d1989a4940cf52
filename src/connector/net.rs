//! All outgoing traffic. Every request this program makes goes through `Net::send`: addresses are judged before a
//! connection is made, TLS is required, redirects stay within the origin, sizes and times are capped, no proxy or
//! cookie of the surroundings is used. It knows HTTP (RFC 9110), not SCIM: any answer with a status is an answer. It also
//! shows who calls (`caller`), buys access tokens (`grant`) and keeps to what a host allows (`budget`).

mod answer;
mod budget;
mod caller;
mod certificate;
mod error;
mod grant;
mod observed;
mod policy;
mod resolve;
#[cfg(test)]
mod tests;
mod token;

use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Certificate, Client, ClientBuilder};
use serde_json::Value;
use url::{Host, Url};
use zeroize::Zeroizing;

pub use answer::{Allowance, Response};
pub use caller::Caller;
pub use error::{NetError, NetErrorKind};
pub use observed::Observed;
pub use policy::{label, same_origin, well_formed};
pub use reqwest::Method;
pub use token::Token;

use budget::Budgets;
use grant::Grants;
use resolve::Guard;

use crate::clock::Clock;
use crate::model::{Pace, Time};

/// Same-origin redirects followed for one request.
const REDIRECTS: usize = 3;

/// A rest this short is waited for; a longer one is the caller's to plan.
const SHORT: Duration = Duration::from_secs(2);

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
    /// When access tokens end and hosts may be asked again.
    pub clock: Clock,
}

impl Default for NetPolicy {
    fn default() -> Self {
        Self {
            allow_private: false,
            extra_ca_pem: None,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_body: 8 * 1024 * 1024,
            clock: Clock::system(),
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
    /// Who asks.
    pub caller: &'a Caller,
    /// Accepted media types.
    pub accept: &'static str,
    /// Media type of the body.
    pub content_type: &'static str,
    /// JSON body.
    pub body: Option<Value>,
    /// How often its host may be called, as far as the caller knows.
    pub pace: Pace,
}

/// One request as it goes out.
struct Outgoing {
    method: Method,
    url: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    accept: &'static str,
    /// Media type and text.
    body: Option<(&'static str, Zeroizing<String>)>,
    /// Largest answer, in bytes.
    most: usize,
    pace: Pace,
}

/// The way out. Cheap to clone; clones share connections, access tokens and what is known of each host's limits.
#[derive(Clone, Debug)]
pub struct Net(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    policy: NetPolicy,
    extra_roots: Vec<Certificate>,
    // The system's authorities are read on the first https request: it takes longer than the rest of the start.
    https: OnceLock<Option<Client>>,
    plain: OnceLock<Option<Client>>,
    grants: Grants,
    budgets: Budgets,
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
            grants: Grants::default(),
            budgets: Budgets::default(),
        })))
    }

    /// The settings in force.
    #[must_use]
    pub fn policy(&self) -> &NetPolicy {
        &self.0.policy
    }

    /// Sends one request and reads the whole answer, whatever its status. An access token that is refused is renewed
    /// once.
    ///
    /// # Errors
    /// No usable answer; `NetError::lost` says whether the request may have been carried out.
    pub async fn send(&self, request: Request<'_>) -> Result<Response, NetError> {
        let caller = request.caller;
        self.shown(request).await.map_err(|error| NetError {
            detail: caller.clean(&error.detail),
            ..error
        })
    }

    async fn shown(&self, request: Request<'_>) -> Result<Response, NetError> {
        let Some(client) = request.caller.client() else {
            return self.paced(self.outgoing(&request, None)?).await;
        };
        // The address is judged before anybody is asked for a token to be shown there.
        self.client_for(&request.url, &policy::label(&request.url))?;
        let issued = self.0.grants.token(self, client, None).await?;
        let answer = self.paced(self.outgoing(&request, Some(&issued))?).await?;
        if answer.status != 401 {
            return Ok(answer);
        }
        let issued = self.0.grants.token(self, client, Some(&issued)).await?;
        self.paced(self.outgoing(&request, Some(&issued))?).await
    }

    fn outgoing(&self, request: &Request<'_>, issued: Option<&Token>) -> Result<Outgoing, NetError> {
        let unsendable = || {
            NetError::new(
                NetErrorKind::Url,
                &policy::label(&request.url),
                "cannot be called: the token or a header has characters that cannot be sent",
            )
        };
        let body = request.body.as_ref();
        Ok(Outgoing {
            method: request.method.clone(),
            url: request.url.clone(),
            headers: request.caller.headers(issued).ok_or_else(unsendable)?,
            accept: request.accept,
            body: body.map(|body| (request.content_type, Zeroizing::new(body.to_string()))),
            most: self.0.policy.max_body,
            pace: request.pace,
        })
    }

    /// Sends when the host's limit allows it.
    async fn paced(&self, request: Outgoing) -> Result<Response, NetError> {
        let (limit, host) = (self.0.policy.request_timeout, policy::label(&request.url));
        let origin = format!("{}://{host}", request.url.scheme());
        let (began, pace, writes) = (self.now(), request.pace, request.method != Method::GET);
        // Others who wait may be faster.
        while let Err(at) = self.0.budgets.take(&origin, self.now(), pace, writes) {
            if at.since(began) > SHORT {
                return Err(NetError::paced(&host, at.since(self.now())));
            }
            self.0.policy.clock.sleep_until(at).await;
        }
        let answer = match tokio::time::timeout(limit, self.follow(request)).await {
            Ok(answer) => answer?,
            Err(_) => {
                return Err(NetError::new(
                    NetErrorKind::Timeout,
                    &host,
                    format!("did not answer in {} s", limit.as_secs_f32().ceil()),
                ));
            }
        };
        self.0.budgets.heard(&origin, self.now(), &answer);
        Ok(answer)
    }

    /// Waits, by the clock that all of this goes by.
    pub async fn rest(&self, wait: Duration) {
        let clock = &self.0.policy.clock;
        clock.sleep_until(clock.now().after(wait)).await;
    }

    pub(super) fn now(&self) -> Time {
        self.0.policy.clock.now()
    }

    async fn follow(&self, mut request: Outgoing) -> Result<Response, NetError> {
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
            if !policy::same_origin(&request.url, &target) {
                return Err(NetError::new(
                    NetErrorKind::Redirect,
                    &host,
                    format!(
                        "redirects elsewhere ({}://{})",
                        target.scheme(),
                        policy::label(&target)
                    ),
                ));
            }
            // The other redirects let the method change (RFC 9110 §15.4): nothing was done, and nobody knows what would be.
            if request.method != Method::GET && !matches!(answer.status, 307 | 308) {
                return Ok(answer);
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
    async fn once(&self, request: &Outgoing) -> Result<Response, NetError> {
        let host = policy::label(&request.url);
        let client = self.client_for(&request.url, &host)?;
        let mut call = client
            .request(request.method.clone(), request.url.clone())
            .headers(request.headers.iter().cloned().collect())
            .header(ACCEPT, request.accept);
        if let Some((content_type, body)) = &request.body {
            call = call
                .header(CONTENT_TYPE, *content_type)
                .body(body.as_str().to_owned());
        }
        let mut answer = call
            .send()
            .await
            .map_err(|e| NetError::from_client(&e, &host, false))?;
        let cap = request.most;
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
        let mut whole = Response::new(answer.status().as_u16(), answer.headers(), body, self.now());
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
