//! Declared attributes: added, listed, removed.

use super::{find, sentence, typist};
use crate::app::Hub;
use crate::cli::answer::AttributeRow;
use crate::scim::rules::Declared;
use crate::scim::schema::ResourceType;
use crate::store::custom;

pub(super) async fn add(hub: &Hub, slug: String, new: Declared) -> Result<AttributeRow, String> {
    let instance = find(hub, slug).await?;
    let declared = hub.manager.declare(typist(), instance.id, new).await;
    declared.map(row).map_err(sentence)
}

pub(super) async fn list(hub: &Hub, slug: String) -> Result<Vec<AttributeRow>, String> {
    let instance = find(hub, slug).await?;
    let all = hub.store.read(move |rx| custom::of(rx, instance.id)).await;
    let all = all.map_err(sentence)?;
    Ok(all.declared().iter().cloned().map(row).collect())
}

pub(super) async fn remove(
    hub: &Hub,
    slug: String,
    resource: Option<ResourceType>,
    urn: String,
    name: String,
) -> Result<Vec<AttributeRow>, String> {
    let instance = find(hub, slug).await?;
    let removed = hub
        .manager
        .undeclare(typist(), instance.id, resource, urn, name)
        .await;
    Ok(removed.map_err(sentence)?.into_iter().map(row).collect())
}

fn row(declared: Declared) -> AttributeRow {
    AttributeRow {
        resource_type: declared.resource,
        urn: declared.urn,
        name: declared.name,
        kind: declared.form.kind,
        multi_valued: declared.form.multi_valued,
    }
}
