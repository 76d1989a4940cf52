//! Queries: the parameters of RFC 7644 §3.4.2 and RFC 9865 §2, in a URL or in the body of `.search` (§3.4.3).
//! Reading them is forgiving about form (`+`, a dangling `&`, unknown keys), not about what they say.
use serde_json::Value;

use super::error::{ScimError, quote};
use super::filter::Filter;
use super::path::AttrPath;
use super::project::Projection;
use super::rules::Rules;
use super::sort::Sort;

/// Resources in an answer if the request does not say.
pub const DEFAULT_COUNT: u64 = 100;

/// What a query asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// Which resources; all if `None`.
    pub filter: Option<Filter>,
    /// The number of the first resource, from 1.
    pub start_index: u64,
    /// Where the page begins, as it was given; empty for the first page. `None`: pages are asked for by index. If a
    /// request has both, the cursor counts: RFC 9865 leaves it open, and `startIndex=1` is what some clients always send.
    pub cursor: Option<String>,
    /// The most resources in the answer, 0 to [`Limits::results`](super::rules::Limits::results).
    pub count: u64,
    /// Which attributes of them.
    pub projection: Projection,
    /// In which order.
    pub sort: Option<Sort>,
}

/// The parameters as text.
#[derive(Default)]
struct Parameters {
    filter: Option<String>,
    start_index: Option<String>,
    cursor: Option<String>,
    count: Option<String>,
    attributes: Option<String>,
    excluded: Option<String>,
    sort_by: Option<String>,
    sort_order: Option<String>,
}

impl ListQuery {
    /// Reads the part of a URL after the question mark. 400 `invalidFilter` for the filter, `invalidValue` for the rest.
    pub fn parse(query: &str, rules: &Rules) -> Result<Self, ScimError> {
        let most = rules.limits.query_bytes();
        if query.len() > most {
            return Err(ScimError::invalid_value(format!(
                "A query has at most {most} bytes; use POST .search."
            )));
        }
        let mut parameters = Parameters::default();
        for pair in query.split('&') {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            if let Some(slot) = parameters.slot(&decoded(key)?) {
                *slot = Some(decoded(value)?);
            }
        }
        parameters.read(rules)
    }

    /// Reads the body of a POST to `.search`.
    pub fn from_search(body: &Value, rules: &Rules) -> Result<Self, ScimError> {
        let body = body
            .as_object()
            .ok_or_else(|| ScimError::invalid_syntax("The body has to be a JSON object."))?;
        let mut parameters = Parameters::default();
        for (key, value) in body {
            let Some(slot) = parameters.slot(key) else {
                continue;
            };
            *slot = match value {
                Value::Null => None,
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                Value::Array(names) if names.iter().all(Value::is_string) => Some(
                    names
                        .iter()
                        .filter_map(Value::as_str)
                        .collect::<Vec<_>>()
                        .join(","),
                ),
                Value::Bool(_) | Value::Object(_) | Value::Array(_) => {
                    return Err(ScimError::invalid_value(format!(
                        "{} is of the wrong type.",
                        quote(key)
                    )));
                }
            };
        }
        parameters.read(rules)
    }
}

impl Parameters {
    fn slot(&mut self, key: &str) -> Option<&mut Option<String>> {
        Some(match key.to_ascii_lowercase().as_str() {
            "filter" => &mut self.filter,
            "startindex" => &mut self.start_index,
            "cursor" => &mut self.cursor,
            "count" => &mut self.count,
            "attributes" => &mut self.attributes,
            "excludedattributes" => &mut self.excluded,
            "sortby" => &mut self.sort_by,
            "sortorder" => &mut self.sort_order,
            _ => return None,
        })
    }

    fn read(&self, rules: &Rules) -> Result<ListQuery, ScimError> {
        let text = |parameter: &Option<String>| parameter.clone().filter(|text| !text.trim().is_empty());
        let by = text(&self.sort_by)
            .map(|by| AttrPath::parse(by.trim()))
            .transpose();
        let by = by.map_err(|error| ScimError::invalid_value(error.detail))?;
        let sort = by
            .map(|by| {
                Ok(Sort {
                    by,
                    descending: self.descending()?,
                })
            })
            .transpose()?;
        let count = number("count", self.count.as_deref()).map_err(|error| match self.cursor {
            Some(_) => ScimError::invalid_count(error.detail),
            None => error,
        })?;
        Ok(ListQuery {
            filter: text(&self.filter)
                .map(|filter| Filter::parse_within(&filter, &rules.limits))
                .transpose()?,
            // "A value less than 1 SHALL be interpreted as 1", "a negative value SHALL be interpreted as 0": §3.4.2.4.
            start_index: number("startIndex", self.start_index.as_deref())?
                .unwrap_or(1)
                .max(1),
            cursor: self.cursor.clone(),
            count: count.unwrap_or(DEFAULT_COUNT).min(rules.limits.results as u64),
            projection: Projection::parse(self.attributes.as_deref(), self.excluded.as_deref(), rules)?,
            sort,
        })
    }

    fn descending(&self) -> Result<bool, ScimError> {
        match self.sort_order.as_deref().map(str::trim).unwrap_or_default() {
            "" => Ok(false),
            order if order.eq_ignore_ascii_case("ascending") => Ok(false),
            order if order.eq_ignore_ascii_case("descending") => Ok(true),
            order => Err(ScimError::invalid_value(format!(
                "'sortOrder' is 'ascending' or 'descending', not {}.",
                quote(order)
            ))),
        }
    }
}

/// A whole number; negative ones are 0, and what is too large is the largest.
fn number(name: &str, text: Option<&str>) -> Result<Option<u64>, ScimError> {
    let Some(text) = text.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ScimError::invalid_value(format!(
            "'{name}' has to be a whole number, not {}.",
            quote(text)
        )));
    }
    // The store counts with signed numbers.
    const LARGEST: u64 = i64::MAX as u64;
    Ok(Some(if text.starts_with('-') {
        0
    } else {
        digits.parse().unwrap_or(LARGEST).min(LARGEST)
    }))
}

/// Undoes the encoding of a URL's query. A stray `%` stands for itself.
fn decoded(text: &str) -> Result<String, ScimError> {
    let hex = |byte: Option<&u8>| {
        byte.and_then(|byte| char::from(*byte).to_digit(16))
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let (byte, length) = match (byte, hex(bytes.get(at + 1)), hex(bytes.get(at + 2))) {
            (b'%', Some(high), Some(low)) => (high * 16 + low, 3),
            (b'+', ..) => (b' ', 1),
            (other, ..) => (other, 1),
        };
        plain.push(byte);
        at += length;
    }
    String::from_utf8(plain).map_err(|_| ScimError::invalid_value("The query is not UTF-8."))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use serde_json::json;

    use super::*;
    use crate::scim::error::ScimType;
    use crate::scim::urn;

    #[test]
    fn parameters_are_read_as_clients_write_them() {
        let query = ListQuery::parse("filter=userName+eq+%22j%C3%BCrgen%2Bx%40y%22&&StartIndex=3&count=7&aadOptscim062020&excludedAttributes=members&", &Rules::default()).unwrap();
        assert_eq!(query.filter, Some(Filter::eq("userName", "jürgen+x@y")));
        assert_eq!((query.start_index, query.count), (3, 7));
        assert!(!query.projection.wants("members"));
        let default = ListQuery::parse("", &Rules::default()).unwrap();
        assert_eq!(
            (default.filter, default.start_index, default.count),
            (None, 1, DEFAULT_COUNT)
        );
        assert!(default.projection.is_all());
    }

    #[test]
    fn numbers_are_bounded() {
        let most = Rules::default().limits.results as u64;
        for (text, start, count) in [
            ("startIndex=0&count=-5", 1, 0),
            ("startIndex=-3&count=1000000", 1, most),
            ("count=99999999999999999999999", 1, most),
            ("count=&startIndex=", 1, DEFAULT_COUNT),
        ] {
            let query = ListQuery::parse(text, &Rules::default()).unwrap();
            assert_eq!((query.start_index, query.count), (start, count), "{text}");
        }
        assert_eq!(
            ListQuery::parse("startIndex=99999999999999999999", &Rules::default())
                .unwrap()
                .start_index,
            i64::MAX as u64
        );
    }

    #[test]
    fn nonsense_is_refused() {
        for (text, scim_type) in [
            ("count=abc", ScimType::InvalidValue),
            ("count=--1", ScimType::InvalidValue),
            ("filter=userName%20eq", ScimType::InvalidFilter),
            ("filter=%ff", ScimType::InvalidValue),
            ("attributes=a%20b", ScimType::InvalidValue),
            ("sortBy=a.b.c", ScimType::InvalidValue),
            ("sortBy=title&sortOrder=up", ScimType::InvalidValue),
            ("cursor&count=abc", ScimType::InvalidCount),
        ] {
            assert_eq!(
                ListQuery::parse(text, &Rules::default()).unwrap_err().scim_type,
                Some(scim_type),
                "{text}"
            );
        }
        assert!(ListQuery::parse("%&%4&%zz=1&=&===&\u{e9}", &Rules::default()).is_ok());
        assert!(
            ListQuery::parse(
                &"a".repeat(Rules::default().limits.query_bytes() + 1),
                &Rules::default()
            )
            .is_err()
        );
    }

    #[test]
    fn an_empty_cursor_is_the_first_page_and_none_means_by_index() {
        for (text, cursor) in [
            ("", None),
            ("cursor", Some("")),
            ("Cursor=&startIndex=9", Some("")),
            ("cursor=Ab-_", Some("Ab-_")),
        ] {
            assert_eq!(
                ListQuery::parse(text, &Rules::default())
                    .unwrap()
                    .cursor
                    .as_deref(),
                cursor,
                "{text}"
            );
        }
        for (body, cursor) in [
            (json!({ "cursor": "" }), Some("")),
            (json!({ "cursor": null }), None),
            (json!({ "cursor": 5 }), Some("5")),
        ] {
            assert_eq!(
                ListQuery::from_search(&body, &Rules::default())
                    .unwrap()
                    .cursor
                    .as_deref(),
                cursor,
                "{body}"
            );
        }
    }

    #[test]
    fn a_search_has_the_same_parameters() {
        let body = json!({ "schemas": [urn::SEARCH_REQUEST], "attributes": ["userName", "id"], "filter": "title pr", "startIndex": -1, "count": 2, "sortBy": "name.familyName", "sortOrder": "descending" });
        let query = ListQuery::from_search(&body, &Rules::default()).unwrap();
        assert_eq!((query.start_index, query.count), (1, 2));
        assert!(!query.projection.wants("emails"));
        assert!(query.sort.unwrap().descending);
        assert!(ListQuery::from_search(&json!({ "filter": {} }), &Rules::default()).is_err());
        assert!(ListQuery::from_search(&json!([]), &Rules::default()).is_err());
    }
}
