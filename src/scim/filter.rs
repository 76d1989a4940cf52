//! Filters: the grammar of RFC 7644 §3.4.2.2, read and written. What a filter matches is decided in [`super::eval`].
//!
//! Beyond the RFC there is one form, `emails[type eq "work"].value eq "x"`, which Entra needs for matching. It asks for one
//! value that meets both conditions, so it is read as `emails[type eq "work" and value eq "x"]`.
mod lexer;
pub(super) mod parser;

use std::fmt;

use serde_json::Value;

use super::error::ScimError;
use super::path::AttrPath;
use super::rules::Limits;

/// What a resource, or one value of an attribute, has to meet.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// All of these (two or more).
    And(Vec<Filter>),
    /// Any of these (two or more).
    Or(Vec<Filter>),
    /// Not this.
    Not(Box<Filter>),
    /// The attribute compares so with the value.
    Compare {
        /// What is compared.
        path: AttrPath,
        /// How.
        op: CompareOp,
        /// A JSON literal: string, number, boolean or null.
        value: Value,
    },
    /// The attribute has a value.
    Present(AttrPath),
    /// One value of the attribute meets the filter.
    ValuePath {
        /// The attribute.
        attr: AttrPath,
        /// What one of its values has to meet.
        filter: Box<Filter>,
    },
}

/// The comparison operators of RFC 7644 table 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Contains.
    Co,
    /// Starts with.
    Sw,
    /// Ends with.
    Ew,
    /// Greater than, or later.
    Gt,
    /// Greater than, later, or equal.
    Ge,
    /// Less than, or earlier.
    Lt,
    /// Less than, earlier, or equal.
    Le,
}

impl CompareOp {
    const ALL: [Self; 9] = [
        Self::Eq,
        Self::Ne,
        Self::Co,
        Self::Sw,
        Self::Ew,
        Self::Gt,
        Self::Ge,
        Self::Lt,
        Self::Le,
    ];

    /// The operator as it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Co => "co",
            Self::Sw => "sw",
            Self::Ew => "ew",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
        }
    }

    fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|op| op.name().eq_ignore_ascii_case(name))
    }
}

impl Filter {
    /// Reads a filter within the limits that are the default.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        Self::parse_within(text, &Limits::default())
    }

    /// Reads a filter; 400 `invalidFilter` with the position if it is none, or larger than the limits.
    pub fn parse_within(text: &str, limits: &Limits) -> Result<Self, ScimError> {
        if text.len() > limits.filter_bytes {
            return Err(ScimError::invalid_filter(format!(
                "A filter has at most {} bytes.",
                limits.filter_bytes
            )));
        }
        parser::Parser::new(text, limits)?.filter()
    }

    /// `name eq "value"`, with the value escaped when it is written. `name` is a core path such as `emails.value`.
    pub fn eq(name: &str, value: &str) -> Self {
        Self::Compare {
            path: AttrPath::core(name),
            op: CompareOp::Eq,
            value: Value::from(value),
        }
    }

    /// The conditions that all have to be met; a filter that is no `and` is its own only one.
    pub fn conjuncts(&self) -> &[Filter] {
        match self {
            Self::And(all) => all,
            Self::Or(_) | Self::Not(_) | Self::Compare { .. } | Self::Present(_) | Self::ValuePath { .. } => {
                std::slice::from_ref(self)
            }
        }
    }

    /// Writes an operand; `looser` operands need parentheses.
    fn write_operand(&self, f: &mut fmt::Formatter<'_>, looser: bool) -> fmt::Result {
        if looser {
            write!(f, "({self})")
        } else {
            write!(f, "{self}")
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(all) => {
                for (n, part) in all.iter().enumerate() {
                    f.write_str(if n == 0 { "" } else { " and " })?;
                    part.write_operand(f, matches!(part, Self::And(_) | Self::Or(_)))?;
                }
                Ok(())
            }
            Self::Or(any) => {
                for (n, part) in any.iter().enumerate() {
                    f.write_str(if n == 0 { "" } else { " or " })?;
                    part.write_operand(f, matches!(part, Self::Or(_)))?;
                }
                Ok(())
            }
            Self::Not(filter) => write!(f, "not ({filter})"),
            // `Value` writes itself as JSON, which is the grammar's literal with every escape in place.
            Self::Compare { path, op, value } => write!(f, "{path} {} {value}", op.name()),
            Self::Present(path) => write!(f, "{path} pr"),
            Self::ValuePath { attr, filter } => write!(f, "{attr}[{filter}]"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use proptest::prelude::*;

    use super::*;
    use crate::scim::rules::Rules;

    fn path() -> impl Strategy<Value = AttrPath> {
        prop::sample::select(vec![
            "userName",
            "name.familyName",
            "emails",
            "emails.$ref",
            "meta.created",
            "not",
            "and",
            "or",
            "pr",
            "true",
            "urn:ietf:params:scim:schemas:core:2.0:User:userName",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value",
            "urn:example:ext:1.0:thing.part",
        ])
        .prop_map(|text| AttrPath::parse(text).unwrap())
    }

    fn literal() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<String>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            Just(Value::Null),
        ]
    }

    fn term() -> impl Strategy<Value = Filter> {
        let op = prop_oneof![Just(CompareOp::Eq), Just(CompareOp::Ne)];
        let text_op = prop::sample::select(CompareOp::ALL.to_vec());
        prop_oneof![
            (path(), op, literal()).prop_map(|(path, op, value)| Filter::Compare { path, op, value }),
            (path(), text_op, any::<String>()).prop_map(|(path, op, text)| Filter::Compare {
                path,
                op,
                value: Value::from(text)
            }),
            path().prop_map(Filter::Present),
        ]
    }

    fn nested(leaf: impl Strategy<Value = Filter> + 'static) -> impl Strategy<Value = Filter> {
        leaf.prop_recursive(4, 24, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::And),
                prop::collection::vec(inner.clone(), 2..4).prop_map(Filter::Or),
                inner.prop_map(|filter| Filter::Not(Box::new(filter))),
            ]
        })
    }

    fn filter() -> impl Strategy<Value = Filter> {
        let value_path = (path(), nested(term())).prop_map(|(attr, filter)| Filter::ValuePath {
            attr,
            filter: Box::new(filter),
        });
        nested(prop_oneof![3 => term(), 1 => value_path])
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(filter in filter()) {
            let text = filter.to_string();
            match Filter::parse(&text) {
                Ok(read) => prop_assert_eq!(read, filter),
                // Only the length may stand in the way: the strings are arbitrary.
                Err(error) => prop_assert!(text.len() > Limits::default().filter_bytes, "{}: {}", text, error),
            }
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>(), path in "[a-z\\[\\]\\(\\)\\.\": $not]{0,40}") {
            let _ = (Filter::parse(&text), Filter::parse(&path), crate::scim::path::PatchPath::parse(&path, &Rules::default()));
        }
    }

    #[test]
    fn a_value_is_escaped_when_it_is_written() {
        assert_eq!(
            Filter::eq("displayName", "R&D \"Core\" \\ +").to_string(),
            r#"displayName eq "R&D \"Core\" \\ +""#
        );
    }
}
