//! What an edit of an instance changed, setting by setting, for its event. Secrets are no settings: what became of the
//! token is said in a sentence.

use serde_json::{Map, Value, json};

use crate::model::{Actor, Change, EventDraft, Instance, Outcome};
use crate::store::{StoreError, Tx, events};

/// The settings by the names under which events keep them.
fn settings(of: &Instance) -> Map<String, Value> {
    let mut all = match serde_json::to_value(&of.policies) {
        Ok(Value::Object(policies)) => policies,
        _ => Map::new(),
    };
    let rows = of.policies.mapping.iter();
    let rows: Map<_, _> = rows.map(|r| (r.path.clone(), json!(r.template))).collect();
    all.insert("mapping".into(), rows.into());
    all.insert("name".into(), json!(of.name));
    all.insert("sync_every_s".into(), json!(of.sync_every_s));
    if let Some(target) = &of.target {
        all.insert("base_url".into(), json!(target.base_url()));
    }
    all
}

/// Before and after, for those that differ.
fn changes(before: &Instance, after: &Instance) -> Vec<Change> {
    let (old, new) = (settings(before), settings(after));
    let names = new
        .keys()
        .chain(old.keys().filter(|name| !new.contains_key(*name)));
    let value = |of: &Map<String, Value>, name: &str| of.get(name).cloned().unwrap_or_default();
    names
        .filter(|name| value(&old, name) != value(&new, name))
        .map(|name| Change {
            path: name.clone(),
            before: events::short(value(&old, name)),
            after: events::short(value(&new, name)),
        })
        .collect()
}

/// Says in the log that the settings were changed, and which.
///
/// # Errors
/// When the database fails.
pub(super) fn tell(
    tx: &Tx<'_>,
    by: &Actor,
    before: &Instance,
    after: &Instance,
    detail: String,
) -> Result<(), StoreError> {
    let draft = EventDraft {
        instance: Some(after.id),
        resource: None,
        subject: after.name.clone(),
        actor: by.clone(),
        action: "instance.edited",
        outcome: Outcome::Done,
        detail,
        changes: changes(before, after),
    };
    events::record(tx, draft).map(drop)
}
