//! The way to the server, step by step. One request is enough: how far it came says which steps work.

use url::Host;

use super::{Asked, Prober, Silence};
use crate::connector::net::{self, Method, NetErrorKind};

/// A certificate that ends in so many days or fewer is worth a word.
const SOON: i64 = 21;
const DAY: i64 = 24 * 3600;

const HOST: &str = "Check the host of the SCIM Base URL.";
const PORT: &str = "Check the host and port of the SCIM Base URL, and whether a firewall stands between.";

impl Prober<'_> {
    /// What `/ServiceProviderConfig` answered; none when there is nobody to talk to.
    pub(super) async fn reach(&mut self) -> Option<Asked> {
        let url = match self.app.endpoint("ServiceProviderConfig", &[]) {
            Ok(url) => url,
            Err(error) => {
                self.bad("reach.dns", format!("{error}."), HOST);
                return None;
            }
        };
        let (host, secure) = (net::label(&url), url.scheme() == "https");
        let named = matches!(url.host(), Some(Host::Domain(_)));
        let asked = self.ask(Method::GET, url, None).await;
        let failed = match &asked {
            Ok(answer) => {
                let ends = answer.observed.certificate_ends;
                self.resolved(&host, named);
                self.ok("reach.tcp", format!("{host} takes connections."));
                self.certificate(secure, ends);
                return Some(asked);
            }
            Err(Silence::Spent) => return None,
            Err(Silence::Net(error)) => error,
        };
        let said = format!("{failed}.");
        match failed.kind {
            NetErrorKind::Url | NetErrorKind::Address | NetErrorKind::Dns => {
                self.bad("reach.dns", said, HOST);
                return None;
            }
            NetErrorKind::ConnectTimeout => {
                self.unknown(
                    "reach.dns",
                    "Not told apart from the connection, which timed out.",
                    "",
                );
                self.bad("reach.tcp", said, PORT);
                return None;
            }
            NetErrorKind::Connect => {
                self.resolved(&host, named);
                self.bad("reach.tcp", said, PORT);
                return None;
            }
            NetErrorKind::Tls => {
                self.resolved(&host, named);
                self.ok("reach.tcp", format!("{host} takes connections."));
                let advice = "Renew or mend the certificate of the app, or check host and port. An authority of your own is named with the setting extra_ca_file.";
                self.bad("reach.tls", said, advice);
                return None;
            }
            NetErrorKind::Paced => {
                self.unknown(
                    "reach.tcp",
                    said,
                    "Try again when the host lets more requests through.",
                );
                return None;
            }
            NetErrorKind::NoToken | NetErrorKind::Refused(_) => {
                let advice = "Check token URL, client id and secret: no access token was issued, so the app was not asked.";
                self.bad("reach.credentials", said, advice);
                return None;
            }
            NetErrorKind::Timeout
            | NetErrorKind::Redirect
            | NetErrorKind::TooLarge
            | NetErrorKind::Interrupted => {}
        }
        // The connection stood; what was asked for did not come.
        self.resolved(&host, named);
        self.ok("reach.tcp", format!("{host} takes connections."));
        self.certificate(secure, None);
        Some(asked)
    }

    fn resolved(&mut self, host: &str, named: bool) {
        if named {
            self.ok("reach.dns", format!("{host} has an address that may be called."));
        } else {
            self.skip("reach.dns", "The SCIM Base URL holds an address, not a name.");
        }
    }

    pub(super) fn certificate(&mut self, secure: bool, ends: Option<i64>) {
        let id = "reach.tls";
        if !secure {
            self.skip(id, "http, no TLS: allowed for private targets only.");
            return;
        }
        let Some(ends) = ends else {
            let advice = "Look at the certificate in a browser.";
            self.unknown(
                id,
                "TLS works; when the certificate ends could not be read.",
                advice,
            );
            return;
        };
        let days = (ends - self.plan.now.0 / 1000).div_euclid(DAY);
        let said = format!("TLS works; the certificate is valid for {days} more days.");
        match days {
            ..0 => self.bad(id, "The certificate has expired.", "Renew it."),
            0..=SOON => self.warn(
                id,
                said,
                "Renew it before it ends: then nothing can be sent any more.",
            ),
            _ => self.ok(id, said),
        }
    }
}
