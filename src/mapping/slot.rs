//! Where in the app a row of the mapping writes: a simple attribute, a part of one, a declared one, or the work value of
//! e-mails or phone numbers. Not every path of the protocol: what cannot be written as one text is left out, or goes as
//! it is.

use std::fmt;

use serde_json::{Value, json};

use super::is_pushable;
use super::work::{WORK, is_of_type};
use crate::scim::filter::{CompareOp, Filter};
use crate::scim::path::{PatchPath, Place};
use crate::scim::rules::{Custom, Rules};
use crate::scim::schema::{Form, ResourceType, Type};
use crate::scim::{Attributes, resource, urn};

/// Longest path, in bytes: room for that of a declared attribute.
pub(super) const LONGEST: usize = 400;
/// How a template and a path may call the enterprise extension.
pub(super) const ENTERPRISE: &str = "enterprise";
/// How they may call the attributes that were declared for the instance.
pub(super) const CUSTOM: &str = "custom";
/// The path that stands for all attributes without a row.
pub const REST: &str = "*";

/// A place that a row can fill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slot {
    /// The path in documents and fingerprints: `name.givenName`, `emails`; or `*`.
    pub path: String,
    takes: Takes,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Takes {
    /// One value of this type.
    One(Type),
    /// The value of type `work` among several.
    Work,
    /// The same, and no other beside it.
    OnlyWork,
    /// It can be left out or go as it is, but not be made from text.
    Whole,
    /// All that has no row: it can only be left out.
    Rest,
}

impl Slot {
    /// Reads the path of a row. `custom`: what was declared for the instance.
    ///
    /// # Errors
    /// A sentence that says what else to write.
    pub fn read(kind: ResourceType, text: &str, custom: &Custom) -> Result<Self, String> {
        let text = text.trim();
        let refuse = || {
            format!(
                "“{text}” is no attribute that a {} has in the app. Write one like displayName, name.givenName, \
                 enterprise.department or emails[type eq \"work\"].value.",
                kind.name()
            )
        };
        if text == REST {
            return Ok(Self {
                path: REST.into(),
                takes: Takes::Rest,
            });
        }
        if text.is_empty() || text.len() > LONGEST {
            return Err(refuse());
        }
        let named = long(kind, text, custom);
        match PatchPath::parse(&named, &Rules::default()).map_err(|_| refuse())? {
            PatchPath::Attr(path) => Self::at(kind, path.resolve(kind, custom).ok_or_else(refuse)?),
            PatchPath::Value { attr, filter, sub } if is_work(&filter) && sub.as_deref() == Some("value") => {
                let mut known = WORK.into_iter().map(|(_, path)| path);
                let path = known.find(|path| attr.name.eq_ignore_ascii_case(path));
                let path = path.filter(|_| kind == ResourceType::User).ok_or_else(refuse)?;
                Ok(Self {
                    path: path.into(),
                    takes: Takes::Work,
                })
            }
            PatchPath::Value { .. } | PatchPath::Extension(_) => Err(refuse()),
        }
    }

    fn at(kind: ResourceType, place: Place) -> Result<Self, String> {
        let path = place.to_string();
        let is_part = match &place {
            Place::Known {
                attribute,
                sub,
                extension,
            } => sub.is_some() && (!attribute.is_single_complex() || extension.is_some()),
            Place::Foreign { .. } => false,
        };
        let Some(Form {
            kind: of,
            multi_valued,
            ..
        }) = place.form()
        else {
            return Err(format!(
                "“{path}” is not declared for this instance: it goes as it is. To write it, declare it under Attributes first."
            ));
        };
        if path == "active" {
            return Err("Access follows the person here; no template decides about “active”.".into());
        }
        if !is_pushable(kind, &path) {
            return Err(format!("“{path}” is never sent to an app."));
        }
        if is_part {
            return Err(format!(
                "“{path}” is a part of several values or of an extension's object. Write the whole attribute, or like emails[type eq \"work\"].value."
            ));
        }
        let takes = match of {
            _ if WORK.iter().any(|(_, work)| *work == path) => Takes::OnlyWork,
            Type::Complex => Takes::Whole,
            _ if multi_valued => Takes::Whole,
            of => Takes::One(of),
        };
        Ok(Self { path, takes })
    }

    /// Whether a template can make its value; if not, the attribute can be left out or go as it is.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        !matches!(self.takes, Takes::Whole | Takes::Rest)
    }

    /// Whether it stands for all attributes without a row.
    #[must_use]
    pub fn is_rest(&self) -> bool {
        self.takes == Takes::Rest
    }

    /// Whether the template says that what has several values or parts goes as it is here: `{{ emails }}` at `emails`.
    pub(super) fn is_as_it_is(&self, template: &str) -> bool {
        let inner = template.strip_prefix("{{").and_then(|t| t.strip_suffix("}}"));
        let inner = inner.map(str::trim).unwrap_or_default();
        let long = inner.strip_prefix(ENTERPRISE).and_then(|t| t.strip_prefix('.'));
        let is_it = match long {
            Some(name) => self.path == format!("{}:{name}", urn::ENTERPRISE_USER),
            None => self.path == inner,
        };
        is_it && matches!(self.takes, Takes::Whole | Takes::OnlyWork)
    }

    /// Puts what a template gave; empty takes the value out.
    ///
    /// # Errors
    /// What is wrong with the text: it is no value of this attribute, and nothing was changed.
    pub(super) fn put(&self, document: &mut Attributes, text: &str) -> Result<(), String> {
        let known = || resource::get(document, &self.path);
        let value = match self.takes {
            _ if text.is_empty() => None,
            Takes::One(kind) => Some(resource::of_text(kind, text).ok_or_else(|| other(kind))?),
            Takes::Work => Some(with_work(known(), text, true)),
            Takes::OnlyWork => Some(with_work(known(), text, false)),
            Takes::Whole | Takes::Rest => return Err("it can only be left out or go as it is".into()),
        };
        resource::set(document, &self.path, value);
        Ok(())
    }
}

/// A path with its short beginning written out.
fn long(kind: ResourceType, text: &str, custom: &Custom) -> String {
    let after = |short: &str| text.strip_prefix(short).and_then(|rest| rest.strip_prefix('.'));
    let declared = after(CUSTOM).and_then(|name| called(kind, name, custom));
    match (after(ENTERPRISE), declared) {
        (Some(rest), _) => format!("{}:{rest}", urn::ENTERPRISE_USER),
        (None, Some(path)) => path,
        (None, None) => text.to_owned(),
    }
}

/// The path of the declared attribute with this name; of several, the first.
fn called(kind: ResourceType, name: &str, custom: &Custom) -> Option<String> {
    let mut declared = custom.declared().iter().filter(|d| d.resource == kind);
    Some(declared.find(|d| d.name.eq_ignore_ascii_case(name))?.path())
}

/// What an attribute of this type takes, said where a template gave something else.
fn other(kind: Type) -> String {
    let takes = match kind {
        Type::Boolean => "true or false",
        Type::Integer => "a whole number",
        Type::Decimal => "a number",
        Type::DateTime => "a date and time such as 2027-01-31T08:00:00Z",
        Type::Binary => "base64",
        Type::String | Type::Reference | Type::Complex => "a text",
    };
    format!("it gives something else than {takes}")
}

impl fmt::Display for Slot {
    /// The path as a row holds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.takes {
            Takes::Work => write!(f, "{}[type eq \"work\"].value", self.path),
            Takes::One(_) | Takes::OnlyWork | Takes::Whole | Takes::Rest => f.write_str(&self.path),
        }
    }
}

fn is_work(filter: &Filter) -> bool {
    matches!(filter, Filter::Compare { path, op: CompareOp::Eq, value: Value::String(word) }
        if path.name.eq_ignore_ascii_case("type") && word.eq_ignore_ascii_case("work"))
}

/// The values with this one as the one of type work; or, without `others`, that one alone.
fn with_work(known: Option<&Value>, text: &str, others: bool) -> Value {
    let mut values = known.and_then(Value::as_array).cloned().unwrap_or_default();
    if !others {
        values.retain(|entry| is_of_type(entry, "work"));
        values.truncate(1);
    }
    match values
        .iter_mut()
        .find(|entry| is_of_type(entry, "work"))
        .and_then(Value::as_object_mut)
    {
        Some(work) => {
            work.insert("value".into(), text.into());
        }
        None => values.push(json!({ "value": text, "type": "work" })),
    }
    Value::Array(values)
}
