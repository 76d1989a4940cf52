//! Access tokens by client credentials (RFC 6749 §4.4): bought where the target's makers issue them, kept in memory
//! until shortly before they end, and bought anew once when the target refuses one. Nothing of it is stored or logged.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

use super::answer::Response;
use super::caller::{BASIC, Client, basic};
use super::error::{NetError, NetErrorKind};
use super::token::{self, Token};
use super::{Net, Outgoing, policy};
use crate::model::{Pace, Time};

/// A token whose end is not told counts as good for this long; a refusal renews it anyhow.
const UNTOLD: Duration = Duration::from_secs(30 * 60);
/// No token is kept longer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Tokens are renewed so long before their end, or after three quarters of a short life.
const BEFORE: Duration = Duration::from_secs(60);
/// Largest answer and longest token, in bytes.
const BODY: usize = 256 * 1024;
const TOKEN: usize = 16 * 1024;
/// Clients remembered.
const MOST: usize = 1000;

/// The access tokens of all clients.
#[derive(Debug, Default)]
pub(super) struct Grants(Mutex<HashMap<[u8; 32], Arc<Slot>>>);

/// One client's; whoever holds the lock is the one that asks for a new token.
#[derive(Debug, Default)]
struct Slot {
    rounds: AtomicU64,
    held: tokio::sync::Mutex<Held>,
}

#[derive(Debug, Default)]
struct Held {
    token: Option<(Token, Time)>,
    /// How the last try ended, for those who waited for it.
    failed: Option<NetError>,
    /// This issuer wants the credentials in the body.
    in_body: bool,
}

impl Grants {
    /// A token that was not refused before.
    pub(super) async fn token(
        &self,
        net: &Net,
        client: Client<'_>,
        refused: Option<&Token>,
    ) -> Result<Token, NetError> {
        let slot = self.slot(key(client));
        let round = slot.rounds.load(Ordering::SeqCst);
        let mut held = slot.held.lock().await;
        if let Some((token, until)) = &held.token
            && *until > net.now()
            && refused.is_none_or(|r| r.expose() != token.expose())
        {
            return Ok(token.clone());
        }
        if slot.rounds.load(Ordering::SeqCst) != round
            && let Some(error) = &held.failed
        {
            return Err(error.clone());
        }
        held.token = None;
        let bought = buy(net, client, &mut held.in_body).await;
        slot.rounds.fetch_add(1, Ordering::SeqCst);
        held.failed = bought.as_ref().err().cloned();
        let (token, lasts) = bought?;
        held.token = Some((token.clone(), net.now().after(lasts)));
        Ok(token)
    }

    fn slot(&self, key: [u8; 32]) -> Arc<Slot> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST && !all.contains_key(&key) {
            all.retain(|_, slot| Arc::strong_count(slot) > 1);
        }
        Arc::clone(all.entry(key).or_default())
    }
}

impl Client<'_> {
    /// Whatever goes out that is, or holds, the secret: an issuer may repeat it.
    pub(super) fn forms(self) -> [Token; 3] {
        let secret = Token::new(encoded(self.secret.expose()));
        let shown = basic(&encoded(self.id), &secret);
        let shown = Token::new(shown.trim_start_matches(BASIC).to_owned());
        [self.secret.clone(), secret, shown]
    }
}

/// Another secret is another client: its tokens are its own.
fn key(client: Client<'_>) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in [
        client.token_url,
        client.id,
        client.scope.unwrap_or_default(),
        client.secret.expose(),
    ] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().into()
}

/// Asks for a token. Credentials go into a header, as every issuer must take them; one that refuses them there is asked
/// again with them in the body (RFC 6749 §2.3.1).
async fn buy(net: &Net, client: Client<'_>, in_body: &mut bool) -> Result<(Token, Duration), NetError> {
    let first = ask(net, client, *in_body).await?;
    match read(client, &first) {
        Err(error) if matches!(error.kind, NetErrorKind::Refused(400 | 401)) => {
            let second = ask(net, client, !*in_body).await?;
            let Ok(bought) = read(client, &second) else {
                return Err(error);
            };
            *in_body = !*in_body;
            Ok(bought)
        }
        bought => bought,
    }
}

async fn ask(net: &Net, client: Client<'_>, in_body: bool) -> Result<Response, NetError> {
    let url = policy::well_formed(client.token_url).map_err(|why| {
        NetError::new(
            NetErrorKind::NoToken,
            "the token URL",
            format!("cannot be called: {why}"),
        )
    })?;
    let mut form = Zeroizing::new("grant_type=client_credentials".to_owned());
    if let Some(scope) = client.scope {
        form.push_str(&format!("&scope={}", encoded(scope)));
    }
    let mut headers = Vec::new();
    if in_body {
        let secret = Zeroizing::new(encoded(client.secret.expose()));
        form.push_str(&format!(
            "&client_id={}&client_secret={}",
            encoded(client.id),
            *secret
        ));
    } else {
        let secret = Token::new(encoded(client.secret.expose()));
        // Base64 is always a header's value.
        if let Ok(mut value) = HeaderValue::try_from(basic(&encoded(client.id), &secret).as_str()) {
            value.set_sensitive(true);
            headers.push((AUTHORIZATION, value));
        }
    }
    let request = Outgoing {
        method: Method::POST,
        url,
        headers,
        accept: "application/json",
        body: Some(("application/x-www-form-urlencoded", form)),
        most: BODY,
        pace: Pace::default(),
    };
    net.paced(request).await.map_err(|error| NetError {
        kind: match error.kind {
            NetErrorKind::Paced => NetErrorKind::Paced,
            _ => NetErrorKind::NoToken,
        },
        detail: token::clean(&error.detail, &client.forms()),
        ..error
    })
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

fn read(client: Client<'_>, answer: &Response) -> Result<(Token, Duration), NetError> {
    let host = policy::well_formed(client.token_url)
        .map_or_else(|_| "the token URL".to_owned(), |url| policy::label(&url));
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status != 200 {
        let said = ["error", "error_description"].map(|key| body[key].as_str().unwrap_or_default());
        let said = token::clean(&said.join(" "), &client.forms());
        let said = if said.is_empty() {
            String::new()
        } else {
            format!(": {}", said.trim_end_matches('.'))
        };
        let kind = match answer.status {
            status @ (400 | 401 | 403) => NetErrorKind::Refused(status),
            _ => NetErrorKind::NoToken,
        };
        let mut error = NetError::new(
            kind,
            &host,
            format!(
                "answered {} to client id and secret when asked for an access token{said}",
                answer.status
            ),
        );
        error.after = answer.retry_after;
        return Err(error);
    }
    let unusable = |what: &str| NetError::new(NetErrorKind::NoToken, &host, what);
    let kind = body["token_type"].as_str().unwrap_or("bearer");
    if !kind.eq_ignore_ascii_case("bearer") {
        return Err(unusable("issues access tokens of another kind than bearer"));
    }
    let text = body["access_token"].as_str().unwrap_or_default();
    if text.is_empty() || text.len() > TOKEN || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(unusable("answered without an access token that could be sent"));
    }
    let told = &body["expires_in"];
    let told = told.as_u64().or_else(|| told.as_str()?.trim().parse().ok());
    let life = told.map_or(UNTOLD, Duration::from_secs).min(LONGEST);
    Ok((Token::new(text.to_owned()), life - BEFORE.min(life / 4)))
}
