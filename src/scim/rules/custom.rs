//! Declared attributes: what an instance knows of extensions beside those that this core describes.
use crate::scim::schema::{Form, ResourceType};

/// The attributes of extensions that were declared for one instance; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Custom {
    declared: Vec<Declared>,
}

/// One declared attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// What has it.
    pub resource: ResourceType,
    /// The URN of its extension, in the spelling that is stored and answered.
    pub urn: String,
    /// Its name, in the spelling that is stored and answered.
    pub name: String,
    /// What its values are.
    pub form: Form,
}

impl Custom {
    /// For documents that no instance has rules for.
    pub fn none() -> &'static Self {
        static NONE: Custom = Custom { declared: Vec::new() };
        &NONE
    }

    /// All of them, in the order in which they are published.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// The declaration of an attribute, by names in any letter case.
    pub(crate) fn find(&self, resource: ResourceType, urn: &str, name: &str) -> Option<&Declared> {
        self.declared.iter().find(|declared| {
            declared.resource == resource
                && declared.name.eq_ignore_ascii_case(name)
                && declared.urn.eq_ignore_ascii_case(urn)
        })
    }
}
