//! Which attributes an answer has: `attributes` and `excludedAttributes` of RFC 7644 §3.9.
//! `id` and `schemas` are in every answer.
use std::collections::BTreeSet;

use serde_json::Value;

use super::Attributes;
use super::error::{ScimError, quote};
use super::path::{PatchPath, Place};
use super::resource::write::drop_if_empty;
use super::rules::{Custom, Rules};
use super::schema::{ResourceType, Returned};

/// Longest list that is read, in bytes.
const MAX_LIST: usize = 8192;
/// Most names in a list.
const MAX_NAMES: usize = 200;

/// The attributes that a request asks for; by default all.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Projection {
    /// Only these.
    only: Option<Vec<PatchPath>>,
    /// Not these.
    not: Vec<PatchPath>,
}

impl Projection {
    /// Reads both parameters, each a list with commas. The RFC has only one of them in a request; with both, what is
    /// excluded is taken out of what is asked for. 400 `invalidValue` for what is no list of paths.
    pub fn parse(attributes: Option<&str>, excluded: Option<&str>, rules: &Rules) -> Result<Self, ScimError> {
        let only = attributes
            .map(|list| names(list, rules))
            .transpose()?
            .filter(|names| !names.is_empty());
        let not = excluded
            .map(|list| names(list, rules))
            .transpose()?
            .unwrap_or_default();
        Ok(Self { only, not })
    }

    /// Whether it changes nothing.
    pub fn is_all(&self) -> bool {
        self.only.is_none() && self.not.is_empty()
    }

    /// Whether the request names what it wants to see.
    pub fn selects(&self) -> bool {
        self.only.is_some()
    }

    /// Whether an answer may have this core attribute, such as `members` or `groups`; if not, it need not be read.
    pub fn wants(&self, name: &str) -> bool {
        let is_core = |urn: &str| ResourceType::ALL.iter().any(|kind| kind.schema() == urn);
        let names_it = |path: &PatchPath, whole: bool| match path {
            PatchPath::Attr(path) => {
                let is_core = path.urn.as_deref().is_none_or(is_core);
                is_core && path.name.eq_ignore_ascii_case(name) && !(whole && path.sub.is_some())
            }
            PatchPath::Value { .. } => false,
            PatchPath::Extension(urn) => is_core(urn),
        };
        let asked = self
            .only
            .as_ref()
            .is_none_or(|only| only.iter().any(|path| names_it(path, false)));
        asked && !self.not.iter().any(|path| names_it(path, true))
    }

    /// Takes out of a document what the request does not ask for.
    pub fn apply(&self, kind: ResourceType, document: &mut Attributes) {
        if let Some(only) = &self.only {
            *document = select(kind, only, document);
        }
        for path in &self.not {
            exclude(kind, path, document);
        }
    }
}

fn names(list: &str, rules: &Rules) -> Result<Vec<PatchPath>, ScimError> {
    if list.len() > MAX_LIST || list.split(',').count() > MAX_NAMES {
        return Err(ScimError::invalid_value(format!(
            "A list of attributes has at most {MAX_NAMES} names and {MAX_LIST} bytes."
        )));
    }
    list.split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty())
        .map(|name| match PatchPath::parse(name, rules) {
            Ok(path @ (PatchPath::Attr(_) | PatchPath::Extension(_))) => Ok(path),
            Ok(PatchPath::Value { .. }) | Err(_) => Err(ScimError::invalid_value(format!(
                "{} is not the name of an attribute.",
                quote(name)
            ))),
        })
        .collect()
}

/// Where a name leads in a document: the extension it lies in, the name there, and the part of it.
type At = (Option<String>, Option<String>, Option<String>);

fn at(kind: ResourceType, path: &PatchPath) -> Option<At> {
    let own = |name: &str| name.to_owned();
    match path {
        PatchPath::Attr(path) => Some(match path.resolve(kind, Custom::none())? {
            Place::Known {
                extension,
                attribute,
                sub,
            } => (
                extension.map(own),
                Some(own(attribute.name)),
                sub.map(|sub| own(sub.name)),
            ),
            Place::Foreign { urn, name, sub, .. } => (Some(urn), Some(name), sub),
        }),
        PatchPath::Extension(urn) if urn == kind.schema() => Some((None, None, None)),
        PatchPath::Extension(urn) => Some((Some(urn.clone()), None, None)),
        PatchPath::Value { .. } => None,
    }
}

fn always(kind: ResourceType, name: &str) -> bool {
    kind.attribute(name)
        .is_some_and(|attribute| attribute.returned == Returned::Always)
}

/// What is asked for, in the document's order.
fn select(kind: ResourceType, only: &[PatchPath], document: &Attributes) -> Attributes {
    let asked: Vec<At> = only.iter().filter_map(|path| at(kind, path)).collect();
    let mut found = Attributes::new();
    for (name, value) in document {
        if always(kind, name) {
            found.insert(name.clone(), value.clone());
        } else if name.contains(':') {
            let mine: Vec<&At> = asked
                .iter()
                .filter(|(urn, ..)| urn.as_deref().is_some_and(|urn| urn.eq_ignore_ascii_case(name)))
                .collect();
            if mine.iter().any(|(_, attribute, _)| attribute.is_none()) {
                found.insert(name.clone(), value.clone());
            } else if let Value::Object(parts) = value {
                let parts = members_of(parts, |part| parts_asked(&mine, part));
                found.insert(name.clone(), Value::Object(parts));
                drop_if_empty(&mut found, name);
            }
        } else {
            let mine: Vec<&At> = asked.iter().filter(|(urn, ..)| urn.is_none()).collect();
            let whole_core = mine.iter().any(|(_, attribute, _)| attribute.is_none());
            let parts = if whole_core {
                Some(None)
            } else {
                parts_asked(&mine, name)
            };
            found.extend(cut(value, parts).map(|value| (name.clone(), value)));
        }
    }
    found
}

/// Which parts of an attribute are asked for: `None` none, `Some(None)` all, else these.
fn parts_asked<'a>(asked: &[&'a At], name: &str) -> Option<Option<BTreeSet<&'a str>>> {
    let mut mine = asked
        .iter()
        .filter(|(_, attribute, _)| {
            attribute
                .as_deref()
                .is_some_and(|asked| asked.eq_ignore_ascii_case(name))
        })
        .peekable();
    mine.peek()?;
    Some(mine.map(|(_, _, sub)| sub.as_deref()).collect())
}

fn members_of<'a>(
    object: &Attributes,
    asked: impl Fn(&str) -> Option<Option<BTreeSet<&'a str>>>,
) -> Attributes {
    object
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), cut(value, asked(name))?)))
        .collect()
}

/// A value with only the parts that are asked for; `None` if nothing of it is.
fn cut(value: &Value, parts: Option<Option<BTreeSet<&str>>>) -> Option<Value> {
    let Some(parts) = parts? else {
        return Some(value.clone());
    };
    match value {
        Value::Object(object) => {
            let kept: Attributes = object
                .iter()
                .filter(|(name, _)| parts.contains(name.as_str()))
                .map(|(name, part)| (name.clone(), part.clone()))
                .collect();
            (!kept.is_empty()).then_some(Value::Object(kept))
        }
        Value::Array(values) => {
            let kept: Vec<Value> = values
                .iter()
                .filter_map(|value| cut(value, Some(Some(parts.clone()))))
                .collect();
            (!kept.is_empty()).then_some(Value::Array(kept))
        }
        simple => Some(simple.clone()),
    }
}

fn exclude(kind: ResourceType, path: &PatchPath, document: &mut Attributes) {
    let (object, name, sub) = match at(kind, path) {
        None | Some((None, None, _)) => return,
        Some((Some(urn), None, _)) => (document, urn, None),
        Some((None, Some(name), sub)) => (document, name, sub),
        Some((Some(urn), Some(name), sub)) => match document.get_mut(&urn) {
            Some(Value::Object(object)) => (object, name, sub),
            _ => return,
        },
    };
    let Some(key) = object
        .keys()
        .find(|key| key.eq_ignore_ascii_case(&name) && !always(kind, key))
        .cloned()
    else {
        return;
    };
    match (sub, object.get_mut(&key)) {
        (Some(sub), Some(Value::Object(parts))) => {
            parts.shift_remove(&sub);
        }
        (Some(sub), Some(Value::Array(values))) => {
            values
                .iter_mut()
                .filter_map(Value::as_object_mut)
                .for_each(|value| {
                    value.shift_remove(&sub);
                });
            values.retain(|value| value != &Value::Object(Attributes::new()));
        }
        (Some(_), _) => {}
        (None, _) => {
            object.shift_remove(&key);
        }
    }
    drop_if_empty(object, &key);
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::scim::urn::{ENTERPRISE_USER, USER};

    fn projected(attributes: Option<&str>, excluded: Option<&str>) -> Value {
        let user = json!({
            "schemas": [USER, ENTERPRISE_USER], "id": "1", "userName": "a", "name": { "familyName": "B", "givenName": "A" },
            "emails": [{ "value": "a@x", "type": "work" }, { "type": "home" }], "groups": [{ "value": "g" }],
            ENTERPRISE_USER: { "department": "D", "manager": { "value": "m", "$ref": "r" } }, "meta": { "created": "c" },
        });
        let mut user = user.as_object().unwrap().clone();
        Projection::parse(attributes, excluded, &Rules::default())
            .unwrap()
            .apply(ResourceType::User, &mut user);
        user.shift_remove("schemas").unwrap();
        assert_eq!(user.shift_remove("id"), Some(json!("1")));
        Value::Object(user)
    }

    #[test]
    fn only_what_is_asked_for() {
        assert_eq!(projected(Some("USERNAME"), None), json!({ "userName": "a" }));
        assert_eq!(
            projected(Some("name.FamilyName, emails.value"), None),
            json!({ "name": { "familyName": "B" }, "emails": [{ "value": "a@x" }] })
        );
        assert_eq!(
            projected(Some("name,name.givenName"), None),
            json!({ "name": { "familyName": "B", "givenName": "A" } })
        );
        assert_eq!(
            projected(Some(&format!("{ENTERPRISE_USER}:department")), None),
            json!({ ENTERPRISE_USER: { "department": "D" } })
        );
        assert_eq!(
            projected(Some(&format!("{ENTERPRISE_USER}:manager.value")), None),
            json!({ ENTERPRISE_USER: { "manager": { "value": "m" } } })
        );
        assert_eq!(
            projected(Some(ENTERPRISE_USER), None).as_object().unwrap().len(),
            1
        );
        assert_eq!(
            projected(Some(&format!("{USER}:userName")), None),
            json!({ "userName": "a" })
        );
        assert_eq!(projected(Some("nothing"), None), json!({}));
        assert_eq!(projected(Some(" "), None).as_object().unwrap().len(), 6);
    }

    #[test]
    fn all_but_what_is_excluded() {
        let rest = projected(
            None,
            Some(&format!(
                "id,schemas,emails,groups,meta,name.familyName,{ENTERPRISE_USER}:manager"
            )),
        );
        assert_eq!(
            rest,
            json!({ "userName": "a", "name": { "givenName": "A" }, ENTERPRISE_USER: { "department": "D" } })
        );
        assert_eq!(
            projected(None, Some("emails.type")).get("emails"),
            Some(&json!([{ "value": "a@x" }]))
        );
        assert!(
            projected(None, Some(ENTERPRISE_USER))
                .get(ENTERPRISE_USER)
                .is_none()
        );
    }

    #[test]
    fn what_need_not_be_read() {
        let wants = |only, not, name| {
            Projection::parse(only, not, &Rules::default())
                .unwrap()
                .wants(name)
        };
        assert!(wants(None, None, "members"));
        assert!(!wants(None, Some("Members"), "members"));
        assert!(wants(None, Some("members.type"), "members"));
        assert!(!wants(Some("displayName"), None, "members"));
        assert!(wants(Some("members.value"), None, "members"));
        assert!(
            Projection::parse(Some(""), Some(" "), &Rules::default())
                .unwrap()
                .is_all()
        );
    }

    #[test]
    fn bad_lists_are_refused() {
        for bad in ["a b", "emails[type eq \"work\"]", "1", &"a,".repeat(300)] {
            assert_eq!(
                Projection::parse(Some(bad), None, &Rules::default())
                    .unwrap_err()
                    .status,
                400,
                "{bad}"
            );
        }
    }
}
