//! Keys of identity providers: made, listed, rotated, revoked. A key is named by its id or its first characters.

use std::time::Duration;

use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::{KeyCreated, KeyRotated, KeyRow};
use crate::cli::command::WireSecret;
use crate::model::{ApiKey, InstanceId, Time};
use crate::store::access;

pub(super) async fn create(
    hub: &Hub,
    slug: String,
    name: Option<String>,
    ends_in_s: Option<u64>,
) -> Result<KeyCreated, String> {
    if ends_in_s == Some(0) {
        return Err("A key that ends at once opens nothing. Give it a span such as 90d.".into());
    }
    let instance = find(hub, slug).await?;
    let name = match name {
        Some(name) => name,
        None => format!("Key {}", keys_of(hub, instance.id).await?.0.len() + 1),
    };
    let ends_in = ends_in_s.map(Duration::from_secs);
    let made = hub.manager.create_key(typist(), instance.id, name, ends_in).await;
    let (_, key) = made.map_err(sentence)?;
    Ok(KeyCreated { key: WireSecret(key) })
}

pub(super) async fn list(hub: &Hub, slug: String) -> Result<Vec<KeyRow>, String> {
    let instance = find(hub, slug).await?;
    let (keys, now) = keys_of(hub, instance.id).await?;
    Ok(keys.into_iter().map(|key| row(hub, key, now)).collect())
}

pub(super) async fn rotate(
    hub: &Hub,
    slug: String,
    named: Option<String>,
    old_ends_in_s: u64,
) -> Result<KeyRotated, String> {
    let instance = find(hub, slug).await?;
    let (keys, now) = keys_of(hub, instance.id).await?;
    let live: Vec<ApiKey> = keys.into_iter().filter(|key| key.is_live(now)).collect();
    let old = match (named, &live[..]) {
        (Some(named), live) => pick(live, &named)?,
        (None, [one]) => one,
        (None, []) => {
            return Err(format!(
                "{0} has no live key. `rollcall key create {0}` makes one.",
                instance.slug
            ));
        }
        (None, several) => return Err(format!("Say which key is the old one: {}.", names(several))),
    };
    let ends_in = Duration::from_secs(old_ends_in_s);
    let made = hub
        .manager
        .rotate_key(typist(), instance.id, old.id, ends_in)
        .await;
    let (_, key) = made.map_err(sentence)?;
    let (keys, now) = keys_of(hub, instance.id).await?;
    let ends_at = keys
        .iter()
        .find(|key| key.id == old.id)
        .and_then(|key| key.expires_at);
    Ok(KeyRotated {
        key: WireSecret(key),
        old_prefix: old.prefix.clone(),
        old_ends_at: ends_at.unwrap_or(now).to_string(),
    })
}

pub(super) async fn revoke(hub: &Hub, slug: String, named: String) -> Result<KeyRow, String> {
    let instance = find(hub, slug).await?;
    let (keys, _) = keys_of(hub, instance.id).await?;
    let kept: Vec<ApiKey> = keys.into_iter().filter(|key| key.revoked_at.is_none()).collect();
    let id = pick(&kept, &named)?.id;
    let revoked = hub.manager.revoke_key(typist(), instance.id, id).await;
    revoked.map_err(sentence)?;
    let (keys, now) = keys_of(hub, instance.id).await?;
    let key = keys.into_iter().find(|key| key.id == id);
    key.map(|key| row(hub, key, now))
        .ok_or_else(|| "This key no longer exists.".into())
}

async fn keys_of(hub: &Hub, id: InstanceId) -> Result<(Vec<ApiKey>, Time), String> {
    let read = hub
        .store
        .read(move |rx| Ok((access::keys(rx, id)?, rx.now())))
        .await;
    read.map_err(|error: crate::store::StoreError| sentence(error))
}

/// The one key that is meant: by id, or by first characters that no other has.
fn pick<'k>(keys: &'k [ApiKey], named: &str) -> Result<&'k ApiKey, String> {
    let named = named.trim().trim_end_matches('…');
    if let Some(key) = keys.iter().find(|key| key.id.to_string() == named) {
        return Ok(key);
    }
    // A whole key that was pasted begins with its prefix.
    let meant = |key: &&ApiKey| key.prefix.starts_with(named) || named.starts_with(&key.prefix);
    let found: Vec<&ApiKey> = keys.iter().filter(meant).filter(|_| !named.is_empty()).collect();
    match found[..] {
        [one] => Ok(one),
        // Not what was typed: it may be a whole key.
        [] => Err(
            "There is no live key with this id or these first characters. `rollcall key list` shows them."
                .into(),
        ),
        _ => Err(
            "Several keys begin so. Give more characters, or the id that `rollcall key list` shows.".into(),
        ),
    }
}

fn names(keys: &[ApiKey]) -> String {
    let each = keys.iter().map(|key| format!("{} ({}…)", key.id, key.prefix));
    each.collect::<Vec<_>>().join(", ")
}

fn row(hub: &Hub, key: ApiKey, now: Time) -> KeyRow {
    let last_use = hub.store.telemetry().key_use(key.id);
    KeyRow {
        live: key.is_live(now),
        id: key.id,
        prefix: key.prefix,
        name: key.name,
        created_at: key.created.to_string(),
        created_by: key.created_by,
        last_used_at: last_use.as_ref().map(|last| last.at.to_string()),
        last_used_from: last_use.map(|last| last.address).filter(|from| !from.is_empty()),
        expires_at: key.expires_at.map(|at| at.to_string()),
        revoked_at: key.revoked_at.map(|at| at.to_string()),
    }
}
