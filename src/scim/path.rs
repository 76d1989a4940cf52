//! Attribute paths: the notation of RFC 7644 §3.10 and the PATCH paths of §3.5.2, and where they lead in the schemas.
//!
//! A path is text; a [`Place`] is where it leads for one resource type. Nothing here touches a document.
use std::fmt;

use super::error::{ScimError, quote};
use super::filter::Filter;
use super::filter::parser::Parser;
use super::rules::{Custom, Rules};
use super::schema::{Attribute, Form, ResourceType};
use super::tolerance::{self, Tolerance};
use super::urn;

/// Longest path that is read, in bytes.
pub const MAX_PATH: usize = 4096;

/// `userName`, `name.givenName`, `urn:ietf:params:scim:schemas:core:2.0:User:name.givenName`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AttrPath {
    /// The URN before the name, in the RFC's spelling if it is a schema that we describe.
    pub urn: Option<String>,
    /// The name of the attribute, as written.
    pub name: String,
    /// The name of the sub-attribute, as written.
    pub sub: Option<String>,
}

impl AttrPath {
    /// A path to a core attribute, or with `name.sub` to a part of it. For names known at compile time.
    pub fn core(path: &str) -> Self {
        let (name, sub) = path
            .split_once('.')
            .map_or((path, None), |(name, sub)| (name, Some(sub.to_owned())));
        Self {
            urn: None,
            name: name.to_owned(),
            sub,
        }
    }

    /// Reads a path; 400 `invalidPath` if it is none.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        let bad = || ScimError::invalid_path(format!("{} is not an attribute path.", quote(text)));
        if text.len() > MAX_PATH {
            return Err(ScimError::invalid_path(format!(
                "A path has at most {MAX_PATH} bytes."
            )));
        }
        let (urn, rest) = split_urn(text);
        let (name, sub) = rest
            .split_once('.')
            .map_or((rest, None), |(name, sub)| (name, Some(sub)));
        if !is_name(name) || !sub.is_none_or(is_name) || urn.as_deref().is_some_and(str::is_empty) {
            return Err(bad());
        }
        Ok(Self {
            urn,
            name: name.to_owned(),
            sub: sub.map(str::to_owned),
        })
    }

    /// Where the path leads for this resource type; `None` if no schema has it.
    /// An attribute of the enterprise extension is found by its bare name too, as Entra writes it.
    pub fn resolve(&self, kind: ResourceType, custom: &Custom) -> Option<Place> {
        let (extension, attribute) = match &self.urn {
            None => match kind.attribute(&self.name) {
                Some(attribute) => (None, attribute),
                None => tolerance::extension_attribute(kind, &self.name)
                    .map(|(urn, attribute)| (Some(urn), attribute))?,
            },
            Some(urn) if urn == kind.schema() => (None, kind.attribute(&self.name)?),
            Some(urn) => match kind.extension(urn) {
                Some(schema) => (Some(schema.urn), schema.attribute(&self.name)?),
                // A schema of another resource type is known, and has no place here.
                None if urn::known(urn).is_some() || !is_urn(urn) => return None,
                None => return Place::foreign(kind, custom, urn, &self.name, self.sub.as_deref()),
            },
        };
        let sub = match &self.sub {
            None => None,
            Some(sub) => Some(attribute.sub(sub)?),
        };
        Some(Place::Known {
            extension,
            attribute,
            sub,
        })
    }

    /// The path in the one spelling used for documents, columns and ownership: `emails.value`, `urn:…:User:department`.
    pub fn canonical(&self, kind: ResourceType, custom: &Custom) -> Option<String> {
        self.resolve(kind, custom).map(|place| place.to_string())
    }

    /// The tolerance it takes to read the path, if any.
    pub(super) fn deviation(&self, kind: ResourceType) -> Option<Tolerance> {
        (self.urn.is_none() && kind.attribute(&self.name).is_none())
            .then_some(Tolerance::ExtensionAttributeAtTop)
    }
}

impl fmt::Display for AttrPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(urn) = &self.urn {
            write!(f, "{urn}:")?;
        }
        f.write_str(&self.name)?;
        self.sub.iter().try_for_each(|sub| write!(f, ".{sub}"))
    }
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// An attribute that a schema describes. Its `Display` is the canonical path.
    Known {
        /// The URN of the extension it lies in; `None` for the core.
        extension: Option<&'static str>,
        /// The attribute.
        attribute: &'static Attribute,
        /// The part of it that is meant.
        sub: Option<&'static Attribute>,
    },
    /// An attribute of an extension that no schema here describes.
    Foreign {
        /// The URN of the extension, as written or as declared.
        urn: String,
        /// The name, as written or as declared.
        name: String,
        /// The part of it that is meant; a declared attribute has none.
        sub: Option<String>,
        /// What the instance declared it to be; without that it is kept as it is.
        form: Option<Form>,
    },
}

impl Place {
    /// An attribute of an extension that no schema here describes; `None` for a part of a declared one, which has no parts.
    pub(super) fn foreign(
        kind: ResourceType,
        custom: &Custom,
        urn: &str,
        name: &str,
        sub: Option<&str>,
    ) -> Option<Self> {
        let declared = custom.find(kind, urn, name);
        if declared.is_some() && sub.is_some() {
            return None;
        }
        Some(Self::Foreign {
            urn: custom.urn(urn).unwrap_or(urn).to_owned(),
            name: declared.map_or(name, |found| &found.name).to_owned(),
            sub: sub.map(str::to_owned),
            form: declared.map(|found| found.form),
        })
    }

    /// How the values there are checked and compared; `None` if nothing is known of them.
    pub fn form(&self) -> Option<Form> {
        match self {
            Self::Known { attribute, sub, .. } => Some(sub.unwrap_or(attribute).form()),
            Self::Foreign { form, .. } => *form,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (urn, name, sub) = match self {
            Self::Known {
                extension,
                attribute,
                sub,
            } => (*extension, attribute.name, sub.map(|sub| sub.name)),
            Self::Foreign { urn, name, sub, .. } => (Some(urn.as_str()), name.as_str(), sub.as_deref()),
        };
        urn.iter().try_for_each(|urn| write!(f, "{urn}:"))?;
        f.write_str(name)?;
        sub.iter().try_for_each(|sub| write!(f, ".{sub}"))
    }
}

/// The `path` of a PATCH operation: RFC 7644 §3.5.2, figure 7.
#[derive(Debug, Clone, PartialEq)]
pub enum PatchPath {
    /// An attribute or a part of it.
    Attr(AttrPath),
    /// The values of an attribute that a filter selects, or a part of each.
    Value {
        /// The multi-valued attribute.
        attr: AttrPath,
        /// What its values have to match.
        filter: Filter,
        /// The part of them that is meant.
        sub: Option<String>,
    },
    /// All that one schema holds: its bare URN.
    Extension(String),
}

impl PatchPath {
    /// Reads a path; 400 `invalidPath`, or `invalidFilter` for what stands between the brackets.
    pub fn parse(text: &str, rules: &Rules) -> Result<Self, ScimError> {
        let text = text.trim();
        if text.len() > MAX_PATH {
            return Err(ScimError::invalid_path(format!(
                "A path has at most {MAX_PATH} bytes."
            )));
        }
        if let Some(urn) = rules.custom.urn(text) {
            return Ok(Self::Extension(urn.to_owned()));
        }
        if text.contains('[') {
            let (attr, filter, sub) = Parser::new(text, &rules.limits)?.value_path()?;
            return Ok(Self::Value { attr, filter, sub });
        }
        match schema_urn(text) {
            Some(urn) => Ok(Self::Extension(urn)),
            None => AttrPath::parse(text).map(Self::Attr),
        }
    }
}

impl fmt::Display for PatchPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attr(path) => path.fmt(f),
            Self::Value { attr, filter, sub } => {
                write!(f, "{attr}[{filter}]")?;
                sub.iter().try_for_each(|sub| write!(f, ".{sub}"))
            }
            Self::Extension(urn) => f.write_str(urn),
        }
    }
}

/// The URN that the whole text is, if it is the bare URN of a schema.
/// Of a schema we do not describe, only the usual ending `:2.0:User` tells it from a path to an attribute.
fn schema_urn(text: &str) -> Option<String> {
    if let Some((known, _)) = urn::known(text) {
        return Some(known.urn().map_or_else(|| text.to_owned(), str::to_owned));
    }
    let (rest, last) = text.rsplit_once(':')?;
    let (_, version) = rest.rsplit_once(':')?;
    let is_version = version.contains('.') && version.chars().all(|c| c.is_ascii_digit() || c == '.');
    (is_version && ResourceType::of_name(last).is_some()).then(|| text.to_owned())
}

/// Parts the URN from the name: at the end of a URN we know, else at the last colon.
/// A core URN from before the RFC says nothing about the name and is left out.
fn split_urn(text: &str) -> (Option<String>, &str) {
    for (at, _) in text.match_indices(':') {
        if let Some((known, _)) = urn::known(&text[..at]) {
            return (known.urn().map(str::to_owned), &text[at + 1..]);
        }
    }
    text.rsplit_once(':')
        .map_or((None, text), |(urn, rest)| (Some(urn.to_owned()), rest))
}

/// Whether the text can be the URI of an extension. The colon is what tells extensions from core attributes in a document.
pub(super) fn is_urn(text: &str) -> bool {
    text.len() <= 256
        && text.contains(':')
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_graphic())
}

/// ATTRNAME of RFC 7643 §2.1, and `$ref`. The underscore at the start is seen in custom extensions.
pub(super) fn is_name(name: &str) -> bool {
    let rest = name.strip_prefix('$').unwrap_or(name);
    rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && rest
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::scim::error::ScimType;

    fn canonical(text: &str) -> Option<String> {
        AttrPath::parse(text)
            .unwrap()
            .canonical(ResourceType::User, Custom::none())
    }

    #[test]
    fn paths_lead_to_one_spelling() {
        for (text, expected) in [
            ("USERNAME", "userName"),
            ("name.GivenName", "name.givenName"),
            (
                "urn:ietf:params:scim:schemas:core:2.0:User:emails.value",
                "emails.value",
            ),
            ("URN:IETF:params:scim:schemas:core:2.0:user:UserName", "userName"),
            ("urn:scim:schemas:core:1.0:userName", "userName"),
            (
                "department",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
            ),
            (
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0User:manager",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager",
            ),
            (
                "urn:scim:schemas:extension:enterprise:1.0:manager.value",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            ),
            ("urn:example:2.0:User:tag", "urn:example:2.0:User:tag"),
        ] {
            assert_eq!(canonical(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn unknown_names_lead_nowhere() {
        for text in [
            "nick",
            "name.nick",
            "userName.value",
            "members",
            "urn:ietf:params:scim:schemas:core:2.0:Group:members",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    #[test]
    fn malformed_paths_are_refused() {
        for text in ["", ".", "a.", "a.b.c", "a b", "urn:x:", ":a", "1a", "é", "a]"] {
            assert_eq!(
                AttrPath::parse(text).unwrap_err().scim_type,
                Some(ScimType::InvalidPath),
                "{text}"
            );
        }
        for text in [
            "emails[",
            "emails[type eq \"work\".value",
            "emails[]",
            "emails[type eq \"work\"]value",
            "emails[type eq \"work\"].a.b",
            "[a eq 1]",
        ] {
            assert_eq!(
                PatchPath::parse(text, &Rules::default()).unwrap_err().status,
                400,
                "{text}"
            );
        }
    }

    #[test]
    fn patch_paths_are_read_and_written_back() {
        for text in [
            "emails[type eq \"work\"].value",
            "emails[type eq \"work\" and not (primary eq true)]",
            "name.givenName",
            urn::ENTERPRISE_USER,
            "urn:example:ext:2.0:User",
        ] {
            assert_eq!(
                PatchPath::parse(text, &Rules::default()).unwrap().to_string(),
                text
            );
        }
        assert!(matches!(
            PatchPath::parse("urn:example:ext:2.0:User", &Rules::default()).unwrap(),
            PatchPath::Extension(_)
        ));
        assert!(matches!(
            PatchPath::parse("urn:example:ext:2.0:User:tag", &Rules::default()).unwrap(),
            PatchPath::Attr(_)
        ));
    }
}
