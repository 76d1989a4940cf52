//! Declared attributes: what an instance knows of extensions beside those that this core describes (RFC 7643 §3.3, §7).
//!
//! A declaration says how values are checked, compared and published. It is not what is stored: values of an attribute
//! that was never declared, or is no more, are kept as any unknown extension is.
use crate::scim::path::{AttrPath, PatchPath, is_name, is_urn};
use crate::scim::rules::Rules;
use crate::scim::schema::{Form, ResourceType, Type};
use crate::scim::urn;

/// Longest name of an attribute, in bytes.
const MAX_NAME: usize = 100;
/// What the RFCs keep for themselves, apart from extensions.
const RESERVED: [&str; 2] = ["urn:ietf:params:scim:schemas:core:", "urn:ietf:params:scim:api:"];

/// The attributes of extensions that were declared for one instance; none by default.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Custom {
    declared: Vec<Declared>,
}

/// One declared attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// What has it.
    pub resource: ResourceType,
    /// The URN of its extension, in the spelling that is stored and answered.
    pub urn: String,
    /// Its name, in the spelling that is stored and answered.
    pub name: String,
    /// What its values are; never complex.
    pub form: Form,
}

impl Declared {
    /// A declaration as it was typed; whether it can be stands in [`Custom::add`].
    pub fn new(resource: ResourceType, urn: &str, name: &str, kind: Type, multi_valued: bool) -> Self {
        let form = Form {
            kind,
            multi_valued,
            // RFC 7643 §2.3.6 and §2.3.7; a text of an instance's own is compared as people do.
            case_exact: matches!(kind, Type::Reference | Type::Binary),
        };
        Self {
            resource,
            urn: urn.trim().to_owned(),
            name: name.trim().to_owned(),
            form,
        }
    }

    /// Its path: `urn:…:name`.
    pub fn path(&self) -> String {
        format!("{}:{}", self.urn, self.name)
    }

    /// Whether it is the same attribute, of whatever resource type.
    fn is_called(&self, urn: &str, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name) && self.urn.eq_ignore_ascii_case(urn)
    }
}

/// Why an attribute cannot be declared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeclareError {
    /// The URN cannot be one of an extension.
    #[error(
        "Type a URN such as urn:example:scim:2.0:User: letters, digits and - _ . : / after \"urn:\", at most 256 characters."
    )]
    Urn,
    /// The URN is one that the RFCs gave a meaning.
    #[error(
        "This URN belongs to a schema of the standard. Type one of your own, such as urn:example:scim:2.0:User."
    )]
    Reserved,
    /// Only simple types can be declared.
    #[error("Choose a simple type: string, boolean, integer, decimal, dateTime, reference or binary.")]
    Complex,
    /// The name cannot be one of an attribute.
    #[error("Type a name of a letter, then letters, digits, - and _, at most {MAX_NAME} characters.")]
    Name,
    /// The path could be read in two ways.
    #[error(
        "Under this URN the name would read as the URN of another extension. Type another name or another URN."
    )]
    Ambiguous,
    /// It is declared.
    #[error("This attribute is declared already. Remove that declaration first to change it.")]
    Taken,
    /// The other resource type has it with another type.
    #[error(
        "The other resource type has this attribute with another type. Use the same type for both, or another name."
    )]
    OtherForm,
    /// There are too many.
    #[error(
        "An instance has at most {} declared attributes. Remove one that nobody needs.",
        Custom::MOST
    )]
    TooMany,
}

impl Custom {
    /// Most declared attributes of one instance.
    pub const MOST: usize = 64;

    /// For documents that no instance has rules for.
    pub fn none() -> &'static Self {
        static NONE: Custom = Custom { declared: Vec::new() };
        &NONE
    }

    /// What was declared before, in the order in which it is published.
    pub fn new(declared: Vec<Declared>) -> Self {
        Self { declared }
    }

    /// All of them.
    pub fn declared(&self) -> &[Declared] {
        &self.declared
    }

    /// Adds a declaration that can be read from a path in one way only, and gives it back as it is then: a URN that is
    /// there already keeps its spelling.
    pub fn add(&mut self, mut new: Declared) -> Result<&Declared, DeclareError> {
        if self.declared.len() >= Self::MOST {
            return Err(DeclareError::TooMany);
        }
        check(&new)?;
        if let Some(known) = self.urn(&new.urn) {
            known.clone_into(&mut new.urn);
        }
        for other in &self.declared {
            if other.is_called(&new.urn, &new.name) {
                if other.resource == new.resource {
                    return Err(DeclareError::Taken);
                }
                if other.form != new.form {
                    return Err(DeclareError::OtherForm);
                }
                // Both types have it in one spelling, for one schema describes it.
                other.name.clone_into(&mut new.name);
            }
            if other.path().eq_ignore_ascii_case(&new.urn) || new.path().eq_ignore_ascii_case(&other.urn) {
                return Err(DeclareError::Ambiguous);
            }
        }
        Ok(self.declared.push_mut(new))
    }

    /// The declaration of an attribute, by names in any letter case.
    pub fn find(&self, resource: ResourceType, urn: &str, name: &str) -> Option<&Declared> {
        self.declared
            .iter()
            .find(|declared| declared.resource == resource && declared.is_called(urn, name))
    }

    /// The declared spelling of an extension's URN in any letter case.
    pub fn urn(&self, urn: &str) -> Option<&str> {
        self.declared
            .iter()
            .map(|declared| declared.urn.as_str())
            .find(|declared| declared.eq_ignore_ascii_case(urn))
    }

    /// The URNs of the extensions with declared attributes, each once; of one resource type, or of both.
    pub fn urns(&self, resource: Option<ResourceType>) -> Vec<&str> {
        let mut urns = Vec::new();
        for declared in &self.declared {
            let meant = resource.is_none_or(|resource| resource == declared.resource);
            if meant && !urns.contains(&declared.urn.as_str()) {
                urns.push(declared.urn.as_str());
            }
        }
        urns
    }
}

/// Whether the names can stand in a filter and a PATCH path, and are read there as what they are.
fn check(new: &Declared) -> Result<(), DeclareError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    let body = new
        .urn
        .get(..4)
        .filter(|scheme| scheme.eq_ignore_ascii_case("urn:"));
    let body = body.and_then(|_| new.urn.get(4..)).unwrap_or_default();
    let is_whole =
        !body.starts_with(':') && !body.ends_with(':') && !body.contains("::") && body.contains(':');
    if !is_urn(&new.urn) || !is_whole || !new.urn.chars().all(is_plain) {
        return Err(DeclareError::Urn);
    }
    let is_reserved = |prefix: &&str| {
        let start = new.urn.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    if urn::known(&new.urn).is_some() || RESERVED.iter().any(is_reserved) {
        return Err(DeclareError::Reserved);
    }
    if new.form.kind == Type::Complex {
        return Err(DeclareError::Complex);
    }
    if !is_name(&new.name) || new.name.starts_with('$') || new.name.len() > MAX_NAME {
        return Err(DeclareError::Name);
    }
    let path = AttrPath {
        urn: Some(new.urn.clone()),
        name: new.name.clone(),
        sub: None,
    };
    match PatchPath::parse(&new.path(), &Rules::default()) {
        Ok(PatchPath::Attr(read)) if read == path => Ok(()),
        // A known URN is the beginning of this one.
        Ok(PatchPath::Attr(_)) | Err(_) => Err(DeclareError::Reserved),
        Ok(PatchPath::Extension(_) | PatchPath::Value { .. }) => Err(DeclareError::Ambiguous),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const URN: &str = "urn:acme:scim:2.0:User";

    fn text(urn: &str, name: &str) -> Declared {
        Declared::new(ResourceType::User, urn, name, Type::String, false)
    }

    #[test]
    fn what_a_path_cannot_name_is_refused() {
        for (urn, name, why) in [
            ("acme", "a", DeclareError::Urn),
            ("urn:acme", "a", DeclareError::Urn),
            ("urn:acme:", "a", DeclareError::Urn),
            ("urn::x:y", "a", DeclareError::Urn),
            ("http://x/y:z", "a", DeclareError::Urn),
            ("urn:acme:é", "a", DeclareError::Urn),
            ("urn:acme:a[b", "a", DeclareError::Urn),
            ("urn:acme:a b", "a", DeclareError::Urn),
            (&format!("urn:acme:{}", "x".repeat(256)), "a", DeclareError::Urn),
            (urn::ENTERPRISE_USER, "a", DeclareError::Reserved),
            (&urn::USER.to_uppercase(), "a", DeclareError::Reserved),
            ("urn:scim:schemas:core:1.0", "a", DeclareError::Reserved),
            ("urn:scim:schemas:core:1.0:x", "a", DeclareError::Reserved),
            (urn::PATCH_OP, "a", DeclareError::Reserved),
            (URN, "", DeclareError::Name),
            (URN, "1a", DeclareError::Name),
            (URN, "$ref", DeclareError::Name),
            (URN, "a.b", DeclareError::Name),
            (URN, "a:b", DeclareError::Name),
            (URN, &"a".repeat(MAX_NAME + 1), DeclareError::Name),
            ("urn:acme:2.0", "User", DeclareError::Ambiguous),
        ] {
            assert_eq!(
                Custom::default().add(text(urn, name)).unwrap_err(),
                why,
                "{urn} {name}"
            );
        }
        for urn in [
            URN,
            "urn:acme:x",
            "URN:acme:x",
            "urn:ietf:params:scim:schemas:extension:acme:2.0:User",
        ] {
            assert!(Custom::default().add(text(urn, "badge-Id_2")).is_ok(), "{urn}");
        }
    }

    #[test]
    fn each_is_declared_once_and_reads_in_one_way() {
        let mut custom = Custom::default();
        custom.add(text(URN, "badge")).unwrap();
        assert_eq!(
            custom.add(text(&URN.to_lowercase(), "Badge")),
            Err(DeclareError::Taken)
        );
        assert_eq!(
            custom.add(Declared::new(
                ResourceType::Group,
                URN,
                "badge",
                Type::Integer,
                false
            )),
            Err(DeclareError::OtherForm)
        );
        custom
            .add(Declared::new(
                ResourceType::Group,
                &URN.to_uppercase(),
                "BADGE",
                Type::String,
                false,
            ))
            .unwrap();
        assert_eq!(custom.declared()[1].path(), format!("{URN}:badge"));
        assert_eq!(
            custom.add(text(&format!("{URN}:badge"), "a")),
            Err(DeclareError::Ambiguous)
        );
        custom.add(text("urn:acme:part:x", "a")).unwrap();
        assert_eq!(
            custom.add(text("urn:acme:part", "X")),
            Err(DeclareError::Ambiguous)
        );
        assert_eq!(custom.urns(Some(ResourceType::Group)), [URN]);
        assert_eq!(custom.urns(None), [URN, "urn:acme:part:x"]);
        for n in custom.declared().len()..Custom::MOST {
            custom.add(text(URN, &format!("a{n}"))).unwrap();
        }
        assert_eq!(custom.add(text(URN, "more")), Err(DeclareError::TooMany));
    }
}
