//! A change that an admin makes to a user or group: through the one door, like an identity provider's, and carried onward
//! by the same engine. What it wrote is the admin's from then on (DESIGN §1).

use super::ask::Ask;
use super::fail::Fail;
use crate::directory::{ChangeError, Door};
use crate::mapping::work_email;
use crate::model::{Instance, Resource};
use crate::scim::error::ScimError;
use crate::scim::etag::Precondition;
use crate::scim::resource;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, fold};
use crate::store::{Lane, Rx, StoreError, Tx, access, instances, resources};

/// Does it in one unit of work, with the instance as it is then. A refusal by SCIM's rules is given back, for the form to
/// tell; nothing was changed.
///
/// # Errors
/// `NotFound` when the instance or what was to be changed is gone; the store's.
pub async fn change<T, F>(ask: &Ask, work: F) -> Result<Result<T, ScimError>, Fail>
where
    T: Send + 'static,
    F: FnOnce(Door<'_>) -> Result<T, ChangeError> + Send + 'static,
{
    let (id, by) = (ask.instance().await?.id, ask.actor()?);
    let run = move |tx: &Tx<'_>| -> Result<T, ChangeError> {
        let Some(instance) = instances::by_id(tx, id)? else {
            return Err(ScimError::not_found("The instance is gone.").into());
        };
        work(Door {
            tx,
            instance: &instance,
            actor: &by,
        })
    };
    match ask.pages.store().write(Lane::Front, Some(id), run).await {
        Ok(done) => {
            ask.pages.engine.wake();
            Ok(Ok(done))
        }
        Err(ChangeError::Scim(error)) if error.status == 404 => Err(Fail::NotFound),
        Err(ChangeError::Scim(error)) => Ok(Err(error)),
        Err(ChangeError::Store(error)) => Err(error.into()),
    }
}

/// The user or group in the address.
///
/// # Errors
/// `NotFound`; the store's.
pub async fn find(ask: &Ask, kind: ResourceType) -> Result<Resource, Fail> {
    let (instance, id) = (ask.instance().await?.id, ask.part("id"));
    let found = ask
        .read(move |rx, _| Ok::<_, Fail>(resources::by_id(rx, instance, kind, &id)?))
        .await?;
    found.ok_or(Fail::NotFound)
}

/// What the form asks of the version that it meets: the one it was made from.
///
/// # Errors
/// `Form` when it carries none.
pub fn only_if(version: Option<i64>) -> Result<Precondition, Fail> {
    let version = version.ok_or(Fail::Form)?;
    Precondition::parse(Some(&format!("W/\"{version}\"")), None).map_err(|_| Fail::Form)
}

/// Whether a refusal says that somebody else changed it meanwhile.
#[must_use]
pub fn is_overtaken(error: &ScimError) -> bool {
    error.status == 412
}

/// A refusal as a person reads it: without the number of an operation that they never wrote.
#[must_use]
pub fn said(error: &ScimError) -> &str {
    let text = error.detail.as_str();
    match (operation(error), text.split_once(": ")) {
        (Some(_), Some((_, rest))) => rest,
        _ => text,
    }
}

/// The operation that a refusal is about, from 1.
#[must_use]
pub fn operation(error: &ScimError) -> Option<usize> {
    let (number, _) = error.detail.strip_prefix("Operation ")?.split_once(": ")?;
    number.parse().ok()
}

/// What a form says of others who write here, too; empty: nobody does.
///
/// # Errors
/// When the database fails.
pub fn others(rx: &Rx<'_>, instance: &Instance) -> Result<String, StoreError> {
    let live = access::keys(rx, instance.id)?.iter().any(|k| k.is_live(rx.now()));
    Ok(if live {
        "An identity provider holds a key of this instance: it may write its own value again.".into()
    } else {
        String::new()
    })
}

/// The attributes with this work e-mail in place of what they have; an empty one takes it away. All other addresses stay.
#[must_use]
pub fn with_work_email(attributes: &Attributes, typed: &str) -> Option<serde_json::Value> {
    let mut all = match resource::get(attributes, "emails") {
        Some(serde_json::Value::Array(all)) => all.clone(),
        _ => Vec::new(),
    };
    match (work_email(attributes), typed) {
        (Some((at, _)), "") => {
            all.remove(at);
        }
        (Some((at, _)), typed) => {
            if let Some(serde_json::Value::Object(one)) = all.get_mut(at) {
                one.insert("value".into(), typed.into());
            }
        }
        (None, "") => {}
        (None, typed) => {
            let primary = all.is_empty();
            all.push(serde_json::json!({"value": typed, "type": "work", "primary": primary}));
        }
    }
    (!all.is_empty()).then_some(all.into())
}

/// Whether what was typed to confirm is the name, whatever its letter case and the blanks around it.
#[must_use]
pub fn is_name(typed: &str, name: &str) -> bool {
    !typed.trim().is_empty() && fold(typed.trim()) == fold(name.trim())
}

/// Part of the address under which a user or group is shown.
#[must_use]
pub fn place(kind: ResourceType) -> &'static str {
    match kind {
        ResourceType::User => "users",
        ResourceType::Group => "groups",
    }
}

#[cfg(test)]
mod tests;
