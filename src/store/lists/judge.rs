//! One candidate after the other, by the evaluator; with members and groups beside the document where a filter or an order
//! asks for them. All that is looked at is counted.

use serde_json::{Value, json};

use super::plan::asks_for;
use crate::scim::filter::Filter;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::sort::Sort;
use crate::scim::{Attributes, eval};
use crate::store::scan::Meter;
use crate::store::{Rx, StoreError, members};

/// Decides about one candidate after the other, by the evaluator.
pub(super) struct Judge<'a> {
    rx: &'a Rx<'a>,
    meter: &'a Meter,
    kind: ResourceType,
    custom: &'a Custom,
    filter: Option<&'a Filter>,
    with_members: bool,
    with_groups: bool,
}

impl<'a> Judge<'a> {
    pub(super) fn new(
        rx: &'a Rx<'a>,
        meter: &'a Meter,
        kind: ResourceType,
        custom: &'a Custom,
        filter: Option<&'a Filter>,
        sort: Option<&Sort>,
    ) -> Self {
        let asked = |name: &str| {
            filter.is_some_and(|filter| asks_for(filter, name))
                || sort.is_some_and(|sort| sort.by.name.eq_ignore_ascii_case(name))
        };
        Self {
            rx,
            meter,
            kind,
            custom,
            filter,
            with_members: kind == ResourceType::Group && asked("members"),
            with_groups: kind == ResourceType::User && asked("groups"),
        }
    }

    /// Whether a filter asks for more than the document holds.
    pub(super) fn needs_more(filter: &Filter) -> bool {
        asks_for(filter, "members") || asks_for(filter, "groups")
    }

    /// The document, with what is asked for beside it, if it meets the filter.
    pub(super) fn judge(&self, row: i64, text: &str) -> Result<Option<Attributes>, StoreError> {
        self.meter.spend(1)?;
        let mut document: Attributes =
            serde_json::from_str(text).map_err(|_| StoreError::Damaged("document"))?;
        if self.with_members {
            self.meter.spend(members::count(self.rx, row)?.unsigned_abs())?;
            let list = members::list(self.rx, row, 0, usize::MAX)?;
            document.insert("members".into(), references(list));
        }
        if self.with_groups {
            let list = members::groups_of(self.rx, row)?;
            self.meter.spend(list.len() as u64)?;
            document.insert("groups".into(), references(list));
        }
        let meets = self
            .filter
            .is_none_or(|filter| eval::matches(filter, self.kind, self.custom, &document));
        Ok(meets.then_some(document))
    }
}

fn references(list: Vec<members::Member>) -> Value {
    list.into_iter()
        .map(|m| json!({"value": m.id, "display": m.display, "type": m.kind.name()}))
        .collect()
}
