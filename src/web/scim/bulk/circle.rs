//! Operations that refer to each other: RFC 7644 §3.7.1. Each creates, so none of them can come first; they run in one
//! savepoint, in two rounds.

use serde_json::json;

use super::UNIT;
use super::run::{Item, Made, Progress, Work, made};
use crate::directory::{ChangeError, Door};
use crate::scim::bulk::{Ask, Method, resolve, set_apart};
use crate::scim::error::ScimError;
use crate::scim::etag::Precondition;
use crate::scim::urn;
use crate::web::scim::change::Write;
use crate::web::scim::failure::Failure;
use crate::web::scim::gate::Caller;

impl Progress {
    /// Runs operations that refer to each other: all are made, or none is.
    ///
    /// # Errors
    /// The unit of work is lost.
    pub(super) fn circle(
        &mut self,
        door: Door<'_>,
        items: Vec<Item>,
        caller: &Caller,
    ) -> Result<(), ChangeError> {
        let mut at_fault = 0;
        let ran = if items.len() > UNIT {
            Err(ScimError::new(409, format!(
                "More than {UNIT} operations refer to each other in a circle; nothing was changed. Create them without \
                 these references, then add them.",
            )).into())
        } else {
            door.tx
                .apart(|| self.make_circle(door, &items, caller, &mut at_fault))?
        };
        match ran {
            Ok(made) => {
                for (item, made) in items.into_iter().zip(made) {
                    self.note(item.at, item.bulk_id, None, Ok(made));
                }
            }
            Err(failure) => {
                let refusal = failure.into_error();
                for (n, item) in items.into_iter().enumerate() {
                    let other = || {
                        let text = "An operation that refers to this one, and to which this one refers, was refused; \
                                    nothing was changed.";
                        ScimError::new(409, text)
                    };
                    let why = if n == at_fault { refusal.clone() } else { other() };
                    self.note(item.at, item.bulk_id, None, Err(why.into()));
                }
            }
        }
        Ok(())
    }

    /// Creates each without what cannot be known yet, then adds that.
    fn make_circle(
        &self,
        door: Door<'_>,
        items: &[Item],
        caller: &Caller,
        at_fault: &mut usize,
    ) -> Result<Vec<Made>, Failure> {
        let own: Vec<&str> = items.iter().filter_map(|item| item.bulk_id.as_deref()).collect();
        let mut created = self.created.clone();
        let mut all: Vec<Made> = Vec::with_capacity(items.len());
        let mut later = Vec::with_capacity(items.len());
        for (n, item) in items.iter().enumerate() {
            *at_fault = n;
            let Work::Ask(ask) = &item.work else { continue };
            let mut ask = Ask::clone(ask);
            resolve(&mut ask, |bulk_id| {
                if own.contains(&bulk_id) && !created.has(bulk_id) {
                    Ok(None)
                } else {
                    created.id(bulk_id).map(Some)
                }
            })?;
            let rest = set_apart(&mut ask.data);
            let made = made(Write::read(ask, caller)?, door)?;
            if let (Some(bulk_id), Some((_, id))) = (&item.bulk_id, &made.about) {
                created.note(bulk_id.clone(), Some(id.clone()));
            }
            later.push(rest.zip(made.about.clone()));
            all.push(made);
        }
        for (n, later) in later.into_iter().enumerate() {
            *at_fault = n;
            let Some((rest, (kind, id))) = later else { continue };
            let mut ask = Ask {
                method: Method::Patch,
                kind,
                id: Some(id),
                data: json!({ "schemas": [urn::PATCH_OP], "Operations": [{ "op": "add", "value": rest }] }),
                only_if: Precondition::default(),
            };
            resolve(&mut ask, |bulk_id| created.id(bulk_id).map(Some))?;
            let added = made(Write::read(ask, caller)?, door)?;
            if let Some(made) = all.get_mut(n) {
                made.version = added.version;
            }
        }
        Ok(all)
    }
}
