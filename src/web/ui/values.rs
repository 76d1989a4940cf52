//! Values of attributes as people read them: `work@example.com (work, primary)` rather than JSON.

use serde_json::Value;

use crate::scim::urn;

/// Longest text of one value.
const LONGEST: usize = 300;

/// A value as one line; empty when unassigned.
#[must_use]
pub fn text(value: &Value) -> String {
    let text = said(value);
    if text.chars().count() <= LONGEST {
        return text;
    }
    let cut: String = text.chars().take(LONGEST).collect();
    format!("{cut}…")
}

/// The URN of the schema in an attribute path, none for the core; and the rest of the path.
#[must_use]
pub fn path(path: &str) -> (Option<&str>, &str) {
    match path.rsplit_once(':') {
        Some((schema, name))
            if path
                .get(..4)
                .is_some_and(|start| start.eq_ignore_ascii_case("urn:")) =>
        {
            (Some(schema), name)
        }
        _ => (None, path),
    }
}

/// An attribute path as RFC 7643 writes it.
#[derive(Clone, Debug)]
pub struct AttributePath(pub String);

impl AttributePath {
    /// The path without the URN of its schema.
    #[must_use]
    pub fn name(&self) -> &str {
        path(&self.0).1
    }

    /// The URN of an extension's schema; none for the core.
    #[must_use]
    pub fn urn(&self) -> Option<&str> {
        path(&self.0).0
    }

    /// What a person calls that schema.
    #[must_use]
    pub fn schema(&self) -> &str {
        schema(self.urn().unwrap_or_default())
    }
}

/// What a person calls the schema with this URN.
#[must_use]
pub fn schema(of: &str) -> &str {
    if of.eq_ignore_ascii_case(urn::ENTERPRISE_USER) {
        "enterprise"
    } else {
        of
    }
}

fn said(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".into(),
        Value::Bool(false) => "no".into(),
        Value::Number(n) => n.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(said).collect::<Vec<_>>().join(", "),
        Value::Object(parts) => match parts.get("value") {
            Some(main) => {
                let kind = parts.get("type").map(said).filter(|t| !t.is_empty());
                let primary = parts.get("primary") == Some(&Value::Bool(true));
                let notes: Vec<String> = kind
                    .into_iter()
                    .chain(primary.then(|| "primary".into()))
                    .collect();
                let main = said(parts.get("display").filter(|_| main.is_null()).unwrap_or(main));
                if notes.is_empty() {
                    main
                } else {
                    format!("{main} ({})", notes.join(", "))
                }
            }
            None => parts
                .iter()
                .map(|(name, part)| format!("{name}: {}", said(part)))
                .collect::<Vec<_>>()
                .join(", "),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_are_said_without_their_urn() {
        let long = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
        let (found, name) = path(long);
        assert_eq!((found.map(schema), name), (Some("enterprise"), "manager.value"));
        assert_eq!(path("name.givenName"), (None, "name.givenName"));
        assert_eq!(path("a:b"), (None, "a:b"));
        let other = path("urn:example:params:Hat:size");
        assert_eq!(
            (other.0.map(schema), other.1),
            (Some("urn:example:params:Hat"), "size")
        );
    }

    #[test]
    fn values_are_said_as_people_say_them() {
        let emails =
            json!([{"value": "a@x.example", "type": "work", "primary": true}, {"value": "b@x.example"}]);
        assert_eq!(text(&emails), "a@x.example (work, primary), b@x.example");
        assert_eq!(
            text(&json!({"country": "DE", "locality": "Bonn"})),
            "country: DE, locality: Bonn"
        );
        assert_eq!(text(&Value::Null), "");
        assert_eq!((text(&json!(true)), text(&json!(3))), ("yes".into(), "3".into()));
        assert_eq!(text(&json!("x".repeat(900))).chars().count(), LONGEST + 1);
    }
}
