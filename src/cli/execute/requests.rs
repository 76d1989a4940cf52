//! `instance requests`: the request log, with the words of its page.

use super::instance::scim_base_url;
use super::{find, sentence};
use crate::app::Hub;
use crate::cli::answer::RequestRow;
use crate::model::{ApiKey, Request};
use crate::store::access;
use crate::store::telemetry::Only;
use crate::web::ui::refusal::explain;
use crate::web::ui::sent::key_of;

/// More than are ever kept.
const ALL: usize = 10_000;

pub(super) async fn list(
    hub: &Hub,
    base_url: &str,
    slug: String,
    refused: bool,
) -> Result<Vec<RequestRow>, String> {
    let instance = find(hub, slug).await?;
    let endpoint = scim_base_url(base_url, &instance.slug);
    let store = hub.store.clone();
    let only = if refused { Only::Refused } else { Only::All };
    let read = hub.store.read(move |rx| {
        let keys = access::keys(rx, instance.id)?;
        let found = store.telemetry().requests(instance.id, only, None, ALL)?;
        let rows = found
            .into_iter()
            .map(|(_, request)| row(request, &keys, &endpoint));
        Ok(rows.collect())
    });
    read.await.map_err(|e: crate::store::StoreError| sentence(e))
}

fn row(request: Request, keys: &[ApiKey], endpoint: &str) -> RequestRow {
    let key = key_of(&request, keys);
    let refusal = request.refusal.as_deref();
    RequestRow {
        reason: request
            .is_refused()
            .then(|| explain(&request, key, endpoint).what),
        key: key.map(|key| key.prefix.clone()),
        id: request.id.to_string(),
        at: request.at.to_string(),
        method: request.method.into(),
        status: request.status,
        ms: f64::from(request.took_us) / 1000.0,
        address: request.address.map(|address| address.to_string()),
        tolerated: request.tolerated.iter().map(|t| t.name().into()).collect(),
        scim_type: refusal.and_then(|r| r.scim_type.as_deref()).map(str::to_owned),
        detail: refusal
            .map(|r| r.detail.to_string())
            .filter(|detail| !detail.is_empty()),
        why: refusal.and_then(|r| r.why).map(|why| why.as_str().into()),
        path: request.path.into(),
        agent: request.agent.into(),
    }
}
