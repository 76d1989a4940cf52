//! Reading (RFC 7644 §3.4). What a list says about its length is a hint; what it holds counts.

use std::collections::HashSet;

use serde_json::Value;

use super::client::{About, Scim};
use super::parse;
use crate::connector::net::{Method, NetError, NetErrorKind, Response};
use crate::connector::verdict::{ConnectorError, Verdict};
use crate::connector::{Page, Place, Remote};
use crate::model::Paging;
use crate::scim::filter::Filter;
use crate::scim::schema::ResourceType;
use crate::scim::{Attributes, fold, urn};

/// A ListResponse before its resources are read.
pub(super) struct List {
    resources: Vec<Value>,
    total: Option<u64>,
    cursor: Option<String>,
}

/// Pages looked through for one who is sought.
const PAGES: usize = 200;

/// Longest cursor, in bytes: it has to fit into a URL.
const CURSOR: usize = 4096;

impl Scim {
    pub(in crate::connector) async fn page(
        &self,
        kind: ResourceType,
        place: &Place,
    ) -> Result<Page, ConnectorError> {
        let mut page = self.listed(kind, place).await?;
        if kind == ResourceType::Group && self.capabilities().members_listed == Some(false) {
            page.resources = self.with_members(page.resources).await?;
        }
        Ok(page)
    }

    /// One page as the list shows it.
    async fn listed(&self, kind: ResourceType, place: &Place) -> Result<Page, ConnectorError> {
        let mut count = self.capabilities().page_size.max(1);
        let (answer, by_cursor) = loop {
            match self.part(kind, place, count).await {
                Ok((answer, by_cursor)) if answer.status == 200 => break (answer, by_cursor),
                Ok((answer, _)) if matches!(answer.status, 201..=299) => {
                    return Err(self.garbage(&answer, "no list", false));
                }
                Ok((answer, _)) => return Err(self.refused(&answer, About::Endpoint, false)),
                // A few very large groups: take them one at a time.
                Err(error) if error.kind == NetErrorKind::TooLarge && count > 1 => {
                    count = (count / 10).max(1);
                }
                Err(error) => return Err(ConnectorError::no_answer(&error, false)),
            }
        };
        let list = self.list(&answer)?;
        let read = list.resources.len() as u64;
        // Whoever gives a cursor pages by it, whatever was asked.
        // One that knows nothing of cursors shows the beginning, and there is more: it goes on by index.
        let begun = by_cursor && *place == Place::START && list.total.is_some_and(|total| total > read);
        let next = if list.cursor.is_some() || (by_cursor && !begun) {
            list.cursor.map(Place::Cursor)
        } else {
            let start = index(place);
            let before = start - 1;
            // At the start that is no list. Later the list has ended: whether it is whole is judged by all that came.
            if read == 0 && before == 0 && list.total.is_some_and(|total| total > 0) {
                return Err(self.garbage(
                    &answer,
                    "a short page: nothing, although more is announced",
                    false,
                ));
            }
            goes_on(before, read, list.total).then(|| Place::Index(start.saturating_add(read)))
        };
        let resources = list
            .resources
            .into_iter()
            .map(|value| self.remote(kind, value))
            .collect();
        Ok(Page {
            resources,
            total: list.total,
            next,
            full: read == u64::from(count),
        })
    }

    /// Asks for a part of the list; whether that was by cursor. A server that refuses the beginning by index is asked for
    /// it by cursor, and if it gives that, from then on.
    pub(super) async fn part(
        &self,
        kind: ResourceType,
        place: &Place,
        count: u32,
    ) -> Result<(Response, bool), NetError> {
        let begins = *place == Place::START;
        if begins && self.capabilities().paging == Paging::Cursor {
            return Ok((self.part_after(kind, "", count).await?, true));
        }
        if let Place::Cursor(cursor) = place {
            return Ok((self.part_after(kind, cursor, count).await?, true));
        }
        let (from, size) = (index(place).to_string(), count.to_string());
        let url = self.endpoint(kind.endpoint(), &[("startIndex", &from), ("count", &size)])?;
        let answer = self.ask(Method::GET, url, None).await?;
        if answer.status != 400 || !begins {
            return Ok((answer, false));
        }
        match self.part_after(kind, "", count).await {
            Ok(other) if other.status == 200 && self.list(&other).is_ok() => {
                self.learn(|known| known.paging = Paging::Cursor);
                Ok((other, true))
            }
            _ => Ok((answer, false)),
        }
    }

    async fn part_after(&self, kind: ResourceType, cursor: &str, count: u32) -> Result<Response, NetError> {
        let size = count.to_string();
        let url = self.endpoint(kind.endpoint(), &[("cursor", cursor), ("count", &size)])?;
        self.ask(Method::GET, url, None).await
    }

    /// The ListResponse in a 200.
    pub(super) fn list(&self, answer: &Response) -> Result<List, ConnectorError> {
        let no_list = |what: &str| Err(self.garbage(answer, what, false));
        let mut body = self.object(answer, false)?;
        let resources = match parse::take(&mut body, "Resources") {
            Some(Value::Array(resources)) => Some(resources),
            None | Some(Value::Null) => None,
            Some(_) => return no_list("a list without resources"),
        };
        let total = match parse::take(&mut body, "totalResults") {
            None | Some(Value::Null) => None,
            Some(value) => match whole(&value) {
                Some(total) => Some(total),
                None => return no_list("a list whose length is no number"),
            },
        };
        let cursor = match parse::take(&mut body, "nextCursor") {
            None | Some(Value::Null) => None,
            Some(Value::String(cursor)) if cursor.len() <= CURSOR => Some(cursor).filter(|c| !c.is_empty()),
            Some(_) => return no_list("a list with a cursor that cannot be sent"),
        };
        let named = match parse::peek(&body, "schemas") {
            Some(Value::Array(schemas)) => schemas
                .iter()
                .filter_map(Value::as_str)
                .any(|s| s.eq_ignore_ascii_case(urn::LIST_RESPONSE)),
            // Without the name, only what cannot be anything else.
            None => resources.is_some() && total.is_some(),
            Some(_) => false,
        };
        if named {
            Ok(List {
                resources: resources.unwrap_or_default(),
                total,
                cursor,
            })
        } else {
            no_list("JSON, but no SCIM list")
        }
    }

    pub(in crate::connector) async fn get(
        &self,
        kind: ResourceType,
        id: &str,
    ) -> Result<Option<Remote>, ConnectorError> {
        match self.raw(kind, id).await {
            Ok(object) => Ok(Some(self.remote(kind, Value::Object(object)))),
            Err(error) if error.verdict == Verdict::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The object with this id, as the server wrote it.
    pub(super) async fn raw(&self, kind: ResourceType, id: &str) -> Result<Attributes, ConnectorError> {
        let answer = self
            .call(Method::GET, self.resource(kind, id)?, None, About::Resource)
            .await?;
        let object = self.object(&answer, false)?;
        match parse::peek(&object, "id").cloned().and_then(parse::id) {
            Some(found) if fold(&found) == fold(id) => Ok(object),
            _ => Err(self.garbage(&answer, "something else than the resource with this id", false)),
        }
    }

    pub(in crate::connector) async fn find(
        &self,
        kind: ResourceType,
        attribute: &str,
        value: &str,
    ) -> Result<Vec<Remote>, ConnectorError> {
        let unfiltered = |status| {
            let why = format!("does not filter by {attribute}");
            self.error(Verdict::Reject, status, &why, false)
        };
        let known = self.capabilities();
        if !known.searches_by(kind, attribute) {
            return Err(unfiltered(None));
        }
        let filter = Filter::eq(attribute, value).to_string();
        let count = known.page_size.max(1).to_string();
        let query = [
            ("filter", filter.as_str()),
            ("startIndex", "1"),
            ("count", &count),
        ];
        let query = match known.paging {
            Paging::Index => query.to_vec(),
            Paging::Cursor => vec![query[0], query[2]],
        };
        let url = self
            .endpoint(kind.endpoint(), &query)
            .map_err(|e| ConnectorError::no_answer(&e, false))?;
        let answer = match self.call(Method::GET, url, None, About::Resource).await {
            Ok(answer) => answer,
            Err(error) if error.verdict == Verdict::Gone => return Ok(Vec::new()),
            Err(error) if error.status == Some(501) => {
                return Err(ConnectorError {
                    verdict: Verdict::Reject,
                    ..error
                });
            }
            Err(error) => return Err(error),
        };
        let list = self.list(&answer)?;
        let listed = list.resources.len();
        let wanted = fold(value);
        let found: Vec<Remote> = list
            .resources
            .into_iter()
            .filter(|object| {
                let held = object
                    .as_object()
                    .and_then(|object| parse::peek(object, attribute))
                    .and_then(Value::as_str);
                held.is_some_and(|held| fold(held) == wanted)
            })
            .map(|object| self.remote(kind, object))
            .collect();
        if found.is_empty() && attribute == "userName" && known.filters.folds_case == Some(false) {
            // It may be there in other letter case.
            return Err(unfiltered(Some(answer.status)));
        }
        // A server that ignores filters shows the beginning of the whole list: that says nothing about the rest.
        let more = list.total.is_none_or(|total| total > listed as u64);
        if found.is_empty() && listed > 0 && more {
            return Err(unfiltered(Some(answer.status)));
        }
        if listed == 0 && list.total.is_some_and(|total| total > 0) {
            return Err(self.garbage(
                &answer,
                "a short page: nothing, although more is announced",
                false,
            ));
        }
        Ok(found)
    }

    /// As `find`, of all that is listed.
    pub(in crate::connector) async fn look_through(
        &self,
        kind: ResourceType,
        attribute: &str,
        value: &str,
    ) -> Result<Vec<Remote>, ConnectorError> {
        let wanted = fold(value);
        let (mut found, mut seen) = (Vec::<Remote>::new(), HashSet::new());
        let (mut place, mut total) = (Place::START, None);
        for _ in 0..PAGES {
            let page = self.listed(kind, &place).await?;
            let before = seen.len();
            total = total.max(page.total);
            for remote in page.resources {
                let held = remote.attributes.get(attribute).and_then(Value::as_str);
                let is_meant = held.is_some_and(|held| fold(held) == wanted);
                if seen.insert(remote.id.clone()) && is_meant {
                    found.push(remote);
                }
            }
            let is_new = seen.len() > before;
            match page.next {
                Some(next) if is_new && next != place => place = next,
                // It was read to its end, or goes round in circles.
                _ if total.is_none_or(|total| seen.len() as u64 >= total) => return Ok(found),
                _ => {
                    let verdict = Verdict::Retry {
                        after: None,
                        target: false,
                    };
                    let why = "does not filter, and its list ended before all that is announced came";
                    return Err(self.error(verdict, None, why, false));
                }
            }
        }
        let why = format!("does not filter by {attribute}, and its list is too long to be looked through");
        Err(self.error(Verdict::Reject, None, &why, false))
    }
}

/// Where an index page starts; a cursor is no index.
fn index(place: &Place) -> u64 {
    match place {
        Place::Index(start) => (*start).max(1),
        Place::Cursor(_) => 1,
    }
}

/// Whether there may be more after the `read` resources that came after the `before` earlier ones. Nothing ends a list,
/// whatever is announced: some count accounts that they do not show. A total counts only as
/// long as it agrees with what came; and some servers count no more than the page, whose size is a round number then, so
/// after a first page of that kind one more is asked for.
fn goes_on(before: u64, read: u64, total: Option<u64>) -> bool {
    let so_far = before.saturating_add(read);
    match total {
        _ if read == 0 => false,
        Some(total) if so_far < total => true,
        Some(total) if so_far == total => before == 0 && read >= 10 && read.is_multiple_of(5),
        Some(_) | None => true,
    }
}

/// A count; some servers write it as text.
fn whole(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_counts_as_long_as_it_agrees_with_what_came() {
        for (before, read, total, more) in [
            (0, 10, Some(11), true),
            (0, 11, Some(11), false),
            (0, 7, Some(7), false),
            // It may count the page alone.
            (0, 50, Some(50), true),
            (50, 50, Some(50), true),
            (100, 20, Some(50), true),
            (100, 0, Some(50), false),
            (100, 0, Some(103), false),
            (100, 50, Some(150), false),
            (0, 0, Some(0), false),
            (0, 3, None, true),
            (3, 0, None, false),
        ] {
            assert_eq!(goes_on(before, read, total), more, "{before} {read} {total:?}");
        }
    }
}
