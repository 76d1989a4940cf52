//! `probe`: tries an app, that of an instance or one that is not connected.

use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::ProbeReport;
use crate::cli::command::NewTarget;
use crate::model::Access;
use crate::sync::probe;

pub(super) async fn instance(hub: &Hub, slug: String, writes: bool) -> Result<ProbeReport, String> {
    let instance = find(hub, slug).await?;
    let found = hub.manager.probe(typist(), instance.id, writes).await;
    found.map(Into::into).map_err(sentence)
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
