//! `probe`: tries an app, that of an instance or one that is not connected.

use super::sync::heard;
use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::ProbeReport;
use crate::cli::command::NewTarget;
use crate::model::{Access, InstanceId, Profile};
use crate::store::probes;
use crate::sync::engine::Engine;
use crate::sync::{credential, probe};

/// The engine that runs does it: it ends its probes in order when it is stopped, and a caller that goes away cuts none
/// short. Without one it is done here and now.
pub(super) async fn instance(
    hub: &Hub,
    engine: Option<&Engine>,
    slug: String,
    writes: bool,
) -> Result<ProbeReport, String> {
    let id = find(hub, slug).await?.id;
    let found = match engine {
        Some(_) => asked(hub, id, writes).await?,
        None => hub.manager.probe(typist(), id, writes).await.map_err(sentence)?,
    };
    Ok(found.into())
}

async fn asked(hub: &Hub, id: InstanceId, writes: bool) -> Result<Profile, String> {
    credential::can_seal(&hub.keys).map_err(sentence)?;
    // Listening begins before the request, so that a quick end is not missed.
    let mut news = hub.store.subscribe();
    let since = hub.store.clock().now();
    hub.manager
        .ask_probe(typist(), id, writes)
        .await
        .map_err(sentence)?;
    loop {
        let now = hub
            .store
            .read(move |rx| probes::of(rx, id))
            .await
            .map_err(sentence)?;
        if !now.running {
            let found = now.profile.filter(|found| found.at >= since);
            return found.ok_or_else(|| {
                "The check came to no end: the instance was changed meanwhile, or its token cannot be opened.".into()
            });
        }
        heard(&mut news, id).await;
    }
}

pub(super) async fn target(hub: &Hub, target: NewTarget) -> Result<ProbeReport, String> {
    let NewTarget {
        base_url,
        token,
        auth,
        headers,
    } = target;
    let access = Access {
        auth: auth.unwrap_or_default(),
        headers,
    };
    let found = probe::stranger(&hub.store, &hub.net, &base_url, &access, &token.0).await;
    found.map(Into::into).map_err(sentence)
}
