//! Refusals as the protocol tells them: RFC 7644 §3.12. Not a log entry, and never a stack trace: `detail` is read by
//! administrators in the console of their identity provider.
use serde_json::{Value, json};

use super::urn;

/// Text of a request that is repeated in a `detail` is cut to this many characters.
const QUOTED: usize = 100;

/// One refused request. Its JSON is [`ScimError::to_json`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ScimError {
    /// The HTTP status to answer with.
    pub status: u16,
    /// The keyword, where one applies.
    pub scim_type: Option<ScimType>,
    /// A sentence for people.
    pub detail: String,
}

/// The `scimType` keywords of RFC 7644 table 9 and RFC 9865 §2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScimType {
    /// The filter does not parse, or compares what cannot be compared.
    InvalidFilter,
    /// More results or work than the server is willing to give.
    TooMany,
    /// A value that has to be unique is taken.
    Uniqueness,
    /// The attribute cannot be changed in this way.
    Mutability,
    /// The body is not JSON, or not of the message's shape.
    InvalidSyntax,
    /// The path of a PATCH does not parse, or names no attribute.
    InvalidPath,
    /// The path of a PATCH selects nothing.
    NoTarget,
    /// A required value is missing, or a value is of the wrong type.
    InvalidValue,
    /// The protocol version is not served.
    InvalidVers,
    /// The request cannot be served because it would put sensitive data into a URI.
    Sensitive,
    /// The cursor is none, or of another list.
    InvalidCursor,
    /// The cursor leads nowhere any more.
    ExpiredCursor,
    /// The size of a page by cursor is no number.
    InvalidCount,
}

impl ScimType {
    /// The keyword as it is written in the message.
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidFilter => "invalidFilter",
            Self::TooMany => "tooMany",
            Self::Uniqueness => "uniqueness",
            Self::Mutability => "mutability",
            Self::InvalidSyntax => "invalidSyntax",
            Self::InvalidPath => "invalidPath",
            Self::NoTarget => "noTarget",
            Self::InvalidValue => "invalidValue",
            Self::InvalidVers => "invalidVers",
            Self::Sensitive => "sensitive",
            Self::InvalidCursor => "invalidCursor",
            Self::ExpiredCursor => "expiredCursor",
            Self::InvalidCount => "invalidCount",
        }
    }
}

impl ScimError {
    /// An error with no `scimType`, for statuses that table 9 has no keyword for.
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: None,
            detail: detail.into(),
        }
    }

    fn typed(status: u16, scim_type: ScimType, detail: impl Into<String>) -> Self {
        Self {
            status,
            scim_type: Some(scim_type),
            detail: detail.into(),
        }
    }

    /// 400: the body is not JSON, or not of the message's shape.
    pub fn invalid_syntax(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::InvalidSyntax, detail)
    }

    /// 400: a required value is missing, or a value is of the wrong type.
    pub fn invalid_value(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::InvalidValue, detail)
    }

    /// 400: the path of a PATCH does not parse, or names no attribute.
    pub fn invalid_path(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::InvalidPath, detail)
    }

    /// 400: the filter does not parse, or compares what cannot be compared.
    pub fn invalid_filter(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::InvalidFilter, detail)
    }

    /// 400: the path of a PATCH selects nothing.
    pub fn no_target(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::NoTarget, detail)
    }

    /// 400: the attribute cannot be changed in this way.
    pub fn mutability(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::Mutability, detail)
    }

    /// 409: a value that has to be unique is taken.
    pub fn uniqueness(detail: impl Into<String>) -> Self {
        Self::typed(409, ScimType::Uniqueness, detail)
    }

    /// 400: more results or work than the server is willing to give.
    pub fn too_many(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::TooMany, detail)
    }

    /// 400: the cursor is none, or of another list.
    pub fn invalid_cursor(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::InvalidCursor, detail)
    }

    /// 400: the cursor leads nowhere any more.
    pub fn expired_cursor(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::ExpiredCursor, detail)
    }

    /// 400: the size of a page by cursor is no number.
    pub fn invalid_count(detail: impl Into<String>) -> Self {
        Self::typed(400, ScimType::InvalidCount, detail)
    }

    /// 404: no such resource or endpoint.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(404, detail)
    }

    /// 501: nobody stands behind a bearer key, so there is no "me" (RFC 7644 §3.11).
    pub fn me() -> Self {
        Self::new(
            501,
            "/Me is not offered: the API key of this request belongs to an instance and to no person. Read /Users with a filter.",
        )
    }

    /// The message body of RFC 7644 §3.12; `status` is a string there.
    pub fn to_json(&self) -> Value {
        let mut message = json!({ "schemas": [urn::ERROR], "status": self.status.to_string() });
        if let Some(scim_type) = self.scim_type {
            message["scimType"] = json!(scim_type.name());
        }
        message["detail"] = json!(self.detail);
        message
    }
}

/// Repeats a piece of the request in an error message, cut to a readable length.
pub(super) fn quote(text: &str) -> String {
    let mut cut: String = text
        .chars()
        .take(QUOTED)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("'{cut}'")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_has_a_string_status_and_the_keyword() {
        let message = ScimError::uniqueness("userName is taken.").to_json();
        assert_eq!(
            message,
            json!({ "schemas": [urn::ERROR], "status": "409", "scimType": "uniqueness", "detail": "userName is taken." })
        );
        assert!(
            ScimError::not_found("No such user.")
                .to_json()
                .get("scimType")
                .is_none()
        );
    }

    #[test]
    fn quoted_text_is_cut_and_has_no_control_characters() {
        assert_eq!(quote("a\nb"), "'a b'");
        assert_eq!(quote(&"x".repeat(5000)).chars().count(), QUOTED + 3);
    }
}
