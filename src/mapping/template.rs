//! Templates: text with `{{ expressions }}` over one resource's attributes. They reach nothing else: no files, no other
//! template, no statements or loops, a few filters; time, sizes and depth are bounded. What is not assigned is empty.

use std::borrow::Cow;
use std::collections::BTreeMap;

use minijinja::value::{Rest, Value};
use minijinja::{Environment, Error, ErrorKind, UndefinedBehavior};

use super::is_pushable;
use super::slot::{CUSTOM, ENTERPRISE};
use super::work::{WORK, work};
use crate::scim::rules::Custom;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, urn};

/// Longest template, in bytes.
pub(super) const LONGEST: usize = 1000;
/// Longest text that a template or a filter may give, in bytes.
const OUTPUT: usize = 1000;
/// Most instructions of one run.
const FUEL: u64 = 2000;
/// Deepest nesting of a run.
const DEPTH: usize = 50;

/// The templates of an instance, by their text.
pub(super) struct Templates<'p>(Environment<'p>);

impl<'p> Templates<'p> {
    pub(super) fn new() -> Self {
        let mut env = Environment::empty();
        env.set_undefined_behavior(UndefinedBehavior::Chainable);
        env.set_fuel(Some(FUEL));
        env.set_recursion_limit(DEPTH);
        env.add_filter("lower", |v: Value| bounded(text(&v).to_lowercase()));
        env.add_filter("upper", |v: Value| bounded(text(&v).to_uppercase()));
        env.add_filter("trim", |v: Value| bounded(text(&v).trim().to_owned()));
        env.add_filter("replace", |v: Value, from: Value, to: Value| {
            let (v, from, to) = (text(&v), text(&from), text(&to));
            if from.is_empty() {
                return Err(wrong("replace needs what to look for"));
            }
            // Before it is made: a short text can become a very long one.
            if v.matches(&*from).count().saturating_mul(to.len()) > OUTPUT {
                return Err(too_long());
            }
            bounded(v.replace(&*from, &to))
        });
        env.add_filter("default", |v: Value, other: Rest<Value>| {
            if text(&v).trim().is_empty() {
                other.first().cloned().unwrap_or_default()
            } else {
                v
            }
        });
        env.add_filter("before", |v: Value, mark: Value| {
            let (v, mark) = (text(&v), text(&mark));
            bounded(v.split_once(&*mark).map_or(&*v, |(before, _)| before).to_owned())
        });
        env.add_filter("after", |v: Value, mark: Value| {
            let (v, mark) = (text(&v), text(&mark));
            bounded(v.split_once(&*mark).map_or("", |(_, after)| after).to_owned())
        });
        Self(env)
    }

    /// Reads a template, which is then known by its text.
    ///
    /// # Errors
    /// A sentence that says what is wrong, and in which line.
    pub(super) fn read(&mut self, template: &'p str) -> Result<(), String> {
        if template.len() > LONGEST {
            return Err(format!("A template has at most {LONGEST} bytes."));
        }
        if ["{%", "{#"].iter().any(|mark| template.contains(mark)) {
            return Err("Only {{ expressions }} are read, no statements: write {{ a if b else c }}.".into());
        }
        // The one operator that makes much out of little.
        if template.contains('*') {
            return Err("Templates do not multiply: leave the “*” out.".into());
        }
        self.0.add_template(template, template).map_err(|e| said(&e))
    }

    /// Whether all that a template names is there for it: a name that leads nowhere would be empty for ever.
    ///
    /// # Errors
    /// A sentence about the first that is not. Nothing is said of a template that was not read.
    pub(super) fn check(&self, template: &str, kind: ResourceType, custom: &Custom) -> Result<(), String> {
        let Ok(template) = self.0.get_template(template) else {
            return Ok(());
        };
        let mut names: Vec<String> = template.undeclared_variables(true).into_iter().collect();
        names.sort_unstable();
        match names.into_iter().find(|name| !is_there(name, kind, custom)) {
            Some(name) => Err(format!(
                "“{name}” is nothing that a template of a {} can name. Letter case counts: userName, name.givenName, \
                 work_email, enterprise.department, or custom.badge for an attribute that was declared.",
                kind.name()
            )),
            None => Ok(()),
        }
    }

    /// The text that a template gives, without blanks around it.
    ///
    /// # Errors
    /// A sentence: it could not be run, or gave too much.
    pub(super) fn run(&self, template: &str, context: &Context) -> Result<String, String> {
        let template = self.0.get_template(template).map_err(|e| said(&e))?;
        let text = template.render(context.0.clone()).map_err(|e| said(&e))?;
        let text = text.trim();
        if text.len() > OUTPUT {
            return Err(said(&too_long()));
        }
        if text.contains(char::is_control) {
            return Err("it gives control characters".into());
        }
        Ok(text.to_owned())
    }
}

/// What a template sees of one resource.
pub(super) struct Context(Value);

impl Context {
    /// Of these attributes: by their names, the enterprise extension as `enterprise`, declared ones in `custom`, all
    /// extensions by URN in `extensions`, and the e-mail address and phone number at work as `work_email` and
    /// `work_phone`.
    pub(super) fn of(kind: ResourceType, attributes: &Attributes, custom: &Custom) -> Self {
        let mut seen = BTreeMap::new();
        let mut extensions = BTreeMap::new();
        for (name, value) in attributes {
            if name.eq_ignore_ascii_case(urn::ENTERPRISE_USER) {
                seen.insert(ENTERPRISE, given(value));
            }
            if name.contains(':') {
                extensions.insert(name.as_str(), given(value));
            } else {
                seen.insert(name.as_str(), given(value));
            }
        }
        seen.insert("extensions", Value::from_pairs(extensions));
        let mut own = BTreeMap::new();
        for declared in custom.declared().iter().filter(|d| d.resource == kind) {
            // Of several with this name the first is meant, with a value or without.
            let value = attributes
                .get(&declared.urn)
                .and_then(|all| all.get(&declared.name));
            own.entry(declared.name.as_str())
                .or_insert_with(|| value.map_or(Value::UNDEFINED, given));
        }
        seen.insert(CUSTOM, Value::from_pairs(own));
        for (name, of) in WORK {
            if let Some((_, value)) = work(attributes, of) {
                seen.insert(name, Value::from(value));
            }
        }
        Self(Value::from_pairs(seen))
    }
}

/// Whether a name of a template leads somewhere. What lies in values, and in extensions that nobody described, is not
/// known before they are there.
fn is_there(name: &str, kind: ResourceType, custom: &Custom) -> bool {
    let (head, part) = match name.split_once('.') {
        Some((head, rest)) => (head, rest.split('.').next()),
        None => (name, None),
    };
    let of_users = kind == ResourceType::User;
    match (head, part) {
        ("extensions", _) => true,
        (CUSTOM, Some(part)) => {
            let mut declared = custom.declared().iter().filter(|d| d.resource == kind);
            declared.any(|d| d.name == part)
        }
        (CUSTOM, None) => true,
        (ENTERPRISE, Some(part)) if of_users => kind
            .extension(urn::ENTERPRISE_USER)
            .is_some_and(|schema| schema.attribute(part).is_some_and(|found| found.name == part)),
        (ENTERPRISE, None) => of_users,
        _ if WORK.iter().any(|(name, _)| *name == head) => of_users,
        _ => kind.attribute(head).is_some_and(|found| {
            let is_part = |part| found.sub(part).is_some_and(|sub| sub.name == part);
            found.name == head
                && is_pushable(kind, head)
                && (!found.is_single_complex() || part.is_none_or(is_part))
        }),
    }
}

/// A value of a document, as templates see it.
fn given(value: &serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::from(()),
        serde_json::Value::Bool(value) => Value::from(*value),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::from(whole),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(number.to_string()),
        },
        serde_json::Value::String(text) => Value::from(text.as_str()),
        serde_json::Value::Array(values) => Value::from(values.iter().map(given).collect::<Vec<_>>()),
        serde_json::Value::Object(parts) => {
            Value::from_pairs(parts.iter().map(|(name, part)| (name.as_str(), given(part))))
        }
    }
}

/// A value as text; nothing is empty.
fn text(value: &Value) -> Cow<'_, str> {
    match value.as_str() {
        Some(text) => text.into(),
        None if value.is_undefined() || value.is_none() => "".into(),
        None => value.to_string().into(),
    }
}

fn bounded(text: String) -> Result<String, Error> {
    if text.len() > OUTPUT {
        Err(too_long())
    } else {
        Ok(text)
    }
}

fn too_long() -> Error {
    wrong("it gives more than 1,000 bytes")
}

fn wrong(text: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, text)
}

/// An error of the library as part of a sentence, without the values it was about.
fn said(error: &Error) -> String {
    let kind = match error.kind() {
        ErrorKind::OutOfFuel => "it takes too long".to_owned(),
        kind => error.detail().map_or_else(|| kind.to_string(), str::to_owned),
    };
    match error.line() {
        Some(line) if line > 1 => format!("{kind} (line {line})"),
        _ => kind,
    }
}
