//! One candidate after the other, by the evaluator; with members and groups beside the document where a filter or an order
//! asks for them. All that is looked at is counted.

use serde_json::{Value, json};

use super::plan::{asks_for, asks_for_version, is_version};
use crate::scim::filter::Filter;
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::sort::Sort;
use crate::scim::{Attributes, etag, eval};
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
    with_version: bool,
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
            with_version: kind == ResourceType::User
                && (filter.is_some_and(asks_for_version) || sort.is_some_and(|sort| is_version(&sort.by))),
        }
    }

    /// Whether a filter asks for more than the document holds.
    pub(super) fn needs_more(filter: &Filter) -> bool {
        asks_for(filter, "members") || asks_for(filter, "groups") || asks_for_version(filter)
    }

    /// The document, with what is asked for beside it, if it meets the filter.
    pub(super) fn judge(&self, row: i64, text: &str) -> Result<Option<Attributes>, StoreError> {
        self.meter.spend(1)?;
        let mut document: Attributes =
            serde_json::from_str(text).map_err(|_| StoreError::Damaged("document"))?;
        if self.with_members {
            self.meter.spend(members::count(self.rx, row)?.unsigned_abs())?;
            let list = members::list(self.rx, row, 0, usize::MAX)?;
            document.insert("members".into(), references(&list, |m| m.kind.name()));
        }
        if self.with_groups || self.with_version {
            let list = members::groups_of(self.rx, row)?;
            self.meter.spend(list.len() as u64)?;
            if self.with_version && !list.is_empty() {
                as_shown(&mut document, &list);
            }
            document.insert("groups".into(), references(&list, |_| "direct"));
        }
        let meets = self
            .filter
            .is_none_or(|filter| eval::matches(filter, self.kind, self.custom, &document));
        Ok(meets.then_some(document))
    }
}

/// The version of a user who is in groups, as an answer shows it (`scim::etag`).
fn as_shown(document: &mut Attributes, groups: &[members::Member]) {
    let Some(Value::String(shown)) = document.get_mut("meta").and_then(|meta| meta.get_mut("version")) else {
        return;
    };
    let stored = shown.trim_start_matches("W/").trim_matches('"');
    *shown = etag::tag(stored, Some(members::fingerprint(groups)));
}

/// As an answer shows them, but for the addresses.
fn references(list: &[members::Member], kind: impl Fn(&members::Member) -> &'static str) -> Value {
    list.iter()
        .map(|m| json!({"value": m.id, "display": m.display, "type": kind(m)}))
        .collect()
}
