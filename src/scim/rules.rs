//! What an instance goes by beside the protocol: how much one request may ask for, and which attributes were declared for
//! it. Both reach this core as values; where they are kept and who may change them is not known here.
mod custom;
#[cfg(test)]
mod tests;

pub use custom::{Custom, DeclareError, Declared};

use super::error::ScimError;

/// What the requests of one instance are held to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    /// How much one request may ask for.
    pub limits: Limits,
    /// The attributes that were declared for the instance.
    pub custom: Custom,
}

/// How much one request may ask for. A request that goes past one of these is refused with its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest body, in bytes.
    pub body_bytes: usize,
    /// Deepest nesting of lists and objects in a body, in levels; at most [`Limits::MOST_NESTING`].
    pub nesting: usize,
    /// Longest filter, in bytes.
    pub filter_bytes: usize,
    /// Most comparisons in one filter.
    pub filter_terms: usize,
    /// Deepest nesting of groups and value paths in a filter, in levels; at most [`Limits::MOST_FILTER_DEPTH`].
    pub filter_depth: usize,
    /// Most operations in one PATCH.
    pub patch_operations: usize,
    /// Most operations in one bulk request.
    pub bulk_operations: usize,
    /// Most members that one request may name.
    pub members: usize,
    /// Most resources on one page of a list.
    pub results: usize,
}

impl Limits {
    /// What the JSON reader takes, whatever is asked for.
    pub const MOST_NESTING: usize = 127;
    /// What the stack surely holds: filters are read and evaluated by recursion.
    pub const MOST_FILTER_DEPTH: usize = 100;

    /// Longest query string, in bytes: each byte of a filter may take three of them, and names of attributes come with it.
    pub(super) fn query_bytes(&self) -> usize {
        4 * self.filter_bytes + 16 * 1024
    }

    /// Refuses a request that names more members than it may.
    pub(super) fn hold_members(&self, named: usize) -> Result<(), ScimError> {
        if named > self.members {
            return Err(ScimError::too_many(format!(
                "A request may name at most {} members; split it.",
                self.members
            )));
        }
        Ok(())
    }
}

impl Default for Limits {
    /// Room for what identity providers were seen to send: 1 MiB is a group of 10,000 members.
    fn default() -> Self {
        Self {
            body_bytes: 1024 * 1024,
            nesting: 64,
            filter_bytes: 4096,
            filter_terms: 100,
            filter_depth: 20,
            patch_operations: 1000,
            bulk_operations: 1000,
            members: 10_000,
            results: 1000,
        }
    }
}
