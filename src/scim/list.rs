//! Queries and their answers: the parameters of RFC 7644 §3.4.2, in a URL or in the body of `.search` (§3.4.3).
//! Reading them is forgiving about form (`+`, a dangling `&`, unknown keys), not about what they say.
use serde_json::{Value, json};

use super::Attributes;
use super::error::{ScimError, quote};
use super::filter::Filter;
use super::path::AttrPath;
use super::project::Projection;
use super::rules::Rules;
use super::urn;

/// Resources in an answer if the request does not say.
pub const DEFAULT_COUNT: u64 = 100;
/// Most resources in one answer.
pub const MAX_COUNT: u64 = 1000;

/// What a query asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// Which resources; all if `None`.
    pub filter: Option<Filter>,
    /// The number of the first resource, from 1.
    pub start_index: u64,
    /// The most resources in the answer, 0 to [`MAX_COUNT`].
    pub count: u64,
    /// Which attributes of them.
    pub projection: Projection,
    /// In which order.
    pub sort: Option<Sort>,
}

/// An order of resources. Not announced in the service provider's configuration: a server may leave it aside.
#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    /// The attribute.
    pub by: AttrPath,
    /// Whether from last to first.
    pub descending: bool,
}

/// The parameters as text.
#[derive(Default)]
struct Parameters {
    filter: Option<String>,
    start_index: Option<String>,
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
        let descending =
            text(&self.sort_order).is_some_and(|order| order.trim().eq_ignore_ascii_case("descending"));
        Ok(ListQuery {
            filter: text(&self.filter)
                .map(|filter| Filter::parse_within(&filter, &rules.limits))
                .transpose()?,
            // "A value less than 1 SHALL be interpreted as 1", "a negative value SHALL be interpreted as 0": §3.4.2.4.
            start_index: number("startIndex", self.start_index.as_deref())?
                .unwrap_or(1)
                .max(1),
            count: number("count", self.count.as_deref())?
                .unwrap_or(DEFAULT_COUNT)
                .min(MAX_COUNT),
            projection: Projection::parse(self.attributes.as_deref(), self.excluded.as_deref(), rules)?,
            sort: by.map(|by| Sort { by, descending }),
        })
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

/// A ListResponse. `total` counts all matches, `itemsPerPage` is what is really in this answer.
pub fn response_envelope(total: u64, start_index: u64, resources: Vec<Value>) -> Value {
    let mut envelope = Attributes::new();
    envelope.insert("schemas".to_owned(), json!([urn::LIST_RESPONSE]));
    envelope.insert("totalResults".to_owned(), total.into());
    envelope.insert("startIndex".to_owned(), start_index.into());
    envelope.insert("itemsPerPage".to_owned(), resources.len().into());
    envelope.insert("Resources".to_owned(), Value::Array(resources));
    Value::Object(envelope)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::scim::error::ScimType;

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
        for (text, start, count) in [
            ("startIndex=0&count=-5", 1, 0),
            ("startIndex=-3&count=1000000", 1, MAX_COUNT),
            ("count=99999999999999999999999", 1, MAX_COUNT),
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
    fn a_search_has_the_same_parameters() {
        let body = json!({ "schemas": [urn::SEARCH_REQUEST], "attributes": ["userName", "id"], "filter": "title pr", "startIndex": -1, "count": 2, "sortBy": "name.familyName", "sortOrder": "descending" });
        let query = ListQuery::from_search(&body, &Rules::default()).unwrap();
        assert_eq!((query.start_index, query.count), (1, 2));
        assert!(!query.projection.wants("emails"));
        assert!(query.sort.unwrap().descending);
        assert!(ListQuery::from_search(&json!({ "filter": {} }), &Rules::default()).is_err());
        assert!(ListQuery::from_search(&json!([]), &Rules::default()).is_err());
    }

    #[test]
    fn an_empty_page_has_no_items() {
        let page = response_envelope(7, 100, Vec::new());
        assert_eq!(
            page,
            json!({ "schemas": [urn::LIST_RESPONSE], "totalResults": 7, "startIndex": 100, "itemsPerPage": 0, "Resources": [] })
        );
    }
}
