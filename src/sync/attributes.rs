//! Attributes that an admin declares for an instance: from then on values are held to them, and discovery tells of them.
//! Nothing that is stored changes, and nothing is pushed, by a declaration alone.

use super::manage::{ManageError, Manager, gone, tell};
use crate::mapping;
use crate::model::{Actor, InstanceId};
use crate::scim::rules::{Custom, Declared};
use crate::scim::schema::ResourceType;
use crate::store::{Lane, Tx, custom, instances};

impl Manager {
    /// Declares an attribute; as it is from now on.
    ///
    /// # Errors
    /// `Declare` when it cannot be; the instance is gone; the store's.
    pub async fn declare(&self, by: Actor, id: InstanceId, new: Declared) -> Result<Declared, ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<Declared, ManageError> {
            let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
            let mut all = custom::of(tx, id)?;
            let declared = all.add(new)?.clone();
            custom::insert(tx, id, &declared)?;
            tell(tx, &instance, &by, "attribute.declared", &described(&declared))?;
            Ok(declared)
        };
        self.store.write(Lane::Front, Some(id), work).await
    }

    /// Takes a declaration back, of one resource type or of both; those that were taken back. What is stored stays, as of
    /// any extension that nobody declared.
    ///
    /// # Errors
    /// `Refused` when there is none; the instance is gone; the store's.
    pub async fn undeclare(
        &self,
        by: Actor,
        id: InstanceId,
        resource: Option<ResourceType>,
        urn: String,
        name: String,
    ) -> Result<Vec<Declared>, ManageError> {
        let work = move |tx: &Tx<'_>| -> Result<Vec<Declared>, ManageError> {
            let instance = instances::by_id(tx, id)?.ok_or_else(gone)?;
            let all = custom::of(tx, id)?;
            let kinds = ResourceType::ALL
                .into_iter()
                .filter(|kind| resource.is_none_or(|resource| resource == *kind));
            let meant: Vec<Declared> = kinds
                .filter_map(|kind| all.find(kind, urn.trim(), name.trim()).cloned())
                .collect();
            if meant.is_empty() {
                return Err(ManageError::Refused("This attribute is not declared.".into()));
            }
            let kept = all.declared().iter().filter(|one| !meant.contains(one));
            let kept = Custom::new(kept.cloned().collect());
            let can_be_read = |custom| mapping::check(&mut instance.policies.clone(), custom).is_ok();
            if can_be_read(&all) && !can_be_read(&kept) {
                let text = "The mapping uses this attribute: change or remove that row under Scope and mapping first.";
                return Err(ManageError::Refused(text.into()));
            }
            for one in &meant {
                custom::delete(tx, id, one.resource, &one.urn, &one.name)?;
                tell(tx, &instance, &by, "attribute.undeclared", &described(one))?;
            }
            Ok(meant)
        };
        self.store.write(Lane::Front, Some(id), work).await
    }
}

/// `urn:…:badge of users: integer`.
fn described(declared: &Declared) -> String {
    let of = declared.resource.endpoint().to_lowercase();
    let many = if declared.form.multi_valued {
        ", multi-valued"
    } else {
        ""
    };
    format!("{} of {of}: {}{many}", declared.path(), declared.form.kind.name())
}
