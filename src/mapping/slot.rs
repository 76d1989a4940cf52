//! Where in the app a row of the mapping writes: a simple attribute, a part of one, or the work value of e-mails or
//! phone numbers. Not every path of the protocol: what cannot be written as one text is not made from a template.

use std::fmt;

use serde_json::{Value, json};

use super::is_pushable;
use crate::scim::filter::{CompareOp, Filter};
use crate::scim::path::{PatchPath, Place};
use crate::scim::rules::Rules;
use crate::scim::schema::{ResourceType, Type};
use crate::scim::{Attributes, fold, resource, urn};

/// Longest path, in bytes.
pub(super) const LONGEST: usize = 300;
/// How a template and a path may call the enterprise extension.
pub(super) const ENTERPRISE: &str = "enterprise";

/// A place that a row can fill.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slot {
    /// The path in documents and fingerprints: `name.givenName`, `emails`.
    pub path: String,
    form: Form,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Form {
    Text,
    Boolean,
    /// The value of type `work` among several.
    Work,
    /// It can be left out, but not be made from text.
    Whole,
}

impl Slot {
    /// Reads the path of a row.
    ///
    /// # Errors
    /// A sentence that says what else to write.
    pub fn read(kind: ResourceType, text: &str) -> Result<Self, String> {
        let text = text.trim();
        let refuse = || {
            format!(
                "“{text}” is no attribute that a {} has in the app. Write one like displayName, name.givenName, \
                 enterprise.department or emails[type eq \"work\"].value.",
                kind.name()
            )
        };
        if text.is_empty() || text.len() > LONGEST {
            return Err(refuse());
        }
        let long = text
            .strip_prefix(ENTERPRISE)
            .and_then(|rest| rest.strip_prefix('.'))
            .map(|rest| format!("{}:{rest}", urn::ENTERPRISE_USER));
        let named = long.as_deref().unwrap_or(text);
        match PatchPath::parse(named, &Rules::default()).map_err(|_| refuse())? {
            PatchPath::Attr(path) => Self::at(
                kind,
                path.resolve(kind, crate::scim::rules::Custom::none())
                    .ok_or_else(refuse)?,
            ),
            PatchPath::Value { attr, filter, sub } if is_work(&filter) && sub.as_deref() == Some("value") => {
                let path = ["emails", "phoneNumbers"]
                    .into_iter()
                    .find(|name| attr.name.eq_ignore_ascii_case(name));
                let path = path.filter(|_| kind == ResourceType::User).ok_or_else(refuse)?;
                Ok(Self {
                    path: path.into(),
                    form: Form::Work,
                })
            }
            PatchPath::Value { .. } | PatchPath::Extension(_) => Err(refuse()),
        }
    }

    fn at(kind: ResourceType, place: Place) -> Result<Self, String> {
        let path = place.to_string();
        let Place::Known {
            attribute,
            sub,
            extension,
        } = place
        else {
            return Err(format!(
                "“{path}” is of an extension that is not described here: it goes as it is."
            ));
        };
        if path == "active" {
            return Err("Access follows the person here; no template decides about “active”.".into());
        }
        if !is_pushable(kind, &path) {
            return Err(format!("“{path}” is never sent to an app."));
        }
        let leaf = sub.unwrap_or(attribute);
        let form = match (sub.is_some(), leaf.kind) {
            (true, _) if !attribute.is_single_complex() || extension.is_some() => {
                return Err(format!(
                    "“{path}” is a part of several values or of an extension's object. Write the whole attribute, or like emails[type eq \"work\"].value."
                ));
            }
            (_, Type::Boolean) if !leaf.multi_valued => Form::Boolean,
            (_, Type::String | Type::Reference | Type::DateTime) if !leaf.multi_valued => Form::Text,
            _ => Form::Whole,
        };
        Ok(Self { path, form })
    }

    /// Whether a template can make its value; if not, the attribute can only be left out.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.form != Form::Whole
    }

    /// Puts what a template gave; empty takes the value out.
    ///
    /// # Errors
    /// A sentence; the text is no value of this attribute, and nothing was changed.
    pub(super) fn put(&self, document: &mut Attributes, text: &str) -> Result<(), String> {
        let value = match self.form {
            _ if text.is_empty() => None,
            Form::Text => Some(Value::from(text)),
            Form::Boolean => match fold(text).as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => return Err("it takes true or false".into()),
            },
            Form::Work => Some(with_work(resource::get(document, &self.path), text)),
            Form::Whole => return Err("it can only be left out".into()),
        };
        resource::set(document, &self.path, value);
        Ok(())
    }
}

impl fmt::Display for Slot {
    /// The path as a row holds it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Work => write!(f, "{}[type eq \"work\"].value", self.path),
            Form::Text | Form::Boolean | Form::Whole => f.write_str(&self.path),
        }
    }
}

fn is_work(filter: &Filter) -> bool {
    matches!(filter, Filter::Compare { path, op: CompareOp::Eq, value: Value::String(word) }
        if path.name.eq_ignore_ascii_case("type") && word.eq_ignore_ascii_case("work"))
}

/// Whether an entry among several is the one of this type.
pub(super) fn is_of_type(entry: &Value, kind: &str) -> bool {
    entry
        .get("type")
        .and_then(Value::as_str)
        .is_some_and(|t| t.eq_ignore_ascii_case(kind))
}

/// The values with this one as the one of type work.
fn with_work(known: Option<&Value>, text: &str) -> Value {
    let mut values = known.and_then(Value::as_array).cloned().unwrap_or_default();
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
