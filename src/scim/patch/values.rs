//! Changes of some values of a multi-valued attribute: those that a filter selects, or that are named one by one.
use std::collections::BTreeSet;

use serde_json::Value;

use crate::scim::Attributes;
use crate::scim::error::{ScimError, quote};
use crate::scim::eval::value_matches;
use crate::scim::filter::{CompareOp, Filter};
use crate::scim::path::Place;
use crate::scim::resource::write::{Mode, array_at, drop_if_empty, holder, make_only_primary, merge};
use crate::scim::resource::{MAX_VALUES, checked, checked_simple, is_hollow};
use crate::scim::schema::Attribute;
use crate::scim::tolerance::Notes;

/// A part of a value and what it becomes; `None` clears it.
type Part = (&'static str, Option<Value>);

/// `emails[type eq "work"]`, and what becomes of the values it selects.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Selected {
    attribute: &'static Attribute,
    filter: Filter,
    change: Change,
}

#[derive(Debug, Clone, PartialEq)]
enum Change {
    /// Take the values away.
    Remove,
    /// Clear a part of each.
    Clear(&'static str),
    /// Set or clear parts of each. With a template, a value is made of it where none was selected.
    Set {
        parts: Vec<Part>,
        template: Option<Vec<Part>>,
    },
    /// Put a new value in place of each. What the filter asked for stays, if the new value does not say otherwise.
    Replace { parts: Vec<Part> },
}

impl Selected {
    pub(super) fn remove(
        attribute: &'static Attribute,
        filter: Filter,
        sub: Option<&'static Attribute>,
    ) -> Self {
        let change = sub.map_or(Change::Remove, |sub| Change::Clear(sub.name));
        Self {
            attribute,
            filter,
            change,
        }
    }

    /// An `add` that selects nothing makes the value (Entra relies on it; the RFC has an error for `replace` only).
    pub(super) fn write(
        attribute: &'static Attribute,
        filter: Filter,
        sub: Option<&'static Attribute>,
        mode: Mode,
        value: Value,
        notes: &mut Notes,
    ) -> Result<Self, ScimError> {
        let change = match (sub, mode) {
            (Some(sub), mode) => {
                let parts = vec![(sub.name, checked(sub, value, notes)?)];
                Change::Set {
                    parts,
                    template: template_for(mode, attribute, &filter, notes),
                }
            }
            (None, Mode::Add) => Change::Set {
                parts: whole(attribute, value, notes)?,
                template: template_for(mode, attribute, &filter, notes),
            },
            (None, Mode::Replace) => Change::Replace {
                parts: whole(attribute, value, notes)?,
            },
        };
        Ok(Self {
            attribute,
            filter,
            change,
        })
    }

    pub(super) fn apply(
        &self,
        document: &mut Attributes,
        touched: &mut BTreeSet<String>,
    ) -> Result<(), ScimError> {
        let values = array_at(document, self.attribute.name);
        let is_selected = |value: &Value| value_matches(&self.filter, self.attribute, value);
        let selected: Vec<usize> = values
            .iter()
            .enumerate()
            .filter(|(_, value)| is_selected(value))
            .map(|(at, _)| at)
            .collect();
        let result = match &self.change {
            Change::Remove => {
                values.retain(|value| !is_selected(value));
                Ok(())
            }
            Change::Clear(name) => {
                self.set(values, &selected, &[(*name, None)]);
                Ok(())
            }
            Change::Set { parts, template } => match (selected.is_empty(), template) {
                (false, _) => {
                    self.set(values, &selected, parts);
                    Ok(())
                }
                (true, Some(template)) => self.make(values, template, parts),
                (true, None) => Err(self.no_target()),
            },
            Change::Replace { .. } if selected.is_empty() => Err(self.no_target()),
            Change::Replace { parts } => {
                for at in &selected {
                    if let Some(value) = values.get_mut(*at) {
                        *value = Value::Object(kept(value, &self.filter, self.attribute));
                    }
                }
                self.set(values, &selected, parts);
                Ok(())
            }
        };
        drop_if_empty(document, self.attribute.name);
        touched.insert(self.attribute.name.to_owned());
        result
    }

    fn set(&self, values: &mut Vec<Value>, selected: &[usize], parts: &[Part]) {
        for at in selected {
            values
                .get_mut(*at)
                .into_iter()
                .for_each(|value| merge(value, parts));
        }
        if let Some(first) = selected.first().filter(|_| makes_primary(parts)) {
            make_only_primary(values, *first);
        }
        // A value that was left with nothing but its type is none.
        if parts.iter().any(|(_, part)| part.is_none()) {
            let mut at = 0;
            values.retain(|value| {
                at += 1;
                !(selected.contains(&(at - 1)) && value.as_object().is_some_and(is_hollow))
            });
        }
    }

    fn make(&self, values: &mut Vec<Value>, template: &[Part], parts: &[Part]) -> Result<(), ScimError> {
        if parts.iter().all(|(_, part)| part.is_none()) {
            return Ok(());
        }
        if values.len() >= MAX_VALUES {
            return Err(ScimError::invalid_value(format!(
                "'{}' has more than {MAX_VALUES} values.",
                self.attribute.name
            )));
        }
        let mut value = Value::Object(Attributes::new());
        merge(&mut value, template);
        merge(&mut value, parts);
        let primary = value.get("primary") == Some(&Value::Bool(true));
        values.push(value);
        if primary {
            let last = values.len() - 1;
            make_only_primary(values, last);
        }
        Ok(())
    }

    fn no_target(&self) -> ScimError {
        ScimError::no_target(format!(
            "No value of '{}' matches {}.",
            self.attribute.name,
            quote(&self.filter.to_string())
        ))
    }
}

fn makes_primary(parts: &[Part]) -> bool {
    parts
        .iter()
        .any(|(name, part)| *name == "primary" && *part == Some(Value::Bool(true)))
}

/// The parts of a value that is given as a whole. It may stand in an array, or be the bare string of its `value`.
fn whole(attribute: &'static Attribute, value: Value, notes: &mut Notes) -> Result<Vec<Part>, ScimError> {
    let one = match value {
        Value::Array(values) if values.len() != 1 => {
            return Err(ScimError::invalid_value(format!(
                "The value for a selected value of '{}' has to be one object.",
                attribute.name
            )));
        }
        Value::Array(values) => Value::Array(values),
        one => Value::Array(vec![one]),
    };
    let Some(Value::Array(mut values)) = checked(attribute, one, notes)? else {
        return Err(ScimError::invalid_value(format!(
            "The value for '{}' is empty; use remove.",
            attribute.name
        )));
    };
    let Some(Value::Object(object)) = values.pop() else {
        return Ok(Vec::new());
    };
    Ok(object
        .into_iter()
        .filter_map(|(name, part)| Some((attribute.sub(&name)?.name, Some(part))))
        .collect())
}

fn template_for(
    mode: Mode,
    attribute: &'static Attribute,
    filter: &Filter,
    notes: &mut Notes,
) -> Option<Vec<Part>> {
    if mode == Mode::Add {
        template(attribute, filter, notes)
    } else {
        None
    }
}

/// What a value has to be made of to match: only conditions of the form `sub eq value` say that.
fn template(attribute: &'static Attribute, filter: &Filter, notes: &mut Notes) -> Option<Vec<Part>> {
    let condition = |filter: &Filter, notes: &mut Notes| match filter {
        Filter::Compare {
            path,
            op: CompareOp::Eq,
            value,
        } => {
            let sub = attribute.sub(&path.name)?;
            Some((sub.name, Some(checked(sub, value.clone(), notes).ok()??)))
        }
        _ => None,
    };
    filter
        .conjuncts()
        .iter()
        .map(|part| condition(part, notes))
        .collect()
}

/// What stays of a value that is replaced: the parts that the filter asked for.
fn kept(value: &Value, filter: &Filter, attribute: &'static Attribute) -> Attributes {
    let asked = template(attribute, filter, &mut Notes::default()).unwrap_or_default();
    let part = |name: &str| Some((name.to_owned(), value.get(name)?.clone()));
    asked.iter().filter_map(|(name, _)| part(name)).collect()
}

/// Refuses a filter with names that the attribute's values do not have.
pub(super) fn check_filter(attribute: &'static Attribute, filter: &Filter) -> Result<(), ScimError> {
    match filter {
        Filter::And(parts) | Filter::Or(parts) => {
            parts.iter().try_for_each(|part| check_filter(attribute, part))
        }
        Filter::Not(filter) => check_filter(attribute, filter),
        Filter::Compare { path, .. } | Filter::Present(path) | Filter::ValuePath { attr: path, .. } => {
            let known = path.urn.is_none() && path.sub.is_none() && attribute.sub(&path.name).is_some();
            if known {
                Ok(())
            } else {
                Err(ScimError::invalid_path(format!(
                    "A value of '{}' has no {}.",
                    attribute.name,
                    quote(&path.to_string())
                )))
            }
        }
    }
}

/// The ids that a filter on members names, if that is all it does: `value eq "a" or value eq "b"`.
pub(super) fn ids(filter: &Filter) -> Option<Vec<String>> {
    match filter {
        Filter::Compare {
            path,
            op: CompareOp::Eq,
            value: Value::String(id),
        } if path.name.eq_ignore_ascii_case("value") => Some(vec![id.clone()]),
        Filter::Or(parts) => Some(parts.iter().map(ids).collect::<Option<Vec<_>>>()?.concat()),
        _ => None,
    }
}

/// A `remove` that names the values in its own `value`: those go that have all parts of one of the named.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Taken {
    place: Place,
    named: Vec<Value>,
}

impl Taken {
    /// Whether single values can be taken from there.
    pub(super) fn can(place: &Place) -> bool {
        !matches!(place, Place::Known { sub: Some(_), .. })
            && place.form().is_some_and(|form| form.multi_valued)
    }

    pub(super) fn new(place: Place, value: Value, notes: &mut Notes) -> Result<Self, ScimError> {
        let checked = match &place {
            Place::Known { attribute, .. } => checked(attribute, value, notes)?,
            Place::Foreign { form: Some(form), .. } => {
                checked_simple(&place.to_string(), *form, value, notes)?
            }
            Place::Foreign { form: None, .. } => None,
        };
        match checked {
            Some(Value::Array(named)) => Ok(Self { place, named }),
            _ => Err(ScimError::invalid_value(format!(
                "The list of values to remove from '{place}' is empty."
            ))),
        }
    }

    pub(super) fn apply(&self, document: &mut Attributes, touched: &mut BTreeSet<String>) {
        let has = |value: &Value, named: &Value| match named {
            Value::Object(parts) => parts.iter().all(|(name, part)| value.get(name) == Some(part)),
            simple => value == simple,
        };
        let (object, name) = holder(&self.place, document, touched);
        array_at(object, &name).retain(|value| !self.named.iter().any(|named| has(value, named)));
        drop_if_empty(object, &name);
    }
}
