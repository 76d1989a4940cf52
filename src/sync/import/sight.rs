//! An account or group of a page, and what is worked out of it before the writer is asked: the writer is one thread for
//! everybody. Pure.

use crate::connector::Remote;
use crate::mapping;
use crate::model::Fingerprint;
use crate::scim::fold;
use crate::scim::schema::ResourceType;

/// What the app shows of one.
#[derive(Clone, Debug)]
pub(in crate::sync) struct Sight {
    pub(in crate::sync) remote: Remote,
    /// Of what it holds.
    pub(super) print: Fingerprint,
    /// Its folded userName or displayName.
    pub(super) name: Option<String>,
    pub(super) active: bool,
}

impl Sight {
    pub(in crate::sync) fn of(kind: ResourceType, remote: Remote) -> Self {
        Self {
            print: mapping::fingerprint(kind, &remote.attributes),
            name: mapping::text(&remote.attributes, mapping::name_path(kind)).map(fold),
            active: mapping::is_active(&remote.attributes),
            remote,
        }
    }

    pub(super) fn external(&self) -> Option<&str> {
        mapping::text(&self.remote.attributes, "externalId")
    }
}
