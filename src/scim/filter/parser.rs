//! The grammar of filters and value paths (RFC 7644 figure 1 and 7): recursive descent, bounded in depth and terms.
use serde_json::Value;

use super::lexer::{Kind, Token, place, tokens};
use super::{CompareOp, Filter};
use crate::scim::error::{ScimError, quote};
use crate::scim::path::{AttrPath, is_name};
use crate::scim::rules::Limits;

/// Reads one text.
pub(crate) struct Parser<'a> {
    text: &'a str,
    limits: &'a Limits,
    tokens: Vec<Token<'a>>,
    next: usize,
    terms: usize,
    depth: usize,
    /// Inside of the brackets of a value path, where no other value path may stand.
    in_value: bool,
}

impl<'a> Parser<'a> {
    pub(crate) fn new(text: &'a str, limits: &'a Limits) -> Result<Self, ScimError> {
        Ok(Self {
            text,
            limits,
            tokens: tokens(text)?,
            next: 0,
            terms: 0,
            depth: 0,
            in_value: false,
        })
    }

    /// A whole filter.
    pub(crate) fn filter(mut self) -> Result<Filter, ScimError> {
        let filter = self.or()?;
        self.end(filter)
    }

    /// A whole PATCH path with brackets: `attr[filter]` or `attr[filter].sub`.
    pub(crate) fn value_path(mut self) -> Result<(AttrPath, Filter, Option<String>), ScimError> {
        let attr = self.attr_path()?;
        self.mark('[').ok_or_else(|| self.expected("'['"))?;
        let filter = self.bracketed()?;
        let sub = self.sub()?;
        self.end((attr, filter, sub))
    }

    fn or(&mut self) -> Result<Filter, ScimError> {
        self.depth += 1;
        if self.depth > self.limits.filter_depth {
            return Err(ScimError::invalid_filter(format!(
                "A filter is nested at most {} deep.",
                self.limits.filter_depth
            )));
        }
        let mut parts = vec![self.and()?];
        while self.keyword("or") {
            parts.push(self.and()?);
        }
        self.depth -= 1;
        Ok(joined(parts, Filter::Or))
    }

    fn and(&mut self) -> Result<Filter, ScimError> {
        let mut parts = vec![self.term()?];
        while self.keyword("and") {
            parts.push(self.term()?);
        }
        Ok(joined(parts, Filter::And))
    }

    fn term(&mut self) -> Result<Filter, ScimError> {
        if self.mark('(').is_some() {
            return self.group();
        }
        // "not" is an attribute name unless a group follows.
        let group_follows = matches!(
            self.tokens.get(self.next + 1),
            Some(Token {
                kind: Kind::Mark('('),
                ..
            })
        );
        if group_follows && self.keyword("not") {
            self.next += 1;
            return Ok(Filter::Not(Box::new(self.group()?)));
        }
        self.terms += 1;
        if self.terms > self.limits.filter_terms {
            return Err(ScimError::invalid_filter(format!(
                "A filter has at most {} comparisons.",
                self.limits.filter_terms
            )));
        }
        let path = self.attr_path()?;
        if self.mark('[').is_none() {
            return self.comparison(path);
        }
        if self.in_value {
            return Err(ScimError::invalid_filter(
                "A value path cannot stand inside of another.",
            ));
        }
        let filter = self.bracketed()?;
        match self.sub()? {
            None => Ok(Filter::ValuePath {
                attr: path,
                filter: Box::new(filter),
            }),
            Some(sub) => {
                let condition = self.comparison(AttrPath {
                    urn: None,
                    name: sub,
                    sub: None,
                })?;
                let mut all = if let Filter::And(all) = filter {
                    all
                } else {
                    vec![filter]
                };
                all.push(condition);
                Ok(Filter::ValuePath {
                    attr: path,
                    filter: Box::new(Filter::And(all)),
                })
            }
        }
    }

    /// The rest of `( … )`.
    fn group(&mut self) -> Result<Filter, ScimError> {
        let filter = self.or()?;
        self.mark(')').ok_or_else(|| self.expected("')'"))?;
        Ok(filter)
    }

    /// The rest of `[ … ]`.
    fn bracketed(&mut self) -> Result<Filter, ScimError> {
        self.in_value = true;
        let filter = self.or()?;
        self.in_value = false;
        self.mark(']').ok_or_else(|| self.expected("']'"))?;
        Ok(filter)
    }

    /// `.sub` after a closing bracket.
    fn sub(&mut self) -> Result<Option<String>, ScimError> {
        match self.tokens.get(self.next) {
            Some(Token {
                kind: Kind::Sub(name),
                ..
            }) if is_name(name) => {
                self.next += 1;
                Ok(Some((*name).to_owned()))
            }
            Some(Token {
                kind: Kind::Sub(_), ..
            }) => Err(self.expected("a sub-attribute")),
            _ => Ok(None),
        }
    }

    /// What follows an attribute: `pr`, or an operator and a literal.
    fn comparison(&mut self, path: AttrPath) -> Result<Filter, ScimError> {
        if self.keyword("pr") {
            return Ok(Filter::Present(path));
        }
        let op = self
            .word()
            .and_then(CompareOp::of_name)
            .ok_or_else(|| self.expected("an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr)"))?;
        self.next += 1;
        let value = self.literal()?;
        if matches!(value, Value::Bool(_) | Value::Null) && !matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return Err(ScimError::invalid_filter(format!(
                "'{path} {} {value}' makes no sense: {value} can only be compared by eq and ne.",
                op.name()
            )));
        }
        Ok(Filter::Compare { path, op, value })
    }

    fn attr_path(&mut self) -> Result<AttrPath, ScimError> {
        let word = self.word().ok_or_else(|| self.expected("an attribute"))?;
        let path = AttrPath::parse(word).map_err(|error| ScimError::invalid_filter(error.detail))?;
        self.next += 1;
        Ok(path)
    }

    fn literal(&mut self) -> Result<Value, ScimError> {
        let found = match self.tokens.get(self.next) {
            Some(Token {
                kind: Kind::Quoted(text) | Kind::Word(text),
                ..
            }) => serde_json::from_str(text).ok(),
            _ => None,
        };
        // Keywords are JSON, so lower case; "True" is seen in Entra's documents, but only with quotes.
        let value = found.ok_or_else(|| self.expected("a value (text goes in double quotes)"))?;
        self.next += 1;
        Ok(value)
    }

    fn word(&self) -> Option<&'a str> {
        match self.tokens.get(self.next) {
            Some(Token {
                kind: Kind::Word(word),
                ..
            }) => Some(word),
            _ => None,
        }
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let found = self.word().is_some_and(|word| word.eq_ignore_ascii_case(keyword));
        self.next += usize::from(found);
        found
    }

    fn mark(&mut self, mark: char) -> Option<()> {
        let found = matches!(self.tokens.get(self.next), Some(Token { kind: Kind::Mark(found), .. }) if *found == mark);
        self.next += usize::from(found);
        found.then_some(())
    }

    fn end<T>(self, done: T) -> Result<T, ScimError> {
        if self.next == self.tokens.len() {
            Ok(done)
        } else {
            Err(self.expected("'and', 'or' or the end"))
        }
    }

    fn expected(&self, what: &str) -> ScimError {
        ScimError::invalid_filter(match self.tokens.get(self.next) {
            Some(token) => format!(
                "Expected {what} at character {} of {}.",
                place(self.text, token.at),
                quote(self.text)
            ),
            None => format!("Expected {what} at the end of {}.", quote(self.text)),
        })
    }
}

/// One part is itself; more are joined.
fn joined(mut parts: Vec<Filter>, join: fn(Vec<Filter>) -> Filter) -> Filter {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::scim::error::ScimType;

    fn rewritten(text: &str) -> String {
        Filter::parse(text).unwrap().to_string()
    }

    #[test]
    fn and_binds_tighter_than_or() {
        assert_eq!(rewritten("a pr OR b pr AND c pr"), "a pr or b pr and c pr");
        assert!(
            matches!(Filter::parse("a pr or b pr and c pr").unwrap(), Filter::Or(parts) if parts.len() == 2)
        );
        assert_eq!(rewritten("(a pr or b pr) and c pr"), "(a pr or b pr) and c pr");
        assert_eq!(rewritten("NOT(a Eq 1)and b PR"), "not (a eq 1) and b pr");
    }

    #[test]
    fn a_value_path_with_a_comparison_asks_for_one_value() {
        assert_eq!(
            rewritten(r#"emails[type eq "work"].value eq "x@y""#),
            r#"emails[type eq "work" and value eq "x@y"]"#
        );
        assert_eq!(
            rewritten(r#"emails[type eq "a" or type eq "b"].value pr"#),
            r#"emails[(type eq "a" or type eq "b") and value pr]"#
        );
    }

    #[test]
    fn literals_are_json() {
        assert_eq!(
            rewritten(r#"title eq "a \"q\" \\ \u00e9""#),
            r#"title eq "a \"q\" \\ é""#
        );
        assert_eq!(rewritten("a eq -1.5"), "a eq -1.5");
        assert_eq!(rewritten("a ne null"), "a ne null");
    }

    #[test]
    fn what_does_not_parse_is_told_with_its_place() {
        for text in [
            "",
            "userName",
            "userName eq",
            "userName xx \"a\"",
            "(userName eq \"a\"",
            "userName eq \"a\" and",
            "emails[type eq \"work\"",
            "userName eq \"abc",
            "externalId eq jyoung",
            "a eq 'b'",
            "active gt true",
            "a eq 1 b",
            ") pr",
            "a eq \"\\x\"",
            "emails[a[b pr]]",
            "a eq True",
            "not a pr",
            "not (a pr",
            "emails[type eq \"work\"].",
            "é pr",
            "a eq {}",
            "a eq 1e999",
            "a.b.c pr",
        ] {
            let error = Filter::parse(text).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidFilter), "{text}");
        }
        assert!(
            Filter::parse("userName xx 1")
                .unwrap_err()
                .detail
                .contains("at character 10")
        );
        assert!(
            Filter::parse("\"é\" pr")
                .unwrap_err()
                .detail
                .contains("at character 1 ")
        );
    }

    #[test]
    fn size_is_bounded() {
        let limits = Limits {
            filter_bytes: 200,
            filter_terms: 4,
            filter_depth: 5,
            ..Limits::default()
        };
        let terms = |n: usize| vec!["a pr"; n].join(" and ");
        let depth = |n: usize| format!("{}a pr{}", "(".repeat(n), ")".repeat(n));
        for (within, past, number) in [
            (terms(4), terms(5), "at most 4 "),
            (depth(4), depth(5), "at most 5 "),
            (" ".repeat(196) + "a pr", " ".repeat(197) + "a pr", "at most 200 "),
        ] {
            assert!(Filter::parse_within(&within, &limits).is_ok(), "{within}");
            let error = Filter::parse_within(&past, &limits).unwrap_err();
            assert_eq!(error.scim_type, Some(ScimType::InvalidFilter), "{past}");
            assert!(error.detail.contains(number), "{}", error.detail);
        }
        let deepest = Limits {
            filter_depth: Limits::MOST_FILTER_DEPTH,
            ..Limits::default()
        };
        assert!(Filter::parse_within(&depth(Limits::MOST_FILTER_DEPTH - 1), &deepest).is_ok());
    }
}
